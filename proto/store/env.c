/*
 * The LMDB store; see store/store.h for the layout and the rules.  Here: the
 * environment and transactions.  store/read.c reads, store/transition.c writes.
 */

#include "store/index.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "disk/layout.h"

/* Above this the free pages are counted: below it does not matter how many there are. */
#define HALF_FULL 50

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
    rc = mdb_dbi_open(txn, "meta", create ? MDB_CREATE : 0, &store->dbi[PLATEN_DB_META]);
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
        rc = mdb_dbi_open(txn, platen_dbs[i].name, create ? MDB_CREATE : 0,
                          &store->dbi[platen_dbs[i].db]);
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

/* Each entry of LMDB's database 0 is a list with its length before it. */
int
platen_store_free_pages(MDB_txn *txn, uint64_t *pages)
{
    MDB_cursor *cursor;
    MDB_val     key, val;
    size_t      n;
    int         rc;

    *pages = 0;
    rc = mdb_cursor_open(txn, 0, &cursor);
    if (rc != MDB_SUCCESS) {
        return rc;
    }
    while ((rc = mdb_cursor_get(cursor, &key, &val, MDB_NEXT)) == MDB_SUCCESS) {
        if (val.mv_size >= sizeof(n)) {
            memcpy(&n, val.mv_data, sizeof(n));
            *pages += n;
        }
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

int
platen_store_fullness(platen_txn_t *txn, unsigned *percent)
{
    MDB_envinfo info;
    MDB_stat    stat;
    size_t      pages, used;
    uint64_t    freed;
    int         rc;

    *percent = 0;
    rc = mdb_env_info(txn->store->env, &info);
    if (rc == MDB_SUCCESS) {
        rc = mdb_env_stat(txn->store->env, &stat);
    }
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }

    pages = info.me_mapsize / stat.ms_psize;
    used = info.me_last_pgno + 1;
    if (used * 100 / pages >= HALF_FULL) {
        rc = platen_store_free_pages(txn->mdb, &freed);
        if (rc != MDB_SUCCESS) {
            return platen_store_rc(txn, rc);
        }
        used -= freed < used ? freed : used;
    }
    *percent = (unsigned) (used * 100 / pages);
    return PLATEN_OK;
}
