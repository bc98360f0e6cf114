/*
 * The columns of a page's tables; see text/main.h.
 *
 * pandoc takes a table for as wide as its longest row has cells, and no wider than it has
 * elements "col", and leaves out what is beyond: cells of a table whose "col" has a span,
 * or that has fewer of them than columns, or where a cell that spans rows moves others.  So
 * each column gets its "col", where a table has any, and the first row a cell to each
 * column, before pandoc sees the page, which other engines read as the same.  The tags are
 * followed in one pass; nothing of a page that is written well changes.
 */

#include "text/main.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEPTH_MAX 32      /* tables in each other: those within are left as they are */
#define COLUMNS_MAX 1000  /* of a table, and of a span (HTML, section 4.9.11) */
#define CHANGES_MAX 65536 /* of a page */

typedef struct {
    const char *at, *next; /* a "col" that is written so often; one place: what is put there */
    unsigned    times;
    const char *what;
} change_t;

typedef struct {
    const char *last;      /* behind the last "col" */
    unsigned    cols;      /* that there are, each as often as it says */
    unsigned    cells;     /* of the longest row */
    unsigned    width;     /* with what reaches into rows from above */
    const char *first_end; /* of the first row that has cells; NULL: it goes on */
    unsigned    first;     /* its cells */
    unsigned    row, cell; /* of this row: its cells, and the column behind the last one */
    unsigned    down[COLUMNS_MAX]; /* into how many rows a column's cell reaches yet */
} table_t;

typedef struct {
    const char *html, *end;
    table_t    *open[DEPTH_MAX];
    unsigned    depth, deeper;
    change_t   *changes;
    size_t      nchanges;
} page_t;

/* Whether a tag at `p`, behind its "<", has this name. */
static int
is_tag(const char *p, const char *end, const char *name)
{
    size_t n = strlen(name);

    return (size_t) (end - p) > n && strncasecmp(p, name, n) == 0
           && (isspace((unsigned char) p[n]) || p[n] == '>' || p[n] == '/');
}

/* What is behind a tag; NULL: it does not end. */
static const char *
behind(const char *p, const char *end)
{
    char quote = '\0';

    for (; p < end; p++) {
        if (quote != '\0') {
            quote = *p == quote ? '\0' : quote;
        } else if ((*p == '"' || *p == '\'') && p[-1] == '=') {
            quote = *p;
        } else if (*p == '>') {
            return p + 1;
        }
    }
    return NULL;
}

/* The number that an attribute of a tag says, and where it stands; 1: it says none. */
static unsigned
number(const char *p, const char *next, const char *name, const char **at, const char **after)
{
    size_t        n = strlen(name);
    unsigned long value;
    const char   *digit;

    for (; p + n + 1 < next; p++) {
        if (!isspace((unsigned char) p[0]) || strncasecmp(p + 1, name, n) != 0) {
            continue;
        }
        for (digit = p + 1 + n; digit < next && isspace((unsigned char) *digit); digit++) {
        }
        if (digit == next || *digit != '=') {
            continue;
        }
        for (digit++; digit < next && strchr("\"' \t\r\n", *digit) != NULL; digit++) {
        }
        for (value = 0, *at = p; isdigit((unsigned char) *digit); digit++) {
            value = value > COLUMNS_MAX ? value : value * 10 + (unsigned) (*digit - '0');
        }
        *after = digit + (*digit == '"' || *digit == '\'');
        return value > COLUMNS_MAX ? COLUMNS_MAX : (unsigned) value;
    }
    *at = *after = NULL;
    return 1;
}

static void
change(page_t *page, const char *at, const char *next, unsigned times, const char *what)
{
    change_t *list = page->changes;

    if (page->nchanges % 64 == 0) {
        list = page->nchanges == CHANGES_MAX
                   ? NULL
                   : realloc(list, (page->nchanges + 64) * sizeof(*list));
    }
    if (list != NULL) {
        page->changes = list;
        list[page->nchanges++] = (change_t){ at, next, times, what };
    }
}

static void
add_cell(table_t *table, unsigned across, unsigned down)
{
    unsigned i;

    across = across == 0 ? 1 : across;
    while (table->cell < COLUMNS_MAX && table->down[table->cell] > 0) {
        table->cell++;
    }
    for (i = 0; i < across && table->cell < COLUMNS_MAX; i++) {
        table->down[table->cell++] = down == 0 ? COLUMNS_MAX : down; /* 0: into all below */
    }
    table->row += across;
    table->cells = table->row > table->cells ? table->row : table->cells;
    table->width = table->cell > table->width ? table->cell : table->width;
}

/* Whatever is at `at` ends a row. */
static void
end_row(table_t *table, const char *at)
{
    if (table->first_end == NULL && table->row > 0) {
        table->first_end = at;
        table->first = table->row;
    }
}

static void
begin_row(table_t *table, const char *at)
{
    unsigned i;

    end_row(table, at);

    for (i = 0; i < table->width; i++) {
        table->down[i] -= table->down[i] > 0;
    }
    table->row = table->cell = 0;
}

/* A table as it ends, at its tag or with the page. */
static void
end_table(page_t *page, const char *at)
{
    table_t *table = page->open[--page->depth];

    end_row(table, at);
    if (table->cols > 0 && table->width > table->cols) {
        change(page, table->last, table->last, table->width - table->cols, "<col/>");
    }
    if (table->width > table->cells && table->width > table->first) {
        change(page, table->first_end, table->first_end, table->width - table->first,
               "<td></td>");
    }
    free(table);
}

static void
start_tag(page_t *page, const char *at, const char *next)
{
    table_t    *table = page->depth == 0 ? NULL : page->open[page->depth - 1];
    const char *tag = at + 1, *from, *to;
    unsigned    n;

    if (is_tag(tag, page->end, "table")) {
        table = page->depth < DEPTH_MAX ? calloc(1, sizeof(*table)) : NULL;
        if (table == NULL) {
            page->deeper++;
            return;
        }
        page->open[page->depth++] = table;
    } else if (table == NULL || page->deeper > 0) {
        return;
    } else if (is_tag(tag, page->end, "col")) {
        n = number(tag, next, "span", &from, &to);
        if (n > 1 && n < COLUMNS_MAX) {
            change(page, at, next, n, NULL);
        }
        table->cols += n == 0 ? 1 : n;
        table->last = next;
    } else if (is_tag(tag, page->end, "tr")) {
        begin_row(table, at);
    } else if (is_tag(tag, page->end, "td") || is_tag(tag, page->end, "th")) {
        n = number(tag, next, "colspan", &from, &to);
        add_cell(table, n, number(tag, next, "rowspan", &from, &to));
    } else if (is_tag(tag, page->end, "thead") || is_tag(tag, page->end, "tbody")
               || is_tag(tag, page->end, "tfoot")) {
        end_row(table, at);
        memset(table->down, 0, sizeof(table->down)); /* no cell reaches out of one */
    }
}

static void
end_tag(page_t *page, const char *at, const char *next)
{
    table_t *table = page->depth == 0 ? NULL : page->open[page->depth - 1];

    if (page->deeper > 0) {
        page->deeper -= is_tag(at + 2, page->end, "table");
    } else if (table == NULL) {
        return;
    } else if (is_tag(at + 2, page->end, "table")) {
        end_table(page, at);
    } else if (is_tag(at + 2, page->end, "tr") || is_tag(at + 2, page->end, "thead")
               || is_tag(at + 2, page->end, "tbody") || is_tag(at + 2, page->end, "tfoot")) {
        end_row(table, at);
    } else if (is_tag(at + 2, page->end, "col")) {
        table->last = next;
    }
}

/* Behind what is no tag of a table: a comment, a script, a style. */
static const char *
skip(const page_t *page, const char *at, const char *next)
{
    static const char *const texts[] = { "script", "style", "textarea", "title", "xmp" };
    const char              *end = page->end, *p;
    size_t                   i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (is_tag(at + 1, end, texts[i])) {
            for (p = next; (p = memmem(p, (size_t) (end - p), "</", 2)) != NULL; p += 2) {
                if (is_tag(p + 2, end, texts[i])) {
                    return p;
                }
            }
            return end;
        }
    }
    return next;
}

static void
walk(page_t *page)
{
    const char *p = page->html, *end = page->end, *next;

    while ((p = memchr(p, '<', (size_t) (end - p))) != NULL && end - p > 3) {
        if (memcmp(p, "<!--", 4) == 0) {
            p = memmem(p + 4, (size_t) (end - p - 4), "-->", 3);
            if (p == NULL) {
                break;
            }
            continue;
        }
        if (p[1] != '/' && !isalpha((unsigned char) p[1])) {
            p++;
            continue;
        }
        next = behind(p + 1, end);
        if (next == NULL) {
            break;
        }
        if (p[1] == '/') {
            end_tag(page, p, next);
        } else {
            start_tag(page, p, next);
            next = skip(page, p, next);
        }
        p = next;
    }
    while (page->depth > 0) {
        end_table(page, end);
    }
}

static int
by_place(const void *a, const void *b)
{
    const change_t *x = a, *y = b;

    return x->at != y->at      ? (x->at < y->at ? -1 : 1)
           : x->next < y->next ? -1
                               : x->next > y->next;
}

/* A "col" without its span, which may be closed by a tag of its own. */
static void
write_col(const change_t *c, FILE *out)
{
    const char *from, *to, *last = c->next - (c->next[-2] == '/' ? 2 : 1);
    unsigned    i;

    (void) number(c->at + 1, c->next, "span", &from, &to);
    for (i = 1; i <= c->times; i++) {
        fwrite(c->at, 1, (size_t) (from - c->at), out);
        fwrite(to, 1, (size_t) ((i < c->times ? last : c->next) - to), out);
        fputs(i < c->times ? "/>" : "", out);
    }
}

int
platen_text_columns(const char *html, size_t len, FILE *out)
{
    page_t      page = { .html = html, .end = html + len };
    const char *from = html;
    size_t      i;
    unsigned    k;

    walk(&page);
    if (page.nchanges > 1) {
        qsort(page.changes, page.nchanges, sizeof(*page.changes), by_place);
    }
    for (i = 0; i < page.nchanges; i++) {
        fwrite(from, 1, (size_t) (page.changes[i].at - from), out);
        from = page.changes[i].next;
        if (page.changes[i].what == NULL) {
            write_col(&page.changes[i], out);
        } else {
            for (k = 0; k < page.changes[i].times; k++) {
                fputs(page.changes[i].what, out);
            }
        }
    }
    if (len > 0) {
        fwrite(from, 1, (size_t) (page.end - from), out);
    }
    free(page.changes);
    return page.nchanges > 0;
}

int
platen_text_columns_of(char **html, size_t *len)
{
    char  *page = NULL;
    size_t size;
    FILE  *out = open_memstream(&page, &size);
    int    any = out != NULL && platen_text_columns(*html, *len, out);

    if (out == NULL || fclose(out) != 0 || !any) {
        free(page);
        return 0;
    }
    free(*html);
    *html = page;
    *len = size;
    return 1;
}
