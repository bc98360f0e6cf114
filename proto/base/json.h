/*
 * A JSON writer (RFC 8259): no tree, no copy.  Where the text goes is the sink's:
 * it gives room, piece by piece.  Once it has none the text is cut, and not to be
 * shown: see `failed`.  One thread at a time.
 */

#ifndef PLATEN_JSON_H
#define PLATEN_JSON_H

#include "base/platen.h"

typedef struct platen_json_s platen_json_t;

struct platen_json_s {
    char *last; /* the text's end so far; the sink's, and room up to */
    char *end;

    /* Makes room for `size` bytes in one piece; returns 0, or -1. */
    int (*more)(platen_json_t *j, size_t size);
    void *sink; /* the sink's own */

    unsigned failed : 1;
    unsigned comma : 1; /* something stands before the next element */
};

/* '{', '[' and their ends; `name` NULL inside an array or at the top. */
void platen_json_open(platen_json_t *j, const char *name, char bracket);
void platen_json_close(platen_json_t *j, char bracket);

/*
 * A member (name) or an element (name NULL).  Names are literals that need no
 * escape.  Of a string that is no UTF-8, each byte that is not ASCII becomes a
 * question mark; data NULL gives null.  A word is a string that is known to need
 * neither: an id, a state, a format.
 */
void platen_json_string(platen_json_t *j, const char *name, const void *data, size_t len);
void platen_json_word(platen_json_t *j, const char *name, const void *data, size_t len);

/* The same; empty gives null. */
void platen_json_text(platen_json_t *j, const char *name, platen_str_t text);

/* One string of two parts. */
void platen_json_joined(platen_json_t *j, const char *name, platen_str_t a, platen_str_t b);

/* An element for each part of the text; not behind a separator at its end. */
void platen_json_parts(platen_json_t *j, platen_str_t text, char between);

void platen_json_uint(platen_json_t *j, const char *name, uint64_t value);
void platen_json_null(platen_json_t *j, const char *name);

/* Verbatim, such as a number or true. */
void platen_json_raw(platen_json_t *j, const char *name, const char *literal);

/* RFC 3339 in UTC with microseconds; 0 gives null. */
void platen_json_time(platen_json_t *j, const char *name, uint64_t us);

/* A sink that is one piece of memory, which the caller owns. */
void platen_json_fixed(platen_json_t *j, char *room, size_t size);

/*
 * A sink that grows.  The end gives the text with an ending '\0', to be freed by
 * the caller; NULL if memory ran out.
 */
void  platen_json_heap(platen_json_t *j);
char *platen_json_heap_end(platen_json_t *j);

#endif /* PLATEN_JSON_H */
