/* platen_walk: jobs that cannot run hide no others, however many they are. */

#include "sidecar_fixture.h"

#include "schedule/walk.h"

static fixture_t      f;
static platen_walk_t *walk;
static uint64_t       now;

static int
setup(void **state)
{
    (void) state;
    now = 1000000;
    walk = platen_walk_new();
    return walk == NULL ? -1 : fixture_open(&f);
}

static int
teardown(void **state)
{
    (void) state;
    platen_walk_destroy(&walk);
    return fixture_close(&f);
}

/* `n` jobs of that client, from that format, in one transaction; the last one's id. */
static platen_id_t
add(const char *client, const char *from, int n, uint8_t priority)
{
    platen_txn_t txn;
    platen_job_t job;

    assert_int_equal(platen_txn_write(f.store, &txn), PLATEN_OK);
    do {
        job = (platen_job_t){ .client = platen_str(client),
                              .source_format = platen_str(from),
                              .priority = priority,
                              .ttl = 60 };
        assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
        assert_int_equal(
            platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, platen_now_us()),
            PLATEN_OK);
    } while (--n > 0);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    return job.id;
}

/*
 * One claim of at most `max` jobs, of those that are not from "xlsx".  `who` gets
 * the first letter of each one's client.
 */
static unsigned
claim(int max, char *who)
{
    platen_txn_t txn;
    platen_job_t job;
    platen_id_t  id;
    int          rc = PLATEN_OK, n = 0;

    now += 200;
    assert_int_equal(platen_txn_write(f.store, &txn), PLATEN_OK);
    platen_walk_begin(walk, now);
    while (n < max && (rc = platen_walk_next(walk, &txn, 0, &id)) == PLATEN_OK) {
        assert_int_equal(platen_store_get(&txn, &id, &job), PLATEN_OK);
        if (platen_str_eq(job.source_format, PLATEN_STR("xlsx"))) {
            platen_walk_pass(walk);
            continue;
        }
        who[n++] = job.client.data[0];
        assert_int_equal(
            platen_store_transition(&txn, &job, PLATEN_STATE_PROCESSING, platen_now_us()),
            PLATEN_OK);
        assert_int_equal(platen_walk_take(walk, &txn), PLATEN_OK);
    }
    assert_true(rc == PLATEN_OK || rc == PLATEN_NOT_FOUND);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    who[n] = '\0';
    return platen_walk_passed(walk);
}

/* Another client's is found at once; the same one's, too, soon. */
static void
test_hidden(void **state)
{
    char who[64];
    int  tries = 0;

    (void) state;
    add("a", "xlsx", 5000, 0);
    add("b", "csv", 3, 0);
    assert_true(claim(2, who) < 100);
    assert_string_equal(who, "bb");
    add("a", "csv", 1, 0);
    assert_true(claim(2, who) < 1200);
    for (assert_string_equal(who, "b"); *who != 'a'; tries++) {
        assert_true(tries < 6); /* 5000 in steps of 1024 */
        assert_true(claim(2, who) < 1200);
    }
    assert_string_equal(who, "a");
}

/* The same while another one has always something to do. */
static void
test_busy(void **state)
{
    char who[64];
    int  tries;

    (void) state;
    add("a", "xlsx", 300, 0);
    add("a", "csv", 1, 0);
    add("b", "csv", 100, 0);
    for (tries = 0, *who = '\0'; strchr(who, 'a') == NULL; tries++) {
        assert_true(tries < 60);
        (void) claim(1, who);
    }
}

/* As many clients as that, each with more than one look takes in: none is left out. */
static void
test_many(void **state)
{
    char name[16], who[64];
    int  i, tries;

    (void) state;
    for (i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "a%03d", i);
        add(name, "xlsx", 20, 0);
    }
    add("z", "csv", 1, 0);
    for (tries = 0, *who = '\0'; *who == '\0'; tries++) {
        assert_true(tries < 4); /* eight of each client, 1024 at a time */
        (void) claim(1, who);
    }
    assert_string_equal(who, "z");
}

/* One that comes in front of those that wait is found, as they are looked at again. */
static void
test_front(void **state)
{
    char who[64];

    (void) state;
    add("a", "xlsx", 50, 0);
    assert_int_equal(claim(1, who), 50);
    assert_string_equal(who, "");
    add("a", "csv", 1, PLATEN_PRIORITY_HIGH);
    (void) claim(1, who);
    assert_string_equal(who, "a");
}

/* Who could not use its turns has no more than a few of them at once, afterwards. */
static void
test_credit(void **state)
{
    char who[64];
    int  i, in_a_row = 0;

    (void) state;
    add("a", "xlsx", 1, 0);
    add("b", "csv", 200, 0);
    for (i = 0; i < 100; i++) {
        (void) claim(1, who);
        assert_string_equal(who, "b");
    }
    add("a", "csv", 50, 0);
    for (i = 0; i < 30; i++) {
        (void) claim(1, who);
        in_a_row = *who == 'a' ? in_a_row + 1 : 0;
        assert_true(in_a_row <= 10);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hidden, setup, teardown),
        cmocka_unit_test_setup_teardown(test_busy, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_front, setup, teardown),
        cmocka_unit_test_setup_teardown(test_credit, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
