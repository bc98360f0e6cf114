/* How far the outbox reaches, and what of it is too old; see platen_store.h. */

#include "platen_store_int.h"

int
platen_store_events_span(platen_txn_t *txn, uint64_t *first, uint64_t *last)
{
    MDB_cursor *cursor;
    MDB_val     key, val;
    int         rc;

    *first = 0;
    *last = 0;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_OUTBOX], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    rc = mdb_cursor_get(cursor, &key, &val, MDB_FIRST);
    if (rc == MDB_SUCCESS && key.mv_size == 8) {
        *first = platen_get_be64(key.mv_data);
        rc = mdb_cursor_get(cursor, &key, &val, MDB_LAST);
    }
    if (rc == MDB_SUCCESS && key.mv_size == 8) {
        *last = platen_get_be64(key.mv_data);
    } else if (rc == MDB_SUCCESS) {
        rc = MDB_CORRUPTED;
    }

    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? PLATEN_OK : platen_store_rc(txn, rc);
}

int
platen_outbox_last(platen_txn_t *txn, uint64_t *number)
{
    MDB_cursor *cursor;
    MDB_val     key, val;
    int         rc;

    *number = 0;
    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_OUTBOX], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    rc = mdb_cursor_get(cursor, &key, &val, MDB_LAST);
    if (rc == MDB_SUCCESS && key.mv_size != 8) {
        rc = MDB_CORRUPTED;
    }
    if (rc == MDB_SUCCESS) {
        *number = platen_get_be64(key.mv_data);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? PLATEN_OK : platen_store_rc(txn, rc);
}

int
platen_store_trim_events(platen_txn_t *txn, uint64_t before, int max)
{
    MDB_cursor    *cursor;
    MDB_val        key, val;
    platen_event_t event;
    uint64_t       last;
    int            rc, n = 0;

    rc = platen_outbox_last(txn, &last);
    if (rc != PLATEN_OK) {
        return rc;
    }

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_OUTBOX], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    while (n < max && (rc = mdb_cursor_get(cursor, &key, &val, MDB_FIRST)) == MDB_SUCCESS) {
        if (key.mv_size != 8) {
            rc = MDB_CORRUPTED;
            break;
        }
        /* The newest one stays: the next number is counted from it. */
        if (platen_get_be64(key.mv_data) == last) {
            break;
        }
        if (platen_codec_decode(platen_event_fields, platen_event_nfields, &event, val.mv_data,
                                val.mv_size)
                == PLATEN_OK
            && event.time >= before) {
            break;
        }
        rc = mdb_cursor_del(cursor, 0);
        if (rc != MDB_SUCCESS) {
            break;
        }
        n++;
    }

    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? n : platen_store_rc(txn, rc);
}
