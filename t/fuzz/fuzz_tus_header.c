/*
 * Fuzzes platen_tus_header: metadata that is taken is taken without its secrets,
 * too, and says the same but for them; and nothing is written out of bounds.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tus/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static platen_params_t       first, second;
    platen_tus_header_checksum_t sum;
    const char                  *text = (const char *) data;
    char                         type[PLATEN_TUS_TYPE_MAX + 1], again[PLATEN_TUS_TYPE_MAX + 1];
    char                         detail[384], *out;
    uint64_t                     number;
    size_t                       n;

    (void) platen_tus_header_number(text, size, &number);
    if (platen_tus_header_checksum(text, size, &sum) == PLATEN_OK
        && (sum.len > sizeof(sum.digest) || sum.algorithm == NULL)) {
        abort();
    }

    out = malloc(size + 1);
    if (out == NULL) {
        return 0;
    }
    memset(&first, 0, sizeof(first));
    n = platen_tus_header_public(text, size, out);
    if (n > size) {
        abort();
    }
    if (platen_tus_header_metadata(text, size, &first, type, detail, sizeof(detail))
        == PLATEN_PROBLEM_NONE) {
        memset(&second, 0, sizeof(second));
        if (platen_tus_header_metadata(out, n, &second, again, detail, sizeof(detail))
                != PLATEN_PROBLEM_NONE
            || strcmp(type, again) != 0
            || second.options.given != (first.options.given & ~platen_option_secrets())
            || memcmp(first.values, second.values, sizeof(first.values)) != 0) {
            abort();
        }
    }
    free(out);
    return 0;
}
