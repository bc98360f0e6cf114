/* Cells of a page's tables; see lok/cells.h.  One pass over a mapped file. */

#include "lok/cells.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIGITS 15                  /* as many as a double keeps of each number */
#define TEXT " sdnum=\"1033;0;@\"" /* LibreOffice's word for a cell of text */

/* Whether a tag of that name begins here: "<td" and no longer name. */
static int
is_tag(const char *p, const char *end, const char *name)
{
    size_t n = strlen(name);

    return (size_t) (end - p) > n + 1 && strncasecmp(p + 1, name, n) == 0
           && (isspace((unsigned char) p[n + 1]) || p[n + 1] == '>' || p[n + 1] == '/');
}

static int
is_cell(const char *p, const char *end)
{
    return is_tag(p, end, "td") || is_tag(p, end, "th");
}

static int
ends_cell(const char *p, const char *end)
{
    static const char *const names[] = { "/td", "/th", "tr", "/tr", "table", "/table" };
    size_t                   i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (is_tag(p, end, names[i])) {
            return 1;
        }
    }
    return is_cell(p, end);
}

/* The '>' of the tag or comment that begins here; `end` if there is none. */
static const char *
tag_end(const char *p, const char *end)
{
    char quote = 0;

    if (end - p > 4 && memcmp(p, "<!--", 4) == 0) {
        p = memmem(p + 4, (size_t) (end - p - 4), "-->", 3);
        return p == NULL ? end : p + 2;
    }
    for (; p < end && (quote != 0 || *p != '>'); p++) {
        if (quote != 0) {
            quote = *p == quote ? 0 : quote;
        } else if ((*p == '"' || *p == '\'') && p[-1] == '=') {
            quote = *p;
        }
    }
    return p;
}

/* A cell's text as far as it is needed: blanks at its ends are none of it. */
typedef struct {
    char   text[DIGITS + 8];
    size_t len;
    int    blank; /* after the text */
    int    longer;
} cell_t;

static void
add(cell_t *cell, char c)
{
    if (isspace((unsigned char) c)) {
        cell->blank = cell->len > 0;
        return;
    }
    if (cell->blank || cell->len + 1 == sizeof(cell->text)) {
        cell->longer = 1;
        return;
    }
    cell->text[cell->len++] = c;
}

static int
is_number(const cell_t *cell)
{
    const char *p = cell->text, *from;
    size_t      digits;

    if (cell->longer) {
        return 0;
    }
    p += *p == '-';
    from = p;
    p += digits = strspn(p, "0123456789");
    if (digits == 0 || (*from == '0' && digits > 1)) {
        return 0;
    }
    if (*p == '.') {
        from = ++p;
        p += strspn(p, "0123456789");
        if (p == from) {
            return 0;
        }
        digits += (size_t) (p - from);
    }
    return *p == '\0' && digits <= DIGITS;
}

/* Whether the cell whose tag ends here has words, and not a number, in it. */
static int
is_text(const char *p, const char *end)
{
    static const char nbsp[] = "&nbsp;";
    cell_t            cell = { .len = 0 };

    while (p < end && !cell.longer) {
        if (*p == '<') {
            if (ends_cell(p, end)) {
                break;
            }
            p = tag_end(p, end);
            p += p < end;
        } else if ((size_t) (end - p) >= sizeof(nbsp) - 1
                   && memcmp(p, nbsp, sizeof(nbsp) - 1) == 0) {
            add(&cell, ' ');
            p += sizeof(nbsp) - 1;
        } else {
            add(&cell, *p++);
        }
    }
    cell.text[cell.len] = '\0';
    return (cell.longer || cell.len > 0) && !is_number(&cell);
}

static int
says_value(const char *p, const char *end)
{
    for (; p + 5 < end; p++) {
        if (strncasecmp(p, "sdval", 5) == 0 || strncasecmp(p, "sdnum", 5) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether the text that begins here would be computed. */
static int
is_formula(const char *p, const char *end)
{
    while (p < end && isspace((unsigned char) *p)) {
        p++;
    }
    return p < end && *p == '=';
}

/* How many lines of the text that begins here would be. */
static size_t
formulas_in(const char *p, const char *end, int lines)
{
    const char *next = memchr(p, '<', (size_t) (end - p));
    size_t      n = (size_t) is_formula(p, end);

    next = next == NULL ? end : next;
    while (lines && (p = memchr(p, '\n', (size_t) (next - p))) != NULL) {
        n += (size_t) is_formula(++p, next);
    }
    return n;
}

int
platen_lok_cells_write(const char *page, size_t len, FILE *out, size_t *formulas)
{
    const char *p = page, *end = page + len, *done = page, *close;
    size_t      depth = 0;
    int         lines = 0; /* each line is a cell */

    *formulas = 0;

    while (p < end && (p = memchr(p, '<', (size_t) (end - p))) != NULL) {
        close = tag_end(p, end);
        if (close < end && is_cell(p, end) && !says_value(p, close)
            && is_text(close + 1, end)) {
            fwrite(done, 1, (size_t) (p + 3 - done), out);
            fputs(TEXT, out);
            done = p + 3;
        }
        depth += (size_t) is_tag(p, end, "table");
        depth -= (size_t) (depth > 0 && is_tag(p, end, "/table"));
        lines = is_tag(p, end, "pre") || (lines && !is_tag(p, end, "/pre"));
        *formulas += depth == 0 && close < end ? formulas_in(close + 1, end, lines) : 0;
        p = close;
    }
    fwrite(done, 1, (size_t) (end - done), out);
    return ferror(out) ? -1 : 0;
}

int
platen_lok_cells_copy(const char *from, const char *to, size_t *formulas)
{
    struct stat st;
    void       *page = MAP_FAILED;
    FILE       *out;
    int         fd = open(from, O_RDONLY | O_CLOEXEC), rc = -1;

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0) {
        page = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    }
    if (fd >= 0) {
        close(fd);
    }
    if (page == MAP_FAILED) {
        return -1;
    }
    out = fopen(to, "wxe");
    if (out != NULL) {
        rc = platen_lok_cells_write(page, (size_t) st.st_size, out, formulas);
        rc = fclose(out) == 0 ? rc : -1;
    }
    munmap(page, (size_t) st.st_size);
    return rc;
}
