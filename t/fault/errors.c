/*
 * errors: a library for LD_PRELOAD that makes system calls fail, or wait, and
 * the wall clock jump, while a file says so.  For faults that no file system
 * can be brought to show at will.
 *
 *   PLATEN_ERRORS=DIR   where the files are; without it everything is real
 *   DIR/<call>          "ERRNO PREFIX [MICROSECONDS | while]": the call, on a file
 *                       whose path begins with PREFIX, first waits so long, or as long as
 *                       this is there, and then fails with that number, if it is not 0
 *   DIR/clock           "SECONDS": added to CLOCK_REALTIME
 *
 * Calls: open (with O_CREAT), write, pwrite, fsync, fdatasync, rename, renameat2, mkdir,
 * link; and fork (a clone by syscall(2)) and send, whose path is "/".  It cannot see what the C
 * library does for itself (fwrite), system calls made without it, and writes to memory that is
 * mapped.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static char dir[PATH_MAX - 32];

static void __attribute__((constructor)) begin(void)
{
    const char *value = getenv("PLATEN_ERRORS");

    snprintf(dir, sizeof(dir), "%s", value == NULL ? "" : value);
}

/* The text of DIR/name; 0 if there is none. */
static int
read_order(const char *name, char *text, size_t size)
{
    char    path[PATH_MAX];
    ssize_t n;
    int     fd, saved = errno;

    if (*dir == '\0') {
        return 0;
    }
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = (int) syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0) {
        errno = saved;
        return 0;
    }
    n = read(fd, text, size - 1);
    close(fd);
    text[n < 0 ? 0 : n] = '\0';
    errno = saved;
    return n > 0;
}

/* What the call on that path has to come to: 0 to go on, or -1 with errno. */
static int
judge(const char *call, const char *path)
{
    char order[PATH_MAX], now[PATH_MAX], prefix[PATH_MAX], wait[16] = "0";
    int  error = 0;

    if (path == NULL || !read_order(call, order, sizeof(order))
        || sscanf(order, "%d %4095s %15s", &error, prefix, wait) < 2
        || strncmp(path, prefix, strlen(prefix)) != 0) {
        return 0;
    }
    if (strcmp(wait, "while") == 0) {
        while (read_order(call, now, sizeof(now)) && strcmp(now, order) == 0) {
            usleep(10000);
        }
    } else if (atol(wait) > 0) {
        usleep((useconds_t) atol(wait));
    }
    if (error != 0) {
        errno = error;
        return -1;
    }
    return 0;
}

static int
judge_fd(const char *call, int fd)
{
    char    link[64], path[PATH_MAX];
    ssize_t n;
    int     saved = errno;

    if (*dir == '\0') {
        return 0;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof(path) - 1);
    errno = saved;
    if (n < 0) {
        return 0;
    }
    path[n] = '\0';
    return judge(call, path);
}

static mode_t
mode_of(int flags, va_list args)
{
    return flags & O_CREAT ? (mode_t) va_arg(args, int) : 0;
}

static int
judge_open(const char *path, int flags)
{
    return flags & O_CREAT ? judge("open", path) : 0;
}

#define OPEN(name)                                                                             \
    int name(const char *path, int flags, ...)                                                 \
    {                                                                                          \
        va_list args;                                                                          \
        mode_t  mode;                                                                          \
                                                                                               \
        va_start(args, flags);                                                                 \
        mode = mode_of(flags, args);                                                           \
        va_end(args);                                                                          \
        return judge_open(path, flags) != 0 ? -1 : REAL(name)(path, flags, mode);              \
    }

OPEN(open)
OPEN(open64)

ssize_t
write(int fd, const void *data, size_t n)
{
    return judge_fd("write", fd) != 0 ? -1 : REAL(write)(fd, data, n);
}

ssize_t
pwrite(int fd, const void *data, size_t n, off_t at)
{
    return judge_fd("pwrite", fd) != 0 ? -1 : REAL(pwrite)(fd, data, n, at);
}

ssize_t
pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    return judge_fd("pwrite", fd) != 0 ? -1 : REAL(pwrite64)(fd, data, n, at);
}

ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    return judge_fd("write", fd) != 0 ? -1 : REAL(writev)(fd, iov, n);
}

ssize_t
pwritev(int fd, const struct iovec *iov, int n, off_t at)
{
    return judge_fd("pwrite", fd) != 0 ? -1 : REAL(pwritev)(fd, iov, n, at);
}

int
fsync(int fd)
{
    return judge_fd("fsync", fd) != 0 ? -1 : REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
    return judge_fd("fdatasync", fd) != 0 ? -1 : REAL(fdatasync)(fd);
}

int
rename(const char *from, const char *to)
{
    return judge("rename", to) != 0 ? -1 : REAL(rename)(from, to);
}

int
renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    return judge("renameat2", to) != 0 ? -1
                                       : REAL(renameat2)(from_dir, from, to_dir, to, flags);
}

int
link(const char *from, const char *to)
{
    return judge("link", to) != 0 ? -1 : REAL(link)(from, to);
}

int
mkdir(const char *path, mode_t mode)
{
    return judge("mkdir", path) != 0 ? -1 : REAL(mkdir)(path, mode);
}

ssize_t
send(int fd, const void *data, size_t n, int flags)
{
    return judge("send", "/") != 0 ? -1 : REAL(send)(fd, data, n, flags);
}

static long
jump(void)
{
    char text[32];

    return read_order("clock", text, sizeof(text)) ? strtol(text, NULL, 10) : 0;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
    int rc = (int) syscall(SYS_clock_gettime, id, ts);

    if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        ts->tv_sec += jump();
    }
    return rc;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
    struct timespec ts;

    (void) zone;
    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return -1;
    }
    *tv = (struct timeval){ .tv_sec = ts.tv_sec, .tv_usec = ts.tv_nsec / 1000 };
    return 0;
}

/* Of all that go this way, a clone(2) is a fork; what it is given is passed on as it is. */
long
syscall(long number, ...)
{
    long    given[6];
    va_list args;
    size_t  i;

    va_start(args, number);
    for (i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        given[i] = va_arg(args, long);
    }
    va_end(args);
    if (number == SYS_clone && judge("fork", "/") != 0) {
        return -1;
    }
    return REAL(syscall)(number, given[0], given[1], given[2], given[3], given[4], given[5]);
}

time_t
time(time_t *out)
{
    struct timespec ts;

    if (clock_gettime(CLOCK_REALTIME, &ts) != 0) {
        return (time_t) -1;
    }
    if (out != NULL) {
        *out = ts.tv_sec;
    }
    return ts.tv_sec;
}
