/*
 * Jobs that wait for a time of their own, and go into the queue when it has come;
 * see store/store.h.  Runs in the caller's transaction.
 */

#include "store/index.h"
#include "store/queue.h"
#include "store/read.h"

int
platen_store_next_due(platen_txn_t *txn, uint64_t *time)
{
    MDB_val key, val;
    int     rc;

    *time = 0;
    rc = platen_store_seek(txn, PLATEN_DB_LATER, "", 1, 0, &key, &val);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }
    if (key.mv_size != 24) {
        return PLATEN_CORRUPT;
    }
    *time = platen_get_be64(key.mv_data);
    return PLATEN_OK;
}

/* Into the queue; what clients see of the job stays as it was. */
static int
release(platen_txn_t *txn, const platen_id_t *id)
{
    platen_index_t before, after;
    platen_job_t   job;
    uint8_t        record[PLATEN_RECORD_MAX];
    size_t         size = 0;
    int            rc;

    rc = platen_store_get(txn, id, &job);
    if (rc == PLATEN_OK) {
        rc = platen_index_of(&job, &before);
    }
    if (rc == PLATEN_OK) {
        rc = platen_queue_next_place(txn, &job);
    }
    if (rc == PLATEN_OK) {
        job.not_before = 0;
        rc = platen_index_of(&job, &after);
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_encode(txn, &job, record, &size);
    }
    if (rc == PLATEN_OK) {
        rc = platen_index_change(txn, &before, &after);
    }
    return rc == PLATEN_OK ? platen_store_put(txn, PLATEN_DB_JOBS, id->b, 16, record, size, 0)
                           : rc;
}

int
platen_store_release(platen_txn_t *txn, uint64_t now, int max)
{
    platen_id_t id;
    uint8_t     k[24];
    MDB_val     key, val;
    int         rc, n = 0;

    while (n < max) {
        rc = platen_store_seek(txn, PLATEN_DB_LATER, "", 1, 0, &key, &val);
        if (rc == PLATEN_NOT_FOUND) {
            break;
        }
        if (rc != PLATEN_OK) {
            return rc;
        }
        if (key.mv_size != sizeof(k)) {
            return PLATEN_CORRUPT;
        }
        memcpy(k, key.mv_data, sizeof(k));
        if (platen_get_be64(k) > now) {
            break;
        }
        memcpy(id.b, k + 8, sizeof(id.b));
        /* Whatever its record says: it would be met again. */
        rc = platen_store_del(txn, PLATEN_DB_LATER, k, sizeof(k));
        if (rc == PLATEN_OK) {
            rc = release(txn, &id);
        }
        /* One that cannot be read must not keep the others: fsck finds it. */
        if (rc != PLATEN_OK && rc != PLATEN_CORRUPT && rc != PLATEN_NOT_FOUND
            && rc != PLATEN_TOO_NEW) {
            return rc;
        }
        n++;
    }
    return n;
}
