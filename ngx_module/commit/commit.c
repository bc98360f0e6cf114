
/*
 * Group commit; see commit/commit.h.
 *
 * The accept order, to the letter: the temporary file is already synced; then
 * rename, fsync of the directory (once for all jobs of the group that share
 * it), one synced LMDB transaction, and only then an answer.  Failure of one
 * operation that the store refuses (queue full, no such job) leaves the others
 * of its group alone; failure of the transaction fails the group, and the
 * inputs that were published for it are removed again.
 *
 * Nothing is done to a file from the transaction's begin to its end: all workers
 * and platend wait for it.  It looks once more at what was found before, and only
 * writes records (t/fault/within.t).
 */


#include "commit/commit.h"
#include "counts.h"

#include "task.h"
#include "worker.h"
#include "base/crash.h"
#include "base/platen.h"
#include "commit/document.h"
#include "commit/job.h"
#include "commit/reservation.h"
#include "commit/thumbnail.h"
#include "disk/layout.h"
#include "disk/upload_file.h"
#include "store/store.h"

#include <errno.h>


#define PLATEN_COMMIT_GROUP  256   /* operations in one transaction */


typedef struct {
    platen_store_t          *store;
    platen_commit_op_t      *ops;
} platen_commit_group_t;


static ngx_int_t platen_commit_post(ngx_log_t *log);
static void platen_commit_thread(void *data, ngx_log_t *log);
static void platen_commit_publish(platen_commit_group_t *g);
static int platen_commit_apply(platen_txn_t *txn, platen_commit_op_t *op);
static void platen_commit_share(platen_commit_group_t *g);
static void platen_commit_borrow(platen_commit_op_t *op);
static void platen_commit_unlink_output(platen_commit_op_t *op);
static void platen_commit_cleanup(platen_commit_op_t *op);
static void platen_commit_done(ngx_event_t *ev);


static const char           *platen_commit_data;
static ngx_uint_t            platen_commit_synced;
static void                (*platen_commit_wake)(void);
static ngx_thread_task_t    *platen_commit_task;
static ngx_connection_t      platen_commit_dumb;
static platen_commit_op_t   *platen_commit_waiting;
static platen_commit_op_t  **platen_commit_last = &platen_commit_waiting;


ngx_int_t
platen_commit_init(ngx_cycle_t *cycle, const char *data, ngx_uint_t sync,
    void (*wake)(void))
{
    platen_commit_data = data;
    platen_commit_synced = sync;
    platen_commit_wake = wake;
    platen_commit_waiting = NULL;
    platen_commit_last = &platen_commit_waiting;

    platen_commit_task = ngx_thread_task_alloc(cycle->pool,
                                               sizeof(platen_commit_group_t));
    if (platen_commit_task == NULL) {
        return NGX_ERROR;
    }

    platen_commit_task->handler = platen_commit_thread;
    platen_commit_task->event.handler = platen_commit_done;
    platen_commit_task->event.log = cycle->log;

    /* events are logged with the descriptor of their connection */

    platen_commit_dumb.fd = (ngx_socket_t) -1;
    platen_commit_task->event.data = &platen_commit_dumb;

    return NGX_OK;
}


ngx_int_t
platen_commit(platen_commit_op_t *op, ngx_log_t *log)
{
    op->next = NULL;
    *platen_commit_last = op;
    platen_commit_last = &op->next;

    if (platen_commit_task->event.active) {
        return NGX_OK;
    }

    /* The queue was empty, so this operation is all that it holds. */

    if (platen_commit_post(log) != NGX_OK) {
        platen_commit_waiting = NULL;
        platen_commit_last = &platen_commit_waiting;
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
platen_commit_post(ngx_log_t *log)
{
    ngx_uint_t               n;
    platen_commit_op_t      *rest, **last;
    platen_commit_group_t   *g;

    g = platen_commit_task->ctx;
    g->store = ngx_http_platen_store(log);
    g->ops = platen_commit_waiting;

    last = &platen_commit_waiting;
    for (n = 0; n < PLATEN_COMMIT_GROUP && *last; n++) {
        last = &(*last)->next;
    }

    /* Once it is posted, the group is the thread's: it is cut off before. */

    rest = *last;
    *last = NULL;

    if (ngx_thread_task_post(ngx_http_platen_worker.conf->pool,
                             platen_commit_task)
        != NGX_OK)
    {
        *last = rest;
        platen_commit_waiting = g->ops;
        return NGX_ERROR;
    }

    platen_task_watch(&platen_commit_task->event);
    ngx_http_platen_worker.committing = 1;

    platen_commit_waiting = rest;

    if (rest == NULL) {
        platen_commit_last = &platen_commit_waiting;
    }

    return NGX_OK;
}


static void
platen_commit_thread(void *data, ngx_log_t *log)
{
    platen_commit_group_t *g = data;

    int                  rc;
    const char          *what, *errstr;
    ngx_uint_t           n;
    platen_txn_t         txn;
    uint64_t             start;
    platen_commit_op_t  *op;

    start = platen_monotonic_us();
    n = 0;

    for (op = g->ops; op; op = op->next) {
        n++;
        op->rc = PLATEN_OK;
        op->error = 0;
        op->what = "";
        op->errstr[0] = '\0';
        op->lock = -1;
        op->published = 0;
        op->busy = 0;
        op->linked = 0;
        op->shared = 0;
        op->stored = 0;
        op->replayed = 0;
        op->missing = 0;
    }

    what = "opening the store";
    rc = PLATEN_ERROR;

    if (g->store == NULL) {
        errstr = "the store is not open";
        goto failed;
    }

    platen_commit_publish(g);
    platen_crash_point(PLATEN_CRASH_ACCEPT_LISTED);
    platen_commit_share(g);

    what = "beginning a transaction";
    rc = platen_txn_write(g->store, &txn);
    if (rc != PLATEN_OK) {
        goto txn_failed;
    }

    platen_crash_point(PLATEN_CRASH_ACCEPT_BEGUN);

    what = "changing the store";
    for (op = g->ops; op; op = op->next) {
        if (op->rc != PLATEN_OK) {
            continue;
        }

        rc = platen_commit_apply(&txn, op);
        if (rc != PLATEN_OK) {
            platen_txn_abort(&txn);
            goto txn_failed;
        }
    }

    platen_crash_point(PLATEN_CRASH_ACCEPT_RECORDED);

    what = "committing";
    rc = platen_txn_commit(&txn);
    if (rc == PLATEN_OK) {
        platen_crash_point(PLATEN_CRASH_ACCEPT_COMMITTED);
        platen_metrics_commit(n, platen_monotonic_us() - start);
        goto done;
    }

txn_failed:

    errstr = platen_txn_errstr(&txn);

failed:

    for (op = g->ops; op; op = op->next) {
        if (op->rc == PLATEN_OK) {
            op->rc = rc;
            op->what = what;
            ngx_cpystrn((u_char *) op->errstr, (u_char *) errstr,
                        sizeof(op->errstr));
        }
    }

done:

    for (op = g->ops; op; op = op->next) {
        platen_commit_cleanup(op);
    }
}


/* Renames each input into place, then syncs each directory once. */

static void
platen_commit_publish(platen_commit_group_t *g)
{
    platen_commit_op_t  *op, *other;

    for (op = g->ops; op; op = op->next) {

        if (op->kind == PLATEN_COMMIT_STORE) {
            platen_commit_claim(g->store, op, platen_commit_data);
            continue;
        }

        if (op->kind == PLATEN_COMMIT_THUMBNAIL) {
            platen_commit_borrow(op);
            continue;
        }

        if (op->kind != PLATEN_COMMIT_SUBMIT) {
            continue;
        }

        if (platen_layout_publish(platen_commit_data, op->tmp,
                                  PLATEN_DIR_INPUT, &op->job.id, 0)
            != 0)
        {
            op->rc = PLATEN_ERROR;
            op->error = errno;
            op->what = "moving the upload into place";
            continue;
        }

        op->published = 1;
        platen_crash_point(PLATEN_CRASH_ACCEPT_RENAMED);
    }

    for (op = g->ops; op && platen_commit_synced; op = op->next) {
        if (!op->published) {
            continue;
        }

        for (other = g->ops; other != op; other = other->next) {
            if (other->published
                && platen_layout_same_bucket(&other->job.id, &op->job.id))
            {
                break;
            }
        }

        if (other != op) {
            op->rc = other->rc;
            op->error = other->error;
            op->what = other->what;

        } else if (platen_layout_sync(platen_commit_data, PLATEN_DIR_INPUT,
                                      &op->job.id)
                   != 0)
        {
            op->rc = PLATEN_ERROR;
            op->error = errno;
            op->what = "syncing the input directory";
        }
    }
}


/* The result that a thumbnail is to show is its document, by a name of its own. */

static void
platen_commit_borrow(platen_commit_op_t *op)
{
    if (platen_layout_borrow(platen_commit_data, &op->shown, op->epoch,
                             &op->job.id)
        == 0)
    {
        op->published = 1;
        return;
    }

    if (errno == ENOENT) {
        op->rc = PLATEN_NOT_FOUND;
        return;
    }

    op->rc = PLATEN_ERROR;
    op->error = errno;
    op->what = "linking the result of a job";
}


/*
 * One operation inside the group's transaction.  A refusal is the operation's
 * own (op->rc); a return code other than PLATEN_OK ends the transaction.
 */

static int
platen_commit_apply(platen_txn_t *txn, platen_commit_op_t *op)
{
    int       rc;
    uint64_t  now;

    now = platen_now_us();

    switch (op->kind) {

    case PLATEN_COMMIT_SUBMIT:
    case PLATEN_COMMIT_RETRY:
    case PLATEN_COMMIT_REMOVE:
        rc = platen_commit_job(txn, op, now);
        break;

    case PLATEN_COMMIT_THUMBNAIL:
        rc = platen_commit_thumbnail(txn, op, now);
        break;

    case PLATEN_COMMIT_RESERVE:
    case PLATEN_COMMIT_RELEASE:
        rc = platen_commit_upload(txn, op);
        break;

    default:
        rc = platen_commit_document(txn, op, now);
    }

    switch (rc) {

    case PLATEN_OK:
    case PLATEN_NOT_FOUND:
    case PLATEN_QUEUE_FULL:
    case PLATEN_CLIENT_FULL:
    case PLATEN_OVER_QUOTA:
    case PLATEN_CONFLICT:
    case PLATEN_INVALID:
    case PLATEN_INVALID_TRANSITION:
    case PLATEN_STALE:
        /* decided before the first write: the transaction is as it was */
        op->rc = rc;
        op->what = "changing the store";
        return PLATEN_OK;

    default:
        return rc;
    }
}


/*
 * Links the earlier results that may answer, and syncs each directory in which
 * one was linked, once.  What cannot be linked is converted like any other.
 */

static void
platen_commit_share(platen_commit_group_t *g)
{
    uint64_t             now;
    platen_txn_t         txn;
    platen_commit_op_t  *op, *last;

    for (op = g->ops; op && (op->rc != PLATEN_OK || op->earlier == NULL);
         op = op->next)
    {
        /* to the first */
    }

    if (op == NULL || platen_txn_look(g->store, &txn) != PLATEN_OK) {
        return;
    }

    now = platen_now_us();

    for ( ; op; op = op->next) {
        if (op->rc == PLATEN_OK && op->earlier) {
            platen_commit_link(&txn, op, platen_commit_data, now);
        }
    }

    platen_txn_abort(&txn);

    last = NULL;

    for (op = g->ops; op && platen_commit_synced; op = op->next) {
        if (!op->linked
            || (last
                && platen_layout_same_bucket(&last->job.id, &op->job.id)))
        {
            continue;
        }

        if (platen_layout_sync(platen_commit_data, PLATEN_DIR_OUTPUT,
                               &op->job.id)
            != 0)
        {
            platen_commit_unlink_output(op);
            continue;
        }

        platen_crash_point(PLATEN_CRASH_SHARE_LISTED);
        last = op;
    }
}


static void
platen_commit_unlink_output(platen_commit_op_t *op)
{
    char  path[PLATEN_PATH_MAX];

    (void) platen_layout_path(platen_commit_data, PLATEN_DIR_OUTPUT,
                              &op->job.id, PLATEN_COMMIT_EPOCH, path);
    (void) unlink(path);
    op->linked = 0;
}


/* The record goes before its files, and comes after them. */

static void
platen_commit_cleanup(platen_commit_op_t *op)
{
    char  path[PLATEN_PATH_MAX];

    if (op->kind == PLATEN_COMMIT_SUBMIT && op->resumable && op->published) {

        if (op->rc == PLATEN_OK) {
            platen_upload_file_forget(platen_commit_data, &op->job.id);

        } else {
            /* should it not move, whoever opens the upload finds it there */
            (void) platen_upload_file_take_back(platen_commit_data,
                                                &op->job.id);
            op->published = 0;
        }
    }

    if (op->kind == PLATEN_COMMIT_SUBMIT) {

        /* what a link was made for in vain has another epoch, see there */

        if (op->linked && !(op->shared && op->rc == PLATEN_OK)) {
            platen_commit_unlink_output(op);
        }

        if ((op->rc != PLATEN_OK || op->stored) && op->published) {
            platen_layout_remove(platen_commit_data, &op->job.id, 0);
        }

    } else if (op->kind == PLATEN_COMMIT_THUMBNAIL && op->published) {

        if (op->rc != PLATEN_OK || op->stored) {
            platen_layout_remove(platen_commit_data, &op->job.id, 0);
        }

        /* there is no temporary file, whose name this would change */
        op->published = 0;

    } else if (op->kind == PLATEN_COMMIT_STORE && op->published) {

        if (op->rc != PLATEN_OK) {
            platen_layout_remove(platen_commit_data, &op->job.id, 0);
        }

        /* from here on the record says whose the place is */
        (void) close(op->lock);

    } else if (op->kind == PLATEN_COMMIT_RETRY && op->rc == PLATEN_OK
               && op->job.epoch)
    {
        (void) platen_layout_path(platen_commit_data, PLATEN_DIR_OUTPUT,
                                  &op->job.id, op->job.epoch, path);
        (void) unlink(path);

    } else if (op->kind == PLATEN_COMMIT_REMOVE && op->rc == PLATEN_OK) {
        platen_crash_point(PLATEN_CRASH_REMOVE_COMMITTED);
        platen_layout_remove(platen_commit_data, &op->job.id, op->job.epoch);
        platen_crash_point(PLATEN_CRASH_REMOVE_REMOVED);
    }
}


static void
platen_commit_done(ngx_event_t *ev)
{
    platen_commit_group_t  *g;
    platen_commit_op_t     *op, *next;

    if (platen_task_pending(ev)) {
        return;
    }

    ngx_http_platen_worker.committing = 0;

    g = platen_commit_task->ctx;
    op = g->ops;

    /* This worker's own subscribers need not hear it from the sidecar. */

    platen_commit_wake();

    /* The next group first: its sync overlaps with the answers of this one. */

    if (platen_commit_waiting && platen_commit_post(ev->log) != NGX_OK) {
        for (next = platen_commit_waiting; next; next = next->next) {
            next->rc = PLATEN_ERROR;
            next->what = "posting to the thread pool";
            ngx_cpystrn((u_char *) next->errstr,
                        (u_char *) "the pool's queue is full",
                        sizeof(next->errstr));
        }

        for (next = op; next->next; next = next->next) { /* void */ }
        next->next = platen_commit_waiting;
        platen_commit_waiting = NULL;
        platen_commit_last = &platen_commit_waiting;
    }

    while (op) {
        next = op->next;
        op->done(op);
        op = next;
    }
}


