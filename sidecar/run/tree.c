/*
 * Work directories; see run/tree.h.  Works on descriptors, so a link
 * in the tree is removed and never followed.  A tree deeper than DEPTH is moved
 * up piece by piece, so that neither the stack, nor the descriptors, nor the
 * longest path limit what can be removed.  Runs in the loop's thread; a failure
 * leaves the rest in place and the caller decides.
 */

#include "run/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH 32

typedef struct {
    int      top;   /* where too deep directories are moved to */
    unsigned moved; /* how many, for their names */
} sweep_t;

static int sweep_dir(sweep_t *sweep, int parent, const char *name, int depth);

int
platen_tree_unlock(int parent, const char *name)
{
    char path[64];
    int  fd, rc, saved;

    /* A name may become a link between a look and a chmod(2); a descriptor does not. */
    fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    rc = chmod(path, 0700);
    saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

/* Opens a directory that its owner may have closed to us. */
static int
open_dir(int parent, const char *name)
{
    int fd;

    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && platen_tree_unlock(parent, name) == 0) {
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    return fd;
}

/*
 * Moves a directory up to the top.  Whoever has filled the tree may have closed it and
 * the top, and taken names there.
 */
static int
lift(sweep_t *sweep, int parent, const char *name)
{
    char moved[32];
    int  rc;

    if (platen_tree_unlock(parent, name) != 0 || fchmod(sweep->top, 0700) != 0) {
        return -1;
    }
    do {
        snprintf(moved, sizeof(moved), ".platen-deep-%u", sweep->moved++);
        rc = renameat(parent, name, sweep->top, moved);
    } while (rc != 0 && (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR));
    return rc;
}

static int
remove_entry(sweep_t *sweep, int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) {
        return 0;
    }
    if (errno == EACCES && fchmod(parent, 0700) == 0 && unlinkat(parent, name, 0) == 0) {
        return 0;
    }
    if (errno != EISDIR && errno != EPERM) {
        return -1;
    }

    if (depth == DEPTH) {
        return lift(sweep, parent, name);
    }
    if (sweep_dir(sweep, parent, name, depth + 1) != 0) {
        return -1;
    }
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -1;
}

static int
sweep_dir(sweep_t *sweep, int parent, const char *name, int depth)
{
    struct dirent *entry;
    DIR           *dir;
    int            fd, rc = 0;

    fd = open_dir(parent, name);
    if (fd < 0) {
        return -1;
    }
    dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return -1;
    }

    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            rc = remove_entry(sweep, fd, entry->d_name, depth);
        }
    }

    closedir(dir);
    return rc;
}

int
platen_tree_clear(const char *path)
{
    sweep_t  sweep = { .top = -1 };
    unsigned moved;
    int      rc, saved;

    sweep.top = open_dir(AT_FDCWD, path);
    if (sweep.top < 0) {
        return errno == ENOENT ? 0 : -1;
    }

    /* Once more as long as something deep has come up to the top. */
    do {
        moved = sweep.moved;
        rc = sweep_dir(&sweep, sweep.top, ".", 0);
    } while (rc == 0 && sweep.moved != moved);

    saved = errno;
    close(sweep.top);
    errno = saved;
    return rc;
}

int
platen_tree_remove(const char *path)
{
    return platen_tree_clear(path) == 0 && (rmdir(path) == 0 || errno == ENOENT) ? 0 : -1;
}

int
platen_tree_reset(const char *path)
{
    if (mkdir(path, 0700) == 0) {
        return 0;
    }
    if (errno != EEXIST) {
        return -1;
    }
    if (platen_tree_clear(path) != 0) {
        return -1;
    }
    return platen_tree_unlock(AT_FDCWD, path);
}

/* What is below a directory. */
typedef struct {
    uint64_t largest;
    uint64_t total;
    unsigned entries;
    unsigned limit;  /* of entries; 0: none */
    int      hidden; /* there is what could not be looked at */
} sizes_t;

/* Looks at an entry, whose directory may not let us: it may be what is to be hidden. */
static int
look(int dir, const char *name, struct stat *st)
{
    return fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW) == 0 ? 0
           : errno != EACCES || fchmod(dir, 0700) != 0
               ? -1
               : fstatat(dir, name, st, AT_SYMLINK_NOFOLLOW);
}

static void
measure(int parent, const char *name, int depth, sizes_t *sizes)
{
    struct dirent *entry;
    struct stat    st;
    DIR           *dir;
    int            fd;

    /* One that its owner has closed to us is opened: it may be what is to be hidden. */
    fd = open_dir(parent, name);
    if (fd < 0) {
        sizes->hidden |= errno == EACCES || errno == EPERM;
        return;
    }
    dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return;
    }

    while ((sizes->limit == 0 || sizes->entries <= sizes->limit)
           && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        if (look(fd, entry->d_name, &st) != 0) {
            sizes->hidden |= errno == EACCES || errno == EPERM;
            continue;
        }
        sizes->entries++;
        if (S_ISREG(st.st_mode)) {
            sizes->largest =
                (uint64_t) st.st_size > sizes->largest ? (uint64_t) st.st_size : sizes->largest;
            sizes->total += (uint64_t) st.st_blocks * 512; /* a sparse file fills no disk */
        } else if (S_ISDIR(st.st_mode) && depth < DEPTH) {
            measure(fd, entry->d_name, depth + 1, sizes);
        } else if (S_ISDIR(st.st_mode)) {
            sizes->hidden = 1;
        }
    }
    closedir(dir);
}

uint64_t
platen_tree_largest(const char *path)
{
    sizes_t sizes = { .limit = 0 };

    measure(AT_FDCWD, path, 0, &sizes);
    return sizes.largest;
}

uint64_t
platen_tree_total(const char *path)
{
    sizes_t sizes = { .limit = PLATEN_TREE_ENTRIES };

    measure(AT_FDCWD, path, 0, &sizes);
    return sizes.hidden || sizes.entries > sizes.limit ? UINT64_MAX : sizes.total;
}
