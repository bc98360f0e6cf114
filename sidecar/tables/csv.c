/* RFC 4180, in pieces; see tables/csv.h. */

#include "tables/csv.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    START,  /* of a record: an empty line is possible */
    FIELD,  /* of a field, behind a delimiter */
    BARE,   /* in a field without quotes */
    QUOTED, /* in a quoted field */
    QUOTE,  /* behind a quote in a quoted field: its end, or half of a "" */
    CR      /* behind a CR that ended a record: an LF belongs to it */
};

void
platen_tables_csv_init(platen_tables_csv_t *csv, char delimiter)
{
    memset(csv, 0, sizeof(*csv));
    csv->delimiter = delimiter;
    csv->line = 1;
}

void
platen_tables_csv_free(platen_tables_csv_t *csv)
{
    platen_tables_buffer_free(&csv->text);
    free(csv->ends);
    free(csv->plain);
    free(csv->cells);
    memset(csv, 0, sizeof(*csv));
}

static int
end_field(platen_tables_csv_t *csv, int plain, platen_tables_error_t *err)
{
    if (csv->n == csv->room) {
        if (csv->n == PLATEN_TABLES_COLUMNS_MAX) {
            return platen_tables_fail(
                err, PLATEN_TABLES_TOO_LARGE, "line %llu has more than %d fields",
                (unsigned long long) csv->line, PLATEN_TABLES_COLUMNS_MAX);
        }
        csv->room = csv->room == 0 ? 64 : csv->room * 2;
        csv->ends = platen_tables_resize(csv->ends, csv->room, sizeof(*csv->ends));
        csv->plain = platen_tables_resize(csv->plain, csv->room, sizeof(*csv->plain));
        csv->cells = platen_tables_resize(csv->cells, csv->room, sizeof(*csv->cells));
    }
    csv->ends[csv->n] = csv->text.len;
    csv->plain[csv->n] = (unsigned char) plain;
    csv->n++;
    return 0;
}

static int
end_record(platen_tables_csv_t *csv, platen_tables_row_f record, void *to,
           platen_tables_error_t *err)
{
    size_t i, n, from = 0;
    int    rc;

    for (i = 0; i < csv->n; i++) {
        n = csv->ends[i] - from;
        csv->cells[i].text = n > 0 ? csv->text.data + from : "";
        csv->cells[i].len = n;
        csv->cells[i].kind = n == 0 && csv->plain[i] ? PLATEN_TABLES_NULL : PLATEN_TABLES_PLAIN;
        from = csv->ends[i];
    }
    rc = record(to, csv->cells, csv->n, err);
    csv->n = 0;
    csv->text.len = 0;
    return rc;
}

/* Behind a field: a delimiter, or the record's end.  `plain` as in the field. */
static int
separate(platen_tables_csv_t *csv, char c, int plain, platen_tables_row_f record, void *to,
         platen_tables_error_t *err)
{
    int rc = end_field(csv, plain, err);

    if (rc != 0 || c == csv->delimiter) {
        csv->state = FIELD;
        return rc;
    }
    csv->state = c == '\r' ? CR : START;
    csv->line++;
    return end_record(csv, record, to, err);
}

/* How many bytes at `p` are only more of a bare or of a quoted field. */
static size_t
ordinary(const platen_tables_csv_t *csv, const char *p, const char *end)
{
    const char *from = p;

    if (csv->state == QUOTED) {
        while (p < end && *p != '"' && *p != '\n' && *p != '\0') {
            p++;
        }
    } else {
        while (p < end && *p != csv->delimiter && *p != '\n' && *p != '\r' && *p != '\0') {
            p++;
        }
    }
    return (size_t) (p - from);
}

/* A byte that is not ordinary, or in a state where none is. */
static int
step(platen_tables_csv_t *csv, char c, platen_tables_row_f record, void *to,
     platen_tables_error_t *err)
{
    int ends = c == csv->delimiter || c == '\n' || c == '\r';

    if (c == '\0') {
        return platen_tables_fail(err, PLATEN_TABLES_CORRUPT,
                                  "line %llu, column %llu has a NUL byte: this is not text, or "
                                  "its encoding has to be given",
                                  (unsigned long long) csv->line,
                                  (unsigned long long) csv->column);
    }

    switch (csv->state) {
    case CR:
        csv->state = START;
        if (c == '\n') {
            csv->column = 0;
            return 0;
        }
        /* fall through */
    case START:
        if (ends && c != csv->delimiter) {
            csv->state = c == '\r' ? CR : START;
            csv->line++;
            return end_record(csv, record, to, err);
        }
        /* fall through */
    case FIELD:
        if (c == '"') {
            csv->state = QUOTED;
            csv->open = csv->line;
            csv->open_column = csv->column;
            return 0;
        }
        /* fall through */
    case BARE:
        if (ends) {
            return separate(csv, c, 1, record, to, err);
        }
        csv->state = BARE;
        break;

    case QUOTED:
        if (c == '"') {
            csv->state = QUOTE;
            return 0;
        }
        csv->line += c == '\n';
        break;

    default: /* QUOTE */
        if (ends) {
            return separate(csv, c, 0, record, to, err);
        }
        csv->state = c == '"' ? QUOTED : BARE;
        break;
    }
    platen_tables_buffer_byte(&csv->text, c);
    return 0;
}

/* How many characters of UTF-8 begin in it. */
static size_t
characters(const char *text, size_t len)
{
    size_t i, n = 0;

    for (i = 0; i < len; i++) {
        n += (text[i] & 0xc0) != 0x80;
    }
    return n;
}

int
platen_tables_csv_feed(platen_tables_csv_t *csv, const char *data, size_t len,
                       platen_tables_row_f record, void *to, platen_tables_error_t *err)
{
    const char *p = data, *end = data + len;
    uint64_t    line;
    size_t      n;
    int         rc = 0;

    while (rc == 0 && p < end) {
        if (csv->state == BARE || csv->state == QUOTED) {
            n = ordinary(csv, p, end);
            platen_tables_buffer_add(&csv->text, p, n);
            csv->column += characters(p, n);
            p += n;
            if (p == end) {
                break;
            }
        }
        line = csv->line;
        csv->column += characters(p, 1);
        rc = step(csv, *p++, record, to, err);
        csv->column = csv->line == line ? csv->column : 0;
    }
    return rc;
}

int
platen_tables_csv_end(platen_tables_csv_t *csv, platen_tables_row_f record, void *to,
                      platen_tables_error_t *err)
{
    switch (csv->state) {
    case QUOTED:
        return platen_tables_fail(err, PLATEN_TABLES_CORRUPT,
                                  "the quoted field that begins on line %llu, column %llu is "
                                  "never closed",
                                  (unsigned long long) csv->open,
                                  (unsigned long long) csv->open_column);
    case FIELD:
    case BARE:
    case QUOTE:
        return separate(csv, '\n', csv->state != QUOTE, record, to, err);
    default:
        return 0;
    }
}

/* What one delimiter makes of a sample. */
typedef struct {
    size_t first;   /* fields of the first record */
    size_t records; /* that are not empty */
    size_t alike;   /* that have as many fields as the first */
    size_t divided; /* that have more than one */
    size_t filled;  /* that have something in more than one */
} trial_t;

static int
try_record(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    trial_t *t = data;
    size_t   i, filled = 0;

    (void) err;
    if (n > 0) {
        for (i = 0; i < n; i++) {
            filled += cells[i].len > 0;
        }
        if (t->records++ == 0) {
            t->first = n;
        }
        t->alike += n == t->first;
        t->divided += n > 1;
        t->filled += filled > 1;
    }
    return t->records > 1 && t->first == 1; /* no need to go on */
}

/*
 * The sample without the semicolons that end a reference of HTML or XML: those are text,
 * which a column of it has in each line.  The caller frees it.
 */
static char *
without_references(const char *sample, size_t len)
{
    char  *copy = platen_tables_resize(NULL, len + 1, 1);
    size_t i, at;

    memcpy(copy, sample, len);
    for (i = 0; i < len; i++) {
        if (copy[i] != '&') {
            continue;
        }
        for (at = i + 1; at < len && at - i < 32
                         && (isalnum((unsigned char) copy[at]) || copy[at] == '#');) {
            at++;
        }
        if (at > i + 1 && at < len && copy[at] == ';') {
            copy[at] = ' ';
        }
    }
    return copy;
}

/*
 * Whether this tells a delimiter of a mark of the text that happens to be in the first
 * record: it stands in others, too, has something on both of its sides, and makes most
 * records as long as the first.  A comma is what is taken in any case, and a text has no
 * tab for nothing.
 */
static int
is_evidence(const trial_t *t, char candidate)
{
    if (t->first < 2 || (t->divided < 2 && t->records > 1)) {
        return 0;
    }
    return candidate == ',' || candidate == '\t'
           || (t->filled > 0 && 2 * t->alike >= t->records);
}

char
platen_tables_csv_sniff(const char *sample, size_t len, int whole)
{
    static const char     candidates[] = ",;\t|";
    platen_tables_csv_t   csv;
    platen_tables_error_t err;
    trial_t               t, best = { 0 };
    const char           *c;
    char                  found = ',';
    char                 *copy = without_references(sample, len);

    for (c = candidates; *c != '\0'; c++) {
        t = (trial_t){ 0 };
        platen_tables_csv_init(&csv, *c);
        if (platen_tables_csv_feed(&csv, copy, len, try_record, &t, &err) == 0
            && (whole || t.records == 0)) {
            /* A record that goes on behind the sample would not be judged fairly. */
            (void) platen_tables_csv_end(&csv, try_record, &t, &err);
        }
        platen_tables_csv_free(&csv);

        if (is_evidence(&t, *c)
            && (t.alike * best.records > best.alike * t.records || best.records == 0
                || (t.alike * best.records == best.alike * t.records
                    && t.first > best.first))) {
            best = t;
            found = *c;
        }
    }
    free(copy);
    return found;
}

size_t
platen_tables_csv_separator(const char *data, size_t len, char *delimiter)
{
    if (len < 6 || memcmp(data, "sep=", 4) != 0 || data[4] == '"' || data[4] < '\t'
        || data[4] == '\n' || data[4] == '\r') {
        return 0;
    }
    if (data[5] == '\n' || (data[5] == '\r' && len > 6 && data[6] == '\n')) {
        *delimiter = data[4];
        return data[5] == '\n' ? 6 : 7;
    }
    return 0;
}

void
platen_tables_csv_write(platen_tables_buffer_t *b, const char *text, size_t len, char delimiter)
{
    size_t i, from = 0;

    for (i = 0; i < len; i++) {
        if (text[i] == delimiter || text[i] == '"' || text[i] == '\n' || text[i] == '\r') {
            break;
        }
    }
    if (i == len && len > 0) {
        platen_tables_buffer_add(b, text, len);
        return;
    }

    platen_tables_buffer_byte(b, '"');
    for (; i < len; i++) {
        if (text[i] == '"') {
            platen_tables_buffer_add(b, text + from, i + 1 - from);
            from = i;
        }
    }
    platen_tables_buffer_add(b, text + from, len - from);
    platen_tables_buffer_byte(b, '"');
}
