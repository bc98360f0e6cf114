/*
 * Tests of the store: a document from its announcement to the queue, which expires on the
 * way unless it is taken further.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_fixture.h"

#define CLIENT PLATEN_STR("alice")

/* Announced at `now`, to expire at `expires_at`. */
static platen_job_t
announce(uint64_t now, uint64_t expires_at)
{
    platen_job_t job = {
        .client = CLIENT,
        .ttl = 60,
        .expires_at = expires_at,
        .content_type = PLATEN_STR("text/plain"),
    };
    platen_txn_t txn;

    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    assert_int_equal(platen_txn_write(store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_INITIATED, now),
                     PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    return job;
}

static int
expired(uint64_t now)
{
    platen_txn_t txn;
    platen_id_t  ids[4];
    int          n;

    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    n = platen_store_expired(&txn, now, ids, 4);
    platen_txn_abort(&txn);
    return n;
}

static uint64_t
usage(void)
{
    platen_txn_t txn;
    uint64_t     bytes;

    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_usage(&txn, CLIENT, &bytes), PLATEN_OK);
    platen_txn_abort(&txn);
    return bytes;
}

static uint64_t
count(platen_state_t state)
{
    platen_txn_t txn;
    uint64_t     n;

    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_count(&txn, CLIENT, state, &n), PLATEN_OK);
    platen_txn_abort(&txn);
    return n;
}

static void
test_expires(void **state)
{
    platen_job_t job = announce(1000, 5000);
    platen_txn_t txn;

    (void) state;

    assert_int_equal(job.created_at, 1000);
    assert_int_equal(job.updated_at, 1000);
    assert_int_equal(count(PLATEN_STATE_INITIATED), 1);
    assert_int_equal(usage(), 0);
    assert_int_equal(expired(4999), 0);
    assert_int_equal(expired(5000), 1);

    assert_int_equal(platen_txn_write(store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_remove(&txn, &job.id, NULL, 6000, NULL), PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    assert_int_equal(expired(UINT64_MAX), 0);
    assert_int_equal(count(PLATEN_STATE_INITIATED), 0);
}

/* The bytes come, which counts for its client and gives it more time; then it is enqueued. */
static void
test_stored_and_enqueued(void **state)
{
    platen_job_t job = announce(1000, 5000), read;
    platen_txn_t txn;
    uint64_t     length;

    (void) state;

    job.input_size = 100;
    job.input_sha256 = PLATEN_STR("01234567890123456789012345678901");
    job.expires_at = 9000;
    assert_int_equal(platen_txn_write(store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_INITIATED, 2000),
                     PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);

    assert_int_equal(count(PLATEN_STATE_INITIATED), 1);
    assert_int_equal(count(PLATEN_STATE_NONE), 1);
    assert_int_equal(usage(), 100);
    assert_int_equal(expired(5000), 0);
    assert_int_equal(expired(9000), 1);

    assert_int_equal(platen_txn_write(store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, &job.id, &read), PLATEN_OK);
    assert_int_equal(read.created_at, 1000);
    assert_int_equal(read.updated_at, 2000);
    assert_int_equal(read.expires_at, 9000);
    assert_int_equal(platen_store_transition(&txn, &read, PLATEN_STATE_PENDING, 3000),
                     PLATEN_OK);
    assert_int_equal(platen_store_queue_length(&txn, &length), PLATEN_OK);
    assert_int_equal(length, 1);
    /* There is no way back. */
    assert_int_equal(platen_store_transition(&txn, &read, PLATEN_STATE_INITIATED, 3000),
                     PLATEN_INVALID_TRANSITION);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);

    assert_int_equal(expired(UINT64_MAX), 0);
    assert_int_equal(count(PLATEN_STATE_INITIATED), 0);
    assert_int_equal(usage(), 100);

    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, &job.id, &read), PLATEN_OK);
    assert_int_equal(read.expires_at, 0);
    assert_int_equal(read.updated_at, 3000);
    assert_true(platen_str_eq(read.content_type, PLATEN_STR("text/plain")));
    platen_txn_abort(&txn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_expires),
        STORE_TEST(test_stored_and_enqueued),
    };

    return cmocka_run_group_tests_name("platen_store, INITIATED", tests, NULL, NULL);
}
