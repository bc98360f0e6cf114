/*
 * What batches that were removed have left; see store/store.h.  A batch may have ten
 * thousand files, which go some at a time, each as any job does.  Runs inside the caller's
 * write transaction.
 */

#include "store/internal.h"
#include "store/batch.h"
#include "store/read.h"
#include "store/transition.h"

/* The first batch that is gone and has left something. */
static int
first_tombstones(platen_txn_t *txn, platen_id_t *batch)
{
    MDB_cursor *cursor;
    MDB_val     key, val;
    int         rc;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_TOMBSTONES], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    rc = mdb_cursor_get(cursor, &key, &val, MDB_FIRST);
    if (rc == MDB_SUCCESS && key.mv_size != sizeof(batch->b)) {
        rc = MDB_CORRUPTED;
    }
    if (rc == MDB_SUCCESS) {
        memcpy(batch->b, key.mv_data, sizeof(batch->b));
    }
    mdb_cursor_close(cursor);
    return platen_store_rc(txn, rc);
}

int
platen_store_any_tombstones(platen_txn_t *txn)
{
    platen_id_t batch;
    int         rc;

    rc = first_tombstones(txn, &batch);
    return rc == PLATEN_OK ? 1 : rc == PLATEN_NOT_FOUND ? 0 : rc;
}

/* Removes what entry `file` of a batch stands for; 1 if that was a job. */
static int
remove_entry(platen_txn_t *txn, const platen_id_t *batch, const platen_file_t *file,
             uint64_t now, platen_job_t *removed)
{
    uint8_t      k[PLATEN_FILE_KEY];
    platen_id_t  id;
    platen_job_t job;
    int          rc = PLATEN_NOT_FOUND;

    platen_key_file(k, batch->b, file->number);
    if (file->id.len == sizeof(id.b)) {
        memcpy(id.b, file->id.data, sizeof(id.b));
        rc = platen_store_get(txn, &id, &job);
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_remove(txn, &id, NULL, now, removed);
        return rc == PLATEN_OK ? 1 : rc;
    }
    /* One that cannot be read must not keep the others: fsck finds it. */
    if (rc != PLATEN_NOT_FOUND && rc != PLATEN_CORRUPT && rc != PLATEN_TOO_NEW) {
        return rc;
    }
    return platen_store_del(txn, PLATEN_DB_FILES, k, sizeof(k));
}

int
platen_store_tombstones(platen_txn_t *txn, uint64_t now, platen_job_t *removed, int max, int *n)
{
    platen_file_t file;
    platen_id_t   batch;
    int           rc, seen;

    *n = 0;
    for (seen = 0; seen < max; seen++) {
        rc = first_tombstones(txn, &batch);
        if (rc != PLATEN_OK) {
            return rc == PLATEN_NOT_FOUND ? 0 : rc;
        }
        rc = platen_store_files(txn, &batch, 0, &file, 1);
        if (rc == 0) {
            rc = platen_store_del(txn, PLATEN_DB_TOMBSTONES, batch.b, sizeof(batch.b));
        } else if (rc > 0) {
            rc = remove_entry(txn, &batch, &file, now, &removed[*n]);
        }
        if (rc < 0) {
            return rc;
        }
        *n += rc;
    }
    return 1;
}
