
/*
 * What a group's transaction does for jobs: a submission becomes PENDING, or is
 * answered by an earlier one; a failed job goes back; a removed one is gone.
 * Runs in the thread pool, in platen_commit's transaction.
 */


#include "commit/job.h"

#include "access/owned.h"
#include "access/quota.h"
#include "base/crash.h"
#include "base/platen.h"
#include "disk/layout.h"
#include "job/job.h"
#include "store/store.h"


static int platen_commit_remove(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);
static int platen_commit_submit(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);
static int platen_commit_replay(platen_txn_t *txn, platen_commit_op_t *op);
static int platen_commit_retry(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);
static void platen_commit_confirm(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);
static int platen_commit_finish(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);


int
platen_commit_job(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now)
{
    switch (op->kind) {

    case PLATEN_COMMIT_SUBMIT:
        return platen_commit_submit(txn, op, now);

    case PLATEN_COMMIT_RETRY:
        return platen_commit_retry(txn, op, now);

    case PLATEN_COMMIT_REMOVE:
        return platen_commit_remove(txn, op, now);

    default:
        return PLATEN_INVALID;
    }
}


static int
platen_commit_remove(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now)
{
    int           rc;
    platen_job_t  removed;

    /* A file of a batch goes with it, and is not to be had by its own id. */

    rc = platen_owned_get(txn, &op->job.id, op->job.client, &removed);

    if (rc != PLATEN_OK) {
        return rc;
    }

    if (op->abandoned && removed.promised) {
        return PLATEN_CONFLICT;
    }

    rc = platen_store_remove(txn, &op->job.id, &op->job.client, now, &removed);

    if (rc == PLATEN_OK) {
        op->job.epoch = removed.epoch;
        op->job.state = removed.state;
    }

    return rc;
}


/* Whether one more may wait. */

int
platen_commit_room(platen_txn_t *txn, platen_commit_op_t *op)
{
    int       rc;
    uint64_t  length;

    rc = platen_store_queue_jobs(txn, &length);

    if (rc == PLATEN_OK && length >= op->max_queue) {
        return PLATEN_QUEUE_FULL;
    }

    if (rc == PLATEN_OK && op->max_client_queue) {
        rc = platen_store_count(txn, op->job.client, PLATEN_STATE_PENDING,
                                &length);

        if (rc == PLATEN_OK && length >= op->max_client_queue) {
            return PLATEN_CLIENT_FULL;
        }
    }

    return rc;
}


/*
 * The same key again: the job is there already, or another submission has the
 * key.  PLATEN_NOT_FOUND: it is a new one.
 */

static int
platen_commit_replay(platen_txn_t *txn, platen_commit_op_t *op)
{
    int           rc;
    platen_job_t  job;

    rc = platen_store_idempotent(txn, op->job.client, op->job.idem_key, &job);

    if (rc != PLATEN_OK) {
        return rc;
    }

    if (!platen_str_eq(job.idem_print, op->job.idem_print)) {
        return PLATEN_CONFLICT;
    }

    op->existing = job.id;
    op->stored = 1;
    op->replayed = 1;

    /* Whoever is told of it now finds it, even if its first client leaves. */

    return platen_store_promise(txn, &job) == PLATEN_OK ? PLATEN_OK
                                                        : PLATEN_ERROR;
}


/* A job that has ended without success goes back to the queue, as if new. */

static int
platen_commit_retry(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now)
{
    int           rc;
    platen_job_t  job;

    rc = platen_owned_get(txn, &op->job.id, op->job.client, &job);

    if (rc != PLATEN_OK) {
        return rc;
    }

    if (!platen_state_final(job.state)
        || !platen_state_allows(job.state, PLATEN_STATE_PENDING))
    {
        return PLATEN_INVALID_TRANSITION;
    }

    /* Without its password the result might be open to everyone. */

    op->missing = job.withheld & ~op->job.withheld;
    if (op->missing) {
        return PLATEN_INVALID;
    }

    rc = platen_commit_room(txn, op);
    if (rc != PLATEN_OK) {
        return rc;
    }

    /* what was there in part will be another one's */

    if (job.state == PLATEN_STATE_PARTIAL_SUCCESS) {
        op->job.epoch = job.epoch;
    }

    job.secrets = op->job.secrets;
    job.withheld = op->job.withheld;
    job.promised = 1;
    op->existing = job.id;
    op->stored = 1;

    return platen_store_transition(txn, &job, PLATEN_STATE_PENDING, now);
}


static int
platen_commit_submit(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now)
{
    int  rc;

    if (op->job.idem_key.len) {
        rc = platen_commit_replay(txn, op);
        if (rc != PLATEN_NOT_FOUND) {
            return rc;
        }
    }

    if (op->linked) {
        platen_commit_confirm(txn, op, now);
    }

    /* A result that is there already waits in no queue. */

    if (!op->shared) {
        rc = platen_commit_room(txn, op);
        if (rc != PLATEN_OK) {
            return rc;
        }
    }

    rc = platen_quota_fits(txn, op->job.client, &op->job.id,
                           op->job.input_size
                           + (op->shared ? op->earlier->size : 0),
                           &op->quota);
    if (rc != PLATEN_OK) {
        return rc;
    }

    rc = platen_store_transition(txn, &op->job, PLATEN_STATE_PENDING, now);

    /* From here on its bytes count as a job's, and no more as an upload's. */

    if (rc == PLATEN_OK && op->resumable) {
        rc = platen_store_unreserve(txn, op->job.client, &op->job.id);

        if (rc != PLATEN_OK) {
            return PLATEN_ERROR;
        }
    }

    if (rc == PLATEN_OK && op->shared) {
        return platen_commit_finish(txn, op, now);
    }

    if (rc == PLATEN_OK) {
        rc = platen_store_queue_position(txn, &op->job, &op->position);
    }

    return rc;
}


void
platen_commit_link(platen_txn_t *txn, platen_commit_op_t *op, const char *data,
    uint64_t now)
{
    platen_job_t             job;
    platen_commit_result_t  *e;

    e = op->earlier;

    /* What was submitted before is answered with that. */

    if (op->job.idem_key.len
        && platen_store_idempotent(txn, op->job.client, op->job.idem_key, &job)
           != PLATEN_NOT_FOUND)
    {
        return;
    }

    if (platen_store_cached(txn, op->job.cache_key, now, &job) != PLATEN_OK
        || job.output_sha256.len != sizeof(e->sha256)
        || job.output_format.len > sizeof(e->format)
        || job.warnings.len > sizeof(e->warnings)
        || job.engines.len > sizeof(e->engines))
    {
        return;
    }

    /* Its strings are gone with this transaction. */

    e->id = job.id;
    e->epoch = job.epoch;
    e->size = job.output_size;
    ngx_memcpy(e->sha256, job.output_sha256.data, job.output_sha256.len);
    e->format_len = job.output_format.len;
    ngx_memcpy(e->format, job.output_format.data, e->format_len);
    e->warnings_len = job.warnings.len;
    ngx_memcpy(e->warnings, job.warnings.data, e->warnings_len);
    e->engines_len = job.engines.len;
    ngx_memcpy(e->engines, job.engines.data, e->engines_len);

    op->linked = platen_layout_share(data, &e->id, e->epoch,
                                     &op->job.id, PLATEN_COMMIT_EPOCH)
                 == 0;

    if (op->linked) {
        platen_crash_point(PLATEN_CRASH_SHARE_LINKED);
    }
}


/*
 * Whether the result that was linked still answers.  If it was deleted since, or
 * another one answers now, the job is converted like any other, and its first
 * claim is of the epoch after that of the link, which is no one's then.
 */

static void
platen_commit_confirm(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now)
{
    platen_job_t             job;
    platen_commit_result_t  *e;

    e = op->earlier;

    op->shared = platen_store_cached(txn, op->job.cache_key, now, &job)
                 == PLATEN_OK
                 && ngx_memcmp(job.id.b, e->id.b, sizeof(e->id.b)) == 0
                 && job.epoch == e->epoch;

    if (!op->shared) {
        op->job.epoch = PLATEN_COMMIT_EPOCH;
    }
}


/* From PENDING to SUCCESS, by the states that every job goes through. */

static int
platen_commit_finish(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now)
{
    int                      rc;
    platen_commit_result_t  *e;

    e = op->earlier;

    rc = platen_store_transition(txn, &op->job, PLATEN_STATE_PROCESSING, now);
    if (rc != PLATEN_OK) {
        return PLATEN_ERROR;
    }

    op->job.cached = 1;
    op->job.output_size = e->size;
    op->job.output_sha256 = (platen_str_t) { e->sha256, sizeof(e->sha256) };
    op->job.output_format = (platen_str_t) { e->format, e->format_len };
    op->job.warnings = (platen_str_t) { e->warnings, e->warnings_len };
    op->job.engines = (platen_str_t) { e->engines, e->engines_len };

    rc = platen_store_transition(txn, &op->job, PLATEN_STATE_SUCCESS, now);

    /* half of it is written: a refusal now has to undo the rest */

    return rc == PLATEN_OK ? PLATEN_OK : PLATEN_ERROR;
}
