/*
 * Tests of platen_sandbox: what a child that has entered can and cannot do.
 * Layers that this machine does not have are skipped by the probe's word.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/sandbox.h"
#include "scratch.h"

#define FILES (PLATEN_SANDBOX_NO_NEW_PRIVS | PLATEN_SANDBOX_LANDLOCK)
#define CALLS (PLATEN_SANDBOX_NO_NEW_PRIVS | PLATEN_SANDBOX_SECCOMP)

static char     scratch[SCRATCH_MAX];
static char     readable[SCRATCH_MAX + 16], writable[SCRATCH_MAX + 16];
static unsigned holding;

static int
setup(void **state)
{
    (void) state;
    holding = platen_sandbox_probe(NULL);
    if (scratch_make(scratch) != 0) {
        return -1;
    }
    snprintf(readable, sizeof(readable), "%s/r", scratch);
    snprintf(writable, sizeof(writable), "%s/w", scratch);
    return mkdir(readable, 0700) != 0 || mkdir(writable, 0700) != 0 ? -1 : 0;
}

static int
teardown(void **state)
{
    (void) state;
    scratch_remove(scratch);
    return 0;
}

/* The wait status of a child that enters and then does `what`; 120: it cannot enter. */
static int
child(const platen_sandbox_t *sandbox, int (*what)(void))
{
    unsigned failed;
    pid_t    pid;
    int      status;

    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        _exit(platen_sandbox_enter(sandbox, &failed) != 0 ? 120 : what());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static int
opens(const char *dir, int flags)
{
    char path[SCRATCH_MAX + 32];
    int  fd;

    snprintf(path, sizeof(path), "%s/file", dir);
    fd = open(path, flags | O_CLOEXEC, 0600);
    return fd < 0 ? errno : 0;
}

/* The number of the first thing that is not as it should be, or 0. */
static int
use_files(void)
{
    char from[SCRATCH_MAX + 32], to[SCRATCH_MAX + 32];

    if (opens(writable, O_RDWR | O_CREAT) != 0) {
        return 1;
    }
    if (opens(readable, O_RDWR | O_CREAT) != EACCES) {
        return 2;
    }
    if (opens(scratch, O_RDWR | O_CREAT) != EACCES) {
        return 3;
    }
    if (open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0 || errno != EACCES) {
        return 4;
    }
    snprintf(from, sizeof(from), "%s/file", writable);
    snprintf(to, sizeof(to), "%s/moved", readable);
    if (rename(from, to) == 0) {
        return 5;
    }
    if (symlink("/etc/passwd", to) == 0) {
        return 6;
    }
    snprintf(to, sizeof(to), "%s/link", writable);
    if (symlink("/etc/passwd", to) != 0 || open(to, O_RDONLY | O_CLOEXEC) >= 0) {
        return 7;
    }
    return 0;
}

static void
test_files(void **state)
{
    const platen_sandbox_path_t paths[] = {
        { readable, PLATEN_SANDBOX_R },
        { writable, PLATEN_SANDBOX_R | PLATEN_SANDBOX_W },
        { "/nowhere/at/all", PLATEN_SANDBOX_R | PLATEN_SANDBOX_W },
    };
    const platen_sandbox_t sandbox = { .layers = FILES, .paths = paths, .npaths = 3 };

    (void) state;
    if (!(holding & PLATEN_SANDBOX_LANDLOCK)) {
        skip();
    }
    assert_int_equal(child(&sandbox, use_files), 0);
}

static int
use_calls(void)
{
    char *const argv[] = { "/bin/true", NULL };

    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0
        || socket(AF_NETLINK, SOCK_RAW, 0) >= 0) {
        return 1;
    }
    if (fork() >= 0 || vfork() >= 0) {
        return 2;
    }
    if (execv(argv[0], argv) != -1 || errno != EPERM) {
        return 3;
    }
    if (kill(getppid(), 0) == 0 || kill(0, 0) == 0 || kill(-1, 0) == 0) {
        return 4;
    }
    if (unshare(CLONE_NEWUSER) == 0) {
        return 5;
    }
    return 0;
}

static int
use_abort(void)
{
    (void) signal(SIGABRT, SIG_DFL);
    return raise(SIGABRT) == 0 ? 1 : 2; /* raise() does not return */
}

static int
use_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 1 : 2;
}

static int
use_mount(void)
{
    return mount("none", "/mnt", "tmpfs", 0, NULL) == 0 ? 1 : 2;
}

static void
test_calls(void **state)
{
    platen_sandbox_filter_t *filter = platen_sandbox_filter_new(0);
    const platen_sandbox_t   sandbox = { .layers = CALLS, .filter = filter };
    int                      status;

    (void) state;
    assert_non_null(filter);
    if (!(holding & PLATEN_SANDBOX_SECCOMP)) {
        platen_sandbox_filter_destroy(&filter);
        skip();
    }
    assert_int_equal(child(&sandbox, use_calls), 0);
    status = child(&sandbox, use_abort);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    status = child(&sandbox, use_ptrace);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
    status = child(&sandbox, use_mount);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
    platen_sandbox_filter_destroy(&filter);
    assert_null(filter);
}

static int
use_exec(void)
{
    char *const argv[] = { "/bin/true", NULL }, *const envp[] = { NULL };

    execve(argv[0], argv, envp);
    return 1;
}

static int
use_fork(void)
{
    pid_t pid = fork();
    int   status;

    if (pid == 0) {
        _exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0
                   && syscall(SYS_clone, (long) (CLONE_NEWUSER | SIGCHLD), 0, 0, 0, 0) < 0
               ? 0
               : 1;
}

static void
test_allowed(void **state)
{
    const platen_sandbox_path_t paths[] = {
        { "/usr", PLATEN_SANDBOX_R | PLATEN_SANDBOX_X },
        { "/lib", PLATEN_SANDBOX_R | PLATEN_SANDBOX_X },
        { "/lib64", PLATEN_SANDBOX_R | PLATEN_SANDBOX_X },
        { "/etc/ld.so.cache", PLATEN_SANDBOX_R },
    };
    platen_sandbox_filter_t *filter =
        platen_sandbox_filter_new(PLATEN_SANDBOX_MAY_EXEC | PLATEN_SANDBOX_MAY_FORK);
    platen_sandbox_t sandbox = {
        .layers = CALLS | FILES, .filter = filter, .paths = paths, .npaths = 4
    };

    (void) state;
    assert_non_null(filter);
    if ((holding & sandbox.layers) == sandbox.layers) {
        assert_int_equal(child(&sandbox, use_exec), 0);
        assert_int_equal(child(&sandbox, use_fork), 0);
        sandbox.npaths = 0; /* nothing to execute */
        assert_int_equal(WEXITSTATUS(child(&sandbox, use_exec)), 1);
    }
    platen_sandbox_filter_destroy(&filter);
}

static int
use_limits(void)
{
    char          text[8];
    int           in;
    struct rlimit rl;

    if (getrlimit(RLIMIT_CORE, &rl) != 0 || rl.rlim_max != 0) {
        return 1;
    }
    if (getrlimit(RLIMIT_FSIZE, &rl) != 0 || rl.rlim_max != 4096) {
        return 2;
    }
    if (getrlimit(RLIMIT_CPU, &rl) != 0 || rl.rlim_cur != 9 || rl.rlim_max != 10) {
        return 3;
    }
    if (getrlimit(RLIMIT_NOFILE, &rl) != 0 || rl.rlim_max != 32) {
        return 4;
    }
    /* When memory runs out, it is the first to go. */
    in = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
    return in >= 0 && read(in, text, sizeof(text)) == 5 && memcmp(text, "1000\n", 5) == 0 ? 0
                                                                                          : 5;
}

static void
test_limits(void **state)
{
    const platen_sandbox_t sandbox = {
        .layers = PLATEN_SANDBOX_LIMITS, .file_size = 4096, .cpu_seconds = 10, .files = 32
    };

    (void) state;
    assert_int_equal(child(&sandbox, use_limits), 0);
}

/* Waits until nobody holds the other end any more. */
static void
wait_for_end(int fd)
{
    char byte;

    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
}

/* In a PID namespace: what it has started sleeps with the pipe open. */
static int
use_pids(pid_t outside)
{
    pid_t pid = fork();

    if (pid == 0) {
        pause();
    }
    return pid != 2                                        ? 1
           : getpid() != 1 || getppid() != 0               ? 2
           : kill(outside, 0) == 0 || errno != ESRCH       ? 3
           : syscall(SYS_pidfd_open, outside, 0) >= 0      ? 4
           : getpgid(outside) >= 0 || getsid(outside) >= 0 ? 5
                                                           : 0;
}

/* The first process of a namespace sees nobody, and what it started ends with it. */
static void
test_pids(void **state)
{
    int   ends[2], error, status;
    pid_t pid, self = getpid();

    (void) state;
    if (!(holding & PLATEN_SANDBOX_PIDS)) {
        skip();
    }
    assert_int_equal(pipe(ends), 0);
    pid = platen_sandbox_fork(PLATEN_SANDBOX_PIDS, SIGKILL, &error);
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        close(ends[0]);
        _exit(error != 0 ? 100 : use_pids(self));
    }
    close(ends[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    wait_for_end(ends[0]);
}

/* It ends with its parent, whether it sees that or not, and so does what it started. */
static void
test_parent(void **state)
{
    const unsigned layers[] = { 0, holding & PLATEN_SANDBOX_PIDS };
    int            ends[2], error, status;
    char           byte;
    size_t         i;
    pid_t          pid;

    (void) state;
    for (i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        assert_int_equal(pipe(ends), 0);
        pid = fork();
        assert_int_not_equal(pid, -1);
        if (pid == 0) {
            if (platen_sandbox_fork(layers[i], SIGKILL, &error) == 0
                && (layers[i] == 0 || fork() == 0) && write(ends[1], "x", 1) != 1) {
                _exit(1);
            }
            pause();
        }
        close(ends[1]);
        assert_int_equal(read(ends[0], &byte, 1), 1);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        wait_for_end(ends[0]);
    }
}

/* In a real cgroup, if there are any to be had: all that is in it ends, whatever its group. */
static int
use_cgroup(const char *at)
{
    char  group[SCRATCH_MAX + 64], path[SCRATCH_MAX + 96], text[24];
    int   fd, status, rc = 77;
    pid_t pid;

    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mount("none", at, "cgroup2", 0, NULL) != 0) {
        return 77;
    }
    snprintf(group, sizeof(group), "%s/platen-test-%d", at, (int) getpid());
    if (mkdir(group, 0700) != 0) {
        return 77;
    }
    snprintf(path, sizeof(path), "%s/cgroup.procs", group);
    pid = fork();
    if (pid == 0) {
        (void) setpgid(0, 0);
        for (;;) {
            pause();
        }
    }
    fd = open(path, O_WRONLY);
    snprintf(text, sizeof(text), "%d", (int) pid);
    if (fd >= 0 && write(fd, text, strlen(text)) > 0) {
        rc = platen_sandbox_cgroup_kill(group) == 0 ? 0 : 1;
    }
    if (rc != 0) {
        (void) kill(pid, SIGKILL);
    }
    (void) waitpid(pid, &status, 0);
    return rmdir(group) != 0 ? 2 : rc;
}

static void
test_cgroup(void **state)
{
    char  at[SCRATCH_MAX + 16];
    int   status;
    pid_t pid;

    (void) state;
    snprintf(at, sizeof(at), "%s/cgroup", scratch);
    assert_int_equal(mkdir(at, 0700), 0);
    pid = fork();
    assert_int_not_equal(pid, -1);
    if (pid == 0) {
        _exit(use_cgroup(at));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) {
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int
nothing(void)
{
    return 0;
}

/* A layer that was asked for and cannot be is an error. */
static void
test_closed(void **state)
{
    platen_sandbox_t sandbox = { .layers = CALLS };

    (void) state;
    assert_int_equal(WEXITSTATUS(child(&sandbox, nothing)), 120);
    sandbox.layers = PLATEN_SANDBOX_CGROUP;
    sandbox.cgroup = "/nowhere";
    assert_int_equal(WEXITSTATUS(child(&sandbox, nothing)), 120);
    sandbox.layers = PLATEN_SANDBOX_PARENT;
    sandbox.parent = getpid() + 1; /* somebody else's child ends at once */
    assert_int_equal(child(&sandbox, nothing), 0);
}

static void
test_words(void **state)
{
    unsigned i;

    (void) state;
    for (i = 0; i < PLATEN_SANDBOX_LAYERS; i++) {
        assert_true(platen_sandbox_name(1U << i)[0] != '\0');
        assert_true(platen_sandbox_advice(1U << i)[0] != '\0');
    }
    assert_string_equal(platen_sandbox_name(PLATEN_SANDBOX_LANDLOCK), "landlock");
}

static void *
do_nothing(void *arg)
{
    return arg;
}

/* A thread that is just being made where a child is forked is none of the child's. */
static void
test_threads(void **state)
{
    const platen_sandbox_t sandbox = { .layers = PLATEN_SANDBOX_USER,
                                       .uid = 65534,
                                       .gid = 65534 };
    pthread_t              thread;
    unsigned               layer;
    pid_t                  pid;
    int                    i, j, error, wstatus = 0;

    (void) state;
    if (geteuid() != 0) {
        return;
    }
    for (i = 0; i < 400; i++) {
        assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
        pid = platen_sandbox_fork(0, SIGKILL, &error);
        assert_true(pid >= 0);
        if (pid == 0) {
            _exit(error == 0 && platen_sandbox_enter(&sandbox, &layer) == 0 ? 0 : 1);
        }
        for (j = 0; j < 10000 && waitpid(pid, &wstatus, WNOHANG) == 0; j++) {
            usleep(1000);
        }
        if (j == 10000) {
            kill(pid, SIGKILL);
            fail_msg("child %d of a process with threads waits for ever", i);
        }
        assert_int_equal(wstatus, 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),   cmocka_unit_test(test_calls),
        cmocka_unit_test(test_allowed), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_closed),  cmocka_unit_test(test_words),
        cmocka_unit_test(test_pids),    cmocka_unit_test(test_parent),
        cmocka_unit_test(test_cgroup),  cmocka_unit_test(test_threads),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
