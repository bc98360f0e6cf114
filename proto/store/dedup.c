/*
 * What answers for a submission that came before: a result with the same key, and
 * the job of an Idempotency-Key; see store/store.h.  Runs in the caller's
 * transaction.
 */

#include "store/internal.h"
#include "store/dedup.h"
#include "store/read.h"

/* The id that answers for that key; PLATEN_NOT_FOUND if none does. */
static int
cache_get(platen_txn_t *txn, platen_str_t cache_key, platen_id_t *id)
{
    MDB_val key = { cache_key.len, (void *) cache_key.data }, val;
    int     rc;

    if (cache_key.len != PLATEN_SHA256_LEN) {
        return PLATEN_NOT_FOUND;
    }
    rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_CACHE], &key, &val);
    if (rc == MDB_NOTFOUND) {
        return PLATEN_NOT_FOUND;
    }
    if (rc == MDB_SUCCESS && val.mv_size != sizeof(id->b)) {
        return PLATEN_CORRUPT;
    }
    if (rc == MDB_SUCCESS) {
        memcpy(id->b, val.mv_data, sizeof(id->b));
    }
    return platen_store_rc(txn, rc);
}

int
platen_store_cached(platen_txn_t *txn, platen_str_t key, uint64_t now, platen_job_t *job)
{
    platen_id_t id;
    int         rc;

    rc = cache_get(txn, key, &id);
    if (rc == PLATEN_OK) {
        rc = platen_store_get(txn, &id, job);
    }
    if (rc == PLATEN_OK && (job->state != PLATEN_STATE_SUCCESS || job->expires_at <= now)) {
        return PLATEN_NOT_FOUND;
    }
    return rc;
}

int
platen_store_idempotent(platen_txn_t *txn, platen_str_t client, platen_str_t key,
                        platen_job_t *job)
{
    platen_id_t id;
    uint8_t     k[PLATEN_IDEM_KEY_MAX];
    MDB_val     mkey = { 0, k }, val;
    int         rc;

    if (client.len > PLATEN_CLIENT_MAX || key.len != PLATEN_SHA256_LEN) {
        return PLATEN_INVALID;
    }
    mkey.mv_size = platen_key_client(k, client);
    memcpy(k + mkey.mv_size, key.data, key.len);
    mkey.mv_size += key.len;

    rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_IDEM], &mkey, &val);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    if (val.mv_size != sizeof(id.b)) {
        return PLATEN_CORRUPT;
    }
    memcpy(id.b, val.mv_data, sizeof(id.b));
    rc = platen_store_get(txn, &id, job);
    return rc == PLATEN_NOT_FOUND ? PLATEN_CORRUPT : rc;
}

/*
 * A result answers for its key from its SUCCESS to its removal.  One that is
 * itself a copy never takes over, or a result would outlive its own TTL.
 */
int
platen_cache_put(platen_txn_t *txn, const platen_job_t *job, platen_str_t key)
{
    if (job->state != PLATEN_STATE_SUCCESS || job->cached || key.len != PLATEN_SHA256_LEN) {
        return PLATEN_OK;
    }
    return platen_store_put(txn, PLATEN_DB_CACHE, key.data, key.len, job->id.b,
                            sizeof(job->id.b), 0);
}

int
platen_cache_del(platen_txn_t *txn, const platen_job_t *job, platen_str_t key)
{
    platen_id_t other;
    int         rc;

    rc = cache_get(txn, key, &other);
    if (rc == PLATEN_NOT_FOUND
        || (rc == PLATEN_OK && memcmp(other.b, job->id.b, sizeof(other.b)) != 0)) {
        return PLATEN_OK;
    }
    return rc == PLATEN_OK ? platen_store_del(txn, PLATEN_DB_CACHE, key.data, key.len) : rc;
}
