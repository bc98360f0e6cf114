/* Deliveries, and whose turn it is; see storeadmin/check.h.  Changes nothing. */

#include "storeadmin/internal.h"

#include "store/hook.h"

/* Whether some delivery of that job, by the first 16 bytes of a key, has its turn. */
static int
has_turn(platen_txn_t *txn, const uint8_t *id)
{
    MDB_cursor   *cursor;
    MDB_val       key = { 16, (void *) id }, val;
    platen_hook_t hook;
    int           rc, found = 0;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_HOOK], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    rc = mdb_cursor_get(cursor, &key, &val, MDB_SET_RANGE);
    while (rc == MDB_SUCCESS && !found && key.mv_size > 16
           && memcmp(key.mv_data, id, 16) == 0) {
        found = platen_codec_decode(platen_hook_fields, platen_hook_nfields, &hook, val.mv_data,
                                    val.mv_size)
                    == PLATEN_OK
                && hook.due != 0;
        rc = mdb_cursor_get(cursor, &key, &val, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? found : platen_store_rc(txn, rc);
}

/* A delivery to be made: its turn, or that of another one of its job. */
int
platen_check_hook(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    platen_hook_t hook;
    uint8_t       k[PLATEN_HOOK_KEY_MAX];
    int           rc;

    if (key.mv_size != sizeof(k) - 8
        || platen_codec_decode(platen_hook_fields, platen_hook_nfields, &hook, val.mv_data,
                               val.mv_size)
               != PLATEN_OK) {
        platen_check_tell(check, PLATEN_DB_HOOK, PLATEN_DAMAGE_UNREADABLE, key.mv_data,
                          key.mv_size);
        return PLATEN_OK;
    }
    if (hook.due == 0) {
        rc = has_turn(txn, key.mv_data);
    } else {
        platen_put_be64(k, hook.due);
        memcpy(k + 8, key.mv_data, key.mv_size);
        rc = platen_check_get(txn, PLATEN_DB_HOOK_DUE, k, sizeof(k), &val);
        rc = rc == PLATEN_OK ? 1 : rc == PLATEN_NOT_FOUND ? 0 : rc;
    }
    if (rc == 0) {
        platen_check_tell(check, PLATEN_DB_HOOK_DUE, PLATEN_DAMAGE_MISSING, key.mv_data,
                          key.mv_size);
    }
    return rc < 0 ? rc : PLATEN_OK;
}

int
platen_check_hook_due(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val)
{
    platen_hook_t hook;
    int           rc = PLATEN_NOT_FOUND;

    if (key.mv_size == PLATEN_HOOK_KEY_MAX) {
        rc = platen_check_get(txn, PLATEN_DB_HOOK, (const uint8_t *) key.mv_data + 8,
                              key.mv_size - 8, &val);
    }
    if (rc != PLATEN_OK && rc != PLATEN_NOT_FOUND) {
        return rc;
    }
    if (rc == PLATEN_NOT_FOUND
        || platen_codec_decode(platen_hook_fields, platen_hook_nfields, &hook, val.mv_data,
                               val.mv_size)
               != PLATEN_OK
        || hook.due != platen_get_be64(key.mv_data)) {
        platen_check_tell(check, PLATEN_DB_HOOK_DUE, PLATEN_DAMAGE_SURPLUS, key.mv_data,
                          key.mv_size);
    }
    return PLATEN_OK;
}

/* One that was made or given up stands for itself. */
int
platen_check_hook_ended(platen_txn_t *txn, const platen_check_t *check, MDB_val key,
                        MDB_val val)
{
    platen_hook_t hook;

    (void) txn;
    if (platen_codec_decode(platen_hook_fields, platen_hook_nfields, &hook, val.mv_data,
                            val.mv_size)
        != PLATEN_OK) {
        platen_check_tell(check, platen_dbs[check->step].db, PLATEN_DAMAGE_UNREADABLE,
                          key.mv_data, key.mv_size);
    }
    return PLATEN_OK;
}
