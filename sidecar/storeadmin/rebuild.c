/*
 * The indexes, made again from the records; see storeadmin/check.h.  All in
 * the caller's transaction: whoever reads meanwhile sees the old ones, and a
 * failure half-way leaves them.  Clients begin their turns anew.
 */

#include "storeadmin/check.h"
#include "store/index.h"

#define SLICE 256

/* A place of its own in its client's queue, if that of the record is none. */
static int
find_place(platen_txn_t *txn, platen_job_t *job)
{
    uint8_t k[PLATEN_KEY_MAX], ck[1 + PLATEN_CLIENT_MAX];
    MDB_val key = { 0, k }, val;
    size_t  prefix = platen_key_client(ck, job->client);
    int     rc = MDB_SUCCESS;

    if (job->queue_key != 0) {
        key.mv_size = platen_queue_place(k, ck, prefix, job->priority, job->queue_key);
        rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_QUEUE], &key, &val);
        if (rc != MDB_SUCCESS) {
            return rc == MDB_NOTFOUND ? PLATEN_OK : platen_store_rc(txn, rc);
        }
    }

    rc = platen_queue_next_place(txn, job);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = platen_store_write(txn, job);
    return rc == PLATEN_INVALID ? PLATEN_CORRUPT : rc;
}

/* One record; it is copied, as the map changes under it.  Returns 1 if it was indexed. */
static int
index_record(platen_txn_t *txn, const platen_id_t *id)
{
    platen_job_t   job = { .id = *id };
    platen_index_t index;
    uint8_t        record[PLATEN_RECORD_MAX];
    MDB_val        key = { sizeof(id->b), (void *) id->b }, val;
    int            rc;

    rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_JOBS], &key, &val);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    if (val.mv_size > sizeof(record)) {
        return 0;
    }
    memcpy(record, val.mv_data, val.mv_size);
    if (platen_codec_decode(platen_job_fields, platen_job_nfields, &job, record, val.mv_size)
            != PLATEN_OK
        || !platen_store_sound(&job)) {
        return 0;
    }

    rc = PLATEN_OK;
    if (platen_job_waits(&job) && job.not_before == 0) {
        rc = find_place(txn, &job);
    }
    if (rc == PLATEN_OK) {
        rc = platen_index_of(&job, &index);
    }
    if (rc == PLATEN_OK) {
        rc = platen_index_change(txn, NULL, &index);
    }
    if (rc == PLATEN_OK) {
        rc = platen_cache_put(txn, &job, job.cache_key);
    }
    return rc == PLATEN_OK ? 1 : rc;
}

/* What is left of entries whose job, or whose batch, is gone. */
static int
sweep_files(platen_txn_t *txn)
{
    MDB_cursor   *cursor;
    MDB_val       key, val;
    platen_file_t file;
    platen_job_t  job;
    platen_id_t   id;
    int           rc, got;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_FILES], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    while ((rc = mdb_cursor_get(cursor, &key, &val, MDB_NEXT)) == MDB_SUCCESS) {
        got = PLATEN_NOT_FOUND;
        if (key.mv_size == PLATEN_FILE_KEY
            && platen_codec_decode(platen_file_fields, platen_file_nfields, &file, val.mv_data,
                                   val.mv_size)
                   == PLATEN_OK) {
            memcpy(id.b, file.id.len == sizeof(id.b) ? file.id.data : key.mv_data,
                   sizeof(id.b));
            got = platen_store_get(txn, &id, &job);
            if (got == PLATEN_OK && file.id.len == sizeof(id.b)
                && (!platen_job_is_file(&job)
                    || memcmp(job.parent.data, key.mv_data, sizeof(id.b)) != 0)) {
                got = PLATEN_NOT_FOUND;
            }
        }
        if (got == PLATEN_NOT_FOUND) {
            rc = mdb_cursor_del(cursor, 0);
            if (rc != MDB_SUCCESS) {
                break;
            }
        }
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? PLATEN_OK : platen_store_rc(txn, rc);
}

/* Room that is kept for what is a job by now, or for nobody; the rest no record says. */
static int
sweep_uploads(platen_txn_t *txn)
{
    MDB_cursor    *cursor;
    MDB_val        key, val;
    platen_job_t   job;
    platen_id_t    id;
    const uint8_t *k;
    int            rc, got;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_UPLOADS], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    while ((rc = mdb_cursor_get(cursor, &key, &val, MDB_NEXT)) == MDB_SUCCESS) {
        k = key.mv_data;
        got = PLATEN_OK;
        if (k[0] != 0 && k[0] <= PLATEN_CLIENT_MAX && key.mv_size == (size_t) k[0] + 17
            && val.mv_size == 8) {
            memcpy(id.b, k + key.mv_size - sizeof(id.b), sizeof(id.b));
            got = platen_store_get(txn, &id, &job);
        }
        if (got == PLATEN_OK && (rc = mdb_cursor_del(cursor, 0)) != MDB_SUCCESS) {
            break;
        }
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? PLATEN_OK : platen_store_rc(txn, rc);
}

/* A batch's own count of its files; one whose last file had ended is due. */
static int
recount(platen_txn_t *txn, const platen_id_t *id)
{
    platen_job_t  batch, job;
    platen_file_t file;
    platen_id_t   at;
    uint32_t      number = 0;
    int           rc, n;

    rc = platen_store_get(txn, id, &batch);
    if (rc != PLATEN_OK || batch.batch == PLATEN_BATCH_NONE) {
        return rc == PLATEN_ERROR ? rc : PLATEN_OK;
    }
    batch.files = batch.skipped = batch.processing = batch.success = batch.failed = 0;
    while ((n = platen_store_files(txn, id, number, &file, 1)) == 1) {
        number = file.number + 1;
        batch.files++;
        if (file.id.len != sizeof(at.b)) {
            batch.skipped++;
            continue;
        }
        memcpy(at.b, file.id.data, sizeof(at.b));
        if (platen_store_get(txn, &at, &job) == PLATEN_OK) {
            batch.processing += job.state == PLATEN_STATE_PROCESSING;
            batch.success += job.state == PLATEN_STATE_SUCCESS;
            batch.failed += job.state == PLATEN_STATE_FAILED;
        } else {
            batch.failed++; /* it cannot be read, and nothing else will end it */
        }
    }
    if (n < 0) {
        return n;
    }
    if (batch.state == PLATEN_STATE_PROCESSING && batch.batch == PLATEN_BATCH_WORK
        && platen_job_open_files(&batch) == 0) {
        return platen_store_rephase(txn, &batch, batch.updated_at);
    }
    return platen_store_write(txn, &batch);
}

/* Calls `visit` for every record, a slice of ids at a time, as the map changes under it. */
static int
each_job(platen_txn_t *txn, int (*visit)(platen_txn_t *txn, const platen_id_t *id),
         uint64_t     *done)
{
    platen_id_t ids[SLICE], after;
    int         rc, n, j, first = 1;

    do {
        n = platen_store_jobs(txn, first ? NULL : &after, 0, ids, SLICE);
        if (n < 0) {
            return n;
        }
        for (j = 0; j < n; j++) {
            rc = visit(txn, &ids[j]);
            if (rc < 0) {
                return rc;
            }
            *done += (uint64_t) rc;
        }
        if (n > 0) {
            after = ids[n - 1];
            first = 0;
        }
    } while (n == SLICE);
    return PLATEN_OK;
}

int
platen_store_rebuild(platen_txn_t *txn, uint64_t *jobs)
{
    uint64_t done = 0, counted = 0;
    size_t   i;
    int      rc;

    for (i = 0; i < PLATEN_DBS; i++) {
        rc = platen_dbs[i].made ? mdb_drop(txn->mdb, txn->store->dbi[platen_dbs[i].db], 0)
                                : MDB_SUCCESS;
        if (rc != MDB_SUCCESS) {
            return platen_store_rc(txn, rc);
        }
    }

    rc = each_job(txn, index_record, &done);
    if (rc == PLATEN_OK) {
        rc = sweep_files(txn);
    }
    if (rc == PLATEN_OK) {
        rc = sweep_uploads(txn);
    }
    if (rc == PLATEN_OK) {
        rc = each_job(txn, recount, &counted);
    }
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (jobs != NULL) {
        *jobs = done;
    }
    return platen_store_hook_rebuild(txn, platen_now_us());
}
