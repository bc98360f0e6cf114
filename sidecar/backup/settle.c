/*
 * A copy of the store and copies of files, made one after the other while clients removed
 * jobs; see backup/backup.h.  The copy is nobody's yet, so transactions of it may be long.
 */

#include "backup/backup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk/layout.h"
#include "storeadmin/check.h"
#include "store/measure.h"

#define SLICE 256
#define LONG_PATH (PATH_MAX + 16)

static int
is_there(const char *data, platen_dir_t dir, const platen_job_t *job)
{
    char path[PLATEN_PATH_MAX];

    platen_layout_path(data, dir, &job->id, job->epoch, path);
    return access(path, F_OK) == 0 || errno != ENOENT;
}

/* Whether a file that the record names is not in the backup. */
static int
lacks_file(const char *data, const platen_job_t *job)
{
    return (platen_job_has_input(job) && !is_there(data, PLATEN_DIR_INPUT, job))
           || (platen_state_has_result((platen_state_t) job->state)
               && !is_there(data, PLATEN_DIR_OUTPUT, job));
}

/* Of the next records behind `after`, those that lack a file: *n of them.  Returns how many
 * records, or a negative code. */
static int
find_lacking(platen_store_t *copy, const char *data, platen_id_t *after, int first,
             platen_id_t lacking[SLICE], int *n)
{
    platen_txn_t txn;
    platen_id_t  ids[SLICE];
    platen_job_t job;
    int          rc, i, seen;

    *n = 0;
    rc = platen_txn_read(copy, &txn);
    if (rc != PLATEN_OK) {
        return rc;
    }
    seen = platen_store_jobs(&txn, first ? NULL : after, 0, ids, SLICE);
    for (i = 0; i < seen; i++) {
        *after = ids[i];
        if (platen_store_get(&txn, &ids[i], &job) == PLATEN_OK && lacks_file(data, &job)) {
            lacking[(*n)++] = ids[i];
        }
    }
    platen_txn_abort(&txn);
    return seen;
}

/* Keeps those that the live store has no more; what it has, and lacks a file, is damage, and
 * stays to be seen.  Returns how many, or a negative code. */
static int
keep_removed(platen_store_t *live, platen_id_t *ids, int n)
{
    platen_txn_t txn;
    platen_job_t job;
    int          rc, i, kept = 0;

    rc = platen_txn_read(live, &txn);
    if (rc != PLATEN_OK) {
        return rc;
    }
    for (i = 0; i < n; i++) {
        if (platen_store_get(&txn, &ids[i], &job) == PLATEN_NOT_FOUND) {
            ids[kept++] = ids[i];
        }
    }
    platen_txn_abort(&txn);
    return kept;
}

/* Files of batches may have gone with their batch: what is gone already is no failure. */
static int
remove_them(platen_store_t *copy, const platen_id_t *ids, int n)
{
    platen_txn_t txn;
    int          rc, i;

    rc = platen_txn_write(copy, &txn);
    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        rc = platen_store_remove(&txn, &ids[i], NULL, platen_now_us(), NULL);
        rc = rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    return rc;
}

/* What is left of batches that are gone goes by and by, files first in a live store; here the
 * files may not be there. */
static int
remove_tombstones(platen_store_t *copy)
{
    platen_txn_t txn;
    platen_job_t removed[SLICE];
    int          rc, n, more = 1;

    while (more == 1) {
        rc = platen_txn_write(copy, &txn);
        if (rc != PLATEN_OK) {
            return rc;
        }
        more = platen_store_tombstones(&txn, platen_now_us(), removed, SLICE, &n);
        rc = more < 0 ? more : platen_txn_commit(&txn);
        platen_txn_abort(&txn);
        if (rc != PLATEN_OK) {
            return rc;
        }
    }
    return PLATEN_OK;
}

static int
settle(platen_store_t *live, platen_store_t *copy, const char *data)
{
    platen_id_t after, lacking[SLICE];
    int         seen, n, first = 1, any = 0, rc = PLATEN_OK;

    do {
        seen = find_lacking(copy, data, &after, first, lacking, &n);
        first = 0;
        if (seen >= 0 && n > 0) {
            n = keep_removed(live, lacking, n);
            rc = n > 0 ? remove_them(copy, lacking, n) : n;
            any |= n > 0;
        }
    } while (seen == SLICE && rc == PLATEN_OK);
    if (seen < 0 || rc != PLATEN_OK) {
        return seen < 0 ? seen : rc;
    }
    return any ? remove_tombstones(copy) : PLATEN_OK;
}

int
platen_backup_settle(platen_store_t *live, const char *part, char *err, size_t errlen)
{
    platen_store_t  *copy;
    platen_txn_t     txn;
    platen_measure_t measure;
    char             store[LONG_PATH], data[LONG_PATH], lock[LONG_PATH + 16];
    int              rc;

    rc = platen_txn_read(live, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_measure(&txn, &measure);
        platen_txn_abort(&txn);
    }
    if (rc != PLATEN_OK) {
        snprintf(err, errlen, "the store: %s", platen_strerror(rc));
        return -1;
    }
    snprintf(store, sizeof(store), "%s/store", part);
    snprintf(data, sizeof(data), "%s/data", part);
    if (platen_store_open(&copy, store, (size_t) measure.map, err, errlen) != PLATEN_OK) {
        return -1;
    }
    rc = settle(live, copy, data);
    if (rc != PLATEN_OK) {
        snprintf(err, errlen, "%s: %s", store, platen_strerror(rc));
    }
    platen_store_close(&copy);
    snprintf(lock, sizeof(lock), "%s/lock.mdb", store);
    (void) unlink(lock);
    return rc == PLATEN_OK ? 0 : -1;
}
