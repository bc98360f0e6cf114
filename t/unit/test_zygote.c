/*
 * platen_zygote: one platen-lok, its runs, and that none of their processes
 * outlives it.  How one follows another is in test_zygote_renewal.c.
 */

#include "zygote_fixture.h"

#include <sys/resource.h>

static void
test_ready(void **state)
{
    platen_lok_message_t m = zygote_request(1, "0");
    char                 err[256];
    int                  own = getpriority(PRIO_PROCESS, 0);

    (void) state;
    assert_int_equal(platen_zygote_state(fixture.zygote), PLATEN_ZYGOTE_WARMING);
    assert_string_equal(platen_zygote_reason(fixture.zygote), "");
    assert_int_equal(platen_zygote_convert(fixture.zygote, &m), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(platen_zygote_start(fixture.zygote, err, sizeof(err)), 0);
    assert_int_equal(platen_zygote_convert(fixture.zygote, &m), -1);
    zygote_wait_state(PLATEN_ZYGOTE_READY);
    assert_int_equal(fixture.nchanged, 1);
    assert_string_equal(platen_zygote_reason(fixture.zygote), "");
    assert_true(platen_zygote_owns(fixture.zygote, zygote_lok_pid(0)));
    assert_false(platen_zygote_owns(fixture.zygote, getpid()));
    assert_int_equal(fixture.nended, 0);

    /* It stands back, and so do all that it forks. */
    assert_int_equal(getpriority(PRIO_PROCESS, (id_t) zygote_lok_pid(0)),
                     own > 16 ? 19 : own + 3);
}

static void
test_runs(void **state)
{
    platen_lok_message_t m;
    unsigned             i;

    (void) state;
    zygote_start();
    zygote_ask(7, "0");
    zygote_wait_ended(1);
    assert_int_equal(fixture.ends[0].tag, 7);
    assert_int_equal(fixture.ends[0].result.end, PLATEN_ZYGOTE_EXITED);
    assert_int_equal(fixture.ends[0].result.wait_status, 0);
    assert_true(fixture.ends[0].result.max_rss == 4096);

    zygote_ask(8, "11");
    zygote_wait_ended(2);
    assert_true(WIFEXITED(fixture.ends[1].result.wait_status));
    assert_int_equal(WEXITSTATUS(fixture.ends[1].result.wait_status),
                     PLATEN_LOK_EXIT_ENCRYPTED);

    m = zygote_request(9, "password");
    m.password = PLATEN_STR("seven s");
    assert_int_equal(platen_zygote_convert(fixture.zygote, &m), 0);
    zygote_wait_ended(3);
    assert_int_equal(WEXITSTATUS(fixture.ends[2].result.wait_status), 7);

    zygote_ask(10, "refuse");
    zygote_wait_ended(4);
    assert_int_equal(fixture.ends[3].tag, 10);
    assert_int_equal(fixture.ends[3].result.end, PLATEN_ZYGOTE_REFUSED);
    assert_int_equal(fixture.ends[3].result.error, EAGAIN);

    zygote_ask(11, "unset");
    zygote_wait_ended(5);
    assert_int_equal(fixture.ends[4].tag, 11);
    assert_int_equal(fixture.ends[4].result.end, PLATEN_ZYGOTE_REFUSED);
    assert_int_equal(fixture.ends[4].result.error, ENOMEM);

    for (i = 0; i < 20; i++) {
        zygote_ask(100 + i, "0");
    }
    zygote_wait_ended(25);
    assert_int_equal(platen_zygote_state(fixture.zygote), PLATEN_ZYGOTE_READY);
}

/* What does not fit in a packet is not sent in part, and nobody waits for its end. */
static void
test_too_long(void **state)
{
    static char          text[PLATEN_LOK_WIRE_MAX + 1];
    platen_lok_message_t m = zygote_request(1, "0");

    (void) state;
    zygote_start();
    memset(text, 'x', sizeof(text) - 1);
    m.export_options = platen_str(text);
    assert_int_equal(platen_zygote_convert(fixture.zygote, &m), -1);
    assert_int_equal(errno, EMSGSIZE);
    zygote_ask(1, "0");
    zygote_wait_ended(1);
    assert_int_equal(fixture.ends[0].result.end, PLATEN_ZYGOTE_EXITED);
}

/* fault 63: a run that hangs is killed, and no other. */
static void
test_kill(void **state)
{
    pid_t pids[ZYGOTE_RUNS];
    int   i;

    (void) state;
    zygote_start();
    zygote_hang(2, pids);
    platen_zygote_kill(fixture.zygote, 77);
    platen_zygote_kill(fixture.zygote, 1);
    zygote_wait_ended(1);
    assert_int_equal(fixture.ends[0].tag, 1);
    assert_int_equal(fixture.ends[0].result.end, PLATEN_ZYGOTE_EXITED);
    assert_int_equal(WTERMSIG(fixture.ends[0].result.wait_status), SIGKILL);
    assert_true(zygote_gone(pids[0]));
    assert_false(zygote_gone(pids[1]));
    assert_false(platen_zygote_owns(fixture.zygote, pids[0]));

    /* Again, and once more: it ends once. */
    platen_zygote_kill(fixture.zygote, 1);
    platen_zygote_kill(fixture.zygote, 2);
    platen_zygote_kill(fixture.zygote, 2);
    zygote_wait_ended(2);
    for (i = 0; i < 5; i++) {
        zygote_turn(1);
    }
    assert_int_equal(fixture.nended, 2);
    assert_true(zygote_gone(pids[1]));

    /* Before anything is known of its process. */
    zygote_ask(3, "hang");
    platen_zygote_kill(fixture.zygote, 3);
    zygote_wait_ended(3);
    assert_int_equal(WTERMSIG(fixture.ends[2].result.wait_status), SIGKILL);
}

/* fault 64: the zygote dies; its runs are over before anyone is told of them. */
static void
assert_lost(const char *how)
{
    pid_t    pids[ZYGOTE_RUNS], pid;
    unsigned i;

    zygote_start();
    pid = zygote_lok_pid(0);
    zygote_hang(3, pids);
    fixture.nchanged = 0;
    if (how == NULL) {
        kill(pid, SIGKILL);
    } else {
        zygote_ask(4, how);
    }
    zygote_wait_ended(how == NULL ? 3 : 4);
    for (i = 0; i < fixture.nended; i++) {
        assert_int_equal(fixture.ends[i].tag, i + 1);
        assert_int_equal(fixture.ends[i].result.end, PLATEN_ZYGOTE_LOST);
    }
    for (i = 0; i < 3; i++) {
        assert_true(zygote_gone(pids[i]));
    }
    assert_true(zygote_gone(pid));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(fixture.nchanged, 1);
    assert_int_equal(platen_zygote_state(fixture.zygote), PLATEN_ZYGOTE_WARMING);

    /* The next one comes with the next second. */
    zygote_wait_state(PLATEN_ZYGOTE_READY);
    assert_int_not_equal(zygote_lok_pid(0), pid);
    zygote_ask(5, "0");
    zygote_wait_ended(fixture.nended + 1);
    assert_int_equal(fixture.ends[fixture.nended - 1].result.end, PLATEN_ZYGOTE_EXITED);
}

static void
test_killed(void **state)
{
    (void) state;
    assert_lost(NULL);
}

static void
test_dies(void **state)
{
    (void) state;
    assert_lost("die");
}

/* One that says what nobody understands is not trusted any longer. */
static void
test_garbage(void **state)
{
    (void) state;
    assert_lost("garbage");
}

static void
test_destroy(void **state)
{
    pid_t pids[ZYGOTE_RUNS], pid;

    (void) state;
    zygote_start();
    pid = zygote_lok_pid(0);
    zygote_hang(2, pids);
    platen_zygote_destroy(&fixture.zygote);
    assert_null(fixture.zygote);
    assert_true(zygote_gone(pid) && zygote_gone(pids[0]) && zygote_gone(pids[1]));
    assert_int_equal(fixture.nended, 0);
    platen_zygote_destroy(&fixture.zygote);
}

int
main(int argc, char **argv, char **envp)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ready, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_runs, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_too_long, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_kill, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_killed, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_dies, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_garbage, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_destroy, zygote_setup, zygote_teardown),
    };

    fake_office(argc, argv, envp);
    return cmocka_run_group_tests(tests, zygote_setup_group, zygote_teardown_group);
}
