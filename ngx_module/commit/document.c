
/*
 * What a group's transaction does for documents whose upload has a URL of its
 * own: INITIATED, once more INITIATED when the bytes have come, PENDING.  Runs
 * in the thread pool, in platen_commit's transaction; but for the claim, which
 * comes before it.
 *
 * Of two uploads to one URL the second must not touch the file of the first.  So
 * the bytes get their place only if there is nothing yet, and hold a lock on it
 * until the record says whose it is: whoever finds it taken and locked is
 * refused, and if it is not locked, asks the record.  A kill in between leaves a
 * file that is not locked and that the record does not know of; the next upload
 * replaces it, or the sweep of orphans or expiry removes it.
 */


#include "commit/document.h"

#include "access/owned.h"
#include "access/quota.h"
#include "base/crash.h"
#include "base/platen.h"
#include "commit/job.h"
#include "disk/layout.h"
#include "job/job.h"
#include "store/store.h"

#include <errno.h>


static int platen_commit_find(platen_txn_t *txn, platen_commit_op_t *op,
    platen_job_t *job);
static int platen_commit_initiate(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);
static int platen_commit_waits(platen_txn_t *txn, platen_commit_op_t *op,
    platen_job_t *job);
static int platen_commit_is_free(void *data);
static int platen_commit_store(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);
static int platen_commit_enqueue(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);


int
platen_commit_document(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now)
{
    switch (op->kind) {

    case PLATEN_COMMIT_INITIATE:
        return platen_commit_initiate(txn, op, now);

    case PLATEN_COMMIT_STORE:
        return platen_commit_store(txn, op, now);

    case PLATEN_COMMIT_ENQUEUE:
        return platen_commit_enqueue(txn, op, now);

    default:
        return PLATEN_INVALID;
    }
}


/* The client's document, if it is INITIATED; op->found says what it is. */

static int
platen_commit_find(platen_txn_t *txn, platen_commit_op_t *op,
    platen_job_t *job)
{
    int  rc;

    rc = platen_owned_get(txn, &op->job.id, op->job.client, job);

    if (rc != PLATEN_OK) {
        return rc;
    }

    op->found = job->state;

    return job->state == PLATEN_STATE_INITIATED ? PLATEN_OK
                                                : PLATEN_INVALID_TRANSITION;
}


static int
platen_commit_initiate(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now)
{
    int       rc;
    uint64_t  initiated;

    /* Announcing costs nothing but room in the store: that is bounded, too. */

    rc = platen_store_count(txn, op->job.client, PLATEN_STATE_INITIATED,
                            &initiated);

    if (rc == PLATEN_OK && initiated >= op->max_queue) {
        return PLATEN_CLIENT_FULL;
    }

    if (rc != PLATEN_OK) {
        return rc;
    }

    return platen_store_transition(txn, &op->job, PLATEN_STATE_INITIATED, now);
}


/* The same, if its bytes have not come. */

static int
platen_commit_waits(platen_txn_t *txn, platen_commit_op_t *op,
    platen_job_t *job)
{
    int  rc;

    rc = platen_commit_find(txn, op, job);

    return rc == PLATEN_OK && job->input_sha256.len
           ? PLATEN_INVALID_TRANSITION : rc;
}


/* A file is there, and nobody about to say so: is it what a kill has left? */

typedef struct {
    platen_store_t      *store;
    platen_commit_op_t  *op;
} platen_commit_claim_t;


static int
platen_commit_is_free(void *data)
{
    platen_commit_claim_t *c = data;

    platen_job_t  job;
    platen_txn_t  txn;

    c->op->rc = platen_txn_look(c->store, &txn);

    if (c->op->rc == PLATEN_OK) {
        c->op->rc = platen_commit_waits(&txn, c->op, &job);
        platen_txn_abort(&txn);
    }

    return c->op->rc == PLATEN_OK;
}


void
platen_commit_claim(platen_store_t *store, platen_commit_op_t *op,
    const char *data)
{
    platen_commit_claim_t  c;

    c.store = store;
    c.op = op;

    if (platen_layout_claim(data, op->tmp, &op->job.id, platen_commit_is_free,
                            &c, &op->lock)
        == 0)
    {
        op->published = 1;
        platen_crash_point(PLATEN_CRASH_ACCEPT_RENAMED);
        return;
    }

    op->what = "moving the upload into place";

    switch (errno) {

    case EBUSY:
        op->rc = PLATEN_INVALID_TRANSITION;
        op->found = PLATEN_STATE_INITIATED;
        op->busy = 1;
        break;

    case EEXIST:
        /* op->rc says why */
        break;

    default:
        op->rc = PLATEN_ERROR;
        op->error = errno;
    }
}


static int
platen_commit_store(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now)
{
    int           rc;
    platen_job_t  job;

    rc = platen_commit_waits(txn, op, &job);

    if (rc != PLATEN_OK) {
        return rc;
    }

    rc = platen_quota_fits(txn, op->job.client, &op->job.id,
                           op->job.input_size, &op->quota);

    if (rc != PLATEN_OK) {
        return rc;
    }

    job.input_size = op->job.input_size;
    job.input_sha256 = op->job.input_sha256;
    job.source_format = op->job.source_format;
    job.sources = op->job.sources;
    job.expires_at = op->job.expires_at;

    return platen_store_transition(txn, &job, PLATEN_STATE_INITIATED, now);
}


static int
platen_commit_enqueue(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now)
{
    int           rc;
    platen_job_t  job;

    rc = platen_commit_find(txn, op, &job);

    if (rc != PLATEN_OK) {
        return rc;
    }

    if (job.input_sha256.len == 0) {
        return PLATEN_INVALID_TRANSITION;
    }

    rc = platen_commit_room(txn, op);

    if (rc != PLATEN_OK) {
        return rc;
    }

    return platen_store_transition(txn, &job, PLATEN_STATE_PENDING, now);
}
