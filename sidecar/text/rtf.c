/* What LibreOffice does not read of RTF as it should; see text/main.h. */

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "engine/exit_code.h"
#include "engine/warning.h"
#include "text/main.h"

/* Whether `p`, behind a backslash, is this control word of RTF. */
static int
is_control(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);

    return (size_t) (end - p) > n && memcmp(p, word, n) == 0 && !isalpha((unsigned char) p[n]);
}

/* Where a control word of RTF is, from `p`, which is not a part of another; NULL: nowhere. */
static const char *
find_control(const char *p, const char *end, const char *word)
{
    size_t      n = strlen(word);
    const char *at;

    while ((at = memchr(p, '\\', (size_t) (end - p))) != NULL && end - at > 1) {
        if ((size_t) (end - at) > n && memcmp(at, word, n) == 0
            && !isalpha((unsigned char) at[n])) {
            return at;
        }
        p = at + 2; /* what is escaped is none */
    }
    return NULL;
}

#define LEVELS 63U /* of tables in tables, as many as a word has bits for */

/*
 * How many cells have a table in a table whose level follows on none: one at \itap3
 * where nothing is at \itap2.  LibreOffice loses such a cell and what stands behind it in
 * its row.  A table's own level may come after those that are in it, so a cell is judged
 * where it ends.
 */
static unsigned
count_gaps(const char *p, const char *end)
{
    uint64_t      levels = 0; /* of the cell: bit n for \itap n, 1 always */
    unsigned      count = 0;
    unsigned long level;
    size_t        at, digit;

    for (at = 0; at + 1 < (size_t) (end - p); at++) {
        if (p[at] != '\\') {
            continue;
        }
        at++; /* what is escaped is no control word */
        if (is_control(p + at, end, "itap")) {
            level = 0;
            for (digit = at + strlen("itap");
                 p + digit < end && isdigit((unsigned char) p[digit]) && level <= LEVELS;
                 digit++) {
                level = level * 10 + (unsigned long) (p[digit] - '0');
            }
            levels |= UINT64_C(1) << (level > LEVELS ? LEVELS : level);
        } else if (is_control(p + at, end, "cell")) {
            levels |= 3;
            count += (levels & (levels + 1)) != 0;
            levels = 0;
        }
    }
    return count;
}

/* Cells of no row are not parted by LibreOffice, and run together: tabs are what parts them. */
int
platen_text_rtf(const char *p, size_t len, FILE *out)
{
    const char *end = p + len, *at;
    unsigned    gaps = count_gaps(p, end);

    if (gaps > 0) {
        platen_warning_add(
            PLATEN_WARNINGS_FILE,
            "In %u %s of the RTF the levels of tables in tables leave one out; text of such a "
            "row may be missing.  Saved anew by its own program, the document may have it.",
            gaps, gaps == 1 ? "cell" : "cells");
    }
    if (find_control(p, end, "\\row") == NULL && find_control(p, end, "\\trowd") == NULL) {
        while ((at = find_control(p, end, "\\cell")) != NULL) {
            fwrite(p, 1, (size_t) (at - p), out);
            fputs("\\tab", out);
            p = at + strlen("\\cell");
        }
    }
    return fwrite(p, 1, (size_t) (end - p), out) == (size_t) (end - p) ? 0 : PLATEN_TEXT_WRITE;
}
