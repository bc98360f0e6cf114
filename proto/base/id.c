/* UUID version 7; see base/id.h.  No state: any thread may call it. */

#include "base/id.h"

#include <sys/random.h>
#include <time.h>

#include "base/platen.h"

int
platen_id_new(platen_id_t *id)
{
    struct timespec ts;
    uint64_t        ms;
    unsigned        fraction, i;

    if (getrandom(&id->b[8], 8, 0) != 8) {
        return PLATEN_ERROR;
    }

    clock_gettime(CLOCK_REALTIME, &ts);
    ms = (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
    fraction = (unsigned) (((uint64_t) ts.tv_nsec % 1000000) * 4096 / 1000000);

    for (i = 0; i < 6; i++) {
        id->b[i] = (uint8_t) (ms >> (40 - 8 * i));
    }

    id->b[6] = (uint8_t) (0x70 | fraction >> 8);
    id->b[7] = (uint8_t) fraction;
    id->b[8] = (uint8_t) (0x80 | (id->b[8] & 0x3f));

    return PLATEN_OK;
}

uint64_t
platen_id_ms(const platen_id_t *id)
{
    uint64_t ms = 0;
    unsigned i;

    for (i = 0; i < 6; i++) {
        ms = ms << 8 | id->b[i];
    }
    return ms;
}

void
platen_id_format(const platen_id_t *id, char out[PLATEN_ID_TEXT + 1])
{
    static const char hex[] = "0123456789abcdef";
    unsigned          i;
    char             *p = out;

    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *p++ = '-';
        }
        *p++ = hex[id->b[i] >> 4];
        *p++ = hex[id->b[i] & 15];
    }

    *p = '\0';
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c = (char) (c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
platen_id_parse_any(const char *s, size_t len, platen_id_t *id)
{
    unsigned i;
    int      high, low;

    if (len != PLATEN_ID_TEXT) {
        return PLATEN_INVALID;
    }

    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            if (*s++ != '-') {
                return PLATEN_INVALID;
            }
        }

        high = hex_digit(s[0]);
        low = hex_digit(s[1]);
        if (high < 0 || low < 0) {
            return PLATEN_INVALID;
        }

        id->b[i] = (uint8_t) (high << 4 | low);
        s += 2;
    }

    return PLATEN_OK;
}

int
platen_id_parse(const char *s, size_t len, platen_id_t *id)
{
    if (platen_id_parse_any(s, len, id) != PLATEN_OK || id->b[6] >> 4 != 7
        || id->b[8] >> 6 != 2) {
        return PLATEN_INVALID;
    }

    return PLATEN_OK;
}
