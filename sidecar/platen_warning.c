/*
 * Warnings; see platen_warning.h.  The lines come out of a sandbox in which a
 * hostile document may have written them, so they are checked like any input.
 */

#include "platen_warning.h"

#include <stdio.h>
#include <string.h>

#include "platen_utf8.h"

#define NAME_MAX_BYTES 100

static int
is_name(const char *p, size_t n)
{
    uint32_t code;
    size_t   len;

    if (n == 0 || n > NAME_MAX_BYTES) {
        return 0;
    }
    for (; n > 0; p += len, n -= len) {
        len = platen_utf8_decode(p, n, &code);
        if (code == PLATEN_UTF8_MALFORMED || platen_utf8_invisible(code)) {
            return 0;
        }
    }
    return 1;
}

/* Whether the same line was there before. */
static int
seen(const char *lines, const char *line, size_t n)
{
    const char *p = lines;

    while (p < line) {
        if (strncmp(p, line, n) == 0 && p[n] == '\n') {
            return 1;
        }
        p = strchr(p, '\n');
        if (p == NULL) {
            return 0;
        }
        p++;
    }
    return 0;
}

size_t
platen_warning_fonts(const char *lines, char out[PLATEN_WARNINGS_MAX])
{
    const char *line, *end, *tab;
    unsigned    told = 0, more = 0;
    size_t      n = 0;

    *out = '\0';
    for (line = lines; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        tab = memchr(line, '\t', (size_t) (end - line));
        if (tab == NULL || !is_name(line, (size_t) (tab - line))
            || !is_name(tab + 1, (size_t) (end - tab - 1))
            || seen(lines, line, (size_t) (end - line))) {
            continue;
        }
        if (told == PLATEN_WARNING_FONTS
            || n + 2 * NAME_MAX_BYTES + 160 > PLATEN_WARNINGS_MAX) {
            more++;
            continue;
        }
        told++;
        n += (size_t) snprintf(
            out + n, PLATEN_WARNINGS_MAX - n,
            "%sThe font \"%.*s\" is not installed here; \"%.*s\" was used instead.",
            n == 0 ? "" : "\n", (int) (tab - line), line, (int) (end - tab - 1), tab + 1);
    }
    if (more > 0) {
        n += (size_t) snprintf(out + n, PLATEN_WARNINGS_MAX - n,
                               "\n%u more fonts are not installed here and were replaced.",
                               more);
    }
    return n;
}
