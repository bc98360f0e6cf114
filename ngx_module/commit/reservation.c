
/*
 * What a group's transaction does for resumable uploads: keeps room for one in
 * its client's quota, and gives it back.  Runs in the thread pool, in
 * platen_commit's transaction; store/store.h says what an entry is.
 */


#include "commit/reservation.h"

#include "access/quota.h"
#include "base/platen.h"
#include "store/store.h"


static int platen_commit_reserve(platen_txn_t *txn, platen_commit_op_t *op);


int
platen_commit_upload(platen_txn_t *txn, platen_commit_op_t *op)
{
    if (op->kind == PLATEN_COMMIT_RELEASE) {
        return platen_store_unreserve(txn, op->job.client, &op->job.id);
    }

    return platen_commit_reserve(txn, op);
}


static int
platen_commit_reserve(platen_txn_t *txn, platen_commit_op_t *op)
{
    int              rc;
    uint64_t         bytes;
    platen_quota_t  *quota;

    quota = &op->quota;

    rc = platen_quota_fits(txn, op->job.client, &op->job.id,
                           op->job.input_size, quota);

    if (rc != PLATEN_OK && rc != PLATEN_OVER_QUOTA) {
        return rc;
    }

    if (quota->max_uploads && quota->uploads >= quota->max_uploads) {
        return PLATEN_CLIENT_FULL;
    }

    if (rc != PLATEN_OK) {
        return rc;
    }

    bytes = ngx_max(op->wish, op->job.input_size);

    if (quota->limit) {
        bytes = ngx_min(bytes, quota->limit - quota->used - quota->reserved);
    }

    op->granted = bytes;

    return platen_store_reserve(txn, op->job.client, &op->job.id, bytes);
}
