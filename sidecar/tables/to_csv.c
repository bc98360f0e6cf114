/*
 * CSV as a sink: RFC 4180 with LF for CRLF, quotes only where they are needed,
 * every row as long as the first.  Texts are written as they are.  NULL is an
 * empty field and an empty text is "", so that CSV can tell them apart; alone
 * in a row, NULL is "" too, since an empty line is no row to many readers.
 */

#include "tables/main.h"

#include <stdlib.h>

#include "tables/column.h"
#include "tables/csv.h"
#include "tables/out.h"

typedef struct {
    platen_tables_sink_t base;
    platen_tables_out_t  out;
    char                 delimiter;
    size_t               ncolumns;
} to_csv_t;

static int
to_csv_row(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    to_csv_t               *to = data;
    platen_tables_buffer_t *b = &to->out.text;
    size_t                  i;

    for (i = 0; i < to->ncolumns; i++) {
        if (i > 0) {
            platen_tables_buffer_byte(b, to->delimiter);
        }
        if ((i < n && cells[i].kind != PLATEN_TABLES_NULL) || to->ncolumns == 1) {
            platen_tables_csv_write(b, i < n ? cells[i].text : "", i < n ? cells[i].len : 0,
                                    to->delimiter);
        }
    }
    platen_tables_buffer_byte(b, '\n');
    return platen_tables_out_write(&to->out, 0, err);
}

static int
to_csv_end(platen_tables_sink_t *sink, platen_tables_error_t *err)
{
    return platen_tables_out_end(&((to_csv_t *) sink)->out, err);
}

static void
to_csv_close(platen_tables_sink_t *sink)
{
    platen_tables_out_free(&((to_csv_t *) sink)->out);
    free(sink);
}

/* The names as they are: empty ones and two alike are what the document has. */
static int
write_header(to_csv_t *to, const platen_tables_column_t *columns, platen_tables_error_t *err)
{
    platen_tables_cell_t *cells = platen_tables_new(to->ncolumns, sizeof(*cells));
    size_t                i;
    int                   rc;

    for (i = 0; i < to->ncolumns; i++) {
        cells[i].text = columns[i].name != NULL ? columns[i].name : "";
        cells[i].len = columns[i].name_len;
        cells[i].kind = cells[i].len > 0 ? PLATEN_TABLES_TEXT : PLATEN_TABLES_NULL;
    }
    rc = to_csv_row(to, cells, to->ncolumns, err);
    free(cells);
    return rc;
}

int
platen_tables_to_csv(platen_tables_sink_t **sink, const platen_tables_source_t *source,
                     const platen_tables_options_t *options, platen_tables_error_t *err)
{
    to_csv_t *to = platen_tables_new(1, sizeof(*to));
    int       rc;

    *sink = NULL;
    to->base.row = to_csv_row;
    to->base.end = to_csv_end;
    to->base.close = to_csv_close;
    to->delimiter = options->out_delimiter;
    to->ncolumns = source->ncolumns;

    rc = platen_tables_out_open(&to->out, options->output, options->out_encoding, err);
    if (rc == 0 && !options->no_header) {
        rc = write_header(to, source->columns, err);
    }
    if (rc != 0) {
        to_csv_close(&to->base);
        return rc;
    }
    *sink = &to->base;
    return 0;
}
