/* Tests of platen_event: every state has a name, and the last ones are known. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/event.h"

static void
test_names(void **state)
{
    int i, j;

    (void) state;

    assert_string_equal(platen_event_name(PLATEN_STATE_PROCESSING), "job_processing");
    assert_string_equal(platen_event_name(PLATEN_STATE_SUCCESS), "job_done");
    assert_string_equal(platen_event_name(PLATEN_STATE_PARTIAL_SUCCESS), "job_done");
    assert_string_equal(platen_event_name(PLATEN_STATE_FAILED), "job_failed");
    assert_string_equal(platen_event_name(PLATEN_STATE_NONE), "job_removed");
    for (i = 0; i < PLATEN_STATES; i++) {
        assert_non_null(platen_event_name((uint8_t) i));
        for (j = 0; j < i; j++) {
            assert_true(
                i == PLATEN_STATE_PARTIAL_SUCCESS
                || strcmp(platen_event_name((uint8_t) i), platen_event_name((uint8_t) j)) != 0);
        }
    }
    assert_string_equal(platen_event_name(PLATEN_STATES), "job_changed");
    assert_string_equal(platen_event_name(255), "job_changed");
}

static void
test_last(void **state)
{
    int i, last;

    (void) state;
    for (i = 0; i < 256; i++) {
        last = i == PLATEN_STATE_NONE || i == PLATEN_STATE_SUCCESS
               || i == PLATEN_STATE_PARTIAL_SUCCESS || i == PLATEN_STATE_FAILED
               || i == PLATEN_STATE_CANCELLED;
        assert_int_equal(platen_event_last(&(platen_event_t){ .state = (uint8_t) i }) != 0,
                         last);
    }
}

/* A file of a batch is told of under the batch's id: it never ends a stream. */
static void
test_files(void **state)
{
    platen_event_t event = { .file = 1 };
    int            i;

    (void) state;
    for (i = 0; i < 256; i++) {
        event.state = (uint8_t) i;
        assert_false(platen_event_last(&event));
        assert_int_equal(strncmp(platen_event_title(&event), "file_", 5), 0);
    }
    event.state = PLATEN_STATE_SUCCESS;
    assert_string_equal(platen_event_title(&event), "file_done");
    event.file = 0;
    assert_string_equal(platen_event_title(&event), "job_done");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_last),
        cmocka_unit_test(test_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
