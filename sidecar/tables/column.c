/* Classes of texts and types of columns; see tables/column.h. */

#include "tables/column.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tables/buffer.h"
#include "tables/names.h"

#define DIGITS_EXACT 15 /* of a double */
#define SAFE "9007199254740992"
#define LONGEST "9223372036854775807"

static size_t
count_digits(const char *text, size_t len)
{
    size_t n = 0;

    while (n < len && text[n] >= '0' && text[n] <= '9') {
        n++;
    }
    return n;
}

static int
is(const char *text, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

/* Whether a number of so many digits is at most this one. */
static int
at_most(const char *digits, size_t n, const char *limit)
{
    size_t len = strlen(limit);

    return n < len || (n == len && memcmp(digits, limit, n) <= 0);
}

/* Two digits as a number, -1 if they are not. */
static int
two(const char *text)
{
    return count_digits(text, 2) == 2 ? (text[0] - '0') * 10 + text[1] - '0' : -1;
}

static platen_tables_class_t
classify_date(const char *t, size_t len)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int              century, year, month, day, leap;

    if (len < 10 || t[4] != '-' || t[7] != '-') {
        return PLATEN_TABLES_IS_TEXT;
    }
    century = two(t);
    year = two(t + 2);
    month = two(t + 5);
    day = two(t + 8);
    if (century < 0 || year < 0 || century + year == 0 || month < 1 || month > 12) {
        return PLATEN_TABLES_IS_TEXT;
    }
    leap = year % 4 == 0 && (year != 0 || century % 4 == 0);
    if (day < 1 || day > days[month - 1] + (month == 2 && leap)) {
        return PLATEN_TABLES_IS_TEXT;
    }
    if (len == 10) {
        return PLATEN_TABLES_IS_DATE;
    }

    if (len < 19 || t[10] != ' ' || t[13] != ':' || t[16] != ':' || two(t + 11) < 0
        || two(t + 11) > 23 || two(t + 14) < 0 || two(t + 14) > 59 || two(t + 17) < 0
        || two(t + 17) > 59) {
        return PLATEN_TABLES_IS_TEXT;
    }
    if (len == 19
        || (len > 20 && len <= 26 && t[19] == '.' && count_digits(t + 20, len - 20) == len - 20
            && t[len - 1] != '0')) {
        return PLATEN_TABLES_IS_TIMESTAMP;
    }
    return PLATEN_TABLES_IS_TEXT;
}

platen_tables_class_t
platen_tables_classify(const char *text, size_t len, unsigned *digits, unsigned *scale)
{
    const char *t = text;
    size_t      whole, fraction, n = len, significant;

    *digits = *scale = 0;
    if (is(text, len, "true") || is(text, len, "false")) {
        return PLATEN_TABLES_IS_BOOLEAN;
    }
    if (n > 0 && (*t == '-' || *t == '+')) {
        t++;
        n--;
    }
    whole = count_digits(t, n);
    if (whole == 0) {
        return PLATEN_TABLES_IS_TEXT;
    }
    if (whole == 4 && t == text && n >= 10 && t[4] == '-') {
        return classify_date(text, len);
    }

    fraction = 0;
    if (whole < n) {
        if (t[whole] != '.') {
            return PLATEN_TABLES_IS_TEXT;
        }
        fraction = count_digits(t + whole + 1, n - whole - 1);
        if (whole + 1 + fraction < n || fraction == 0) {
            return PLATEN_TABLES_IS_TEXT;
        }
    }
    if (*text == '+' || (whole > 1 && *t == '0')) {
        return PLATEN_TABLES_IS_AWKWARD;
    }

    if (fraction == 0) {
        if (n == 1 && *t == '0' && t != text) {
            return PLATEN_TABLES_IS_AWKWARD; /* -0 */
        }
        if (at_most(t, whole, SAFE)) {
            *digits = (unsigned) whole;
            return PLATEN_TABLES_IS_INTEGER;
        }
        return at_most(t, whole, LONGEST) ? PLATEN_TABLES_IS_LONG : PLATEN_TABLES_IS_AWKWARD;
    }

    significant = whole == 1 && *t == '0' ? fraction : whole + fraction;
    if (significant > DIGITS_EXACT) {
        return PLATEN_TABLES_IS_AWKWARD;
    }
    if (t != text && *t == '0' && strspn(t + 2, "0") >= fraction) {
        return PLATEN_TABLES_IS_AWKWARD; /* -0.0 */
    }
    *digits = (unsigned) whole;
    *scale = (unsigned) fraction;
    return PLATEN_TABLES_IS_DECIMAL;
}

int
platen_tables_is_number(const char *text, size_t len)
{
    size_t i = len > 0 && *text == '-', n;

    n = count_digits(text + i, len - i);
    if (n == 0 || (n > 1 && text[i] == '0')) {
        return 0;
    }
    i += n;
    if (i < len && text[i] == '.') {
        n = count_digits(text + i + 1, len - i - 1);
        if (n == 0) {
            return 0;
        }
        i += 1 + n;
    }
    if (i < len && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        i += i < len && (text[i] == '+' || text[i] == '-');
        n = count_digits(text + i, len - i);
        if (n == 0) {
            return 0;
        }
        i += n;
    }
    return i == len;
}

/* Whether a number of JSON is meant as a double: no integer, and not too large for one. */
static int
is_double(const char *text, size_t len)
{
    char number[64];

    if (len >= sizeof(number)) {
        return 0;
    }
    memcpy(number, text, len);
    number[len] = '\0';
    return strpbrk(number, ".eE") != NULL && isfinite(strtod(number, NULL));
}

void
platen_tables_column_see(platen_tables_column_t *column, const platen_tables_cell_t *cell)
{
    platen_tables_class_t class = PLATEN_TABLES_IS_TEXT;
    unsigned digits = 0, scale = 0;

    switch (cell->kind) {
    case PLATEN_TABLES_NULL:
        return;
    case PLATEN_TABLES_PLAIN:
        if (cell->len == 0) {
            return;
        }
        class = platen_tables_classify(cell->text, cell->len, &digits, &scale);
        break;
    case PLATEN_TABLES_NUMBER:
        class = platen_tables_classify(cell->text, cell->len, &digits, &scale);
        if (class != PLATEN_TABLES_IS_INTEGER && class != PLATEN_TABLES_IS_LONG
            && class != PLATEN_TABLES_IS_DECIMAL) {
            class = is_double(cell->text, cell->len) ? PLATEN_TABLES_IS_FLOAT
                                                     : PLATEN_TABLES_IS_AWKWARD;
        }
        break;
    case PLATEN_TABLES_BOOLEAN:
        class = PLATEN_TABLES_IS_BOOLEAN;
        break;
    case PLATEN_TABLES_DATE:
        class = PLATEN_TABLES_IS_DATE;
        break;
    case PLATEN_TABLES_TIMESTAMP:
        class = PLATEN_TABLES_IS_TIMESTAMP;
        break;
    case PLATEN_TABLES_JSON:
        class = PLATEN_TABLES_IS_JSON;
        break;
    case PLATEN_TABLES_TEXT:
        break;
    }

    column->typed |= cell->kind != PLATEN_TABLES_PLAIN;
    if (digits > column->digits) {
        column->digits = digits;
    }
    if (class == PLATEN_TABLES_IS_DECIMAL) {
        if (column->seen[class] == 0 || scale < column->scale_min) {
            column->scale_min = scale;
        }
        if (scale > column->scale_max) {
            column->scale_max = scale;
        }
        column->trailing += cell->text[cell->len - 1] == '0';
    }
    column->seen[class]++;
}

platen_tables_type_t
platen_tables_column_type(const platen_tables_column_t *column)
{
    const uint64_t *seen = column->seen;
    uint64_t        integers, all = 0;
    int             i;

    for (i = 0; i < PLATEN_TABLES_CLASSES; i++) {
        all += seen[i];
    }
    if (all == 0) {
        return PLATEN_TABLES_COLUMN_TEXT;
    }
    if (seen[PLATEN_TABLES_IS_JSON] > 0) {
        return PLATEN_TABLES_COLUMN_JSON;
    }
    if (seen[PLATEN_TABLES_IS_BOOLEAN] == all) {
        return PLATEN_TABLES_COLUMN_BOOLEAN;
    }
    if (seen[PLATEN_TABLES_IS_DATE] == all) {
        return PLATEN_TABLES_COLUMN_DATE;
    }
    if (seen[PLATEN_TABLES_IS_TIMESTAMP] == all) {
        return PLATEN_TABLES_COLUMN_TIMESTAMP;
    }

    integers = seen[PLATEN_TABLES_IS_INTEGER];
    if (integers == all) {
        return PLATEN_TABLES_COLUMN_INTEGER;
    }
    if (integers + seen[PLATEN_TABLES_IS_LONG] == all) {
        return PLATEN_TABLES_COLUMN_LONG;
    }
    if (seen[PLATEN_TABLES_IS_DECIMAL] == all && column->scale_min == column->scale_max
        && column->trailing > 0) {
        return PLATEN_TABLES_COLUMN_FIXED;
    }
    if (integers + seen[PLATEN_TABLES_IS_DECIMAL] + seen[PLATEN_TABLES_IS_FLOAT] == all) {
        return PLATEN_TABLES_COLUMN_NUMBER;
    }
    return PLATEN_TABLES_COLUMN_TEXT;
}

platen_tables_cell_t
platen_tables_column_cell(platen_tables_type_t type, const platen_tables_cell_t *cell)
{
    static const platen_tables_kind_t kinds[] = {
        [PLATEN_TABLES_COLUMN_TEXT] = PLATEN_TABLES_TEXT,
        [PLATEN_TABLES_COLUMN_INTEGER] = PLATEN_TABLES_NUMBER,
        [PLATEN_TABLES_COLUMN_LONG] = PLATEN_TABLES_TEXT,
        [PLATEN_TABLES_COLUMN_FIXED] = PLATEN_TABLES_NUMBER,
        [PLATEN_TABLES_COLUMN_NUMBER] = PLATEN_TABLES_NUMBER,
        [PLATEN_TABLES_COLUMN_BOOLEAN] = PLATEN_TABLES_BOOLEAN,
        [PLATEN_TABLES_COLUMN_DATE] = PLATEN_TABLES_DATE,
        [PLATEN_TABLES_COLUMN_TIMESTAMP] = PLATEN_TABLES_TIMESTAMP,
        [PLATEN_TABLES_COLUMN_JSON] = PLATEN_TABLES_TEXT,
    };
    platen_tables_cell_t c = *cell;

    if (c.kind == PLATEN_TABLES_PLAIN) {
        c.kind =
            c.len == 0 && type != PLATEN_TABLES_COLUMN_TEXT ? PLATEN_TABLES_NULL : kinds[type];
    }
    return c;
}

void
platen_tables_columns_grow(platen_tables_column_t **columns, size_t *have, size_t n)
{
    *columns = platen_tables_resize(*columns, *have + n, sizeof(**columns));
    memset(*columns + *have, 0, n * sizeof(**columns));
    *have += n;
}

void
platen_tables_column_name(platen_tables_column_t *column, const char *name, size_t len)
{
    column->name = platen_tables_new(len + 1, 1);
    memcpy(column->name, name, len);
    column->name_len = len;
}

void
platen_tables_columns_free(platen_tables_column_t *columns, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        free(columns[i].name);
    }
    free(columns);
}

char **
platen_tables_columns_names(const platen_tables_column_t *columns, size_t n, size_t **lens)
{
    platen_tables_names_t names;
    char                **result = platen_tables_new(n, sizeof(*result));
    size_t                i, *next, room, len;

    *lens = platen_tables_new(n, sizeof(**lens));
    platen_tables_names_init(&names);
    for (i = 0; i < n; i++) {
        room = columns[i].name_len + 32;
        result[i] = platen_tables_new(room, 1);
        len = columns[i].name_len;
        if (len == 0) {
            len = (size_t) snprintf(result[i], room, "column_%zu", i + 1);
        } else {
            memcpy(result[i], columns[i].name, len);
        }
        /* The number of a name is the next suffix to try behind it. */
        next = platen_tables_names_find(&names, result[i], len);
        if (next != NULL) {
            size_t base = len;

            do {
                snprintf(result[i] + base, 32, "_%zu", (*next)++);
                len = base + strlen(result[i] + base);
            } while (platen_tables_names_find(&names, result[i], len) != NULL);
        }
        (*lens)[i] = len;
        platen_tables_names_add(&names, result[i], len, 2);
    }
    platen_tables_names_free(&names);
    return result;
}
