/*
 * Child processes; see run/spawn.h.  The sidecar has threads (ZeroMQ's), so
 * between fork and exec only async-signal-safe functions are called, and all
 * strings are made beforehand.  A child that cannot set itself up says so in
 * its status pipe and ends; it never runs the engine with a layer missing.
 *
 * Between the sidecar and the program is a keeper, that does nothing but wait.  With
 * a PID namespace it is that namespace's first process, with whose end the kernel kills
 * all others; the program is not the first itself, as signals that a program gives
 * itself would then not end it.  Without one it is the subreaper of what the program
 * leaves behind, and kills its group when the sidecar ends: however it does, nothing
 * of a run outlives it.  The status pipe is the keeper's, so that nothing in the
 * sandbox can write there how the program has ended.
 */

#include "run/spawn.h"
#include "base/crash.h"
#include "sandbox/child_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_FD 3

/* What is said in the status pipe. */
typedef struct {
    int      ended; /* the program has, as wstatus says; else it could not be executed */
    int      wstatus;
    int      error;
    unsigned layer;
} news_t;

/* Nothing stays open but 0 to 2 and the status pipe, which exec closes. */
static int
set_descriptors(const platen_child_spec_t *spec, int status)
{
    int in, out;

    in = open("/dev/null", O_RDONLY);
    out = open(spec->log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        return -1;
    }
    if (status != STATUS_FD && dup2(status, STATUS_FD) < 0) {
        return -1;
    }
    closefrom(STATUS_FD + 1);
    return fcntl(STATUS_FD, F_SETFD, FD_CLOEXEC);
}

static _Noreturn void
give_up(int status, int error, unsigned layer)
{
    const news_t news = { .error = error, .layer = layer };

    _exit(write(status, &news, sizeof(news)) == sizeof(news) ? 127 : 126);
}

/* The program's process: the kernel kills it with its keeper. */
static _Noreturn void
run_program(const platen_child_spec_t *spec, pid_t keeper)
{
    platen_sandbox_t sandbox = *spec->sandbox;
    unsigned         layer = 0;

    platen_crash_point(PLATEN_CRASH_CHILD_FORKED);
    sandbox.parent = keeper;
    platen_fork_nice(spec->nice);
    if (platen_fork_signals() != 0 || platen_sandbox_enter(&sandbox, &layer) != 0) {
        give_up(STATUS_FD, errno, layer);
    }
    platen_crash_point(PLATEN_CRASH_CHILD_CONFINED);
    execve(spec->argv[0], spec->argv, spec->envp);
    give_up(STATUS_FD, errno, 0);
}

/*
 * Waits for the program, and for the sidecar's end; then ends what is left of the group,
 * as the sidecar, which does that too when it reaps, may be gone.
 */
static _Noreturn void
keep(pid_t program, const sigset_t *signals)
{
    news_t news = { .ended = 1 };
    pid_t  pid;
    int    wstatus;

    for (;;) {
        while ((pid = waitpid(-1, &wstatus, WNOHANG)) > 0) {
            if (pid == program) {
                news.wstatus = wstatus;
                wstatus = write(STATUS_FD, &news, sizeof(news)) == sizeof(news) ? 0 : 126;
                (void) kill(0, SIGKILL);
                _exit(wstatus); /* a namespace's first process is not killed by itself */
            }
        }
        if (sigwaitinfo(signals, NULL) == SIGTERM) {
            (void) kill(0, SIGKILL);
        }
    }
}

static _Noreturn void
run_keeper(const platen_child_spec_t *spec, int error, int status)
{
    sigset_t signals;
    pid_t    program, self = getpid();

    umask(077);
    if (error != 0) {
        give_up(status, error, PLATEN_SANDBOX_PIDS);
    }
    if (setpgid(0, 0) != 0 || platen_fork_signals() != 0
        || set_descriptors(spec, status) != 0) {
        give_up(status, errno, 0);
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGPIPE); /* where the sidecar has gone, there is more to do */
    (void) prctl(PR_SET_NAME, "platen-keeper");
    if (chdir(spec->dir) != 0 || sigprocmask(SIG_BLOCK, &signals, NULL) != 0
        || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        give_up(STATUS_FD, errno, 0);
    }
    program = platen_sandbox_fork(0, SIGKILL, &error);
    if (program < 0) {
        give_up(STATUS_FD, errno, 0);
    }
    if (program == 0) {
        if (error != 0) {
            give_up(STATUS_FD, error, 0);
        }
        run_program(spec, self);
    }

    /* Of the sidecar's memory, which it has a copy of, nobody shall read anything. */
    (void) prctl(PR_SET_DUMPABLE, 0);
    (void) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void) platen_sandbox_drop_capabilities();
    keep(program, &signals);
}

pid_t
platen_child_start(const platen_child_spec_t *spec, int *status)
{
    unsigned layers = spec->sandbox->layers;
    pid_t    pid;
    int      fds[2], saved, error;

    *status = -1;
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        return -1;
    }

    /* A namespace's first process needs no time to kill the others. */
    pid = platen_sandbox_fork(layers, layers & PLATEN_SANDBOX_PIDS ? SIGKILL : SIGTERM, &error);
    if (pid < 0) {
        saved = errno;
        close(fds[0]);
        close(fds[1]);
        errno = saved;
        return -1;
    }
    if (pid == 0) {
        run_keeper(spec, error, fds[1]);
    }

    /* Here too, so that the group exists before anyone may kill it. */
    (void) setpgid(pid, pid);
    close(fds[1]);
    *status = fds[0];
    return pid;
}

int
platen_child_error(int status, unsigned *layer, int *wstatus)
{
    news_t news;

    while (read(status, &news, sizeof(news)) == sizeof(news)) {
        if (!news.ended) {
            *layer = news.layer;
            return news.error;
        }
        *wstatus = news.wstatus;
    }
    *layer = 0;
    return 0;
}

int
platen_child_reap(pid_t pid, int *wstatus)
{
    siginfo_t info = { .si_pid = 0 };

    if (waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        return -1;
    }
    if (info.si_pid == 0) {
        return 0;
    }

    /* As long as it is not reaped, no other group can have its number. */
    platen_child_kill(pid);
    return waitpid(pid, wstatus, 0) == pid ? 1 : -1;
}

void
platen_child_kill(pid_t pid)
{
    (void) kill(-pid, SIGKILL);
}
