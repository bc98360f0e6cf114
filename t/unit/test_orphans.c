/* platen_orphans: what no job names goes, when it is old, and nothing else does. */

#include "sidecar_fixture.h"

#include <fcntl.h>
#include <sys/time.h>

#include "schedule/orphans.h"

static fixture_t         f;
static platen_orphans_t *orphans;

static int
setup(void **state)
{
    (void) state;
    platen_log_set_level(PLATEN_LOG_ERROR);
    if (fixture_open(&f) != 0) {
        return -1;
    }
    f.config.orphan_age = 0;
    f.config.orphan_interval = 0;
    orphans = platen_orphans_new(&f.config, f.store);
    return orphans == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void) state;
    platen_orphans_destroy(&orphans);
    return fixture_close(&f);
}

/* A file where a job's would be. */
static void
make_file(platen_dir_t dir, const platen_id_t *id, uint32_t epoch)
{
    char path[PLATEN_PATH_MAX];
    int  fd;

    snprintf(path, sizeof(path), "%s/runs/file", f.data);
    fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(platen_layout_publish(f.data, path, dir, id, epoch), 0);
}

/* Announced, and with `digest` its bytes have come. */
static platen_id_t
announce(platen_str_t digest)
{
    platen_job_t job = {
        .ttl = 60,
        .client = PLATEN_STR("test"),
        .content_type = PLATEN_STR("text/plain"),
        .expires_at = platen_now_us() + 60000000,
    };

    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    fixture_move(&f, &job.id, &job, PLATEN_STATE_INITIATED, platen_now_us());
    if (digest.len != 0) {
        job.input_size = 1;
        job.input_sha256 = digest;
        fixture_move(&f, &job.id, &job, PLATEN_STATE_INITIATED, platen_now_us());
    }
    make_file(PLATEN_DIR_INPUT, &job.id, 0);
    return job.id;
}

/* Two rounds at least; ages are whole seconds, so this takes two. */
static void
sweep(void)
{
    int i;

    for (i = 0; i < 250; i++) {
        while (platen_orphans_slice(orphans)) {
        }
        usleep(10000);
    }
}

static void
test_sweep(void **state)
{
    platen_id_t none, pending, running, done, failed, cut, come;
    char        foreign[PLATEN_PATH_MAX];
    uint64_t    now = platen_now_us();
    int         fd;

    (void) state;
    assert_int_equal(platen_id_new(&none), PLATEN_OK);
    make_file(PLATEN_DIR_INPUT, &none, 0);
    make_file(PLATEN_DIR_OUTPUT, &none, 1);

    pending = fixture_submit(&f, "x", "pdf", 0);
    make_file(PLATEN_DIR_OUTPUT, &pending, 1);

    running = fixture_submit(&f, "x", "pdf", 0);
    fixture_move(&f, &running, NULL, PLATEN_STATE_PROCESSING, now);
    make_file(PLATEN_DIR_OUTPUT, &running, 1);
    make_file(PLATEN_DIR_OUTPUT, &running, 7);

    done = fixture_submit(&f, "x", "pdf", 0);
    fixture_move(&f, &done, NULL, PLATEN_STATE_PROCESSING, now);
    fixture_move(&f, &done, NULL, PLATEN_STATE_SUCCESS, now);
    make_file(PLATEN_DIR_OUTPUT, &done, 1);

    failed = fixture_submit(&f, "x", "pdf", 0);
    fixture_move(&f, &failed, NULL, PLATEN_STATE_PROCESSING, now);
    fixture_move(&f, &failed, NULL, PLATEN_STATE_FAILED, now);
    make_file(PLATEN_DIR_OUTPUT, &failed, 1);

    cut = announce(PLATEN_STR("")); /* a kill between the rename and the record */
    come = announce(PLATEN_STR("0123456789abcdef0123456789abcdef"));

    snprintf(foreign, sizeof(foreign), "%s/input/%07llx/notes.txt", f.data,
             (unsigned long long) (now / 1000 >> 20));
    fd = open(foreign, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    close(fd);

    sweep();
    assert_false(fixture_has(&f, PLATEN_DIR_INPUT, &none, 0));
    assert_false(fixture_has(&f, PLATEN_DIR_OUTPUT, &none, 1));
    assert_false(fixture_has(&f, PLATEN_DIR_INPUT, &cut, 0));
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &come, 0));
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &pending, 0));
    assert_false(fixture_has(&f, PLATEN_DIR_OUTPUT, &pending, 1));
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &running, 0));
    assert_true(fixture_has(&f, PLATEN_DIR_OUTPUT, &running, 1));
    assert_false(fixture_has(&f, PLATEN_DIR_OUTPUT, &running, 7));
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &done, 0));
    assert_true(fixture_has(&f, PLATEN_DIR_OUTPUT, &done, 1));
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &failed, 0));
    assert_false(fixture_has(&f, PLATEN_DIR_OUTPUT, &failed, 1));
    assert_int_equal(access(foreign, F_OK), 0);
}

/* One that is young may be a submission whose record is still to come. */
static void
test_young(void **state)
{
    platen_id_t none;

    (void) state;
    f.config.orphan_age = 3600;
    assert_int_equal(platen_id_new(&none), PLATEN_OK);
    make_file(PLATEN_DIR_INPUT, &none, 0);
    sweep();
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &none, 0));
}

/* Noted as an orphan, and no orphan any more when its time has come. */
static void
test_recorded_meanwhile(void **state)
{
    platen_job_t job = { .ttl = 60, .client = PLATEN_STR("test") };

    (void) state;
    assert_int_equal(platen_id_new(&job.id), PLATEN_OK);
    make_file(PLATEN_DIR_INPUT, &job.id, 0);
    sleep(2); /* its age is now more than none */
    f.config.orphan_age = 1;
    /* The search, which notes it; what was noted is held for a second. */
    while (platen_orphans_slice(orphans)) {
    }
    job.source_format = PLATEN_STR("txt");
    job.target_format = PLATEN_STR("pdf");
    fixture_move(&f, &job.id, &job, PLATEN_STATE_PENDING, platen_now_us());
    sweep();
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &job.id, 0));
}

static int
is_free(void *data)
{
    (void) data;
    return 1;
}

/* Noted as what a kill has left, and replaced by an upload that is about to be recorded. */
static void
test_claimed_meanwhile(void **state)
{
    platen_id_t  cut = announce(PLATEN_STR(""));
    platen_tmp_t tmp;
    int          lock;

    (void) state;
    sleep(2);
    f.config.orphan_age = 1;
    while (platen_orphans_slice(orphans)) {
    }
    assert_int_equal(platen_layout_tmp(f.data, &tmp), 0);
    assert_int_equal(platen_layout_claim(f.data, tmp.path, &cut, is_free, NULL, &lock), 0);
    platen_layout_tmp_discard(&tmp);
    sweep();
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &cut, 0));

    /* Its process is killed as well. */
    close(lock);
    sweep();
    sweep();
    assert_false(fixture_has(&f, PLATEN_DIR_INPUT, &cut, 0));
}

/* More of them than a slice, and than a round, takes. */
static void
test_many(void **state)
{
    static platen_id_t ids[1500];
    int                i;

    (void) state;
    for (i = 0; i < 1500; i++) {
        assert_int_equal(platen_id_new(&ids[i]), PLATEN_OK);
        make_file(PLATEN_DIR_INPUT, &ids[i], 0);
    }
    sweep();
    sweep();
    for (i = 0; i < 1500; i++) {
        assert_false(fixture_has(&f, PLATEN_DIR_INPUT, &ids[i], 0));
    }
}

static void
test_names(void **state)
{
    static const char *const wrong[] = {
        "",
        "x",
        "018bcfe5-6800-7000-8000-00000000000",
        "018bcfe5-6800-7000-8000-0000000000011",
        "018bcfe5-6800-4000-8000-000000000001",
        "018bcfe5-6800-7000-8000-000000000001.",
    };
    static const char *const wrong_outputs[] = {
        "018bcfe5-6800-7000-8000-000000000001",
        "018bcfe5-6800-7000-8000-000000000001.",
        "018bcfe5-6800-7000-8000-000000000001.0",
        "018bcfe5-6800-7000-8000-000000000001.01",
        "018bcfe5-6800-7000-8000-000000000001.1x",
        "018bcfe5-6800-7000-8000-000000000001.-1",
        "018bcfe5-6800-7000-8000-000000000001. 1",
        "018bcfe5-6800-7000-8000-000000000001_1",
        "018bcfe5-6800-7000-8000-000000000001.4294967296",
    };
    platen_id_t id;
    uint32_t    epoch = 99;
    size_t      i;

    (void) state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(platen_layout_parse(PLATEN_DIR_INPUT, wrong[i], &id, &epoch),
                         PLATEN_INVALID);
    }
    for (i = 0; i < sizeof(wrong_outputs) / sizeof(wrong_outputs[0]); i++) {
        assert_int_equal(platen_layout_parse(PLATEN_DIR_OUTPUT, wrong_outputs[i], &id, &epoch),
                         PLATEN_INVALID);
    }
    assert_int_equal(platen_layout_parse(PLATEN_DIR_INPUT,
                                         "018bcfe5-6800-7000-8000-000000000001", &id, &epoch),
                     PLATEN_OK);
    assert_int_equal(epoch, 0);
    assert_int_equal(platen_layout_parse(PLATEN_DIR_OUTPUT,
                                         "018bcfe5-6800-7000-8000-000000000001.4294967295", &id,
                                         &epoch),
                     PLATEN_OK);
    assert_int_equal(epoch, UINT32_MAX);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_sweep),
        TEST(test_young),
        TEST(test_recorded_meanwhile),
        TEST(test_claimed_meanwhile),
        TEST(test_many),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
