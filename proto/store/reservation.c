/*
 * Room that is kept for uploads under way; see store/store.h.  One entry to an
 * upload, and what a client's come to is added up whenever it is asked: there is
 * no sum that a crash could leave wrong, and a client has few of them.
 */

#include "store/internal.h"
#include "store/reservation.h"

#define KEY_MAX (1 + PLATEN_CLIENT_MAX + 16)

/* PLATEN_INVALID: nobody is called that. */
static int
key_of(platen_str_t client, const platen_id_t *id, uint8_t k[KEY_MAX], size_t *len)
{
    if (client.len == 0 || client.len > PLATEN_CLIENT_MAX) {
        return PLATEN_INVALID;
    }
    *len = platen_key_client(k, client);
    memcpy(k + *len, id->b, sizeof(id->b));
    *len += sizeof(id->b);
    return PLATEN_OK;
}

int
platen_store_reserve(platen_txn_t *txn, platen_str_t client, const platen_id_t *id,
                     uint64_t bytes)
{
    uint8_t k[KEY_MAX], v[8];
    size_t  len;
    int     rc = key_of(client, id, k, &len);

    if (rc != PLATEN_OK) {
        return rc;
    }
    platen_put_be64(v, bytes);
    return platen_store_put(txn, PLATEN_DB_UPLOADS, k, len, v, sizeof(v), 0);
}

int
platen_store_unreserve(platen_txn_t *txn, platen_str_t client, const platen_id_t *id)
{
    uint8_t k[KEY_MAX];
    size_t  len;
    int     rc = key_of(client, id, k, &len);

    return rc == PLATEN_OK ? platen_store_del(txn, PLATEN_DB_UPLOADS, k, len) : rc;
}

int
platen_store_reserved(platen_txn_t *txn, platen_str_t client, const platen_id_t *but,
                      uint64_t *bytes, uint64_t *uploads)
{
    MDB_cursor *cursor;
    MDB_val     key, val;
    uint8_t     k[KEY_MAX];
    size_t      prefix;
    int         rc;

    *bytes = 0;
    *uploads = 0;
    if (client.len > PLATEN_CLIENT_MAX) {
        return PLATEN_INVALID;
    }
    prefix = platen_key_client(k, client);
    key = (MDB_val){ prefix, k };

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_UPLOADS], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    for (rc = mdb_cursor_get(cursor, &key, &val, MDB_SET_RANGE);
         rc == MDB_SUCCESS && key.mv_size >= prefix && memcmp(key.mv_data, k, prefix) == 0;
         rc = mdb_cursor_get(cursor, &key, &val, MDB_NEXT)) {
        if (key.mv_size != prefix + 16 || val.mv_size != 8) {
            rc = MDB_CORRUPTED;
            break;
        }
        if (but == NULL || memcmp((const uint8_t *) key.mv_data + prefix, but->b, 16) != 0) {
            *bytes += platen_get_be64(val.mv_data);
            (*uploads)++;
        }
    }
    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? PLATEN_OK : platen_store_rc(txn, rc);
}

int
platen_store_reservation(platen_txn_t *txn, platen_str_t client, const platen_id_t *id,
                         uint64_t *bytes)
{
    MDB_val key, val;
    uint8_t k[KEY_MAX];
    int     rc;

    key.mv_data = k;
    rc = key_of(client, id, k, &key.mv_size);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_UPLOADS], &key, &val);
    if (rc == MDB_SUCCESS && val.mv_size != 8) {
        return PLATEN_CORRUPT;
    }
    if (rc == MDB_SUCCESS) {
        *bytes = platen_get_be64(val.mv_data);
    }
    return platen_store_rc(txn, rc);
}

int
platen_store_reservations(platen_txn_t *txn, const platen_reservation_t *after,
                          platen_reservation_t *out, int max)
{
    MDB_cursor   *cursor;
    MDB_cursor_op op = MDB_FIRST;
    MDB_val       key = { 0, NULL }, val;
    uint8_t       from[KEY_MAX + 1];
    size_t        prefix;
    int           rc, n = 0;

    if (after != NULL) {
        platen_str_t client = { after->client, after->client_len };

        rc = key_of(client, &after->id, from, &key.mv_size);
        if (rc != PLATEN_OK) {
            return rc;
        }
        from[key.mv_size++] = 0; /* the least key behind it */
        key.mv_data = from;
        op = MDB_SET_RANGE;
    }

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_UPLOADS], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    while (n < max && (rc = mdb_cursor_get(cursor, &key, &val, op)) == MDB_SUCCESS) {
        op = MDB_NEXT;
        prefix = 1 + (size_t) ((const uint8_t *) key.mv_data)[0];
        if (prefix == 1 || prefix > 1 + PLATEN_CLIENT_MAX || key.mv_size != prefix + 16
            || val.mv_size != 8) {
            continue; /* fsck finds it */
        }
        out[n].client_len = prefix - 1;
        memcpy(out[n].client, (const uint8_t *) key.mv_data + 1, prefix - 1);
        memcpy(out[n].id.b, (const uint8_t *) key.mv_data + prefix, 16);
        out[n++].bytes = platen_get_be64(val.mv_data);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? n : platen_store_rc(txn, rc);
}
