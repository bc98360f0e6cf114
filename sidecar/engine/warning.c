/*
 * Warnings; see engine/warning.h.  The lines come out of a sandbox in which a
 * hostile document may have written them, so they are checked like any input,
 * whatever the programs there take care of.
 */

#include "engine/warning.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define NAME_MAX_BYTES 100
#define FONTS_MAX_BYTES 4096 /* so that there is room for what engines say */

static int
is_printable(const char *p, size_t n, size_t most)
{
    uint32_t code;
    size_t   len;

    if (n == 0 || n > most) {
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

void
platen_warning_add(const char *file, const char *format, ...)
{
    static const char unknown[] = "\xef\xbf\xbd", more[] = "\xe2\x80\xa6";
    char              said[PLATEN_WARNING_LINE_MAX + 16], line[PLATEN_WARNING_LINE_MAX];
    const char       *p = said, *piece;
    size_t            n = 0, left, len, size;
    uint32_t          code;
    va_list           args;
    FILE             *out = file == NULL ? NULL : fopen(file, "ae");

    if (out == NULL) {
        return;
    }
    va_start(args, format);
    vsnprintf(said, sizeof(said), format, args);
    va_end(args);
    for (left = strlen(said); left > 0; p += len, left -= len) {
        piece = p;
        size = len = platen_utf8_decode(p, left, &code);
        if (code == PLATEN_UTF8_MALFORMED || platen_utf8_invisible(code)) {
            piece = unknown;
            size = sizeof(unknown) - 1;
        }
        if (n + size + sizeof(more) - 1 > sizeof(line)) {
            piece = more;
            size = sizeof(more) - 1;
            len = left;
        }
        memcpy(line + n, piece, size);
        n += size;
    }
    fprintf(out, "%.*s\n", (int) n, line);
    fclose(out);
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
        if (tab == NULL || !is_printable(line, (size_t) (tab - line), NAME_MAX_BYTES)
            || !is_printable(tab + 1, (size_t) (end - tab - 1), NAME_MAX_BYTES)
            || seen(lines, line, (size_t) (end - line))) {
            continue;
        }
        if (told == PLATEN_WARNING_FONTS || n + 2 * NAME_MAX_BYTES + 160 > FONTS_MAX_BYTES) {
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

size_t
platen_warning_lines(const char *lines, size_t n, char out[PLATEN_WARNINGS_MAX])
{
    const char *line, *end;
    unsigned    told = 0;
    size_t      len;

    for (line = lines; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        len = (size_t) (end - line);
        if (told == PLATEN_WARNING_LINES || n + len + 2 > PLATEN_WARNINGS_MAX
            || !is_printable(line, len, PLATEN_WARNING_LINE_MAX) || seen(lines, line, len)) {
            continue;
        }
        told++;
        n += (size_t) snprintf(out + n, PLATEN_WARNINGS_MAX - n, "%s%.*s", n == 0 ? "" : "\n",
                               (int) len, line);
    }
    return n;
}
