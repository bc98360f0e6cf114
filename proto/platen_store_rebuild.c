/*
 * The indexes, made again from the records; see platen_store_check.h.  All in
 * the caller's transaction: whoever reads meanwhile sees the old ones, and a
 * failure half-way leaves them.  Clients begin their turns anew.
 */

#include "platen_store_check.h"
#include "platen_store_int.h"

#define SLICE 256

static const int indexes[] = {
    PLATEN_DB_QUEUE,   PLATEN_DB_TURN,  PLATEN_DB_FLOW,  PLATEN_DB_LATER,
    PLATEN_DB_CLIENT,  PLATEN_DB_STATE, PLATEN_DB_COUNT, PLATEN_DB_EXPIRY,
    PLATEN_DB_RUNNING, PLATEN_DB_CACHE, PLATEN_DB_IDEM,  PLATEN_DB_USAGE,
};

/* A place of its own in its client's queue, if that of the record is none. */
static int
find_place(platen_txn_t *txn, platen_job_t *job)
{
    uint8_t k[PLATEN_KEY_MAX], ck[1 + PLATEN_CLIENT_MAX], record[PLATEN_RECORD_MAX];
    MDB_val key = { 0, k }, val;
    size_t  prefix = platen_key_client(ck, job->client), size;
    int     rc = MDB_SUCCESS;

    if (job->queue_key != 0) {
        key.mv_size = platen_queue_place(k, ck, prefix, job->priority, job->queue_key);
        rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_QUEUE], &key, &val);
        if (rc != MDB_SUCCESS) {
            return rc == MDB_NOTFOUND ? PLATEN_OK : platen_store_rc(txn, rc);
        }
    }

    rc = platen_queue_last(txn, ck, prefix, job->priority, &job->queue_key);
    if (rc != PLATEN_OK) {
        return rc;
    }
    job->queue_key++;
    size = platen_codec_size(platen_job_fields, platen_job_nfields, job);
    if (size > sizeof(record)) {
        return PLATEN_CORRUPT;
    }
    platen_codec_encode(platen_job_fields, platen_job_nfields, job, record);
    return platen_store_put(txn, PLATEN_DB_JOBS, job->id.b, sizeof(job->id.b), record, size, 0);
}

/* One record; it is copied, as the map changes under it.  Returns 1 if it was indexed. */
static int
index_record(platen_txn_t *txn, const platen_id_t *id)
{
    platen_job_t job = { .id = *id };
    uint8_t      record[PLATEN_RECORD_MAX];
    MDB_val      key = { sizeof(id->b), (void *) id->b }, val;
    int          rc;

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
    if (job.state == PLATEN_STATE_PENDING && job.not_before == 0) {
        rc = find_place(txn, &job);
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_index(txn, &job);
    }
    return rc == PLATEN_OK ? 1 : rc;
}

int
platen_store_rebuild(platen_txn_t *txn, uint64_t *jobs)
{
    platen_id_t ids[SLICE], after;
    uint64_t    done = 0;
    size_t      i;
    int         rc, n, j, first = 1;

    for (i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
        rc = mdb_drop(txn->mdb, txn->store->dbi[indexes[i]], 0);
        if (rc != MDB_SUCCESS) {
            return platen_store_rc(txn, rc);
        }
    }

    do {
        n = platen_store_jobs(txn, first ? NULL : &after, 0, ids, SLICE);
        if (n < 0) {
            return n;
        }
        for (j = 0; j < n; j++) {
            rc = index_record(txn, &ids[j]);
            if (rc < 0) {
                return rc;
            }
            done += (uint64_t) rc;
        }
        if (n > 0) {
            after = ids[n - 1];
            first = 0;
        }
    } while (n == SLICE);

    if (jobs != NULL) {
        *jobs = done;
    }
    return platen_store_hook_rebuild(txn, platen_now_us());
}
