/*
 * record: a library for LD_PRELOAD that writes down, in order, what nginx and
 * platend do to files below one directory, for t/fault/powerloss.t to make
 * images of what a disk may hold when the power fails.
 *
 *   PLATEN_RECORD=FILE      where to; without it nothing is recorded
 *   PLATEN_RECORD_DIR=DIR   what is recorded: paths that begin with it
 *
 * A record is one write() to a file opened with O_APPEND, so records of several
 * processes are whole and in an order that agrees with every cause and effect:
 * an operation is recorded when it has been done and before its caller goes on,
 * a sync also before it is begun.  Its form, in this machine's byte order:
 *
 *   u32 length of what follows; u8 kind; u64 inode; u64 offset; u32 length of
 *   the path; the path; the rest is data
 *
 *   C  file made, path           W  bytes written at an offset; data
 *   D  the same with O_DSYNC     T  cut, or made longer: offset is the new size
 *   M  directory to be made, path      U  name removed, path      X  directory removed
 *   R  renamed from path; data is the new path, then NUL, then the whole file
 *   L  the same for a link       B  sync of a file or directory begun, and
 *   E  done, path; B has the whole file's bytes as data, unless they were seen;
 *      offset is the thread, as many may sync one directory at a time
 *
 * It cannot see: writes to mapped memory (LMDB is used without MDB_WRITEMAP, so
 * that is its lock file only, which means nothing after a failure); what other
 * programs write, such as an engine its result (hence the whole files, taken
 * when it counts: before a sync, and when it gets its name); what the C
 * library's own streams write; io_uring; and what happens below the system
 * calls: a disk that lies about its cache, and a file system that orders less
 * than POSIX asks for.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))
#define WHOLE_MAX (4 << 20) /* bytes of a file that is taken whole */

static int    out = -1;
static char   dir[PATH_MAX];
static size_t dir_len;

static void __attribute__((constructor)) begin(void)
{
    const char *file = getenv("PLATEN_RECORD"), *below = getenv("PLATEN_RECORD_DIR");

    if (file == NULL || below == NULL) {
        return;
    }
    snprintf(dir, sizeof(dir), "%s", below);
    dir_len = strlen(dir);
    out = (int) syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (out >= 0) {
        /* Where no one who closes what it does not know will find it. */
        int high = fcntl(out, F_DUPFD_CLOEXEC, 900);

        if (high >= 0) {
            close(out);
            out = high;
        }
    }
}

static int
is_ours(const char *path)
{
    return out >= 0 && path != NULL && strncmp(path, dir, dir_len) == 0;
}

/* The path of a descriptor, if it is one of ours. */
static int
path_of(int fd, char path[PATH_MAX])
{
    char    link[64];
    ssize_t n;
    int     saved = errno;

    if (out < 0 || fd == out) {
        return 0;
    }
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    n = readlink(link, path, PATH_MAX - 1);
    errno = saved;
    if (n < 0) {
        return 0;
    }
    path[n] = '\0';
    return is_ours(path);
}

static uint64_t
inode_of(int fd, const char *path)
{
    struct stat st;
    int         saved = errno, rc = fd >= 0 ? fstat(fd, &st) : lstat(path, &st);

    errno = saved;
    return rc == 0 ? (uint64_t) st.st_ino : 0;
}

static void
record(char kind, uint64_t inode, uint64_t offset, const char *path, const struct iovec *data,
       int ndata)
{
    struct iovec iov[8];
    uint8_t      head[25];
    uint32_t     len, path_len = (uint32_t) strlen(path);
    int          i, saved = errno;
    size_t       total = sizeof(head) - 4 + path_len;

    if (ndata > 6) {
        abort(); /* no caller has so many pieces */
    }
    for (i = 0; i < ndata; i++) {
        iov[2 + i] = data[i];
        total += data[i].iov_len;
    }
    if (kind == 'B' || kind == 'E') {
        offset = (uint64_t) syscall(SYS_gettid);
    }
    len = (uint32_t) total;
    memcpy(head, &len, 4);
    head[4] = (uint8_t) kind;
    memcpy(head + 5, &inode, 8);
    memcpy(head + 13, &offset, 8);
    memcpy(head + 21, &path_len, 4);
    iov[0] = (struct iovec){ head, sizeof(head) };
    iov[1] = (struct iovec){ (char *) path, path_len };
    if (syscall(SYS_writev, out, iov, 2 + ndata) != (long) (total + 4)) {
        abort(); /* half a record is worse than none */
    }
    errno = saved;
}

/* A record that ends with what is in the file now. */
static void
record_whole(char kind, uint64_t inode, int fd, const char *path, const char *to)
{
    static __thread char *bytes;
    struct iovec          data[2] = { { (char *) (to == NULL ? "" : to),
                               to == NULL ? 0 : strlen(to) + 1 } };
    int                   saved = errno, own = -1;
    ssize_t               n = 0, got;

    if (fd < 0) {
        fd = own = (int) syscall(SYS_openat, AT_FDCWD, to, O_RDONLY | O_CLOEXEC, 0);
    }
    if (bytes == NULL) {
        bytes = malloc(WHOLE_MAX);
    }
    while (fd >= 0 && bytes != NULL && n < WHOLE_MAX
           && (got = pread(fd, bytes + n, (size_t) (WHOLE_MAX - n), n)) > 0) {
        n += got;
    }
    if (own >= 0) {
        close(own);
    }
    data[1] = (struct iovec){ bytes, (size_t) n };
    record(kind, inode, 0, path, data, 2);
    errno = saved;
}

static void
record_write(int fd, const struct iovec *iov, int n, ssize_t written, off_t at)
{
    char         path[PATH_MAX];
    struct iovec piece;
    int          i, sync;

    if (written <= 0 || !path_of(fd, path)) {
        return;
    }
    sync = fcntl(fd, F_GETFL) & O_DSYNC;
    if (at < 0) {
        at = lseek(fd, 0, SEEK_CUR) - written;
    }
    for (i = 0; i < n && written > 0; i++) {
        piece = iov[i];
        if (piece.iov_len > (size_t) written) {
            piece.iov_len = (size_t) written;
        }
        record(sync ? 'D' : 'W', inode_of(fd, ""), (uint64_t) at, path, &piece, 1);
        at += (off_t) piece.iov_len;
        written -= (ssize_t) piece.iov_len;
    }
}

static void
record_open(int fd, const char *path, int flags, int existed)
{
    if (fd < 0 || !is_ours(path)) {
        return;
    }
    if (flags & O_CREAT && !existed) {
        record('C', inode_of(fd, ""), 0, path, NULL, 0);
    } else if (flags & O_TRUNC) {
        record('T', inode_of(fd, ""), 0, path, NULL, 0);
    }
}

#define OPEN(name)                                                                             \
    int name(const char *path, int flags, ...)                                                 \
    {                                                                                          \
        va_list args;                                                                          \
        mode_t  mode;                                                                          \
        int     fd, existed, saved = errno;                                                    \
                                                                                               \
        va_start(args, flags);                                                                 \
        mode = flags & O_CREAT ? (mode_t) va_arg(args, int) : 0;                               \
        va_end(args);                                                                          \
        existed = is_ours(path) && access(path, F_OK) == 0;                                    \
        errno = saved;                                                                         \
        fd = REAL(name)(path, flags, mode);                                                    \
        record_open(fd, path, flags, existed);                                                 \
        return fd;                                                                             \
    }

OPEN(open)
OPEN(open64)

ssize_t
write(int fd, const void *data, size_t n)
{
    ssize_t written = REAL(write)(fd, data, n);

    record_write(fd, &(struct iovec){ (void *) data, n }, 1, written, -1);
    return written;
}

ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    ssize_t written = REAL(writev)(fd, iov, n);

    record_write(fd, iov, n, written, -1);
    return written;
}

#define PWRITE(name, offset_t)                                                                 \
    ssize_t name(int fd, const void *data, size_t n, offset_t at)                              \
    {                                                                                          \
        ssize_t written = REAL(name)(fd, data, n, at);                                         \
                                                                                               \
        record_write(fd, &(struct iovec){ (void *) data, n }, 1, written, at);                 \
        return written;                                                                        \
    }

#define PWRITEV(name, offset_t)                                                                \
    ssize_t name(int fd, const struct iovec *iov, int n, offset_t at)                          \
    {                                                                                          \
        ssize_t written = REAL(name)(fd, iov, n, at);                                          \
                                                                                               \
        record_write(fd, iov, n, written, at);                                                 \
        return written;                                                                        \
    }

PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

static void
record_size(int fd, off_t size)
{
    char path[PATH_MAX];

    if (path_of(fd, path)) {
        record('T', inode_of(fd, ""), (uint64_t) size, path, NULL, 0);
    }
}

#define TRUNCATE(name, offset_t)                                                               \
    int name(int fd, offset_t size)                                                            \
    {                                                                                          \
        int rc = REAL(name)(fd, size);                                                         \
                                                                                               \
        if (rc == 0) {                                                                         \
            record_size(fd, size);                                                             \
        }                                                                                      \
        return rc;                                                                             \
    }

TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                                             \
    int name(int fd)                                                                           \
    {                                                                                          \
        char path[PATH_MAX];                                                                   \
        int  rc, ours = path_of(fd, path);                                                     \
                                                                                               \
        if (ours && strcmp(path + strlen(path) - 4, ".mdb") != 0) {                            \
            record_whole('B', inode_of(fd, ""), fd, path, NULL);                               \
        } else if (ours) {                                                                     \
            record('B', inode_of(fd, ""), 0, path, NULL, 0);                                   \
        }                                                                                      \
        rc = REAL(name)(fd);                                                                   \
        if (ours && rc == 0) {                                                                 \
            record('E', inode_of(fd, ""), 0, path, NULL, 0);                                   \
        }                                                                                      \
        return rc;                                                                             \
    }

SYNC(fsync)
SYNC(fdatasync)

#define MOVE(name, kind)                                                                       \
    int name(const char *from, const char *to)                                                 \
    {                                                                                          \
        int rc = REAL(name)(from, to);                                                         \
                                                                                               \
        if (rc == 0 && (is_ours(from) || is_ours(to))) {                                       \
            record_whole(kind, inode_of(-1, to), -1, from, to);                                \
        }                                                                                      \
        return rc;                                                                             \
    }

MOVE(rename, 'R')
MOVE(link, 'L')

int
mkdir(const char *path, mode_t mode)
{
    /* Before it is there: another process may have a file in it, and say so, at once. */
    if (is_ours(path) && access(path, F_OK) != 0) {
        record('M', 0, 0, path, NULL, 0);
    }
    return REAL(mkdir)(path, mode);
}

int
unlink(const char *path)
{
    int rc = REAL(unlink)(path);

    if (rc == 0 && is_ours(path)) {
        record('U', 0, 0, path, NULL, 0);
    }
    return rc;
}

int
rmdir(const char *path)
{
    int rc = REAL(rmdir)(path);

    if (rc == 0 && is_ours(path)) {
        record('X', 0, 0, path, NULL, 0);
    }
    return rc;
}

int
unlinkat(int at, const char *name, int flags)
{
    char path[PATH_MAX], whole[2 * PATH_MAX];
    int  rc = REAL(unlinkat)(at, name, flags);

    if (rc == 0 && path_of(at, path)) {
        snprintf(whole, sizeof(whole), "%s/%s", path, name);
        record(flags & AT_REMOVEDIR ? 'X' : 'U', 0, 0, whole, NULL, 0);
    }
    return rc;
}
