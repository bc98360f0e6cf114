/* Times in RFC 3339. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "base/timestamp.h"

static void
test_times(void **state)
{
    static const struct {
        uint64_t    us;
        const char *text;
    } times[] = {
        { 0, "1970-01-01T00:00:00.000000Z" },
        { 1, "1970-01-01T00:00:00.000001Z" },
        { UINT64_C(951827696123456), "2000-02-29T12:34:56.123456Z" },
        { UINT64_C(1796054400999999), "2026-11-30T16:00:00.999999Z" },
        { UINT64_C(253402300799000000), "9999-12-31T23:59:59.000000Z" },
        { UINT64_MAX, "9999-12-31T23:59:59.551615Z" },
    };
    char   out[PLATEN_TIMESTAMP_LEN + 1];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        assert_string_equal(platen_timestamp(times[i].us, out), times[i].text);
    }
    assert_string_equal(platen_timestamp_seconds(1999999, out), "1970-01-01T00:00:01Z");
}

/* Each day of four centuries, as the C library has it, and some of each later year. */
static void
test_days(void **state)
{
    const time_t last = 253402300799;
    char         out[PLATEN_TIMESTAMP_SECONDS_LEN + 1], expected[64];
    struct tm    tm;
    time_t       at;

    (void) state;
    for (at = 0; at <= last; at += at < (time_t) 146097 * 86400 ? 86399 : 13 * 86400 + 4711) {
        assert_non_null(gmtime_r(&at, &tm));
        snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02dZ",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
                 tm.tm_sec);
        assert_string_equal(platen_timestamp_seconds((uint64_t) at * 1000000, out), expected);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_times),
                                        cmocka_unit_test(test_days) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
