/* platen_watch: what processes have, threads and files without a name, seen from outside. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/watch.h"

#define MIB (1U << 20)
#define THREADS 9

static void *
wait_for_ever(void *arg)
{
    pause();
    return arg;
}

static void
fill(int fd)
{
    static char bytes[MIB];

    memset(bytes, 'x', sizeof(bytes));
    if (fd < 0 || write(fd, bytes, sizeof(bytes)) != sizeof(bytes)) {
        _exit(1);
    }
}

/* Opens a file, unlinks it and fills it. */
static void
take_file(void)
{
    char path[] = "/var/tmp/test_watch.XXXXXX";
    int  fd = mkstemp(path);

    (void) unlink(path);
    fill(fd);
}

/* Two files with a name or without, threads, and a process of its own that has a memfd. */
static void
be_watched(int ready)
{
    pthread_t thread;
    int       i;

    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    take_file();
    take_file();
    if (fork() == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        fill(memfd_create("watched", 0));
        for (i = 0; i < THREADS; i++) {
            if (pthread_create(&thread, NULL, wait_for_ever, NULL) != 0) {
                _exit(1);
            }
        }
        if (write(ready, "x", 1) != 1) {
            _exit(1);
        }
    }
    for (;;) {
        pause();
    }
}

/* A thread that has outlived the first one, with a file without a name. */
static void *
take_alone(void *ready)
{
    char    byte, path[64], text[1024];
    ssize_t n;
    int     fd;

    /* Until the first one is a zombie. */
    snprintf(path, sizeof(path), "/proc/%d/stat", (int) getpid());
    do {
        fd = open(path, O_RDONLY);
        n = read(fd, text, sizeof(text) - 1);
        close(fd);
        if (n <= 0) {
            _exit(1);
        }
        text[n] = '\0';
        byte = strrchr(text, ')')[2];
    } while (byte != 'Z');
    take_file();
    if (write(*(int *) ready, "x", 1) != 1) {
        _exit(1);
    }
    return wait_for_ever(NULL);
}

static void
test_first_thread_gone(void **state)
{
    platen_watch_t watch;
    pthread_t      thread;
    char           byte;
    int            ends[2];
    pid_t          pid;

    (void) state;
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (pthread_create(&thread, NULL, take_alone, &ends[1]) == 0) {
            syscall(SYS_exit, 0);
        }
        _exit(1);
    }
    close(ends[1]); /* so that its end is seen */
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    platen_watch(pid, 0, &watch);
    assert_true(watch.unlinked >= MIB);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void
test_watch(void **state)
{
    platen_watch_t watch;
    char           byte;
    int            ends[2];
    pid_t          pid;

    (void) state;
    assert_int_equal(pipe(ends), 0);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        be_watched(ends[1]);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);

    /* Files of the first are open in the second as well, and are counted once. */
    platen_watch(pid, 0, &watch);
    assert_int_equal(watch.threads, 2 + THREADS);
    assert_true(watch.unlinked >= 3 * MIB && watch.unlinked < 4 * MIB);

    /* Of a keeper only what is below. */
    platen_watch(pid, 1, &watch);
    assert_int_equal(watch.threads, 1 + THREADS);

    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    platen_watch(pid, 0, &watch);
    assert_int_equal(watch.threads, 0);
    assert_true(watch.unlinked == 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_watch),
                                        cmocka_unit_test(test_first_thread_gone) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
