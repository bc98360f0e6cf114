
/*
 * A thumbnail comes into being: a job whose document is the result of another.
 * Of two requests for the same one the first makes it.  Runs in the thread pool,
 * in platen_commit's transaction.
 */


#include "commit/thumbnail.h"

#include "access/owned.h"
#include "base/platen.h"
#include "job/job.h"


static int platen_commit_thumbnail_found(platen_txn_t *txn,
    platen_commit_op_t *op, const platen_file_t *file, uint64_t now);


int
platen_commit_thumbnail(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now)
{
    int            rc;
    platen_job_t   shown;
    platen_file_t  files[PLATEN_THUMBNAILS_MAX];

    rc = platen_owned_get(txn, &op->shown, op->job.client, &shown);

    if (rc == PLATEN_OK && shown.epoch != op->epoch) {
        rc = PLATEN_NOT_FOUND;
    }

    if (rc != PLATEN_OK) {
        return rc;
    }

    rc = platen_store_file(txn, &op->shown, op->job.file, &files[0]);

    if (rc == PLATEN_OK) {
        return platen_commit_thumbnail_found(txn, op, &files[0], now);
    }

    if (rc != PLATEN_NOT_FOUND) {
        return rc;
    }

    rc = platen_store_files(txn, &op->shown, PLATEN_THUMBNAIL, files,
                            PLATEN_THUMBNAILS_MAX);
    if (rc < 0) {
        return rc;
    }

    if (rc == PLATEN_THUMBNAILS_MAX) {
        return PLATEN_CLIENT_FULL;
    }

    return platen_store_transition(txn, &op->job, PLATEN_STATE_PENDING, now);
}


/* What has failed may have done so for a reason that is gone. */

static int
platen_commit_thumbnail_found(platen_txn_t *txn, platen_commit_op_t *op,
    const platen_file_t *file, uint64_t now)
{
    int           rc;
    platen_job_t  job;

    if (file->id.len != sizeof(op->existing.b)) {
        return PLATEN_CORRUPT;
    }

    ngx_memcpy(op->existing.b, file->id.data, sizeof(op->existing.b));
    op->stored = 1;

    rc = platen_store_get(txn, &op->existing, &job);

    if (rc == PLATEN_OK && job.state == PLATEN_STATE_FAILED
        && now - job.completed_at > PLATEN_THUMBNAIL_AGAIN)
    {
        return platen_store_transition(txn, &job, PLATEN_STATE_PENDING, now);
    }

    return rc;
}
