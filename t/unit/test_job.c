/* Tests of platen_job: the state machine, the states' names, and the texts of return codes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "job/job.h"

/* Written out by hand: a change of the lifecycle is a change of this list. */
static const struct {
    platen_state_t from, to;
} edges[] = {
    { PLATEN_STATE_NONE, PLATEN_STATE_INITIATED },
    { PLATEN_STATE_NONE, PLATEN_STATE_PENDING },
    { PLATEN_STATE_INITIATED, PLATEN_STATE_INITIATED },
    { PLATEN_STATE_INITIATED, PLATEN_STATE_PENDING },
    { PLATEN_STATE_INITIATED, PLATEN_STATE_CANCELLED },
    { PLATEN_STATE_PENDING, PLATEN_STATE_PROCESSING },
    { PLATEN_STATE_PENDING, PLATEN_STATE_CANCELLED },
    { PLATEN_STATE_PROCESSING, PLATEN_STATE_PENDING },
    { PLATEN_STATE_PROCESSING, PLATEN_STATE_SUCCESS },
    { PLATEN_STATE_PROCESSING, PLATEN_STATE_PARTIAL_SUCCESS },
    { PLATEN_STATE_PROCESSING, PLATEN_STATE_FAILED },
    { PLATEN_STATE_PROCESSING, PLATEN_STATE_CANCELLED },
    { PLATEN_STATE_SUCCESS, PLATEN_STATE_FAILED },
    { PLATEN_STATE_PARTIAL_SUCCESS, PLATEN_STATE_PENDING },
    { PLATEN_STATE_PARTIAL_SUCCESS, PLATEN_STATE_FAILED },
    { PLATEN_STATE_FAILED, PLATEN_STATE_PENDING },
};

static const char *const names[] = { "NONE",    "INITIATED",       "PENDING", "PROCESSING",
                                     "SUCCESS", "PARTIAL_SUCCESS", "FAILED",  "CANCELLED" };

static int
expected(int from, int to)
{
    size_t i;

    for (i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        if ((int) edges[i].from == from && (int) edges[i].to == to) {
            return 1;
        }
    }
    return 0;
}

static void
test_transitions(void **state)
{
    int from, to;

    (void) state;

    for (from = -2; from < 300; from++) {
        for (to = -2; to < 300; to++) {
            if (!!platen_state_allows((platen_state_t) from, (platen_state_t) to)
                != expected(from, to)) {
                fail_msg("%d -> %d: expected %d", from, to, expected(from, to));
            }
        }
    }
}

static void
test_final(void **state)
{
    int s;

    (void) state;

    for (s = -2; s < 300; s++) {
        assert_int_equal(!!platen_state_final((platen_state_t) s), s >= 4 && s <= 7);
    }
}

/* The numbers are stored: they never change. */
static void
test_numbers(void **state)
{
    int s;

    (void) state;

    assert_int_equal(PLATEN_STATES, 8);
    for (s = 0; s < PLATEN_STATES; s++) {
        assert_string_equal(platen_state_name((platen_state_t) s), names[s]);
    }
    assert_string_equal(platen_state_name(PLATEN_STATES), "UNKNOWN");
    assert_string_equal(platen_state_name((platen_state_t) -1), "UNKNOWN");
    assert_string_equal(platen_state_name((platen_state_t) 255), "UNKNOWN");
}

static void
test_parse(void **state)
{
    static const char *const wrong[] = {
        "",         "NONE",    "none",   "PENDIN",  "PENDINGS",        " PENDING",
        "PENDING ", "UNKNOWN", "SUCCES", "PARTIAL", "PARTIAL SUCCESS", "2"
    };
    char   lower[32];
    size_t i, j, len;

    (void) state;

    for (i = 1; i < PLATEN_STATES; i++) {
        len = strlen(names[i]);
        assert_int_equal(platen_state_parse(names[i], len), i);
        for (j = 0; j <= len; j++) {
            lower[j] = (char) tolower((unsigned char) names[i][j]);
        }
        assert_int_equal(platen_state_parse(lower, len), i);
        lower[0] = names[i][0];
        assert_int_equal(platen_state_parse(lower, len), i);
        assert_int_equal(platen_state_parse(names[i], len - 1), PLATEN_STATE_NONE);
    }

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(platen_state_parse(wrong[i], strlen(wrong[i])), PLATEN_STATE_NONE);
    }
    assert_int_equal(platen_state_parse(NULL, 0), PLATEN_STATE_NONE);
    assert_int_equal(platen_state_parse("FAILED\0", 7), PLATEN_STATE_NONE);
    assert_int_equal(platen_state_parse("FAI\0ED", 6), PLATEN_STATE_NONE);
}

/* A number is never used twice, and the table is sorted as the decoder likes it. */
static void
test_field_tables(void **state)
{
    size_t i;

    (void) state;

    assert_int_equal(platen_job_nfields, 59);
    for (i = 0; i < platen_job_nfields; i++) {
        assert_true(i == 0 || platen_job_fields[i].number > platen_job_fields[i - 1].number);
        assert_true(platen_job_fields[i].offset < sizeof(platen_job_t));
        if (i > 0) {
            assert_int_not_equal(platen_job_fields[i].offset, platen_job_fields[i - 1].offset);
        }
    }
    assert_int_equal(platen_event_nfields, 6);
    for (i = 0; i < platen_event_nfields; i++) {
        assert_int_equal(platen_event_fields[i].number, i + 1);
        assert_true(platen_event_fields[i].offset < sizeof(platen_event_t));
    }
}

static void
test_return_codes(void **state)
{
    int i, j;

    (void) state;

    for (i = PLATEN_INVALID; i <= PLATEN_OK; i++) {
        assert_true(strlen(platen_strerror(i)) > 0);
        for (j = PLATEN_INVALID; j < i; j++) {
            assert_string_not_equal(platen_strerror(i), platen_strerror(j));
        }
    }
    assert_string_equal(platen_strerror(1), platen_strerror(PLATEN_ERROR));
    assert_string_equal(platen_strerror(-1000), platen_strerror(PLATEN_ERROR));
}

static void
test_strings(void **state)
{
    (void) state;

    assert_int_equal(platen_str(NULL).len, 0);
    assert_true(platen_str_eq(platen_str(NULL), PLATEN_STR("")));
    assert_true(platen_str_eq(platen_str("a\0b"), PLATEN_STR("a")));
    assert_false(platen_str_eq(PLATEN_STR("a\0b"), PLATEN_STR("a")));
    assert_false(platen_str_eq(PLATEN_STR("a\0b"), PLATEN_STR("a\0c")));
    assert_false(platen_str_eq(PLATEN_STR("A"), PLATEN_STR("a")));
}

static void
test_clocks(void **state)
{
    uint64_t us, ms;

    (void) state;

    us = platen_now_us();
    ms = platen_boottime_ms();
    assert_in_range(us, UINT64_C(1600000000000000), UINT64_C(4100000000000000));
    assert_true(platen_boottime_ms() >= ms);
    assert_true(platen_boottime_ms() - ms < 10000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transitions),  cmocka_unit_test(test_final),
        cmocka_unit_test(test_numbers),      cmocka_unit_test(test_parse),
        cmocka_unit_test(test_field_tables), cmocka_unit_test(test_return_codes),
        cmocka_unit_test(test_strings),      cmocka_unit_test(test_clocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
