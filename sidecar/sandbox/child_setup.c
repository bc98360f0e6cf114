/* The first steps of a child; see sandbox/child_setup.h. */

#include "sandbox/child_setup.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

int
platen_fork_signals(void)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigset_t         none;
    int              n;

    /* SIGKILL, SIGSTOP and the C library's own refuse: they need no reset. */
    for (n = 1; n < NSIG; n++) {
        (void) sigaction(n, &action, NULL);
    }
    sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL);
}

int
platen_fork_limit(__rlimit_resource_t resource, uint64_t value)
{
    struct rlimit rl;

    if (getrlimit(resource, &rl) != 0) {
        return -1;
    }
    if (rl.rlim_max == RLIM_INFINITY || rl.rlim_max > value) {
        rl.rlim_max = (rlim_t) value;
    }
    rl.rlim_cur = rl.rlim_max;

    /* SIGXCPU says why; the kernel's SIGKILL a second later would not. */
    if (resource == RLIMIT_CPU && rl.rlim_cur > 1) {
        rl.rlim_cur--;
    }
    return setrlimit(resource, &rl);
}

void
platen_fork_nice(int more)
{
    int now;

    errno = 0;
    now = getpriority(PRIO_PROCESS, 0);
    if (more != 0 && (now != -1 || errno == 0)) {
        (void) setpriority(PRIO_PROCESS, 0, now + more > 19 ? 19 : now + more);
    }
}
