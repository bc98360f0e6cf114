/*
 * Whether the store's indexes agree with its records; see storeadmin/check.h.
 * store/index.h says which entries a record asks for.  Each of them must be
 * there; and whatever else is in an index was left behind.  What a client's records add
 * up to is in check_sums.c, deliveries are in check_hook.c.
 *
 * Runs in the caller's transaction and changes nothing.
 */

#include "storeadmin/internal.h"

/* How the entries of a database are looked at; NULL: there is nothing to compare them with. */
static platen_look_t *
look_of(int db)
{
    switch (db) {
    case PLATEN_DB_META:
    case PLATEN_DB_OUTBOX:
        return NULL;
    case PLATEN_DB_JOBS:
        return platen_check_job;
    case PLATEN_DB_CLIENT:
        return platen_check_listing;
    case PLATEN_DB_CACHE:
        return platen_check_cache;
    case PLATEN_DB_TURN:
        return platen_check_turn;
    case PLATEN_DB_FLOW:
        return platen_check_flow;
    case PLATEN_DB_FILES:
        return platen_check_file;
    case PLATEN_DB_TOMBSTONES:
        return platen_check_tombstones;
    case PLATEN_DB_COUNT:
    case PLATEN_DB_USAGE:
        return platen_check_number;
    case PLATEN_DB_UPLOADS:
        return platen_check_upload;
    case PLATEN_DB_HOOK:
        return platen_check_hook;
    case PLATEN_DB_HOOK_DUE:
        return platen_check_hook_due;
    case PLATEN_DB_HOOK_DEAD:
    case PLATEN_DB_HOOK_LOG:
        return platen_check_hook_ended;
    default:
        return platen_check_entry;
    }
}

/* The entries of one database after the last one seen.  Returns how many, or a negative code.
 */
static int
look_at_some(platen_txn_t *txn, platen_check_t *check, int max)
{
    const platen_db_t *step = &platen_dbs[check->step];
    platen_look_t     *look = look_of(step->db);
    MDB_cursor        *cursor;
    MDB_cursor_op      op = check->len == 0 ? MDB_FIRST : MDB_SET_RANGE;
    MDB_val            key, val;
    int                rc, n = 0, bad = PLATEN_OK;

    if (look == NULL) {
        return 0;
    }
    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[step->db], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    /* A zero octet more is the least key after it. */
    check->at[check->len] = 0;
    key = (MDB_val){ check->len + 1, check->at };
    while (n < max && (rc = mdb_cursor_get(cursor, &key, &val, op)) == MDB_SUCCESS) {
        op = MDB_NEXT;
        if (key.mv_size == 0 || key.mv_size >= sizeof(check->at)) {
            rc = MDB_CORRUPTED;
            break;
        }
        bad = look(txn, check, key, val);
        if (bad != PLATEN_OK) {
            break;
        }
        memcpy(check->at, key.mv_data, key.mv_size);
        check->len = key.mv_size;
        n++;
    }
    mdb_cursor_close(cursor);
    if (bad != PLATEN_OK) {
        return bad;
    }
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? n : platen_store_rc(txn, rc);
}

int
platen_store_check(platen_txn_t *txn, platen_check_t *check, int max)
{
    int n;

    while (max > 0 && check->step < PLATEN_DBS) {
        n = look_at_some(txn, check, max);
        if (n < 0) {
            return n;
        }
        if (n < max) {
            check->step++;
            check->len = 0;
        }
        max -= n;
    }
    return check->step < PLATEN_DBS;
}
