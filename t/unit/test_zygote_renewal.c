/*
 * platen_zygote: one platen-lok after the other.  One that does not get ready is
 * tried again, later and later; one that has done enough, or is out of date,
 * hands over to the next.
 */

#include "zygote_fixture.h"

static void
wait_reason(void)
{
    int i;

    for (i = 0; i < 1000 && *platen_zygote_reason(fixture.zygote) == '\0'; i++) {
        zygote_turn(0);
    }
}

static void
test_not_ready(void **state)
{
    char     err[256];
    uint64_t began, second, third;
    int      i;

    (void) state;
    zygote_set_mode("exit");
    assert_int_equal(platen_zygote_start(fixture.zygote, err, sizeof(err)), 0);
    wait_reason();
    assert_string_equal(platen_zygote_reason(fixture.zygote), "platen-lok: the last word");
    assert_int_equal(fixture.nchanged, 1);

    /* None was ever ready: there may be no way, and nobody waits for one. */
    assert_int_equal(platen_zygote_state(fixture.zygote), PLATEN_ZYGOTE_BROKEN);

    /* It is tried again at once, then later and later. */
    began = platen_boottime_ms();
    for (i = 0; i < 1000 && fixture.nchanged < 2; i++) {
        zygote_turn(1);
    }
    second = platen_boottime_ms();
    assert_int_equal(fixture.nchanged, 2);
    assert_int_equal(platen_zygote_state(fixture.zygote), PLATEN_ZYGOTE_BROKEN);
    for (i = 0; i < 1000 && fixture.nchanged < 3; i++) {
        zygote_turn(1);
    }
    third = platen_boottime_ms();
    assert_int_equal(fixture.nchanged, 3);
    assert_int_equal(platen_zygote_state(fixture.zygote), PLATEN_ZYGOTE_BROKEN);
    assert_true(second - began < 1500);
    assert_true(third - second >= 2000);

    /* It is still tried, and one that gets ready makes it good again. */
    zygote_set_mode("");
    zygote_wait_state(PLATEN_ZYGOTE_READY);
    assert_true(platen_boottime_ms() - third >= 4000);
    zygote_ask(1, "0");
    zygote_wait_ended(1);
    assert_int_equal(fixture.ends[0].result.end, PLATEN_ZYGOTE_EXITED);
}

static void
test_garbage_first(void **state)
{
    char err[256];
    int  i;

    (void) state;
    zygote_set_mode("garbage");
    assert_int_equal(platen_zygote_start(fixture.zygote, err, sizeof(err)), 0);
    for (i = 0; i < 1000 && fixture.nchanged == 0; i++) {
        zygote_turn(0);
    }
    assert_int_equal(fixture.nchanged, 1);
    assert_true(zygote_gone(zygote_lok_pid(0)));
    zygote_set_mode("");
    zygote_wait_state(PLATEN_ZYGOTE_READY);
}

static void
test_no_program(void **state)
{
    char err[256];

    (void) state;
    fixture.config.libexec_path = fixture.empty;
    assert_int_equal(platen_zygote_start(fixture.zygote, err, sizeof(err)), 0);
    wait_reason();
    assert_non_null(
        strstr(platen_zygote_reason(fixture.zygote), "/empty/platen-lok: No such file"));
}

/* A new one takes over while the old one still has a run. */
static void
assert_renewed(pid_t hanging)
{
    pid_t old = zygote_lok_pid(0);
    int   i;

    for (i = 0; i < 1000 && zygote_lok_pid(1) == 0; i++) {
        zygote_turn(1);
    }
    for (i = 0; i < 1000 && fixture.nchanged < 1; i++) {
        zygote_turn(1);
    }
    assert_int_equal(platen_zygote_state(fixture.zygote), PLATEN_ZYGOTE_READY);
    zygote_ask(50, "which");
    zygote_wait_ended(fixture.nended + 1);
    assert_int_equal(WEXITSTATUS(fixture.ends[fixture.nended - 1].result.wait_status), '1');
    assert_false(zygote_gone(old));
    assert_true(platen_zygote_owns(fixture.zygote, old));
    assert_false(zygote_gone(hanging));

    /* Its last run over, it goes; and nobody is troubled by that. */
    fixture.nchanged = 0;
    platen_zygote_kill(fixture.zygote, 1);
    zygote_wait_ended(fixture.nended + 1);
    assert_int_equal(fixture.ends[fixture.nended - 1].tag, 1);
    assert_int_equal(fixture.ends[fixture.nended - 1].result.end, PLATEN_ZYGOTE_EXITED);
    for (i = 0; i < 1000 && !zygote_gone(old); i++) {
        zygote_turn(0);
    }
    assert_true(zygote_gone(old));
    assert_false(platen_zygote_owns(fixture.zygote, old));
    assert_int_equal(platen_zygote_state(fixture.zygote), PLATEN_ZYGOTE_READY);
    zygote_ask(51, "which");
    zygote_wait_ended(fixture.nended + 1);
    assert_int_equal(WEXITSTATUS(fixture.ends[fixture.nended - 1].result.wait_status), '1');
}

static void
test_renewal(void **state)
{
    char  path[80];
    pid_t pids[ZYGOTE_RUNS];

    (void) state;
    snprintf(path, sizeof(path), "%s/runs/lok-1.pid", fixture.root);
    (void) unlink(path);
    fixture.config.lok_renew_after = 2;
    zygote_start();
    zygote_hang(1, pids);
    zygote_ask(2, "which");
    zygote_wait_ended(1);
    assert_int_equal(WEXITSTATUS(fixture.ends[0].result.wait_status), '0');
    fixture.nchanged = 0;
    assert_renewed(pids[0]);
}

/* LibreOffice was upgraded: what is in memory is of yesterday. */
static void
test_upgrade(void **state)
{
    char  path[80];
    pid_t pids[ZYGOTE_RUNS];
    FILE *out;

    (void) state;
    snprintf(path, sizeof(path), "%s/runs/lok-1.pid", fixture.root);
    (void) unlink(path);
    zygote_start();
    zygote_hang(1, pids);
    snprintf(path, sizeof(path), "%s/versionrc", fixture.program);
    out = fopen(path, "w");
    assert_non_null(out);
    fclose(out);
    fixture.nchanged = 0;
    assert_renewed(pids[0]);
    assert_int_equal(unlink(path), 0);
}

/* If the new one does not get ready, the old one goes on. */
static void
test_renewal_fails(void **state)
{
    int i;

    (void) state;
    fixture.config.lok_renew_after = 1;
    zygote_start();
    zygote_ask(1, "0");
    zygote_wait_ended(1);
    zygote_set_mode("exit");
    fixture.nchanged = 0;
    for (i = 0; i < 1000 && fixture.nchanged == 0; i++) {
        zygote_turn(1);
    }
    assert_int_equal(fixture.nchanged, 1);
    assert_int_equal(platen_zygote_state(fixture.zygote), PLATEN_ZYGOTE_READY);
    zygote_ask(2, "which");
    zygote_wait_ended(2);
    assert_int_equal(WEXITSTATUS(fixture.ends[1].result.wait_status), '0');
}

int
main(int argc, char **argv, char **envp)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_not_ready, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_garbage_first, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_no_program, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_renewal, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_upgrade, zygote_setup, zygote_teardown),
        cmocka_unit_test_setup_teardown(test_renewal_fails, zygote_setup, zygote_teardown),
    };

    fake_office(argc, argv, envp);
    return cmocka_run_group_tests(tests, zygote_setup_group, zygote_teardown_group);
}
