/*
 * DuckDB, for Parquet: libduckdb.so, loaded when it is needed, so that nothing
 * else needs it.  Its C API has no header here; what is used of it is declared
 * in tables/duckdb.c.
 *
 * One in-memory database in this thread alone.  It may read and write the files
 * that it is given and below the directory for intermediate files, loads no
 * extension, and has its settings locked; the sandbox holds it besides.
 */

#ifndef PLATEN_TABLES_DUCKDB_H
#define PLATEN_TABLES_DUCKDB_H

#include "tables/main.h"
#include "tables/buffer.h"

typedef struct platen_tables_duckdb_s platen_tables_duckdb_t;

/* Whether the library is there and has what is needed: 0, or an exit code. */
int platen_tables_duckdb_probe(const char *path, platen_tables_error_t *err);

/* Opens a database; *duckdb is NULL if that fails. */
int
     platen_tables_duckdb_open(platen_tables_duckdb_t       **duckdb,
                               const platen_tables_options_t *options, platen_tables_error_t *err);
void platen_tables_duckdb_close(platen_tables_duckdb_t **duckdb);

/*
 * Runs a statement.  All columns of a result have to be VARCHAR; its rows are
 * TEXT and NULL cells, given as they are computed.  `row` may be NULL.  Returns
 * 0, what `row` returned, or `code` with DuckDB's sentence; PLATEN_TABLES_MEMORY
 * if its memory_limit is reached.
 */
int platen_tables_duckdb_run(platen_tables_duckdb_t *duckdb, const char *sql, int code,
                             platen_tables_row_f row, void *data, platen_tables_error_t *err);

/* Add an identifier or a string literal, quoted; `text` has no NUL. */
void platen_tables_sql_name(platen_tables_buffer_t *sql, const char *text, size_t len);
void platen_tables_sql_string(platen_tables_buffer_t *sql, const char *text);

#endif
