/* The numbers of the store; see store/measure.h. */

#include "store/measure.h"

#include "store/hook.h"
#include "store/internal.h"
#include "store/outbox.h"
#include "store/queue.h"

static int
entries(platen_txn_t *txn, int db, uint64_t *n)
{
    MDB_stat stat;
    int      rc = mdb_stat(txn->mdb, txn->store->dbi[db], &stat);

    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    *n = stat.ms_entries;
    return PLATEN_OK;
}

static int
measure_map(platen_txn_t *txn, platen_measure_t *out)
{
    MDB_envinfo info;
    MDB_stat    stat;
    int         rc = mdb_env_info(txn->store->env, &info);

    if (rc == MDB_SUCCESS) {
        rc = mdb_env_stat(txn->store->env, &stat);
    }
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    out->map = info.me_mapsize;
    out->used = (info.me_last_pgno + 1) * (uint64_t) stat.ms_psize;
    out->readers = info.me_numreaders;
    out->commits = info.me_last_txnid;
    return PLATEN_OK;
}

/* By the time in the id: the first job of a client is its oldest, but for priorities. */
static int
measure_wait(platen_txn_t *txn, uint64_t *since)
{
    platen_queue_cursor_t cursor = { .turn_len = 0 };
    platen_id_t           id;
    uint64_t              at;
    int                   i, rc = PLATEN_OK;

    for (i = 0; i < PLATEN_MEASURE_CLIENTS && rc == PLATEN_OK; i++) {
        rc = platen_store_queue_client(txn, &cursor, 0);
        if (rc == PLATEN_OK) {
            rc = platen_store_queue_within(txn, &cursor, &id);
        }
        if (rc == PLATEN_OK) {
            at = platen_id_ms(&id) * 1000;
            *since = *since == 0 || at < *since ? at : *since;
        }
    }
    return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
}

int
platen_store_measure(platen_txn_t *txn, platen_measure_t *out)
{
    uint64_t hooks[PLATEN_HOOK_KINDS] = { 0 }, first = 0;
    size_t   i;
    int      rc;

    const struct {
        int       db;
        uint64_t *n;
    } counted[] = {
        { PLATEN_DB_JOBS, &out->jobs },       { PLATEN_DB_QUEUE, &out->due },
        { PLATEN_DB_LATER, &out->later },     { PLATEN_DB_RUNNING, &out->processing },
        { PLATEN_DB_UPLOADS, &out->uploads }, { PLATEN_DB_OUTBOX, &out->events_kept },
    };

    *out = (platen_measure_t){ .jobs = 0 };
    rc = measure_map(txn, out);
    for (i = 0; rc == PLATEN_OK && i < sizeof(counted) / sizeof(counted[0]); i++) {
        rc = entries(txn, counted[i].db, counted[i].n);
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_hook_count(txn, hooks);
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_events_span(txn, &first, &out->events);
    }
    if (rc == PLATEN_OK) {
        rc = measure_wait(txn, &out->waiting_since);
    }
    out->webhooks = hooks[PLATEN_HOOK_PENDING];
    out->webhooks_dead = hooks[PLATEN_HOOK_DEAD];
    return rc;
}
