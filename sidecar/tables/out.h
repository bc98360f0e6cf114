/*
 * The file of a sink that writes text: buffered, in the encoding that was asked
 * for.  Lines end with LF.
 */

#ifndef PLATEN_TABLES_OUT_H
#define PLATEN_TABLES_OUT_H

#include "tables/main.h"
#include "tables/buffer.h"

typedef struct {
    int                    fd;
    void                  *cd;   /* iconv's, or NULL: UTF-8 */
    platen_tables_buffer_t text; /* to be added to: UTF-8 */
    const char            *encoding;
    uint64_t               bytes; /* written */
} platen_tables_out_t;

/* Makes the file, or empties it; `encoding` is one of the command line, or NULL. */
int platen_tables_out_open(platen_tables_out_t *out, const char *path, const char *encoding,
                           platen_tables_error_t *err);

/*
 * To be called between lines: writes what is in out->text if it is enough, or
 * if `all`.  A character that the encoding does not have is
 * PLATEN_TABLES_WRITE: nothing is left out in silence.
 */
int platen_tables_out_write(platen_tables_out_t *out, int all, platen_tables_error_t *err);

/* Writes the rest and closes the file. */
int platen_tables_out_end(platen_tables_out_t *out, platen_tables_error_t *err);

/* Frees it, after _end() or instead of it. */
void platen_tables_out_free(platen_tables_out_t *out);

#endif
