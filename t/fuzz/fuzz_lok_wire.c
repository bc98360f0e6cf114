/* Fuzzes platen_lok_wire: what decodes is encoded and decoded again, and is the same. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "office/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t       first[PLATEN_LOK_WIRE_MAX], second[PLATEN_LOK_WIRE_MAX];
    platen_lok_message_t message, again;
    size_t               len;
    int                  rc;

    rc = platen_lok_wire_decode(data, size, &message);
    if (rc != PLATEN_OK) {
        if (rc != PLATEN_CORRUPT && rc != PLATEN_TOO_NEW) {
            abort();
        }
        return 0;
    }

    len = platen_lok_wire_encode(&message, first);
    if (len == 0 || len > size || platen_lok_wire_decode(first, len, &again) != PLATEN_OK
        || platen_lok_wire_encode(&again, second) != len || memcmp(first, second, len) != 0) {
        abort();
    }
    return 0;
}
