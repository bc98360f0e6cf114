/*
 * platen_store_hook: what a delivery says of a job that is gone, damage of its
 * databases, and a store of a version without them.  Its order and its ends are
 * walked through in test_store_model.c.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storeadmin/check.h"
#include "store/hook.h"
#include "store/internal.h"
#include "store_fixture.h"

/* A job that has got as far as PROCESSING, and so has one delivery. */
static platen_job_t
add(platen_txn_t *txn, uint64_t now)
{
    platen_job_t job = { .client = PLATEN_STR("acme"),
                         .ttl = 60,
                         .request_id = PLATEN_STR("req-1"),
                         .input_filename = PLATEN_STR("a.docx"),
                         .secrets = PLATEN_STR("password=secret\n"),
                         .webhook_url = PLATEN_STR("https://example.com/hook") };

    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    assert_int_equal(platen_store_transition(txn, &job, PLATEN_STATE_PENDING, now), 0);
    assert_int_equal(platen_store_transition(txn, &job, PLATEN_STATE_PROCESSING, now), 0);
    return job;
}

static void
end(platen_txn_t *txn, const platen_hook_t *hook, platen_hook_kind_t kind, uint64_t now)
{
    platen_hook_result_t result = { .id = hook->id, .seq = hook->seq, .kind = kind };

    assert_int_equal(platen_store_hook_end(txn, &result, now), PLATEN_OK);
}

/* A removed job is told of with all that it was, after what came before. */
static void
test_removed(void **state)
{
    platen_hook_at_t at = { .len = 0 };
    platen_txn_t     txn = store_writer();
    platen_job_t     job = add(&txn, 1000), told;
    platen_hook_t    hook;

    (void) state;
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    txn = store_writer();
    assert_int_equal(platen_store_remove(&txn, &job.id, NULL, 2000, NULL), PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);

    txn = store_writer();
    assert_int_equal(platen_store_hook_due(&txn, 5000, &at, &hook), PLATEN_OK);
    assert_int_equal(hook.state, PLATEN_STATE_PROCESSING);
    assert_int_equal(platen_store_hook_due(&txn, 5000, &at, &hook), PLATEN_NOT_FOUND);
    at.len = 0;
    assert_int_equal(platen_store_hook_due(&txn, 5000, &at, &hook), PLATEN_OK);
    end(&txn, &hook, PLATEN_HOOK_DELIVERED, 3000);
    at.len = 0;
    assert_int_equal(platen_store_hook_due(&txn, 2999, &at, &hook), PLATEN_NOT_FOUND);
    assert_int_equal(platen_store_hook_due(&txn, 3000, &at, &hook), PLATEN_OK);
    assert_int_equal(hook.state, PLATEN_STATE_CANCELLED);
    assert_int_equal(hook.time, 2000);
    assert_int_equal(hook.since, 2000);
    assert_int_equal(platen_codec_decode(platen_job_fields, platen_job_nfields, &told,
                                         (const uint8_t *) hook.job.data, hook.job.len),
                     PLATEN_OK);
    assert_int_equal(told.state, PLATEN_STATE_CANCELLED);
    assert_int_equal(told.completed_at, 2000);
    assert_true(platen_str_eq(told.request_id, PLATEN_STR("req-1")));
    assert_true(platen_str_eq(told.input_filename, PLATEN_STR("a.docx")));
    assert_int_equal(told.secrets.len, 0);
    platen_txn_abort(&txn);
}

/* The last entry of a database is replaced; `val` NULL: taken away. */
static void
damage(platen_txn_t *txn, int db, const char *val)
{
    MDB_cursor *cursor;
    MDB_val     key, old;

    assert_int_equal(mdb_cursor_open(txn->mdb, store->dbi[db], &cursor), 0);
    assert_int_equal(mdb_cursor_get(cursor, &key, &old, MDB_LAST), 0);
    if (val == NULL) {
        assert_int_equal(mdb_cursor_del(cursor, 0), 0);
    } else {
        old = (MDB_val){ strlen(val), (void *) (uintptr_t) val };
        assert_int_equal(mdb_cursor_put(cursor, &key, &old, MDB_CURRENT), 0);
    }
    mdb_cursor_close(cursor);
}

static char said[256];

static void
on_found(void *data, const platen_damage_t *found)
{
    size_t n = strlen(said);

    (void) data;
    snprintf(said + n, sizeof(said) - n, "%s%d ", found->db, (int) found->kind);
}

static const char *
check(platen_txn_t *txn)
{
    platen_check_t all = { .found = on_found };

    *said = '\0';
    while (platen_store_check(txn, &all, 100) == 1) {
    }
    return said;
}

static void
test_damage(void **state)
{
    platen_hook_at_t at = { .len = 0 };
    platen_txn_t     txn = store_writer();
    platen_job_t     job = add(&txn, 1000);
    platen_hook_t    hook;
    uint64_t         counts[PLATEN_HOOK_KINDS];

    (void) state;
    assert_int_equal(platen_store_remove(&txn, &job.id, NULL, 2000, NULL), PLATEN_OK);
    assert_string_equal(check(&txn), "");

    /* No turn: neither the first nor the one behind it would ever be made. */
    damage(&txn, PLATEN_DB_HOOK_DUE, NULL);
    assert_string_equal(check(&txn), "hook_due0 ");
    assert_int_equal(platen_store_rebuild(&txn, NULL), PLATEN_OK);
    assert_string_equal(check(&txn), "");
    assert_int_equal(platen_store_hook_due(&txn, 1000, &at, &hook), PLATEN_OK);
    assert_int_equal(hook.state, PLATEN_STATE_PROCESSING);

    /* The first cannot be read: it goes, and the next has its turn. */
    end(&txn, &hook, PLATEN_HOOK_DEAD, 3000);
    assert_string_equal(check(&txn), "");
    damage(&txn, PLATEN_DB_HOOK, "nonsense");
    assert_string_equal(check(&txn), "hook3 hook_due1 ");
    at.len = 0;
    assert_int_equal(platen_store_hook_due(&txn, UINT64_MAX, &at, &hook), PLATEN_CORRUPT);
    assert_int_equal(platen_store_hook_drop(&txn, &hook.id, hook.seq, 4000), PLATEN_OK);
    assert_string_equal(check(&txn), "");
    assert_int_equal(platen_store_hook_count(&txn, counts), PLATEN_OK);
    assert_int_equal(counts[PLATEN_HOOK_PENDING], 0);
    assert_int_equal(counts[PLATEN_HOOK_DEAD], 1);

    damage(&txn, PLATEN_DB_HOOK_DEAD, "nonsense");
    assert_string_equal(check(&txn), "hook_dead3 ");
    assert_int_equal(platen_store_hook_trim(&txn, PLATEN_HOOK_DEAD, 0, UINT64_MAX, 10), 1);
    assert_string_equal(check(&txn), "");
    platen_txn_abort(&txn);
}

/* What is kept of those that have ended is bounded in time and number. */
static void
test_trim(void **state)
{
    platen_hook_at_t at;
    platen_txn_t     txn = store_writer();
    platen_hook_t    hook;
    int              i;

    (void) state;
    for (i = 0; i < 10; i++) {
        (void) add(&txn, 1000 + (uint64_t) i);
        at.len = 0;
        assert_int_equal(platen_store_hook_due(&txn, UINT64_MAX, &at, &hook), PLATEN_OK);
        end(&txn, &hook, PLATEN_HOOK_DELIVERED, 5000 + (uint64_t) i);
    }
    assert_int_equal(platen_store_hook_trim(&txn, PLATEN_HOOK_PENDING, 0, 0, 1),
                     PLATEN_INVALID);
    assert_int_equal(platen_store_hook_trim(&txn, PLATEN_HOOK_DEAD, UINT64_MAX, 0, 100), 0);
    assert_int_equal(platen_store_hook_trim(&txn, PLATEN_HOOK_DELIVERED, 5002, 100, 100), 2);
    assert_int_equal(platen_store_hook_trim(&txn, PLATEN_HOOK_DELIVERED, 0, 5, 1), 1);
    assert_int_equal(platen_store_hook_trim(&txn, PLATEN_HOOK_DELIVERED, 0, 5, 100), 2);
    assert_int_equal(platen_store_hook_trim(&txn, PLATEN_HOOK_DELIVERED, 0, 5, 100), 0);
    platen_txn_abort(&txn);
}

/* A store that was made before there were deliveries gets their databases. */
static void
test_older(void **state)
{
    platen_txn_t txn = store_writer();
    int          db;

    (void) state;
    (void) add(&txn, 1000);
    for (db = PLATEN_DB_HOOK; db <= PLATEN_DB_HOOK_LOG; db++) {
        assert_int_equal(mdb_drop(txn.mdb, store->dbi[db], 1), 0);
    }
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    platen_store_close(&store);

    assert_int_equal(store_open(), PLATEN_OK);
    txn = store_writer();
    assert_string_equal(check(&txn), "");
    (void) add(&txn, 2000);
    assert_string_equal(check(&txn), "");
    platen_txn_abort(&txn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(test_removed),
        STORE_TEST(test_damage),
        STORE_TEST(test_trim),
        STORE_TEST(test_older),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
