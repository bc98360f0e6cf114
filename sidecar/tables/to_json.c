/*
 * JSON as a sink: an array with one object to a row and a line, with every
 * column as a member; as JSON Lines the same lines, without what makes an array of them.  Keys
 * are the columns' names, made unique.  The members of a column of CSV are all numbers, all
 * truth values or all strings (tables/column.h); numbers are written as the text that they are.
 * An empty cell is null; a quoted empty one is "" in a column of strings.  What has names of
 * columns alone is told.
 */

#include "tables/main.h"

#include <stdlib.h>
#include <string.h>

#include "tables/column.h"
#include "tables/out.h"
#include "engine/warning.h"

typedef struct {
    platen_tables_sink_t   base;
    platen_tables_out_t    out;
    size_t                 ncolumns;
    platen_tables_type_t  *types;
    platen_tables_buffer_t keys; /* each as it is written, with what is around it */
    size_t                *ends;
    int                    lines;    /* JSON Lines */
    int                    rows;     /* there were some */
    const char            *warnings; /* as in the options */
} to_json_t;

/* As ISO 8601 has it, except that a text of CSV stays what it is. */
static void
write_timestamp(platen_tables_buffer_t *b, const platen_tables_cell_t *cell)
{
    size_t at = b->len;

    platen_tables_buffer_json(b, cell->text, cell->len);
    if (cell->kind == PLATEN_TABLES_TIMESTAMP && cell->len > 10 && cell->text[10] == ' ') {
        b->data[at + 11] = 'T';
    }
}

static int
to_json_row(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    to_json_t              *to = data;
    platen_tables_buffer_t *b = &to->out.text;
    platen_tables_cell_t    cell;
    size_t                  i, from = 0;

    if (!to->lines) {
        platen_tables_buffer_text(b, to->rows ? ",\n" : "\n");
    }
    to->rows = 1;
    for (i = 0; i < to->ncolumns; i++) {
        platen_tables_buffer_add(b, to->keys.data + from, to->ends[i] - from);
        from = to->ends[i];
        if (i >= n) {
            platen_tables_buffer_text(b, "null");
            continue;
        }
        cell = platen_tables_column_cell(to->types[i], &cells[i]);
        switch (cell.kind) {
        case PLATEN_TABLES_NULL:
            platen_tables_buffer_text(b, "null");
            break;
        case PLATEN_TABLES_NUMBER:
        case PLATEN_TABLES_BOOLEAN:
        case PLATEN_TABLES_JSON:
            platen_tables_buffer_add(b, cell.text, cell.len);
            break;
        case PLATEN_TABLES_TIMESTAMP:
            write_timestamp(b, &cells[i]);
            break;
        default:
            platen_tables_buffer_json(b, cell.text, cell.len);
            break;
        }
    }
    platen_tables_buffer_text(b, to->lines ? "}\n" : "}");
    return platen_tables_out_write(&to->out, 0, err);
}

static int
to_json_end(platen_tables_sink_t *sink, platen_tables_error_t *err)
{
    to_json_t *to = (to_json_t *) sink;

    if (!to->rows && to->ncolumns > 0 && to->warnings != NULL) {
        platen_warning_add(to->warnings,
                           "The table has one row, which was taken for the names of its "
                           "columns: it is not in the result. With header=false it is.");
    }
    if (!to->lines) {
        platen_tables_buffer_text(&to->out.text, to->rows ? "\n]\n" : "]\n");
    }
    return platen_tables_out_end(&to->out, err);
}

static void
to_json_close(platen_tables_sink_t *sink)
{
    to_json_t *to = (to_json_t *) sink;

    platen_tables_out_free(&to->out);
    platen_tables_buffer_free(&to->keys);
    free(to->types);
    free(to->ends);
    free(to);
}

static void
make_keys(to_json_t *to, const platen_tables_column_t *columns)
{
    size_t i, *lens;
    char **names = platen_tables_columns_names(columns, to->ncolumns, &lens);

    to->types = platen_tables_new(to->ncolumns, sizeof(*to->types));
    to->ends = platen_tables_new(to->ncolumns, sizeof(*to->ends));
    for (i = 0; i < to->ncolumns; i++) {
        platen_tables_buffer_byte(&to->keys, i == 0 ? '{' : ',');
        platen_tables_buffer_json(&to->keys, names[i], lens[i]);
        platen_tables_buffer_byte(&to->keys, ':');
        to->ends[i] = to->keys.len;
        to->types[i] = platen_tables_column_type(&columns[i]);
        free(names[i]);
    }
    free(names);
    free(lens);
}

int
platen_tables_to_json(platen_tables_sink_t **sink, const platen_tables_source_t *source,
                      const platen_tables_options_t *options, platen_tables_error_t *err)
{
    to_json_t *to = platen_tables_new(1, sizeof(*to));
    int        rc;

    *sink = NULL;
    to->base.row = to_json_row;
    to->base.end = to_json_end;
    to->base.close = to_json_close;
    to->ncolumns = source->ncolumns;
    to->warnings = options->warnings;
    to->lines = strcmp(options->to, "jsonl") == 0;
    make_keys(to, source->columns);

    rc = platen_tables_out_open(&to->out, options->output, NULL, err);
    if (rc != 0) {
        to_json_close(&to->base);
        return rc;
    }
    if (!to->lines) {
        platen_tables_buffer_byte(&to->out.text, '[');
    }
    *sink = &to->base;
    return 0;
}
