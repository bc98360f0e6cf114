/* Fuzzes sidecar/lok/direction.c: no read outside, whatever LibreOffice writes of a text. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lok/direction.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char  *text = malloc(size + 1), *out;
    size_t len = 0;

    if (text == NULL) {
        return 0;
    }
    memcpy(text, data, size);
    text[size] = '\0';
    (void) platen_lok_direction_is_right(text, size);
    out = platen_lok_direction_write(text, size, &len);
    if (out != NULL && len < size) {
        abort();
    }
    free(out);
    free(text);
    return 0;
}
