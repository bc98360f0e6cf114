/* Tests of store/reservation.c: room that is kept for uploads, added up, found and mended. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "storeadmin/check.h"
#include "store/internal.h"
#include "store_fixture.h"

static platen_id_t ids[5];
static unsigned    damaged;

static void
keep(const char *client, int i, uint64_t bytes)
{
    platen_txn_t txn = store_writer();

    assert_int_equal(platen_store_reserve(&txn, platen_str(client), &ids[i], bytes), PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
}

static void
assert_kept(const char *client, const platen_id_t *but, uint64_t bytes, uint64_t uploads)
{
    platen_txn_t txn = store_reader();
    uint64_t     b, n;

    assert_int_equal(platen_store_reserved(&txn, platen_str(client), but, &b, &n), PLATEN_OK);
    assert_int_equal(b, bytes);
    assert_int_equal(n, uploads);
    platen_txn_abort(&txn);
}

static int
setup(void **state)
{
    int i;

    for (i = 0; i < 5; i++) {
        if (platen_id_new(&ids[i]) != PLATEN_OK) {
            return -1;
        }
    }
    return store_setup(state);
}

static void
test_sums(void **state)
{
    platen_txn_t txn;
    uint64_t     bytes;

    (void) state;
    assert_kept("acme", NULL, 0, 0);
    keep("acme", 0, 100);
    keep("acme", 1, 0); /* nothing has come, and its length is not known */
    keep("acm", 2, 7);
    keep("acmes", 3, 9);
    assert_kept("acme", NULL, 100, 2);
    assert_kept("acme", &ids[0], 0, 1);
    assert_kept("acme", &ids[2], 100, 2); /* is another's */
    keep("acme", 1, 50);
    keep("acme", 0, 99);
    assert_kept("acme", NULL, 149, 2);

    txn = store_writer();
    assert_int_equal(platen_store_reservation(&txn, PLATEN_STR("acme"), &ids[1], &bytes), 0);
    assert_int_equal(bytes, 50);
    assert_int_equal(platen_store_reservation(&txn, PLATEN_STR("acm"), &ids[1], &bytes),
                     PLATEN_NOT_FOUND);
    assert_int_equal(platen_store_unreserve(&txn, PLATEN_STR("acme"), &ids[1]), PLATEN_OK);
    assert_int_equal(platen_store_unreserve(&txn, PLATEN_STR("acme"), &ids[1]), PLATEN_OK);
    assert_int_equal(platen_store_reserve(&txn, PLATEN_STR(""), &ids[1], 1), PLATEN_INVALID);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    assert_kept("acme", NULL, 99, 1);
    assert_kept("acm", NULL, 7, 1);
}

/* All of them, two at a time, each once. */
static void
test_all(void **state)
{
    platen_reservation_t some[2], after;
    platen_txn_t         txn;
    uint64_t             sum = 0;
    int                  i, n, calls = 0;

    (void) state;
    for (i = 0; i < 5; i++) {
        keep(i % 2 ? "bolt" : "acme", i, (uint64_t) 1 << i);
    }
    txn = store_reader();
    do {
        n = platen_store_reservations(&txn, calls == 0 ? NULL : &after, some, 2);
        assert_true(n >= 0);
        for (i = 0; i < n; i++) {
            sum += some[i].bytes;
            after = some[i];
            assert_int_equal(some[i].client_len, 4);
        }
        calls++;
    } while (n == 2);
    platen_txn_abort(&txn);
    assert_int_equal(sum, 31);
    assert_int_equal(calls, 3);
}

static void
on_found(void *data, const platen_damage_t *damage)
{
    (void) data;
    assert_string_equal(damage->db, "uploads");
    assert_int_equal(damage->kind, PLATEN_DAMAGE_SURPLUS);
    damaged++;
}

static unsigned
damages(void)
{
    platen_check_t check = { .found = on_found };
    platen_txn_t   txn = store_reader();

    damaged = 0;
    assert_int_equal(platen_store_check(&txn, &check, 1000), 0);
    platen_txn_abort(&txn);
    return damaged;
}

/* What is a job keeps no room, nor does what is nobody's; and what is well stays. */
static void
test_mended(void **state)
{
    platen_job_t job = { .id = ids[0], .client = PLATEN_STR("acme"), .ttl = 60 };
    platen_txn_t txn;

    (void) state;
    keep("acme", 0, 5);
    keep("acme", 1, 6);
    assert_int_equal(damages(), 0);

    txn = store_writer();
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, 1000000), 0);
    assert_int_equal(platen_store_put(&txn, PLATEN_DB_UPLOADS, "\3abc", 4, "01234567", 8, 0),
                     PLATEN_OK);
    assert_int_equal(
        platen_store_put(&txn, PLATEN_DB_UPLOADS, "\4acme0123456789abcdef", 21, "0", 1, 0),
        PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    assert_int_equal(damages(), 3);

    txn = store_writer();
    assert_int_equal(platen_store_rebuild(&txn, NULL), PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    assert_int_equal(damages(), 0);
    assert_kept("acme", NULL, 6, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sums, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_all, setup, store_teardown),
        cmocka_unit_test_setup_teardown(test_mended, setup, store_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
