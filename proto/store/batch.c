/*
 * Batches in the store; see store/store.h.  A batch counts its files in its own
 * record, in the transaction that changes one of them: so whoever ends the last
 * one makes the batch due, and no kill comes between.  Runs inside the caller's
 * write transaction.
 */

#include "store/index.h"
#include "store/batch.h"
#include "store/read.h"

/* The counter of that state; NULL: PENDING files are the rest. */
static uint32_t *
counter(platen_job_t *batch, platen_state_t state)
{
    switch (state) {
    case PLATEN_STATE_PROCESSING:
        return &batch->processing;
    case PLATEN_STATE_SUCCESS:
    case PLATEN_STATE_PARTIAL_SUCCESS:
        return &batch->success;
    case PLATEN_STATE_FAILED:
    case PLATEN_STATE_CANCELLED:
        return &batch->failed;
    default:
        return NULL;
    }
}

int
platen_batch_open(platen_txn_t *txn, const platen_job_t *file)
{
    platen_job_t batch;
    platen_id_t  id;

    memcpy(id.b, file->parent.data, sizeof(id.b));
    return platen_store_get(txn, &id, &batch) == PLATEN_OK
           && batch.state == PLATEN_STATE_PROCESSING && batch.batch == PLATEN_BATCH_OPEN;
}

int
platen_store_rephase(platen_txn_t *txn, platen_job_t *job, uint64_t now)
{
    platen_job_t   stored;
    platen_index_t before, after;
    uint8_t        record[PLATEN_RECORD_MAX];
    size_t         size;
    int            rc;

    rc = platen_store_get(txn, &job->id, &stored);
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (stored.state != PLATEN_STATE_PROCESSING || stored.batch == PLATEN_BATCH_NONE) {
        return PLATEN_INVALID_TRANSITION;
    }
    if (stored.epoch != job->epoch) {
        return PLATEN_STALE;
    }

    job->queue_key = 0;
    job->updated_at = now;
    if (job->batch == PLATEN_BATCH_WORK && platen_job_open_files(job) == 0) {
        job->batch = PLATEN_BATCH_DUE;
    }
    if (job->batch == PLATEN_BATCH_DUE || job->batch == PLATEN_BATCH_WORK) {
        job->lease_until = 0;
        job->owner = (platen_str_t){ NULL, 0 };
    }
    if (job->batch != PLATEN_BATCH_DUE) {
        job->not_before = 0;
    }
    if (job->batch == PLATEN_BATCH_PACK) {
        job->epoch++;
    }
    if (job->batch == PLATEN_BATCH_DUE && job->not_before == 0) {
        rc = platen_queue_next_place(txn, job);
        if (rc != PLATEN_OK) {
            return rc;
        }
    }

    rc = platen_store_encode(txn, job, record, &size);
    if (rc == PLATEN_OK) {
        rc = platen_index_of(&stored, &before);
    }
    if (rc == PLATEN_OK) {
        rc = platen_index_of(job, &after);
    }
    if (rc == PLATEN_OK) {
        rc = platen_index_change(txn, &before, &after);
    }
    if (rc == PLATEN_OK && job->batch == PLATEN_BATCH_PACK) {
        rc = platen_queue_charge(txn, after.client, after.prefix);
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_put(txn, PLATEN_DB_JOBS, job->id.b, 16, record, size, 0);
    }
    return rc;
}

int
platen_batch_count(platen_txn_t *txn, const platen_id_t *batch, platen_state_t from,
                   platen_state_t to, uint64_t seq, uint64_t now)
{
    platen_job_t job;
    uint32_t    *n;
    int          rc;

    rc = platen_store_get(txn, batch, &job);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc; /* it goes before its files */
    }
    if (from == PLATEN_STATE_NONE) {
        job.files++;
    } else if (to == PLATEN_STATE_NONE) {
        job.files--;
    }
    n = counter(&job, from);
    if (n != NULL) {
        *n -= *n > 0;
    }
    n = counter(&job, to);
    if (n != NULL) {
        (*n)++;
    }
    job.change_seq = seq;
    job.updated_at = now;

    if (job.state == PLATEN_STATE_PROCESSING && job.batch == PLATEN_BATCH_WORK
        && platen_job_open_files(&job) == 0) {
        return platen_store_rephase(txn, &job, now);
    }
    return platen_store_write(txn, &job);
}

int
platen_store_skip(platen_txn_t *txn, const platen_id_t *batch, const platen_file_t *file,
                  uint64_t now)
{
    platen_job_t  job;
    platen_file_t there;
    uint8_t       k[PLATEN_FILE_KEY], v[PLATEN_RECORD_MAX];
    size_t        size;
    int           rc;

    rc = platen_store_file(txn, batch, file->number, &there);
    if (rc != PLATEN_NOT_FOUND) {
        return rc;
    }
    rc = platen_store_get(txn, batch, &job);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = platen_index_file(file, v, sizeof(v), &size);
    if (rc != PLATEN_OK) {
        return rc;
    }
    platen_key_file(k, batch->b, file->number);

    job.files++;
    job.skipped++;
    job.updated_at = now;
    rc = platen_store_write(txn, &job);
    return rc == PLATEN_OK ? platen_store_put(txn, PLATEN_DB_FILES, k, sizeof(k), v, size, 0)
                           : rc;
}

/* An entry of "files" as it is in the map. */
static int
decode(MDB_val key, MDB_val val, platen_file_t *file)
{
    const uint8_t *p = key.mv_data;

    if (key.mv_size != PLATEN_FILE_KEY) {
        return PLATEN_CORRUPT;
    }
    p += 16;
    file->number = (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
    return platen_codec_decode(platen_file_fields, platen_file_nfields, file, val.mv_data,
                               val.mv_size);
}

int
platen_store_file(platen_txn_t *txn, const platen_id_t *batch, uint32_t number,
                  platen_file_t *file)
{
    uint8_t k[PLATEN_FILE_KEY];
    MDB_val key = { sizeof(k), k }, val;
    int     rc;

    platen_key_file(k, batch->b, number);
    rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_FILES], &key, &val);
    return rc == MDB_SUCCESS ? decode(key, val, file) : platen_store_rc(txn, rc);
}

int
platen_store_files(platen_txn_t *txn, const platen_id_t *batch, uint32_t number,
                   platen_file_t *files, int max)
{
    MDB_cursor   *cursor;
    MDB_cursor_op op = MDB_SET_RANGE;
    uint8_t       k[PLATEN_FILE_KEY];
    MDB_val       key = { sizeof(k), k }, val;
    int           rc, n = 0;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_FILES], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    platen_key_file(k, batch->b, number);
    while (n < max && (rc = mdb_cursor_get(cursor, &key, &val, op)) == MDB_SUCCESS
           && memcmp(key.mv_data, batch->b, sizeof(batch->b)) == 0) {
        op = MDB_NEXT;
        if (decode(key, val, &files[n]) != PLATEN_OK) {
            rc = MDB_CORRUPTED;
            break;
        }
        n++;
    }
    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? n : platen_store_rc(txn, rc);
}
