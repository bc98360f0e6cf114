/*
 * Which layers of the sandbox hold here; see sandbox/sandbox.h.  Every layer is
 * really entered, in a child of its own, and then tested by what it must
 * refuse: a kernel that has the call is no proof that a container lets it
 * through.  Runs at start, in platend and in platenctl doctor.
 */

#include "sandbox/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

typedef struct {
    unsigned    layer;
    const char *name;
    const char *advice;
    int (*holds)(void); /* in a child that has entered the layer */
} layer_t;

static int
limits_hold(void)
{
    struct rlimit rl;

    return getrlimit(RLIMIT_CORE, &rl) == 0 && rl.rlim_max == 0
           && getrlimit(RLIMIT_NOFILE, &rl) == 0 && rl.rlim_max <= 64;
}

static int
no_new_privs_holds(void)
{
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static int
parent_holds(void)
{
    int signal = 0;

    return prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal != 0;
}

static int
landlock_holds(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0
           && open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES
           && open("/dev/zero", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES;
}

static int
seccomp_holds(void)
{
    return socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM
           && socket(AF_UNIX, SOCK_STREAM, 0) < 0 && errno == EPERM && fork() < 0
           && errno == EPERM && kill(getppid(), 0) != 0 && errno == EPERM;
}

static int
capabilities_hold(void)
{
    return chroot("/") != 0 && errno == EPERM;
}

/* A namespace of its own has a loopback device that is down, and no other. */
static int
network_holds(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(9),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int                fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    return fd >= 0 && connect(fd, (struct sockaddr *) &to, sizeof(to)) != 0
           && errno == ENETUNREACH;
}

static int
user_holds(void)
{
    return getuid() == NOBODY && setuid(0) != 0;
}

/* Nobody is there but itself, who is the first. */
static int
pids_hold(void)
{
    return getpid() == 1 && getppid() == 0 && kill(-1, 0) != 0 && errno == ESRCH;
}

static int
cgroup_holds(void)
{
    return 1; /* entering it is the test */
}

static const layer_t layers[PLATEN_SANDBOX_LAYERS] = {
    { PLATEN_SANDBOX_PARENT, "parent-death", "this is not Linux, or a container forbids prctl",
      parent_holds },
    { PLATEN_SANDBOX_LIMITS, "limits", "a container forbids setrlimit", limits_hold },
    { PLATEN_SANDBOX_NO_NEW_PRIVS, "no-new-privs", "Linux 3.5 or later is needed",
      no_new_privs_holds },
    { PLATEN_SANDBOX_LANDLOCK, "landlock",
      "Linux 5.13 or later is needed, with landlock in the list of /sys/kernel/security/lsm"
      " (kernel parameter lsm=landlock,...); a container must allow the landlock_* calls",
      landlock_holds },
    { PLATEN_SANDBOX_SECCOMP, "seccomp",
      "the kernel needs CONFIG_SECCOMP_FILTER; a container must allow prctl(PR_SET_SECCOMP)",
      seccomp_holds },
    { PLATEN_SANDBOX_CAPABILITIES, "capabilities", "a container forbids capset",
      capabilities_hold },
    { PLATEN_SANDBOX_NETWORK, "network",
      "start platend as root, or allow user namespaces to its user (sysctl"
      " kernel.unprivileged_userns_clone=1, user.max_user_namespaces above 0, AppArmor's"
      " apparmor_restrict_unprivileged_userns=0); seccomp refuses sockets all the same",
      network_holds },
    { PLATEN_SANDBOX_USER, "user",
      "only root can run a conversion as another user; as platend's own user it is kept from"
      " files and processes by landlock and seccomp",
      user_holds },
    { PLATEN_SANDBOX_CGROUP, "cgroup",
      "no cgroup v2 with the memory controller is delegated to this user (systemd:"
      " Delegate=memory); the address-space limit holds instead",
      cgroup_holds },
    { PLATEN_SANDBOX_PIDS, "pids",
      "start platend as root, or allow user namespaces to its user (see layer network); seccomp"
      " and landlock keep a conversion from other processes all the same",
      pids_hold },
};

static int
tried(const layer_t *layer, const platen_sandbox_t *sandbox)
{
    unsigned failed;
    pid_t    pid;
    int      status, error;

    pid = platen_sandbox_fork(sandbox->layers, SIGKILL, &error);
    if (pid < 0) {
        return 0;
    }
    if (pid == 0) {
        _exit(error == 0 && platen_sandbox_enter(sandbox, &failed) == 0 && layer->holds() ? 0
                                                                                          : 1);
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return 0;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

unsigned
platen_sandbox_probe(const char *cgroup)
{
    static const platen_sandbox_path_t null = { "/dev/null", PLATEN_SANDBOX_R };
    platen_sandbox_filter_t           *filter = platen_sandbox_filter_new(0);
    platen_sandbox_t                   sandbox = {
                          .parent = getpid(),
                          .paths = &null,
                          .npaths = 1,
                          .filter = filter,
                          .files = 64,
                          .uid = NOBODY,
                          .gid = NOBODY,
    };
    char     path[4096];
    unsigned holding = 0;
    size_t   i;

    if (cgroup != NULL
        && platen_sandbox_cgroup_make(cgroup, "platen-probe", 64 << 20, path, sizeof(path))
               == 0) {
        sandbox.cgroup = path;
    }

    for (i = 0; i < PLATEN_SANDBOX_LAYERS; i++) {
        sandbox.layers = layers[i].layer;
        if (layers[i].layer == PLATEN_SANDBOX_CGROUP && sandbox.cgroup == NULL) {
            continue;
        }
        if (layers[i].layer & (PLATEN_SANDBOX_LANDLOCK | PLATEN_SANDBOX_SECCOMP)) {
            sandbox.layers |= PLATEN_SANDBOX_NO_NEW_PRIVS;
        }
        if (tried(&layers[i], &sandbox)) {
            holding |= layers[i].layer;
        }
    }

    if (sandbox.cgroup != NULL) {
        (void) rmdir(path);
    }
    platen_sandbox_filter_destroy(&filter);
    return holding;
}

static const layer_t *
find(unsigned layer)
{
    size_t i;

    for (i = 0; i < PLATEN_SANDBOX_LAYERS - 1 && layers[i].layer != layer; i++) {
    }
    return &layers[i];
}

const char *
platen_sandbox_name(unsigned layer)
{
    return find(layer)->name;
}

const char *
platen_sandbox_advice(unsigned layer)
{
    return find(layer)->advice;
}
