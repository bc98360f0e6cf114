/* Tests of the outbox of platen_store: events in their order, and those that have gone. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

static uint64_t now = 1000000;

/* A clock that was wrong once: its events go with those around them, and hold none up. */
static void
test_events_of_the_future(void **state)
{
    platen_txn_t   txn = store_writer();
    platen_event_t events[32];
    int            i;

    (void) state;

    for (i = 0; i < 4; i++) {
        now = (uint64_t) (1000 + i);
        store_submit(&txn, "c", now);
    }
    for (i = 0; i < 6; i++) {
        now = UINT64_C(9000000);
        store_submit(&txn, "c", now);
    }
    /* All that came after says nothing of the past: they stay. */
    assert_int_equal(platen_store_trim_events(&txn, 1500, 1600, 100), 4);
    assert_int_equal(platen_store_trim_events(&txn, 1500, 1600, 100), 0);
    for (i = 0; i < 4; i++) {
        now = (uint64_t) (2000 + i);
        store_submit(&txn, "c", now);
    }
    assert_int_equal(platen_store_events(&txn, 0, events, 32), 10);

    /* The next that says something is young, then old. */
    assert_int_equal(platen_store_trim_events(&txn, 2000, 3000, 100), 0);
    assert_int_equal(platen_store_trim_events(&txn, 2001, 3000, 2), 2);
    assert_int_equal(platen_store_trim_events(&txn, 2001, 3000, 100), 5);
    assert_int_equal(platen_store_events(&txn, 0, events, 32), 3);
    assert_int_equal(events[0].time, 2001);
    assert_int_equal(platen_store_trim_events(&txn, UINT64_MAX, UINT64_MAX, 100), 2);
    platen_txn_abort(&txn);
}

/* More of them than are looked through: the oldest go. */
static void
test_events_of_a_long_future(void **state)
{
    platen_txn_t txn = store_writer();
    uint64_t     first, last;
    int          i;

    (void) state;

    now = UINT64_C(9000000);
    for (i = 0; i < PLATEN_EVENTS_AHEAD + 5; i++) {
        store_submit(&txn, "c", now);
    }
    assert_int_equal(platen_store_trim_events(&txn, 10, 20, 3), 3);
    assert_int_equal(platen_store_trim_events(&txn, 10, 20, 100), 1);
    assert_int_equal(platen_store_trim_events(&txn, 10, 20, 100), 0);
    assert_int_equal(platen_store_events_span(&txn, &first, &last), PLATEN_OK);
    assert_int_equal(last - first, PLATEN_EVENTS_AHEAD);
    platen_txn_abort(&txn);
}

static void
test_events(void **state)
{
    platen_txn_t   txn = store_writer();
    platen_event_t events[32];
    uint64_t       seq, first, last;
    int            i;

    (void) state;

    assert_int_equal(platen_store_events(&txn, 0, events, 32), 0);
    assert_int_equal(platen_store_trim_events(&txn, UINT64_MAX, UINT64_MAX, 10), 0);
    assert_int_equal(platen_store_events_span(&txn, &first, &last), PLATEN_OK);
    assert_int_equal(first, 0);
    assert_int_equal(last, 0);
    for (i = 0; i < 20; i++) {
        now = (uint64_t) (1000 + i / 2);
        store_submit(&txn, "c", now);
    }
    assert_int_equal(platen_store_events(&txn, 0, events, 32), 20);
    for (i = 0; i < 20; i++) {
        assert_int_equal(events[i].seq, i + 1);
        assert_int_equal(events[i].state, PLATEN_STATE_PENDING);
    }
    assert_int_equal(platen_store_events(&txn, 15, events, 3), 3);
    assert_int_equal(events[0].seq, 16);
    assert_int_equal(platen_store_events(&txn, 20, events, 3), 0);

    /* Older than, at most so many, and never the newest. */
    assert_int_equal(platen_store_trim_events(&txn, 1000, UINT64_MAX, 100), 0);
    assert_int_equal(platen_store_trim_events(&txn, 1002, UINT64_MAX, 3), 3);
    assert_int_equal(platen_store_events_span(&txn, &first, &last), PLATEN_OK);
    assert_int_equal(first, 4);
    assert_int_equal(last, 20);
    assert_int_equal(platen_store_trim_events(&txn, 1002, UINT64_MAX, 100), 1);
    assert_int_equal(platen_store_trim_events(&txn, 1002, UINT64_MAX, 100), 0);
    assert_int_equal(platen_store_trim_events(&txn, UINT64_MAX, UINT64_MAX, 0), 0);
    assert_int_equal(platen_store_trim_events(&txn, UINT64_MAX, UINT64_MAX, 100), 15);
    assert_int_equal(platen_store_trim_events(&txn, UINT64_MAX, UINT64_MAX, 100), 0);
    assert_int_equal(platen_store_events(&txn, 0, events, 32), 1);
    assert_int_equal(events[0].seq, 20);

    /* Numbers go on after the newest, also in a store that was closed. */
    store_commit(&txn);
    platen_store_close(&store);
    assert_int_equal(store_open(), PLATEN_OK);
    txn = store_writer();
    seq = store_submit(&txn, "c", now).change_seq;
    assert_int_equal(seq, 21);
    platen_txn_abort(&txn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_events),
        STORE_TEST(test_events_of_the_future),
        STORE_TEST(test_events_of_a_long_future),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
