/*
 * The batches; see batch/batches.h.  Owns the tasks in hand, each with its
 * directory below runs/, which the next start empties.  The loop's thread has the list,
 * and a thread of the crew what it has in hand.  A failure of the store or the disk puts the
 * task back, as that of a run does; what has been written of it by then is found, and not
 * written again.
 */

#include "batch/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/crash.h"
#include "run/tree.h"

#define TOMBSTONES 64 /* files removed in one transaction */

static void item_run(void *data);
static void item_done(void *data);
static void tombstones_run(void *data);
static void tombstones_done(void *data);

platen_batches_t *
platen_batches_new(const platen_config_t *config, platen_store_t *store,
                   const platen_matrix_t *matrix, platen_crew_t *crew,
                   platen_batches_done_t *done, platen_batches_more_t *more, void *data)
{
    platen_batches_t *b;

    b = calloc(1, sizeof(*b));
    if (b == NULL) {
        return NULL;
    }
    b->config = config;
    b->store = store;
    b->matrix = matrix;
    b->crew = crew;
    b->done = done;
    b->more = more;
    b->data = data;
    b->tombstones =
        (platen_work_t){ .run = tombstones_run, .done = tombstones_done, .data = b };
    b->view = platen_store_view(store);
    if (b->view == NULL) {
        platen_batches_destroy(&b);
    }
    return b;
}

static void
item_free(platen_batch_item_t *item)
{
    if (item->list != NULL) {
        fclose(item->list);
    }
    platen_store_view_free(&item->store);
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
    platen_store_view_free(&(*batches)->view);
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
        if (platen_task_is(item->task, id, epoch)) {
            return 1;
        }
    }
    return 0;
}

static void
remove_dir(const platen_task_t *task, const char *dir)
{
    int error = platen_tree_remove(dir) == 0 ? 0 : errno;

    if (error != 0 && error != ENOENT) {
        platen_log_path(PLATEN_LOG_WARN, "cannot remove a batch's directory",
                        platen_task_context(task), dir, error);
    }
}

static void
set_dir(const platen_config_t *config, const platen_task_t *task, char dir[PLATEN_PATH_MAX])
{
    char text[PLATEN_ID_TEXT + 1];

    platen_id_format(&task->id, text);
    snprintf(dir, PLATEN_PATH_MAX, "%.*s/runs/batch-%s", PLATEN_ROOT_MAX, config->data_path,
             text);
}

int
platen_batches_fetch(const platen_config_t *config, const platen_task_t *task, const char *work)
{
    char dir[PLATEN_PATH_MAX], path[2 * PLATEN_PATH_MAX];

    set_dir(config, task, dir);
    remove_dir(task, dir);
    snprintf(path, sizeof(path), "%s/out", work);
    return platen_tree_unlock(AT_FDCWD, path) != 0 ? -1 : rename(path, dir);
}

int
platen_batches_add(platen_batches_t *b, platen_task_t *task)
{
    platen_batch_item_t *item, **last;

    item = calloc(1, sizeof(*item));
    if (item != NULL) {
        item->store = platen_store_view(b->store);
    }
    if (item == NULL || item->store == NULL) {
        free(item);
        errno = ENOMEM;
        return -1;
    }
    item->batches = b;
    item->slice = task->kind == PLATEN_TASK_UNPACK  ? platen_batches_expand_slice
                  : task->kind == PLATEN_TASK_AGAIN ? platen_batches_again_slice
                                                    : platen_batches_collect_slice;
    item->work = (platen_work_t){ .run = item_run, .done = item_done, .data = item };
    set_dir(b->config, task, item->dir);
    item->task = task;
    for (last = &b->items; *last != NULL; last = &(*last)->next) {
    }
    *last = item;
    return 0;
}

platen_task_t *
platen_batches_ready(platen_batches_t *b)
{
    platen_batch_item_t **at, *item;
    platen_task_t        *task;

    for (at = &b->items; *at != NULL; at = &(*at)->next) {
        item = *at;
        if (item->busy || !item->ready) {
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

/* Whether it is in hand still, after its last slice. */
static int
goes_on(const platen_batch_item_t *item)
{
    return item->rc == PLATEN_OK || (item->rc == PLATEN_NOT_FOUND && item->ready);
}

/* One slice of one batch, in a thread of the crew. */
static void
item_run(void *data)
{
    platen_batch_item_t *item = data;

    errno = 0;
    item->rc = item->slice(item->batches, item);
    item->error = errno;
    if (!goes_on(item)) {
        remove_dir(item->task, item->dir);
    }
}

/* After it, in the loop's; takes it from the line at its end. */
static void
item_done(void *data)
{
    platen_batch_item_t *item = data, **at;
    platen_batches_t    *b = item->batches;
    platen_task_t       *task = item->task;
    int                  rc = item->rc, error = item->error;

    item->busy = 0;
    if (goes_on(item)) {
        b->more(b->data);
        return;
    }

    for (at = &b->items; *at != item; at = &(*at)->next) {
    }
    *at = item->next;
    item->task = NULL;
    item_free(item);
    if (rc == PLATEN_NOT_FOUND || rc == PLATEN_STALE) {
        b->done(b->data, task, PLATEN_BATCHES_DONE, NULL);
    } else if (rc == PLATEN_CORRUPT) {
        b->done(b->data, task, PLATEN_BATCHES_CORRUPT, NULL);
    } else {
        b->done(b->data, task, PLATEN_BATCHES_LATER,
                rc == PLATEN_ERROR && error != 0 ? strerror(error) : platen_strerror(rc));
    }
    b->more(b->data);
}

/* What batches that were removed have left.  1 if there may be more. */
static int
take_away(const platen_batches_t *b)
{
    platen_txn_t txn;
    platen_job_t removed[TOMBSTONES];
    int          rc, any = 0, n = 0, i;

    rc = platen_txn_write(b->view, &txn);
    if (rc == PLATEN_OK) {
        any = platen_store_tombstones(&txn, platen_now_us(), removed, TOMBSTONES, &n);
        rc = any < 0 ? any : PLATEN_OK;
    }
    if (rc == PLATEN_OK) {
        platen_crash_point(PLATEN_CRASH_TOMBSTONES_RECORDED);
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    if (rc != PLATEN_OK) {
        platen_log(PLATEN_LOG_ERROR, "the files of a removed batch stay for now",
                   json_pack("{s:s}", "error", platen_strerror(rc)));
        return 0;
    }
    platen_crash_point(PLATEN_CRASH_TOMBSTONES_COMMITTED);
    for (i = 0; i < n; i++) {
        platen_layout_remove(b->config->data_path, &removed[i].id, removed[i].epoch);
    }
    return any;
}

static void
tombstones_run(void *data)
{
    platen_batches_t *b = data;

    b->left = take_away(b);
}

static void
tombstones_done(void *data)
{
    platen_batches_t *b = data;

    b->removing = 0;
    if (b->left) {
        b->more(b->data);
    }
}

/* Whether there is something of it; asks without the writer's lock. */
static int
any_tombstones(const platen_batches_t *b)
{
    platen_txn_t txn;
    int          any;

    if (platen_txn_read(b->store, &txn) != PLATEN_OK) {
        return 0;
    }
    any = platen_store_any_tombstones(&txn);
    platen_txn_abort(&txn);
    return any == 1;
}

void
platen_batches_slice(platen_batches_t *b)
{
    platen_batch_item_t *item;

    if (!b->removing && any_tombstones(b)) {
        b->removing = 1;
        platen_crew_do(b->crew, PLATEN_CREW_DISK, &b->tombstones);
    }
    for (item = b->items; item != NULL; item = item->next) {
        if (!item->busy && !item->ready) {
            item->busy = 1;
            platen_crew_do(b->crew, PLATEN_CREW_DISK, &item->work);
        }
    }
}
