/* Fuzzes platen_matrix: text that parses is written and parsed again, and is the same. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "job/matrix.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
same(const platen_matrix_route_t *a, const platen_matrix_route_t *b)
{
    return b != NULL && strcmp(a->engines, b->engines) == 0 && strcmp(a->via, b->via) == 0
           && a->options == b->options;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static platen_matrix_t       first, second;
    const platen_matrix_route_t *a, *b;
    char                        *text;
    size_t                       len, i, j;
    int                          rc;

    rc = platen_matrix_parse(&first, (const char *) data, size);
    if (rc != PLATEN_OK) {
        if (rc != PLATEN_CORRUPT) {
            abort();
        }
        return 0;
    }

    text = platen_matrix_text(&first, &len);
    if (text == NULL || strlen(text) != len
        || platen_matrix_parse(&second, text, len) != PLATEN_OK) {
        abort();
    }
    for (i = 0; i < platen_nformats; i++) {
        for (j = 0; j < platen_nformats; j++) {
            a = platen_matrix_route(&first, &platen_formats[i], &platen_formats[j]);
            b = platen_matrix_route(&second, &platen_formats[i], &platen_formats[j]);
            if (a == NULL ? b != NULL : !same(a, b)) {
                abort();
            }
        }
    }
    free(text);
    return 0;
}
