/* Fuzzes platen_prefer: no read outside, and a number that is never out of bounds. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/prefer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    platen_prefer_t first = { 0 }, again = { 0 };
    char           *text = (char *) data;

    platen_prefer_read(&first, text, size);
    if ((first.has_wait && (size < 6 || first.wait > PLATEN_PREFER_WAIT_MAX))
        || (!first.has_wait && first.wait != 0) || (first.async && size < 13)) {
        abort();
    }

    /* What counts is the first value: the same header once more changes nothing. */
    again = first;
    platen_prefer_read(&again, text, size);
    if (again.has_wait != first.has_wait || again.wait != first.wait
        || again.async != first.async) {
        abort();
    }
    return 0;
}
