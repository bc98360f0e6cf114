/*
 * within: a library for LD_PRELOAD that writes down what a thread does to files while it has
 * a write transaction of LMDB open: all other processes wait for that.  What LMDB does itself,
 * it does in its commit, which is not looked at.
 *
 *   PLATEN_WITHIN=FILE   where to, a line each: "transaction" at the first one of a process,
 *                        and "<call> <path or descriptor>"; without it nothing is
 *
 * It sees calls of the C library: open with O_CREAT, rename, link, unlink, mkdir, rmdir, their
 * forms with a directory, fsync, fdatasync, sync_file_range and ftruncate.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <lmdb.h>

#define REAL(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static char              file[PATH_MAX];
static int               begun;
static __thread MDB_txn *writing;

static void __attribute__((constructor)) begin(void)
{
    const char *value = getenv("PLATEN_WITHIN");

    snprintf(file, sizeof(file), "%s", value == NULL ? "" : value);
}

static void
say(const char *call, const char *what)
{
    char line[PATH_MAX + 64];
    int  fd, n;

    fd = (int) syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
                       0666);
    n = snprintf(line, sizeof(line), "%s %s\n", call, what);
    if (fd >= 0) {
        (void) !syscall(SYS_write, fd, line, n);
        close(fd);
    }
}

static void
look(const char *call, const char *path)
{
    if (writing != NULL && *file != '\0') {
        say(call, path);
    }
}

static void
look_fd(const char *call, int fd)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", fd);
    look(call, number);
}

int
mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
    int rc = REAL(mdb_txn_begin)(env, parent, flags, txn);

    if (rc == 0 && !(flags & MDB_RDONLY)) {
        writing = *txn;
        if (*file != '\0' && __atomic_exchange_n(&begun, 1, __ATOMIC_RELAXED) == 0) {
            say("transaction", "");
        }
    }
    return rc;
}

int
mdb_txn_commit(MDB_txn *txn)
{
    writing = txn == writing ? NULL : writing;
    return REAL(mdb_txn_commit)(txn);
}

void
mdb_txn_abort(MDB_txn *txn)
{
    writing = txn == writing ? NULL : writing;
    REAL(mdb_txn_abort)(txn);
}

#define OPEN(name)                                                                             \
    int name(const char *path, int flags, ...)                                                 \
    {                                                                                          \
        va_list args;                                                                          \
        mode_t  mode;                                                                          \
                                                                                               \
        va_start(args, flags);                                                                 \
        mode = flags & O_CREAT ? (mode_t) va_arg(args, int) : 0;                               \
        va_end(args);                                                                          \
        if (flags & O_CREAT) {                                                                 \
            look("open", path);                                                                \
        }                                                                                      \
        return REAL(name)(path, flags, mode);                                                  \
    }

OPEN(open)
OPEN(open64)

#define OF_FD(name, declared, given)                                                           \
    int name declared                                                                          \
    {                                                                                          \
        look_fd(#name, fd);                                                                    \
        return REAL(name) given;                                                               \
    }

#define OF_PATH(name, declared, given)                                                         \
    int name declared                                                                          \
    {                                                                                          \
        look(#name, path);                                                                     \
        return REAL(name) given;                                                               \
    }

OF_FD(fsync, (int fd), (fd))
OF_FD(fdatasync, (int fd), (fd))
OF_FD(sync_file_range, (int fd, off64_t from, off64_t n, unsigned flags), (fd, from, n, flags))
OF_FD(ftruncate, (int fd, off_t size), (fd, size))
OF_PATH(unlink, (const char *path), (path))
OF_PATH(unlinkat, (int dir, const char *path, int flags), (dir, path, flags))
OF_PATH(rmdir, (const char *path), (path))
OF_PATH(mkdir, (const char *path, mode_t mode), (path, mode))
OF_PATH(mkdirat, (int dir, const char *path, mode_t mode), (dir, path, mode))
OF_PATH(rename, (const char *from, const char *path), (from, path))
OF_PATH(renameat, (int dir, const char *from, int other, const char *path),
        (dir, from, other, path))
OF_PATH(link, (const char *from, const char *path), (from, path))
OF_PATH(linkat, (int dir, const char *from, int other, const char *path, int flags),
        (dir, from, other, path, flags))
