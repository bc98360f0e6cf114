/* Fuzzes platen_wire and platen_id: what is understood is written back the same. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/platen.h"
#include "base/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    platen_hint_t hint;
    platen_id_t   id;
    uint8_t       out[PLATEN_WIRE_LEN], news[PLATEN_WIRE_NEWS_LEN];
    uint64_t      seq;
    char          text[PLATEN_ID_TEXT + 1];
    int           rc;

    rc = platen_wire_decode(data, size, &hint);
    if (rc == PLATEN_OK) {
        platen_wire_encode(&hint, out);
        if (size != sizeof(out) || memcmp(out, data, size) != 0) {
            abort();
        }
    } else if (rc != PLATEN_CORRUPT && rc != PLATEN_TOO_NEW) {
        abort();
    }

    rc = platen_wire_decode_news(data, size, &seq);
    if (rc == PLATEN_OK) {
        platen_wire_encode_news(seq, news);
        if (size != sizeof(news) || memcmp(news, data, size) != 0) {
            abort();
        }
    } else if (rc != PLATEN_CORRUPT && rc != PLATEN_TOO_NEW) {
        abort();
    }

    rc = platen_id_parse((const char *) data, size, &id);
    if (rc == PLATEN_OK) {
        platen_id_format(&id, text);
        if (size != PLATEN_ID_TEXT || strncasecmp(text, (const char *) data, size) != 0) {
            abort();
        }
    } else if (rc != PLATEN_INVALID) {
        abort();
    }
    return 0;
}
