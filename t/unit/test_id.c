/* Tests of platen_id: layout of RFC 9562, order in time, and strict parsing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/platen.h"
#include "base/id.h"

#define TICK_CHARS 18 /* "xxxxxxxx-xxxx-7xxx": the time, 48 + 12 bits */

/* RFC 9562, appendix A.6. */
static const char        rfc_text[] = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";
static const platen_id_t rfc_id = { { 0x01, 0x7f, 0x22, 0xe2, 0x79, 0xb0, 0x7c, 0xc3, 0x98,
                                      0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f } };

/* Milliseconds * 4096 + fraction, as the id has it. */
static uint64_t
id_ticks(const platen_id_t *id)
{
    uint64_t ms = 0;
    int      i;

    for (i = 0; i < 6; i++) {
        ms = ms << 8 | id->b[i];
    }
    return ms << 12 | (uint64_t) (id->b[6] & 0x0f) << 8 | id->b[7];
}

static uint64_t
clock_ticks(void)
{
    struct timespec ts;
    uint64_t        ns;

    clock_gettime(CLOCK_REALTIME, &ts);
    ns = (uint64_t) ts.tv_nsec;
    return ((uint64_t) ts.tv_sec * 1000 + ns / 1000000) << 12 | (ns % 1000000) * 4096 / 1000000;
}

/* Parses an exact-size copy, so that a read too far is seen. */
static int
parse(const char *text, size_t len, platen_id_t *id)
{
    char *copy = malloc(len == 0 ? 1 : len);
    int   rc;

    assert_non_null(copy);
    memcpy(copy, text, len);
    rc = platen_id_parse(copy, len, id);
    free(copy);
    return rc;
}

static void
test_version_and_variant(void **state)
{
    platen_id_t id;
    uint8_t     ones[16] = { 0 }, zeros[16] = { 0 };
    int         i, j;

    (void) state;

    for (i = 0; i < 1000; i++) {
        assert_int_equal(platen_id_new(&id), PLATEN_OK);
        assert_int_equal(id.b[6] >> 4, 7);
        assert_int_equal(id.b[8] >> 6, 2);
        for (j = 0; j < 16; j++) {
            ones[j] |= id.b[j];
            zeros[j] |= (uint8_t) ~id.b[j];
        }
    }

    /* Each of the 62 random bits has been both; by chance: 1 in 2^993. */
    assert_int_equal(ones[8], 0xbf);
    assert_int_equal(zeros[8], 0x7f);
    for (j = 9; j < 16; j++) {
        assert_int_equal(ones[j], 0xff);
        assert_int_equal(zeros[j], 0xff);
    }
}

static void
test_time(void **state)
{
    platen_id_t id;
    uint64_t    before, after;
    int         i;

    (void) state;

    for (i = 0; i < 1000; i++) {
        before = clock_ticks();
        assert_int_equal(platen_id_new(&id), PLATEN_OK);
        after = clock_ticks();
        assert_in_range(id_ticks(&id), before, after);
    }
}

static void
test_order(void **state)
{
    platen_id_t id, last = { { 0 } };
    char        text[PLATEN_ID_TEXT + 1], last_text[PLATEN_ID_TEXT + 1];
    int         i, later = 0, text_order, byte_order;

    (void) state;

    platen_id_format(&last, last_text);
    for (i = 0; i < 100000; i++) {
        assert_int_equal(platen_id_new(&id), PLATEN_OK);
        platen_id_format(&id, text);

        assert_true(strncmp(last_text, text, TICK_CHARS) <= 0);
        text_order = strcmp(last_text, text);
        byte_order = memcmp(last.b, id.b, sizeof(id.b));
        assert_int_not_equal(byte_order, 0);
        assert_int_equal(text_order < 0, byte_order < 0);
        if (id_ticks(&id) > id_ticks(&last)) {
            assert_true(text_order < 0);
            later++;
        }

        last = id;
        memcpy(last_text, text, sizeof(text));
    }

    /* The fraction moves: milliseconds alone would give some hundred steps. */
    assert_true(later > 10000);
}

static void
test_round_trip(void **state)
{
    platen_id_t id, back;
    char        text[PLATEN_ID_TEXT + 1];
    int         i;

    (void) state;

    platen_id_format(&rfc_id, text);
    assert_string_equal(text, rfc_text);
    assert_int_equal(parse(rfc_text, PLATEN_ID_TEXT, &back), PLATEN_OK);
    assert_memory_equal(back.b, rfc_id.b, 16);

    for (i = 0; i < 1000; i++) {
        assert_int_equal(platen_id_new(&id), PLATEN_OK);
        platen_id_format(&id, text);
        assert_int_equal(strlen(text), PLATEN_ID_TEXT);
        assert_int_equal(parse(text, PLATEN_ID_TEXT, &back), PLATEN_OK);
        assert_memory_equal(back.b, id.b, 16);
    }
}

static void
test_upper_case(void **state)
{
    platen_id_t id;

    (void) state;

    assert_int_equal(parse("017F22E2-79B0-7CC3-98C4-DC0C0C07398F", PLATEN_ID_TEXT, &id),
                     PLATEN_OK);
    assert_memory_equal(id.b, rfc_id.b, 16);
    assert_int_equal(parse("017f22E2-79B0-7cC3-98c4-dC0c0c07398F", PLATEN_ID_TEXT, &id),
                     PLATEN_OK);
    assert_memory_equal(id.b, rfc_id.b, 16);
}

static void
test_wrong_length(void **state)
{
    char        text[PLATEN_ID_TEXT + 5] = "";
    platen_id_t id;
    size_t      len;

    (void) state;

    memcpy(text, rfc_text, PLATEN_ID_TEXT);
    memset(text + PLATEN_ID_TEXT, '0', 4);
    for (len = 0; len <= PLATEN_ID_TEXT + 4; len++) {
        assert_int_equal(parse(text, len, &id),
                         len == PLATEN_ID_TEXT ? PLATEN_OK : PLATEN_INVALID);
    }
    assert_int_equal(platen_id_parse(NULL, 0, &id), PLATEN_INVALID);
}

/* Every byte value at every place: 9,216 texts, of which the grammar says which are ids. */
static void
test_every_byte(void **state)
{
    char        text[PLATEN_ID_TEXT + 1];
    platen_id_t id;
    unsigned    at, c;
    int         valid;

    (void) state;

    for (at = 0; at < PLATEN_ID_TEXT; at++) {
        for (c = 0; c < 256; c++) {
            memcpy(text, rfc_text, sizeof(text));
            text[at] = (char) c;
            if (at == 8 || at == 13 || at == 18 || at == 23) {
                valid = c == '-';
            } else if (at == 14) {
                valid = c == '7';
            } else if (at == 19) {
                valid = c != 0 && memchr("89abAB", (int) c, 6) != NULL;
            } else {
                valid = c != 0 && memchr("0123456789abcdefABCDEF", (int) c, 22) != NULL;
            }
            if ((parse(text, PLATEN_ID_TEXT, &id) == PLATEN_OK) != valid) {
                fail_msg("byte 0x%02x at %u: expected %s", c, at, valid ? "an id" : "none");
            }
        }
    }
}

static void
test_dashes_misplaced(void **state)
{
    static const char *const wrong[] = {
        "017f22e279b0-7cc3-98c4-dc0c0c07398f-", "-017f22e279b0-7cc3-98c4-dc0c0c07398f",
        "017f22e-279b0-7cc3-98c4-dc0c0c07398f", "017f22e27-9b0-7cc3-98c4-dc0c0c07398f",
        "017f22e2-79b07-cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc39-8c4-dc0c0c07398f",
        "017f22e2-79b0-7cc3-98c4d-c0c0c07398f", "017f22e2--79b07cc3-98c4-dc0c0c07398f",
        "{017f22e2-79b0-7cc3-98c4-dc0c0c0739}", "017f22e279b07cc398c4dc0c0c07398f0000",
        "------------------------------------", "017f22e2_79b0_7cc3_98c4_dc0c0c07398f",
    };
    platen_id_t id;
    size_t      i;

    (void) state;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(strlen(wrong[i]), PLATEN_ID_TEXT);
        assert_int_equal(parse(wrong[i], PLATEN_ID_TEXT, &id), PLATEN_INVALID);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version_and_variant),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_upper_case),
        cmocka_unit_test(test_wrong_length),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_dashes_misplaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
