/*
 * All records, all clients, and a copy; see storeadmin/check.h.  Nothing here
 * changes the store.
 */

#include "storeadmin/check.h"
#include "base/bytes.h"
#include "store/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

int
platen_store_jobs(platen_txn_t *txn, const platen_id_t *after, int backwards, platen_id_t *ids,
                  int max)
{
    MDB_cursor   *cursor;
    MDB_cursor_op step = backwards ? MDB_PREV : MDB_NEXT, op = backwards ? MDB_LAST : MDB_FIRST;
    MDB_val       key, val;
    int           rc, n = 0;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_JOBS], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    if (after != NULL) {
        key = (MDB_val){ sizeof(after->b), (void *) after->b };
        rc = mdb_cursor_get(cursor, &key, &val, MDB_SET_RANGE);
        if (rc == MDB_SUCCESS) {
            /* From where it stands: on `after`, or on the one that follows it. */
            op = backwards ? MDB_PREV
                 : key.mv_size == sizeof(after->b)
                         && memcmp(key.mv_data, after->b, sizeof(after->b)) == 0
                     ? MDB_NEXT
                     : MDB_GET_CURRENT;
        } else if (rc != MDB_NOTFOUND || !backwards) {
            mdb_cursor_close(cursor);
            return rc == MDB_NOTFOUND ? 0 : platen_store_rc(txn, rc);
        }
    }

    while (n < max && (rc = mdb_cursor_get(cursor, &key, &val, op)) == MDB_SUCCESS) {
        op = step;
        if (key.mv_size != sizeof(ids[0].b)) {
            rc = MDB_CORRUPTED;
            break;
        }
        memcpy(ids[n++].b, key.mv_data, sizeof(ids[0].b));
    }
    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? n : platen_store_rc(txn, rc);
}

int
platen_store_next_client(platen_txn_t *txn, platen_client_t *client)
{
    MDB_cursor *cursor;
    MDB_val     key, val;
    uint8_t     bound[1 + PLATEN_CLIENT_MAX + 2];
    size_t      len;
    int         rc;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_COUNT], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    /* No state is 255: this is behind all keys of the client. */
    len = platen_key_client(bound, (platen_str_t){ client->name, client->len });
    bound[len++] = 0xff;
    key = (MDB_val){ len, bound };
    rc = mdb_cursor_get(cursor, &key, &val, client->len == 0 ? MDB_FIRST : MDB_SET_RANGE);
    if (rc == MDB_SUCCESS) {
        len = ((const uint8_t *) key.mv_data)[0];
        if (len == 0 || len > sizeof(client->name) || key.mv_size != len + 2) {
            rc = MDB_CORRUPTED;
        } else {
            memcpy(client->name, (const uint8_t *) key.mv_data + 1, len);
            client->len = len;
        }
    }
    mdb_cursor_close(cursor);
    return platen_store_rc(txn, rc);
}

int
platen_store_copy(platen_store_t *store, const char *dir, char *err, size_t errlen)
{
    char path[PATH_MAX];
    int  rc;

    rc = mdb_env_copy2(store->env, dir, MDB_CP_COMPACT);
    if (rc != MDB_SUCCESS) {
        snprintf(err, errlen, "cannot copy the store to %s: %s", dir, mdb_strerror(rc));
        return PLATEN_ERROR;
    }
    snprintf(path, sizeof(path), "%s/data.mdb", dir);
    if (platen_bytes_sync(path, 0) != 0 || platen_bytes_sync(dir, 0) != 0) {
        snprintf(err, errlen, "cannot sync %s: %s", path, strerror(errno));
        return PLATEN_ERROR;
    }
    return PLATEN_OK;
}
