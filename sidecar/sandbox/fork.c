/*
 * Forking into a PID namespace; see sandbox/sandbox.h.  By the system call itself, as
 * fork(3) takes no flags and unshare(2) moves only children: so there are no
 * handlers of pthread_atfork(3), and the child of a process with threads is bound to
 * async-signal-safe functions, as ever.
 *
 * The C library keeps the thread's id, to know which recursive lock is its own.  In
 * the namespace it is 1, and the old number may become a thread's of the child; so the
 * kernel writes the new one where the C library has told it that the id is kept.
 */

#include "sandbox/internal.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where the C library keeps the thread's id; NULL if the kernel does not tell. */
static pid_t *
kept_id(void)
{
    pid_t *id = NULL;

    if (prctl(PR_GET_TID_ADDRESS, &id, 0, 0, 0) != 0 || id == NULL
        || *id != (pid_t) syscall(SYS_gettid)) {
        errno = ENOSYS;
        return NULL;
    }
    return id;
}

/* Root's processes stay root's: no user namespace, whose root would be another. */
static int
is_privileged(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct   data[_LINUX_CAPABILITY_U32S_3];

    return geteuid() == 0 && syscall(SYS_capget, &header, data) == 0
           && data[0].effective & 1U << CAP_SYS_ADMIN;
}

static long
clone_with(unsigned long flags, pid_t *id)
{
#if defined(__x86_64__)
    return syscall(SYS_clone, flags, 0, NULL, id, 0);
#else
    return syscall(SYS_clone, flags, 0, NULL, 0, id);
#endif
}

static int
has_ended(int process)
{
    struct pollfd fd = { .fd = process, .events = POLLIN };

    return poll(&fd, 1, 0) != 0;
}

pid_t
platen_sandbox_fork(unsigned layers, int signal, int *error)
{
    unsigned long flags = SIGCHLD;
    pid_t        *id = kept_id(), pid, self = getpid();
    uid_t         uid = geteuid();
    gid_t         gid = getegid();
    int           parent = -1, saved;

    if (layers & PLATEN_SANDBOX_PIDS) {
        if (id == NULL) {
            return -1;
        }
        /* From inside, all that can be seen of the parent is this. */
        parent = (int) syscall(SYS_pidfd_open, self, 0);
        if (parent < 0) {
            return -1;
        }
        flags |= is_privileged() ? CLONE_NEWPID : CLONE_NEWPID | CLONE_NEWUSER;
    }
    if (id != NULL) {
        flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    }

    pid = (pid_t) clone_with(flags, id);
    if (pid != 0) {
        saved = errno;
        if (parent >= 0) {
            close(parent);
        }
        errno = saved;
        return pid;
    }

    *error = 0;
    if ((flags & CLONE_NEWUSER && platen_sandbox_map_user(uid, gid) != 0)
        || prctl(PR_SET_PDEATHSIG, signal) != 0) {
        *error = errno;
    }
    if (parent < 0 ? getppid() != self : has_ended(parent)) {
        _exit(0);
    }
    if (parent >= 0) {
        close(parent);
    }
    return 0;
}
