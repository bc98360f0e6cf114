/* platen_reaper: what a dead sidecar left, and what has expired. */

#include "sidecar_fixture.h"

#include <fcntl.h>

#include "schedule/reaper.h"

static fixture_t        f;
static platen_reaper_t *reaper;

static int
setup(void **state)
{
    (void) state;
    platen_log_set_level(PLATEN_LOG_ERROR);
    if (fixture_open(&f) != 0) {
        return -1;
    }
    reaper = platen_reaper_new(&f.config, f.store);
    return reaper == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void) state;
    platen_reaper_destroy(&reaper);
    return fixture_close(&f);
}

static void
make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    close(fd);
}

static void
test_recover(void **state)
{
    platen_id_t  ids[150], pending;
    platen_job_t job;
    char         code[64], err[256], path[PLATEN_PATH_MAX], output[PLATEN_PATH_MAX];
    int          i;

    (void) state;
    for (i = 0; i < 150; i++) {
        ids[i] = fixture_submit(&f, "x", "pdf", 0);
        fixture_move(&f, &ids[i], NULL, PLATEN_STATE_PROCESSING, platen_now_us());
    }
    pending = fixture_submit(&f, "x", "pdf", 0);

    /* A result that was published, and never said so. */
    snprintf(path, sizeof(path), "%s/runs/left", f.data);
    make_file(path);
    assert_int_equal(platen_layout_publish(f.data, path, PLATEN_DIR_OUTPUT, &ids[0], 1), 0);
    platen_layout_path(f.data, PLATEN_DIR_OUTPUT, &ids[0], 1, output);
    make_file(path);

    assert_int_equal(platen_reaper_recover(reaper, err, sizeof(err)), 150);
    for (i = 0; i < 150; i++) {
        job = fixture_get(&f, &ids[i], code);
        assert_int_equal(job.state, PLATEN_STATE_PENDING);
        assert_int_equal(job.attempts, 1);
        assert_int_equal(job.lost_attempts, 1);
        assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &ids[i], 0));
    }
    assert_int_equal(fixture_get(&f, &pending, code).epoch, 0);
    assert_int_equal(access(output, F_OK), -1);
    assert_int_equal(access(path, F_OK), -1);

    assert_int_equal(platen_reaper_recover(reaper, err, sizeof(err)), 0);
}

static int
holds(const void *data, const platen_id_t *id, uint32_t epoch)
{
    return epoch == 1 && memcmp(data, id, sizeof(*id)) == 0;
}

/* A claim whose lease is over goes back, unless somebody still has it in hand. */
static void
test_leases(void **state)
{
    platen_id_t held = fixture_submit(&f, "x", "pdf", 0),
                lost = fixture_submit(&f, "x", "pdf", 0),
                young = fixture_submit(&f, "x", "pdf", 0);
    platen_txn_t txn;
    char         code[64];

    (void) state;
    fixture_move(&f, &held, NULL, PLATEN_STATE_PROCESSING, platen_now_us());
    fixture_move(&f, &lost, NULL, PLATEN_STATE_PROCESSING, platen_now_us());
    fixture_move(&f, &young, NULL, PLATEN_STATE_PROCESSING, platen_now_us());
    assert_int_equal(platen_txn_write(f.store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_touch(&txn, &young, 1, platen_boottime_ms() + 60000),
                     PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);

    assert_int_equal(platen_reaper_leases(reaper, holds, &held), 1);
    assert_int_equal(fixture_get(&f, &lost, code).state, PLATEN_STATE_PROCESSING);
    assert_int_equal(platen_reaper_put_back(reaper), 1);
    assert_int_equal(fixture_get(&f, &held, code).state, PLATEN_STATE_PROCESSING);
    assert_int_equal(fixture_get(&f, &young, code).state, PLATEN_STATE_PROCESSING);
    assert_int_equal(fixture_get(&f, &lost, code).state, PLATEN_STATE_PENDING);
    assert_int_equal(fixture_get(&f, &lost, code).lost_attempts, 1);
    assert_int_equal(platen_reaper_leases(reaper, holds, &held), 0);

    /* Claimed anew between the look and the deed: it is somebody's. */
    fixture_move(&f, &lost, NULL, PLATEN_STATE_PROCESSING, platen_now_us());
    assert_int_equal(platen_reaper_leases(reaper, holds, &held), 1);
    fixture_move(&f, &lost, NULL, PLATEN_STATE_PENDING, platen_now_us());
    fixture_move(&f, &lost, NULL, PLATEN_STATE_PROCESSING, platen_now_us());
    assert_int_equal(platen_reaper_put_back(reaper), 0);
    assert_int_equal(fixture_get(&f, &lost, code).state, PLATEN_STATE_PROCESSING);
}

/* Times are of this boot: whatever waits when platend starts is due. */
static void
test_waiting(void **state)
{
    platen_id_t  id = fixture_submit(&f, "x", "pdf", 0);
    platen_job_t job;
    platen_txn_t txn;
    char         code[64], err[256];

    (void) state;
    fixture_move(&f, &id, NULL, PLATEN_STATE_PROCESSING, platen_now_us());
    assert_int_equal(platen_txn_write(f.store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_get(&txn, &id, &job), PLATEN_OK);
    job.not_before = UINT64_MAX - 1;
    assert_int_equal(platen_store_transition(&txn, &job, PLATEN_STATE_PENDING, 1), PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
    assert_int_equal(fixture_get(&f, &id, code).queue_key, 0);

    assert_true(platen_reaper_recover(reaper, err, sizeof(err)) >= 0);
    assert_int_equal(fixture_get(&f, &id, code).not_before, 0);
    assert_int_not_equal(fixture_get(&f, &id, code).queue_key, 0);
}

static void
test_expiry(void **state)
{
    uint64_t    now = platen_now_us(), hour = UINT64_C(3600) * 1000000;
    platen_id_t old[70], young;
    char        code[64], path[PLATEN_PATH_MAX];
    int         i, rounds = 0;

    (void) state;
    for (i = 0; i < 70; i++) {
        old[i] = fixture_submit(&f, "x", "pdf", 0);
        fixture_move(&f, &old[i], NULL, PLATEN_STATE_PROCESSING, now - hour);
        fixture_move(&f, &old[i], NULL, PLATEN_STATE_SUCCESS, now - hour);
    }
    snprintf(path, sizeof(path), "%s/runs/result", f.data);
    make_file(path);
    assert_int_equal(platen_layout_publish(f.data, path, PLATEN_DIR_OUTPUT, &old[0], 1), 0);
    young = fixture_submit(&f, "x", "pdf", 0);
    fixture_move(&f, &young, NULL, PLATEN_STATE_PROCESSING, now);
    fixture_move(&f, &young, NULL, PLATEN_STATE_FAILED, now);

    while (platen_reaper_slice(reaper)) {
        rounds++;
    }
    assert_int_equal(rounds, 2); /* 64, and then the rest; the first look for orphans */
    for (i = 0; i < 70; i++) {
        assert_int_equal(fixture_get(&f, &old[i], code).state, PLATEN_STATE_NONE);
        assert_false(fixture_has(&f, PLATEN_DIR_INPUT, &old[i], 0));
    }
    assert_false(fixture_has(&f, PLATEN_DIR_OUTPUT, &old[0], 1));
    assert_int_equal(fixture_get(&f, &young, code).state, PLATEN_STATE_FAILED);
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &young, 0));
}

static void
test_buckets(void **state)
{
    platen_reaper_t *fresh;
    char             old[128], foreign[128], recent[128];

    (void) state;
    snprintf(old, sizeof(old), "%s/input/0180000", f.data);
    snprintf(foreign, sizeof(foreign), "%s/input/foreign", f.data);
    snprintf(recent, sizeof(recent), "%s/input/%07llx", f.data,
             (unsigned long long) (platen_now_us() / 1000 >> 20));
    assert_int_equal(mkdir(old, 0750), 0);
    assert_int_equal(mkdir(foreign, 0750), 0);
    (void) mkdir(recent, 0750);

    /* A new reaper does its hourly round first. */
    fresh = platen_reaper_new(&f.config, f.store);
    assert_non_null(fresh);
    while (platen_reaper_slice(fresh)) {
    }
    platen_reaper_destroy(&fresh);

    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(foreign, F_OK), 0);
    assert_int_equal(access(recent, F_OK), 0);
}

static void
test_events(void **state)
{
    platen_txn_t   txn;
    platen_event_t event;
    platen_id_t    id;
    uint64_t       now = platen_now_us(), day = UINT64_C(86400) * 1000000;

    (void) state;
    id = fixture_submit(&f, "x", "pdf", 0);
    fixture_move(&f, &id, NULL, PLATEN_STATE_PROCESSING, now - day);
    f.config.outbox_keep = 0;
    usleep(1000);
    fixture_move(&f, &id, NULL, PLATEN_STATE_PENDING, platen_now_us() + day);
    while (platen_reaper_slice(reaper)) {
    }

    assert_int_equal(platen_txn_read(f.store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_events(&txn, 0, &event, 1), 1);
    assert_int_equal(event.state, PLATEN_STATE_PENDING);
    assert_true(event.time > now);
    platen_txn_abort(&txn);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recover), cmocka_unit_test(test_leases),
        cmocka_unit_test(test_waiting), cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_buckets), cmocka_unit_test(test_events),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
