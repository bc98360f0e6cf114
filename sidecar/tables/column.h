/*
 * What a column holds, found by looking at every cell of it, and what that
 * makes of its cells in a format with types.
 *
 * CSV has no types.  A text of it counts as a number or a truth value only if
 * writing the value gives the same text again, and a column is one only if each
 * of its cells is: a column of postcodes with one "01234" in it stays text, all
 * of it, and so does one with a "n/a".  Precisely:
 *
 *   INTEGER    0, 17, -3; no leading zero, no +; up to 2^53 (RFC 8259, 6)
 *   LONG       the same up to 2^63: a number where there are 64 bits
 *   DECIMAL    0.5, -12.30; a digit on both sides; up to 15 significant digits,
 *              which is what a double gives back
 *   BOOLEAN    true, false
 *   DATE       2024-05-31, a day of the calendar
 *   TIMESTAMP  2024-05-31 10:00:00, up to microseconds, no zero at the end
 *   AWKWARD    looks like a number and is not: 007, +49, 1234567890123456789012
 *
 * All else is TEXT; 1e5 is (part numbers look like that), and 1,5, and TRUE.
 */

#ifndef PLATEN_TABLES_COLUMN_H
#define PLATEN_TABLES_COLUMN_H

#include "tables/main.h"

typedef enum {
    PLATEN_TABLES_IS_TEXT,
    PLATEN_TABLES_IS_AWKWARD,
    PLATEN_TABLES_IS_INTEGER,
    PLATEN_TABLES_IS_LONG,
    PLATEN_TABLES_IS_DECIMAL,
    PLATEN_TABLES_IS_FLOAT, /* another number of JSON that is a double */
    PLATEN_TABLES_IS_BOOLEAN,
    PLATEN_TABLES_IS_DATE,
    PLATEN_TABLES_IS_TIMESTAMP,
    PLATEN_TABLES_IS_JSON,
    PLATEN_TABLES_CLASSES
} platen_tables_class_t;

/* What a column is as a whole. */
typedef enum {
    PLATEN_TABLES_COLUMN_TEXT,
    PLATEN_TABLES_COLUMN_INTEGER, /* up to 2^53 */
    PLATEN_TABLES_COLUMN_LONG,    /* up to 2^63 */
    PLATEN_TABLES_COLUMN_FIXED,   /* as many digits behind each point: 1.50, 12.00 */
    PLATEN_TABLES_COLUMN_NUMBER,
    PLATEN_TABLES_COLUMN_BOOLEAN,
    PLATEN_TABLES_COLUMN_DATE,
    PLATEN_TABLES_COLUMN_TIMESTAMP,
    PLATEN_TABLES_COLUMN_JSON /* nested values, perhaps among others */
} platen_tables_type_t;

struct platen_tables_column_s {
    char    *name; /* allocated, name_len bytes, as the document has it: may be empty */
    size_t   name_len;
    uint64_t seen[PLATEN_TABLES_CLASSES]; /* cells of each class */
    uint64_t trailing;                    /* decimals that end with a zero */
    unsigned scale_min;                   /* digits behind the point, of decimals */
    unsigned scale_max;
    unsigned digits; /* before it, at most */
    unsigned typed;  /* a cell's kind was not PLAIN */
};

/* The class of a text of CSV.  For a DECIMAL, *digits and *scale are set. */
platen_tables_class_t
platen_tables_classify(const char *text, size_t len, unsigned *digits, unsigned *scale);

/* Whether the text is a number of JSON (RFC 8259, section 6). */
int platen_tables_is_number(const char *text, size_t len);

/* Counts a cell. */
void platen_tables_column_see(platen_tables_column_t *column, const platen_tables_cell_t *cell);

platen_tables_type_t platen_tables_column_type(const platen_tables_column_t *column);

/* The cell with its column's kind in place of PLAIN; empty text is NULL unless it is text. */
platen_tables_cell_t
platen_tables_column_cell(platen_tables_type_t type, const platen_tables_cell_t *cell);

/* Adds `n` columns without names to `*columns`, which may move. */
void platen_tables_columns_grow(platen_tables_column_t **columns, size_t *have, size_t n);
void platen_tables_column_name(platen_tables_column_t *column, const char *name, size_t len);
void platen_tables_columns_free(platen_tables_column_t *columns, size_t n);

/*
 * Their names, each once: an empty one becomes "column_3", the second "a"
 * becomes "a_2".  An allocated array of allocated strings with a final NUL
 * (names may contain others); `lens` gets the lengths, allocated as well.
 */
char **
platen_tables_columns_names(const platen_tables_column_t *columns, size_t n, size_t **lens);

#endif
