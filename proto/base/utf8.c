/* UTF-8; see base/utf8.h. */

#include "base/utf8.h"

#include <string.h>

/* A range of code points. */
struct range {
    uint32_t first;
    uint32_t last;
};

static const struct range invisible[] = {
    { 0x0000, 0x001f }, /* C0 */
    { 0x007f, 0x009f }, /* DEL, C1 */
    { 0x061c, 0x061c }, /* Arabic letter mark */
    { 0x200b, 0x200b }, /* zero width space; U+200C and U+200D join letters */
    { 0x200e, 0x200f }, /* left-to-right mark, right-to-left mark */
    { 0x2028, 0x202e }, /* line and paragraph separator, embeddings, overrides */
    { 0x2066, 0x2069 }, /* isolates */
    { 0xfeff, 0xfeff }, /* byte order mark */
};

size_t
platen_utf8_decode(const char *p, size_t len, uint32_t *code)
{
    const unsigned char *u = (const unsigned char *) p;
    unsigned char        low = 0x80, high = 0xbf;
    size_t               need, i;

    *code = u[0];

    if (u[0] < 0x80)
        return 1;

    if (u[0] >= 0xc2 && u[0] <= 0xdf) {
        need = 2;
        *code &= 0x1f;
    } else if (u[0] >= 0xe0 && u[0] <= 0xef) {
        need = 3;
        *code &= 0x0f;
        low = u[0] == 0xe0 ? 0xa0 : 0x80;  /* overlong */
        high = u[0] == 0xed ? 0x9f : 0xbf; /* surrogates */
    } else if (u[0] >= 0xf0 && u[0] <= 0xf4) {
        need = 4;
        *code &= 0x07;
        low = u[0] == 0xf0 ? 0x90 : 0x80;  /* overlong */
        high = u[0] == 0xf4 ? 0x8f : 0xbf; /* over U+10FFFF */
    } else {
        *code = PLATEN_UTF8_MALFORMED;
        return 1;
    }

    for (i = 1; i < need; i++) {
        if (i == len || u[i] < low || u[i] > high) {
            *code = PLATEN_UTF8_MALFORMED;
            return i;
        }
        *code = *code << 6 | (u[i] & 0x3f);
        low = 0x80;
        high = 0xbf;
    }

    return need;
}

size_t
platen_utf8_encode(uint32_t code, char out[4])
{
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4, i;

    for (i = n - 1; i > 0; i--, code >>= 6) {
        out[i] = (char) (0x80 | (code & 0x3f));
    }
    out[0] = (char) (n == 1 ? code : (0xf00u >> n & 0xf0) | code);
    return n;
}

int
platen_utf8_invisible(uint32_t code)
{
    size_t i;

    if (code >= 0x20 && code < 0x7f) {
        return 0; /* nearly all are like that */
    }

    for (i = 0; i < sizeof(invisible) / sizeof(invisible[0]); i++) {
        if (code >= invisible[i].first && code <= invisible[i].last)
            return 1;
    }

    return 0;
}

size_t
platen_utf8_show(const char *p, size_t len, char instead, char *out, size_t size)
{
    uint32_t code;
    size_t   n, at = 0;

    for (; len > 0; p += n, len -= n) {
        n = platen_utf8_decode(p, len, &code);
        if (code == PLATEN_UTF8_MALFORMED || platen_utf8_invisible(code)) {
            if (at + 1 >= size)
                break;
            out[at++] = instead;
            continue;
        }
        if (at + n >= size)
            break;
        memcpy(out + at, p, n);
        at += n;
    }

    out[at] = '\0';
    return at;
}

int
platen_utf8_valid(const char *p, size_t len)
{
    uint32_t code;
    size_t   n;

    while (len > 0) {
        n = platen_utf8_decode(p, len, &code);
        if (code == PLATEN_UTF8_MALFORMED)
            return 0;
        p += n;
        len -= n;
    }

    return 1;
}

size_t
platen_utf8_cut(const char *p, size_t len, size_t max)
{
    if (len <= max) {
        return len;
    }
    while (max > 0 && ((unsigned char) p[max] & 0xc0) == 0x80) {
        max--;
    }
    return max;
}
