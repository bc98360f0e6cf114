/*
 * JSON as a source: an array of objects or of arrays, JSON Lines, or one
 * object (tables/json.h).  The document is read twice, in pieces: first
 * for the keys and the types, then for the rows; and once more at the beginning
 * if what looked like an array of rows turns out to be the first of many lines.
 *
 * A nested value becomes the compact JSON text that it is.  Of a key that an
 * object has twice, the last one counts.  JSON has to be UTF-8 (RFC 8259, 8.1),
 * unless a byte order mark or an option says otherwise.
 */

#include "tables/main.h"

#include <stdlib.h>

#include "tables/json.h"
#include "tables/text.h"

typedef struct {
    platen_tables_source_t base;
    platen_tables_text_t   text;
    platen_tables_json_t   json;
    int                    lines;
} from_json_t;

static int
take_piece(void *data, const char *text, size_t len, platen_tables_error_t *err)
{
    from_json_t *from = data;

    return platen_tables_json_feed(&from->json, text, len, err);
}

/* One reading; leaves from->json open for what there is to learn from it. */
static int
read_once(from_json_t *from, platen_tables_row_f row, void *data, platen_tables_error_t *err)
{
    int rc;

    platen_tables_json_init(&from->json, from->lines, row, data);
    rc = platen_tables_text_read(&from->text, take_piece, from, err);
    return rc != 0 ? rc : platen_tables_json_end(&from->json, err);
}

static int
read_rows(platen_tables_source_t *source, platen_tables_row_f row, void *data,
          platen_tables_error_t *err)
{
    from_json_t *from = (from_json_t *) source;
    int          rc = read_once(from, row, data, err);

    platen_tables_json_free(&from->json);
    return rc;
}

/* The first reading. */
static int
see_row(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    from_json_t *from = data;
    size_t       i;

    (void) err;
    for (i = 0; i < n; i++) {
        platen_tables_column_see(&from->json.columns[i], &cells[i]);
    }
    from->base.rows++;
    return 0;
}

static void
from_json_close(platen_tables_source_t *source)
{
    from_json_t *from = (from_json_t *) source;

    platen_tables_text_close(&from->text);
    platen_tables_columns_free(from->base.columns, from->base.ncolumns);
    free(from);
}

static int
learn(from_json_t *from, platen_tables_error_t *err)
{
    int rc;

    rc = read_once(from, see_row, from, err);
    if (rc == PLATEN_TABLES_JSON_LINES) {
        platen_tables_json_free(&from->json);
        from->lines = 1;
        from->base.rows = 0;
        rc = read_once(from, see_row, from, err);
    }
    from->base.columns = from->json.columns;
    from->base.ncolumns = from->json.ncolumns;
    from->json.columns = NULL;
    from->json.ncolumns = 0;
    if (rc == 0 && from->lines && from->json.rows == PLATEN_TABLES_JSON_SCALARS
        && from->base.rows == 1) {
        rc = platen_tables_fail(err, PLATEN_TABLES_CORRUPT,
                                "the document is one value, neither an object nor an array");
    }
    platen_tables_json_free(&from->json);
    return rc;
}

int
platen_tables_from_json(platen_tables_source_t **source, const platen_tables_options_t *options,
                        platen_tables_error_t *err)
{
    from_json_t *from = platen_tables_new(1, sizeof(*from));
    int          rc;

    *source = NULL;
    from->base.read = read_rows;
    from->base.close = from_json_close;

    rc = platen_tables_text_open(&from->text, options->input, options->encoding, 0, err);
    if (rc == 0) {
        rc = learn(from, err);
    }
    if (rc != 0) {
        from_json_close(&from->base);
        return rc;
    }
    *source = &from->base;
    return 0;
}
