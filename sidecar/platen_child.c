/*
 * Child processes; see platen_child.h.  The sidecar has threads (ZeroMQ's), so
 * between fork and exec only async-signal-safe functions are called, and all
 * strings are made beforehand.  A child that cannot set itself up says so in
 * its status pipe and ends; it never runs the engine with a layer missing.
 */

#include "platen_child.h"
#include "platen_crash.h"
#include "platen_fork.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_FD 3

/* What a child that could not go on says of itself. */
typedef struct {
    int      error;
    unsigned layer;
} excuse_t;

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

static void
run_child(const platen_child_spec_t *spec, pid_t parent, int status)
{
    excuse_t excuse = { 0, 0 };

    /* The kernel kills us with the sidecar, unless it was gone before that. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        goto failed;
    }
    if (getppid() != parent) {
        _exit(0);
    }

    platen_crash_point(PLATEN_CRASH_CHILD_FORKED);
    umask(077);
    if (setpgid(0, 0) != 0 || platen_fork_signals() != 0
        || set_descriptors(spec, status) != 0) {
        goto failed;
    }
    status = STATUS_FD;
    if (chdir(spec->dir) != 0 || platen_sandbox_enter(spec->sandbox, &excuse.layer) != 0) {
        goto failed;
    }
    platen_crash_point(PLATEN_CRASH_CHILD_CONFINED);
    execve(spec->argv[0], spec->argv, spec->envp);

failed:
    excuse.error = errno;
    if (write(status, &excuse, sizeof(excuse)) != sizeof(excuse)) {
        _exit(126);
    }
    _exit(127);
}

pid_t
platen_child_start(const platen_child_spec_t *spec, int *status)
{
    pid_t pid, parent = getpid();
    int   fds[2], saved;

    *status = -1;
    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        return -1;
    }

    pid = fork();
    if (pid < 0) {
        saved = errno;
        close(fds[0]);
        close(fds[1]);
        errno = saved;
        return -1;
    }
    if (pid == 0) {
        run_child(spec, parent, fds[1]);
    }

    /* Here too, so that the group exists before anyone may kill it. */
    (void) setpgid(pid, pid);
    close(fds[1]);
    *status = fds[0];
    return pid;
}

int
platen_child_error(int status, unsigned *layer)
{
    excuse_t excuse;

    *layer = 0;
    if (read(status, &excuse, sizeof(excuse)) != sizeof(excuse)) {
        return 0;
    }
    *layer = excuse.layer;
    return excuse.error;
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
