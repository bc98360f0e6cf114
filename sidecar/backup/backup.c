/*
 * Backups; see backup/backup.h.  One thread of a process that does nothing else.
 * <dir>/.lock is held (flock) while one is made in <dir>/.part, so what is found
 * there is of a process that died, and is removed.
 */

#include "backup/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk/layout.h"
#include "storeadmin/check.h"
#include "run/tree.h"

#define NAME_FORMAT "%Y%m%dT%H%M%SZ"
#define PIECE ((size_t) 1 << 30) /* of one sendfile() */
#define LONG_PATH (2 * PATH_MAX)

static int
refuse(const char *path, char *err, size_t errlen)
{
    snprintf(err, errlen, "%s: %s", path, strerror(errno));
    return -1;
}

/* The time that a backup's name says, or 0 if it is none. */
static time_t
name_time(const char *name)
{
    struct tm   tm = { 0 };
    const char *end;
    char        again[PLATEN_BACKUP_NAME + 1];

    end = strptime(name, NAME_FORMAT, &tm);
    if (end == NULL || *end != '\0'
        || strftime(again, sizeof(again), NAME_FORMAT, &tm) != PLATEN_BACKUP_NAME
        || strcmp(again, name) != 0) {
        return 0;
    }
    return timegm(&tm);
}

/* The newest or the oldest name; returns how many there are. */
static unsigned
find_name(const char *dir, int newest, char name[PLATEN_BACKUP_NAME + 1])
{
    struct dirent *entry;
    DIR           *open = opendir(dir);
    unsigned       n = 0;

    *name = '\0';
    while (open != NULL && (entry = readdir(open)) != NULL) {
        if (name_time(entry->d_name) == 0) {
            continue;
        }
        if (n++ == 0 || (strcmp(entry->d_name, name) > 0) == (newest != 0)) {
            memcpy(name, entry->d_name, PLATEN_BACKUP_NAME + 1);
        }
    }
    if (open != NULL) {
        closedir(open);
    }
    return n;
}

time_t
platen_backup_newest(const char *dir, char name[PLATEN_BACKUP_NAME + 1])
{
    return find_name(dir, 1, name) == 0 ? 0 : name_time(name);
}

int
platen_backup_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc, saved;

    if (fd < 0) {
        return -1;
    }
    rc = syncfs(fd);
    saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

/* A directory on its way: where it is read, where written, and where it may be already. */
typedef struct {
    int  from, to, earlier; /* -1: none */
    char path[PATH_MAX];    /* of `from`, for messages */
} level_t;

static void
leave(const level_t *level)
{
    close(level->from);
    if (level->to >= 0) {
        close(level->to);
    }
    if (level->earlier >= 0) {
        close(level->earlier);
    }
}

static int
open_at(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Returns 1; 0 if it is no directory, or gone; -1 with errno. */
static int
enter(const level_t *in, const char *name, level_t *out)
{
    out->from = open_at(in->from, name);
    if (out->from < 0) {
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -1;
    }
    snprintf(out->path, sizeof(out->path), "%.*s/%s", PLATEN_PATH_MAX, in->path, name);
    out->earlier = in->earlier < 0 ? -1 : open_at(in->earlier, name);
    out->to = -1;
    if (mkdirat(in->to, name, 0750) == 0 || errno == EEXIST) {
        out->to = open_at(in->to, name);
    }
    if (out->to < 0) {
        leave(out);
        return -1;
    }
    return 1;
}

int
platen_backup_copy(int from, int to, uint64_t *bytes)
{
    ssize_t n;

    do {
        n = sendfile(to, from, NULL, PIECE);
        *bytes += n > 0 ? (uint64_t) n : 0;
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n < 0 ? -1 : 0;
}

static int
copy(const level_t *level, const char *name, platen_backup_t *made)
{
    int from, to, rc = -1, saved;

    from = openat(level->from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (from < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    to = openat(level->to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (to >= 0) {
        made->copied++;
        rc = platen_backup_copy(from, to, &made->bytes);
        saved = errno;
        close(to);
        errno = saved;
    } else if (errno == EEXIST) {
        rc = 0;
    }
    saved = errno;
    close(from);
    errno = saved;
    return rc;
}

/* Whether a link cannot be made although the file is there. */
static int
no_link(int error)
{
    return error == EXDEV || error == EPERM || error == EMLINK || error == EOPNOTSUPP;
}

static int
take(const level_t *level, const char *name, platen_backup_t *made)
{
    if (linkat(level->from, name, level->to, name, 0) == 0) {
        made->linked++;
        return 0;
    }
    if (errno == EEXIST || errno == ENOENT) {
        return 0; /* had, or gone */
    }
    if (!no_link(errno)) {
        return -1;
    }
    if (level->earlier >= 0 && linkat(level->earlier, name, level->to, name, 0) == 0) {
        made->linked++;
        return 0;
    }
    return errno == EEXIST ? 0 : copy(level, name, made);
}

/* Calls `each` for all names in a directory, until it returns -1 with errno. */
static int
walk(const level_t *level, platen_dir_t dir, platen_backup_t *made,
     int (*each)(const level_t *, platen_dir_t, const char *, platen_backup_t *))
{
    struct dirent *entry;
    DIR           *open;
    int            fd, rc = 0, saved;

    fd = fcntl(level->from, F_DUPFD_CLOEXEC, 0);
    open = fd < 0 ? NULL : fdopendir(fd);
    if (open == NULL) {
        return -1;
    }
    while (rc == 0 && (entry = readdir(open)) != NULL) {
        if (entry->d_name[0] != '.') {
            rc = each(level, dir, entry->d_name, made);
        }
    }
    saved = errno;
    closedir(open);
    errno = saved;
    return rc;
}

static int
take_file(const level_t *bucket, platen_dir_t dir, const char *name, platen_backup_t *made)
{
    platen_id_t id;
    uint32_t    epoch;

    return platen_layout_parse(dir, name, &id, &epoch) != PLATEN_OK ? 0
                                                                    : take(bucket, name, made);
}

static int
take_bucket(const level_t *in, platen_dir_t dir, const char *name, platen_backup_t *made)
{
    level_t bucket;
    int     rc, saved;

    rc = enter(in, name, &bucket);
    if (rc <= 0) {
        return rc;
    }
    rc = walk(&bucket, dir, made, take_file);
    saved = errno;
    leave(&bucket);
    errno = saved;
    return rc;
}

int
platen_backup_files(const char *from, const char *earlier, const char *to,
                    platen_backup_t *made, char *err, size_t errlen)
{
    static const char *const names[] = {
        [PLATEN_DIR_INPUT] = "input",
        [PLATEN_DIR_OUTPUT] = "output",
    };
    level_t top, dir;
    int     i, rc = 0;

    top.from = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top.from < 0) {
        return refuse(from, err, errlen);
    }
    snprintf(top.path, sizeof(top.path), "%s", from);
    top.to = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    top.earlier = earlier == NULL ? -1 : open(earlier, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (top.to < 0) {
        rc = refuse(to, err, errlen);
    }
    for (i = 0; rc == 0 && i < 2; i++) {
        rc = enter(&top, names[i], &dir);
        if (rc < 0) {
            (void) refuse(to, err, errlen);
        } else if (rc > 0) {
            rc = walk(&dir, (platen_dir_t) i, made, take_bucket);
            if (rc != 0) {
                snprintf(err, errlen, "from %s to %s: %s", dir.path, to, strerror(errno));
            }
            leave(&dir);
        }
    }
    leave(&top);
    return rc;
}

/* What is in `part`; the name of the last one is `earlier`, if there is one. */
static int
fill(platen_store_t *store, const char *data, const char *dir, const char *earlier,
     const char *part, platen_backup_t *made, char *err, size_t errlen)
{
    char path[LONG_PATH], before[LONG_PATH];

    snprintf(path, sizeof(path), "%s/data", part);
    snprintf(before, sizeof(before), "%s/%s/data", dir, earlier);
    if (data != NULL) {
        if (mkdir(path, 0750) != 0) {
            return refuse(path, err, errlen);
        }
        if (platen_backup_files(data, *earlier == '\0' ? NULL : before, path, made, err, errlen)
            != 0) {
            return -1;
        }
    }

    snprintf(before, sizeof(before), "%s/store", part);
    if (mkdir(before, 0750) != 0) {
        return refuse(before, err, errlen);
    }
    if (platen_store_copy(store, before, err, errlen) != PLATEN_OK) {
        return -1;
    }

    /* And what has come meanwhile: all that a record of the copy names, but what went again. */
    if (data != NULL
        && (platen_backup_files(data, NULL, path, made, err, errlen) != 0
            || platen_backup_settle(store, part, err, errlen) != 0)) {
        return -1;
    }
    return platen_backup_sync(part) == 0 ? 0 : refuse(part, err, errlen);
}

/* A name that no backup has: there is one in a second at most. */
static void
choose_name(const char *dir, platen_backup_t *made)
{
    struct timespec pause = { 0, 100000000 };
    char            name[PLATEN_BACKUP_NAME + 1];
    struct tm       tm;
    time_t          now;

    for (;;) {
        now = time(NULL);
        strftime(name, sizeof(name), NAME_FORMAT, gmtime_r(&now, &tm));
        snprintf(made->path, sizeof(made->path), "%s/%s", dir, name);
        if (access(made->path, F_OK) != 0) {
            return;
        }
        nanosleep(&pause, NULL);
    }
}

/* With the lock. */
static int
make(platen_store_t *store, const char *data, const char *dir, platen_backup_t *made, char *err,
     size_t errlen)
{
    char part[PATH_MAX], earlier[PLATEN_BACKUP_NAME + 1];

    snprintf(part, sizeof(part), "%s/.part", dir);
    if (platen_tree_remove(part) != 0 || mkdir(part, 0750) != 0) {
        return refuse(part, err, errlen);
    }
    (void) platen_backup_newest(dir, earlier);
    choose_name(dir, made);
    if (fill(store, data, dir, earlier, part, made, err, errlen) != 0) {
        (void) platen_tree_remove(part);
        return -1;
    }
    if (rename(part, made->path) != 0 || platen_layout_sync_dir(dir) != 0) {
        (void) refuse(made->path, err, errlen);
        (void) platen_tree_remove(part);
        return -1;
    }
    return 0;
}

static int
remove_old(const char *dir, unsigned keep, platen_backup_t *made, char *err, size_t errlen)
{
    char name[PLATEN_BACKUP_NAME + 1], path[PATH_MAX], part[PATH_MAX];

    snprintf(part, sizeof(part), "%s/.part", dir);
    while (find_name(dir, 0, name) > keep) {
        snprintf(path, sizeof(path), "%s/%s", dir, name);
        /* Never a half of one under its name. */
        if (rename(path, part) != 0 || platen_tree_remove(part) != 0) {
            return refuse(path, err, errlen);
        }
        made->removed++;
    }
    return 0;
}

int
platen_backup_make(platen_store_t *store, const char *data, const char *dir, unsigned keep,
                   platen_backup_t *made, char *err, size_t errlen)
{
    char path[PATH_MAX];
    int  lock, rc;

    *made = (platen_backup_t){ .path = "" };
    if (strlen(dir) > PLATEN_ROOT_MAX) {
        snprintf(err, errlen, "%s: the path is too long", dir);
        return PLATEN_ERROR;
    }
    if (mkdir(dir, 0750) != 0 && errno != EEXIST) {
        (void) refuse(dir, err, errlen);
        return PLATEN_ERROR;
    }
    snprintf(path, sizeof(path), "%s/.lock", dir);
    lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (lock < 0) {
        (void) refuse(path, err, errlen);
        return PLATEN_ERROR;
    }
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        rc = errno == EWOULDBLOCK ? PLATEN_STALE : PLATEN_ERROR;
        snprintf(err, errlen, "%s: %s", dir,
                 rc == PLATEN_STALE ? "another process is making a backup there"
                                    : strerror(errno));
        close(lock);
        return rc;
    }

    rc = make(store, data, dir, made, err, errlen);
    if (rc == 0 && keep > 0) {
        rc = remove_old(dir, keep, made, err, errlen);
    }
    close(lock);
    return rc == 0 ? PLATEN_OK : PLATEN_ERROR;
}
