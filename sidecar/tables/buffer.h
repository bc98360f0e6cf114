/*
 * Memory of platen-tables.  The process converts one document and ends, so when
 * there is no memory it ends at once, with PLATEN_TABLES_MEMORY and a sentence:
 * these functions never return NULL, and nothing needs to be undone.
 */

#ifndef PLATEN_TABLES_BUFFER_H
#define PLATEN_TABLES_BUFFER_H

#include <stddef.h>

typedef struct {
    char  *data; /* NULL while size is 0 */
    size_t len;
    size_t size;
} platen_tables_buffer_t;

/* Ends the process. */
_Noreturn void platen_tables_no_memory(void);

/* As calloc(3) and reallocarray(3); to be freed with free(3). */
void *platen_tables_new(size_t n, size_t size);
void *platen_tables_resize(void *old, size_t n, size_t size);

/* Room for `n` more bytes; returns where they go, and does not count them. */
char *platen_tables_buffer_room(platen_tables_buffer_t *b, size_t n);
void  platen_tables_buffer_add(platen_tables_buffer_t *b, const char *data, size_t n);
void  platen_tables_buffer_text(platen_tables_buffer_t *b, const char *text);
void  platen_tables_buffer_byte(platen_tables_buffer_t *b, char byte);
void  platen_tables_buffer_free(platen_tables_buffer_t *b);

/* Adds a text of UTF-8 as a JSON string, quotes included (RFC 8259, section 7). */
void platen_tables_buffer_json(platen_tables_buffer_t *b, const char *text, size_t n);

#endif
