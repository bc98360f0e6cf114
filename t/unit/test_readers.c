/* platen_readers: who keeps old pages of the store, and for how long. */

#include "sidecar_fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "schedule/readers.h"

static fixture_t f;

static int
setup(void **state)
{
    (void) state;
    platen_log_set_level(PLATEN_LOG_ERROR);
    return fixture_open(&f);
}

static int
teardown(void **state)
{
    (void) state;
    return fixture_close(&f);
}

static pid_t
start_reader(void)
{
    platen_store_t *store;
    platen_txn_t    txn;
    char            err[256], byte;
    int             fds[2];
    pid_t           pid;

    assert_int_equal(pipe(fds), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (platen_store_open(&store, f.store_path, 16 << 20, err, sizeof(err)) == PLATEN_OK
            && platen_txn_read(store, &txn) == PLATEN_OK) {
            (void) !write(fds[1], "x", 1);
        }
        for (;;) {
            pause();
        }
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    close(fds[0]);
    return pid;
}

static void
test_reader(void **state)
{
    platen_readers_t readers = { .since = 0 };
    platen_reader_t  oldest;
    pid_t            pid;

    (void) state;
    f.config.reader_alarm = 0;
    fixture_submit(&f, "x", "pdf", 0);
    assert_int_equal(platen_store_oldest_reader(f.store, &oldest), PLATEN_NOT_FOUND);
    assert_false(platen_readers_check(&readers, &f.config, f.store));

    /* One that sees the last state keeps nothing, as long as it is the last. */
    pid = start_reader();
    assert_int_equal(platen_store_oldest_reader(f.store, &oldest), PLATEN_NOT_FOUND);
    fixture_submit(&f, "x", "pdf", 0);
    fixture_submit(&f, "x", "pdf", 0);
    assert_int_equal(platen_store_oldest_reader(f.store, &oldest), PLATEN_OK);
    assert_int_equal(oldest.pid, pid);
    assert_int_equal(oldest.behind, 2);

    /* New at the first look; at the second it has stayed. */
    assert_false(platen_readers_check(&readers, &f.config, f.store));
    platen_log_set_level(PLATEN_LOG_ERROR + 1);
    assert_true(platen_readers_check(&readers, &f.config, f.store));
    f.config.reader_alarm = 3600;
    assert_false(platen_readers_check(&readers, &f.config, f.store));
    f.config.reader_alarm = 0;
    assert_true(platen_readers_check(&readers, &f.config, f.store));

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_false(platen_readers_check(&readers, &f.config, f.store));
    assert_int_equal(platen_store_oldest_reader(f.store, &oldest), PLATEN_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reader, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
