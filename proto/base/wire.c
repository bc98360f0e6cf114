/* The wire form of hints and news; see base/wire.h. */

#include "base/wire.h"

#include <endian.h>

#include "base/platen.h"

static const uint8_t magic[4] = { 'P', 'L', 'T', 'N' };

void
platen_wire_encode_head(platen_hint_kind_t kind, uint8_t out[PLATEN_WIRE_HEAD])
{
    memcpy(out, magic, sizeof(magic));
    out[4] = PLATEN_WIRE_VERSION;
    out[5] = (uint8_t) kind;
}

static int
check_head(const uint8_t *in, size_t len)
{
    if (len < PLATEN_WIRE_HEAD || memcmp(in, magic, sizeof(magic)) != 0) {
        return PLATEN_CORRUPT;
    }
    if (in[4] > PLATEN_WIRE_VERSION) {
        return PLATEN_TOO_NEW;
    }
    return in[4] == PLATEN_WIRE_VERSION ? PLATEN_OK : PLATEN_CORRUPT;
}

void
platen_wire_encode(const platen_hint_t *hint, uint8_t out[PLATEN_WIRE_LEN])
{
    platen_wire_encode_head(hint->kind, out);
    memcpy(out + PLATEN_WIRE_HEAD, hint->id.b, sizeof(hint->id.b));
}

int
platen_wire_decode(const uint8_t *in, size_t len, platen_hint_t *hint)
{
    int rc;

    rc = check_head(in, len);
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (len != PLATEN_WIRE_LEN
        || (in[5] != PLATEN_HINT_SUBMITTED && in[5] != PLATEN_HINT_REMOVED)) {
        return PLATEN_CORRUPT;
    }

    hint->kind = (platen_hint_kind_t) in[5];
    memcpy(hint->id.b, in + PLATEN_WIRE_HEAD, sizeof(hint->id.b));
    return PLATEN_OK;
}

void
platen_wire_encode_news(uint64_t seq, uint8_t out[PLATEN_WIRE_NEWS_LEN])
{
    platen_wire_encode_head(PLATEN_HINT_NEWS, out);
    seq = htobe64(seq);
    memcpy(out + PLATEN_WIRE_HEAD, &seq, sizeof(seq));
}

int
platen_wire_decode_news(const uint8_t *in, size_t len, uint64_t *seq)
{
    int rc;

    rc = check_head(in, len);
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (len != PLATEN_WIRE_NEWS_LEN || in[5] != PLATEN_HINT_NEWS) {
        return PLATEN_CORRUPT;
    }

    memcpy(seq, in + PLATEN_WIRE_HEAD, sizeof(*seq));
    *seq = be64toh(*seq);
    return PLATEN_OK;
}

int
platen_wire_decode_head(const uint8_t *in, size_t len, platen_hint_kind_t kind)
{
    int rc = check_head(in, len);

    return rc == PLATEN_OK && in[5] != kind ? PLATEN_CORRUPT : rc;
}
