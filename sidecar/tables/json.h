/*
 * Reads JSON (RFC 8259) and JSON Lines as rows, from pieces of any length, with
 * memory for one row.  YAJL is the parser: it gives a number as the text that
 * it is, so that 12345678901234567890 and 1.50 stay what they are.
 *
 * A row is an element of the array that the document is, or, if it is something
 * else, a value of the document: one object is one row, and of JSON Lines each
 * line is.  Rows are all objects, all arrays or all neither.  A document of
 * white space has no rows.
 */

#ifndef PLATEN_TABLES_JSON_H
#define PLATEN_TABLES_JSON_H

#include <yajl/yajl_parse.h>

#include "tables/main.h"
#include "tables/buffer.h"
#include "tables/column.h"
#include "tables/names.h"

/* Values in one another; more is PLATEN_TABLES_CORRUPT. */
#define PLATEN_TABLES_JSON_DEPTH 256

/* What the rows are. */
typedef enum {
    PLATEN_TABLES_JSON_UNKNOWN,
    PLATEN_TABLES_JSON_OBJECTS, /* columns in the order in which their keys appear */
    PLATEN_TABLES_JSON_ARRAYS,  /* the first one names the columns */
    PLATEN_TABLES_JSON_SCALARS  /* one column, "value" */
} platen_tables_json_rows_t;

/* Returned instead of an exit code: read again, with `lines`. */
#define PLATEN_TABLES_JSON_LINES (-1)

typedef struct {
    yajl_handle               parser;
    int                       lines; /* each value is a row, an array too */
    platen_tables_json_rows_t rows;
    platen_tables_column_t   *columns; /* allocated, grows as the rows show more */
    size_t                    ncolumns;
    platen_tables_names_t     names;
    platen_tables_row_f       row;
    void                     *data;
    platen_tables_error_t    *err;
    int                       rc;

    /* Where in the document. */
    uint64_t      line; /* and the byte in it, of what is read next, from 0 */
    uint64_t      column_at;
    int           content; /* there was more than white space */
    size_t        depth;
    unsigned char in_map[PLATEN_TABLES_JSON_DEPTH];
    int           comma;  /* a nested value needs one before the next member */
    uint64_t      values; /* of the document */
    uint64_t      count;  /* rows */

    /* The row: texts in `text` until it ends. */
    platen_tables_buffer_t text;
    platen_tables_cell_t  *cells;
    size_t                *starts;
    size_t                 room;
    size_t                 n;      /* cells that are set, or skipped, so far */
    size_t                 column; /* of the value that is next */
} platen_tables_json_t;

/*
 * `row` is called with each row but the one that names columns.  The columns
 * are complete when it has been read to the end; they are there from a row on
 * that has them.
 */
void platen_tables_json_init(platen_tables_json_t *json, int lines, platen_tables_row_f row,
                             void *data);

/* Frees everything, the columns included unless they were taken away. */
void platen_tables_json_free(platen_tables_json_t *json);

/*
 * Reads on.  Returns 0, an exit code, what `row` returned if that is not 0, or
 * PLATEN_TABLES_JSON_LINES when behind an array there is another value.
 */
int platen_tables_json_feed(platen_tables_json_t *json, const char *data, size_t len,
                            platen_tables_error_t *err);
int platen_tables_json_end(platen_tables_json_t *json, platen_tables_error_t *err);

#endif
