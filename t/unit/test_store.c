/* Tests of platen_store: opening, transactions, every error code, order, and damaged stores. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "store_fixture.h"

#define LONGEST "0123456789012345678901234567890123456789012345678901234567890123"

static uint64_t now = 1000000;

static void
commit(platen_txn_t *txn)
{
    assert_int_equal(platen_txn_commit(txn), PLATEN_OK);
}

/* A new PENDING job of that client in the transaction. */
static platen_job_t
submit(platen_txn_t *txn, const char *client)
{
    platen_job_t job = { .client = platen_str(client), .ttl = 60 };

    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    assert_int_equal(platen_store_transition(txn, &job, PLATEN_STATE_PENDING, now), PLATEN_OK);
    return job;
}

/* The first of the queue, as a return code. */
static int
next(platen_txn_t *txn, platen_id_t *id)
{
    platen_queue_cursor_t at = { .turn_len = 0 };

    return platen_store_queue_next(txn, &at, 0, id);
}

/* Writes or, without a value, deletes behind the store's back. */
static void
raw(platen_txn_t *txn, const char *db, const void *k, size_t klen, const void *v, size_t vlen)
{
    MDB_val key = { klen, (void *) k }, val = { vlen, (void *) v };
    MDB_dbi dbi;

    assert_int_equal(mdb_dbi_open(txn->mdb, db, 0, &dbi), 0);
    assert_int_equal(v == NULL ? mdb_del(txn->mdb, dbi, &key, NULL)
                               : mdb_put(txn->mdb, dbi, &key, &val, 0),
                     0);
}

static void
test_open(void **state)
{
    platen_txn_t    txn = store_writer();
    platen_job_t    job = submit(&txn, "c"), back;
    platen_store_t *other = (platen_store_t *) path;
    struct stat     st;
    char            wrong[SCRATCH_MAX + 32];
    FILE           *file;

    (void) state;

    commit(&txn);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07, 0);
    platen_store_check_readers(store);

    platen_store_close(&store);
    assert_null(store);
    platen_store_close(&store);

    /* What was committed is there again. */
    assert_int_equal(store_open(), PLATEN_OK);
    txn = store_reader();
    assert_int_equal(platen_store_get(&txn, &job.id, &back), PLATEN_OK);
    assert_int_equal(back.state, PLATEN_STATE_PENDING);
    assert_true(platen_str_eq(back.client, PLATEN_STR("c")));
    platen_txn_abort(&txn);

    snprintf(wrong, sizeof(wrong), "%s/no/store", scratch);
    assert_int_equal(platen_store_open(&other, wrong, 0, err, sizeof(err)), PLATEN_ERROR);
    assert_null(other);
    assert_non_null(strstr(err, wrong));

    snprintf(wrong, sizeof(wrong), "%s/other", scratch);
    assert_int_equal(mkdir(wrong, 0750), 0);
    snprintf(wrong, sizeof(wrong), "%s/other/data.mdb", scratch);
    file = fopen(wrong, "w");
    assert_non_null(file);
    fprintf(file, "%8192s", "this is no store");
    fclose(file);
    snprintf(wrong, sizeof(wrong), "%s/other", scratch);
    err[0] = '\0';
    assert_int_equal(platen_store_open(&other, wrong, 0, err, sizeof(err)), PLATEN_ERROR);
    assert_null(other);
    assert_true(err[0] != '\0');
}

static void
test_schema(void **state)
{
    static const struct {
        uint8_t value[9];
        size_t  len;
        int     rc;
    } rows[] = {
        { { 0, 0, 0, 0, 0, 0, 0, 3 }, 8, PLATEN_TOO_NEW },
        { { 0, 0, 0, 0, 0, 0, 0, 1 }, 8, PLATEN_CORRUPT },
        { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8, PLATEN_TOO_NEW },
        { { 0, 0, 0, 0, 0, 0, 0, 0 }, 8, PLATEN_CORRUPT },
        { { 1, 2, 3, 4, 5, 6, 7 }, 7, PLATEN_CORRUPT },
        { { 0, 0, 0, 0, 0, 0, 0, 2, 0 }, 9, PLATEN_CORRUPT },
        { { 0, 0, 0, 0, 0, 0, 0, 2 }, 8, PLATEN_OK },
    };
    platen_txn_t txn;
    MDB_env     *env;
    MDB_dbi      dbi;
    MDB_val      key = { 6, "schema" }, val;
    size_t       i;

    (void) state;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        platen_store_close(&store);

        assert_int_equal(mdb_env_create(&env), 0);
        assert_int_equal(mdb_env_set_maxdbs(env, 1), 0);
        assert_int_equal(mdb_env_set_mapsize(env, MAP_SIZE), 0);
        assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);
        assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn.mdb), 0);
        assert_int_equal(mdb_dbi_open(txn.mdb, "meta", 0, &dbi), 0);
        val = (MDB_val){ rows[i].len, (void *) rows[i].value };
        assert_int_equal(mdb_put(txn.mdb, dbi, &key, &val, 0), 0);
        assert_int_equal(mdb_txn_commit(txn.mdb), 0);
        mdb_env_close(env);

        assert_int_equal(store_open(), rows[i].rc);
        assert_int_equal(store == NULL, rows[i].rc != PLATEN_OK);
        assert_int_equal(err[0] == '\0', rows[i].rc == PLATEN_OK);
    }

    /* A store that was left between its creation and its schema is finished. */
    txn = store_writer();
    raw(&txn, "meta", "schema", 6, NULL, 0);
    commit(&txn);
    platen_store_close(&store);
    assert_int_equal(store_open(), PLATEN_OK);
}

static void
test_transactions(void **state)
{
    platen_txn_t txn, read, nested, other;
    platen_job_t job, back;
    platen_str_t value;

    (void) state;

    /* Not visible before the commit, nor after an abort. */
    txn = store_writer();
    job = submit(&txn, "c");
    read = store_reader();
    assert_int_equal(platen_store_get(&read, &job.id, &back), PLATEN_NOT_FOUND);

    /* One read transaction at a time. */
    assert_int_equal(platen_txn_read(store, &nested), PLATEN_INVALID);
    assert_null(nested.mdb);
    platen_txn_abort(&nested);
    assert_int_equal(platen_txn_read(store, &other), PLATEN_INVALID);
    assert_int_equal(platen_store_get(&read, &job.id, &back), PLATEN_NOT_FOUND);
    platen_txn_abort(&read);
    platen_txn_abort(&read);

    platen_txn_abort(&txn);
    platen_txn_abort(&txn);
    read = store_reader();
    assert_int_equal(platen_store_get(&read, &job.id, &back), PLATEN_NOT_FOUND);
    platen_txn_abort(&read);

    /* A reader keeps what it saw when it began. */
    read = store_reader();
    txn = store_writer();
    job = submit(&txn, "c");
    commit(&txn);
    assert_int_equal(platen_store_get(&read, &job.id, &back), PLATEN_NOT_FOUND);
    platen_txn_abort(&read);
    read = store_reader();
    assert_int_equal(platen_store_get(&read, &job.id, &back), PLATEN_OK);
    platen_txn_abort(&read);

    /* A transaction that is over cannot be committed. */
    assert_int_equal(platen_txn_commit(&txn), PLATEN_ERROR);
    assert_true(strlen(platen_txn_errstr(&txn)) > 0);

    txn = store_writer();
    assert_int_equal(platen_store_meta_get(&txn, "formats", &value), PLATEN_NOT_FOUND);
    assert_int_equal(platen_store_meta_put(&txn, "formats", PLATEN_STR("a b c\n")), PLATEN_OK);
    assert_int_equal(platen_store_meta_put(&txn, "", PLATEN_STR("x")), PLATEN_ERROR);
    platen_txn_abort(&txn);
    txn = store_writer();
    assert_int_equal(platen_store_meta_put(&txn, "formats", PLATEN_STR("old")), PLATEN_OK);
    assert_int_equal(platen_store_meta_put(&txn, "formats", PLATEN_STR("a b c\n")), PLATEN_OK);
    commit(&txn);
    read = store_reader();
    assert_int_equal(platen_store_meta_get(&read, "formats", &value), PLATEN_OK);
    assert_true(platen_str_eq(value, PLATEN_STR("a b c\n")));
    platen_txn_abort(&read);
}

static void
test_invalid(void **state)
{
    static char   bytes[PLATEN_RECORD_MAX];
    platen_txn_t  txn = store_writer();
    platen_job_t  job = { .client = PLATEN_STR("") }, other;
    platen_list_t query = { .client = PLATEN_STR(LONGEST "4") };
    platen_id_t   id;
    uint64_t      count;
    int           more;

    (void) state;

    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, now),
                     PLATEN_INVALID);
    job.client = PLATEN_STR(LONGEST "4");
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, now),
                     PLATEN_INVALID);
    assert_int_equal(platen_store_list(&txn, &query, &id, 1, &more), PLATEN_INVALID);
    assert_int_equal(platen_store_count(&txn, query.client, PLATEN_STATE_NONE, &count),
                     PLATEN_INVALID);

    /* No name at all is no client's. */
    query.client = (platen_str_t){ NULL, 0 };
    assert_int_equal(platen_store_list(&txn, &query, &id, 1, &more), 0);
    assert_int_equal(platen_store_count(&txn, query.client, PLATEN_STATE_NONE, &count),
                     PLATEN_OK);
    assert_int_equal(count, 0);

    /* A record of 8,192 bytes fits, one more does not. */
    memset(bytes, 'e', sizeof(bytes));
    job.client = PLATEN_STR(LONGEST);
    job.error = (platen_str_t){ bytes, 0 };
    job.queue_key = job.change_seq = job.created_at = job.updated_at =
        1; /* the store sets them */
    job.state = PLATEN_STATE_INITIATED;
    job.error.len = PLATEN_RECORD_MAX + 1
                    - platen_codec_size(platen_job_fields, platen_job_nfields, &job) - 5 + 9;
    job.queue_key = 0;
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_INITIATED, now),
                     PLATEN_INVALID);
    assert_int_equal(platen_store_get(&txn, &job.id, &other), PLATEN_NOT_FOUND);
    job.error.len--;
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_INITIATED, now),
                     PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, &job.id, &other), PLATEN_OK);
    assert_int_equal(other.error.len, job.error.len);

    /* A job does not change hands: the indexes of both clients would be wrong. */
    submit(&txn, "c");
    job = submit(&txn, "d");
    job.client = PLATEN_STR("c");
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_CANCELLED, now),
                     PLATEN_INVALID);
    assert_int_equal(platen_store_count(&txn, PLATEN_STR("c"), PLATEN_STATE_NONE, &count),
                     PLATEN_OK);
    assert_int_equal(count, 1);
    platen_txn_abort(&txn);
}

static void
test_edges_and_epochs(void **state)
{
    platen_txn_t txn = store_writer();
    platen_job_t job = submit(&txn, "c"), old, mine;
    platen_id_t  none = { { 0 } };
    int          to;

    (void) state;

    mine = job;
    for (to = -1; to < 300; to++) {
        if (to != PLATEN_STATE_PROCESSING && to != PLATEN_STATE_CANCELLED) {
            assert_int_equal(platen_store_transition(&txn, &mine, (platen_state_t) to, now),
                             PLATEN_INVALID_TRANSITION);
        }
    }

    old = job;
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PROCESSING, now),
                     PLATEN_OK);
    assert_int_equal(job.epoch, 1);
    assert_int_equal(job.attempts, 1);
    assert_int_equal(platen_store_transition(&txn, &old, PLATEN_STATE_SUCCESS, now),
                     PLATEN_STALE);
    assert_int_equal(platen_store_touch(&txn, &job.id, 0, 5), PLATEN_STALE);
    assert_int_equal(platen_store_touch(&txn, &job.id, 2, 5), PLATEN_STALE);
    assert_int_equal(platen_store_touch(&txn, &job.id, 1, 5), PLATEN_OK);
    assert_int_equal(platen_store_touch(&txn, &none, 1, 5), PLATEN_NOT_FOUND);
    assert_int_equal(platen_store_get(&txn, &job.id, &mine), PLATEN_OK);
    assert_int_equal(mine.lease_until, 5);

    /* Taken over: the first attempt's finish is stale, the second's is not. */
    old = job;
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, now), PLATEN_OK);
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PROCESSING, now),
                     PLATEN_OK);
    assert_int_equal(job.epoch, 2);
    assert_int_equal(platen_store_transition(&txn, &old, PLATEN_STATE_SUCCESS, now),
                     PLATEN_STALE);
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_SUCCESS, now), PLATEN_OK);
    assert_int_equal(platen_store_touch(&txn, &job.id, 2, 9), PLATEN_STALE);

    /* A record that is gone cannot be finished. */
    assert_int_equal(platen_store_remove(&txn, &job.id, NULL, now, NULL), PLATEN_OK);
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_SUCCESS, now),
                     PLATEN_INVALID_TRANSITION);
    assert_int_equal(platen_store_remove(&txn, &none, NULL, now, NULL), PLATEN_NOT_FOUND);
    platen_txn_abort(&txn);
}

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
        jobs[i] = submit(&txn, "a");
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
        jobs[i] = submit(&txn, who[i]);
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
        many[i] = submit(&txn, "z");
    }
    one = submit(&txn, "a");
    for (i = 0; i < 10; i++) {
        memset(&at, 0, sizeof(at));
        assert_int_equal(platen_store_queue_next(&txn, &at, 0, &id), PLATEN_OK);
        if (memcmp(id.b, one.id.b, 16) == 0) {
            assert_int_equal(platen_store_transition(&txn, &one, PLATEN_STATE_PROCESSING, now),
                             PLATEN_OK);
            one = submit(&txn, "a");
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

    jobs[5] = submit(&txn, "b");
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
    platen_job_t job = submit(&txn, "c");

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

/* How full the store is follows what is in it, and what was freed counts as free. */
static void
test_fullness(void **state)
{
    platen_txn_t txn = store_reader();
    unsigned     before, full, after;
    char         name[16];
    static char  value[4000];
    int          i;

    (void) state;
    assert_int_equal(platen_store_fullness(&txn, &before), PLATEN_OK);
    assert_in_range(before, 0, 40);
    platen_txn_abort(&txn);

    txn = store_writer();
    for (i = 0; i < 2800; i++) {
        snprintf(name, sizeof(name), "%d", i);
        assert_int_equal(platen_store_meta_put(&txn, name, (platen_str_t){ value, 4000 }),
                         PLATEN_OK);
    }
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);

    txn = store_reader();
    assert_int_equal(platen_store_fullness(&txn, &full), PLATEN_OK);
    assert_in_range(full, 60, 100);
    platen_txn_abort(&txn);

    txn = store_writer();
    for (i = 0; i < 2800; i++) {
        MDB_val key;
        MDB_dbi meta;

        key.mv_size = (size_t) snprintf(name, sizeof(name), "%d", i);
        key.mv_data = name;
        assert_int_equal(mdb_dbi_open(txn.mdb, "meta", 0, &meta), 0);
        assert_int_equal(mdb_del(txn.mdb, meta, &key, NULL), 0);
    }
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);

    txn = store_reader();
    assert_int_equal(platen_store_fullness(&txn, &after), PLATEN_OK);
    assert_in_range(after, 0, before + 5);
    platen_txn_abort(&txn);
}

/* Neither a longer name nor a shorter one sees the other's jobs. */
static void
test_client_prefix(void **state)
{
    static const char *const names[] = { "a", "aa", "ab", "b", "a\1", "a\377", LONGEST };
    platen_txn_t             txn = store_writer();
    platen_list_t            query = { .state = PLATEN_STATE_NONE };
    platen_job_t             jobs[7];
    platen_id_t              ids[4];
    uint64_t                 count;
    int                      i, more;

    (void) state;

    for (i = 0; i < 7; i++) {
        jobs[i] = submit(&txn, names[i]);
    }
    for (i = 0; i < 7; i++) {
        query.client = platen_str(names[i]);
        for (query.state = 0; query.state < 4; query.state += 2) {
            assert_int_equal(platen_store_list(&txn, &query, ids, 4, &more), 1);
            assert_memory_equal(ids[0].b, jobs[i].id.b, 16);
            assert_int_equal(more, 0);
            assert_int_equal(platen_store_list(&txn, &query, ids, 0, &more), 0);
            assert_int_equal(more, 1);
            query.before = &jobs[i].id;
            assert_int_equal(platen_store_list(&txn, &query, ids, 4, &more), 0);
            query.before = NULL;
        }
        assert_int_equal(platen_store_count(&txn, query.client, 0, &count), PLATEN_OK);
        assert_int_equal(count, 1);
        assert_int_equal(
            platen_store_remove(&txn, &jobs[(i + 1) % 7].id, &query.client, now, NULL),
            PLATEN_NOT_FOUND);
    }
    platen_txn_abort(&txn);
}

static void
test_expired(void **state)
{
    platen_txn_t txn = store_writer();
    platen_job_t jobs[4];
    platen_id_t  ids[4];
    int          i;

    (void) state;

    for (i = 0; i < 4; i++) {
        jobs[i] = submit(&txn, "c");
        jobs[i].ttl = (uint64_t) (3 - i);
        assert_int_equal(platen_store_transition(&txn, &jobs[i], PLATEN_STATE_CANCELLED, 500),
                         PLATEN_OK);
    }
    assert_int_equal(platen_store_expired(&txn, 499, ids, 4), 0);
    assert_int_equal(platen_store_expired(&txn, 500, ids, 4), 1);
    assert_memory_equal(ids[0].b, jobs[3].id.b, 16);
    assert_int_equal(platen_store_expired(&txn, 2000499, ids, 4), 2);
    assert_int_equal(platen_store_expired(&txn, 2000500, ids, 4), 3);
    assert_memory_equal(ids[2].b, jobs[1].id.b, 16);
    assert_int_equal(platen_store_expired(&txn, UINT64_MAX, ids, 4), 4);
    assert_int_equal(platen_store_expired(&txn, UINT64_MAX, ids, 2), 2);
    platen_txn_abort(&txn);
}

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
        submit(&txn, "c");
    }
    for (i = 0; i < 6; i++) {
        now = UINT64_C(9000000);
        submit(&txn, "c");
    }
    /* All that came after says nothing of the past: they stay. */
    assert_int_equal(platen_store_trim_events(&txn, 1500, 1600, 100), 4);
    assert_int_equal(platen_store_trim_events(&txn, 1500, 1600, 100), 0);
    for (i = 0; i < 4; i++) {
        now = (uint64_t) (2000 + i);
        submit(&txn, "c");
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
        submit(&txn, "c");
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
        submit(&txn, "c");
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
    commit(&txn);
    platen_store_close(&store);
    assert_int_equal(store_open(), PLATEN_OK);
    txn = store_writer();
    seq = submit(&txn, "c").change_seq;
    assert_int_equal(seq, 21);
    platen_txn_abort(&txn);
}

/* Bytes that no Platen has written, in every database: a code, and no harm. */
static void
test_damaged(void **state)
{
    static const uint8_t newer[] = { 'P', 2 },
                         nobody[] = { 'P', 1, 1 << 1, 2, 0, 0, 0, 0, 0, 0, 0 };
    platen_txn_t   txn;
    platen_job_t   job;
    platen_event_t events[4];
    platen_id_t    ids[4];
    uint64_t       number = 0;

    (void) state;

    txn = store_writer();
    job = submit(&txn, "c");
    commit(&txn);

#define DAMAGE(db, k, klen, v, vlen, call, expected)                                           \
    do {                                                                                       \
        txn = store_writer();                                                                  \
        raw(&txn, db, k, klen, v, vlen);                                                       \
        assert_int_equal(call, expected);                                                      \
        platen_txn_abort(&txn);                                                                \
    } while (0)

    DAMAGE("jobs", job.id.b, 16, "X", 1, platen_store_get(&txn, &job.id, &job), PLATEN_CORRUPT);
    DAMAGE("jobs", job.id.b, 16, "", 0, platen_store_get(&txn, &job.id, &job), PLATEN_CORRUPT);
    DAMAGE("jobs", job.id.b, 16, newer, 2, platen_store_get(&txn, &job.id, &job),
           PLATEN_TOO_NEW);
    DAMAGE("jobs", job.id.b, 16, newer, 2, platen_store_remove(&txn, &job.id, NULL, 1, NULL),
           PLATEN_TOO_NEW);
    DAMAGE("jobs", job.id.b, 16, newer, 2, platen_store_touch(&txn, &job.id, 0, 1),
           PLATEN_TOO_NEW);
    DAMAGE("jobs", job.id.b, 16, nobody, sizeof(nobody),
           platen_store_remove(&txn, &job.id, NULL, 1, NULL), PLATEN_CORRUPT);

    DAMAGE("jobs", job.id.b, 16, "X", 1,
           platen_store_transition(&txn, &job, PLATEN_STATE_CANCELLED, now), PLATEN_CORRUPT);

    DAMAGE("queue", "\1c\1\0\0\0\0\0\0\0\1", 11, "short", 5, next(&txn, ids), PLATEN_CORRUPT);
    DAMAGE("queue", "\1c\0\377", 4, job.id.b, 16, next(&txn, ids), PLATEN_CORRUPT);
    DAMAGE("turn", "\0", 1, "", 0, next(&txn, ids), PLATEN_CORRUPT);
    DAMAGE("flow", "\1c", 2, "x", 1, platen_store_remove(&txn, &job.id, NULL, 1, NULL),
           PLATEN_CORRUPT);
    DAMAGE("later", "x", 1, "", 0, platen_store_next_due(&txn, &number), PLATEN_CORRUPT);
    DAMAGE("later", "x", 1, "", 0, platen_store_release(&txn, 1, 1), PLATEN_CORRUPT);
    DAMAGE("usage", "\1c", 2, "x", 1, platen_store_usage(&txn, PLATEN_STR("c"), &number),
           PLATEN_CORRUPT);
    DAMAGE("running", "x", 1, "", 0, platen_store_running(&txn, NULL, ids, 4), PLATEN_CORRUPT);
    DAMAGE("expiry", "x", 1, "", 0, platen_store_expired(&txn, 1, ids, 4), PLATEN_CORRUPT);
    DAMAGE("count", "\1c\2", 3, "x", 1,
           platen_store_count(&txn, PLATEN_STR("c"), PLATEN_STATE_NONE, &number),
           PLATEN_CORRUPT);
    DAMAGE("count", "\1c\2", 3, NULL, 0, platen_store_remove(&txn, &job.id, NULL, 1, NULL),
           PLATEN_CORRUPT);
    DAMAGE("outbox", "\0\0\0\0\0\0\0\1", 8, "X", 1, platen_store_events(&txn, 0, events, 4),
           PLATEN_CORRUPT);
    DAMAGE("outbox", "\1", 1, "P\1", 2, platen_store_events(&txn, 0, events, 4),
           PLATEN_CORRUPT);
    DAMAGE("outbox", "\1", 1, "P\1", 2, platen_store_trim_events(&txn, 1, UINT64_MAX, 4),
           PLATEN_CORRUPT);
    DAMAGE("outbox", "\0", 1, "P\1", 2, platen_store_trim_events(&txn, 1, UINT64_MAX, 4),
           PLATEN_CORRUPT);
}

/* Options last as long as the job; a password until the job is final, however it ends. */
static void
test_secrets(void **state)
{
    static const platen_state_t ends[] = {
        PLATEN_STATE_SUCCESS,
        PLATEN_STATE_PARTIAL_SUCCESS,
        PLATEN_STATE_FAILED,
        PLATEN_STATE_CANCELLED,
    };
    static const char open[] = "pages=1-3\n", secret[] = "password=s3cret\n";
    platen_txn_t      txn = store_writer();
    platen_job_t      job;
    char              text[PLATEN_OPTIONS_TEXT_MAX];
    size_t            i, len;

    (void) state;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        memset(&job, 0, sizeof(job));
        job.client = PLATEN_STR("c");
        job.options = PLATEN_STR(open);
        job.secrets = PLATEN_STR(secret);
        assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
        assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, now),
                         PLATEN_OK);

        /* An attempt that is repeated needs it again. */
        job.owner = PLATEN_STR("boot/17");
        assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PROCESSING, now),
                         PLATEN_OK);
        job.warnings = PLATEN_STR("A font is missing.");
        job.output_format = PLATEN_STR("zip");
        job.cached = 1;
        assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, now),
                         PLATEN_OK);
        assert_int_equal(platen_store_get(&txn, &job.id, &job), PLATEN_OK);
        assert_null(memmem(job.secrets.data, job.secrets.len, "s3cret", 6));
        assert_int_equal(platen_store_secrets(&txn, &job, text, &len), PLATEN_OK);
        assert_true(platen_str_eq((platen_str_t){ text, len }, PLATEN_STR(secret)));
        assert_int_equal(job.warnings.len + job.output_format.len + job.cached, 0);

        assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PROCESSING, now),
                         PLATEN_OK);
        assert_int_equal(platen_store_get(&txn, &job.id, &job), PLATEN_OK);
        job.warnings = PLATEN_STR("A font is missing.\nA macro was left out.");
        job.output_format = PLATEN_STR("zip");
        job.cached = 1;
        assert_int_equal(platen_store_transition(&txn, &job, ends[i], now), PLATEN_OK);
        assert_int_equal(job.secrets.len, 0);
        assert_int_equal(platen_store_get(&txn, &job.id, &job), PLATEN_OK);
        assert_int_equal(job.secrets.len, 0);
        assert_true(platen_str_eq(job.options, PLATEN_STR(open)));
        assert_true(platen_str_eq(job.output_format, PLATEN_STR("zip")));
        assert_int_equal(job.warnings.len, 40);
        assert_int_equal(job.cached, 1);
    }
    commit(&txn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_open),
        STORE_TEST(test_schema),
        STORE_TEST(test_transactions),
        STORE_TEST(test_invalid),
        STORE_TEST(test_edges_and_epochs),
        STORE_TEST(test_queue),
        STORE_TEST(test_turns),
        STORE_TEST(test_coming_back),
        STORE_TEST(test_priority),
        STORE_TEST(test_retry),
        STORE_TEST(test_fullness),
        STORE_TEST(test_client_prefix),
        STORE_TEST(test_expired),
        STORE_TEST(test_events),
        STORE_TEST(test_events_of_the_future),
        STORE_TEST(test_events_of_a_long_future),
        STORE_TEST(test_damaged),
        STORE_TEST(test_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
