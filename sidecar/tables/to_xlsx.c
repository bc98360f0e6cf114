/*
 * XLSX as a sink, with libxlsxwriter, in constant memory: a row is in a file
 * below options->tmp as soon as the next one begins.
 *
 * Numbers are numbers and texts are texts: nothing becomes a formula or a link,
 * whatever it begins with.  In a column of CSV that is not all numbers those
 * cells that are become numbers nevertheless, as people who sum it up expect,
 * unless another cell shows that the digits are a name (a leading zero, too
 * many of them).  Dates are dates, and prices keep the zero at their end, so
 * that a spreadsheet shows what the document has, and writes it as CSV again.
 *
 * What the format has no room for is PLATEN_TABLES_TOO_LARGE.  libxlsxwriter
 * does not look whether it could write its files; that is done here.
 */

#include "tables/main.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xlsxwriter.h>

#include "tables/buffer.h"
#include "tables/column.h"

#define ROWS_MAX 1048576
#define COLUMNS_MAX 16384
#define TEXT_MAX 32767 /* UTF-16 code units */
#define SAMPLE_ROWS 100
#define WIDTH_MIN 8
#define WIDTH_MAX 60
#define FIRST_YEAR 1901 /* the calendar of spreadsheets is wrong in 1900 */

typedef struct {
    platen_tables_type_t type;
    int                  each;   /* cells are looked at one by one */
    unsigned             width;  /* characters, of the first rows */
    lxw_format          *format; /* of its numbers, or NULL */
} sheet_column_t;

typedef struct {
    platen_tables_sink_t   base;
    lxw_workbook          *workbook;
    lxw_worksheet         *sheet;
    lxw_format            *date;
    lxw_format            *timestamp;
    lxw_format            *lines;     /* of a text of several */
    lxw_format            *fixed[16]; /* by digits behind the point */
    sheet_column_t        *columns;
    size_t                 ncolumns;
    lxw_row_t              row;
    platen_tables_buffer_t text;
    const char            *tmp;
} to_xlsx_t;

static int
failed(to_xlsx_t *to, lxw_error error, platen_tables_error_t *err)
{
    switch (error) {
    case LXW_NO_ERROR:
        return 0;
    case LXW_ERROR_MEMORY_MALLOC_FAILED:
        platen_tables_no_memory();
    case LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED:
        return platen_tables_fail(err, PLATEN_TABLES_TOO_LARGE,
                                  "row %u has a text of more than 32,767 characters, which a"
                                  " cell of XLSX does not hold",
                                  to->row + 1);
    default:
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "cannot write XLSX: %s",
                                  lxw_strerror(error));
    }
}

/* Whether this reads "_x000D_", which in XLSX would be that character. */
static int
is_escape(const char *p, size_t left)
{
    return left >= 7 && p[0] == '_' && p[1] == 'x' && p[6] == '_'
           && strspn(p + 2, "0123456789abcdefABCDEF") >= 4;
}

/*
 * The text in to->text as XLSX can have it: lines end with LF, what XML does
 * not allow is U+FFFD.  Returns its length in UTF-16 code units.
 */
static size_t
make_text(to_xlsx_t *to, const char *text, size_t len)
{
    platen_tables_buffer_t *b = &to->text;
    size_t                  i, units = 0;
    unsigned char           c;

    b->len = 0;
    platen_tables_buffer_room(b, len + 1);
    for (i = 0; i < len; i++) {
        c = (unsigned char) text[i];
        units += (c & 0xc0) != 0x80;
        units += c >= 0xf0;
        if (c == '\r' && i + 1 < len && text[i + 1] == '\n') {
            units--;
            continue;
        }
        if (c == '_' && is_escape(text + i, len - i)) {
            platen_tables_buffer_text(b, "_x005F_");
            continue;
        }
        if (c == 0xef && i + 2 < len && memcmp(text + i, "\xef\xbf", 2) == 0
            && (unsigned char) text[i + 2] >= 0xbe) {
            platen_tables_buffer_text(b, "\xef\xbf\xbd");
            i += 2;
            continue;
        }
        platen_tables_buffer_byte(b, (char) c);
    }
    platen_tables_buffer_byte(b, '\0');
    return units;
}

static lxw_error
write_text(to_xlsx_t *to, lxw_col_t col, const char *text, size_t len)
{
    if (make_text(to, text, len) > TEXT_MAX) {
        return LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED;
    }
    return worksheet_write_string(to->sheet, to->row, col, to->text.data,
                                  strchr(to->text.data, '\n') == NULL ? NULL : to->lines);
}

static lxw_error
write_number(to_xlsx_t *to, lxw_col_t col, const platen_tables_cell_t *cell, lxw_format *format)
{
    char     number[64];
    unsigned digits, scale;
    double   value;

    /* Of the numbers of JSON and Parquet some are more than a double. */
    platen_tables_class_t class =
        platen_tables_classify(cell->text, cell->len, &digits, &scale);

    if (class == PLATEN_TABLES_IS_LONG || cell->len >= sizeof(number)) {
        return write_text(to, col, cell->text, cell->len);
    }
    memcpy(number, cell->text, cell->len);
    number[cell->len] = '\0';
    value = strtod(number, NULL);
    if (value > 1e307 || value < -1e307
        || (class == PLATEN_TABLES_IS_AWKWARD && strchr(number, '.') == NULL)) {
        return write_text(to, col, cell->text, cell->len);
    }
    return worksheet_write_number(to->sheet, to->row, col, value, format);
}

static lxw_error
write_date(to_xlsx_t *to, lxw_col_t col, const platen_tables_cell_t *cell)
{
    lxw_datetime when = { 0 };
    unsigned     digits, scale;
    int          time = cell->len == 19;
    char         text[20];

    if ((cell->len != 10 && !time)
        || (platen_tables_classify(cell->text, cell->len, &digits, &scale)
            < PLATEN_TABLES_IS_DATE)) {
        return write_text(to, col, cell->text, cell->len);
    }
    memcpy(text, cell->text, cell->len);
    text[cell->len] = '\0';
    when.year = atoi(text);
    when.month = atoi(text + 5);
    when.day = atoi(text + 8);
    if (time) {
        when.hour = atoi(text + 11);
        when.min = atoi(text + 14);
        when.sec = atoi(text + 17);
    }
    if (when.year < FIRST_YEAR) {
        return write_text(to, col, cell->text, cell->len);
    }
    return worksheet_write_datetime(to->sheet, to->row, col, &when,
                                    time ? to->timestamp : to->date);
}

/* A cell of CSV in a column that is not of one type. */
static void
look_at(platen_tables_cell_t *cell)
{
    unsigned digits, scale;
    platen_tables_class_t class =
        platen_tables_classify(cell->text, cell->len, &digits, &scale);

    if (class == PLATEN_TABLES_IS_INTEGER || class == PLATEN_TABLES_IS_DECIMAL) {
        cell->kind = PLATEN_TABLES_NUMBER;
    }
}

/* The characters of the longest line, or nearly: to see them, not to count them. */
static unsigned
width_of(const char *text, size_t len)
{
    unsigned n = 0, most = 0;
    size_t   i;

    for (i = 0; i < len && most < WIDTH_MAX; i++) {
        n = text[i] == '\n' ? 0 : n + ((text[i] & 0xc0) != 0x80) + ((text[i] & 0xf0) == 0xe0);
        most = n > most ? n : most;
    }
    return most;
}

static int
to_xlsx_row(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    to_xlsx_t           *to = data;
    platen_tables_cell_t cell;
    lxw_col_t            col;
    lxw_error            error;
    sheet_column_t      *column;
    unsigned             width;
    int                  rc;

    if (to->row == ROWS_MAX) {
        return platen_tables_fail(
            err, PLATEN_TABLES_TOO_LARGE,
            "the document has more than %d rows, which XLSX does not hold", ROWS_MAX);
    }
    for (col = 0; col < n; col++) {
        column = &to->columns[col];
        cell = platen_tables_column_cell(column->type, &cells[col]);
        if (cell.kind == PLATEN_TABLES_TEXT && column->each) {
            look_at(&cell);
        }
        switch (cell.kind) {
        case PLATEN_TABLES_NULL:
            continue;
        case PLATEN_TABLES_NUMBER:
            error = write_number(to, col, &cell, column->format);
            break;
        case PLATEN_TABLES_BOOLEAN:
            error = worksheet_write_boolean(to->sheet, to->row, col, *cell.text == 't', NULL);
            break;
        case PLATEN_TABLES_DATE:
        case PLATEN_TABLES_TIMESTAMP:
            error = write_date(to, col, &cell);
            break;
        default:
            error = write_text(to, col, cell.text, cell.len);
            break;
        }
        rc = failed(to, error, err);
        if (rc != 0) {
            return rc;
        }
        if (to->row <= SAMPLE_ROWS && (width = width_of(cell.text, cell.len)) > column->width) {
            column->width = width;
        }
    }
    to->row++;
    return 0;
}

/*
 * Whether the rows got into their file, and whether there is room for the copy
 * of it that closing the workbook makes.
 */
static int
check_room(to_xlsx_t *to, platen_tables_error_t *err)
{
    FILE *file = to->sheet->optimize_tmpfile;
    char  path[4096];
    off_t size;
    int   fd, rc = 0;

    if (file == NULL) {
        return 0;
    }
    size = fflush(file) == 0 && !ferror(file) ? ftello(file) : -1;
    if (size < 0
        || snprintf(path, sizeof(path), "%s/room-XXXXXX", to->tmp) >= (int) sizeof(path)) {
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "cannot write XLSX: %s",
                                  strerror(errno));
    }
    fd = mkstemp(path);
    rc = fd < 0 ? errno : posix_fallocate(fd, 0, size + 65536 + 256 * (off_t) to->ncolumns);
    if (fd >= 0) {
        unlink(path);
        close(fd);
    }
    return rc == 0 ? 0
                   : platen_tables_fail(err, PLATEN_TABLES_WRITE, "cannot write XLSX: %s",
                                        strerror(rc));
}

static int
to_xlsx_end(platen_tables_sink_t *sink, platen_tables_error_t *err)
{
    to_xlsx_t *to = (to_xlsx_t *) sink;
    lxw_error  error;
    lxw_col_t  col;
    unsigned   width;
    int        rc;

    for (col = 0; col < to->ncolumns; col++) {
        width = to->columns[col].width + 1;
        width = width < WIDTH_MIN ? WIDTH_MIN : width > WIDTH_MAX ? WIDTH_MAX : width;
        rc = failed(to, worksheet_set_column(to->sheet, col, col, width, NULL), err);
        if (rc != 0) {
            return rc;
        }
    }
    rc = check_room(to, err);
    if (rc != 0) {
        return rc;
    }
    error = workbook_close(to->workbook);
    to->workbook = NULL;
    return failed(to, error, err);
}

static void
to_xlsx_close(platen_tables_sink_t *sink)
{
    to_xlsx_t *to = (to_xlsx_t *) sink;

    if (to->workbook != NULL) {
        lxw_workbook_free(to->workbook);
    }
    platen_tables_buffer_free(&to->text);
    free(to->columns);
    free(to);
}

/* The format of a column whose numbers have so many digits behind the point. */
static lxw_format *
fixed_format(to_xlsx_t *to, unsigned scale)
{
    char format[32] = "0.";

    if (scale >= sizeof(to->fixed) / sizeof(to->fixed[0])) {
        return NULL;
    }
    if (to->fixed[scale] == NULL) {
        to->fixed[scale] = workbook_add_format(to->workbook);
        if (to->fixed[scale] != NULL) {
            memset(format + 2, '0', scale);
            format_set_num_format(to->fixed[scale], format);
        }
    }
    return to->fixed[scale];
}

static int
begin_columns(to_xlsx_t *to, const platen_tables_column_t *columns, int named,
              platen_tables_error_t *err)
{
    platen_tables_cell_t *cells = platen_tables_new(to->ncolumns, sizeof(*cells));
    size_t                i;
    int                   rc;

    for (i = 0; i < to->ncolumns; i++) {
        cells[i].text = columns[i].name != NULL ? columns[i].name : "";
        cells[i].len = columns[i].name_len;
        cells[i].kind = cells[i].len > 0 ? PLATEN_TABLES_TEXT : PLATEN_TABLES_NULL;
    }
    rc = named ? to_xlsx_row(to, cells, to->ncolumns, err) : 0;
    free(cells);

    /* From here on the columns have their types. */
    for (i = 0; i < to->ncolumns; i++) {
        to->columns[i].type = platen_tables_column_type(&columns[i]);
        to->columns[i].each = to->columns[i].type == PLATEN_TABLES_COLUMN_TEXT
                              && !columns[i].typed
                              && columns[i].seen[PLATEN_TABLES_IS_AWKWARD] == 0
                              && columns[i].seen[PLATEN_TABLES_IS_LONG] == 0;
        if (to->columns[i].type == PLATEN_TABLES_COLUMN_FIXED) {
            to->columns[i].format = fixed_format(to, columns[i].scale_max);
        }
    }
    return rc;
}

static int
open_workbook(to_xlsx_t *to, const platen_tables_options_t *options, platen_tables_error_t *err)
{
    lxw_workbook_options how = { .constant_memory = LXW_TRUE, .tmpdir = (char *) options->tmp };

    to->workbook = workbook_new_opt(options->output, &how);
    to->sheet = to->workbook != NULL ? workbook_add_worksheet(to->workbook, "Sheet1") : NULL;
    to->date = to->sheet != NULL ? workbook_add_format(to->workbook) : NULL;
    to->timestamp = to->date != NULL ? workbook_add_format(to->workbook) : NULL;
    to->lines = to->timestamp != NULL ? workbook_add_format(to->workbook) : NULL;
    if (to->lines == NULL) {
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "cannot write XLSX in %s: %s",
                                  to->tmp, strerror(errno));
    }
    format_set_num_format(to->date, "yyyy-mm-dd");
    format_set_num_format(to->timestamp, "yyyy-mm-dd hh:mm:ss");
    format_set_text_wrap(to->lines);
    if (!options->no_header) {
        worksheet_freeze_panes(to->sheet, 1, 0);
    }
    return 0;
}

int
platen_tables_to_xlsx(platen_tables_sink_t **sink, const platen_tables_source_t *source,
                      const platen_tables_options_t *options, platen_tables_error_t *err)
{
    to_xlsx_t *to;
    int        rc;

    *sink = NULL;
    if (source->ncolumns > COLUMNS_MAX) {
        return platen_tables_fail(err, PLATEN_TABLES_TOO_LARGE,
                                  "the document has %zu columns, and XLSX holds %d",
                                  source->ncolumns, COLUMNS_MAX);
    }
    if (source->rows != UINT64_MAX && source->rows >= ROWS_MAX) {
        return platen_tables_fail(err, PLATEN_TABLES_TOO_LARGE,
                                  "the document has %llu rows with the header, and XLSX"
                                  " holds %d",
                                  (unsigned long long) source->rows + 1, ROWS_MAX);
    }

    to = platen_tables_new(1, sizeof(*to));
    to->base.row = to_xlsx_row;
    to->base.end = to_xlsx_end;
    to->base.close = to_xlsx_close;
    to->ncolumns = source->ncolumns;
    to->columns = platen_tables_new(to->ncolumns, sizeof(*to->columns));
    to->tmp = options->tmp;
    rc = open_workbook(to, options, err);
    if (rc == 0) {
        rc = begin_columns(to, source->columns, !options->no_header, err);
    }
    if (rc != 0) {
        to_xlsx_close(&to->base);
        return rc;
    }
    *sink = &to->base;
    return 0;
}
