/* The events, how far they reach, and which are too old; see store/outbox.h. */

#include "store/internal.h"
#include "store/outbox.h"

int
platen_store_events(platen_txn_t *txn, uint64_t seq, platen_event_t *events, int max)
{
    MDB_cursor   *cursor;
    MDB_cursor_op op = MDB_SET_RANGE;
    MDB_val       key, val;
    uint8_t       from[8];
    int           rc, n = 0;

    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_OUTBOX], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    platen_put_be64(from, seq + 1);
    key = (MDB_val){ sizeof(from), from };

    while (n < max && (rc = mdb_cursor_get(cursor, &key, &val, op)) == MDB_SUCCESS) {
        op = MDB_NEXT;
        if (key.mv_size != 8
            || platen_codec_decode(platen_event_fields, platen_event_nfields, &events[n],
                                   val.mv_data, val.mv_size)
                   != PLATEN_OK) {
            rc = MDB_CORRUPTED;
            break;
        }
        events[n++].seq = platen_get_be64(key.mv_data);
    }

    mdb_cursor_close(cursor);
    return rc == MDB_SUCCESS || rc == MDB_NOTFOUND ? n : platen_store_rc(txn, rc);
}

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

/* The time of an event; one that cannot be read is from the beginning. */
static uint64_t
event_time(const MDB_val *val)
{
    platen_event_t event;

    return platen_codec_decode(platen_event_fields, platen_event_nfields, &event, val->mv_data,
                               val->mv_size)
                   == PLATEN_OK
               ? event.time
               : 0;
}

/*
 * Before which number events that come from the future may go, the first of them
 * being where the cursor is: the next one of the past, if that is old, or what has
 * enough after it; else 0.
 */
static int
find_past(MDB_cursor *cursor, uint64_t before, uint64_t now, uint64_t last, uint64_t *number)
{
    MDB_val  key, val;
    uint64_t time = UINT64_MAX;
    int      rc, n;

    *number = 0;
    rc = mdb_cursor_get(cursor, &key, &val, MDB_FIRST);
    for (n = 0; rc == MDB_SUCCESS && n < PLATEN_EVENTS_AHEAD; n++) {
        if (key.mv_size != 8) {
            return MDB_CORRUPTED;
        }
        time = event_time(&val);
        if (time <= now) {
            break;
        }
        rc = mdb_cursor_get(cursor, &key, &val, MDB_NEXT);
    }
    if (rc == MDB_SUCCESS && time > now) {
        *number = last > PLATEN_EVENTS_AHEAD ? last - PLATEN_EVENTS_AHEAD : 0;
    } else if (rc == MDB_SUCCESS && time < before) {
        *number = platen_get_be64(key.mv_data);
    }
    return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

int
platen_store_trim_events(platen_txn_t *txn, uint64_t before, uint64_t now, int max)
{
    MDB_cursor *cursor;
    MDB_val     key, val;
    uint64_t    last, number, time, past = 0;
    int         rc, n = 0;

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
        number = platen_get_be64(key.mv_data);
        if (number == last) {
            break;
        }
        time = event_time(&val);
        if (time > now && number >= past) {
            rc = find_past(cursor, before, now, last, &past);
            if (rc != MDB_SUCCESS || number >= past) {
                break;
            }
            rc = mdb_cursor_get(cursor, &key, &val, MDB_FIRST);
            if (rc != MDB_SUCCESS) {
                break;
            }
        } else if (time >= before && number >= past) {
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
