/*
 * The sandbox; see sandbox/sandbox.h.  All of it but the making of cgroups, and what
 * is done with them, runs in the child between fork and the document (or exec), by
 * system calls alone, so it may follow the fork of a process with threads.  It owns nothing.
 * The order matters: what needs privilege first, what takes it away last.
 */

#include "sandbox/internal.h"
#include "sandbox/child_setup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
write_file(const char *path, const char *text)
{
    size_t  len = strlen(text);
    ssize_t n;
    int     fd, saved;

    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    n = write(fd, text, len);
    saved = errno;
    close(fd);
    errno = n < 0 ? saved : EIO;
    return n == (ssize_t) len ? 0 : -1;
}

/*
 * After setuid(2) a process's files in /proc are root's, unless it may be dumped.
 */
static int
write_own(const char *path, const char *text)
{
    int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), rc, saved;

    (void) prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    rc = write_file(path, text);
    saved = errno;
    (void) prctl(PR_SET_DUMPABLE, dumpable == 1, 0, 0, 0);
    errno = saved;
    return rc;
}

static int
enter_limits(const platen_sandbox_t *sandbox)
{
    const struct {
        __rlimit_resource_t resource;
        uint64_t            value;
    } limits[] = {
        { RLIMIT_AS, sandbox->address_space },         { RLIMIT_FSIZE, sandbox->file_size },
        { RLIMIT_CPU, sandbox->cpu_seconds },          { RLIMIT_NOFILE, sandbox->files },
        { RLIMIT_SIGPENDING, PLATEN_SANDBOX_SIGNALS },
    };
    size_t i;

    /*
     * Where memory runs out, a conversion goes first, and not the service.  A wish:
     * without /proc there is nobody to tell.
     */
    (void) write_own("/proc/self/oom_score_adj", "1000");
    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (limits[i].value != 0
            && platen_fork_limit(limits[i].resource, limits[i].value) != 0) {
            return -1;
        }
    }
    return platen_fork_limit(RLIMIT_CORE, 0);
}

int
platen_sandbox_map_user(uid_t uid, gid_t gid)
{
    char map[64];

    if (write_own("/proc/self/setgroups", "deny") != 0) {
        return -1;
    }
    snprintf(map, sizeof(map), "%u %u 1", uid, uid);
    if (write_own("/proc/self/uid_map", map) != 0) {
        return -1;
    }
    snprintf(map, sizeof(map), "%u %u 1", gid, gid);
    return write_own("/proc/self/gid_map", map);
}

static int
in_new_user_namespace(int more)
{
    uid_t uid = geteuid();
    gid_t gid = getegid();

    return unshare(CLONE_NEWUSER | more) != 0 ? -1 : platen_sandbox_map_user(uid, gid);
}

/*
 * In a user namespace of its own only the run's processes and threads are counted,
 * if the limit was not there when the namespace was made (user_namespaces(7)).  Who has
 * a PID namespace has one of users already.
 */
static int
enter_processes(const platen_sandbox_t *sandbox)
{
    if (sandbox->processes == 0) {
        return 0;
    }
    if (sandbox->counted_apart && !(sandbox->layers & PLATEN_SANDBOX_PIDS)
        && in_new_user_namespace(0) != 0) {
        return -1;
    }
    return platen_fork_limit(RLIMIT_NPROC, sandbox->processes);
}

static int
enter_cgroup(const platen_sandbox_t *sandbox)
{
    char path[4096];

    if (snprintf(path, sizeof(path), "%s/cgroup.procs", sandbox->cgroup)
        >= (int) sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return write_file(path, "0");
}

static int
enter_network(const platen_sandbox_t *sandbox)
{
    return platen_sandbox_leave_network(sandbox->tmp);
}

/*
 * By the system calls themselves: the C library's functions do it for all threads, and
 * would wait for one that was just being made where this process was forked, for ever.
 */
static int
enter_user(const platen_sandbox_t *sandbox)
{
    if (syscall(SYS_setgroups, 0, NULL) != 0
        || syscall(SYS_setresgid, sandbox->gid, sandbox->gid, sandbox->gid) != 0) {
        return -1;
    }
    return (int) syscall(SYS_setresuid, sandbox->uid, sandbox->uid, sandbox->uid);
}

static int
enter_parent(const platen_sandbox_t *sandbox)
{
    /* After a change of user, which would undo it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return -1;
    }
    if (sandbox->parent != 0 && getppid() != sandbox->parent) {
        _exit(0);
    }
    return 0;
}

static int
enter_no_new_privs(const platen_sandbox_t *sandbox)
{
    (void) sandbox;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int
enter_landlock(const platen_sandbox_t *sandbox)
{
    return platen_sandbox_landlock(sandbox->paths, sandbox->npaths);
}

static int
enter_capabilities(const platen_sandbox_t *sandbox)
{
    (void) sandbox;
    return platen_sandbox_drop_capabilities();
}

static int
enter_seccomp(const platen_sandbox_t *sandbox)
{
    if (sandbox->filter == NULL) {
        errno = EINVAL;
        return -1;
    }
    return platen_sandbox_filter_load(sandbox->filter);
}

int
platen_sandbox_enter(const platen_sandbox_t *sandbox, unsigned *failed)
{
    static const struct {
        unsigned layer;
        int (*enter)(const platen_sandbox_t *sandbox);
    } steps[] = {
        { PLATEN_SANDBOX_LIMITS, enter_limits },
        { PLATEN_SANDBOX_CGROUP, enter_cgroup },
        { PLATEN_SANDBOX_NETWORK, enter_network },
        { PLATEN_SANDBOX_LIMITS, enter_processes },
        { PLATEN_SANDBOX_USER, enter_user },
        { PLATEN_SANDBOX_PARENT, enter_parent },
        { PLATEN_SANDBOX_NO_NEW_PRIVS, enter_no_new_privs },
        { PLATEN_SANDBOX_LANDLOCK, enter_landlock },
        { PLATEN_SANDBOX_CAPABILITIES, enter_capabilities },
        { PLATEN_SANDBOX_SECCOMP, enter_seccomp },
    };
    size_t i;

    umask(077);
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (sandbox->layers & steps[i].layer && steps[i].enter(sandbox) != 0) {
            *failed = steps[i].layer;
            return -1;
        }
    }
    *failed = 0;
    return 0;
}

int
platen_sandbox_drop_capabilities(void)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct   none[_LINUX_CAPABILITY_U32S_3] = { 0 };
    int                             cap;

    /* The bounding set can only be left with CAP_SETPCAP; without it there is no need. */
    for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EPERM) {
            return -1;
        }
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) {
        return -1;
    }
    return (int) syscall(SYS_capset, &header, none);
}

/*
 * Nobody else sees it: the mounts of this namespace are its own.  By descriptor,
 * so that no link in its place is followed.
 */
static int
mount_tmp(const char *tmp)
{
    char path[64];
    int  fd, rc, saved;

    fd = open(tmp, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    rc = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
                 && mount(path, "/tmp", NULL, MS_BIND, NULL) == 0
             ? 0
             : -1;
    saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

int
platen_sandbox_leave_network(const char *tmp)
{
    int namespaces = CLONE_NEWNET | CLONE_NEWIPC | (tmp == NULL ? 0 : CLONE_NEWNS);

    if (unshare(namespaces) == 0) {
        return tmp == NULL ? 0 : mount_tmp(tmp);
    }
    if (errno != EPERM || in_new_user_namespace(namespaces) != 0
        || (tmp != NULL && mount_tmp(tmp) != 0)) {
        return -1;
    }
    return platen_sandbox_drop_capabilities();
}

int
platen_sandbox_cgroup_make(const char *parent, const char *name, uint64_t memory, char *path,
                           size_t size)
{
    char file[4096], value[24];
    int  saved;

    if (snprintf(path, size, "%s/%s", parent, name) >= (int) size
        || snprintf(file, sizeof(file), "%s/memory.swap.max", path) >= (int) sizeof(file)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        return -1;
    }

    /* A kernel that counts no swap has no such file. */
    snprintf(value, sizeof(value), "%llu", (unsigned long long) memory);
    if (write_file(file, "0") != 0 && errno != ENOENT) {
        goto failed;
    }
    snprintf(file, sizeof(file), "%s/memory.max", path);
    if (write_file(file, value) == 0) {
        return 0;
    }

failed:
    saved = errno;
    (void) rmdir(path);
    errno = saved;
    return -1;
}

/* Numbers behind words of a file that has one to a line; those that are not there stay. */
static void
numbers_in(const char *path, const char *const *words, uint64_t *const *numbers, size_t n)
{
    char   line[128];
    size_t i, len;
    FILE  *in = fopen(path, "re");

    if (in == NULL) {
        return;
    }
    while (fgets(line, sizeof(line), in) != NULL) {
        for (i = 0; i < n; i++) {
            len = strlen(words[i]);
            if (strncmp(line, words[i], len) == 0 && line[len] == ' ') {
                *numbers[i] = strtoull(line + len + 1, NULL, 10);
            }
        }
    }
    fclose(in);
}

platen_sandbox_events_t
platen_sandbox_cgroup_events(const char *cgroup)
{
    static const char *const words[] = { "oom", "oom_kill" };
    platen_sandbox_events_t  events = { 0, 0 };
    uint64_t *const          numbers[] = { &events.limits, &events.kills };
    char                     path[4096];

    /* Once for both: what one says without the other is of another moment. */
    if (snprintf(path, sizeof(path), "%s/memory.events", cgroup) < (int) sizeof(path)) {
        numbers_in(path, words, numbers, 2);
    }
    return events;
}

uint64_t
platen_sandbox_kills(void)
{
    static const char *const words[] = { "oom_kill" };
    uint64_t                 kills = UINT64_MAX;
    uint64_t *const          numbers[] = { &kills };

    numbers_in("/proc/vmstat", words, numbers, 1);
    return kills;
}

int
platen_sandbox_cgroup_kill(const char *cgroup)
{
    char path[4096];

    if (snprintf(path, sizeof(path), "%s/cgroup.kill", cgroup) >= (int) sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return write_file(path, "1");
}
