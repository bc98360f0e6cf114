/*
 * The parts of an XLSX workbook (ECMA-376 part 1, SpreadsheetML) that say what
 * its cells are: sheets, shared strings, number formats.  libzip opens the
 * package and expat reads its parts, as a stream.  Elements are those of the
 * namespace that the root of the part is of, whichever that is, so that the strict
 * and the transitional form are one; extensions are passed over.  A document type
 * declaration, which no part has, ends the reading.
 *
 * Shared strings are held in memory: they are what a cell refers to by number.
 */

#ifndef PLATEN_TABLES_BOOK_H
#define PLATEN_TABLES_BOOK_H

#include <zip.h>

#include "tables/main.h"
#include "tables/buffer.h"

typedef struct {
    char *name; /* allocated, UTF-8 */
    char *path; /* allocated, in the package; NULL if there is no such part */
    int   hidden;
    int   is_table; /* else a chart, a dialogue, macros */
} platen_tables_sheet_t;

typedef struct {
    zip_t                 *zip;
    platen_tables_sheet_t *sheets; /* in the order of their tabs */
    size_t                 nsheets;
    int                    from_1904;
    int                    calculate; /* it wants to be computed when it is opened */

    platen_tables_buffer_t strings; /* one after the other */
    size_t                *ends;
    size_t                 nstrings;

    unsigned *shows; /* PLATEN_TABLES_SHOWS_* of each cell format */
    size_t    nshows;
} platen_tables_book_t;

/* Called for what is in a part; nonzero ends the reading and is its result. */
typedef struct {
    int (*start)(void *data, const char *name, const char **attributes);
    int (*end)(void *data, const char *name);
    void (*text)(void *data, const char *text, size_t len);
} platen_tables_part_t;

/* Reads one part of the package.  0, what a handler returned, or PLATEN_TABLES_CORRUPT. */
int platen_tables_part_read(zip_t *zip, const char *path, const platen_tables_part_t *part,
                            void *data, platen_tables_error_t *err);

/* The value of an attribute, of whatever namespace if there is none without one; or NULL. */
const char *platen_tables_attribute(const char **attributes, const char *name);

/*
 * Opens the package.  0, PLATEN_TABLES_CORRUPT, or PLATEN_TABLES_ENCRYPTED.
 * *book has to be closed in any case.
 */
int  platen_tables_book_open(platen_tables_book_t *book, const char *path,
                             platen_tables_error_t *err);
void platen_tables_book_close(platen_tables_book_t *book);

/* What a sheet has beside its cells, which no table has. */
typedef struct {
    unsigned charts;
    unsigned pictures;
    unsigned comments; /* of cells */
} platen_tables_beside_t;

/* Adds what is beside the cells of a sheet; of what cannot be read it is nothing. */
void
platen_tables_book_beside(const platen_tables_book_t *book, const platen_tables_sheet_t *sheet,
                          platen_tables_beside_t *beside);

/* The shared string of that number; "" if there is none. */
const char *
platen_tables_book_string(const platen_tables_book_t *book, unsigned long n, size_t *len);

/* Adds text with _x000D_ and its like as the characters that they mean (22.9.2.19). */
void platen_tables_book_unescape(platen_tables_buffer_t *b, const char *text, size_t len);

#endif
