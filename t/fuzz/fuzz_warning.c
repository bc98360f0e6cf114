/*
 * Fuzzes platen_warning: what a prisoner has written in its files of warnings and of fonts is
 * read by platend itself.  What becomes of it is printable, a sentence to a line, and not more
 * than there may be.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/warning.h"

static void
check(const char *text, size_t len, unsigned most)
{
    const char *p, *end = text + len;
    unsigned    lines = 0;
    size_t      n;
    uint32_t    code;

    if (len >= PLATEN_WARNINGS_MAX || strlen(text) != len) {
        abort();
    }
    for (p = text; p < end; p += n) {
        n = platen_utf8_decode(p, (size_t) (end - p), &code);
        lines += *p == '\n';
        if (code == PLATEN_UTF8_MALFORMED || (*p != '\n' && platen_utf8_invisible(code))) {
            abort();
        }
    }
    if (lines + (len > 0) > most) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char  *text = malloc(size + 1), out[PLATEN_WARNINGS_MAX];
    size_t n;

    if (text == NULL) {
        abort();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    n = platen_warning_fonts(text, out);
    check(out, n, PLATEN_WARNING_FONTS + 1);
    n = platen_warning_lines(text, n, out);
    check(out, n, PLATEN_WARNING_FONTS + 1 + PLATEN_WARNING_LINES);
    free(text);
    return 0;
}
