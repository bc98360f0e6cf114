/* platen_bytes: all of them are written, or it is said why not; digits of each. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"

#define SIZE ((size_t) 1 << 20)

static void
on_alarm(int signal)
{
    (void) signal;
}

/* More than a pipe takes at once, to a slow reader, with signals in between. */
static void
test_write(void **state)
{
    static char      sent[SIZE];
    char             buf[4096];
    struct sigaction action = { .sa_handler = on_alarm };
    struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
    size_t           got = 0;
    ssize_t          n;
    pid_t            pid;
    int              ends[2], status;

    (void) state;
    memset(sent, 'x', sizeof(sent));
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[1]);
        while ((n = read(ends[0], buf, sizeof(buf))) > 0) {
            got += (size_t) n;
        }
        _exit(got == SIZE ? 0 : 1);
    }
    close(ends[0]);
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    assert_int_equal(platen_bytes_write(ends[1], sent, sizeof(sent)), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
test_full(void **state)
{
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void) state;
    assert_true(fd >= 0);
    assert_int_equal(platen_bytes_write(fd, "", 0), 0);
    assert_int_equal(platen_bytes_write(fd, "x", 1), -1);
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

static void
test_hex(void **state)
{
    char out[9];

    (void) state;
    platen_bytes_hex("\x00\x7f\xff\x0a", 4, out);
    assert_string_equal(out, "007fff0a");
    platen_bytes_hex(NULL, 0, out);
    assert_string_equal(out, "");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
