/* The record codec; see base/codec.h.  Pure functions, any thread. */

#include "base/codec.h"

#include <endian.h>

#define HEADER 2 /* 'P' and the version */

static uint64_t
get_number(const platen_field_t *f, const void *record)
{
    const char *p = (const char *) record + f->offset;
    uint32_t    u32;
    uint64_t    u64;

    switch (f->type) {
    case PLATEN_FIELD_U8:
        return *(const uint8_t *) p;
    case PLATEN_FIELD_U32:
        memcpy(&u32, p, sizeof(u32));
        return u32;
    default:
        memcpy(&u64, p, sizeof(u64));
        return u64;
    }
}

static int
set_number(const platen_field_t *f, void *record, uint64_t v)
{
    char    *p = (char *) record + f->offset;
    uint32_t u32;

    switch (f->type) {
    case PLATEN_FIELD_U8:
        if (v > UINT8_MAX) {
            return PLATEN_CORRUPT;
        }
        *(uint8_t *) p = (uint8_t) v;
        return PLATEN_OK;
    case PLATEN_FIELD_U32:
        if (v > UINT32_MAX) {
            return PLATEN_CORRUPT;
        }
        u32 = (uint32_t) v;
        memcpy(p, &u32, sizeof(u32));
        return PLATEN_OK;
    default:
        memcpy(p, &v, sizeof(v));
        return PLATEN_OK;
    }
}

static uint32_t
read_le32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

static uint64_t
read_le64(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

static uint8_t *
write_le(uint8_t *p, uint64_t v, unsigned bytes)
{
    unsigned i;

    for (i = 0; i < bytes; i++) {
        *p++ = (uint8_t) (v >> (8 * i));
    }
    return p;
}

size_t
platen_codec_size(const platen_field_t *fields, size_t n, const void *record)
{
    size_t       i, size = HEADER;
    platen_str_t s;

    for (i = 0; i < n; i++) {
        if (fields[i].type == PLATEN_FIELD_STR) {
            memcpy(&s, (const char *) record + fields[i].offset, sizeof(s));
            size += s.len == 0 ? 0 : 5 + s.len;
        } else if (get_number(&fields[i], record) != 0) {
            size += 9;
        }
    }

    return size;
}

uint8_t *
platen_codec_encode(const platen_field_t *fields, size_t n, const void *record, uint8_t *out)
{
    size_t       i;
    uint64_t     v;
    platen_str_t s;

    *out++ = 'P';
    *out++ = PLATEN_CODEC_VERSION;

    for (i = 0; i < n; i++) {
        if (fields[i].type == PLATEN_FIELD_STR) {
            memcpy(&s, (const char *) record + fields[i].offset, sizeof(s));
            if (s.len == 0) {
                continue;
            }
            *out++ = (uint8_t) (fields[i].number << 1 | 1);
            out = write_le(out, s.len, 4);
            memcpy(out, s.data, s.len);
            out += s.len;
            continue;
        }

        v = get_number(&fields[i], record);
        if (v != 0) {
            *out++ = (uint8_t) (fields[i].number << 1);
            out = write_le(out, v, 8);
        }
    }

    return out;
}

size_t
platen_codec_write(const platen_field_t *fields, size_t n, const void *record, uint8_t *out,
                   size_t max)
{
    size_t size = platen_codec_size(fields, n, record);

    if (size > max) {
        return 0;
    }
    platen_codec_encode(fields, n, record, out);
    return size;
}

static const platen_field_t *
find_field(const platen_field_t *fields, size_t n, uint8_t number)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (fields[i].number == number) {
            return &fields[i];
        }
    }
    return NULL;
}

int
platen_codec_decode(const platen_field_t *fields, size_t n, void *record, const uint8_t *in,
                    size_t len)
{
    const uint8_t        *end = in + len;
    const platen_field_t *f;
    platen_str_t          s;
    size_t                i, next = 0;
    uint8_t               tag;

    if (len < HEADER || in[0] != 'P' || in[1] == 0) {
        return PLATEN_CORRUPT;
    }
    if (in[1] > PLATEN_CODEC_VERSION) {
        return PLATEN_TOO_NEW;
    }
    in += HEADER;

    for (i = 0; i < n; i++) {
        if (fields[i].type == PLATEN_FIELD_STR) {
            memset((char *) record + fields[i].offset, 0, sizeof(s));
        } else {
            set_number(&fields[i], record, 0);
        }
    }

    while (in < end) {
        tag = *in++;

        /* Records are written in table order, so the next one nearly always fits. */
        while (next < n && fields[next].number < tag >> 1) {
            next++;
        }
        f = next < n && fields[next].number == tag >> 1 ? &fields[next]
                                                        : find_field(fields, n, tag >> 1);

        if (tag & 1) {
            if (end - in < 4) {
                return PLATEN_CORRUPT;
            }
            s.len = read_le32(in);
            in += 4;
            if ((size_t) (end - in) < s.len) {
                return PLATEN_CORRUPT;
            }
            s.data = (const char *) in;
            in += s.len;
            if (f == NULL) {
                continue;
            }
            if (f->type != PLATEN_FIELD_STR) {
                return PLATEN_CORRUPT;
            }
            memcpy((char *) record + f->offset, &s, sizeof(s));
            continue;
        }

        if (end - in < 8) {
            return PLATEN_CORRUPT;
        }
        if (f != NULL
            && (f->type == PLATEN_FIELD_STR
                || set_number(f, record, read_le64(in)) != PLATEN_OK)) {
            return PLATEN_CORRUPT;
        }
        in += 8;
    }

    return PLATEN_OK;
}
