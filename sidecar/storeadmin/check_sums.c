/*
 * Counters, usage and turns, beside the records that they are of; see storeadmin/check.h.
 * They are compared client by client, each in one call.  Changes nothing.
 */

#include "storeadmin/internal.h"

/* What a client's records add up to. */
typedef struct {
    uint64_t count[UINT8_MAX + 1]; /* by platen_index_count() */
    uint64_t usage;
    int      waits; /* it has a job that is due */
} sums_t;

static void
add_job(sums_t *sums, const platen_job_t *job)
{
    sums->count[platen_index_count(job)]++;
    sums->usage += platen_store_bytes(job);
    sums->waits |= platen_job_waits(job) && job->not_before == 0;
}

/*
 * What the files of one batch, or the thumbnails of one job, add up to; those of one client
 * (length octet, name).  No job counts its thumbnails.
 */
static int
add_files(platen_txn_t *txn, const platen_check_t *check, const platen_id_t *id,
          const uint8_t *ck, sums_t *sums)
{
    const platen_str_t client = { (const char *) ck + 1, ck[0] };
    platen_file_t      file = { .number = 0 };
    platen_job_t       batch, job;
    platen_id_t        at;
    uint32_t           number = 0, skipped = 0;
    sums_t             own = { .usage = 0 };
    int                n, known;

    known = platen_store_get(txn, id, &batch) == PLATEN_OK;
    while ((n = platen_store_files(txn, id, number, &file, 1)) == 1) {
        number = file.number + 1;
        if (file.id.len != sizeof(at.b)) {
            skipped++;
            continue;
        }
        memcpy(at.b, file.id.data, sizeof(at.b));
        if (platen_store_get(txn, &at, &job) == PLATEN_OK && platen_store_sound(&job)
            && platen_str_eq(job.client, client)) {
            add_job(sums, &job);
            if (file.number < PLATEN_THUMBNAIL) {
                add_job(&own, &job);
            }
        } else if (file.number < PLATEN_THUMBNAIL) {
            own.count[PLATEN_COUNT_FILE
                      + PLATEN_STATE_FAILED]++; /* it cannot be read, and will not end */
        }
    }
    if (n < 0) {
        return n;
    }
    if (known && check != NULL
        && (batch.skipped != skipped
            || batch.success != own.count[PLATEN_COUNT_FILE + PLATEN_STATE_SUCCESS]
            || batch.failed != own.count[PLATEN_COUNT_FILE + PLATEN_STATE_FAILED]
            || batch.processing != own.count[PLATEN_COUNT_FILE + PLATEN_STATE_PROCESSING]
            || platen_job_open_files(&batch)
                   != own.count[PLATEN_COUNT_FILE + PLATEN_STATE_PENDING]
                          + own.count[PLATEN_COUNT_FILE + PLATEN_STATE_PROCESSING])) {
        platen_check_tell(check, PLATEN_DB_JOBS, PLATEN_DAMAGE_WRONG, id->b, sizeof(id->b));
    }
    return PLATEN_OK;
}

/* The files of batches that are gone count until they are, too. */
static int
add_tombstones(platen_txn_t *txn, const uint8_t *ck, sums_t *sums)
{
    MDB_cursor *cursor;
    MDB_val     key, val;
    platen_id_t id;
    int         rc, got = PLATEN_OK;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_TOMBSTONES], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    while (got == PLATEN_OK
           && (rc = mdb_cursor_get(cursor, &key, &val, MDB_NEXT)) == MDB_SUCCESS) {
        if (key.mv_size == sizeof(id.b)) {
            memcpy(id.b, key.mv_data, sizeof(id.b));
            got = add_files(txn, NULL, &id, ck, sums);
        }
    }
    mdb_cursor_close(cursor);
    return got;
}

static int
add_up(platen_txn_t *txn, const platen_check_t *check, const uint8_t *ck, size_t prefix,
       sums_t *sums)
{
    MDB_cursor  *cursor;
    MDB_val      key = { prefix, (void *) ck }, val;
    platen_job_t job;
    platen_id_t  id;
    int          rc, got;

    memset(sums, 0, sizeof(*sums));
    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_CLIENT], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    rc = mdb_cursor_get(cursor, &key, &val, MDB_SET_RANGE);
    for (; rc == MDB_SUCCESS && key.mv_size >= prefix && memcmp(key.mv_data, ck, prefix) == 0;
         rc = mdb_cursor_get(cursor, &key, &val, MDB_NEXT)) {
        if (key.mv_size != prefix + sizeof(id.b)) {
            continue;
        }
        memcpy(id.b, (const uint8_t *) key.mv_data + prefix, sizeof(id.b));
        got = platen_store_get(txn, &id, &job);
        if (got == PLATEN_OK && platen_store_sound(&job)) {
            add_job(sums, &job);
            got = add_files(txn, check, &id, ck, sums);
            if (got != PLATEN_OK) {
                mdb_cursor_close(cursor);
                return got;
            }
        }
    }
    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? add_tombstones(txn, ck, sums)
                                                   : platen_store_rc(txn, rc);
}

/* One number beside what it should be: there only while it is not 0. */
static int
compare(platen_txn_t *txn, const platen_check_t *check, int db, const uint8_t *k, size_t klen,
        uint64_t expected)
{
    MDB_val val;
    int     rc;

    rc = platen_check_get(txn, db, k, klen, &val);
    if (rc != PLATEN_OK && rc != PLATEN_NOT_FOUND) {
        return rc;
    }
    if (rc == PLATEN_NOT_FOUND) {
        if (expected != 0) {
            platen_check_tell(check, db, PLATEN_DAMAGE_MISSING, k, klen);
        }
    } else if (val.mv_size != 8 || platen_get_be64(val.mv_data) != expected) {
        platen_check_tell(check, db,
                          expected == 0 ? PLATEN_DAMAGE_SURPLUS : PLATEN_DAMAGE_WRONG, k, klen);
    }
    return PLATEN_OK;
}

static int
look_at_client(platen_txn_t *txn, const platen_check_t *check, const uint8_t *ck, size_t prefix)
{
    uint8_t k[PLATEN_KEY_MAX];
    sums_t  sums;
    MDB_val val;
    int     rc, state;

    rc = add_up(txn, check, ck, prefix, &sums);
    if (rc == PLATEN_OK) {
        rc = compare(txn, check, PLATEN_DB_USAGE, ck, prefix, sums.usage);
    }
    memcpy(k, ck, prefix);
    for (state = 0; rc == PLATEN_OK && state <= UINT8_MAX; state++) {
        k[prefix] = (uint8_t) state;
        rc = compare(txn, check, PLATEN_DB_COUNT, k, prefix + 1, sums.count[state]);
    }
    if (rc == PLATEN_OK && sums.waits) {
        rc = platen_check_get(txn, PLATEN_DB_FLOW, ck, prefix, &val);
        if (rc == PLATEN_NOT_FOUND) {
            platen_check_tell(check, PLATEN_DB_FLOW, PLATEN_DAMAGE_MISSING, ck, prefix);
            rc = PLATEN_OK;
        }
    }
    return rc;
}

/* An entry of the listing; the first one of a client stands for all of them. */
int
platen_check_listing(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    const uint8_t *k = key.mv_data;
    size_t         prefix = 1 + (size_t) k[0];
    int            rc;

    rc = platen_check_entry(txn, check, key, val);
    if (rc != PLATEN_OK || k[0] == 0 || k[0] > PLATEN_CLIENT_MAX || key.mv_size != prefix + 16
        || (check->len == key.mv_size && memcmp(check->at, k, prefix) == 0)) {
        return rc;
    }
    return look_at_client(txn, check, k, prefix);
}

/* A counter.  Those of clients that have jobs were compared with them. */
int
platen_check_number(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    const uint8_t *k = key.mv_data;
    size_t         prefix = 1 + (size_t) k[0];
    int            db = platen_dbs[check->step].db, any = 0;

    (void) val;
    if (k[0] != 0 && k[0] <= PLATEN_CLIENT_MAX
        && key.mv_size == prefix + (db == PLATEN_DB_COUNT)) {
        any = platen_queue_prefix(txn, PLATEN_DB_CLIENT, k, prefix);
    }
    /* Files that are still to go may be all that it has. */
    if (any == 0) {
        any = platen_store_any_tombstones(txn);
    }
    if (any == 0) {
        platen_check_tell(check, db, PLATEN_DAMAGE_SURPLUS, k, key.mv_size);
    }
    return any < 0 ? any : PLATEN_OK;
}
