/*
 * What tests of the store share: one in a directory of its own, open as long as a test, and
 * transactions of it that must begin and end well.  Included by one test program, after
 * cmocka.h.
 */

#ifndef PLATEN_TEST_STORE_FIXTURE_H
#define PLATEN_TEST_STORE_FIXTURE_H

#include "store/store.h"
#include "scratch.h"

#define MAP_SIZE ((size_t) 16 << 20)

static char            scratch[SCRATCH_MAX], path[SCRATCH_MAX + 8], err[512];
static platen_store_t *store;

static inline int
store_open(void)
{
    err[0] = '\0';
    return platen_store_open(&store, path, MAP_SIZE, err, sizeof(err));
}

static inline int
store_setup(void **state)
{
    (void) state;
    if (scratch_make(scratch) != 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/store", scratch);
    return store_open();
}

static inline int
store_teardown(void **state)
{
    (void) state;
    platen_store_close(&store);
    scratch_remove(scratch);
    return 0;
}

static inline platen_txn_t
store_writer(void)
{
    platen_txn_t txn;

    assert_int_equal(platen_txn_write(store, &txn), PLATEN_OK);
    return txn;
}

static inline platen_txn_t
store_reader(void)
{
    platen_txn_t txn;

    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    return txn;
}

static inline void
store_commit(platen_txn_t *txn)
{
    assert_int_equal(platen_txn_commit(txn), PLATEN_OK);
}

/* A new PENDING job of that client in the transaction. */
static inline platen_job_t
store_submit(platen_txn_t *txn, const char *client, uint64_t now)
{
    platen_job_t job = { .client = platen_str(client), .ttl = 60 };

    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    assert_int_equal(platen_store_transition(txn, &job, PLATEN_STATE_PENDING, now), PLATEN_OK);
    return job;
}

/* A test with a new store. */
#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, store_setup, store_teardown)

#endif
