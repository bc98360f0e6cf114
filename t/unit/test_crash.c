/* platen_crash: the table of points, the variable, and that a point kills, in time. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crash.h"

static void
test_table(void **state)
{
    int i, j;

    (void) state;
    for (i = PLATEN_CRASH_NONE + 1; i < PLATEN_CRASH_POINTS; i++) {
        const platen_crash_info_t *info = platen_crash_info((platen_crash_t) i);

        assert_non_null(info->name);
        assert_non_null(strchr(info->name, '.'));
        assert_true(strcmp(info->who, "nginx") == 0 || strcmp(info->who, "platend") == 0
                    || strcmp(info->who, "child") == 0);
        assert_true(strlen(info->what) > 0);
        for (j = PLATEN_CRASH_NONE + 1; j < i; j++) {
            assert_string_not_equal(info->name, platen_crash_info((platen_crash_t) j)->name);
        }
    }
}

static void
test_variable(void **state)
{
    static const char *const wrong[] = { "accept", "accept.synce", "accept.synced.", "x:1" };
    size_t                   i;

    (void) state;
    assert_int_equal(unsetenv("PLATEN_CRASH_POINT"), 0);
    assert_int_equal(platen_crash_init(), 0);
    assert_int_equal(platen_crash_armed, PLATEN_CRASH_NONE);
    assert_int_equal(setenv("PLATEN_CRASH_POINT", "", 1), 0);
    assert_int_equal(platen_crash_init(), 0);
    assert_int_equal(setenv("PLATEN_CRASH_POINT", "accept.synced:3", 1), 0);
    assert_int_equal(platen_crash_init(), 0);
    assert_int_equal(platen_crash_armed, PLATEN_CRASH_ACCEPT_SYNCED);
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(setenv("PLATEN_CRASH_POINT", wrong[i], 1), 0);
        assert_int_equal(platen_crash_init(), -1);
        assert_int_equal(platen_crash_armed, PLATEN_CRASH_NONE);
    }
}

static void
test_kill(void **state)
{
    int   n, status;
    pid_t pid;

    (void) state;
    for (n = 1; n <= 3; n++) {
        assert_int_equal(setenv("PLATEN_CRASH_POINT", n == 1 ? "run.ended" : "run.ended:3", 1),
                         0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            if (platen_crash_init() != 0) {
                _exit(1);
            }
            platen_crash_point(PLATEN_CRASH_RUN_STARTED);
            platen_crash_point(PLATEN_CRASH_RUN_ENDED);
            if (n > 1) {
                platen_crash_point(PLATEN_CRASH_RUN_ENDED);
            }
            if (n > 2) {
                platen_crash_point(PLATEN_CRASH_RUN_ENDED);
            }
            _exit(2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (n == 2) {
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), 2);
        } else {
            assert_true(WIFSIGNALED(status));
            assert_int_equal(WTERMSIG(status), 9);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_variable),
        cmocka_unit_test(test_kill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
