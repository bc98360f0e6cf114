/* How far the outbox reaches; see platen_store.h.  Reads only. */

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
