/*
 * What of a record is secret, sealed before it is written; see store/store.h and
 * store/seal.h.  Who serves reads the key before it does: no file is touched while the
 * writers' lock is held.  Others read it when they meet a secret.
 */

#include "store/internal.h"

#include <errno.h>

#include "job/option.h"
#include "store/seal.h"
#include "store/secrets.h"

static int
have_key(platen_store_t *store, int create)
{
    const char *path;
    int         rc;

    if (store->has_key) {
        return PLATEN_OK;
    }
    if (mdb_env_get_path(store->env, &path) != MDB_SUCCESS) {
        return PLATEN_ERROR;
    }
    rc = platen_seal_key(path, create, store->key);
    store->has_key = rc == PLATEN_OK;
    return rc;
}

int
platen_store_key(platen_store_t *store)
{
    return have_key(store->whole, 1);
}

int
platen_store_encode(platen_txn_t *txn, const platen_job_t *job,
                    uint8_t record[PLATEN_RECORD_MAX], size_t *size)
{
    char         sealed[PLATEN_OPTIONS_TEXT_MAX + PLATEN_SEAL_MORE];
    platen_job_t stored = *job;
    int          rc;

    if (job->secrets.len != 0 && !platen_seal_is(job->secrets)) {
        if (job->secrets.len > PLATEN_OPTIONS_TEXT_MAX) {
            return PLATEN_INVALID;
        }
        rc = have_key(txn->store->whole, 1);
        if (rc == PLATEN_ERROR) {
            txn->rc = errno;
        }
        if (rc == PLATEN_OK) {
            rc = platen_seal(txn->store->whole->key, job->secrets, sealed);
        }
        if (rc != PLATEN_OK) {
            return PLATEN_ERROR;
        }
        stored.secrets = (platen_str_t){ sealed, job->secrets.len + PLATEN_SEAL_MORE };
    }
    *size = platen_codec_write(platen_job_fields, platen_job_nfields, &stored, record,
                               PLATEN_RECORD_MAX);
    return *size == 0 ? PLATEN_INVALID : PLATEN_OK;
}

int
platen_store_write(platen_txn_t *txn, const platen_job_t *job)
{
    uint8_t record[PLATEN_RECORD_MAX];
    size_t  size;
    int     rc;

    rc = platen_store_encode(txn, job, record, &size);
    if (rc != PLATEN_OK) {
        return rc;
    }
    return platen_store_put(txn, PLATEN_DB_JOBS, job->id.b, sizeof(job->id.b), record, size, 0);
}

int
platen_store_secrets(platen_txn_t *txn, const platen_job_t *job,
                     char out[PLATEN_OPTIONS_TEXT_MAX], size_t *len)
{
    int rc;

    *len = 0;
    if (job->secrets.len == 0) {
        return PLATEN_OK;
    }
    if (!platen_seal_is(job->secrets)) {
        if (job->secrets.len > PLATEN_OPTIONS_TEXT_MAX) {
            return PLATEN_CORRUPT;
        }
        memcpy(out, job->secrets.data, job->secrets.len);
        *len = job->secrets.len;
        return PLATEN_OK;
    }
    if (job->secrets.len > PLATEN_OPTIONS_TEXT_MAX + PLATEN_SEAL_MORE) {
        return PLATEN_CORRUPT;
    }
    rc = have_key(txn->store->whole, 0);
    if (rc == PLATEN_OK) {
        rc = platen_seal_open(txn->store->whole->key, job->secrets, out);
    } else if (rc == PLATEN_ERROR) {
        txn->rc = errno;
    }
    if (rc == PLATEN_OK) {
        *len = job->secrets.len - PLATEN_SEAL_MORE;
    }
    return rc;
}
