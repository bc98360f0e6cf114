/* Tests of platen_prefer: what a Prefer header may say, and how it may be wrong. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "http/prefer.h"

/* Reads an exact-size copy, so that a read too far is seen. */
static platen_prefer_t
read_text(const char *text)
{
    platen_prefer_t prefer = { 0 };
    size_t          len = strlen(text);
    char           *copy = malloc(len == 0 ? 1 : len);

    assert_non_null(copy);
    memcpy(copy, text, len);
    platen_prefer_read(&prefer, copy, len);
    free(copy);
    return prefer;
}

static void
test_wait(void **state)
{
    static const struct {
        const char *text;
        uint32_t    wait;
    } good[] = {
        { "wait=10", 10 },
        { "WAIT=10", 10 },
        { "wait = 10", 10 },
        { " wait\t=\t\"10\" ", 10 },
        { "wait=0", 0 },
        { "wait=007", 7 },
        { "wait=10; a=b; c", 10 },
        { "wait=10;a=\"x,wait=5\"", 10 },
        { "respond-async, wait=10", 10 },
        { "return=minimal,,wait=10, wait=20", 10 },
        { "a=\"x, wait=5\\\", wait=6\", wait=7", 7 },
        { "wait=x, wait=5", 5 },
        { "wait=86400", 86400 },
        { "wait=86401", PLATEN_PREFER_WAIT_MAX },
        { "wait=99999999999999999999999", PLATEN_PREFER_WAIT_MAX },
    };
    platen_prefer_t prefer;
    size_t          i;

    (void) state;
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        prefer = read_text(good[i].text);
        if (!prefer.has_wait || prefer.wait != good[i].wait) {
            fail_msg("%s: %d %u", good[i].text, prefer.has_wait, prefer.wait);
        }
    }
}

static void
test_no_wait(void **state)
{
    static const char *const bad[] = {
        "",         "wait",     "wait=",      "wait=-1",    "wait=1.5",        "wait=1s",
        "wait=1 2", "wait=\"1", "waits=1",    "x-wait=1",   "wait: 1",         "=1",
        "wait==1",  "a;wait=1", "\"wait\"=1", "wait=\"\"",  "wait=\"1\"\"2\"", "(wait=1)",
        "\\",       "\"\\",     "a=\"wait=1", ",,, ; ; =,", "wait=+1",         "wait\n=1",
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (read_text(bad[i]).has_wait) {
            fail_msg("%s", bad[i]);
        }
    }
}

static void
test_async(void **state)
{
    (void) state;
    assert_true(read_text("respond-async").async);
    assert_true(read_text("wait=1, Respond-Async; x").async);
    assert_true(read_text("respond-async=\"\"").async);
    assert_false(read_text("respond-asyn").async);
    assert_false(read_text("respond-async2").async);
    assert_false(read_text("a=respond-async").async);
    assert_false(read_text("").async);
}

/* Several headers are one list. */
static void
test_lines(void **state)
{
    platen_prefer_t prefer = { 0 };

    (void) state;
    platen_prefer_read(&prefer, "a=b", 3);
    platen_prefer_read(&prefer, "wait=3", 6);
    platen_prefer_read(&prefer, "wait=4, respond-async", 21);
    assert_true(prefer.has_wait);
    assert_int_equal(prefer.wait, 3);
    assert_true(prefer.async);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_no_wait),
        cmocka_unit_test(test_async),
        cmocka_unit_test(test_lines),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
