/* Tests of platen_store_check: every index damaged in every way, found, and made again. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storeadmin/check.h"
#include "store/internal.h"
#include "store_fixture.h"

static uint64_t     now = 1000000;
static platen_job_t last; /* the job that add() made last: numbers only */

/* What a check has found: how often of which kind in which database. */
static struct {
    char     db[16];
    unsigned kinds[4];
} found[32];
static size_t nfound;

static void
on_found(void *data, const platen_damage_t *damage)
{
    size_t i;

    assert_ptr_equal(data, &nfound);
    assert_true(damage->len > 0);
    for (i = 0; i < nfound && strcmp(found[i].db, damage->db) != 0; i++) {
    }
    if (i == nfound) {
        memset(&found[i], 0, sizeof(found[i]));
        snprintf(found[i].db, sizeof(found[i].db), "%s", damage->db);
        nfound++;
    }
    found[i].kinds[damage->kind]++;
}

/* A whole check, `max` entries to a transaction. */
static void
check_all(int max)
{
    platen_check_t check = { .found = on_found, .data = &nfound };
    platen_txn_t   txn;
    int            rc;

    nfound = 0;
    do {
        assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
        rc = platen_store_check(&txn, &check, max);
        assert_true(rc >= 0);
        platen_txn_abort(&txn);
    } while (rc == 1);
}

static unsigned
times(const char *db, platen_damage_kind_t kind)
{
    size_t i;

    for (i = 0; i < nfound; i++) {
        if (strcmp(found[i].db, db) == 0) {
            return found[i].kinds[kind];
        }
    }
    return 0;
}

/* A job that goes through those states; what its record says is kept in `last`. */
static void
add(platen_txn_t *txn, const char *client, uint64_t not_before, const char *more)
{
    static const char sha[PLATEN_SHA256_LEN + 1] = "0123456789abcdef0123456789abcdef";
    platen_job_t      job = { .client = platen_str(client), .ttl = 60, .input_size = 100 };

    job.not_before = not_before;
    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    if (strchr(more, 'i') != NULL) {
        job.idem_key = (platen_str_t){ sha, PLATEN_SHA256_LEN };
    }
    assert_int_equal(platen_store_transition(txn, &job, PLATEN_STATE_PENDING, now), 0);
    if (strchr(more, 'r') != NULL || strchr(more, 's') != NULL) {
        assert_int_equal(platen_store_transition(txn, &job, PLATEN_STATE_PROCESSING, now), 0);
    }
    if (strchr(more, 's') != NULL) {
        job.output_size = 1000;
        job.cache_key = (platen_str_t){ sha, PLATEN_SHA256_LEN };
        assert_int_equal(platen_store_transition(txn, &job, PLATEN_STATE_SUCCESS, now), 0);
    }
    last = job;
}

static int
setup(void **state)
{
    platen_txn_t txn;

    if (store_setup(state) != 0) {
        return -1;
    }
    txn = store_writer();
    add(&txn, "acme", 0, "i");
    add(&txn, "acme", 0, "");
    add(&txn, "acme", 0, "r");
    add(&txn, "acme", 99, "");
    add(&txn, "bolt", 0, "s");
    add(&txn, "bolt", 0, "i");
    return platen_txn_commit(&txn);
}

static void
test_sound(void **state)
{
    int max;

    (void) state;
    for (max = 1; max < 40; max++) {
        check_all(max);
        assert_int_equal(nfound, 0);
    }
}

static void
rebuild(uint64_t expected)
{
    platen_txn_t txn = store_writer();
    uint64_t     jobs;

    assert_int_equal(platen_store_rebuild(&txn, &jobs), PLATEN_OK);
    assert_int_equal(jobs, expected);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
}

static const struct {
    int         db;
    const char *name;
} indexes[] = {
    { PLATEN_DB_QUEUE, "queue" },     { PLATEN_DB_TURN, "turn" },
    { PLATEN_DB_FLOW, "flow" },       { PLATEN_DB_LATER, "later" },
    { PLATEN_DB_CLIENT, "client" },   { PLATEN_DB_STATE, "state" },
    { PLATEN_DB_COUNT, "count" },     { PLATEN_DB_EXPIRY, "expiry" },
    { PLATEN_DB_RUNNING, "running" }, { PLATEN_DB_IDEM, "idem" },
    { PLATEN_DB_USAGE, "usage" },
};

#define NINDEXES (sizeof(indexes) / sizeof(indexes[0]))

/* Takes the first entry away, or changes its value. */
static void
damage_first(int db, const char *value)
{
    platen_txn_t txn = store_writer();
    MDB_cursor  *cursor;
    MDB_val      key, val;

    assert_int_equal(mdb_cursor_open(txn.mdb, store->dbi[db], &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &key, &val, MDB_FIRST), 0);
    if (value == NULL) {
        assert_int_equal(mdb_cursor_del(cursor, 0), 0);
    } else {
        val = (MDB_val){ strlen(value), (void *) (uintptr_t) value };
        assert_int_equal(mdb_cursor_put(cursor, &key, &val, MDB_CURRENT), 0);
    }
    mdb_cursor_close(cursor);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
}

static void
test_missing(void **state)
{
    size_t i;

    (void) state;
    for (i = 0; i < NINDEXES; i++) {
        damage_first(indexes[i].db, NULL);
        check_all(7);
        if (times(indexes[i].name, PLATEN_DAMAGE_MISSING) == 0) {
            fail_msg("nobody misses an entry of %s", indexes[i].name);
        }
        rebuild(6);
        check_all(1000);
        assert_int_equal(nfound, 0);
    }
}

static void
test_wrong(void **state)
{
    static const struct {
        int         db;
        const char *name;
    } valued[] = {
        { PLATEN_DB_QUEUE, "queue" }, { PLATEN_DB_IDEM, "idem" },   { PLATEN_DB_FLOW, "flow" },
        { PLATEN_DB_COUNT, "count" }, { PLATEN_DB_USAGE, "usage" },
    };
    size_t i, length;

    (void) state;
    for (i = 0; i < sizeof(valued) / sizeof(valued[0]); i++) {
        for (length = 0; length < 2; length++) {
            damage_first(valued[i].db, length == 0 ? "0123456789abcdef" : "01234567");
            check_all(7);
            if (nfound == 0) {
                fail_msg("a wrong value in %s is not found", valued[i].name);
            }
            rebuild(6);
            check_all(1000);
            assert_int_equal(nfound, 0);
        }
    }
}

/* Entries about no job, of each length that a key may have. */
static void
test_surplus(void **state)
{
    platen_txn_t txn;
    uint8_t      key[511];
    size_t       i, j;

    static const size_t lengths[] = { 1, 8, 16, 17, 24, 90, 97, 511 };

    (void) state;
    memset(key, 3, sizeof(key));
    for (i = 0; i < NINDEXES; i++) {
        for (j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
            txn = store_writer();
            assert_int_equal(
                platen_store_put(&txn, indexes[i].db, key, lengths[j], "01234567", 8, 0),
                PLATEN_OK);
            assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
            check_all(7);
            if (times(indexes[i].name, PLATEN_DAMAGE_SURPLUS)
                    + times(indexes[i].name, PLATEN_DAMAGE_WRONG)
                == 0) {
                fail_msg("%zu bytes too many in %s are not found", lengths[j], indexes[i].name);
            }
            rebuild(6);
            check_all(1000);
            assert_int_equal(nfound, 0);
        }
    }
}

/* All indexes empty; then queue, listing, counters and cache answer as before. */
static void
test_all_gone(void **state)
{
    platen_txn_t          txn = store_writer();
    platen_queue_cursor_t cursor = { .turn_len = 0 };
    platen_job_t          job;
    platen_id_t           id;
    uint64_t              n;
    size_t                i;
    int                   due = 0;

    (void) state;
    for (i = 0; i < NINDEXES; i++) {
        assert_int_equal(mdb_drop(txn.mdb, store->dbi[indexes[i].db], 0), 0);
    }
    assert_int_equal(mdb_drop(txn.mdb, store->dbi[PLATEN_DB_CACHE], 0), 0);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    check_all(5);
    assert_true(times("state", PLATEN_DAMAGE_MISSING) == 6);

    rebuild(6);
    check_all(5);
    assert_int_equal(nfound, 0);
    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    while (platen_store_queue_next(&txn, &cursor, 0, &id) == PLATEN_OK) {
        due++;
    }
    assert_int_equal(due, 3);
    assert_int_equal(platen_store_count(&txn, PLATEN_STR("acme"), PLATEN_STATE_NONE, &n), 0);
    assert_int_equal(n, 4);
    assert_int_equal(platen_store_usage(&txn, PLATEN_STR("bolt"), &n), PLATEN_OK);
    assert_int_equal(n, 1200);
    assert_int_equal(
        platen_store_cached(&txn, PLATEN_STR("0123456789abcdef0123456789abcdef"), now, &job),
        PLATEN_OK);
    assert_int_equal(platen_store_idempotent(&txn, PLATEN_STR("acme"),
                                             PLATEN_STR("0123456789abcdef0123456789abcdef"),
                                             &job),
                     PLATEN_OK);
    platen_txn_abort(&txn);
}

/* A record that is none is told about, stays, and does not keep the others. */
static void
test_unreadable(void **state)
{
    platen_txn_t txn = store_writer();
    MDB_val      key = { 16, last.id.b }, val;

    (void) state;
    assert_int_equal(platen_store_put(&txn, PLATEN_DB_JOBS, last.id.b, 16, "P\x01\xff", 3, 0),
                     PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    check_all(3);
    assert_int_equal(times("jobs", PLATEN_DAMAGE_UNREADABLE), 1);
    rebuild(5);
    check_all(3);
    assert_int_equal(nfound, 1);
    assert_int_equal(times("jobs", PLATEN_DAMAGE_UNREADABLE), 1);
    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    assert_int_equal(mdb_get(txn.mdb, store->dbi[PLATEN_DB_JOBS], &key, &val), 0);
    platen_txn_abort(&txn);
}

/* A result that is gone: FAILED, out of the cache and of the usage. */
static void
test_lost_result(void **state)
{
    platen_txn_t txn = store_writer();
    platen_job_t job;
    uint64_t     n;

    (void) state;
    assert_int_equal(
        platen_store_cached(&txn, PLATEN_STR("0123456789abcdef0123456789abcdef"), now, &job),
        PLATEN_OK);
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_FAILED, now), PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    check_all(100);
    assert_int_equal(nfound, 0);
    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_usage(&txn, PLATEN_STR("bolt"), &n), PLATEN_OK);
    assert_int_equal(n, 200);
    platen_txn_abort(&txn);
}

static void
test_scan(void **state)
{
    platen_txn_t    txn;
    platen_id_t     all[16], ids[16];
    platen_client_t client = { .len = 0 };
    int             i, n, size;

    (void) state;
    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    n = platen_store_jobs(&txn, NULL, 0, all, 16);
    assert_int_equal(n, 6);
    for (size = 1; size < 7; size++) {
        for (i = 0; i < n; i += size) {
            assert_int_equal(platen_store_jobs(&txn, i == 0 ? NULL : &all[i - 1], 0, ids, size),
                             n - i < size ? n - i : size);
            assert_memory_equal(&ids[0], &all[i], sizeof(ids[0]));
        }
    }
    assert_int_equal(platen_store_jobs(&txn, &all[5], 0, ids, 16), 0);
    assert_int_equal(platen_store_jobs(&txn, NULL, 1, ids, 16), 6);
    assert_memory_equal(&ids[0], &all[5], sizeof(ids[0]));
    assert_int_equal(platen_store_jobs(&txn, &all[3], 1, ids, 16), 3);
    assert_memory_equal(&ids[0], &all[2], sizeof(ids[0]));
    assert_int_equal(platen_store_jobs(&txn, &all[0], 1, ids, 16), 0);

    assert_int_equal(platen_store_next_client(&txn, &client), PLATEN_OK);
    assert_memory_equal(client.name, "acme", client.len);
    assert_int_equal(platen_store_next_client(&txn, &client), PLATEN_OK);
    assert_memory_equal(client.name, "bolt", client.len);
    assert_int_equal(platen_store_next_client(&txn, &client), PLATEN_NOT_FOUND);
    platen_txn_abort(&txn);
}

static void
test_copy(void **state)
{
    platen_store_t *original = store;
    char            copy[SCRATCH_MAX + 8];

    (void) state;
    snprintf(copy, sizeof(copy), "%s/copy", scratch);
    assert_int_not_equal(platen_store_copy(store, copy, err, sizeof(err)), PLATEN_OK);
    assert_non_null(strstr(err, copy));
    assert_int_equal(mkdir(copy, 0750), 0);
    assert_int_equal(platen_store_copy(store, copy, err, sizeof(err)), PLATEN_OK);
    assert_int_equal(platen_store_open(&store, copy, MAP_SIZE, err, sizeof(err)), PLATEN_OK);
    check_all(100);
    assert_int_equal(nfound, 0);
    rebuild(6);
    platen_store_close(&store);
    store = original;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sound, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_missing, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_wrong, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_surplus, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_all_gone, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_unreadable, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_lost_result, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_scan, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_copy, setup, store_teardown),
    };

    return cmocka_run_group_tests_name("store_check", tests, NULL, NULL);
}
