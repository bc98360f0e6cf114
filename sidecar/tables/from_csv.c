/*
 * CSV as a source.  The document is read twice, in pieces: first for its width
 * and the types of its columns, then for the rows.
 *
 * The first record names the columns, unless the options say otherwise.  Rows may be shorter,
 * and may be longer: then there are columns without a name.  An empty line is nothing, except
 * in a document of one column, where it is an empty field unless it is at the end.
 */

#include "tables/main.h"

#include <stdlib.h>
#include <string.h>

#include "engine/warning.h"
#include "tables/column.h"
#include "tables/csv.h"
#include "tables/text.h"

#define SAMPLE 65536

typedef struct {
    platen_tables_source_t base;
    platen_tables_text_t   text;
    char                   delimiter;
    size_t                 header; /* fields of the first record */
    int                    no_header;
    size_t                 skip; /* bytes of a first line "sep=;" */

    /* What one reading goes through. */
    platen_tables_csv_t csv;
    size_t              skipped;
    uint64_t            records; /* that are not empty */
    uint64_t            empty;   /* lines since the last one of them */
    platen_tables_row_f row;
    void               *data;
} from_csv_t;

/* The beginning of the document, to know the delimiter by. */
typedef struct {
    platen_tables_buffer_t text;
    int                    more;
} sample_t;

static int
take_sample(void *data, const char *text, size_t len, platen_tables_error_t *err)
{
    sample_t *s = data;

    (void) err;
    if (s->text.len + len > SAMPLE) {
        len = SAMPLE - s->text.len;
        s->more = 1;
    }
    platen_tables_buffer_add(&s->text, text, len);
    return s->more;
}

/* Nothing that a delimiter could be judged by. */
static int
is_one_line(const char *text, size_t len)
{
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r')) {
        len--;
    }
    return len > 0 && memchr(text, '\n', len) == NULL && memchr(text, '\r', len) == NULL;
}

static int
find_delimiter(from_csv_t *from, const platen_tables_options_t *options,
               platen_tables_error_t *err)
{
    sample_t s = { 0 };
    char     said;
    int      rc;

    rc = platen_tables_text_read(&from->text, take_sample, &s, err);
    if (rc == 0 || s.more) {
        rc = 0;
        from->delimiter = options->delimiter;
        from->skip = platen_tables_csv_separator(s.text.data, s.text.len, &said);
        if (from->skip > 0 && from->delimiter == 0) {
            from->delimiter = said;
        }
        if (from->delimiter == 0) {
            from->delimiter = platen_tables_csv_sniff(s.text.data, s.text.len, !s.more);
            if (from->delimiter != ',' && from->delimiter != '\t' && !s.more
                && is_one_line(s.text.data, s.text.len)) {
                platen_warning_add(
                    options->warnings,
                    "As there is one line alone, what stands between its \"%c\" "
                    "was taken for fields: csv_delimiter says what is between them.",
                    from->delimiter);
            }
        }
    }
    platen_tables_buffer_free(&s.text);
    return rc;
}

/* A record that is not an empty line; the first one is the header. */
static int
take_row(from_csv_t *from, const platen_tables_cell_t *cells, size_t n,
         platen_tables_error_t *err)
{
    size_t i;

    if (from->records++ > 0 || from->no_header) {
        from->header = from->no_header && from->records == 1 ? n : from->header;
        return from->row(from->data, cells, n, err);
    }
    if (from->base.columns == NULL) {
        from->header = n;
        platen_tables_columns_grow(&from->base.columns, &from->base.ncolumns, n);
        for (i = 0; i < n; i++) {
            platen_tables_column_name(&from->base.columns[i], cells[i].text, cells[i].len);
        }
    }
    return 0;
}

static int
take_record(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    static const platen_tables_cell_t nothing = { "", 0, PLATEN_TABLES_NULL };
    from_csv_t                       *from = data;
    int                               rc = 0;

    if (n == 0) {
        from->empty++;
        return 0;
    }
    for (; rc == 0 && from->empty > 0; from->empty--) {
        if (from->records > 0 && from->header == 1) {
            rc = take_row(from, &nothing, 1, err);
        }
    }
    return rc != 0 ? rc : take_row(from, cells, n, err);
}

static int
take_piece(void *data, const char *text, size_t len, platen_tables_error_t *err)
{
    from_csv_t *from = data;
    size_t      n = from->skip - from->skipped;

    n = n < len ? n : len;
    from->skipped += n;
    return platen_tables_csv_feed(&from->csv, text + n, len - n, take_record, from, err);
}

static int
read_rows(platen_tables_source_t *source, platen_tables_row_f row, void *data,
          platen_tables_error_t *err)
{
    from_csv_t *from = (from_csv_t *) source;
    int         rc;

    from->skipped = 0;
    from->records = 0;
    from->empty = 0;
    from->row = row;
    from->data = data;
    platen_tables_csv_init(&from->csv, from->delimiter);
    from->csv.line += from->skip > 0;

    rc = platen_tables_text_read(&from->text, take_piece, from, err);
    if (rc == 0) {
        rc = platen_tables_csv_end(&from->csv, take_record, from, err);
    }
    platen_tables_csv_free(&from->csv);
    return rc;
}

/* The first reading. */
static int
see_row(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    from_csv_t *from = data;
    size_t      i;

    (void) err;
    if (n > from->base.ncolumns) {
        platen_tables_columns_grow(&from->base.columns, &from->base.ncolumns,
                                   n - from->base.ncolumns);
    }
    for (i = 0; i < n; i++) {
        platen_tables_column_see(&from->base.columns[i], &cells[i]);
    }
    from->base.rows++;
    return 0;
}

static void
from_csv_close(platen_tables_source_t *source)
{
    from_csv_t *from = (from_csv_t *) source;

    platen_tables_text_close(&from->text);
    platen_tables_columns_free(from->base.columns, from->base.ncolumns);
    free(from);
}

int
platen_tables_from_csv(platen_tables_source_t **source, const platen_tables_options_t *options,
                       platen_tables_error_t *err)
{
    from_csv_t *from = platen_tables_new(1, sizeof(*from));
    int         rc;

    *source = NULL;
    from->base.read = read_rows;
    from->base.close = from_csv_close;
    from->no_header = options->no_header;

    rc = platen_tables_text_open(&from->text, options->input, options->encoding, 1, err);
    if (rc == 0) {
        rc = find_delimiter(from, options, err);
    }
    if (rc == 0) {
        rc = read_rows(&from->base, see_row, from, err);
    }
    if (rc != 0) {
        from_csv_close(&from->base);
        return rc;
    }
    *source = &from->base;
    return 0;
}
