/*
 * platen_scheduler: from a PENDING record to its end, with an engine of the
 * configuration that is a shell script.  The document says what it does.
 */

#include "sidecar_fixture.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "engine/engine.h"
#include "schedule/internal.h"

static const char script[] =
    "#!/bin/sh\n"
    "read what < \"$1\"\n"
    "case $what in\n"
    "sleep) exec /bin/sleep 100;;\n"
    "crash) kill -SEGV $$;;\n"
    "corrupt) exit 65;;\n"
    "orphan) /usr/bin/setsid /bin/sleep 0.3 & echo '%PDF-1.4' > \"$2\";;\n"
    "ok) echo '%PDF-1.4' > \"$2\";;\n"
    "esac\n";

static fixture_t               f;
static char                    program[64], command[96], name[] = "shell";
static char                    from[] = "txt", to[] = "pdf md", options[] = "pages";
static platen_config_command_t block;
static platen_confine_t       *confine;
static platen_engines_t       *engines;
static platen_crew_t          *crew;
static platen_scheduler_t     *scheduler;

/* What a platend makes when it starts, and unmakes when it ends. */
static int
begin(void)
{
    crew = platen_crew_new(8);
    scheduler =
        crew == NULL ? NULL : platen_scheduler_new(&f.config, f.store, engines, confine, crew);
    return scheduler == NULL ? -1 : 0;
}

static void
end(void)
{
    platen_scheduler_destroy(&scheduler);
    platen_crew_destroy(&crew);
}

static int
setup(void **state)
{
    FILE *out;
    char  err[512];

    (void) state;
    platen_log_set_level(PLATEN_LOG_ERROR);
    /* As platend is, so that orphans come to us. */
    if (fixture_open(&f) != 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        return -1;
    }
    snprintf(program, sizeof(program), "%s/engine", f.root);
    out = fopen(program, "w");
    if (out == NULL || fputs(script, out) < 0 || fclose(out) != 0
        || chmod(program, 0700) != 0) {
        return -1;
    }
    snprintf(command, sizeof(command), "%s {input} {output} {pages}", program);
    block = (platen_config_command_t){
        .name = name,
        .from = from,
        .to = to,
        .command = command,
        .options = options,
        .read = fixture_none,
        .cost = 1,
        .fork = 1,
    };
    f.config.commands = &block;
    f.config.ncommands = 1;
    confine = platen_confine_new(&f.config, err, sizeof(err));
    engines = platen_engines_new(&f.config);
    return confine == NULL || engines == NULL ? -1 : begin();
}

static int
teardown(void **state)
{
    (void) state;
    end();
    platen_engines_destroy(&engines);
    platen_confine_destroy(&confine);
    return fixture_close(&f);
}

/* Of a few milliseconds each: a minute, if the machine has much else to do. */
#define TURNS 12000

/* What has ended, and what the crew has done within a few milliseconds; claims nothing. */
static void
look(void)
{
    struct pollfd crew_fd = { .fd = platen_crew_fd(crew), .events = POLLIN };

    if (poll(&crew_fd, 1, 5) > 0) {
        platen_crew_read(crew);
    }
    platen_scheduler_tick(scheduler);
    platen_scheduler_reap(scheduler);
}

/* One turn of the loop. */
static void
turn(void)
{
    look();
    if (platen_scheduler_again(scheduler)) {
        platen_scheduler_scan(scheduler);
    }
}

/* Begins to claim, and turns until that has come to `n` runs. */
static void
scan(unsigned n)
{
    int i;

    platen_scheduler_scan(scheduler);
    for (i = 0; i < TURNS && platen_scheduler_running(scheduler) != n; i++) {
        turn();
        if (i % 20 == 19) {
            platen_scheduler_scan(scheduler); /* as platend does each second */
        }
    }
    assert_int_equal(platen_scheduler_running(scheduler), n);
}

/* Turns the handle until the job is in a final state, or gone. */
static platen_job_t
wait_for(const platen_id_t *id, char code[64])
{
    platen_job_t job;
    int          i;

    platen_scheduler_scan(scheduler);
    for (i = 0; i < TURNS; i++) {
        job = fixture_get(&f, id, code);
        if (job.state == PLATEN_STATE_NONE || platen_state_final((platen_state_t) job.state)) {
            return job;
        }
        turn();
        if (i % 20 == 19) {
            platen_scheduler_scan(scheduler); /* as platend does each second */
        }
    }
    fail_msg("the job did not end: %s", platen_state_name((platen_state_t) job.state));
    return job;
}

/* Until nothing runs, and all is written; nothing is begun. */
static void
drain(void)
{
    int i;

    for (i = 0; i < TURNS && platen_scheduler_busy(scheduler); i++) {
        look();
    }
    assert_false(platen_scheduler_busy(scheduler));
}

static void
test_success(void **state)
{
    platen_id_t  ids[5];
    platen_job_t job;
    char         code[64];
    int          i;

    (void) state;
    for (i = 0; i < 5; i++) {
        ids[i] = fixture_submit(&f, "ok\n", "pdf", 0);
    }
    for (i = 0; i < 5; i++) {
        job = wait_for(&ids[i], code);
        assert_int_equal(job.state, PLATEN_STATE_SUCCESS);
        assert_int_equal(job.attempts, 1);
        assert_int_equal(job.output_size, 9);
        assert_true(fixture_has(&f, PLATEN_DIR_OUTPUT, &ids[i], job.epoch));
        assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &ids[i], 0));
    }
}

static void
remove_job(const platen_id_t *id)
{
    platen_txn_t txn;

    assert_int_equal(platen_txn_write(f.store, &txn), PLATEN_OK);
    assert_int_equal(platen_store_remove(&txn, id, NULL, platen_now_us(), NULL), PLATEN_OK);
    assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
}

static void
test_claim(void **state)
{
    platen_id_t ids[3];
    uint64_t    before;
    char        code[64];
    int         i;

    (void) state;
    for (i = 0; i < 3; i++) {
        ids[i] = fixture_submit(&f, "sleep\n", "pdf", 0);
    }
    /* Two workers: the claims are committed, with a lease, before anything runs. */
    before = platen_boottime_ms();
    scan(2);
    for (i = 0; i < 2; i++) {
        assert_int_equal(fixture_get(&f, &ids[i], code).state, PLATEN_STATE_PROCESSING);
        assert_true(fixture_get(&f, &ids[i], code).lease_until
                    > before + 2 * f.config.wall_clock * 1000);
    }
    assert_int_equal(fixture_get(&f, &ids[2], code).state, PLATEN_STATE_PENDING);

    /* Interrupted by a stop: back in the queue, and nothing is counted. */
    platen_scheduler_interrupt(scheduler);
    drain();
    for (i = 0; i < 2; i++) {
        assert_int_equal(fixture_get(&f, &ids[i], code).state, PLATEN_STATE_PENDING);
        assert_int_equal(fixture_get(&f, &ids[i], code).attempts, 0);
    }

    /* fault 45: removed while they run, found by looking at the records. */
    scan(2);
    for (i = 0; i < 3; i++) {
        remove_job(&ids[i]);
    }
    platen_scheduler_check(scheduler);
    drain();
    for (i = 0; i < 3; i++) {
        assert_int_equal(fixture_get(&f, &ids[i], code).state, PLATEN_STATE_NONE);
    }
}

static void
test_failures(void **state)
{
    platen_id_t  none = fixture_submit(&f, "nothing\n", "pdf", 0);
    platen_id_t  corrupt = fixture_submit(&f, "corrupt\n", "pdf", 0);
    platen_id_t  crash = fixture_submit(&f, "crash\n", "pdf", 0);
    platen_id_t  strange = fixture_submit(&f, "ok\n", "parquet", 0);
    platen_id_t  unknown = fixture_submit(&f, "ok\n", "no such format", 0);
    platen_id_t  poison = fixture_submit(&f, "ok\n", "pdf", 10);
    platen_id_t  tired = fixture_submit(&f, "ok\n", "pdf", 9);
    platen_id_t  lost = fixture_submit(&f, "ok\n", "pdf", 0);
    platen_job_t job;
    char         code[64], path[PLATEN_PATH_MAX];

    (void) state;
    platen_layout_path(f.data, PLATEN_DIR_INPUT, &lost, 0, path);
    assert_int_equal(unlink(path), 0);

    job = wait_for(&none, code);
    assert_string_equal(code, "conversion_failed");
    assert_int_equal(job.attempts, 1);
    job = wait_for(&corrupt, code);
    assert_string_equal(code, "corrupt_document");
    assert_int_equal(job.attempts, 1);
    job = wait_for(&crash, code);
    assert_string_equal(code, "converter_crashed");
    assert_int_equal(job.attempts, 2);
    wait_for(&strange, code);
    assert_string_equal(code, "unsupported_conversion");
    wait_for(&unknown, code);
    assert_string_equal(code, "unsupported_conversion");
    wait_for(&poison, code);
    assert_string_equal(code, "converter_crashed");
    wait_for(&lost, code);
    assert_string_equal(code, "input_missing");
    assert_true(fixture_has(&f, PLATEN_DIR_INPUT, &none, 0));

    /* Claims alone do not fail a job: a sidecar may die for other reasons. */
    assert_int_equal(wait_for(&tired, code).state, PLATEN_STATE_SUCCESS);
}

/* A job whose options the record has in text form. */
static platen_id_t
submit_with(const char *format, const char *text, const char *secrets)
{
    platen_job_t job = { .target_format = platen_str(format),
                         .options = platen_str(text),
                         .secrets = platen_str(secrets) };

    return fixture_submit_job(&f, "ok\n", &job);
}

/* Better no result than one that leaves out what was asked for. */
static void
test_options(void **state)
{
    platen_id_t taken = submit_with("pdf", "pages=2\n", "");
    platen_id_t refused = submit_with("pdf", "pages=2\npdfa=2b\n", "");
    platen_id_t secret = submit_with("pdf", "", "password=x\n");
    platen_id_t later = submit_with("pdf", "an_option_of_tomorrow=1\n", "");
    char        code[64];

    (void) state;
    assert_int_equal(wait_for(&taken, code).state, PLATEN_STATE_SUCCESS);
    wait_for(&refused, code);
    assert_string_equal(code, "unsupported_option");
    wait_for(&secret, code);
    assert_string_equal(code, "unsupported_option");
    wait_for(&later, code);
    assert_string_equal(code, "unsupported_conversion");
}

static void
test_many_that_need_no_worker(void **state)
{
    platen_id_t last;
    char        code[64];
    int         i;

    (void) state;
    for (i = 0; i < 100; i++) {
        last = fixture_submit(&f, "ok\n", "parquet", 0);
    }
    /* More than one claim takes; one leads to the next. */
    platen_scheduler_scan(scheduler);
    for (i = 0; i < TURNS && fixture_get(&f, &last, code).state != PLATEN_STATE_FAILED; i++) {
        turn();
    }
    assert_int_equal(fixture_get(&f, &last, code).state, PLATEN_STATE_FAILED);
    drain();
}

/* Processes that an engine has left behind are waited for by somebody. */
static void
test_orphans(void **state)
{
    platen_id_t id = fixture_submit(&f, "orphan\n", "pdf", 0);
    siginfo_t   info = { .si_pid = 0 };
    char        code[64];
    int         i;

    (void) state;
    assert_int_equal(wait_for(&id, code).state, PLATEN_STATE_SUCCESS);
    for (i = 0; i < 200; i++) {
        platen_scheduler_second(scheduler);
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
            break; /* ECHILD: none is left */
        }
        usleep(5000);
    }
    assert_true(i < 200);
}

/* A program that cannot be executed for the moment: its job waits, and no other one. */
static void
test_setback(void **state)
{
    platen_id_t id = fixture_submit(&f, "ok\n", "pdf", 0), other;
    char        code[64];

    (void) state;
    assert_int_equal(chmod(program, 0600), 0);
    platen_log_set_level(PLATEN_LOG_ERROR + 1);
    platen_scheduler_scan(scheduler);
    drain();
    platen_log_set_level(PLATEN_LOG_ERROR);
    assert_int_equal(chmod(program, 0700), 0);
    assert_int_equal(fixture_get(&f, &id, code).state, PLATEN_STATE_PENDING);
    assert_int_equal(fixture_get(&f, &id, code).host_failures, 1);
    assert_int_equal(fixture_get(&f, &id, code).crashes, 0);
    assert_int_not_equal(fixture_get(&f, &id, code).not_before, 0);

    other = fixture_submit(&f, "ok\n", "pdf", 0);
    scan(1);
    assert_int_equal(fixture_get(&f, &other, code).state, PLATEN_STATE_PROCESSING);
    drain();
    remove_job(&id);
    remove_job(&other);
}

static void
sleep_a_little(void *data)
{
    (void) data;
    usleep(200000);
}

/* The process ends while a claim waits for its turn: what the one before it took runs by now.
 */
static void
test_end_before_a_claim(void **state)
{
    platen_work_t before = { .run = sleep_a_little };
    platen_id_t   id;
    char          code[64];

    (void) state;
    (void) fixture_submit(&f, "sleep\n", "pdf", 0);
    scan(1);
    id = fixture_submit(&f, "ok\n", "pdf", 0);
    platen_crew_do(crew, PLATEN_CREW_STORE, &before);
    platen_scheduler_scan(scheduler);
    assert_true(platen_scheduler_busy(scheduler));
    end();
    assert_int_equal(fixture_get(&f, &id, code).state, PLATEN_STATE_PENDING);
    remove_job(&id);
    assert_int_equal(begin(), 0);
}

static void
test_stop(void **state)
{
    platen_id_t id;
    char        code[64];

    (void) state;
    platen_scheduler_stop(scheduler);
    id = fixture_submit(&f, "ok\n", "pdf", 0);
    platen_scheduler_scan(scheduler);
    assert_false(platen_scheduler_busy(scheduler));
    assert_int_equal(fixture_get(&f, &id, code).state, PLATEN_STATE_PENDING);
}

static platen_id_t
submit_large(const char *document)
{
    platen_job_t job = { .target_format = platen_str("pdf"), .input_size = 5000 };

    return fixture_submit_job(&f, document, &job);
}

/* What others of its kind and size took long for leaves a worker to what is smaller. */
static void
test_short(void **state)
{
    platen_id_t ids[3], other;
    char        code[64];
    int         i;

    (void) state;
    end();
    f.config.keep_short = 1;
    f.config.long_after = 0; /* what is known takes long */
    assert_int_equal(begin(), 0);
    ids[0] = submit_large("ok\n");
    assert_int_equal(wait_for(&ids[0], code).state, PLATEN_STATE_SUCCESS);

    for (i = 0; i < 3; i++) {
        ids[i] = submit_large("sleep\n");
    }
    scan(1);
    other = fixture_submit(&f, "ok\n", "pdf", 0);
    assert_int_equal(wait_for(&other, code).state, PLATEN_STATE_SUCCESS);
    assert_int_equal(fixture_get(&f, &ids[0], code).state, PLATEN_STATE_PROCESSING);
    assert_int_equal(fixture_get(&f, &ids[1], code).state, PLATEN_STATE_PENDING);
    assert_int_equal(fixture_get(&f, &ids[2], code).state, PLATEN_STATE_PENDING);

    /* The next one has its turn when that has ended. */
    remove_job(&ids[0]);
    platen_scheduler_check(scheduler);
    for (i = 0; i < TURNS && fixture_get(&f, &ids[1], code).state == PLATEN_STATE_PENDING;
         i++) {
        turn();
        if (i % 20 == 19) {
            platen_scheduler_scan(scheduler);
        }
    }
    assert_int_equal(fixture_get(&f, &ids[1], code).state, PLATEN_STATE_PROCESSING);
    remove_job(&ids[2]);
    remove_job(&ids[1]);
    platen_scheduler_check(scheduler);
    drain();
    end();
    f.config.keep_short = 0;
    assert_int_equal(begin(), 0);
}

#define SHORT 20

/* Turns until a job has begun; how many of the others have succeeded by then. */
static int
before_it(const platen_id_t *id, const platen_id_t others[SHORT])
{
    char code[64];
    int  i, n = 0;

    for (i = 0; i < TURNS && fixture_get(&f, id, code).state == PLATEN_STATE_PENDING; i++) {
        turn();
        platen_scheduler_scan(scheduler);
    }
    for (i = 0; i < SHORT; i++) {
        n += fixture_get(&f, &others[i], code).state == PLATEN_STATE_SUCCESS;
    }
    return n;
}

/* Short ones of a client go before its long one, but not for ever. */
static void
test_short_first(void **state)
{
    const platen_format_t *txt = platen_format_find("txt", 3),
                          *pdf = platen_format_find("pdf", 3);
    platen_id_t blocker, slow, ids[SHORT];
    char        code[64];
    int         known, most, i;

    (void) state;
    end();
    f.config.workers = 1;
    for (known = 0; known < 2; known++) {
        assert_int_equal(begin(), 0);
        if (known) {
            platen_estimate_learn(scheduler->estimate, txt, pdf, 5000, 60000);
            platen_estimate_learn(scheduler->estimate, txt, pdf, 0, 10);
        }
        blocker = fixture_submit(&f, "sleep\n", "pdf", 0);
        scan(1);
        slow = submit_large("ok\n");
        for (i = 0; i < SHORT; i++) {
            ids[i] = fixture_submit(&f, "ok\n", "pdf", 0);
        }
        remove_job(&blocker);
        platen_scheduler_check(scheduler);
        for (most = 0; known && most < 16; most++) {
            if (platen_id_ms(&ids[most]) - platen_id_ms(&slow) > 10000) {
                break; /* a machine that has much else to do */
            }
        }
        assert_int_equal(before_it(&slow, ids), most);
        assert_int_equal(wait_for(&slow, code).state, PLATEN_STATE_SUCCESS);
        for (i = 0; i < SHORT; i++) {
            assert_int_equal(wait_for(&ids[i], code).state, PLATEN_STATE_SUCCESS);
        }
        end();
    }
    f.config.workers = 2;
    assert_int_equal(begin(), 0);
}

/* Without LibreOffice there is nothing to wait for. */
static void
test_no_office(void **state)
{
    char err[256];

    (void) state;
    assert_int_equal(platen_scheduler_warm(scheduler, err, sizeof(err)), 0);
    assert_int_equal(platen_scheduler_fd(scheduler), -1);
    assert_string_equal(platen_scheduler_note(scheduler), "");
    platen_scheduler_second(scheduler);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_office),
        cmocka_unit_test(test_success),
        cmocka_unit_test(test_claim),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_many_that_need_no_worker),
        cmocka_unit_test(test_orphans),
        cmocka_unit_test(test_setback),
        cmocka_unit_test(test_end_before_a_claim),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_short_first),
        cmocka_unit_test(test_stop),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
