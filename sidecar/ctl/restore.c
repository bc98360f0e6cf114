/*
 * platenctl restore: puts a backup in the place of what is there, which is kept
 * beside it.  All that can fail is done first, in directories that nobody reads;
 * then names are changed.  Neither platend nor nginx may have the store open: its
 * locks are taken, in a process of its own, as fsck takes them again after it.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "backup/backup.h"
#include "ctl/store.h"
#include "disk/layout.h"
#include "run/tree.h"

#define NEW ".restore" /* what will be put in place */
#define PATHS (2 * PATH_MAX)

/* A name that changes: `path` becomes `old`, and `new` becomes `path`. */
typedef struct {
    char path[PATHS], new[PATHS], old[PATHS];
} swap_t;

typedef struct {
    platen_ctl_store_t s;
    const char        *backup;
    int                files; /* the backup has them */
    uint64_t           jobs;
    platen_backup_t    made;
    swap_t             swaps[3];
    int                nswaps;
} restore_t;

static int
fail(const char *path, const char *why)
{
    fprintf(stderr, "platenctl: %s: %s\n", path, why);
    return -1;
}

/*
 * LMDB: all who have a store open share a lock of the first byte of lock.mdb, and
 * who opens it waits for ours.  Held until this process ends.
 */
static int
lock_store(const restore_t *r)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1 };
    char         path[PATHS];
    int          fd;

    snprintf(path, sizeof(path), "%s/lock.mdb", r->s.config->store_path);
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0660);
    if (fd < 0) {
        return fail(path, strerror(errno));
    }
    if (fcntl(fd, F_SETLK, &lock) == 0) {
        return 0;
    }
    if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
        fprintf(stderr,
                "platenctl: process %ld has the store open: stop nginx, and restore then\n",
                (long) lock.l_pid);
        return -1;
    }
    return fail(path, strerror(errno));
}

static int
copy(const char *from, const char *to)
{
    uint64_t bytes = 0;
    int      in, out, rc;

    in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0) {
        return fail(from, strerror(errno));
    }
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660);
    rc = out < 0 || platen_backup_copy(in, out, &bytes) != 0 || fsync(out) != 0
             ? fail(to, strerror(errno))
             : 0;
    if (out >= 0) {
        close(out);
    }
    close(in);
    return rc;
}

/* Whether it can be read, by opening it; for a damaged one, in a process of its own. */
static int
read_copy(restore_t *r, const char *dir)
{
    platen_store_t *store;
    platen_txn_t    txn;
    platen_id_t     ids[256];
    char            err[PATHS];
    int             n;

    if (platen_store_open(&store, dir, (size_t) r->s.config->map_size, err, sizeof(err))
        != PLATEN_OK) {
        return fail(r->backup, err);
    }
    n = platen_txn_read(store, &txn);
    if (n == PLATEN_OK) {
        for (;;) {
            n = platen_store_jobs(&txn, r->jobs == 0 ? NULL : &ids[255], 0, ids, 256);
            r->jobs += n < 0 ? 0 : (uint64_t) n;
            if (n < 256) {
                break;
            }
        }
    }
    platen_txn_abort(&txn);
    return n < 0 ? fail(r->backup, platen_strerror(n)) : 0;
}

static int
remove_tree(const char *path)
{
    return platen_tree_remove(path) == 0 ? 0 : fail(path, strerror(errno));
}

static void
plan(restore_t *r, const char *path, const char *new, const char *when)
{
    swap_t *swap = &r->swaps[r->nswaps++];

    snprintf(swap->path, sizeof(swap->path), "%s", path);
    snprintf(swap->new, sizeof(swap->new), "%s", new);
    snprintf(swap->old, sizeof(swap->old), "%s.before-%s", path, when);
}

/* The store as it will be, in a directory beside it. */
static int
stage_store(restore_t *r, const char *when)
{
    char dir[PATH_MAX], from[PATHS], to[PATHS], path[PATHS];

    snprintf(dir, sizeof(dir), "%s/" NEW, r->s.config->store_path);
    snprintf(from, sizeof(from), "%s/store/data.mdb", r->backup);
    snprintf(to, sizeof(to), "%s/data.mdb", dir);
    if (remove_tree(dir) != 0) {
        return -1;
    }
    if (mkdir(dir, 0750) != 0) {
        return fail(dir, strerror(errno));
    }
    if (copy(from, to) != 0 || read_copy(r, dir) != 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/data.mdb", r->s.config->store_path);
    plan(r, path, to, when);
    return 0;
}

static int
stage_files(restore_t *r, const char *when)
{
    static const char *const names[] = { "input", "output" };
    const char              *data = r->s.config->data_path;
    char                     dir[PATH_MAX], from[PATHS], path[PATHS], new[PATHS], err[PATHS];
    int                      i;

    snprintf(dir, sizeof(dir), "%s/" NEW, data);
    snprintf(from, sizeof(from), "%s/data", r->backup);
    if (remove_tree(dir) != 0) {
        return -1;
    }
    if (mkdir(dir, 0750) != 0) {
        return fail(dir, strerror(errno));
    }
    /* What is in place already is a link to that, wherever the backup is. */
    if (platen_backup_files(from, data, dir, &r->made, err, sizeof(err)) != 0) {
        fprintf(stderr, "platenctl: %s\n", err);
        return -1;
    }
    if (platen_backup_sync(dir) != 0) {
        return fail(dir, strerror(errno));
    }
    for (i = 0; i < 2; i++) {
        snprintf(path, sizeof(path), "%s/%s", data, names[i]);
        snprintf(new, sizeof(new), "%s/%s", dir, names[i]);
        plan(r, path, new, when);
    }
    return 0;
}

/* Files first: without its record a file does no harm. */
static int
change_names(restore_t *r)
{
    const swap_t *swap;

    while (r->nswaps > 0) {
        swap = &r->swaps[--r->nswaps];
        if (rename(swap->path, swap->old) != 0 && errno != ENOENT) {
            return fail(swap->path, strerror(errno));
        }
        if (rename(swap->new, swap->path) != 0) {
            return fail(swap->path, strerror(errno));
        }
    }
    if (platen_layout_sync_dir(r->s.config->data_path) != 0
        || platen_layout_sync_dir(r->s.config->store_path) != 0) {
        return fail(r->s.config->data_path, strerror(errno));
    }
    return 0;
}

static int
clean(const restore_t *r)
{
    char path[PATH_MAX];
    int  rc;

    snprintf(path, sizeof(path), "%s/" NEW, r->s.config->store_path);
    rc = remove_tree(path);
    snprintf(path, sizeof(path), "%s/" NEW, r->s.config->data_path);
    return remove_tree(path) != 0 ? -1 : rc;
}

/* In the child. */
static int
restore(const platen_ctl_t *ctl, restore_t *r)
{
    char        path[PATHS], err[512], when[24];
    struct stat st;
    struct tm   tm;
    time_t      now = time(NULL);
    int         code;

    code = platen_ctl_store_configure(ctl, &r->s);
    if (code != PLATEN_CTL_DONE) {
        return code;
    }
    snprintf(path, sizeof(path), "%s/store/data.mdb", r->backup);
    if (stat(path, &st) != 0) {
        (void) fail(path, strerror(errno));
        fputs("platenctl: a backup is one of the directories that platenctl backup makes\n",
              stderr);
        return PLATEN_CTL_FAILED;
    }
    snprintf(path, sizeof(path), "%s/data", r->backup);
    r->files = stat(path, &st) == 0;
    if ((mkdir(r->s.config->store_path, 0750) != 0 && errno != EEXIST)
        || platen_layout_prepare(r->s.config->data_path) != 0) {
        snprintf(err, sizeof(err), "%s", strerror(errno));
        fprintf(stderr, "platenctl: %s and %s: %s\n", r->s.config->store_path,
                r->s.config->data_path, err);
        return PLATEN_CTL_FAILED;
    }

    strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    if (platen_ctl_store_lock(&r->s, "it and nginx, and restore then") != 0
        || lock_store(r) != 0 || clean(r) != 0) {
        return PLATEN_CTL_FAILED;
    }
    if (stage_store(r, when) != 0 || (r->files && stage_files(r, when) != 0)) {
        (void) clean(r);
        fputs("platenctl: nothing was changed\n", stderr);
        return PLATEN_CTL_FAILED;
    }
    if (change_names(r) != 0) {
        fprintf(stderr,
                "platenctl: half done: what was there is called *.before-%s; restore"
                " again\n",
                when);
        return PLATEN_CTL_FAILED;
    }
    (void) clean(r);
    printf("%llu jobs and %llu files are as in %s; what was there is called *.before-%s\n",
           (unsigned long long) r->jobs, (unsigned long long) (r->made.linked + r->made.copied),
           r->backup, when);
    return PLATEN_CTL_DONE;
}

static int
run(platen_ctl_t *ctl, int argc, char **argv)
{
    char      fsck[] = "fsck", repair[] = "--repair";
    char     *arguments[] = { fsck, repair, NULL };
    restore_t r = { .files = 0 };
    char      backup[PATH_MAX];
    int       first, code, status;
    pid_t     pid;

    first = platen_ctl_parse(ctl, argc, argv, NULL, 0, &code);
    if (first < 0) {
        return code;
    }
    if (argc - first != 1) {
        fputs("platenctl: restore takes one backup\n", stderr);
        return PLATEN_CTL_USAGE;
    }
    if (realpath(argv[first], backup) == NULL) {
        (void) fail(argv[first], strerror(errno));
        return PLATEN_CTL_FAILED;
    }
    r.backup = backup;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        code = restore(ctl, &r);
        fflush(stdout);
        _exit(code);
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        fprintf(stderr, "platenctl: %s\n", strerror(errno));
        return PLATEN_CTL_FAILED;
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr,
                "platenctl: %s is damaged and cannot be read (%s): nothing was changed\n",
                backup, strsignal(WTERMSIG(status)));
        return PLATEN_CTL_FAILED;
    }
    if (WEXITSTATUS(status) != PLATEN_CTL_DONE) {
        return WEXITSTATUS(status);
    }
    ctl->restored = 1;
    return platen_ctl_fsck.run(ctl, 2, arguments);
}

const platen_ctl_command_t platen_ctl_restore = {
    .name = "restore",
    .operands = "BACKUP",
    .summary = "puts a backup in place",
    .text = "Puts the store, documents and results of a backup (a directory below that of\n"
            "platenctl backup) in the place of those that are there, which are kept beside\n"
            "them as *.before-TIME, and repairs what does not fit (platenctl fsck).  A backup\n"
            "without files leaves those that are there.\n"
            "\n"
            "Stop platend and nginx before, and start them after it.  Until all is read and\n"
            "copied, nothing is changed.  Jobs that were under way are tried again.  Uploads\n"
            "that the backup did not have are told of, and are no failure.",
    .run = run,
};
