/* Tests of the queue of platen_store: whose turn it is, what is urgent, what comes back. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

static uint64_t now = 1000000;

/* The jobs as they are claimed, one after the other, as the index of jobs[]. */
static void
claim_all(platen_txn_t *txn, platen_job_t *jobs, int n, uint64_t max_running, int *order)
{
    platen_queue_cursor_t at;
    platen_id_t           id;
    int                   i, j;

    for (i = 0; i < n; i++) {
        memset(&at, 0, sizeof(at));
        if (platen_store_queue_next(txn, &at, max_running, &id) != PLATEN_OK) {
            break;
        }
        for (j = 0; memcmp(jobs[j].id.b, id.b, 16) != 0; j++) {
            assert_true(j < n);
        }
        order[i] = j;
        assert_int_equal(platen_store_transition(txn, &jobs[j], PLATEN_STATE_PROCESSING, now),
                         PLATEN_OK);
    }
    if (i < n) {
        order[i] = -1;
    }
}

static void
test_queue(void **state)
{
    platen_txn_t          txn = store_writer();
    platen_queue_cursor_t at = { .turn_len = 0 };
    platen_job_t          jobs[4];
    platen_id_t           id;
    uint64_t              position;
    int                   i;

    (void) state;

    assert_int_equal(platen_store_queue_next(&txn, &at, 0, &id), PLATEN_NOT_FOUND);
    for (i = 0; i < 4; i++) {
        jobs[i] = store_submit(&txn, "a", now);
        assert_int_equal(platen_store_queue_position(&txn, &jobs[i], &position), PLATEN_OK);
        assert_int_equal(position, i + 1);
    }

    /* One client's come in their order; a look goes on where it was. */
    memset(&at, 0, sizeof(at));
    for (i = 0; i < 4; i++) {
        assert_int_equal(platen_store_queue_next(&txn, &at, 0, &id), PLATEN_OK);
        assert_memory_equal(id.b, jobs[i].id.b, 16);
    }
    assert_int_equal(platen_store_queue_next(&txn, &at, 0, &id), PLATEN_NOT_FOUND);

    /* One that comes back goes to the end; the others move up. */
    assert_int_equal(platen_store_transition(&txn, &jobs[0], PLATEN_STATE_PROCESSING, now),
                     PLATEN_OK);
    assert_int_equal(platen_store_queue_position(&txn, &jobs[0], &position), PLATEN_OK);
    assert_int_equal(position, 0);
    assert_int_equal(platen_store_queue_position(&txn, &jobs[1], &position), PLATEN_OK);
    assert_int_equal(position, 1);
    assert_int_equal(platen_store_transition(&txn, &jobs[0], PLATEN_STATE_PENDING, now),
                     PLATEN_OK);
    assert_int_equal(platen_store_queue_position(&txn, &jobs[0], &position), PLATEN_OK);
    assert_int_equal(position, 4);
    platen_txn_abort(&txn);
}

/* One client's many do not keep another's few waiting, whoever came first. */
static void
test_turns(void **state)
{
    static const char *const who[] = { "a", "a", "a", "a", "a", "a", "b", "b", "c" };
    static const int         expected[] = { 0, 1, 6, 8, 2, 7, 3, 4, 5 };
    platen_txn_t             txn = store_writer();
    platen_job_t             jobs[9];
    uint64_t                 position;
    int                      i, order[9], mine = 0;

    (void) state;
    for (i = 0; i < 9; i++) {
        jobs[i] = store_submit(&txn, who[i], now);
    }
    /* The first is next; each other client may have two turns before the first of c's. */
    assert_int_equal(platen_store_queue_position(&txn, &jobs[0], &position), PLATEN_OK);
    assert_int_equal(position, 1);
    assert_int_equal(platen_store_queue_position(&txn, &jobs[1], &position), PLATEN_OK);
    assert_int_equal(position, 4);
    assert_int_equal(platen_store_queue_position(&txn, &jobs[8], &position), PLATEN_OK);
    assert_int_equal(position, 5);

    claim_all(&txn, jobs, 9, 0, order);
    for (i = 0; i < 9; i++) {
        assert_int_equal(order[i], expected[i]);
    }

    /* With two running at most of each, the rest waits for their ends. */
    for (i = 0; i < 9; i++) {
        assert_int_equal(platen_store_transition(&txn, &jobs[i], PLATEN_STATE_PENDING, now),
                         PLATEN_OK);
    }
    claim_all(&txn, jobs, 9, 2, order);
    for (i = 0; order[i] != -1; i++) {
        mine += order[i] < 6;
    }
    assert_int_equal(i, 5);
    assert_int_equal(mine, 2);
    platen_txn_abort(&txn);
}

/* Going away and coming back is no way to get more turns than those who wait. */
static void
test_coming_back(void **state)
{
    platen_txn_t          txn = store_writer();
    platen_queue_cursor_t at;
    platen_job_t          many[8], one;
    platen_id_t           id;
    int                   i, ours = 0;

    (void) state;
    for (i = 0; i < 8; i++) {
        many[i] = store_submit(&txn, "z", now);
    }
    one = store_submit(&txn, "a", now);
    for (i = 0; i < 10; i++) {
        memset(&at, 0, sizeof(at));
        assert_int_equal(platen_store_queue_next(&txn, &at, 0, &id), PLATEN_OK);
        if (memcmp(id.b, one.id.b, 16) == 0) {
            assert_int_equal(platen_store_transition(&txn, &one, PLATEN_STATE_PROCESSING, now),
                             PLATEN_OK);
            one = store_submit(&txn, "a", now);
            ours++;
        } else {
            assert_int_equal(
                platen_store_transition(&txn, &many[i - ours], PLATEN_STATE_PROCESSING, now),
                PLATEN_OK);
        }
    }
    assert_in_range(ours, 4, 6);
    platen_txn_abort(&txn);
}

/* A client's urgent jobs go before its own, and not before another's. */
static void
test_priority(void **state)
{
    static const uint8_t priorities[] = { PLATEN_PRIORITY_LOW, PLATEN_PRIORITY_NORMAL,
                                          PLATEN_PRIORITY_HIGH, PLATEN_PRIORITY_HIGH,
                                          PLATEN_PRIORITY_NORMAL };
    static const int     expected[] = { 2, 5, 3, 1, 4, 0 };
    platen_txn_t         txn = store_writer();
    platen_job_t         jobs[6];
    uint64_t             position;
    int                  i, order[6];

    (void) state;
    for (i = 0; i < 5; i++) {
        jobs[i] = (platen_job_t){ .client = PLATEN_STR("a"), .priority = priorities[i] };
        assert_int_equal(platen_id_new(&jobs[i].id), PLATEN_OK);
        assert_int_equal(platen_store_transition(&txn, &jobs[i], PLATEN_STATE_PENDING, now),
                         PLATEN_OK);
    }
    assert_int_equal(platen_store_queue_position(&txn, &jobs[4], &position), PLATEN_OK);
    assert_int_equal(position, 4);
    assert_int_equal(platen_store_queue_position(&txn, &jobs[0], &position), PLATEN_OK);
    assert_int_equal(position, 5);

    jobs[5] = store_submit(&txn, "b", now);
    claim_all(&txn, jobs, 6, 0, order);
    assert_int_equal(order[0], expected[0]);
    for (i = 0; i < 6; i++) {
        if (order[i] == 5) {
            assert_in_range(i, 1, 2);
        }
    }

    jobs[0].priority = PLATEN_PRIORITIES;
    assert_int_equal(platen_store_transition(&txn, &jobs[0], PLATEN_STATE_PENDING, now),
                     PLATEN_INVALID);
    platen_txn_abort(&txn);
}

/* A job may be retried after its end, as if it were new; the epoch goes on. */
static void
test_retry(void **state)
{
    platen_txn_t txn = store_writer();
    platen_job_t job = store_submit(&txn, "c", now);

    (void) state;
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PROCESSING, now),
                     PLATEN_OK);
    job.crashes = 2;
    job.lost_attempts = 1;
    job.host_failures = 3;
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_FAILED, now), PLATEN_OK);
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, now), PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, &job.id, &job), PLATEN_OK);
    assert_int_equal(job.attempts + job.crashes + job.lost_attempts + job.host_failures, 0);
    assert_int_equal(job.epoch, 1);
    assert_int_equal(job.expires_at, 0);
    platen_txn_abort(&txn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_queue),    STORE_TEST(test_turns), STORE_TEST(test_coming_back),
        STORE_TEST(test_priority), STORE_TEST(test_retry),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
