/*
 * Fuzzes platen_webhook: a URL that is taken has no byte that could end a line or
 * hide its host, and what is shown of it is its beginning and not its path.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "job/webhook_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *url = (const char *) data;
    char        origin[PLATEN_WEBHOOK_ORIGIN_MAX];
    size_t      n, i;

    n = platen_webhook_origin(url, size, origin);
    if (platen_webhook_url_wrong(url, size) != NULL) {
        return 0;
    }
    if (n < 8 || n > size || n >= sizeof(origin) || strncasecmp(origin, url, n) != 0
        || memchr(origin, '@', n) != NULL || strchr(origin + 8, '/') != NULL) {
        abort();
    }
    for (i = 0; i < size; i++) {
        if (data[i] <= ' ' || data[i] >= 0x7f || data[i] == '#' || data[i] == '\\') {
            abort();
        }
    }
    return 0;
}
