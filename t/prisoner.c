/*
 * The prisoner: from inside the policy of each engine it tries what is not in the
 * table of the sandbox (sandbox/policy.c), each attempt expected to fail with a named
 * error, and what is in the table, which has to work.
 *
 *   prisoner [--full] [--cgroup PATH] [-v]
 *
 * Once for each engine on this kernel as this user; with --full on every Landlock ABI
 * that this kernel can play, with and without namespaces, as root and as nobody, and
 * with a cgroup if one is named.  Prints counts, and each attempt that went otherwise;
 * exit status 1 if there was one.
 *
 * Attempts are made in a child that has entered the sandbox as a run does; those that
 * are to be fatal, in one each.  It tells by a pipe that was open before.
 */

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/confine.h"
#include "sandbox/policy.h"
#include "run/tree.h"

#define NOBODY 65534
#define NEWER 64 /* numbers above the filter's last */

static char root[] = "/var/tmp/prisoner.XXXXXX";
static char run[64], other[64], document[64], secret[64], office[64], self[64];
static int  verbose;

static unsigned long tried, worked, wrong;

/* What this round is. */
static struct {
    const platen_policy_t *policy;
    platen_sandbox_t       sandbox;
    unsigned               may;
    platen_sandbox_path_t  paths[PLATEN_CONFINE_PATHS];
    char                   real[PLATEN_CONFINE_PATHS][PATH_MAX]; /* where they lead */
    char                   title[160];
    pid_t                  outside;
    char                   net[64], ipc[64], pids[64];
    int                    out; /* in the child: the pipe */
} of;

/* What the child tells of an attempt. */
typedef struct {
    char what[120];
    int  wanted; /* it is in the table */
    int  good;
    int  error;
} news_t;

static void
tell(const char *what, const char *detail, int wanted, int good)
{
    news_t news = { .wanted = wanted, .good = good, .error = errno };

    snprintf(news.what, sizeof(news.what), "%s %s", what, detail);
    if (write(of.out, &news, sizeof(news)) != sizeof(news)) {
        _exit(3);
    }
}

/* An attempt that must fail with one of these errors; 0 ends them. */
static void
fails(const char *what, const char *detail, long rc, int a, int b)
{
    tell(what, detail, 0, rc < 0 && (errno == a || (b != 0 && errno == b)));
}

static void
works(const char *what, const char *detail, int good)
{
    tell(what, detail, 1, good);
}

static const char *
number(long n)
{
    static char text[24];

    snprintf(text, sizeof(text), "%ld", n);
    return text;
}

/* --- calls --- */

static void
try_calls(void)
{
    platen_sandbox_call_t call;
    pid_t                 pid = getpid();
    size_t                i;
    long                  n, rc;

    for (i = 0; i < platen_sandbox_calls(); i++) {
        call = platen_sandbox_call(i);
        if (call.number < 0 || call.unless & of.may || call.error == 0) {
            continue;
        }
        rc = syscall(call.number, 0, 0, 0, 0, 0, 0);
        if (getpid() != pid) {
            _exit(0); /* a fork that was none of the table's */
        }
        fails("call", number(call.number), rc, call.error, 0);
    }
    for (n = PLATEN_SANDBOX_LAST_CALL + 1; n <= PLATEN_SANDBOX_LAST_CALL + NEWER; n++) {
        fails("newer call", number(n), syscall(n, -1, 0, 0, 0, 0, 0), ENOSYS, 0);
    }
}

static void
try_processes(void)
{
    static const unsigned long spaces[] = { CLONE_NEWNS,    CLONE_NEWUSER, CLONE_NEWNET,
                                            CLONE_NEWPID,   CLONE_NEWIPC,  CLONE_NEWUTS,
                                            CLONE_NEWCGROUP };
    pid_t                      pid = getpid();
    pid_t                      others[] = { of.outside, 1, 0, -1, -of.outside };
    cpu_set_t                  cpus;
    struct rlimit              limit = { 1, 1 };
    size_t                     i;
    long                       rc;

    for (i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
        rc = syscall(SYS_clone, spaces[i] | SIGCHLD, 0, 0, 0, 0);
        if (getpid() != pid) {
            _exit(0);
        }
        fails("clone", number((long) spaces[i]), rc, EPERM, 0);
        fails("unshare", number((long) spaces[i]), unshare((int) spaces[i]), EPERM, 0);
        fails("setns", number((long) spaces[i]), setns(of.out, (int) spaces[i]), EPERM, 0);
    }
    rc = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
    if (getpid() != pid) {
        _exit(0);
    }
    fails("clone", "CLONE_PARENT", rc, EPERM, 0);
    fails("clone", "a thread with descriptors of its own",
          syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0), EPERM, 0);
    fails("close_range", "to have descriptors of its own",
          syscall(SYS_close_range, INT_MAX, INT_MAX, CLOSE_RANGE_UNSHARE), EPERM, 0);
    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (others[i] == pid) {
            continue; /* itself, where it is the first of all */
        }
        fails("kill", number(others[i]), kill(others[i], 0), EPERM, 0);
        fails("tgkill", number(others[i]), syscall(SYS_tgkill, others[i], others[i], 0), EPERM,
              0);
    }
    fails("prlimit", "of its parent",
          syscall(SYS_prlimit64, of.outside, RLIMIT_CORE, &limit, NULL), EPERM, 0);
    CPU_ZERO(&cpus);
    CPU_SET(0, &cpus);
    fails("sched_setaffinity", "of its parent",
          sched_setaffinity(of.outside, sizeof(cpus), &cpus), EPERM, 0);
    fails("prctl", "PR_SET_PDEATHSIG", prctl(PR_SET_PDEATHSIG, 0), EPERM, 0);
    fails("prctl", "PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 0), EPERM, 0);
    fails("setuid", "0", getuid() == 0 ? (errno = EPERM, -1) : setuid(0), EPERM, EINVAL);
}

static void
try_descriptors(void)
{
    static const unsigned long controls[] = { TIOCSTI,
                                              TIOCLINUX,
                                              TIOCSCTTY,
                                              TIOCSPGRP,
                                              TIOCNOTTY,
                                              TIOCSETD,
                                              FIOASYNC,
                                              FIOSETOWN,
                                              SIOCSPGRP,
                                              FS_IOC_SETFLAGS,
                                              FS_IOC_GETFLAGS,
                                              FS_IOC_FSSETXATTR,
                                              FIFREEZE,
                                              FITHAW,
                                              FITRIM,
                                              BLKROSET,
                                              BLKRRPART,
                                              LOOP_SET_FD,
                                              SIOCGIFCONF,
                                              SIOCSIFFLAGS,
                                              TIOCCONS,
                                              TCSETS,
                                              FIDEDUPERANGE,
                                              0x4b3a /* KDSETMODE */,
                                              0x80045430 /* TIOCGPTN */,
                                              0x40049409 ^ 0xff };
    struct f_owner_ex          owner = { F_OWNER_PID, of.outside };
    struct timespec            times[2] = { { 0, 0 }, { 0, 0 } };
    struct stat                st;
    int                        ends[2], fd, value = of.outside;
    size_t                     i;

    works("pipe", "", pipe(ends) == 0);
    for (i = 0; i < sizeof(controls) / sizeof(controls[0]); i++) {
        fails("ioctl", number((long) controls[i]), ioctl(ends[0], controls[i], &value), EPERM,
              0);
    }
    fails("fcntl", "F_SETOWN", fcntl(ends[0], F_SETOWN, of.outside), EPERM, 0);
    fails("fcntl", "F_SETOWN of a group", fcntl(ends[0], F_SETOWN, -of.outside), EPERM, 0);
    fails("fcntl", "F_SETOWN_EX", fcntl(ends[0], F_SETOWN_EX, &owner), EPERM, 0);
    fails("fcntl", "F_SETSIG", fcntl(ends[0], F_SETSIG, SIGKILL), EPERM, 0);
    fails("fcntl", "O_ASYNC", fcntl(ends[0], F_SETFL, O_ASYNC), EPERM, 0);
    fails("fcntl", "F_SETLEASE", fcntl(ends[0], F_SETLEASE, F_RDLCK), EPERM, 0);
    fails("fcntl", "F_NOTIFY", fcntl(ends[0], F_NOTIFY, 1), EPERM, 0);
    works("fcntl", "O_NONBLOCK", fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    works("ioctl", "FIONREAD", ioctl(ends[0], FIONREAD, &value) == 0);
    fails("ioctl", "TCGETS of a pipe", isatty(ends[0]) ? 0 : -1, ENOTTY, 0);
    fd = open("own", O_RDWR | O_CREAT, 0600);
    works("open", "a file of its own", fd >= 0);
    fails("utimensat", "by name", utimensat(AT_FDCWD, "own", times, 0), EPERM, 0);
    fails("utimensat", "by a descriptor and no name",
          syscall(SYS_utimensat, fd, "", times, AT_EMPTY_PATH), EPERM, 0);
    works("futimens", "without effect",
          futimens(fd, times) == 0 && fstat(fd, &st) == 0 && st.st_mtime != 0);
    works("flock", "", flock(fd, LOCK_EX) == 0);
    works("ftruncate", "", ftruncate(fd, 10) == 0);
    close(fd);
    close(ends[0]);
    close(ends[1]);
}

static void
try_sockets(void)
{
    static const int   families[] = { AF_UNIX,      AF_INET, AF_INET6, AF_NETLINK,
                                      AF_PACKET,    AF_ALG,  AF_VSOCK, AF_KEY,
                                      AF_BLUETOOTH, AF_TIPC, AF_RDS,   AF_CAN };
    static const int   types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int                bind_it = (of.may & PLATEN_SANDBOX_MAY_BIND) != 0, fd, ends[2];
    int                pair_it = (of.may & PLATEN_SANDBOX_MAY_FORK) != 0, rc;
    size_t             i, j;
    char               name[48];

    for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        for (j = 0; j < sizeof(types) / sizeof(types[0]); j++) {
            snprintf(name, sizeof(name), "%d, %d", families[i], types[j]);
            fd = socket(families[i], types[j] | SOCK_CLOEXEC, 0);
            if (bind_it && families[i] == AF_UNIX && types[j] == SOCK_STREAM) {
                works("socket", name, fd >= 0);
            } else {
                fails("socket", name, fd, EPERM, 0);
            }
            if (fd >= 0) {
                close(fd);
            }
            /* One of datagrams sends to any address. */
            rc = socketpair(families[i], types[j] | SOCK_CLOEXEC, 0, ends);
            if (pair_it && families[i] == AF_UNIX
                && (types[j] == SOCK_STREAM || types[j] == SOCK_SEQPACKET)) {
                works("socketpair", name, rc == 0);
            } else {
                fails("socketpair", name, rc, EPERM, 0);
            }
            if (rc == 0) {
                close(ends[0]);
                close(ends[1]);
            }
        }
    }
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", other);
    if (bind_it) {
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        fails("connect", "a socket of the host",
              connect(fd, (struct sockaddr *) &address, sizeof(address)), EPERM, 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/new", other);
        fails("bind", "elsewhere", bind(fd, (struct sockaddr *) &address, sizeof(address)),
              EACCES, 0);
        if (of.sandbox.tmp != NULL) {
            snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/s");
            works("bind", "/tmp",
                  bind(fd, (struct sockaddr *) &address, sizeof(address)) == 0
                      && listen(fd, 1) == 0);
        }
        close(fd);
    }
}

/* --- files --- */

/* Whether the table grants that, to where the path leads. */
static int
granted(const char *real, unsigned access)
{
    size_t i, n;

    for (i = 0; i < of.sandbox.npaths; i++) {
        n = strlen(of.real[i]);
        if ((of.sandbox.paths[i].access & access) == access && n > 0
            && strncmp(real, of.real[i], n) == 0
            && (real[n] == '\0' || real[n] == '/' || of.real[i][n - 1] == '/')) {
            return 1;
        }
    }
    return 0;
}

/* Places of a host; what is not there, or not to be read by anyone, is passed over. */
static const char *const places[] = {
    "/etc/passwd",
    "/etc/group",
    "/etc/hostname",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/machine-id",

    "/etc/shadow",
    "/etc/ssl",
    "/etc/nginx",
    "/etc",
    "/",
    "/root",
    "/home",
    "/opt",
    "/srv",
    "/mnt",
    "/media",
    "/boot",
    "/run",
    "/run/lock",
    "/var",
    "/var/lib",
    "/var/lib/dpkg/status",
    "/var/log",
    "/var/spool",
    "/var/mail",
    "/var/tmp",
    "/var/cache",
    "/var/www",
    "/tmp",
    "/dev",
    "/dev/full",
    "/dev/random",
    "/dev/tty",
    "/dev/ptmx",
    "/dev/pts",
    "/dev/shm",
    "/dev/kmsg",
    "/dev/mem",
    "/dev/fuse",
    "/dev/kvm",
    "/dev/net/tun",
    "/dev/loop0",
    "/dev/vda",
    "/dev/sda",
    "/proc",
    "/proc/1/environ",
    "/proc/1/status",
    "/proc/cpuinfo",
    "/proc/meminfo",

    "/proc/version",
    "/proc/cmdline",

    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/core_pattern",
    "/proc/sysrq-trigger",
    "/proc/kallsyms",
    "/proc/kcore",
    "/proc/keys",
    "/sys",
    "/sys/kernel",
    "/sys/fs/cgroup",
    "/sys/class/net",
    "/sys/devices",
    "/usr",
    "/usr/bin",
    "/usr/sbin",
    "/usr/include",
    "/usr/src",
    "/usr/local",
    "/usr/local/bin",
    "/usr/local/lib",
    "/usr/local/share",
    "/usr/share",
    "/usr/share/pixmaps",
    "/usr/share/icons",
    "/usr/share/doc",
    "/usr/share/man",
    "/usr/share/perl",
    "/usr/share/mime",
    "/usr/share/themes",
    "/usr/share/java",
    "/usr/share/applications",
    "/usr/share/nginx",
    "/usr/games",
    "/usr/libexec",
    "/usr/lib",
    "/usr/lib/python3",
    "/usr/lib/nginx",
    "/usr/lib/ssl",
    "/usr/lib/os-release",
    "/usr/lib/libreoffice",
    "/usr/lib/libreoffice/CREDITS.fodt",
    "/usr/lib/libreoffice/presets",
    "/usr/lib/libreoffice/share",
    "/usr/lib/libreoffice/share/basic",
    "/usr/lib/libreoffice/share/gallery",
    "/usr/lib/libreoffice/share/template",
    "/usr/lib/libreoffice/share/tipoftheday",
    "/usr/lib/libreoffice/share/wizards",
    "/usr/lib/libreoffice/share/xslt",
    "/usr/share/libreoffice",
    "/lib/modules",
    "/lost+found",
    "/.dockerenv",
    "/var/backups",
};

static void
try_reading(void)
{
    char        real[PATH_MAX], path[PATH_MAX], link[32];
    struct stat st;
    size_t      i;
    int         fd;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(real, sizeof(real), "%s", places[i]);
        if (stat(places[i], &st) != 0
            || (strcmp(places[i], "/tmp") == 0 && of.sandbox.tmp != NULL)) {
            continue;
        }
        fd = open(places[i], O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (granted(real, PLATEN_SANDBOX_R)) {
            works("read", places[i], fd >= 0);
        } else {
            fails("read", places[i], fd, EACCES, 0);
            snprintf(path, sizeof(path), "/proc/self/root%s", places[i]);
            fails("read", path, open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY), EACCES, 0);
            snprintf(link, sizeof(link), "link-%u", (unsigned) i);
            if (symlink(places[i], link) == 0) {
                fails("read by a link", places[i], open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY),
                      EACCES, 0);
                (void) unlink(link);
            }
            if (strcmp(places[i], "/proc") == 0) {
                continue; /* nobody makes anything there */
            }
            if (S_ISDIR(st.st_mode)) {
                snprintf(path, sizeof(path), "%s/prisoner", places[i]);
                fails("write below", places[i], open(path, O_WRONLY | O_CREAT, 0600), EACCES,
                      EROFS);
                fails("mkdir below", places[i], mkdir(path, 0700), EACCES, EROFS);
            } else {
                fails("write", places[i], open(places[i], O_WRONLY | O_NOCTTY | O_NONBLOCK),
                      EACCES, EROFS);
            }
        }
        if (fd >= 0) {
            close(fd);
        }
    }
}

/* What the table has: each of it can be read, or written, and no more. */
static void
try_table(void)
{
    const platen_sandbox_path_t *path;
    struct stat                  st;
    char                         name[PATH_MAX + 16];
    size_t                       i;
    int                          fd;

    for (i = 0; i < of.sandbox.npaths; i++) {
        path = &of.sandbox.paths[i];
        if (of.real[i][0] == '\0' || stat(path->path, &st) != 0) {
            continue;
        }
        if (path->access & PLATEN_SANDBOX_R) {
            fd = open(path->path, O_RDONLY | O_CLOEXEC);
            works("read", path->path,
                  fd >= 0
                      || (errno == EACCES && getuid() != 0 && access(path->path, R_OK) != 0));
            /* As the mode is, so that an attempt that works does no harm. */
            if (fd >= 0 && st.st_uid == getuid()) {
                fails("fchmod", path->path, fchmod(fd, st.st_mode & 07777), EPERM, 0);
            }
            if (fd >= 0) {
                close(fd);
            }
        }
        snprintf(name, sizeof(name), "%s/new", of.real[i]);
        if (S_ISDIR(st.st_mode) && granted(of.real[i], PLATEN_SANDBOX_W)) {
            fd = open(name, O_WRONLY | O_CREAT, 0600);
            works("write", path->path, fd >= 0);
            close(fd);
            works("unlink", path->path, unlink(name) == 0);
        } else if (S_ISDIR(st.st_mode)) {
            if (strncmp(path->path, "/proc", 5) != 0) {
                fails("write", path->path, open(name, O_WRONLY | O_CREAT, 0600), EACCES, EROFS);
                fails("mkdir", path->path, mkdir(name, 0700), EACCES, EROFS);
                fails("symlink", path->path, symlink("x", name), EACCES, EROFS);
                fails("mkfifo", path->path, mkfifo(name, 0600), EPERM, 0);
                fails("link", path->path, link("own", name), EACCES, EXDEV);
                fails("rename", path->path, rename("own", name), EACCES, EXDEV);
            }
        } else if (!granted(of.real[i], PLATEN_SANDBOX_W)) {
            fd = open(path->path, O_WRONLY);
            if (fd < 0 && errno == ETXTBSY) {
                errno = EACCES; /* a program that runs */
            }
            fails("write", path->path, fd, EACCES, EROFS);
            fails("truncate", path->path, truncate(path->path, 0), EPERM, 0);
        }
    }
}

/* Other runs, the store, the document: by every call that takes a name. */
static void
try_others(void)
{
    const char *const targets[] = { secret, document };
    char              path[PATH_MAX];
    const char       *name;
    size_t            i;
    int               fd;

    for (i = 0; i < 2; i++) {
        name = targets[i];
        if (i == 0) {
            fails("open", name, open(name, O_RDONLY), EACCES, 0);
            fails("open", "../other/secret", open("../other/secret", O_RDONLY), EACCES, 0);
            fails("link", name, link(name, "linked"), EACCES, EXDEV);
        } else {
            works("read", "its document", (fd = open(name, O_RDONLY)) >= 0);
            fails("ftruncate", "its document, open to read", ftruncate(fd, 0), EINVAL, EBADF);
            fails("fchmod", "its document, open to read", fchmod(fd, 0600), EPERM, 0);
            snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
            fails("open again to write", "its document", open(path, O_WRONLY), EACCES, 0);
            close(fd);
            fails("link", name, link(name, "linked"), EACCES, EXDEV);
        }
        fails("open to write", name, open(name, O_WRONLY), EACCES, 0);
        fails("open to both", name, open(name, O_RDWR), EACCES, 0);
        fails("open to append", name, open(name, O_WRONLY | O_APPEND), EACCES, 0);
        fails("open to empty", name, open(name, O_WRONLY | O_TRUNC), EACCES, 0);
        fails("open to read and empty", name, open(name, O_RDONLY | O_TRUNC), EPERM, 0);
        fails("open to neither and empty", name, open(name, O_ACCMODE | O_TRUNC), EPERM, 0);
        fails("open to neither", name, open(name, O_ACCMODE), EPERM, 0);
        fails("open(2) to empty", name, syscall(SYS_open, name, O_RDONLY | O_TRUNC), EPERM, 0);
        fails("openat2", name, syscall(SYS_openat2, AT_FDCWD, name, path, 24), ENOSYS, 0);
        fails("creat", name, creat(name, 0600), EACCES, 0);
        fails("truncate", name, truncate(name, 0), EPERM, 0);
        fails("unlink", name, unlink(name), EACCES, 0);
        fails("rename", name, rename(name, "renamed"), EACCES, EXDEV);
        fails("rename over", name, rename("own", name), EACCES, EXDEV);
        fails("chmod", name, chmod(name, 0777), EPERM, 0);
        fails("fchmodat", name, fchmodat(AT_FDCWD, name, 0777, 0), EPERM, 0);
        fails("chown", name, chown(name, getuid(), getgid()), EPERM, 0);
        fails("setxattr", name, syscall(SYS_setxattr, name, "user.x", "y", 1, 0), EPERM, 0);
        fails("getxattr", name, syscall(SYS_getxattr, name, "user.x", path, 1), EPERM, 0);
        fails("listxattr", name, syscall(SYS_listxattr, name, path, 9), EPERM, 0);
        fails("removexattr", name, syscall(SYS_removexattr, name, "user.x"), EPERM, 0);
        fails("setxattrat", name, syscall(463, AT_FDCWD, name, 0, "user.x", path, 24), ENOSYS,
              0);
        fails("removexattrat", name, syscall(466, AT_FDCWD, name, 0, "user.x"), ENOSYS, 0);
        fails("file_setattr", name, syscall(469, AT_FDCWD, name, path, 24, 0), ENOSYS, 0);
        fails("fchmodat2", name, syscall(452, AT_FDCWD, name, 0777, 0), ENOSYS, 0);
    }
    fails("rmdir", other, rmdir(other), EACCES, 0);
    fails("opendir", other, open(other, O_RDONLY | O_DIRECTORY), EACCES, 0);
    fails("opendir", root, open(root, O_RDONLY | O_DIRECTORY), EACCES, 0);
    fails("rename", "its own directory", rename(run, other), EACCES, EXDEV);
    snprintf(path, sizeof(path), "/proc/%d/environ", (int) of.outside);
    fails("read", path, open(path, O_RDONLY), EACCES, 0);
    snprintf(path, sizeof(path), "/proc/%d/mem", (int) of.outside);
    fails("write", path, open(path, O_RDWR), EACCES, 0);
    snprintf(path, sizeof(path), "/proc/%d/root/etc/passwd", (int) of.outside);
    fails("read", path, open(path, O_RDONLY), EACCES, 0);
    fails("write", "/proc/self/oom_score_adj", open("/proc/self/oom_score_adj", O_WRONLY),
          EACCES, 0);
    fails("write", "/proc/self/mem", open("/proc/self/mem", O_WRONLY), EACCES, 0);
    fails("write", "/proc/self/uid_map", open("/proc/self/uid_map", O_WRONLY), EACCES, 0);
}

static void
try_own_files(void)
{
    int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0600);

    works("create", "", fd >= 0 && write(fd, "x", 1) == 1);
    works("rename", "", rename("a", "b") == 0);
    works("mkdir", "", mkdir("d", 0700) == 0);
    works("symlink", "", symlink("b", "l") == 0 && open("l", O_RDONLY | O_CLOEXEC) >= 0);
    works("unlink", "", unlink("l") == 0 && unlink("b") == 0 && rmdir("d") == 0);
    close(fd);
}

static void
try_programs(void)
{
    static const char *const programs[] = {
        "/bin/sh", "/bin/true",    "/usr/bin/perl",   "/usr/bin/id",   "/usr/bin/sudo",
        "/bin/su", "/usr/bin/env", "/usr/sbin/nginx", "/usr/bin/mount"
    };
    char *const argv[] = { (char *) (uintptr_t) "true", NULL }, *envp[] = { NULL };
    char        real[PATH_MAX];
    size_t      i;
    int         may = (of.may & PLATEN_SANDBOX_MAY_EXEC) != 0;

    for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (faccessat(AT_FDCWD, programs[i], F_OK, 0) != 0) {
            continue;
        }
        snprintf(real, sizeof(real), "%s", programs[i]);
        if (may && (granted(real, PLATEN_SANDBOX_X) || of.may & PLATEN_SANDBOX_MAY_FORK)) {
            continue; /* of an engine that starts programs: tried by it */
        }
        fails("execve", programs[i], execve(programs[i], argv, envp), may ? EACCES : EPERM, 0);
    }
    i = (size_t) open("script", O_WRONLY | O_CREAT, 0700);
    works("write", "a script", write((int) i, "#!/bin/sh\n", 10) == 10);
    close((int) i);
    fails("execve", "what it wrote", execve("script", argv, envp), may ? EACCES : EPERM, 0);
}

/* --- limits --- */

static void *
wait_in_thread(void *arg)
{
    pause();
    return arg;
}

static void
try_limits(void)
{
    static const int limits[] = { RLIMIT_AS, RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_NOFILE,
                                  RLIMIT_CORE };
    struct sigevent  event = { .sigev_notify = SIGEV_NONE };
    struct rlimit    limit;
    timer_t          timer;
    pthread_attr_t   attr;
    pthread_t        thread;
    int              fds[PLATEN_POLICY_FILES + 1], n = 0, rc = 0;
    size_t           i;

    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (getrlimit((__rlimit_resource_t) limits[i], &limit) != 0
            || limit.rlim_max == RLIM_INFINITY) {
            continue;
        }
        limit.rlim_max++;
        fails("setrlimit", number(limits[i]),
              setrlimit((__rlimit_resource_t) limits[i], &limit), EPERM, 0);
    }
    while (n <= PLATEN_POLICY_FILES && (fds[n] = open("/dev/null", O_RDONLY)) >= 0) {
        n++;
    }
    fails("open", "more files than there may be", n <= PLATEN_POLICY_FILES ? -1 : 0, EMFILE, 0);
    while (n > 0) {
        close(fds[--n]);
    }
    fails("mmap", "more than the address space",
          mmap(NULL, of.sandbox.address_space, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                  == MAP_FAILED
              ? -1
              : 0,
          ENOMEM, 0);
    (void) signal(SIGXFSZ, SIG_IGN);
    /* Signals that wait, of which a user has so many: a timer takes one. */
    for (n = 0; rc == 0 && n <= 10000; n++) {
        rc = timer_create(CLOCK_MONOTONIC, &event, &timer);
    }
    fails("timer_create", "more signals than may wait", rc, EAGAIN, 0);
    rc = 0;
    n = open("large", O_WRONLY | O_CREAT, 0600);
    fails("write", "beyond the size of a file", pwrite(n, "x", 1, (off_t) of.sandbox.file_size),
          EFBIG, 0);
    close(n);

    /* Threads, where they are counted; never by root. */
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    if (of.sandbox.processes != 0 && getuid() != 0
        && of.sandbox.layers & PLATEN_SANDBOX_NETWORK) {
        for (i = 0; rc == 0 && i <= of.sandbox.processes; i++) {
            rc = pthread_create(&thread, &attr, wait_in_thread, NULL);
        }
        errno = rc;
        fails("pthread_create", "more threads than there may be", rc != 0 ? -1 : 0, EAGAIN, 0);
    } else {
        works("pthread_create", "", pthread_create(&thread, &attr, wait_in_thread, NULL) == 0);
    }
}

static void
try_needs(void)
{
    struct timespec now;
    char            bytes[8];

    if (of.may & PLATEN_SANDBOX_MAY_POLL) {
        works("epoll", "", epoll_create1(EPOLL_CLOEXEC) >= 0);
    }
    works("eventfd", "", eventfd(0, EFD_CLOEXEC) >= 0);
    works("getrandom", "", getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes));
    works("clock_gettime", "", clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    works("kill", "itself with nothing", kill(getpid(), 0) == 0);
    works("umask", "is 077", umask(077) == 077);
    works("no_new_privs", "", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    works("mmap", "to execute, as loaders do",
          mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
              != MAP_FAILED);
    if (of.may & PLATEN_SANDBOX_MAY_FORK) {
        pid_t pid = fork();
        int   status;

        if (pid == 0) {
            _exit(open("/etc/passwd", O_RDONLY) < 0 ? 7 : 1);
        }
        works("fork", "into the same sandbox",
              pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
    }
}

static void
try_namespaces(void)
{
    char    name[64];
    ssize_t n;

    if (of.sandbox.layers & PLATEN_SANDBOX_PIDS) {
        n = readlink("/proc/self/ns/pid", name, sizeof(name) - 1);
        name[n < 0 ? 0 : n] = '\0';
        works("namespace", "of processes", n > 0 && strcmp(name, of.pids) != 0);
        works("namespace", "in which it is the first", getpid() == 1 && getppid() == 0);
        fails("getpgid", "of its parent", getpgid(of.outside), ESRCH, 0);
        fails("sched_getscheduler", "of its parent", sched_getscheduler(of.outside), ESRCH, 0);
        fails("getpriority", "of its parent",
              getpriority(PRIO_PROCESS, (id_t) of.outside) == -1 ? -1 : 0, ESRCH, 0);
    }
    if (!(of.sandbox.layers & PLATEN_SANDBOX_NETWORK)) {
        return;
    }
    n = readlink("/proc/self/ns/net", name, sizeof(name) - 1);
    name[n < 0 ? 0 : n] = '\0';
    works("namespace", "of the network", n > 0 && strcmp(name, of.net) != 0);
    n = readlink("/proc/self/ns/ipc", name, sizeof(name) - 1);
    name[n < 0 ? 0 : n] = '\0';
    works("namespace", "of IPC", n > 0 && strcmp(name, of.ipc) != 0);
}

#define HIDDEN 8192

/*
 * Directories that nobody may look into, one for each mode, with a file where there can be
 * one; they are left.
 */
static void
hide_files(void)
{
    static const char bytes[HIDDEN] = "hidden";
    char              path[32], file[40];
    int               mode, fd;

    for (mode = 0; mode < 8; mode++) {
        snprintf(path, sizeof(path), "hide-%d", mode);
        works("hide", path, mkdir(path, (mode_t) mode << 6) == 0);
        snprintf(file, sizeof(file), "%s/file", path);
        fd = open(file, O_WRONLY | O_CREAT, 0600);
        if ((mode & 3) == 3) {
            works("hide", file, write(fd, bytes, sizeof(bytes)) == sizeof(bytes));
        } else {
            fails("hide", file, fd, EACCES, 0);
        }
        close(fd);
    }
}

static void
try_all(void)
{
    try_needs();
    try_own_files();
    try_descriptors();
    try_table();
    try_reading();
    try_others();
    try_calls();
    try_processes();
    try_sockets();
    try_namespaces();
    try_programs();
    hide_files();
    try_limits(); /* last: it spends them */
}

/* --- outside --- */

static void
count(const news_t *news)
{
    tried += !news->wanted;
    worked += news->wanted;
    if (!news->good) {
        wrong++;
        printf("WRONG  %s: %s: %s (%s)\n", of.title, news->what,
               news->wanted ? "is in the table and failed" : "was not refused as it should be",
               strerror(news->error));
    } else if (verbose) {
        printf("       %s: %s: %s\n", of.title, news->what,
               news->wanted ? "works" : strerror(news->error));
    }
}

/* Enters, and tries: all that is not fatal, or one call that is. */
static int
in_child(int fatal, int out)
{
    unsigned failed;

    of.out = out;
    of.sandbox.parent = of.sandbox.layers & PLATEN_SANDBOX_PIDS ? 0 : of.outside;
    if (chdir(run) != 0 || platen_sandbox_enter(&of.sandbox, &failed) != 0) {
        return 2;
    }
    if (fatal >= 0) {
        (void) syscall(fatal, 0, 0, 0, 0, 0, 0);
        return 1;
    }
    try_all();
    return 0;
}

static int
in_prison(int fatal)
{
    news_t  news;
    ssize_t n;
    int     ends[2], status = 0, error;
    pid_t   pid;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        exit(2);
    }
    fflush(stdout);
    of.outside = getpid();
    pid = platen_sandbox_fork(of.sandbox.layers, SIGKILL, &error);
    if (pid == 0) {
        close(ends[0]);
        _exit(error != 0 ? 2 : in_child(fatal, ends[1]));
    }
    close(ends[1]);
    while ((n = read(ends[0], &news, sizeof(news))) == sizeof(news)) {
        count(&news);
    }
    close(ends[0]);
    (void) waitpid(pid, &status, 0);
    return status;
}

static void
spew(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    if (fd < 0 || write(fd, "secret\n", 7) != 7) {
        perror(path);
        exit(2);
    }
    close(fd);
}

static void
lay_out(void)
{
    char tmp[80];

    snprintf(tmp, sizeof(tmp), "%s/tmp", run);
    if (platen_tree_reset(run) != 0 || mkdir(tmp, 0700) != 0) {
        perror(run);
        exit(2);
    }
    spew(document);
    spew(secret);
}

static void
namespace_of(const char *what, char *out, size_t size)
{
    char    path[64];
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/self/ns/%s", what);
    n = readlink(path, out, size - 1);
    out[n < 0 ? 0 : n] = '\0';
}

/* One engine, with these layers. */
static void
one(const platen_confine_t *confine, const platen_policy_t *policy,
    const platen_sandbox_filter_t *alone, unsigned layers, const char *title)
{
    static platen_confinement_t c;
    platen_command_t            command = { .policy = policy };
    platen_sandbox_call_t       call;
    news_t                      news = { .wanted = 0 };
    int                         status, lok = strcmp(policy->engine, "lok") == 0;
    uint64_t                    space;
    size_t                      i;

    platen_command_arg(&command, "%s", self);
    platen_command_allow(&command, PLATEN_SANDBOX_R, "%s", document);
    lay_out();
    if (platen_confine_command(confine, &command, run, 7, &c) != 0) {
        perror("confine");
        exit(2);
    }
    of.policy = policy;
    of.sandbox = c.sandbox;
    of.sandbox.layers &= layers;
    of.may = policy->may;
    snprintf(of.title, sizeof(of.title), "%s, %s", policy->engine, title);
    if (lok) {
        of.sandbox.filter = alone;
    }
    if (!(of.sandbox.layers & PLATEN_SANDBOX_NETWORK)) {
        of.sandbox.tmp = NULL;
    }
    for (i = 0; i < of.sandbox.npaths; i++) {
        of.paths[i] = of.sandbox.paths[i];
        if (realpath(of.paths[i].path, of.real[i]) == NULL) {
            of.real[i][0] = '\0';
        }
        if (strcmp(of.paths[i].path, "/proc/self") == 0) {
            snprintf(of.real[i], sizeof(of.real[i]), "/proc/self");
        }
    }
    namespace_of("net", of.net, sizeof(of.net));
    namespace_of("ipc", of.ipc, sizeof(of.ipc));
    namespace_of("pid", of.pids, sizeof(of.pids));

    status = in_prison(-1);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        snprintf(news.what, sizeof(news.what), "the prisoner itself ended with %x", status);
        news.good = 0;
        count(&news);
    }
    space = platen_tree_total(run);
    snprintf(news.what, sizeof(news.what), "hidden files, measured");
    news.good = space >= 2 * HIDDEN && space != UINT64_MAX;
    count(&news);
    for (i = 0; i < platen_sandbox_calls(); i++) {
        call = platen_sandbox_call(i);
        if (call.error == 0 && call.number >= 0) {
            status = in_prison(call.number);
            snprintf(news.what, sizeof(news.what), "fatal call %d", call.number);
            news.good = WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
            news.error = EPERM;
            count(&news);
        }
    }
    platen_confine_end(&c);
    platen_command_clear(&command);
}

static void
round_of(const platen_confine_t *confine, unsigned layers, unsigned abi, const char *user)
{
    platen_sandbox_filter_t *alone = platen_sandbox_filter_new(0);
    char                     title[120];
    size_t                   i;

    if (alone == NULL) {
        exit(2);
    }
    snprintf(title, sizeof(title), "Landlock ABI %u, %s namespaces, %s, %s", abi,
             layers & PLATEN_SANDBOX_NETWORK ? "with" : "without",
             layers & PLATEN_SANDBOX_CGROUP ? "a cgroup" : "no cgroup", user);
    platen_sandbox_landlock_as(abi);
    for (i = 0; i < platen_npolicies; i++) {
        one(confine, &platen_policies[i], alone, layers, title);
    }
    platen_sandbox_filter_destroy(&alone);
    printf("%-60s %7lu refused, %6lu work, %lu wrong\n", title, tried, worked, wrong);
}

/* All rounds as this user. */
static int
as_user(char *cgroup, int full, const char *user)
{
    static char     none[] = "", libexec[] = "/usr/lib/platen";
    platen_config_t config = {
        .data_path = root,
        .store_path = root,
        .libexec_path = libexec,
        .soffice_path = none,
        .lok_program = office,
        .duckdb_path = none,
        .cgroup_path = cgroup == NULL ? none : cgroup,
        .sandbox = PLATEN_SANDBOX_AVAILABLE,
        .workers = 1,
        .wall_clock = 60,
        .output_size = 1 << 20,
        .memory = 1 << 30,
        .address_space = 1ULL << 31,
    };
    char              err[1024];
    platen_confine_t *confine;
    unsigned          holding, newest = platen_sandbox_landlock_abi(), abi;

    platen_log_set_level(PLATEN_LOG_ERROR);
    confine = platen_confine_new(&config, err, sizeof(err));
    if (confine == NULL) {
        fprintf(stderr, "%s\n", err);
        return 2;
    }
    holding = platen_confine_layers(confine);
    if ((holding & PLATEN_SANDBOX_CORE) != PLATEN_SANDBOX_CORE) {
        fprintf(stderr, "prisoner: the core of the sandbox does not hold here\n");
        return 2;
    }
    for (abi = full ? 1 : newest; abi <= newest; abi++) {
        round_of(confine, holding, abi, user);
        if (full && holding & (PLATEN_SANDBOX_NETWORK | PLATEN_SANDBOX_PIDS)) {
            round_of(confine, holding & ~(PLATEN_SANDBOX_NETWORK | PLATEN_SANDBOX_PIDS), abi,
                     user);
        }
    }
    platen_confine_destroy(&confine);
    return wrong == 0 ? 0 : 1;
}

/*
 * This program, where nobody can execute it, too: a checkout may lie below a directory that
 * is its owner's alone, as /root is.
 */
static int
copy_self(void)
{
    int     in = open("/proc/self/exe", O_RDONLY), out = open(self, O_WRONLY | O_CREAT, 0755);
    ssize_t n = 1;

    while (in >= 0 && out >= 0 && n > 0) {
        n = sendfile(out, in, NULL, 1 << 20);
    }
    if (in < 0 || out < 0 || n < 0) {
        perror(self);
        return -1;
    }
    close(in);
    return close(out);
}

/* As nobody in a process of its own, since there is no way back. */
static int
as_nobody(char *cgroup, int full)
{
    int   status;
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        if (setgroups(0, NULL) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0
            || setresuid(NOBODY, NOBODY, NOBODY) != 0) {
            perror("become nobody");
            exit(2);
        }
        exit(as_user(cgroup, full, "as nobody"));
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

int
main(int argc, char **argv)
{
    char *cgroup = NULL;
    int   full = 0, i, rc = 0;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--full") == 0) {
            full = 1;
        } else if (strcmp(argv[i], "--cgroup") == 0 && i + 1 < argc) {
            cgroup = argv[++i];
        } else if (strcmp(argv[i], "-v") == 0) {
            verbose = 1;
        } else {
            fprintf(stderr, "usage: prisoner [--full] [--cgroup PATH] [-v]\n");
            return 2;
        }
    }
    if (mkdtemp(root) == NULL || chmod(root, 0755) != 0) {
        perror(root);
        return 2;
    }
    snprintf(run, sizeof(run), "%s/run", root);
    snprintf(other, sizeof(other), "%s/other", root);
    snprintf(document, sizeof(document), "%s/document", root);
    snprintf(secret, sizeof(secret), "%s/other/secret", root);
    snprintf(office, sizeof(office), "/usr/lib/libreoffice/program");
    snprintf(self, sizeof(self), "%s/prisoner", root);
    if (mkdir(other, 0755) != 0 || copy_self() != 0) {
        return 2;
    }
    if (geteuid() == 0) {
        if (full) {
            rc = as_user(cgroup, full, "as root");
            (void) platen_tree_clear(root);
            if (mkdir(other, 0755) != 0 || copy_self() != 0) {
                return 2;
            }
        }
        if (chown(root, NOBODY, NOBODY) != 0 || chown(other, NOBODY, NOBODY) != 0) {
            return 2;
        }
        i = as_nobody(cgroup, full);
        rc = i > rc ? i : rc;
    } else {
        rc = as_user(cgroup, full, "as this user");
    }
    if (cgroup == NULL && full) {
        printf("with a cgroup: not tried; name a delegated one with --cgroup\n");
    }
    (void) platen_tree_remove(root);
    return rc;
}
