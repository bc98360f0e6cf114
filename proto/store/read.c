/*
 * What the store is asked: records, listings, counts; see store/read.h.  Runs in
 * the caller's transaction, and what it points to is in the map.
 */

#include <string.h>

#include "store/internal.h"
#include "store/read.h"

int
platen_store_meta_get(platen_txn_t *txn, const char *name, platen_str_t *value)
{
    MDB_val key = { strlen(name), (void *) name }, val;
    int     rc;

    rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_META], &key, &val);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    *value = (platen_str_t){ val.mv_data, val.mv_size };
    return PLATEN_OK;
}

int
platen_store_get(platen_txn_t *txn, const platen_id_t *id, platen_job_t *job)
{
    MDB_val key = { sizeof(id->b), (void *) id->b }, val;
    int     rc;

    rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_JOBS], &key, &val);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    job->id = *id;
    return platen_codec_decode(platen_job_fields, platen_job_nfields, job, val.mv_data,
                               val.mv_size);
}

int
platen_store_list(platen_txn_t *txn, const platen_list_t *query, platen_id_t *ids, int max,
                  int *more)
{
    MDB_cursor *cursor;
    MDB_val     key, val;
    uint64_t    skip = query->offset;
    uint8_t     bound[PLATEN_KEY_MAX];
    size_t      prefix;
    int         rc, db, n = 0;

    *more = 0;
    if (query->client.len > PLATEN_CLIENT_MAX) {
        return PLATEN_INVALID;
    }

    prefix = platen_key_client(bound, query->client);
    db = PLATEN_DB_CLIENT;
    if (query->state != PLATEN_STATE_NONE) {
        bound[prefix++] = (uint8_t) query->state;
        db = PLATEN_DB_STATE;
    }
    if (query->before != NULL) {
        memcpy(bound + prefix, query->before->b, 16);
    } else {
        memset(bound + prefix, 0xff, 16);
    }

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[db], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    /* To the first key at or after the bound, then backwards. */
    key = (MDB_val){ prefix + 16, bound };
    rc = mdb_cursor_get(cursor, &key, &val, MDB_SET_RANGE);
    rc = mdb_cursor_get(cursor, &key, &val, rc == MDB_SUCCESS ? MDB_PREV : MDB_LAST);

    while (rc == MDB_SUCCESS && key.mv_size == prefix + 16
           && memcmp(key.mv_data, bound, prefix) == 0) {
        if (skip > 0) {
            skip--;
        } else if (n == max) {
            *more = 1;
            break;
        } else {
            memcpy(ids[n++].b, (uint8_t *) key.mv_data + prefix, 16);
        }
        rc = mdb_cursor_get(cursor, &key, &val, MDB_PREV);
    }

    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? n : platen_store_rc(txn, rc);
}

int
platen_store_count(platen_txn_t *txn, platen_str_t client, platen_state_t state,
                   uint64_t *count)
{
    MDB_val  key, val;
    uint8_t  buf[PLATEN_KEY_MAX];
    size_t   prefix;
    unsigned s, code;
    int      rc;

    *count = 0;
    if (client.len > PLATEN_CLIENT_MAX) {
        return PLATEN_INVALID;
    }

    prefix = platen_key_client(buf, client);
    /* Batches in no one's hand are counted apart, behind the states. */
    for (s = PLATEN_STATE_INITIATED; s <= PLATEN_STATES; s++) {
        code = s < PLATEN_STATES ? s : PLATEN_STATE_PROCESSING + PLATEN_COUNT_IDLE;
        if (state != PLATEN_STATE_NONE && (code & ~PLATEN_COUNT_IDLE) != state) {
            continue;
        }
        buf[prefix] = (uint8_t) code;
        key = (MDB_val){ prefix + 1, buf };
        rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_COUNT], &key, &val);
        if (rc == MDB_SUCCESS && val.mv_size == 8) {
            *count += platen_get_be64(val.mv_data);
        } else if (rc != MDB_NOTFOUND) {
            return rc == MDB_SUCCESS ? PLATEN_CORRUPT : platen_store_rc(txn, rc);
        }
    }

    return PLATEN_OK;
}

int
platen_store_running(platen_txn_t *txn, const platen_id_t *after, platen_id_t *ids, int max)
{
    MDB_cursor   *cursor;
    MDB_cursor_op op = MDB_FIRST;
    MDB_val       key = { 0, NULL }, val;
    int           rc, n = 0;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_RUNNING], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    if (after != NULL) {
        key = (MDB_val){ sizeof(after->b), (void *) after->b };
        op = MDB_SET_RANGE;
    }

    while (n < max && (rc = mdb_cursor_get(cursor, &key, &val, op)) == MDB_SUCCESS) {
        op = MDB_NEXT;
        if (key.mv_size != sizeof(ids[0].b)) {
            rc = MDB_CORRUPTED;
            break;
        }
        if (after == NULL || memcmp(key.mv_data, after->b, sizeof(after->b)) != 0) {
            memcpy(ids[n++].b, key.mv_data, sizeof(ids[0].b));
        }
    }

    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? n : platen_store_rc(txn, rc);
}

int
platen_store_expired(platen_txn_t *txn, uint64_t now, platen_id_t *ids, int max)
{
    MDB_cursor   *cursor;
    MDB_cursor_op op = MDB_FIRST;
    MDB_val       key, val;
    int           rc, n = 0;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_EXPIRY], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    while (n < max && (rc = mdb_cursor_get(cursor, &key, &val, op)) == MDB_SUCCESS) {
        op = MDB_NEXT;
        if (key.mv_size != 24) {
            rc = MDB_CORRUPTED;
            break;
        }
        if (platen_get_be64(key.mv_data) > now) {
            break;
        }
        memcpy(ids[n++].b, (uint8_t *) key.mv_data + 8, 16);
    }

    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? n : platen_store_rc(txn, rc);
}

int
platen_store_usage(platen_txn_t *txn, platen_str_t client, uint64_t *bytes)
{
    uint8_t ck[1 + PLATEN_CLIENT_MAX];

    *bytes = 0;
    if (client.len > PLATEN_CLIENT_MAX) {
        return PLATEN_INVALID;
    }
    return platen_store_number(txn, PLATEN_DB_USAGE, ck, platen_key_client(ck, client), bytes);
}
