/*
 * Keys, numbers and single entries; see store/internal.h.  Runs in the caller's
 * transaction.
 */

#include <errno.h>
#include <string.h>

#include "store/internal.h"

int
platen_store_rc(platen_txn_t *txn, int mdb_rc)
{
    switch (mdb_rc) {
    case MDB_SUCCESS:
        return PLATEN_OK;
    case MDB_NOTFOUND:
        return PLATEN_NOT_FOUND;
    case MDB_MAP_FULL:
    case ENOSPC:
        txn->rc = mdb_rc;
        return PLATEN_STORE_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
        txn->rc = mdb_rc;
        return PLATEN_CORRUPT;
    case MDB_PANIC:
        __atomic_store_n(&txn->store->whole->failed, 1, __ATOMIC_RELAXED);
        /* Fall through. */
    default:
        txn->rc = mdb_rc;
        return PLATEN_ERROR;
    }
}

void
platen_put_be64(uint8_t *p, uint64_t v)
{
    int i;

    for (i = 7; i >= 0; i--) {
        p[i] = (uint8_t) v;
        v >>= 8;
    }
}

uint64_t
platen_get_be64(const void *in)
{
    const uint8_t *p = in;
    uint64_t       v = 0;
    int            i;

    for (i = 0; i < 8; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

size_t
platen_key_client(uint8_t *key, platen_str_t client)
{
    key[0] = (uint8_t) client.len;
    if (client.len != 0) {
        memcpy(key + 1, client.data, client.len);
    }
    return 1 + client.len;
}

int
platen_store_put(platen_txn_t *txn, int db, const void *k, size_t klen, const void *v,
                 size_t vlen, unsigned flags)
{
    MDB_val key = { klen, (void *) k }, val = { vlen, (void *) v };

    return platen_store_rc(txn, mdb_put(txn->mdb, txn->store->dbi[db], &key, &val, flags));
}

int
platen_store_del(platen_txn_t *txn, int db, const void *k, size_t klen)
{
    MDB_val key = { klen, (void *) k };
    int     rc;

    rc = mdb_del(txn->mdb, txn->store->dbi[db], &key, NULL);
    return rc == MDB_NOTFOUND ? PLATEN_OK : platen_store_rc(txn, rc);
}

int
platen_store_number(platen_txn_t *txn, int db, const void *k, size_t klen, uint64_t *number)
{
    MDB_val key = { klen, (void *) k }, val;
    int     rc;

    *number = 0;
    rc = mdb_get(txn->mdb, txn->store->dbi[db], &key, &val);
    if (rc == MDB_NOTFOUND) {
        return PLATEN_OK;
    }
    if (rc == MDB_SUCCESS && val.mv_size != 8) {
        return PLATEN_CORRUPT;
    }
    if (rc == MDB_SUCCESS) {
        *number = platen_get_be64(val.mv_data);
    }
    return platen_store_rc(txn, rc);
}

int
platen_store_seek(platen_txn_t *txn, int db, const void *bound, size_t len, int before,
                  MDB_val *key, MDB_val *val)
{
    MDB_cursor *cursor;
    int         rc;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[db], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    *key = (MDB_val){ len, (void *) bound };
    rc = mdb_cursor_get(cursor, key, val, MDB_SET_RANGE);
    if (before) {
        rc = mdb_cursor_get(cursor, key, val, rc == MDB_SUCCESS ? MDB_PREV : MDB_LAST);
    }
    mdb_cursor_close(cursor);
    return platen_store_rc(txn, rc);
}
