/*
 * Tests of the store: a batch, its files, and what is left of it when it is gone.  After each
 * step the indexes say what the records say.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storeadmin/check.h"
#include "store_fixture.h"

#define CLIENT PLATEN_STR("alice")

static platen_txn_t txn;
static uint64_t     now = 1000000;

static void
found(void *data, const platen_damage_t *damage)
{
    int *n = data;

    printf("# damage: %s, kind %d\n", damage->db, damage->kind);
    (*n)++;
}

static int
damages(void)
{
    int            n = 0;
    platen_check_t check = { .found = found, .data = &n };

    txn = store_reader();
    while (platen_store_check(&txn, &check, 7) == 1) {
    }
    platen_txn_abort(&txn);
    return n;
}

static void
commit(void)
{
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    assert_int_equal(damages(), 0);
}

static platen_job_t
get(const platen_id_t *id)
{
    platen_job_t job;

    txn = store_reader();
    assert_int_equal(platen_store_get(&txn, id, &job), PLATEN_OK);
    platen_txn_abort(&txn);
    return job;
}

/* One transition of one job, as it is in the store. */
static void
go(const platen_id_t *id, platen_state_t to)
{
    platen_job_t job;

    txn = store_writer();
    assert_int_equal(platen_store_get(&txn, id, &job), PLATEN_OK);
    assert_int_equal(platen_store_transition(&txn, &job, to, ++now), PLATEN_OK);
    commit();
}

static void
rephase(const platen_id_t *id, platen_batch_phase_t phase)
{
    platen_job_t job;

    txn = store_writer();
    assert_int_equal(platen_store_get(&txn, id, &job), PLATEN_OK);
    job.batch = phase;
    assert_int_equal(platen_store_rephase(&txn, &job, ++now), PLATEN_OK);
    commit();
}

/* A batch that has been claimed. */
static platen_id_t
submit(void)
{
    platen_job_t job = {
        .client = CLIENT,
        .ttl = 60,
        .source_format = PLATEN_STR("zip"),
        .target_format = PLATEN_STR("pdf"),
        .input_size = 1000,
    };

    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    txn = store_writer();
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, ++now),
                     PLATEN_OK);
    assert_int_equal(job.batch, PLATEN_BATCH_OPEN);
    commit();
    go(&job.id, PLATEN_STATE_PROCESSING);
    return job.id;
}

static platen_id_t
add_file(const platen_id_t *batch, uint32_t number)
{
    platen_job_t job = {
        .client = CLIENT,
        .ttl = 60,
        .source_format = PLATEN_STR("docx"),
        .target_format = PLATEN_STR("pdf"),
        .input_size = 10,
        .parent = { (const char *) batch->b, 16 },
        .file = number,
        .folder = PLATEN_STR("a"),
    };

    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    txn = store_writer();
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, ++now),
                     PLATEN_OK);
    commit();
    return job.id;
}

static void
skip_entry(const platen_id_t *batch, uint32_t number)
{
    platen_file_t file = {
        .number = number,
        .name = PLATEN_STR("README"),
        .code = PLATEN_STR("unknown_content"),
    };

    txn = store_writer();
    assert_int_equal(platen_store_skip(&txn, batch, &file, ++now), PLATEN_OK);
    /* once more, as after a kill: it is there */
    assert_int_equal(platen_store_skip(&txn, batch, &file, ++now), PLATEN_OK);
    commit();
}

static uint64_t
count(platen_state_t state)
{
    uint64_t n;

    txn = store_reader();
    assert_int_equal(platen_store_count(&txn, CLIENT, state, &n), PLATEN_OK);
    platen_txn_abort(&txn);
    return n;
}

static void
expect_queue(uint64_t all, uint64_t jobs)
{
    uint64_t n;

    txn = store_reader();
    assert_int_equal(platen_store_queue_length(&txn, &n), PLATEN_OK);
    assert_int_equal(n, all);
    assert_int_equal(platen_store_queue_jobs(&txn, &n), PLATEN_OK);
    assert_int_equal(n, jobs);
    platen_txn_abort(&txn);
}

static void
test_a_batch_is_due_when_its_last_file_has_ended(void **state)
{
    platen_id_t    batch = submit(), one, two, ids[4];
    platen_job_t   job;
    platen_event_t events[16];
    int            n, more;

    (void) state;
    one = add_file(&batch, 0);
    skip_entry(&batch, 1);
    two = add_file(&batch, 2);
    expect_queue(2, 0);

    /* A file that ends before all are there does not make it due. */
    go(&one, PLATEN_STATE_PROCESSING);
    go(&one, PLATEN_STATE_SUCCESS);
    assert_int_equal(get(&one).expires_at, 0);
    job = get(&batch);
    assert_int_equal(job.batch, PLATEN_BATCH_OPEN);
    assert_int_equal(job.files, 3);
    assert_int_equal(platen_job_open_files(&job), 1);

    rephase(&batch, PLATEN_BATCH_WORK);
    assert_int_equal(get(&batch).batch, PLATEN_BATCH_WORK);
    go(&two, PLATEN_STATE_PROCESSING);
    assert_int_equal(get(&batch).processing, 1);
    go(&two, PLATEN_STATE_FAILED);

    job = get(&batch);
    assert_int_equal(job.batch, PLATEN_BATCH_DUE);
    assert_int_equal(job.state, PLATEN_STATE_PROCESSING);
    assert_int_equal(job.failed, 1);
    assert_int_equal(job.success, 1);
    expect_queue(1, 1);

    /* One job, whatever is in it. */
    assert_int_equal(count(PLATEN_STATE_NONE), 1);
    txn = store_reader();
    n = platen_store_list(&txn, &(platen_list_t){ .client = CLIENT }, ids, 4, &more);
    assert_int_equal(n, 1);
    assert_memory_equal(ids[0].b, batch.b, 16);

    /* Every event is the batch's; a file's says which. */
    n = platen_store_events(&txn, 0, events, 16);
    assert_int_equal(n, 8);
    assert_memory_equal(events[7].id.data, batch.b, 16);
    assert_int_equal(events[7].file, 3);
    assert_int_equal(events[7].state, PLATEN_STATE_FAILED);
    assert_int_equal(events[0].file, 0);
    platen_txn_abort(&txn);

    rephase(&batch, PLATEN_BATCH_PACK);
    assert_int_equal(get(&batch).epoch, 2);
    expect_queue(0, 0);
    rephase(&batch, PLATEN_BATCH_DUE);
    expect_queue(1, 1);
    rephase(&batch, PLATEN_BATCH_PACK);
    go(&batch, PLATEN_STATE_PARTIAL_SUCCESS);

    /* Again: what has failed is done anew, and the rest stays. */
    go(&batch, PLATEN_STATE_PENDING);
    assert_int_equal(get(&batch).batch, PLATEN_BATCH_OPEN);
    go(&batch, PLATEN_STATE_PROCESSING);
    go(&two, PLATEN_STATE_PENDING);
    assert_int_equal(get(&batch).failed, 0);
    rephase(&batch, PLATEN_BATCH_WORK);
    go(&two, PLATEN_STATE_PROCESSING);
    go(&two, PLATEN_STATE_SUCCESS);
    assert_int_equal(get(&batch).batch, PLATEN_BATCH_DUE);
}

static void
test_a_batch_of_nothing_is_due_at_once(void **state)
{
    platen_id_t  batch = submit();
    platen_job_t job;

    (void) state;
    skip_entry(&batch, 0);
    txn = store_writer();
    assert_int_equal(platen_store_get(&txn, &batch, &job), PLATEN_OK);
    job.batch = PLATEN_BATCH_WORK;
    assert_int_equal(platen_store_rephase(&txn, &job, ++now), PLATEN_OK);
    commit();
    assert_int_equal(get(&batch).batch, PLATEN_BATCH_DUE);
}

static void
test_files_go_after_their_batch(void **state)
{
    platen_id_t  batch = submit();
    platen_job_t removed[2];
    uint64_t     used;
    int          i, n, rc, gone = 0;

    (void) state;
    for (i = 0; i < 5; i++) {
        (void) add_file(&batch, (uint32_t) i);
    }
    skip_entry(&batch, 5);

    txn = store_writer();
    assert_int_equal(platen_store_remove(&txn, &batch, NULL, ++now, NULL), PLATEN_OK);
    commit();
    expect_queue(5, 0);

    do {
        txn = store_writer();
        rc = platen_store_tombstones(&txn, ++now, removed, 2, &n);
        assert_true(rc == 0 || rc == 1);
        gone += n;
        commit();
    } while (rc == 1);
    assert_int_equal(gone, 5);
    expect_queue(0, 0);

    txn = store_reader();
    assert_int_equal(platen_store_usage(&txn, CLIENT, &used), PLATEN_OK);
    assert_int_equal(used, 0);
    platen_txn_abort(&txn);
}

static void
test_indexes_are_made_again_from_the_records(void **state)
{
    platen_id_t  batch = submit(), one = add_file(&batch, 0);
    platen_job_t job;
    uint64_t     jobs;

    (void) state;
    skip_entry(&batch, 1);
    (void) add_file(&batch, 2);
    go(&one, PLATEN_STATE_PROCESSING);

    /* A record that was written past its batch: the count is wrong. */
    txn = store_writer();
    assert_int_equal(platen_store_get(&txn, &batch, &job), PLATEN_OK);
    job.processing = 7;
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, ++now),
                     PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    assert_int_equal(damages(), 1);

    txn = store_writer();
    assert_int_equal(platen_store_rebuild(&txn, &jobs), PLATEN_OK);
    assert_int_equal(jobs, 3);
    commit();
    job = get(&batch);
    assert_int_equal(job.processing, 1);
    assert_int_equal(job.files, 3);
    assert_int_equal(job.skipped, 1);
    expect_queue(2, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_a_batch_is_due_when_its_last_file_has_ended),
        STORE_TEST(test_a_batch_of_nothing_is_due_at_once),
        STORE_TEST(test_files_go_after_their_batch),
        STORE_TEST(test_indexes_are_made_again_from_the_records),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
