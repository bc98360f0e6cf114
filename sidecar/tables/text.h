/*
 * A text document as UTF-8, whatever it is written in: by its byte order mark,
 * else by the encoding that was given, else UTF-8 if all of it is that, else
 * windows-1252, in which any bytes are text.  Read in pieces, as often as needed.
 */

#ifndef PLATEN_TABLES_TEXT_H
#define PLATEN_TABLES_TEXT_H

#include "tables/main.h"

typedef struct {
    int         fd;
    const char *path;
    const char *charset; /* iconv's name; NULL: UTF-8 */
    size_t      mark;    /* length of the byte order mark */
} platen_tables_text_t;

/* Called with UTF-8 that is whole, in pieces that end between characters. */
typedef int (*platen_tables_piece_f)(void *data, const char *text, size_t len,
                                     platen_tables_error_t *err);

/*
 * iconv's name of an encoding of the command line, to read it or to write it; NULL
 * if it is not one.
 */
const char *platen_tables_text_charset(const char *encoding, int write);

/*
 * Opens the document and finds out its encoding.  `encoding` is one of
 * platen_tables_text_charset(), or NULL.  `legacy`: without one, what is not
 * UTF-8 is windows-1252; otherwise it is corrupt, but only when it is read.
 */
int  platen_tables_text_open(platen_tables_text_t *text, const char *path, const char *encoding,
                             int legacy, platen_tables_error_t *err);
void platen_tables_text_close(platen_tables_text_t *text);

/*
 * Reads the document from its beginning to its end, without the byte order
 * mark.  What windows-1252 and UTF-16 do not define becomes U+FFFD; bytes that
 * are not UTF-8 are PLATEN_TABLES_CORRUPT.
 */
int platen_tables_text_read(const platen_tables_text_t *text, platen_tables_piece_f piece,
                            void *data, platen_tables_error_t *err);

#endif
