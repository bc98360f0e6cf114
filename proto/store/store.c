/*
 * The LMDB store; see store/store.h for the layout and the rules.  Here: the
 * environment, transactions, and reading.  store/transition.c writes.
 */

#include "store/internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "disk/layout.h"

static const char *const db_names[PLATEN_DBS] = {
    [PLATEN_DB_META] = "meta",         [PLATEN_DB_JOBS] = "jobs",
    [PLATEN_DB_QUEUE] = "queue",       [PLATEN_DB_CLIENT] = "client",
    [PLATEN_DB_STATE] = "state",       [PLATEN_DB_COUNT] = "count",
    [PLATEN_DB_EXPIRY] = "expiry",     [PLATEN_DB_RUNNING] = "running",
    [PLATEN_DB_OUTBOX] = "outbox",     [PLATEN_DB_CACHE] = "cache",
    [PLATEN_DB_TURN] = "turn",         [PLATEN_DB_FLOW] = "flow",
    [PLATEN_DB_LATER] = "later",       [PLATEN_DB_IDEM] = "idem",
    [PLATEN_DB_USAGE] = "usage",       [PLATEN_DB_UPLOADS] = "uploads",
    [PLATEN_DB_FILES] = "files",       [PLATEN_DB_BACKLOG] = "backlog",
    [PLATEN_DB_REMAINS] = "remains",   [PLATEN_DB_HOOK] = "hook",
    [PLATEN_DB_HOOK_DUE] = "hook_due", [PLATEN_DB_HOOK_DEAD] = "hook_dead",
    [PLATEN_DB_HOOK_LOG] = "hook_log",
};

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

/* Opens every database and checks the schema; creates them if `create`. */
static int
open_dbs(platen_store_t *store, int create, char *err, size_t errlen)
{
    MDB_txn *txn;
    MDB_val  key = { 6, "schema" }, val;
    uint8_t  schema[8];
    uint64_t found;
    int      rc, i;

    rc = mdb_txn_begin(store->env, NULL, create ? 0 : MDB_RDONLY, &txn);
    if (rc != MDB_SUCCESS) {
        snprintf(err, errlen, "cannot begin a transaction: %s", mdb_strerror(rc));
        return PLATEN_ERROR;
    }

    /* The schema first: another one has other databases. */
    rc = mdb_dbi_open(txn, db_names[PLATEN_DB_META], create ? MDB_CREATE : 0,
                      &store->dbi[PLATEN_DB_META]);
    if (rc != MDB_SUCCESS) {
        goto failed;
    }
    rc = mdb_get(txn, store->dbi[PLATEN_DB_META], &key, &val);
    if (rc == MDB_NOTFOUND && create) {
        platen_put_be64(schema, PLATEN_STORE_SCHEMA);
        val = (MDB_val){ sizeof(schema), schema };
        rc = mdb_put(txn, store->dbi[PLATEN_DB_META], &key, &val, 0);
    }
    if (rc != MDB_SUCCESS) {
        goto failed;
    }

    found = val.mv_size == 8 ? platen_get_be64(val.mv_data) : 0;
    if (found != PLATEN_STORE_SCHEMA) {
        mdb_txn_abort(txn);
        snprintf(err, errlen, "the store has schema %llu and this version reads %d: %s",
                 (unsigned long long) found, PLATEN_STORE_SCHEMA,
                 found > PLATEN_STORE_SCHEMA ? "a later version wrote it; upgrade Platen"
                 : found == 0                ? "it is damaged; restore a backup"
                              : "a trial version wrote it; begin with an empty one");
        return found > PLATEN_STORE_SCHEMA ? PLATEN_TOO_NEW : PLATEN_CORRUPT;
    }

    for (i = 0; i < PLATEN_DBS; i++) {
        rc = mdb_dbi_open(txn, db_names[i], create ? MDB_CREATE : 0, &store->dbi[i]);
        if (rc != MDB_SUCCESS) {
            goto failed;
        }
    }

    /* Also for a read transaction: only a commit keeps the handles. */
    rc = mdb_txn_commit(txn);
    if (rc != MDB_SUCCESS) {
        snprintf(err, errlen, "cannot commit: %s", mdb_strerror(rc));
        return PLATEN_ERROR;
    }
    return PLATEN_OK;

failed:
    mdb_txn_abort(txn);
    snprintf(err, errlen, "cannot open its databases: %s", mdb_strerror(rc));
    return rc == MDB_NOTFOUND ? PLATEN_NOT_FOUND : PLATEN_ERROR;
}

int
platen_store_open(platen_store_t **out, const char *path, size_t map_size, char *err,
                  size_t errlen)
{
    platen_store_t *store;
    int             rc, dead;

    *out = NULL;

    if (mkdir(path, 0750) != 0 && errno != EEXIST) {
        snprintf(err, errlen, "cannot create \"%s\": %s", path, strerror(errno));
        return PLATEN_ERROR;
    }

    store = calloc(1, sizeof(*store));
    if (store == NULL || (rc = mdb_env_create(&store->env)) != MDB_SUCCESS) {
        free(store);
        snprintf(err, errlen, "out of memory");
        return PLATEN_ERROR;
    }

    store->whole = store;
    mdb_env_set_maxdbs(store->env, PLATEN_DBS);
    mdb_env_set_maxreaders(store->env, PLATEN_STORE_READERS);
    mdb_env_set_mapsize(store->env, map_size == 0 ? PLATEN_STORE_MAP_SIZE : map_size);

    rc = mdb_env_open(store->env, path, MDB_NOTLS | MDB_NORDAHEAD, 0660);
    if (rc != MDB_SUCCESS) {
        snprintf(err, errlen, "cannot open \"%s\": %s%s", path, mdb_strerror(rc),
                 rc == MDB_INVALID || rc == MDB_CORRUPTED ? "; restore a backup" : "");
        rc = PLATEN_ERROR;
        goto failed;
    }

    mdb_reader_check(store->env, &dead);

    rc = open_dbs(store, 0, err, errlen);
    if (rc == PLATEN_NOT_FOUND) {
        rc = open_dbs(store, 1, err, errlen);
    }
    if (rc != PLATEN_OK) {
        goto failed;
    }

    /* LMDB syncs what it writes, and not the names; whoever made them may have died since. */
    if (platen_layout_sync_dir(path) != 0) {
        snprintf(err, errlen, "cannot sync \"%s\": %s", path, strerror(errno));
        rc = PLATEN_ERROR;
        goto failed;
    }

    *out = store;
    return PLATEN_OK;

failed:
    mdb_env_close(store->env);
    free(store);
    return rc;
}

void
platen_store_close(platen_store_t **store)
{
    if (*store == NULL) {
        return;
    }
    if ((*store)->reader != NULL) {
        mdb_txn_abort((*store)->reader);
    }
    explicit_bzero((*store)->key, sizeof((*store)->key));
    mdb_env_close((*store)->env);
    free(*store);
    *store = NULL;
}

platen_store_t *
platen_store_view(platen_store_t *store)
{
    platen_store_t *view;

    view = malloc(sizeof(*view));
    if (view != NULL) {
        *view = (platen_store_t){ .env = store->env, .whole = store->whole };
        memcpy(view->dbi, store->dbi, sizeof(view->dbi));
    }
    return view;
}

void
platen_store_view_free(platen_store_t **view)
{
    if (*view == NULL) {
        return;
    }
    if ((*view)->reader != NULL) {
        mdb_txn_abort((*view)->reader);
    }
    free(*view);
    *view = NULL;
}

void
platen_store_unsynced(platen_store_t *store)
{
    (void) mdb_env_set_flags(store->env, MDB_NOSYNC, 1);
}

int
platen_store_failed(const platen_store_t *store)
{
    return __atomic_load_n(&store->failed, __ATOMIC_RELAXED) && !store->reading;
}

void
platen_store_check_readers(platen_store_t *store)
{
    int dead;

    mdb_reader_check(store->env, &dead);
}

int
platen_txn_read(platen_store_t *store, platen_txn_t *txn)
{
    int rc;

    *txn = (platen_txn_t){ .store = store };

    if (store->reading) {
        return PLATEN_INVALID;
    }

    if (store->reader != NULL) {
        rc = mdb_txn_renew(store->reader);
    } else {
        rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->reader);
        if (rc == MDB_READERS_FULL) {
            platen_store_check_readers(store);
            rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->reader);
        }
    }
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    store->reading = 1;
    txn->mdb = store->reader;
    return PLATEN_OK;
}

int
platen_txn_look(platen_store_t *store, platen_txn_t *txn)
{
    int rc;

    *txn = (platen_txn_t){ .store = store, .own = 1 };
    rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn->mdb);
    if (rc == MDB_READERS_FULL) {
        platen_store_check_readers(store);
        rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &txn->mdb);
    }
    return platen_store_rc(txn, rc);
}

int
platen_txn_write(platen_store_t *store, platen_txn_t *txn)
{
    *txn = (platen_txn_t){ .store = store, .write = 1 };
    return platen_store_rc(txn, mdb_txn_begin(store->env, NULL, 0, &txn->mdb));
}

int
platen_txn_commit(platen_txn_t *txn)
{
    MDB_txn *mdb = txn->mdb;

    txn->mdb = NULL;
    return platen_store_rc(txn, mdb_txn_commit(mdb));
}

void
platen_txn_abort(platen_txn_t *txn)
{
    if (txn->mdb == NULL) {
        return;
    }
    if (txn->write || txn->own) {
        mdb_txn_abort(txn->mdb);
    } else {
        mdb_txn_reset(txn->mdb);
        txn->store->reading = 0;
    }
    txn->mdb = NULL;
}

const char *
platen_txn_errstr(const platen_txn_t *txn)
{
    return mdb_strerror(txn->rc);
}

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
