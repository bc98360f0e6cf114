/* Paths, and the steps that make a file durable; see disk/layout.h. */

#include "disk/layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/platen.h"

#define BUCKET 7 /* characters of the id */

/* A directory, as it is told from another that has had its place. */
typedef struct {
    uint64_t device;
    uint64_t inode;
    int64_t  seconds; /* of its birth */
    uint64_t nanoseconds;
} bucket_t;

static const char *const dir_names[] = {
    [PLATEN_DIR_INPUT] = "input",
    [PLATEN_DIR_OUTPUT] = "output",
};

static int
make_dir(const char *path)
{
    return mkdir(path, 0750) == 0 || errno == EEXIST ? 0 : -1;
}

int
platen_layout_sync_dir(const char *path)
{
    char   parent[PLATEN_PATH_MAX];
    size_t n = strlen(path);

    /* "/a/b/" is in "/a", and "b" in the current one. */
    while (n > 1 && path[n - 1] == '/') {
        n--;
    }
    while (n > 0 && path[n - 1] != '/') {
        n--;
    }
    if (n >= sizeof(parent)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    snprintf(parent, sizeof(parent), "%.*s", n == 0 ? 1 : (int) n, n == 0 ? "." : path);
    if (platen_bytes_sync(path, O_DIRECTORY) != 0) {
        return -1;
    }
    /* One that is not for us to read was not made by us either. */
    return platen_bytes_sync(parent, O_DIRECTORY) == 0 || errno == EACCES || errno == EROFS
               ? 0
               : -1;
}

int
platen_layout_prepare(const char *root)
{
    static const char *const names[] = { "tmp", "input", "output", "uploads", "runs" };
    char                     path[PLATEN_PATH_MAX];
    size_t                   i;

    if (strlen(root) > PLATEN_ROOT_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (make_dir(root) != 0) {
        return -1;
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", root, names[i]);
        if (make_dir(path) != 0) {
            return -1;
        }
    }
    return platen_layout_sync_dir(root);
}

static size_t
bucket_path(const char *root, platen_dir_t dir, const char *id, char out[PLATEN_PATH_MAX])
{
    char *p = mempcpy(out, root, strnlen(root, PLATEN_ROOT_MAX));

    *p++ = '/';
    p = stpcpy(p, dir_names[dir]);
    *p++ = '/';
    p = mempcpy(p, id, BUCKET);
    *p = '\0';
    return (size_t) (p - out);
}

/* Without snprintf(), which took a tenth of a download's time in the worker. */
size_t
platen_layout_path(const char *root, platen_dir_t dir, const platen_id_t *id, uint32_t epoch,
                   char out[PLATEN_PATH_MAX])
{
    char  text[PLATEN_ID_TEXT + 1], digits[16], *d = digits + sizeof(digits);
    char *p;

    platen_id_format(id, text);
    p = out + bucket_path(root, dir, text, out);
    *p++ = '/';
    p = mempcpy(p, text, PLATEN_ID_TEXT);
    if (dir == PLATEN_DIR_OUTPUT) {
        *p++ = '.';
        do {
            *--d = (char) ('0' + epoch % 10);
            epoch /= 10;
        } while (epoch != 0);
        p = mempcpy(p, d, (size_t) (digits + sizeof(digits) - d));
    }
    *p = '\0';
    return (size_t) (p - out);
}

int
platen_layout_parse(platen_dir_t dir, const char *name, platen_id_t *id, uint32_t *epoch)
{
    size_t        len = strlen(name);
    unsigned long number;
    char         *end;

    if (len < PLATEN_ID_TEXT || platen_id_parse(name, PLATEN_ID_TEXT, id) != PLATEN_OK) {
        return PLATEN_INVALID;
    }
    *epoch = 0;
    if (dir == PLATEN_DIR_INPUT) {
        return len == PLATEN_ID_TEXT ? PLATEN_OK : PLATEN_INVALID;
    }

    name += PLATEN_ID_TEXT;
    if (name[0] != '.' || name[1] < '1' || name[1] > '9') {
        return PLATEN_INVALID;
    }
    errno = 0;
    number = strtoul(name + 1, &end, 10);
    if (errno != 0 || *end != '\0' || number > UINT32_MAX) {
        return PLATEN_INVALID;
    }
    *epoch = (uint32_t) number;
    return PLATEN_OK;
}

int
platen_layout_tmp(const char *root, platen_tmp_t *tmp)
{
    uint64_t number;
    int      tries;

    tmp->fd = -1;
    for (tries = 0; tries < 8; tries++) {
        if (getrandom(&number, sizeof(number), 0) != sizeof(number)) {
            break;
        }
        snprintf(tmp->path, sizeof(tmp->path), "%.*s/tmp/%016llx", PLATEN_ROOT_MAX, root,
                 (unsigned long long) number);
        tmp->fd = open(tmp->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
        if (tmp->fd >= 0) {
            return 0;
        }
        if (errno != EEXIST) {
            break;
        }
    }

    tmp->path[0] = '\0'; /* not ours: nothing to discard */
    return -1;
}

void
platen_layout_tmp_discard(platen_tmp_t *tmp)
{
    if (tmp->fd >= 0) {
        close(tmp->fd);
        tmp->fd = -1;
    }
    if (tmp->path[0] != '\0') {
        unlink(tmp->path);
        tmp->path[0] = '\0';
    }
}

/* rename() or link() into a bucket, which is made if need be. */
static int
place(int (*move)(const char *from, const char *to), const char *root, const char *from,
      platen_dir_t dir, const platen_id_t *id, uint32_t epoch)
{
    char to[PLATEN_PATH_MAX], text[PLATEN_ID_TEXT + 1], bucket[PLATEN_PATH_MAX];
    int  tries;

    platen_layout_path(root, dir, id, epoch, to);

    /* An empty bucket may be removed between our mkdir and our rename. */
    for (tries = 0; tries < 3; tries++) {
        if (move(from, to) == 0) {
            return 0;
        }
        if (errno != ENOENT) {
            return -1;
        }
        platen_id_format(id, text);
        bucket_path(root, dir, text, bucket);
        if (make_dir(bucket) != 0) {
            return -1;
        }
    }

    errno = ENOENT;
    return -1;
}

int
platen_layout_publish(const char *root, const char *from, platen_dir_t dir,
                      const platen_id_t *id, uint32_t epoch)
{
    return place(rename, root, from, dir, id, epoch);
}

/*
 * Locks the file of that name: no one else replaces it then, and who has brought it has
 * ended.  0, and *fd is to be closed; 1: it went, or is another by now; -1 with errno,
 * EBUSY: someone has it.
 */
static int
lock_named(int dir, const char *name, int *fd)
{
    struct stat mine, named;
    int         saved, rc = 1;

    *fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0) {
        return errno == ENOENT ? 1 : -1;
    }
    if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
        rc = -1;
        errno = errno == EWOULDBLOCK ? EBUSY : errno;
    } else if (fstat(*fd, &mine) == 0 && fstatat(dir, name, &named, AT_SYMLINK_NOFOLLOW) == 0
               && mine.st_dev == named.st_dev && mine.st_ino == named.st_ino) {
        return 0;
    }
    saved = errno;
    close(*fd);
    errno = saved;
    return rc;
}

/* Replaces what nobody has.  0; 1: it went, or is another by now; -1 with errno. */
static int
take_over(const char *from, const char *to, platen_layout_is_free_t *is_free, void *data)
{
    int fd, saved, rc;

    rc = lock_named(AT_FDCWD, to, &fd);
    if (rc != 0) {
        return rc;
    }
    if (is_free(data)) {
        rc = rename(from, to);
    } else {
        rc = -1;
        errno = EEXIST;
    }
    saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

int
platen_layout_remove_free(int dir, const char *name)
{
    int fd, saved, rc;

    rc = lock_named(dir, name, &fd);
    if (rc > 0) {
        errno = ENOENT;
    }
    if (rc != 0) {
        return -1;
    }
    rc = unlinkat(dir, name, 0);
    saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

int
platen_layout_claim(const char *root, const char *from, const platen_id_t *id,
                    platen_layout_is_free_t *is_free, void *data, int *lock)
{
    char to[PLATEN_PATH_MAX];
    int  rc, saved, tries;

    platen_layout_path(root, PLATEN_DIR_INPUT, id, 0, to);
    *lock = open(from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (*lock < 0) {
        return -1;
    }
    rc = flock(*lock, LOCK_EX | LOCK_NB) == 0 ? 1 : -1;
    for (tries = 0; rc == 1 && tries < 8; tries++) {
        rc = place(link, root, from, PLATEN_DIR_INPUT, id, 0);
        if (rc == 0) {
            (void) unlink(from);
        } else if (errno == EEXIST) {
            rc = take_over(from, to, is_free, data);
        }
    }
    if (rc == 0) {
        return 0;
    }
    saved = rc == 1 ? EBUSY : errno;
    close(*lock);
    *lock = -1;
    errno = saved;
    return -1;
}

static int
link_output(const char *root, const platen_id_t *from, uint32_t from_epoch, platen_dir_t dir,
            const platen_id_t *to, uint32_t to_epoch)
{
    char path[PLATEN_PATH_MAX];

    platen_layout_path(root, PLATEN_DIR_OUTPUT, from, from_epoch, path);
    if (access(path, F_OK) != 0) {
        return -1;
    }
    return place(link, root, path, dir, to, to_epoch);
}

int
platen_layout_share(const char *root, const platen_id_t *from, uint32_t from_epoch,
                    const platen_id_t *to, uint32_t to_epoch)
{
    return link_output(root, from, from_epoch, PLATEN_DIR_OUTPUT, to, to_epoch);
}

int
platen_layout_borrow(const char *root, const platen_id_t *from, uint32_t from_epoch,
                     const platen_id_t *to)
{
    return link_output(root, from, from_epoch, PLATEN_DIR_INPUT, to, 0);
}

int
platen_layout_same_bucket(const platen_id_t *a, const platen_id_t *b)
{
    return memcmp(a->b, b->b, BUCKET / 2) == 0
           && a->b[BUCKET / 2] >> 4 == b->b[BUCKET / 2] >> 4;
}

/*
 * Which bucket it is: an inode's number may be taken by the next one, but not its birth as
 * well. A file system that does not tell that has 0 there.  0, or -1 with errno.
 */
static int
look_at_bucket(const char *path, bucket_t *bucket)
{
    struct statx st;

    if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME, &st) != 0) {
        return -1;
    }
    *bucket = (bucket_t){
        .device = makedev(st.stx_dev_major, st.stx_dev_minor),
        .inode = st.stx_ino,
        .seconds = st.stx_mask & STATX_BTIME ? st.stx_btime.tv_sec : 0,
        .nanoseconds = st.stx_mask & STATX_BTIME ? st.stx_btime.tv_nsec : 0,
    };
    return 0;
}

/*
 * The name of a bucket, which another process may have made a moment ago, and not synced yet,
 * or may have made anew: to be asked when it has a file, and so stays.
 */
static int
sync_bucket(const char *root, platen_dir_t dir, const char *path)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static bucket_t        durable[PLATEN_DIR_OUTPUT + 1]; /* the last that was synced here */
    bucket_t               bucket;
    char                   parent[PLATEN_PATH_MAX];
    int                    known;

    if (look_at_bucket(path, &bucket) != 0) {
        return -1;
    }
    pthread_mutex_lock(&mutex);
    known = bucket.seconds != 0 && memcmp(&bucket, &durable[dir], sizeof(bucket)) == 0;
    pthread_mutex_unlock(&mutex);
    if (known) {
        return 0;
    }

    snprintf(parent, sizeof(parent), "%.*s/%s", PLATEN_ROOT_MAX, root, dir_names[dir]);
    if (platen_bytes_sync(parent, O_DIRECTORY) != 0) {
        return -1;
    }
    pthread_mutex_lock(&mutex);
    durable[dir] = bucket;
    pthread_mutex_unlock(&mutex);
    return 0;
}

int
platen_layout_sync(const char *root, platen_dir_t dir, const platen_id_t *id)
{
    char text[PLATEN_ID_TEXT + 1], bucket[PLATEN_PATH_MAX];

    platen_id_format(id, text);
    bucket_path(root, dir, text, bucket);
    return platen_bytes_sync(bucket, O_DIRECTORY) == 0 ? sync_bucket(root, dir, bucket) : -1;
}

void
platen_layout_remove(const char *root, const platen_id_t *id, uint32_t epoch)
{
    char path[PLATEN_PATH_MAX];

    platen_layout_path(root, PLATEN_DIR_INPUT, id, 0, path);
    unlink(path);
    if (epoch != 0) {
        platen_layout_path(root, PLATEN_DIR_OUTPUT, id, epoch, path);
        unlink(path);
    }
}

int
platen_layout_sweep_tmp(const char *root, unsigned age)
{
    struct dirent *entry;
    struct stat    st;
    char           path[PLATEN_PATH_MAX];
    time_t         now = time(NULL);
    DIR           *dir;
    int            n = 0;

    snprintf(path, sizeof(path), "%.*s/tmp", PLATEN_ROOT_MAX, root);
    dir = opendir(path);
    if (dir == NULL) {
        return 0;
    }

    while ((entry = readdir(dir)) != NULL) {
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
            && S_ISREG(st.st_mode) && now - st.st_mtime > (time_t) age
            && unlinkat(dirfd(dir), entry->d_name, 0) == 0) {
            n++;
        }
    }

    closedir(dir);
    return n;
}

uint64_t
platen_layout_space(const char *path)
{
    struct statvfs fs;

    if (statvfs(path, &fs) != 0) {
        return UINT64_MAX;
    }
    return (uint64_t) fs.f_bavail * fs.f_frsize;
}
