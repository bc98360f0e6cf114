/* Tests of platen_wire: the bytes of a hint, and every way in which they can be wrong. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/platen.h"
#include "base/wire.h"

static const uint8_t golden[PLATEN_WIRE_LEN] = { 'P',  'L',  'T',  'N',  1,    1,    0x01, 0x7f,
                                                 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3, 0x98, 0xc4,
                                                 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f };

/* Decodes an exact-size copy, so that a read too far is seen. */
static int
decode(const uint8_t *in, size_t len, platen_hint_t *hint)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    int      rc;

    assert_non_null(copy);
    memcpy(copy, in, len);
    rc = platen_wire_decode(len == 0 ? copy + 1 : copy, len, hint);
    free(copy);
    return rc;
}

static void
test_golden(void **state)
{
    platen_hint_t hint;
    uint8_t       out[PLATEN_WIRE_LEN];

    (void) state;

    assert_int_equal(decode(golden, sizeof(golden), &hint), PLATEN_OK);
    assert_int_equal(hint.kind, PLATEN_HINT_SUBMITTED);
    assert_memory_equal(hint.id.b, golden + 6, 16);
    platen_wire_encode(&hint, out);
    assert_memory_equal(out, golden, sizeof(golden));
}

static void
test_round_trip(void **state)
{
    static const platen_hint_kind_t kinds[] = { PLATEN_HINT_SUBMITTED, PLATEN_HINT_REMOVED };
    platen_hint_t                   hint, back;
    uint8_t                         out[PLATEN_WIRE_LEN];
    size_t                          i;

    (void) state;

    for (i = 0; i < 2; i++) {
        hint.kind = kinds[i];
        assert_int_equal(platen_id_new(&hint.id), PLATEN_OK);
        platen_wire_encode(&hint, out);
        memset(&back, 0xff, sizeof(back));
        assert_int_equal(decode(out, sizeof(out), &back), PLATEN_OK);
        assert_int_equal(back.kind, kinds[i]);
        assert_memory_equal(back.id.b, hint.id.b, 16);
    }
}

static void
test_length(void **state)
{
    uint8_t       in[PLATEN_WIRE_LEN + 10] = { 0 };
    platen_hint_t hint;
    size_t        len;

    (void) state;

    memcpy(in, golden, sizeof(golden));
    for (len = 0; len <= sizeof(in); len++) {
        assert_int_equal(decode(in, len, &hint),
                         len == PLATEN_WIRE_LEN ? PLATEN_OK : PLATEN_CORRUPT);
    }
}

static void
test_magic(void **state)
{
    uint8_t       in[PLATEN_WIRE_LEN];
    platen_hint_t hint;
    int           at, bit;

    (void) state;

    for (at = 0; at < 4; at++) {
        for (bit = 0; bit < 8; bit++) {
            memcpy(in, golden, sizeof(in));
            in[at] ^= (uint8_t) (1 << bit);
            assert_int_equal(decode(in, sizeof(in), &hint), PLATEN_CORRUPT);
        }
    }
}

/* A later version may have another length; version 0 has never been. */
static void
test_version(void **state)
{
    uint8_t       in[PLATEN_WIRE_LEN + 10] = { 0 };
    platen_hint_t hint;
    unsigned      version;

    (void) state;

    memcpy(in, golden, sizeof(golden));
    for (version = 2; version < 256; version++) {
        in[4] = (uint8_t) version;
        assert_int_equal(decode(in, 6, &hint), PLATEN_TOO_NEW);
        assert_int_equal(decode(in, PLATEN_WIRE_LEN, &hint), PLATEN_TOO_NEW);
        assert_int_equal(decode(in, sizeof(in), &hint), PLATEN_TOO_NEW);
    }

    in[4] = 0;
    assert_int_equal(decode(in, PLATEN_WIRE_LEN, &hint), PLATEN_CORRUPT);
    in[4] = 2;
    assert_int_equal(decode(in, 5, &hint), PLATEN_CORRUPT);
}

static void
test_kind(void **state)
{
    uint8_t       in[PLATEN_WIRE_LEN];
    platen_hint_t hint;
    unsigned      kind;

    (void) state;

    memcpy(in, golden, sizeof(in));
    for (kind = 0; kind < 256; kind++) {
        in[5] = (uint8_t) kind;
        assert_int_equal(decode(in, sizeof(in), &hint),
                         kind == 1 || kind == 2 ? PLATEN_OK : PLATEN_CORRUPT);
    }
}

/* News are no hint, and a hint is no news. */
static void
test_news(void **state)
{
    static const uint8_t  want[PLATEN_WIRE_NEWS_LEN] = { 'P', 'L', 'T', 'N', 1, 3, 0,
                                                         0,   0,   1,   2,   3, 4, 5 };
    static const uint64_t seqs[] = { 0, 1, 0x102030405, UINT64_MAX };
    platen_hint_t         hint;
    uint8_t               out[PLATEN_WIRE_NEWS_LEN + 1] = { 0 };
    uint64_t              seq;
    size_t                i;

    (void) state;

    platen_wire_encode_news(0x102030405, out);
    assert_memory_equal(out, want, sizeof(want));
    for (i = 0; i < 4; i++) {
        platen_wire_encode_news(seqs[i], out);
        seq = 7;
        assert_int_equal(platen_wire_decode_news(out, PLATEN_WIRE_NEWS_LEN, &seq), PLATEN_OK);
        assert_int_equal(seq, seqs[i]);
    }

    for (i = 0; i <= sizeof(out); i++) {
        assert_int_equal(platen_wire_decode_news(out, i, &seq),
                         i == PLATEN_WIRE_NEWS_LEN ? PLATEN_OK : PLATEN_CORRUPT);
    }
    assert_int_equal(decode(out, PLATEN_WIRE_NEWS_LEN, &hint), PLATEN_CORRUPT);
    assert_int_equal(platen_wire_decode_news(golden, sizeof(golden), &seq), PLATEN_CORRUPT);
    assert_int_equal(platen_wire_decode_news(golden, PLATEN_WIRE_NEWS_LEN, &seq),
                     PLATEN_CORRUPT);
    out[4] = 2;
    assert_int_equal(platen_wire_decode_news(out, PLATEN_WIRE_NEWS_LEN, &seq), PLATEN_TOO_NEW);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),  cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_length),  cmocka_unit_test(test_magic),
        cmocka_unit_test(test_version), cmocka_unit_test(test_kind),
        cmocka_unit_test(test_news),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
