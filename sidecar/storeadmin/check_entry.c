/*
 * Records, and entries that are about one job or one client's turn; see
 * storeadmin/check.h.  Changes nothing.
 */

#include "storeadmin/internal.h"

void
platen_check_tell(const platen_check_t *check, int db, platen_damage_kind_t kind,
                  const void *key, size_t len)
{
    platen_damage_t damage = { .kind = kind, .key = key, .len = len };
    size_t          i;

    for (i = 0; i < PLATEN_DBS; i++) {
        if (platen_dbs[i].db == db) {
            damage.db = platen_dbs[i].name;
        }
    }
    check->found(check->data, &damage);
}

int
platen_check_get(platen_txn_t *txn, int db, const void *k, size_t klen, MDB_val *val)
{
    MDB_val key = { klen, (void *) k };

    return platen_store_rc(txn, mdb_get(txn->mdb, txn->store->dbi[db], &key, val));
}

/* A record, and all that it asks for. */
int
platen_check_job(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    platen_job_t          job = { .state = PLATEN_STATE_NONE };
    platen_index_t        index;
    const platen_entry_t *e;
    MDB_val               found;
    int                   rc;

    rc = key.mv_size != sizeof(job.id.b)
             ? PLATEN_CORRUPT
             : platen_codec_decode(platen_job_fields, platen_job_nfields, &job, val.mv_data,
                                   val.mv_size);
    if (rc != PLATEN_OK || !platen_store_sound(&job)) {
        platen_check_tell(check, PLATEN_DB_JOBS, PLATEN_DAMAGE_UNREADABLE, key.mv_data,
                          key.mv_size);
        return PLATEN_OK;
    }
    memcpy(job.id.b, key.mv_data, sizeof(job.id.b));

    rc = platen_index_of(&job, &index);
    for (e = index.entries; rc == PLATEN_OK && e < index.entries + index.n; e++) {
        rc = platen_check_get(txn, e->db, e->key, e->klen, &found);
        if (rc == PLATEN_NOT_FOUND) {
            platen_check_tell(check, e->db, PLATEN_DAMAGE_MISSING, job.id.b, sizeof(job.id.b));
            rc = PLATEN_OK;
        } else if (rc == PLATEN_OK
                   && (found.mv_size != e->vlen
                       || memcmp(found.mv_data, e->val, e->vlen) != 0)) {
            platen_check_tell(check, e->db, PLATEN_DAMAGE_WRONG, job.id.b, sizeof(job.id.b));
        }
    }
    return rc;
}

/* The job that an entry is about.  PLATEN_NOT_FOUND if it can be about none. */
static int
job_of(platen_txn_t *txn, const platen_db_t *step, MDB_val key, MDB_val val, platen_job_t *job)
{
    platen_id_t id;

    if (step->id_at == 0 ? val.mv_size != sizeof(id.b) : key.mv_size < step->id_at) {
        return PLATEN_NOT_FOUND;
    }
    memcpy(id.b,
           step->id_at == 0 ? val.mv_data
                            : (const uint8_t *) key.mv_data + key.mv_size - step->id_at,
           sizeof(id.b));
    return platen_store_get(txn, &id, job);
}

/* An entry that is about one job. */
int
platen_check_entry(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    const platen_db_t *step = &platen_dbs[check->step];
    platen_index_t     index = { .n = 0 };
    platen_job_t       job;
    size_t             i;
    int                rc;

    rc = job_of(txn, step, key, val, &job);
    if (rc == PLATEN_CORRUPT || rc == PLATEN_TOO_NEW
        || (rc == PLATEN_OK && !platen_store_sound(&job))) {
        return PLATEN_OK; /* the record has been told about */
    }
    if (rc == PLATEN_OK) {
        rc = platen_index_of(&job, &index);
    }
    if (rc != PLATEN_OK && rc != PLATEN_NOT_FOUND) {
        return rc;
    }
    for (i = 0; i < index.n; i++) {
        if (index.entries[i].db == step->db && index.entries[i].klen == key.mv_size
            && memcmp(index.entries[i].key, key.mv_data, key.mv_size) == 0) {
            return PLATEN_OK;
        }
    }
    platen_check_tell(check, step->db, PLATEN_DAMAGE_SURPLUS, key.mv_data, key.mv_size);
    return PLATEN_OK;
}

/* Not every result is in the cache, but those that are must be able to answer. */
int
platen_check_cache(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    platen_job_t job;
    int          rc;

    rc = job_of(txn, &platen_dbs[check->step], key, val, &job);
    if (rc == PLATEN_NOT_FOUND
        || (rc == PLATEN_OK
            && (job.state != PLATEN_STATE_SUCCESS || job.cached
                || !platen_str_eq(job.cache_key,
                                  (platen_str_t){ key.mv_data, key.mv_size })))) {
        platen_check_tell(check, PLATEN_DB_CACHE, PLATEN_DAMAGE_SURPLUS, key.mv_data,
                          key.mv_size);
        return PLATEN_OK;
    }
    return rc == PLATEN_CORRUPT || rc == PLATEN_TOO_NEW ? PLATEN_OK : rc;
}

/* A client's turn: its time is the one that "flow" has. */
int
platen_check_turn(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    int rc = PLATEN_NOT_FOUND;

    if (key.mv_size > 8) {
        rc = platen_check_get(txn, PLATEN_DB_FLOW, (const uint8_t *) key.mv_data + 8,
                              key.mv_size - 8, &val);
    }
    if (rc != PLATEN_OK && rc != PLATEN_NOT_FOUND) {
        return rc;
    }
    if (rc == PLATEN_NOT_FOUND || val.mv_size != 8
        || memcmp(val.mv_data, key.mv_data, 8) != 0) {
        platen_check_tell(check, PLATEN_DB_TURN, PLATEN_DAMAGE_SURPLUS, key.mv_data,
                          key.mv_size);
    }
    return PLATEN_OK;
}

int
platen_check_flow(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    uint8_t k[8 + 1 + PLATEN_CLIENT_MAX];
    MDB_val none;
    int     rc, any;

    if (val.mv_size != 8 || key.mv_size > sizeof(k) - 8) {
        platen_check_tell(check, PLATEN_DB_FLOW, PLATEN_DAMAGE_WRONG, key.mv_data, key.mv_size);
        return PLATEN_OK;
    }
    any = platen_queue_prefix(txn, PLATEN_DB_QUEUE, key.mv_data, key.mv_size);
    if (any < 0) {
        return any;
    }
    if (!any) {
        platen_check_tell(check, PLATEN_DB_FLOW, PLATEN_DAMAGE_SURPLUS, key.mv_data,
                          key.mv_size);
    }
    memcpy(k, val.mv_data, 8);
    memcpy(k + 8, key.mv_data, key.mv_size);
    rc = platen_check_get(txn, PLATEN_DB_TURN, k, 8 + key.mv_size, &none);
    if (rc == PLATEN_NOT_FOUND) {
        platen_check_tell(check, PLATEN_DB_TURN, PLATEN_DAMAGE_MISSING, key.mv_data,
                          key.mv_size);
        rc = PLATEN_OK;
    }
    return rc;
}

/* An entry of an archive: one that is a job is what that asks for; one that is none has a
 * batch.
 */
int
platen_check_file(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    platen_file_t file;
    platen_job_t  job;
    platen_id_t   id;
    MDB_val       none;
    int           rc;

    rc = key.mv_size != PLATEN_FILE_KEY
             ? PLATEN_CORRUPT
             : platen_codec_decode(platen_file_fields, platen_file_nfields, &file, val.mv_data,
                                   val.mv_size);
    if (rc == PLATEN_OK && file.id.len == sizeof(id.b)) {
        return platen_check_entry(txn, check, key,
                                  (MDB_val){ sizeof(id.b), (void *) file.id.data });
    }
    if (rc == PLATEN_OK) {
        memcpy(id.b, key.mv_data, sizeof(id.b));
        rc = platen_store_get(txn, &id, &job);
        if (rc == PLATEN_NOT_FOUND) {
            rc = platen_check_get(txn, PLATEN_DB_TOMBSTONES, id.b, sizeof(id.b), &none);
        }
    }
    if (rc == PLATEN_NOT_FOUND || (rc == PLATEN_CORRUPT && key.mv_size != PLATEN_FILE_KEY)) {
        platen_check_tell(check, PLATEN_DB_FILES, PLATEN_DAMAGE_SURPLUS, key.mv_data,
                          key.mv_size);
        return PLATEN_OK;
    }
    return rc == PLATEN_CORRUPT || rc == PLATEN_TOO_NEW ? PLATEN_OK : rc;
}

/* Room that is kept for an upload: of someone, and of one that is no job yet. */
int
platen_check_upload(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    const uint8_t *k = key.mv_data;
    platen_job_t   job;
    platen_id_t    id;
    int            rc = PLATEN_OK;

    if (k[0] != 0 && k[0] <= PLATEN_CLIENT_MAX && key.mv_size == (size_t) k[0] + 17
        && val.mv_size == 8) {
        memcpy(id.b, k + key.mv_size - sizeof(id.b), sizeof(id.b));
        rc = platen_store_get(txn, &id, &job);
    }
    if (rc == PLATEN_OK) {
        platen_check_tell(check, PLATEN_DB_UPLOADS, PLATEN_DAMAGE_SURPLUS, key.mv_data,
                          key.mv_size);
    }
    return rc == PLATEN_ERROR ? rc : PLATEN_OK;
}

/* A batch that is gone: is it? */
int
platen_check_tombstones(platen_txn_t *txn, const platen_check_t *check, MDB_val key,
                        MDB_val val)
{
    int rc = PLATEN_OK;

    if (key.mv_size == sizeof(platen_id_t)) {
        rc = platen_check_get(txn, PLATEN_DB_JOBS, key.mv_data, key.mv_size, &val);
    }
    if (rc == PLATEN_OK) {
        platen_check_tell(check, PLATEN_DB_TOMBSTONES, PLATEN_DAMAGE_SURPLUS, key.mv_data,
                          key.mv_size);
    }
    return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
}
