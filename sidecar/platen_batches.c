/*
 * The batches; see platen_batches.h.  Owns the tasks in hand, each with its
 * directory below runs/, which the next start empties.  Used by the loop's
 * thread alone.  A failure of the store or the disk puts the task back, as that
 * of a run does; what has been written of it by then is found, and not written
 * again.
 */

#include "platen_batches_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platen_crash.h"
#include "platen_workdir.h"

#define REMAINS 64 /* files removed in one transaction */

platen_batches_t *
platen_batches_new(const platen_config_t *config, platen_store_t *store,
                   const platen_matrix_t *matrix, platen_batches_done_t *done, void *data)
{
    platen_batches_t *b;

    b = calloc(1, sizeof(*b));
    if (b != NULL) {
        b->config = config;
        b->store = store;
        b->matrix = matrix;
        b->done = done;
        b->data = data;
    }
    return b;
}

static void
item_free(platen_batch_item_t *item)
{
    if (item->list != NULL) {
        fclose(item->list);
    }
    platen_task_destroy(&item->task);
    free(item);
}

void
platen_batches_destroy(platen_batches_t **batches)
{
    platen_batch_item_t *item;

    if (*batches == NULL) {
        return;
    }
    while ((item = (*batches)->items) != NULL) {
        (*batches)->items = item->next;
        item_free(item);
    }
    free(*batches);
    *batches = NULL;
}

unsigned
platen_batches_count(const platen_batches_t *b)
{
    const platen_batch_item_t *item;
    unsigned                   n = 0;

    for (item = b->items; item != NULL; item = item->next) {
        n++;
    }
    return n;
}

int
platen_batches_holds(const platen_batches_t *b, const platen_id_t *id, uint32_t epoch)
{
    const platen_batch_item_t *item;

    for (item = b->items; item != NULL; item = item->next) {
        if (item->task->epoch == epoch && memcmp(&item->task->id, id, sizeof(*id)) == 0) {
            return 1;
        }
    }
    return 0;
}

static void
remove_dir(const char *dir)
{
    if (platen_workdir_remove(dir) != 0 && errno != ENOENT) {
        platen_log(PLATEN_LOG_WARN, "cannot remove a batch's directory",
                   json_pack("{s:s, s:s}", "path", dir, "error", strerror(errno)));
    }
}

/* Room for the task, which is not its yet, with the path of its directory. */
static platen_batch_item_t *
item_new(platen_batches_t *b, const platen_task_t *task)
{
    platen_batch_item_t *item;
    char                 text[PLATEN_ID_TEXT + 1];

    item = calloc(1, sizeof(*item));
    if (item == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    platen_id_format(&task->id, text);
    snprintf(item->dir, sizeof(item->dir), "%.*s/runs/batch-%s", PLATEN_ROOT_MAX,
             b->config->data_path, text);
    return item;
}

/* Takes the task, at the end of the line; or, without a list, fails with errno. */
static int
take(platen_batches_t *b, platen_batch_item_t *item, platen_task_t *task, int ok)
{
    platen_batch_item_t **last;
    int                   saved = errno;

    if (!ok) {
        remove_dir(item->dir);
        item_free(item);
        errno = saved;
        return -1;
    }
    item->task = task;
    for (last = &b->items; *last != NULL; last = &(*last)->next) {
    }
    *last = item;
    return 0;
}

int
platen_batches_open(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) || st->st_nlink != 1)) {
        close(fd);
        errno = ENOENT;
        return -1;
    }
    return fd;
}

static FILE *
open_list(const char *path)
{
    struct stat st;
    FILE       *list;
    int         fd = platen_batches_open(path, &st);

    list = fd < 0 ? NULL : fdopen(fd, "r");
    if (list == NULL && fd >= 0) {
        close(fd);
    }
    return list;
}

int
platen_batches_spread(platen_batches_t *b, platen_task_t *task, const char *work)
{
    platen_batch_item_t *item;
    char                 path[2 * PLATEN_PATH_MAX];
    int                  ok = 1;

    item = item_new(b, task);
    if (item == NULL) {
        return -1;
    }
    if (work == NULL) {
        item->slice = platen_batches_again_slice;
    } else {
        item->slice = platen_batches_spread_slice;
        remove_dir(item->dir);
        snprintf(path, sizeof(path), "%s/out", work);
        ok = platen_workdir_unlock(AT_FDCWD, path) == 0 && rename(path, item->dir) == 0;
        snprintf(path, sizeof(path), "%s/list", item->dir);
        item->list = ok ? open_list(path) : NULL;
        ok = item->list != NULL;
    }
    return take(b, item, task, ok);
}

int
platen_batches_gather(platen_batches_t *b, platen_task_t *task)
{
    platen_batch_item_t *item;
    char                 path[2 * PLATEN_PATH_MAX];

    item = item_new(b, task);
    if (item == NULL) {
        return -1;
    }
    item->slice = platen_batches_gather_slice;
    if (platen_workdir_reset(item->dir) == 0) {
        snprintf(path, sizeof(path), "%s/list", item->dir);
        item->list = fopen(path, "wxe");
    }
    return take(b, item, task, item->list != NULL);
}

platen_task_t *
platen_batches_ready(platen_batches_t *b)
{
    platen_batch_item_t **at, *item;
    platen_task_t        *task;

    for (at = &b->items; *at != NULL; at = &(*at)->next) {
        item = *at;
        if (!item->ready) {
            continue;
        }
        task = item->task;
        task->files_dir = strdup(item->dir);
        if (task->files_dir == NULL) {
            return NULL; /* the next time, maybe */
        }
        *at = item->next;
        item->task = NULL;
        item_free(item);
        return task;
    }
    return NULL;
}

int
platen_batches_own(platen_txn_t *txn, const platen_batch_item_t *item, platen_job_t *job)
{
    int rc;

    rc = platen_store_get(txn, &item->task->id, job);
    if (rc == PLATEN_NOT_FOUND) {
        return PLATEN_STALE;
    }
    return rc == PLATEN_OK
                   && (job->state != PLATEN_STATE_PROCESSING || job->epoch != item->task->epoch)
               ? PLATEN_STALE
               : rc;
}

int
platen_batches_let_go(platen_batches_t *b, const platen_batch_item_t *item)
{
    platen_txn_t txn;
    platen_job_t job;
    int          rc;

    rc = platen_txn_write(b->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_batches_own(&txn, item, &job);
    }
    if (rc == PLATEN_OK) {
        job.batch = PLATEN_BATCH_WORK;
        job.unpacked = 1;
        rc = platen_store_rephase(&txn, &job, platen_now_us());
    }
    if (rc == PLATEN_OK) {
        platen_crash_point(PLATEN_CRASH_BATCH_LISTED);
        rc = platen_txn_commit(&txn);
        platen_crash_point(PLATEN_CRASH_BATCH_LET_GO);
    }
    platen_txn_abort(&txn);
    return rc;
}

/* One slice of one batch; takes it from the line at its end.  Whether it is there still. */
static int
step(platen_batches_t *b, platen_batch_item_t **at)
{
    platen_batch_item_t *item = *at;
    platen_verdict_t     verdict;
    platen_task_t       *task = item->task;
    int                  rc, error;

    errno = 0;
    rc = item->slice(b, item);
    error = errno;
    if (rc == PLATEN_OK || (rc == PLATEN_NOT_FOUND && item->ready)) {
        return 1;
    }

    *at = item->next;
    item->task = NULL;
    remove_dir(item->dir);
    item_free(item);
    if (rc == PLATEN_NOT_FOUND || rc == PLATEN_STALE) {
        b->done(b->data, task, NULL);
    } else if (rc == PLATEN_CORRUPT) {
        /* Not this machine's fault: once more would be the same. */
        platen_finish_corrupt(&verdict);
        b->done(b->data, task, &verdict);
    } else {
        platen_finish_requeue(&verdict, "prepare a batch",
                              rc == PLATEN_ERROR && error != 0 ? strerror(error)
                                                               : platen_strerror(rc));
        b->done(b->data, task, &verdict);
    }
    return 0;
}

/* What batches that were removed have left.  1 if there may be more. */
static int
take_away(platen_batches_t *b)
{
    platen_txn_t txn;
    platen_job_t removed[REMAINS];
    int          rc, any, n, i;

    /* Without the writer's lock, if there is nothing to do. */
    if (platen_txn_read(b->store, &txn) != PLATEN_OK) {
        return 0;
    }
    any = platen_store_any_remains(&txn);
    platen_txn_abort(&txn);
    if (any != 1) {
        return 0;
    }

    rc = platen_txn_write(b->store, &txn);
    if (rc == PLATEN_OK) {
        any = platen_store_remains(&txn, platen_now_us(), removed, REMAINS, &n);
        rc = any < 0 ? any : PLATEN_OK;
    }
    if (rc == PLATEN_OK) {
        platen_crash_point(PLATEN_CRASH_REMAINS_RECORDED);
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    if (rc != PLATEN_OK) {
        platen_log(PLATEN_LOG_ERROR, "the files of a removed batch stay for now",
                   json_pack("{s:s}", "error", platen_strerror(rc)));
        return 0;
    }
    platen_crash_point(PLATEN_CRASH_REMAINS_COMMITTED);
    for (i = 0; i < n; i++) {
        platen_layout_remove(b->config->data_path, &removed[i].id, removed[i].epoch);
    }
    return any;
}

int
platen_batches_slice(platen_batches_t *b)
{
    platen_batch_item_t **at = &b->items;
    int                   more = take_away(b);

    while (*at != NULL) {
        if ((*at)->ready) {
            at = &(*at)->next;
        } else if (step(b, at)) {
            more |= !(*at)->ready;
            at = &(*at)->next;
        }
    }
    return more;
}
