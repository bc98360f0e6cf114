/*
 * Parquet as a sink, written by DuckDB: the rows become a CSV file below
 * options->tmp, in the one form that DuckDB is told about, and that becomes
 * Parquet (Snappy).  Memory is that of a row group, which is smaller if the rows
 * are long.
 *
 * The types are those that tables/column.h finds, by all of the rows;
 * DuckDB's own guess would make 1234 of a postcode 01234.  INTEGER and LONG are
 * BIGINT, other numbers DOUBLE, except where zeros at the end would be lost and
 * all have as many digits: such prices are DECIMAL.  So CSV comes back from
 * Parquet as it was, but for the zeros of 1.50 in a column that has 3.125, too.
 * A column of JSON with nested values is of Parquet's type JSON, and so comes
 * back nested.
 */

#include "tables/main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tables/column.h"
#include "tables/csv.h"
#include "tables/duckdb.h"
#include "tables/out.h"

#define GROUP_ROWS 122880
#define GROUP_ROWS_MIN 2048
#define GROUP_BYTES (UINT64_C(64) << 20)
#define BUFFER_BYTES (UINT64_C(32) << 20) /* of DuckDB's CSV reader, by default */

typedef struct {
    platen_tables_sink_t    base;
    platen_tables_duckdb_t *duckdb;
    platen_tables_out_t     out; /* the CSV file */
    char                    path[4096];
    const char             *output;
    platen_tables_buffer_t  columns; /* as read_csv() wants them */
    platen_tables_buffer_t  select;  /* the same with the names that they get */
    platen_tables_buffer_t  json;    /* a cell as JSON */
    platen_tables_type_t   *types;
    size_t                  ncolumns;
    uint64_t                rows;
    uint64_t                longest; /* row, in bytes */
} to_parquet_t;

/* DuckDB's type for a column. */
static void
add_type(platen_tables_buffer_t *sql, const platen_tables_column_t *column,
         platen_tables_type_t type)
{
    static const char *const names[] = {
        [PLATEN_TABLES_COLUMN_TEXT] = "VARCHAR",
        [PLATEN_TABLES_COLUMN_INTEGER] = "BIGINT",
        [PLATEN_TABLES_COLUMN_LONG] = "BIGINT",
        [PLATEN_TABLES_COLUMN_NUMBER] = "DOUBLE",
        [PLATEN_TABLES_COLUMN_BOOLEAN] = "BOOLEAN",
        [PLATEN_TABLES_COLUMN_DATE] = "DATE",
        [PLATEN_TABLES_COLUMN_TIMESTAMP] = "TIMESTAMP",
        [PLATEN_TABLES_COLUMN_JSON] = "JSON",
    };
    char decimal[40];

    if (type == PLATEN_TABLES_COLUMN_FIXED) {
        /* At most 15 digits before the point, and as many behind it: DuckDB has 38. */
        snprintf(decimal, sizeof(decimal), "DECIMAL(%u, %u)",
                 column->digits + column->scale_max, column->scale_max);
        platen_tables_buffer_text(sql, decimal);
        return;
    }
    platen_tables_buffer_text(sql, names[type]);
}

/* A cell of a column of JSON: what is not nested is JSON as well. */
static void
make_json(to_parquet_t *to, const platen_tables_cell_t *cell)
{
    to->json.len = 0;
    if (cell->kind == PLATEN_TABLES_TEXT) {
        platen_tables_buffer_json(&to->json, cell->text, cell->len);
    } else {
        platen_tables_buffer_add(&to->json, cell->text, cell->len);
    }
}

static int
to_parquet_row(void *data, const platen_tables_cell_t *cells, size_t n,
               platen_tables_error_t *err)
{
    to_parquet_t           *to = data;
    platen_tables_buffer_t *b = &to->out.text;
    platen_tables_cell_t    cell;
    size_t                  i, from = b->len;

    for (i = 0; i < to->ncolumns; i++) {
        if (i > 0) {
            platen_tables_buffer_byte(b, ',');
        }
        if (i >= n || cells[i].kind == PLATEN_TABLES_NULL) {
            continue;
        }
        cell = platen_tables_column_cell(to->types[i], &cells[i]);
        if (cell.kind == PLATEN_TABLES_NULL) {
            continue;
        }
        if (to->types[i] == PLATEN_TABLES_COLUMN_JSON) {
            make_json(to, &cell);
            platen_tables_csv_write(b, to->json.data, to->json.len, ',');
        } else {
            platen_tables_csv_write(b, cell.text, cell.len, ',');
        }
    }
    /* One more column, so that no row, not of one NULL either, is an empty line. */
    platen_tables_buffer_text(b, ",0\n");
    to->rows++;
    if (b->len - from > to->longest) {
        to->longest = b->len - from;
    }
    return platen_tables_out_write(&to->out, 0, err);
}

static void
add_number(platen_tables_buffer_t *sql, const char *before, uint64_t n)
{
    char digits[24];

    platen_tables_buffer_text(sql, before);
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long) n);
    platen_tables_buffer_text(sql, digits);
}

static int
copy(to_parquet_t *to, platen_tables_error_t *err)
{
    platen_tables_buffer_t sql = { 0 };
    uint64_t               group = GROUP_ROWS, line = to->longest + 4096;
    int                    rc;

    if (to->out.bytes > GROUP_BYTES) {
        group = GROUP_BYTES / (to->out.bytes / to->rows + 1);
        group =
            group < GROUP_ROWS_MIN ? GROUP_ROWS_MIN : (group > GROUP_ROWS ? GROUP_ROWS : group);
    }
    platen_tables_buffer_text(&sql, "COPY (SELECT ");
    platen_tables_buffer_add(&sql, to->select.data, to->select.len);
    platen_tables_buffer_text(&sql, " FROM read_csv(");
    platen_tables_sql_string(&sql, to->path);
    platen_tables_buffer_text(&sql, ", auto_detect = false, header = false, delim = ',',"
                                    " quote = '\"', escape = '\"', nullstr = '',"
                                    " allow_quoted_nulls = false, new_line = '\\n',"
                                    " parallel = false");
    add_number(&sql, ", max_line_size = ", line);
    if (line > BUFFER_BYTES / 4) {
        add_number(&sql, ", buffer_size = ", line * 4);
    }
    platen_tables_buffer_text(&sql, ", columns = {");
    platen_tables_buffer_add(&sql, to->columns.data, to->columns.len);
    platen_tables_buffer_text(&sql, "})) TO ");
    platen_tables_sql_string(&sql, to->output);
    add_number(&sql,
               " (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false, ROW_GROUP_SIZE ",
               group);
    platen_tables_buffer_text(&sql, ")");
    platen_tables_buffer_byte(&sql, '\0');
    rc = platen_tables_duckdb_run(to->duckdb, sql.data, PLATEN_TABLES_WRITE, NULL, NULL, err);
    platen_tables_buffer_free(&sql);
    return rc;
}

static int
to_parquet_end(platen_tables_sink_t *sink, platen_tables_error_t *err)
{
    to_parquet_t *to = (to_parquet_t *) sink;
    int           rc = platen_tables_out_end(&to->out, err);

    return rc != 0 ? rc : copy(to, err);
}

static void
to_parquet_close(platen_tables_sink_t *sink)
{
    to_parquet_t *to = (to_parquet_t *) sink;

    platen_tables_duckdb_close(&to->duckdb);
    platen_tables_out_free(&to->out);
    if (to->path[0] != '\0') {
        unlink(to->path);
    }
    platen_tables_buffer_free(&to->columns);
    platen_tables_buffer_free(&to->select);
    platen_tables_buffer_free(&to->json);
    free(to->types);
    free(to);
}

/* The columns of the CSV file are c0, c1, ...; Parquet gets their names. */
static void
make_columns(to_parquet_t *to, const platen_tables_column_t *columns)
{
    size_t i, *lens;
    char **names = platen_tables_columns_names(columns, to->ncolumns, &lens);

    to->types = platen_tables_new(to->ncolumns, sizeof(*to->types));
    for (i = 0; i < to->ncolumns; i++) {
        to->types[i] = platen_tables_column_type(&columns[i]);
        add_number(&to->columns, "c", i);
        platen_tables_buffer_text(&to->columns, ": '");
        add_type(&to->columns, &columns[i], to->types[i]);
        platen_tables_buffer_text(&to->columns, "', ");

        add_number(&to->select, i > 0 ? ", c" : "c", i);
        platen_tables_buffer_text(&to->select, " AS ");
        platen_tables_sql_name(&to->select, names[i], lens[i]);
        free(names[i]);
    }
    platen_tables_buffer_text(&to->columns, "last: 'VARCHAR'");
    free(names);
    free(lens);
}

/* The CSV file: a new one, of a name that nothing else has. */
static int
make_file(to_parquet_t *to, const char *tmp, platen_tables_error_t *err)
{
    int fd = -1;

    if (snprintf(to->path, sizeof(to->path), "%s/rows-XXXXXX", tmp) < (int) sizeof(to->path)) {
        fd = mkstemp(to->path);
    }
    if (fd < 0) {
        to->path[0] = '\0';
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "cannot write in %s", tmp);
    }
    close(fd);
    return platen_tables_out_open(&to->out, to->path, NULL, err);
}

int
platen_tables_to_parquet(platen_tables_sink_t **sink, const platen_tables_source_t *source,
                         const platen_tables_options_t *options, platen_tables_error_t *err)
{
    to_parquet_t *to = platen_tables_new(1, sizeof(*to));
    int           rc;

    *sink = NULL;
    to->base.row = to_parquet_row;
    to->base.end = to_parquet_end;
    to->base.close = to_parquet_close;
    to->output = options->output;
    to->ncolumns = source->ncolumns;
    to->out.fd = -1;
    make_columns(to, source->columns);

    rc = make_file(to, options->tmp, err);
    if (rc == 0) {
        rc = platen_tables_duckdb_open(&to->duckdb, options, err);
    }
    if (rc != 0) {
        to_parquet_close(&to->base);
        return rc;
    }
    *sink = &to->base;
    return 0;
}
