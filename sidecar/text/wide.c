/*
 * How wide the tables of a page are; see text/main.h.  Pure functions.
 *
 * LibreOffice sets a page of HTML on A4 and lets what is wider run over the edge, where
 * it is gone.  A browser would make all of it smaller.  So the width that the longest
 * words of a table's columns need is estimated before, in letters of 12 points, rather
 * too much than too little.
 */

#include "text/main.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define DEPTH_MAX 16
#define COLUMNS_MAX 1024
#define LETTER 6.0 /* points, as wide as most */
#define CELL 6.0   /* its distance to the next */

typedef struct {
    double   columns[COLUMNS_MAX];
    unsigned column;   /* of the cell that is open */
    unsigned span;     /* columns of it */
    unsigned letters;  /* of the word under way */
    int      together; /* the cell's text is not to be parted */
} table_t;

typedef struct {
    table_t  tables[DEPTH_MAX];
    unsigned depth;
    double   widest;
} measure_t;

static int
is_tag(const char *p, const char *end, const char *name)
{
    size_t n = strlen(name);

    return (size_t) (end - p) >= n && strncasecmp(p, name, n) == 0
           && (p + n == end || isspace((unsigned char) p[n]) || p[n] == '/' || p[n] == '>');
}

static const char *
find(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);

    for (; (size_t) (end - p) >= n; p++) {
        if (strncasecmp(p, word, n) == 0) {
            return p;
        }
    }
    return NULL;
}

/* The columns of the open cell are at least so wide together. */
static void
need(table_t *table, double width)
{
    unsigned i, last = table->column + table->span;

    if (table->span == 0) {
        return; /* between two cells */
    }
    for (i = table->column; i < last && i < COLUMNS_MAX; i++) {
        if (table->columns[i] < width / table->span) {
            table->columns[i] = width / table->span;
        }
    }
}

static void
end_word(table_t *table)
{
    need(table, table->letters * LETTER + CELL);
    table->letters = 0;
}

static void
end_cell(table_t *table)
{
    end_word(table);
    table->column += table->span;
    table->span = 0;
}

static void
end_table(measure_t *m)
{
    table_t *table = &m->tables[m->depth - 1];
    double   width = 0;
    unsigned i;

    end_cell(table);
    for (i = 0; i < COLUMNS_MAX; i++) {
        width += table->columns[i];
    }
    m->depth--;
    if (m->depth > 0) {
        need(&m->tables[m->depth - 1], width + CELL);
    } else if (width > m->widest) {
        m->widest = width;
    }
}

/* The number that an attribute says, in quotes or not; *rest is behind it.  0: none. */
static unsigned
number_in(const char *p, const char *end, const char *name, const char **rest)
{
    const char *at = find(p, end, name);
    char        number[8] = "";
    size_t      i;

    *rest = end;
    if (at == NULL) {
        return 0;
    }
    for (at += strlen(name); at < end && (*at == '"' || *at == '\'' || *at == ' '); at++) {
    }
    for (i = 0; i + 1 < sizeof(number) && at + i < end && isdigit((unsigned char) at[i]); i++) {
        number[i] = at[i];
    }
    *rest = at + i;
    return (unsigned) atoi(number);
}

/* A number of pixels that an attribute says, in points. */
static double
pixels(const char *p, const char *end, const char *name)
{
    const char *rest;
    unsigned    n = number_in(p, end, name, &rest);

    return rest < end && *rest == '%' ? 0 : n * 0.75;
}

static void
begin_cell(table_t *table, const char *p, const char *end)
{
    const char *rest;

    end_cell(table);
    table->span = number_in(p, end, "colspan=", &rest);
    table->span = table->span == 0 ? 1 : table->span > COLUMNS_MAX ? COLUMNS_MAX : table->span;
    table->together = find(p, end, "nowrap") != NULL;
}

static void
take_tag(measure_t *m, const char *p, const char *end)
{
    table_t *table = m->depth == 0 ? NULL : &m->tables[m->depth - 1];

    if (is_tag(p, end, "table")) {
        if (table != NULL) {
            end_word(table);
        }
        if (m->depth < DEPTH_MAX) {
            memset(&m->tables[m->depth++], 0, sizeof(*table));
        }
    } else if (table == NULL) {
        return;
    } else if (is_tag(p, end, "/table")) {
        end_table(m);
    } else if (is_tag(p, end, "td") || is_tag(p, end, "th")) {
        begin_cell(table, p, end);
    } else if (is_tag(p, end, "/td") || is_tag(p, end, "/th")) {
        end_cell(table);
    } else if (is_tag(p, end, "tr")) {
        end_cell(table);
        table->column = 0;
    } else if (is_tag(p, end, "img")) {
        end_word(table);
        need(table, pixels(p, end, "width=") + CELL);
    } else if (is_tag(p, end, "br") || is_tag(p, end, "p") || is_tag(p, end, "div")
               || is_tag(p, end, "li")) {
        end_word(table);
    }
}

/* Letters, and where a line may be broken between them. */
static const char *
take_text(table_t *table, const char *p, const char *end)
{
    uint32_t    code;
    const char *semicolon;

    if (isspace((unsigned char) *p)) {
        if (!table->together) {
            end_word(table);
        } else if (!isspace((unsigned char) p[-1])) {
            table->letters++;
        }
        return p + 1;
    }
    if (*p == '&') { /* &nbsp; and its like: one letter */
        semicolon = memchr(p, ';', (size_t) (end - p < 10 ? end - p : 10));
        table->letters++;
        return semicolon == NULL ? p + 1 : semicolon + 1;
    }
    p += platen_utf8_decode(p, (size_t) (end - p), &code);
    table->letters += code == 0xad || code == 0x200b ? 0 : 1;
    if (code >= 0x2e80 || code == '-' || code == 0xad || code == 0x200b) {
        table->letters += code >= 0x2e80;
        if (!table->together) {
            end_word(table);
        }
    }
    return p;
}

unsigned
platen_text_width(const char *html, size_t len)
{
    static measure_t m; /* too large for the stack */
    const char      *p = html, *end = html + len, *close;

    memset(&m, 0, sizeof(m));
    while (p < end) {
        if (end - p > 4 && memcmp(p, "<!--", 4) == 0) {
            p = memmem(p, (size_t) (end - p), "-->", 3);
            if (p == NULL) {
                break;
            }
            p += 3;
        } else if (*p == '<') {
            close = memchr(p, '>', (size_t) (end - p));
            if (close == NULL) {
                break;
            }
            take_tag(&m, p + 1, close);
            /* What is in these is no text of the page. */
            p = is_tag(p + 1, close, "script")  ? find(close, end, "</script")
                : is_tag(p + 1, close, "style") ? find(close, end, "</style")
                                                : close + 1;
            if (p == NULL) {
                break;
            }
        } else if (m.depth > 0) {
            p = take_text(&m.tables[m.depth - 1], p, end);
        } else {
            p = memchr(p, '<', (size_t) (end - p));
            if (p == NULL) {
                break;
            }
        }
    }
    while (m.depth > 0) {
        end_table(&m);
    }
    return m.widest > 100000 ? 100000 : (unsigned) m.widest;
}
