/*
 * What the parts of platen-tables share: errors, cells, and the two
 * interfaces that everything is made of.  A source reads a document and knows
 * its columns; a sink is given the rows and writes another document.  Neither
 * knows which other one it is paired with.
 *
 *   source  csv, json, parquet, xlsx  platen_tables_from_*.c
 *   sink    csv, json, parquet, xlsx  platen_tables_to_*.c
 *
 * One process converts one document, in one thread.  Functions return 0 or an
 * exit code, with its sentence in `err`; when memory runs out the process ends
 * (tables/buffer.h).
 */

#ifndef PLATEN_TABLES_H
#define PLATEN_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "engine/exit_code.h" /* what functions here return, too */

/* No table has more; it bounds what a hostile document makes of its rows. */
#define PLATEN_TABLES_COLUMNS_MAX 65536

typedef struct {
    char text[512]; /* one sentence */
} platen_tables_error_t;

/* Writes the sentence and returns `code`. */
int platen_tables_fail(platen_tables_error_t *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * What a cell is.  PLAIN is CSV's: a text that nothing is known of, and whose
 * column says whether it is a number (tables/column.h).  The text of a
 * NUMBER is one of JSON; of a BOOLEAN, "true" or "false"; of a DATE,
 * "2024-05-31"; of a TIMESTAMP, "2024-05-31 10:00:00" and perhaps a fraction;
 * of a JSON, a nested value.
 */
typedef enum {
    PLATEN_TABLES_NULL,
    PLATEN_TABLES_PLAIN,
    PLATEN_TABLES_TEXT,
    PLATEN_TABLES_NUMBER,
    PLATEN_TABLES_BOOLEAN,
    PLATEN_TABLES_DATE,
    PLATEN_TABLES_TIMESTAMP,
    PLATEN_TABLES_JSON
} platen_tables_kind_t;

/* UTF-8 without NUL bytes, not NUL-terminated; valid during the call that has it. */
typedef struct {
    const char          *text;
    size_t               len;
    platen_tables_kind_t kind;
} platen_tables_cell_t;

typedef struct platen_tables_column_s platen_tables_column_t;

/* Called for each row; `n` may be less than the columns.  Nonzero ends the reading. */
typedef int (*platen_tables_row_f)(void *data, const platen_tables_cell_t *cells, size_t n,
                                   platen_tables_error_t *err);

/* What the command line says. */
typedef struct {
    const char *from;
    const char *to;
    const char *duckdb;        /* path of libduckdb.so, or NULL */
    char        delimiter;     /* 0: look at the document */
    char        out_delimiter; /* ',' unless given */
    const char *encoding;      /* of a text document; NULL: look at it */
    const char *out_encoding;  /* NULL: utf-8 */
    uint64_t    memory;        /* bytes for DuckDB's buffers; 0: half of RLIMIT_AS */
    const char *tmp;           /* directory for intermediate files */
    const char *sheet;         /* its name or number, or "all"; NULL: the first with cells */
    int         no_header;     /* the first row is one like the others */
    int         settled;       /* the document is taken as it is, never DECLINED */
    const char *warnings;      /* file for what the result lacks; NULL: none */
    const char *input;
    const char *output;
} platen_tables_options_t;

typedef struct platen_tables_source_s platen_tables_source_t;
typedef struct platen_tables_sink_s   platen_tables_sink_t;

/* Begins each source's own structure. */
struct platen_tables_source_s {
    /* Known once the source is open; the source's own. */
    platen_tables_column_t *columns;
    size_t                  ncolumns;
    uint64_t                rows; /* without the header; UINT64_MAX if not known */

    /* Of a document of several tables, that are wanted: which one this is, from 0. */
    const char *name;   /* the table's; NULL if it has none */
    size_t      tables; /* 0: it is one table */
    /* Goes to a table: the three above are then of that one. */
    int (*select)(platen_tables_source_t *source, size_t table, platen_tables_error_t *err);

    int (*read)(platen_tables_source_t *source, platen_tables_row_f row, void *data,
                platen_tables_error_t *err);
    void (*close)(platen_tables_source_t *source);
};

/* Begins each sink's own structure. */
struct platen_tables_sink_s {
    platen_tables_row_f row; /* with the sink as its data */
    /* Completes the document; without it the file is not one. */
    int (*end)(platen_tables_sink_t *sink, platen_tables_error_t *err);
    void (*close)(platen_tables_sink_t *sink);
};

/* Open a document and learn its columns; *source is NULL if they fail. */
typedef int (*platen_tables_source_f)(platen_tables_source_t       **source,
                                      const platen_tables_options_t *options,
                                      platen_tables_error_t         *err);
int platen_tables_from_csv(platen_tables_source_t       **source,
                           const platen_tables_options_t *options, platen_tables_error_t *err);
int platen_tables_from_xlsx(platen_tables_source_t       **source,
                            const platen_tables_options_t *options, platen_tables_error_t *err);
int platen_tables_from_json(platen_tables_source_t       **source,
                            const platen_tables_options_t *options, platen_tables_error_t *err);
int
platen_tables_from_parquet(platen_tables_source_t       **source,
                           const platen_tables_options_t *options, platen_tables_error_t *err);

/* Make a document for the columns, which must outlive it; *sink is NULL if they fail. */
typedef int (*platen_tables_sink_f)(platen_tables_sink_t         **sink,
                                    const platen_tables_source_t  *source,
                                    const platen_tables_options_t *options,
                                    platen_tables_error_t         *err);
int platen_tables_to_csv(platen_tables_sink_t **sink, const platen_tables_source_t *source,
                         const platen_tables_options_t *options, platen_tables_error_t *err);
int platen_tables_to_json(platen_tables_sink_t **sink, const platen_tables_source_t *source,
                          const platen_tables_options_t *options, platen_tables_error_t *err);
int
    platen_tables_to_parquet(platen_tables_sink_t **sink, const platen_tables_source_t *source,
                             const platen_tables_options_t *options, platen_tables_error_t *err);
int platen_tables_to_xlsx(platen_tables_sink_t **sink, const platen_tables_source_t *source,
                          const platen_tables_options_t *options, platen_tables_error_t *err);

#endif
