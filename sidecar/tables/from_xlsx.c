/*
 * XLSX as a source: what the cells hold, with its type, and not what they show.
 * Numbers are whole, whatever their format shows of them; dates, times and truth
 * values are what their format says (tables/serial.h); an error is no
 * value, and there is a warning; a formula is the value that was computed for it.
 *
 * A document whose formulas have no values, or that wants to be computed when it
 * is opened, is DECLINED, so that LibreOffice computes it; so is one that this
 * cannot read, which LibreOffice perhaps can.  A settled one is never.
 *
 * The table is the sheet that the options name, or else the first one that has
 * cells, and that is not hidden if there is such a one.  Rows above the first
 * that has a value are no part of it, nor are those below the last.  Other
 * sheets with values are a warning.  Each sheet is read once, into a spool.
 */

#include "tables/main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tables/book.h"
#include "tables/column.h"
#include "tables/serial.h"
#include "tables/spool.h"
#include "engine/warning.h"

#define ROWS_MAX 1048576
#define COLUMNS_MAX 16384

/* A sheet that was read. */
typedef struct {
    const char             *name;
    platen_tables_column_t *columns;
    size_t                  ncolumns;
    uint64_t                rows;
    long long               at; /* in the spool */
} table_t;

typedef struct {
    platen_tables_source_t base;
    platen_tables_book_t   book;
    platen_tables_spool_t  spool;
    table_t               *tables;
    size_t                 ntables;
    size_t                 selected;
    int                    no_header;
    int                    settled;

    /* Over all sheets that were read. */
    uint64_t               errors;
    char                   error[32];        /* the first one */
    char                   error_cells[128]; /* the first ones */
    uint64_t               missing;          /* formulas without a value */
    platen_tables_beside_t beside;
} from_xlsx_t;

/* What is known of one sheet while it is read. */
typedef struct {
    from_xlsx_t           *from;
    table_t               *table;
    platen_tables_error_t *err;
    int                    look; /* only whether it has a value: ends with FOUND */

    long long row;     /* from 1, of the current one */
    long long written; /* the last row that is in the spool, or that is the header */
    int       begun;   /* a row with a value was there */

    /* The row. */
    platen_tables_buffer_t texts;
    platen_tables_cell_t  *cells;
    size_t                *starts;
    size_t                 room;
    size_t                 n;

    /* The cell. */
    size_t                 column;
    char                   type[12];
    unsigned               shows;
    int                    formula;
    int                    in_value, in_inline, in_text, phonetic;
    int                    had_inline; /* <is> was there */
    platen_tables_buffer_t value;
} sheet_t;

#define FOUND (-2)

static void
see_row(table_t *table, const platen_tables_cell_t *cells, size_t n)
{
    size_t i;

    if (n > table->ncolumns) {
        platen_tables_columns_grow(&table->columns, &table->ncolumns, n - table->ncolumns);
    }
    for (i = 0; i < n; i++) {
        platen_tables_column_see(&table->columns[i], &cells[i]);
    }
}

static void
name_columns(table_t *table, const platen_tables_cell_t *cells, size_t n)
{
    size_t i;

    platen_tables_columns_grow(&table->columns, &table->ncolumns, n);
    for (i = 0; i < n; i++) {
        platen_tables_column_name(&table->columns[i], cells[i].text, cells[i].len);
    }
}

/* The row is complete: with those without a value above it, unless they are the first. */
static int
take_row(sheet_t *s)
{
    from_xlsx_t *from = s->from;
    size_t       i;
    int          rc = 0;

    while (s->n > 0 && s->cells[s->n - 1].kind == PLATEN_TABLES_NULL) {
        s->n--;
    }
    if (s->n == 0) {
        return 0;
    }
    if (s->look) {
        return FOUND;
    }
    for (i = 0; i < s->n; i++) {
        s->cells[i].text = s->texts.data == NULL ? "" : s->texts.data + s->starts[i];
    }

    if (!s->begun && !from->no_header) {
        s->begun = 1;
        s->written = s->row;
        name_columns(s->table, s->cells, s->n);
        return 0;
    }
    for (; s->begun && rc == 0 && s->written + 1 < s->row; s->written++) {
        rc = platen_tables_spool_add(&from->spool, NULL, 0, s->err);
        s->table->rows++;
    }
    s->begun = 1;
    s->written = s->row;
    see_row(s->table, s->cells, s->n);
    s->table->rows++;
    return rc != 0 ? rc : platen_tables_spool_add(&from->spool, s->cells, s->n, s->err);
}

/* Room for the cells up to this column; those that are passed have no value. */
static void
reach(sheet_t *s, size_t column)
{
    size_t room = s->room == 0 ? 64 : s->room;

    while (room <= column) {
        room *= 2;
    }
    if (room != s->room) {
        s->cells = platen_tables_resize(s->cells, room, sizeof(*s->cells));
        s->starts = platen_tables_resize(s->starts, room, sizeof(*s->starts));
        s->room = room;
    }
    for (; s->n <= column; s->n++) {
        s->cells[s->n] = (platen_tables_cell_t){ "", 0, PLATEN_TABLES_NULL };
        s->starts[s->n] = s->texts.len;
    }
}

static void
add_cell(sheet_t *s, platen_tables_kind_t kind, const char *text, size_t len)
{
    if (len == 0 || s->column >= COLUMNS_MAX) {
        return;
    }
    reach(s, s->column);
    s->starts[s->column] = s->texts.len;
    platen_tables_buffer_add(&s->texts, text, len);
    s->cells[s->column].kind = kind;
    s->cells[s->column].len = len;
}

static void
add_number(sheet_t *s)
{
    platen_tables_kind_t kind;
    char                 text[PLATEN_TABLES_SERIAL_MAX], *end;
    double               value;

    platen_tables_buffer_byte(&s->value, '\0');
    value = strtod(s->value.data, &end);
    if (end == s->value.data || *end != '\0' || !isfinite(value)) {
        add_cell(s, PLATEN_TABLES_TEXT, s->value.data, s->value.len - 1);
        return;
    }
    kind = platen_tables_serial_text(value, s->shows, s->from->book.from_1904, text);
    add_cell(s, kind, text, strlen(text));
}

/* A date as ISO 8601 has it, of t="d": 2024-05-31T10:00:00Z. */
static void
add_date(sheet_t *s)
{
    char     text[32];
    size_t   n = s->value.len < sizeof(text) ? s->value.len : 0;
    unsigned digits, scale;

    memcpy(text, s->value.data, n);
    n -= n > 0 && text[n - 1] == 'Z';
    if (n > 10 && text[10] == 'T') {
        text[10] = ' ';
    }
    while (n > 20 && text[n - 1] == '0') {
        n--;
    }
    n -= n > 0 && text[n - 1] == '.';
    switch (platen_tables_classify(text, n, &digits, &scale)) {
    case PLATEN_TABLES_IS_DATE:
        add_cell(s, PLATEN_TABLES_DATE, text, n);
        break;
    case PLATEN_TABLES_IS_TIMESTAMP:
        add_cell(s, PLATEN_TABLES_TIMESTAMP, text, n);
        break;
    default:
        add_cell(s, PLATEN_TABLES_TEXT, s->value.data, s->value.len);
        break;
    }
}

static void
add_string(sheet_t *s)
{
    platen_tables_buffer_t text = { 0 };

    platen_tables_book_unescape(&text, s->value.data, s->value.len);
    add_cell(s, PLATEN_TABLES_TEXT, text.data, text.len);
    platen_tables_buffer_free(&text);
}

/* Adds the name of the cell to a list of some: "Sales!C9". */
static void
name_cell(const sheet_t *s, char *names, size_t size)
{
    char   letters[8], *at = letters + sizeof(letters) - 1;
    size_t n = strlen(names), column = s->column + 1;

    for (*at = '\0'; column > 0; column = (column - 1) / 26) {
        *--at = (char) ('A' + (column - 1) % 26);
    }
    if (n + strlen(s->table->name) + 24 < size) {
        snprintf(names + n, size - n, "%s%s!%s%lld", n > 0 ? ", " : "", s->table->name, at,
                 s->row);
    }
}

static void
add_error(sheet_t *s)
{
    from_xlsx_t *from = s->from;

    if (s->look) {
        add_cell(s, PLATEN_TABLES_TEXT, "#", 1);
        return;
    }
    if (from->errors++ == 0) {
        snprintf(from->error, sizeof(from->error), "%.*s", (int) s->value.len, s->value.data);
    }
    name_cell(s, from->error_cells, sizeof(from->error_cells));
}

static int
end_cell(sheet_t *s)
{
    from_xlsx_t *from = s->from;
    const char  *text, *type = s->type;
    size_t       len;

    if (s->formula && !from->settled && !s->look
        && (from->book.calculate || (s->value.len == 0 && strcmp(type, "str") != 0))) {
        return PLATEN_TABLES_DECLINED;
    }
    if (s->value.len == 0) {
        from->missing += s->formula && strcmp(type, "str") != 0;
        return 0;
    }
    if (strcmp(type, "s") == 0) {
        platen_tables_buffer_byte(&s->value, '\0');
        text = platen_tables_book_string(&from->book, strtoul(s->value.data, NULL, 10), &len);
        add_cell(s, PLATEN_TABLES_TEXT, text, len);
    } else if (strcmp(type, "b") == 0) {
        text = *s->value.data == '1' || *s->value.data == 't' ? "true" : "false";
        add_cell(s, PLATEN_TABLES_BOOLEAN, text, strlen(text));
    } else if (strcmp(type, "e") == 0) {
        add_error(s);
    } else if (strcmp(type, "str") == 0 || strcmp(type, "inlineStr") == 0) {
        add_string(s);
    } else if (strcmp(type, "d") == 0) {
        add_date(s);
    } else {
        add_number(s);
    }
    return 0;
}

/* "AB12" is column 27; the one after the last without it. */
static void
begin_cell(sheet_t *s, const char **attributes)
{
    const char *at = platen_tables_attribute(attributes, "r");
    const char *type = platen_tables_attribute(attributes, "t");
    const char *style = platen_tables_attribute(attributes, "s");
    size_t      column = 0, n;

    for (n = 0; at != NULL && n < 3 && at[n] >= 'A' && at[n] <= 'Z'; n++) {
        column = column * 26 + (size_t) (at[n] - 'A') + 1;
    }
    s->column = n > 0 ? column - 1 : s->column + 1;
    snprintf(s->type, sizeof(s->type), "%s", type == NULL ? "n" : type);
    s->had_inline = 0;
    n = style == NULL ? 0 : strtoul(style, NULL, 10);
    s->shows = n < s->from->book.nshows ? s->from->book.shows[n] : 0;
    s->formula = 0;
    s->value.len = 0;
}

static int
sheet_start(void *data, const char *name, const char **attributes)
{
    sheet_t    *s = data;
    const char *at;

    if (strcmp(name, "row") == 0) {
        at = platen_tables_attribute(attributes, "r");
        s->row = at == NULL ? s->row + 1 : strtoll(at, NULL, 10);
        s->n = 0;
        s->texts.len = 0;
        s->column = (size_t) -1;
        if (s->row <= s->written || s->row > ROWS_MAX) {
            return platen_tables_fail(s->err, PLATEN_TABLES_CORRUPT,
                                      "row %lld of the sheet is not where it should be",
                                      s->row);
        }
    } else if (strcmp(name, "c") == 0) {
        begin_cell(s, attributes);
    } else if (strcmp(name, "f") == 0) {
        s->formula = 1;
    } else if (strcmp(name, "v") == 0) {
        s->in_value = !s->had_inline;
        if (s->in_value) {
            s->value.len = 0;
        }
    } else if (strcmp(name, "is") == 0) {
        /* Some generators write both: then it is the value of a cell of that type. */
        s->in_inline = strcmp(s->type, "inlineStr") == 0;
        if (s->in_inline) {
            s->had_inline = 1;
            s->value.len = 0;
        }
    } else if (strcmp(name, "rPh") == 0) {
        s->phonetic = 1;
    } else if (strcmp(name, "t") == 0) {
        s->in_text = s->in_inline && !s->phonetic;
    }
    return 0;
}

static int
sheet_end(void *data, const char *name)
{
    sheet_t *s = data;

    if (strcmp(name, "v") == 0) {
        s->in_value = 0;
    } else if (strcmp(name, "t") == 0) {
        s->in_text = 0;
    } else if (strcmp(name, "rPh") == 0) {
        s->phonetic = 0;
    } else if (strcmp(name, "is") == 0) {
        s->in_inline = 0;
    } else if (strcmp(name, "c") == 0) {
        return end_cell(s);
    } else if (strcmp(name, "row") == 0) {
        return take_row(s);
    }
    return 0;
}

static void
sheet_text(void *data, const char *text, size_t len)
{
    sheet_t *s = data;

    if (s->in_value || s->in_text) {
        platen_tables_buffer_add(&s->value, text, len);
    }
}

/* Reads a sheet into `table`; without one, returns FOUND if there is a value in it. */
static int
read_sheet(from_xlsx_t *from, const platen_tables_sheet_t *sheet, table_t *table,
           platen_tables_error_t *err)
{
    static const platen_tables_part_t part = { sheet_start, sheet_end, sheet_text };
    sheet_t                           s = { .from = from, .table = table, .err = err };
    int                               rc;

    s.look = table == NULL;
    if (table != NULL) {
        table->name = sheet->name;
        table->at = platen_tables_spool_at(&from->spool);
    }
    rc = platen_tables_part_read(from->book.zip, sheet->path, &part, &s, err);
    platen_tables_buffer_free(&s.texts);
    platen_tables_buffer_free(&s.value);
    free(s.cells);
    free(s.starts);
    return rc;
}

static int
has_values(from_xlsx_t *from, const platen_tables_sheet_t *sheet)
{
    platen_tables_error_t ignored;

    return sheet->is_table && read_sheet(from, sheet, NULL, &ignored) == FOUND;
}

/* The sheet of that name, or else of that number; -1 if there is none. */
static long
find_sheet(const platen_tables_book_t *book, const char *wanted)
{
    unsigned long number;
    size_t        i;

    for (i = 0; i < book->nsheets; i++) {
        if (strcmp(book->sheets[i].name, wanted) == 0) {
            return (long) i;
        }
    }
    for (i = 0; i < book->nsheets; i++) {
        if (strcasecmp(book->sheets[i].name, wanted) == 0) {
            return (long) i;
        }
    }
    if (*wanted == '\0' || strspn(wanted, "0123456789") != strlen(wanted)
        || strlen(wanted) > 9) {
        return -1;
    }
    number = strtoul(wanted, NULL, 10);
    return number >= 1 && number <= book->nsheets ? (long) number - 1 : -1;
}

/* "2 charts", behind what is there already. */
static void
add_kind(char *text, size_t size, unsigned n, const char *one, const char *many)
{
    size_t len = strlen(text);

    if (n > 0) {
        snprintf(text + len, size - len, "%s%u %s", len > 0 ? ", " : "", n,
                 n == 1 ? one : many);
    }
}

/* Says what of the sheets is no cell, and so not in the result. */
static void
warn_of_beside(const from_xlsx_t *from, const char *warnings)
{
    const platen_tables_beside_t *beside = &from->beside;
    char                          text[128] = "";

    add_kind(text, sizeof(text), beside->charts, "chart", "charts");
    add_kind(text, sizeof(text), beside->pictures, "picture", "pictures");
    add_kind(text, sizeof(text), beside->comments, "comment", "comments");
    if (*text != '\0') {
        platen_warning_add(warnings, "Left out, as a table of values has none: %s.", text);
    }
}

static int
add_table(from_xlsx_t *from, size_t sheet, platen_tables_error_t *err)
{
    from->tables = platen_tables_resize(from->tables, from->ntables + 1, sizeof(table_t));
    memset(&from->tables[from->ntables], 0, sizeof(table_t));
    platen_tables_book_beside(&from->book, &from->book.sheets[sheet], &from->beside);
    return read_sheet(from, &from->book.sheets[sheet], &from->tables[from->ntables++], err);
}

static int
add_tables(from_xlsx_t *from, platen_tables_error_t *err)
{
    size_t i;
    int    rc = 0;

    for (i = 0; rc == 0 && i < from->book.nsheets; i++) {
        if (has_values(from, &from->book.sheets[i])) {
            rc = add_table(from, i, err);
        }
    }
    return rc;
}

/* The first sheet with values, of those that are shown or of those that are hidden. */
static long
first_sheet(from_xlsx_t *from, int hidden)
{
    size_t i;

    for (i = 0; i < from->book.nsheets; i++) {
        if (from->book.sheets[i].hidden == hidden && has_values(from, &from->book.sheets[i])) {
            return (long) i;
        }
    }
    return -1;
}

/* Says which sheets are not in the result. */
static void
warn_of_others(from_xlsx_t *from, size_t taken, const char *warnings)
{
    platen_tables_buffer_t names = { 0 };
    size_t                 i, n = 0;

    if (warnings == NULL) {
        return;
    }
    for (i = 0; i < from->book.nsheets; i++) {
        if (i != taken && has_values(from, &from->book.sheets[i]) && ++n <= 5) {
            platen_tables_buffer_text(&names, n == 1 ? "\"" : ", \"");
            platen_tables_buffer_text(&names, from->book.sheets[i].name);
            platen_tables_buffer_byte(&names, '"');
        }
    }
    platen_tables_buffer_byte(&names, '\0');
    if (n > 0) {
        platen_warning_add(
            warnings,
            "The result is the sheet \"%s\" alone; there are values in %zu more: %s%s. The "
            "option sheet takes the name or the number of one, or all.",
            from->book.sheets[taken].name, n, names.data, n > 5 ? " and others" : "");
    }
    platen_tables_buffer_free(&names);
}

static void
warn_of_values(const from_xlsx_t *from, const char *warnings)
{
    if (from->errors > 0) {
        platen_warning_add(
            warnings, "%llu %s (%s) %s an error (%s) for a value, and %s empty in the result.",
            (unsigned long long) from->errors, from->errors == 1 ? "cell" : "cells",
            from->error_cells, from->errors == 1 ? "has" : "have", from->error,
            from->errors == 1 ? "is" : "are");
    }
    if (from->missing > 0) {
        platen_warning_add(warnings, "%llu %s no computed value, and %s empty in the result.",
                           (unsigned long long) from->missing,
                           from->missing == 1 ? "formula has" : "formulas have",
                           from->missing == 1 ? "is" : "are");
    }
}

static int
choose(from_xlsx_t *from, const platen_tables_options_t *options, platen_tables_error_t *err)
{
    long sheet;
    int  rc;

    if (options->sheet != NULL && strcmp(options->sheet, "all") == 0) {
        return add_tables(from, err);
    }
    if (options->sheet != NULL) {
        sheet = find_sheet(&from->book, options->sheet);
        if (sheet < 0) {
            return platen_tables_fail(err, PLATEN_TABLES_SHEET,
                                      "the workbook has no sheet \"%s\"", options->sheet);
        }
        if (!from->book.sheets[sheet].is_table) {
            return platen_tables_fail(err, PLATEN_TABLES_EMPTY, "the sheet \"%s\" has no cells",
                                      from->book.sheets[sheet].name);
        }
        return add_table(from, (size_t) sheet, err);
    }
    sheet = first_sheet(from, 0);
    if (sheet < 0) {
        sheet = first_sheet(from, 1);
    }
    if (sheet < 0) {
        return platen_tables_fail(err, PLATEN_TABLES_EMPTY, "no sheet has a value");
    }
    rc = add_table(from, (size_t) sheet, err);
    if (rc == 0) {
        warn_of_others(from, (size_t) sheet, options->warnings);
    }
    return rc;
}

static int
select_table(platen_tables_source_t *source, size_t n, platen_tables_error_t *err)
{
    from_xlsx_t *from = (from_xlsx_t *) source;

    (void) err;
    from->selected = n;
    source->name = from->tables[n].name;
    source->columns = from->tables[n].columns;
    source->ncolumns = from->tables[n].ncolumns;
    source->rows = from->tables[n].rows;
    return 0;
}

static int
read_rows(platen_tables_source_t *source, platen_tables_row_f row, void *data,
          platen_tables_error_t *err)
{
    from_xlsx_t *from = (from_xlsx_t *) source;
    table_t     *table = &from->tables[from->selected];

    return platen_tables_spool_read(&from->spool, table->at, table->rows, row, data, err);
}

static void
from_xlsx_close(platen_tables_source_t *source)
{
    from_xlsx_t *from = (from_xlsx_t *) source;
    size_t       i;

    for (i = 0; i < from->ntables; i++) {
        platen_tables_columns_free(from->tables[i].columns, from->tables[i].ncolumns);
    }
    free(from->tables);
    platen_tables_spool_close(&from->spool);
    platen_tables_book_close(&from->book);
    free(from);
}

int
platen_tables_from_xlsx(platen_tables_source_t **source, const platen_tables_options_t *options,
                        platen_tables_error_t *err)
{
    from_xlsx_t *from = platen_tables_new(1, sizeof(*from));
    int          rc;

    *source = NULL;
    from->base.read = read_rows;
    from->base.select = select_table;
    from->base.close = from_xlsx_close;
    from->no_header = options->no_header;
    from->settled = options->settled;

    rc = platen_tables_book_open(&from->book, options->input, err);
    if (rc == 0) {
        rc = platen_tables_spool_open(&from->spool, options->tmp, err);
    }
    if (rc == 0) {
        rc = choose(from, options, err);
    }
    if (rc == PLATEN_TABLES_CORRUPT && !options->settled) {
        rc = PLATEN_TABLES_DECLINED;
    }
    if (rc == 0 && from->ntables == 0) {
        rc = platen_tables_fail(err, PLATEN_TABLES_EMPTY, "no sheet has a value");
    }
    if (rc == PLATEN_TABLES_DECLINED && *err->text == '\0') {
        (void) platen_tables_fail(err, rc, "the formulas of the workbook are to be computed");
    }
    if (rc != 0) {
        from_xlsx_close(&from->base);
        return rc;
    }
    from->base.tables = from->ntables;
    (void) select_table(&from->base, 0, err);
    warn_of_values(from, options->warnings);
    warn_of_beside(from, options->warnings);
    *source = &from->base;
    return 0;
}
