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
    platen_job_t    job = store_submit(&txn, "c", now), back;
    platen_store_t *other = (platen_store_t *) path;
    struct stat     st;
    char            wrong[SCRATCH_MAX + 32];
    FILE           *file;

    (void) state;

    store_commit(&txn);
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
    store_commit(&txn);
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
    job = store_submit(&txn, "c", now);
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
    job = store_submit(&txn, "c", now);
    store_commit(&txn);
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
    store_commit(&txn);
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
    store_submit(&txn, "c", now);
    job = store_submit(&txn, "d", now);
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
    platen_job_t job = store_submit(&txn, "c", now), old, mine;
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
        jobs[i] = store_submit(&txn, names[i], now);
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
        jobs[i] = store_submit(&txn, "c", now);
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
    job = store_submit(&txn, "c", now);
    store_commit(&txn);

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
    store_commit(&txn);
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
        STORE_TEST(test_fullness),
        STORE_TEST(test_client_prefix),
        STORE_TEST(test_expired),
        STORE_TEST(test_damaged),
        STORE_TEST(test_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
