/*
 * Parquet as a source, read by DuckDB.  Every value is asked for as text, in
 * the form that DuckDB's SQL gives it, and its column's type says what it is:
 * numbers, truth values, dates; lists, structs and maps are JSON, as is what
 * Parquet marks as JSON; everything else is text.  Times with a zone are UTC.
 */

#include "tables/main.h"

#include <stdlib.h>
#include <string.h>

#include "tables/column.h"
#include "tables/duckdb.h"

/* What is made of a column of one of DuckDB's types. */
typedef struct {
    const char          *type; /* or what it begins with, if the last character is ( */
    platen_tables_kind_t kind;
    const char          *before; /* SQL around its name */
    const char          *behind;
    int                  is_double; /* DuckDB says 3.0 for 3 */
} rule_t;

#define CAST "CAST(", " AS VARCHAR)"

static const rule_t rules[] = {
    { "BOOLEAN", PLATEN_TABLES_BOOLEAN, CAST, 0 },
    { "TINYINT", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "SMALLINT", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "INTEGER", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "BIGINT", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "HUGEINT", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "UTINYINT", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "USMALLINT", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "UINTEGER", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "UBIGINT", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "UHUGEINT", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "DECIMAL(", PLATEN_TABLES_NUMBER, CAST, 0 },
    { "FLOAT", PLATEN_TABLES_NUMBER, CAST, 1 },
    { "DOUBLE", PLATEN_TABLES_NUMBER, CAST, 1 },
    { "DATE", PLATEN_TABLES_DATE, CAST, 0 },
    { "TIMESTAMP", PLATEN_TABLES_TIMESTAMP, CAST, 0 },
    { "TIMESTAMP_S", PLATEN_TABLES_TIMESTAMP, CAST, 0 },
    { "TIMESTAMP_MS", PLATEN_TABLES_TIMESTAMP, CAST, 0 },
    { "TIMESTAMP_NS", PLATEN_TABLES_TIMESTAMP, CAST, 0 },
    { "JSON", PLATEN_TABLES_JSON, CAST, 0 },
    { "STRUCT(", PLATEN_TABLES_JSON, "CAST(to_json(", ") AS VARCHAR)", 0 },
    { "MAP(", PLATEN_TABLES_JSON, "CAST(to_json(", ") AS VARCHAR)", 0 },
};

/* Lists and arrays: their types end with a bracket, whatever they begin with. */
static const rule_t list_rule = { "", PLATEN_TABLES_JSON, "CAST(to_json(", ") AS VARCHAR)", 0 };

/* Everything else is text; a cell has no NUL byte. */
static const rule_t text_rule = { "", PLATEN_TABLES_TEXT, "replace(CAST(",
                                  " AS VARCHAR), chr(0), chr(65533))", 0 };

typedef struct {
    platen_tables_source_t  base;
    platen_tables_duckdb_t *duckdb;
    platen_tables_buffer_t  sql;
    const rule_t          **rules; /* of the columns */
    platen_tables_cell_t   *cells;

    platen_tables_row_f row;
    void               *data;
} from_parquet_t;

static const rule_t *
rule_of(const char *type, size_t len)
{
    size_t i, n;

    if (type[len - 1] == ']') {
        return &list_rule;
    }
    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        n = strlen(rules[i].type);
        if (len >= n && memcmp(type, rules[i].type, n) == 0
            && (len == n || type[n - 1] == '(')) {
            return &rules[i];
        }
    }
    return &text_rule;
}

/* One column: a row of DESCRIBE, whose first two cells are its name and its type. */
static int
take_column(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    from_parquet_t *from = data;
    size_t          i = from->base.ncolumns;
    const rule_t   *rule;

    if (n < 2 || cells[1].len == 0 || memchr(cells[0].text, '\0', cells[0].len) != NULL) {
        return platen_tables_fail(err, PLATEN_TABLES_CORRUPT, "column %zu has no proper name",
                                  i + 1);
    }
    if (i == PLATEN_TABLES_COLUMNS_MAX) {
        return platen_tables_fail(err, PLATEN_TABLES_TOO_LARGE,
                                  "the document has more than %d columns",
                                  PLATEN_TABLES_COLUMNS_MAX);
    }
    platen_tables_columns_grow(&from->base.columns, &from->base.ncolumns, 1);
    platen_tables_column_name(&from->base.columns[i], cells[0].text, cells[0].len);
    from->base.columns[i].typed = 1;

    rule = rule_of(cells[1].text, cells[1].len);
    from->rules = platen_tables_resize(from->rules, i + 1, sizeof(*from->rules));
    from->rules[i] = rule;

    platen_tables_buffer_text(&from->sql, i > 0 ? ", " : "");
    platen_tables_buffer_text(&from->sql, rule->before);
    platen_tables_sql_name(&from->sql, cells[0].text, cells[0].len);
    platen_tables_buffer_text(&from->sql, rule->behind);
    return 0;
}

static int
take_row(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    from_parquet_t       *from = data;
    platen_tables_cell_t *c;
    size_t                i;

    for (i = 0; i < n; i++) {
        c = &from->cells[i];
        *c = cells[i];
        if (c->kind == PLATEN_TABLES_NULL) {
            continue;
        }
        c->kind = from->rules[i]->kind;
        if (c->kind == PLATEN_TABLES_NUMBER && !platen_tables_is_number(c->text, c->len)) {
            c->kind = PLATEN_TABLES_TEXT; /* inf, nan */
        } else if (from->rules[i]->is_double && c->len > 2
                   && memcmp(c->text + c->len - 2, ".0", 2) == 0) {
            c->len -= 2;
        }
    }
    return from->row(from->data, from->cells, n, err);
}

static int
read_rows(platen_tables_source_t *source, platen_tables_row_f row, void *data,
          platen_tables_error_t *err)
{
    from_parquet_t *from = (from_parquet_t *) source;

    from->row = row;
    from->data = data;
    return platen_tables_duckdb_run(from->duckdb, from->sql.data, PLATEN_TABLES_CORRUPT,
                                    take_row, from, err);
}

static void
from_parquet_close(platen_tables_source_t *source)
{
    from_parquet_t *from = (from_parquet_t *) source;

    platen_tables_duckdb_close(&from->duckdb);
    platen_tables_buffer_free(&from->sql);
    platen_tables_columns_free(from->base.columns, from->base.ncolumns);
    free(from->rules);
    free(from->cells);
    free(from);
}

/* Makes the query of the columns that the document has. */
static int
learn(from_parquet_t *from, const platen_tables_options_t *options, platen_tables_error_t *err)
{
    platen_tables_buffer_t table = { 0 }, describe = { 0 };
    int                    rc;

    platen_tables_buffer_text(&table, " FROM read_parquet(");
    platen_tables_sql_string(&table, options->input);
    platen_tables_buffer_text(&table, ", hive_partitioning = false)");
    platen_tables_buffer_byte(&table, '\0');

    platen_tables_buffer_text(&describe, "DESCRIBE SELECT *");
    platen_tables_buffer_add(&describe, table.data, table.len);

    platen_tables_buffer_text(&from->sql, "SELECT ");
    rc = platen_tables_duckdb_run(from->duckdb, describe.data, PLATEN_TABLES_CORRUPT,
                                  take_column, from, err);
    platen_tables_buffer_add(&from->sql, table.data, table.len);

    platen_tables_buffer_free(&describe);
    platen_tables_buffer_free(&table);
    return rc;
}

int
platen_tables_from_parquet(platen_tables_source_t       **source,
                           const platen_tables_options_t *options, platen_tables_error_t *err)
{
    from_parquet_t *from = platen_tables_new(1, sizeof(*from));
    int             rc;

    *source = NULL;
    from->base.read = read_rows;
    from->base.close = from_parquet_close;
    from->base.rows = UINT64_MAX;

    rc = platen_tables_duckdb_open(&from->duckdb, options, err);
    if (rc == 0) {
        rc = learn(from, options, err);
    }
    if (rc != 0) {
        from_parquet_close(&from->base);
        return rc;
    }
    from->cells = platen_tables_new(from->base.ncolumns, sizeof(*from->cells));
    *source = &from->base;
    return 0;
}
