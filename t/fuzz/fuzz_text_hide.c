/*
 * Fuzzes platen_text_hide: no read outside, and nothing is there that was not; and
 * platen_text_columns, which leaves nothing out.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/main.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
mend(const char *page, size_t size)
{
    char  *mended = NULL;
    size_t n;
    FILE  *out = open_memstream(&mended, &n);

    if (out == NULL) {
        return;
    }
    (void) platen_text_unclosed(page, size);
    if (!platen_text_columns(page, size, out)
        && (fflush(out) != 0 || n != size || (n > 0 && memcmp(mended, page, n) != 0))) {
        abort();
    }
    fclose(out);
    free(mended);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *page = (const char *) data;
    char       *left = NULL;
    size_t      n, i, at;
    FILE       *out = open_memstream(&left, &n);

    if (out == NULL) {
        return 0;
    }
    (void) platen_text_hide(page, size, NULL, NULL, out);
    (void) platen_text_width(page, size);
    mend(page, size);
    if (fclose(out) != 0) {
        abort();
    }
    for (i = at = 0; i < n; i++, at++) {
        for (; at < size && page[at] != left[i]; at++) {
        }
        if (at == size) {
            abort();
        }
    }
    free(left);
    return 0;
}
