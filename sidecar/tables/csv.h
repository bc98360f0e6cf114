/*
 * Reads CSV (RFC 4180) from pieces of any length: a document larger than memory
 * is no trouble, a record has to fit.  UTF-8 in, UTF-8 out; who decodes is
 * tables/text.h.
 *
 * More is accepted than the RFC describes: records end with CRLF, LF or CR; a
 * quote inside a field that does not begin with one is a character as any
 * other, and so is what follows a closing quote.  Two things are refused,
 * because what would be made of them is not what anybody wrote: a NUL byte, and
 * a quoted field that is never closed.
 */

#ifndef PLATEN_TABLES_CSV_H
#define PLATEN_TABLES_CSV_H

#include "tables/main.h"
#include "tables/buffer.h"

typedef struct {
    char     delimiter;
    int      state;
    uint64_t line;   /* from 1, of what is read now */
    uint64_t column; /* from 1, of the character that was read last; in bytes, but for UTF-8 */
    uint64_t open;   /* the line on which the quoted field began */
    uint64_t open_column;

    platen_tables_buffer_t text;  /* the record's fields, one after the other */
    size_t                *ends;  /* where each ends in it */
    unsigned char         *plain; /* each is not quoted */
    platen_tables_cell_t  *cells;
    size_t                 n;
    size_t                 room;
} platen_tables_csv_t;

/* `delimiter` is any ASCII character but a quote, CR and LF. */
void platen_tables_csv_init(platen_tables_csv_t *csv, char delimiter);
void platen_tables_csv_free(platen_tables_csv_t *csv);

/*
 * Reads on.  `record` is called with each complete record: an empty field is a
 * NULL cell, a quoted empty field a PLAIN one without text, and an empty line a
 * record without fields.  Returns 0, what `record` returned if that is not 0,
 * PLATEN_TABLES_CORRUPT, or PLATEN_TABLES_TOO_LARGE for more than
 * PLATEN_TABLES_COLUMNS_MAX fields.
 */
int platen_tables_csv_feed(platen_tables_csv_t *csv, const char *data, size_t len,
                           platen_tables_row_f record, void *to, platen_tables_error_t *err);

/* The document ends here: gives the last record if no line end followed it. */
int platen_tables_csv_end(platen_tables_csv_t *csv, platen_tables_row_f record, void *to,
                          platen_tables_error_t *err);

/*
 * The delimiter of a document that begins with this sample: of comma,
 * semicolon, tab and pipe the one with which most records have as many fields
 * as the first; a comma if none divides the first record.  A semicolon or a
 * pipe is none where most records have another number of fields than the
 * first, or it has nothing on one of its sides, or where it ends references
 * (&amp;).  `whole`: nothing follows the sample.
 */
char platen_tables_csv_sniff(const char *sample, size_t len, int whole);

/*
 * The length of a first line such as "sep=;" with its end, which spreadsheets
 * write and read, and its delimiter; 0 if the document begins otherwise.
 */
size_t platen_tables_csv_separator(const char *data, size_t len, char *delimiter);

/* Adds a field, quoted if it has to be; `delimiter` is that of the document. */
void platen_tables_csv_write(platen_tables_buffer_t *b, const char *text, size_t len,
                             char delimiter);

#endif
