/*
 * The reaper; see schedule/reaper.h.  Owns nothing but its place in a round; runs
 * in a thread of the crew, SLICE jobs in a transaction, so that the writers of the web server
 * do not wait for long.  The record goes before the
 * files: a kill in between leaves files that nobody names.  A round that fails
 * is logged and given up; the next one comes with the next interval.
 */

#include "schedule/reaper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "schedule/finish.h"
#include "base/crash.h"
#include "disk/layout.h"
#include "schedule/orphans.h"
#include "schedule/readers.h"
#include "disk/upload_file.h"
#include "run/tree.h"
#include "metrics.h"

#define SLICE 64
#define EVENTS 1024 /* events dropped in one transaction */
#define HOUR_MS 3600000
#define UPLOADS_MS 300000
#define TMP_AGE 3600  /* seconds */
#define UPLOAD_AGE 60 /* seconds: by then what room was asked for is there */
#define BUCKET_AGE_MS 3600000
#define BUCKET_DIGITS 7 /* characters of an id: milliseconds >> 20 */

struct platen_reaper_s {
    const platen_config_t *config;
    platen_store_t        *store; /* the loop's, for the leases */
    platen_store_t        *view;
    uint64_t               hourly_at;  /* CLOCK_BOOTTIME milliseconds, */
    uint64_t               uploads_at; /* this as well */
    struct {
        platen_id_t id;
        uint32_t    epoch;
    } lost[SLICE]; /* claims that nobody has in hand any more */
    int                  nlost;
    platen_readers_t     readers;
    platen_orphans_t    *orphans;
    platen_reservation_t vain[SLICE]; /* room to be given back */
    int                  nvain;
};

platen_reaper_t *
platen_reaper_new(const platen_config_t *config, platen_store_t *store)
{
    platen_reaper_t *r;

    r = calloc(1, sizeof(*r));
    if (r == NULL) {
        return NULL;
    }
    r->config = config;
    r->store = store;
    r->view = platen_store_view(store);
    r->orphans = r->view == NULL ? NULL : platen_orphans_new(config, r->view);
    if (r->orphans == NULL) {
        platen_reaper_destroy(&r);
    }
    return r;
}

void
platen_reaper_destroy(platen_reaper_t **reaper)
{
    if (*reaper == NULL) {
        return;
    }
    platen_orphans_destroy(&(*reaper)->orphans);
    platen_store_view_free(&(*reaper)->view);
    free(*reaper);
    *reaper = NULL;
}

static int
give_up(const char *what, int rc)
{
    platen_log(PLATEN_LOG_ERROR, "the reaper gave up this round",
               json_pack("{s:s, s:s}", "step", what, "error", platen_strerror(rc)));
    return 0;
}

/* A file that was published by a claim whose end was never written. */
static void
remove_output(const platen_reaper_t *r, const platen_job_t *job)
{
    char path[PLATEN_PATH_MAX];
    int  error;

    platen_layout_path(r->config->data_path, PLATEN_DIR_OUTPUT, &job->id, job->epoch, path);
    error = unlink(path) == 0 ? 0 : errno;
    if (error != 0 && error != ENOENT) {
        platen_log_path(PLATEN_LOG_WARN, "cannot remove an unfinished result",
                        platen_log_job(job), path, error);
    }
}

static void
log_recovered(const platen_job_t *job)
{
    json_t *context = platen_log_job(job);

    json_object_set_new(context, "attempt", json_integer((json_int_t) job->attempts));
    platen_log(PLATEN_LOG_INFO, "job requeued: the sidecar that ran it is gone", context);
}

/* A claim that nobody has in hand any more is over; the job is to be claimed again. */
static int
put_back(platen_reaper_t *r, platen_txn_t *txn, platen_job_t *job)
{
    log_recovered(job);
    remove_output(r, job);
    return platen_finish_put_back(txn, job, PLATEN_BLAME_SIDECAR);
}

/* Puts back at most SLICE jobs after *after.  Returns how many ids it has seen. */
static int
recover_slice(platen_reaper_t *r, platen_id_t *after, int *first, int *requeued,
              const char **why)
{
    platen_txn_t txn;
    platen_id_t  ids[SLICE];
    platen_job_t job;
    char         text[PLATEN_ID_TEXT + 1];
    int          rc, i, n;

    rc = platen_txn_write(r->view, &txn);
    if (rc != PLATEN_OK) {
        *why = platen_strerror(rc);
        return rc;
    }

    n = platen_store_running(&txn, *first ? NULL : after, ids, SLICE);
    rc = n < 0 ? n : PLATEN_OK;
    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        rc = platen_store_get(&txn, &ids[i], &job);
        if (rc != PLATEN_OK) {
            platen_id_format(&ids[i], text);
            platen_log(PLATEN_LOG_ERROR, "a job that was running cannot be read",
                       json_pack("{s:s, s:s}", "job_id", text, "error", platen_strerror(rc)));
            rc = PLATEN_OK;
            continue;
        }
        rc = put_back(r, &txn, &job);
        (*requeued)++;
    }

    if (rc == PLATEN_OK && n > 0) {
        *after = ids[n - 1];
        *first = 0;
        platen_crash_point(PLATEN_CRASH_RECOVER_RECORDED);
        rc = platen_txn_commit(&txn);
        platen_crash_point(PLATEN_CRASH_RECOVER_COMMITTED);
    } else {
        platen_txn_abort(&txn);
    }
    *why = platen_strerror(rc);
    return rc == PLATEN_OK ? n : rc;
}

/*
 * Times to wait for are counted from the boot, which may have been another one:
 * what waits is due, and may be a little early.
 */
static int
release_all(platen_reaper_t *r)
{
    platen_txn_t txn;
    int          rc, n;

    do {
        rc = platen_txn_write(r->view, &txn);
        if (rc != PLATEN_OK) {
            return rc;
        }
        n = platen_store_release(&txn, UINT64_MAX, SLICE);
        rc = n > 0 ? platen_txn_commit(&txn) : n;
        platen_txn_abort(&txn);
    } while (rc == PLATEN_OK && n == SLICE);
    return rc;
}

int
platen_reaper_leases(platen_reaper_t *r, platen_reaper_holds_t *holds, const void *data)
{
    platen_txn_t txn;
    platen_id_t  ids[SLICE];
    platen_job_t job;
    uint64_t     now = platen_boottime_ms();
    int          i, n;

    r->nlost = 0;
    if (platen_txn_read(r->store, &txn) != PLATEN_OK) {
        return 0;
    }
    n = platen_store_running(&txn, NULL, ids, SLICE);
    for (i = 0; i < n; i++) {
        if (platen_store_get(&txn, &ids[i], &job) == PLATEN_OK && job.lease_until < now
            && !holds(data, &job.id, job.epoch)) {
            r->lost[r->nlost].id = ids[i];
            r->lost[r->nlost].epoch = job.epoch;
            r->nlost++;
        }
    }
    platen_txn_abort(&txn);
    return r->nlost;
}

int
platen_reaper_put_back(platen_reaper_t *r)
{
    platen_txn_t txn;
    platen_job_t job;
    uint64_t     now = platen_boottime_ms();
    int          rc, i, requeued = 0;

    rc = platen_txn_write(r->view, &txn);
    if (rc != PLATEN_OK) {
        return give_up("begin", rc);
    }
    for (i = 0; rc == PLATEN_OK && i < r->nlost; i++) {
        if (platen_store_get(&txn, &r->lost[i].id, &job) == PLATEN_OK
            && job.state == PLATEN_STATE_PROCESSING && job.epoch == r->lost[i].epoch
            && job.lease_until < now) {
            rc = put_back(r, &txn, &job);
            requeued++;
        }
    }
    if (rc == PLATEN_OK && requeued > 0) {
        platen_crash_point(PLATEN_CRASH_LEASE_RECORDED);
        rc = platen_txn_commit(&txn);
        platen_crash_point(PLATEN_CRASH_LEASE_COMMITTED);
    }
    platen_txn_abort(&txn);
    return rc == PLATEN_OK ? requeued : give_up("requeue", rc);
}

int
platen_reaper_recover(platen_reaper_t *r, char *err, size_t errlen)
{
    platen_id_t after;
    const char *why;
    char        work[PLATEN_PATH_MAX];
    int         rc, n, first = 1, requeued = 0;

    do {
        n = recover_slice(r, &after, &first, &requeued, &why);
    } while (n == SLICE);
    if (n < 0) {
        snprintf(err, errlen, "cannot put running jobs back into the queue: %s", why);
        return -1;
    }
    rc = release_all(r);
    if (rc != PLATEN_OK) {
        snprintf(err, errlen, "cannot put waiting jobs into the queue: %s",
                 platen_strerror(rc));
        return -1;
    }

    snprintf(work, sizeof(work), "%.*s/runs", PLATEN_ROOT_MAX, r->config->data_path);
    if (platen_tree_clear(work) != 0) {
        snprintf(err, errlen, "cannot empty %s: %s", work, strerror(errno));
        return -1;
    }
    platen_crash_point(PLATEN_CRASH_RECOVER_CLEARED);
    return requeued;
}

/* Whether any job has expired; asks without the writer's lock. */
static int
has_expired(platen_reaper_t *r, uint64_t now)
{
    platen_txn_t txn;
    platen_id_t  id;
    int          n;

    if (platen_txn_read(r->view, &txn) != PLATEN_OK) {
        return 0;
    }
    n = platen_store_expired(&txn, now, &id, 1);
    platen_txn_abort(&txn);
    return n == 1;
}

/* Removes up to SLICE expired jobs.  Returns 1 if there may be more. */
static int
remove_expired(platen_reaper_t *r)
{
    platen_txn_t txn;
    platen_id_t  ids[SLICE];
    platen_job_t job, removed[SLICE];
    uint64_t     now = platen_now_us();
    int          rc, i, n, gone = 0;

    if (!has_expired(r, now)) {
        return 0;
    }

    rc = platen_txn_write(r->view, &txn);
    if (rc != PLATEN_OK) {
        return give_up("begin", rc);
    }
    n = platen_store_expired(&txn, now, ids, SLICE);
    rc = n < 0 ? n : PLATEN_OK;
    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        /* One that cannot be read stays, and must not keep the others. */
        if (platen_store_get(&txn, &ids[i], &job) == PLATEN_OK) {
            rc = platen_store_remove(&txn, &ids[i], NULL, now, &removed[gone]);
            gone++;
        }
    }
    if (rc != PLATEN_OK || gone == 0) {
        platen_txn_abort(&txn);
        return rc == PLATEN_OK ? 0 : give_up("remove", rc);
    }
    platen_crash_point(PLATEN_CRASH_REAP_RECORDED);
    rc = platen_txn_commit(&txn);
    if (rc != PLATEN_OK) {
        return give_up("commit", rc);
    }
    platen_crash_point(PLATEN_CRASH_REAP_COMMITTED);

    for (i = 0; i < gone; i++) {
        platen_layout_remove(r->config->data_path, &removed[i].id, removed[i].epoch);
        platen_crash_point(PLATEN_CRASH_REAP_REMOVED);
    }
    platen_metric_add(PLATEN_METRIC_EXPIRED, (uint64_t) gone, NULL, NULL, NULL);
    platen_log(PLATEN_LOG_INFO, "expired jobs removed", json_pack("{s:i}", "jobs", gone));
    return n == SLICE;
}

/* Drops old events.  Returns 1 if there may be more. */
static int
trim_events(platen_reaper_t *r)
{
    platen_txn_t   txn;
    platen_event_t event;
    uint64_t       now = platen_now_us(), before = now - r->config->outbox_keep * 1000000;
    int            rc, n;

    /* The oldest one tells whether the writer's lock is worth asking for. */
    rc = platen_txn_read(r->view, &txn);
    if (rc != PLATEN_OK) {
        return give_up("read events", rc);
    }
    n = platen_store_events(&txn, 0, &event, 1);
    platen_txn_abort(&txn);
    if (n < 1 || (event.time >= before && event.time <= now)) {
        return n >= 0 ? 0 : give_up("read events", n);
    }

    rc = platen_txn_write(r->view, &txn);
    if (rc != PLATEN_OK) {
        return give_up("begin", rc);
    }
    n = platen_store_trim_events(&txn, before, now, EVENTS);
    if (n <= 0) {
        platen_txn_abort(&txn);
        return n == 0 ? 0 : give_up("trim events", n);
    }
    rc = platen_txn_commit(&txn);
    return rc == PLATEN_OK ? n == EVENTS : give_up("commit", rc);
}

/* Removes the empty buckets of one directory that nothing new belongs to. */
static void
remove_buckets(platen_reaper_t *r, const char *name)
{
    struct dirent *entry;
    uint64_t       now_ms = platen_now_us() / 1000, bucket;
    char           path[PLATEN_PATH_MAX], *end;
    DIR           *dir;

    snprintf(path, sizeof(path), "%.*s/%s", PLATEN_ROOT_MAX, r->config->data_path, name);
    dir = opendir(path);
    if (dir == NULL) {
        platen_log(PLATEN_LOG_WARN, "cannot list a directory",
                   json_pack("{s:s, s:s}", "path", path, "error", strerror(errno)));
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        bucket = strtoull(entry->d_name, &end, 16);
        if (strlen(entry->d_name) == BUCKET_DIGITS && *end == '\0'
            && ((bucket + 1) << 20) + BUCKET_AGE_MS < now_ms) {
            /* Not empty is the rule, and no failure. */
            (void) unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
        }
    }
    closedir(dir);
}

/* Whether an upload has become a job. */
static int
is_job(void *data, const platen_id_t *id)
{
    platen_reaper_t *r = data;
    platen_txn_t     txn;
    platen_job_t     job;
    int              rc;

    rc = platen_txn_read(r->view, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_get(&txn, id, &job);
        platen_txn_abort(&txn);
    }
    return rc == PLATEN_OK ? 1 : rc == PLATEN_NOT_FOUND ? 0 : -1;
}

/*
 * An upload is there: room is kept for it.  That it is not, or not as much, is what
 * a power failure or a kill in the midst of a piece leaves, and an earlier version.
 */
static void
keep_room(platen_reaper_t *r, platen_str_t client, const platen_id_t *id, uint64_t bytes)
{
    platen_txn_t txn;
    uint64_t     kept;
    int          rc;

    if (platen_txn_read(r->view, &txn) != PLATEN_OK) {
        return;
    }
    rc = platen_store_reservation(&txn, client, id, &kept);
    platen_txn_abort(&txn);
    if (rc == PLATEN_OK && kept == bytes) {
        return;
    }

    rc = platen_txn_write(r->view, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_reserve(&txn, client, id, bytes);
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    if (rc != PLATEN_OK) {
        (void) give_up("keep room for an upload", rc);
    }
}

/* Whether room is kept for what is not there: it was never made, say. */
static int
is_vain(const platen_reaper_t *r, const platen_reservation_t *kept)
{
    uint64_t age = r->config->orphan_age < UPLOAD_AGE ? r->config->orphan_age : UPLOAD_AGE;

    return platen_id_ms(&kept->id) + age * 1000 < platen_now_us() / 1000
           && platen_upload_file_written(r->config->data_path, &kept->id) == 0;
}

/* Gives back what is noted.  A failure is told, and is for the next round to mend. */
static void
give_back(platen_reaper_t *r)
{
    platen_txn_t txn;
    int          rc, i;

    if (r->nvain == 0) {
        return;
    }
    rc = platen_txn_write(r->view, &txn);
    for (i = 0; rc == PLATEN_OK && i < r->nvain; i++) {
        rc = platen_store_unreserve(
            &txn, (platen_str_t){ r->vain[i].client, r->vain[i].client_len }, &r->vain[i].id);
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    r->nvain = 0;
    if (rc != PLATEN_OK) {
        (void) give_up("give back room of uploads", rc);
    }
}

static void
note_vain(platen_reaper_t *r, platen_str_t client, const platen_id_t *id)
{
    platen_reservation_t *vain = &r->vain[r->nvain];

    if (client.len > sizeof(vain->client)) {
        return;
    }
    vain->id = *id;
    vain->client_len = client.len;
    memcpy(vain->client, client.data, client.len);
    if (++r->nvain == SLICE) {
        give_back(r);
    }
}

static void
on_upload(void *data, platen_str_t client, const platen_id_t *id, uint64_t bytes, int gone)
{
    platen_reaper_t *r = data;

    if (gone) {
        note_vain(r, client, id);
    } else {
        keep_room(r, client, id, bytes);
    }
}

/* Looks for room that is kept for what is not there. */
static void
search_vain(platen_reaper_t *r)
{
    platen_reservation_t kept[SLICE], at;
    platen_txn_t         txn;
    int                  i, n = 0;

    do {
        if (platen_txn_read(r->view, &txn) != PLATEN_OK) {
            return;
        }
        n = platen_store_reservations(&txn, n == 0 ? NULL : &at, kept, SLICE);
        platen_txn_abort(&txn);
        for (i = 0; i < n; i++) {
            at = kept[i];
            if (is_vain(r, &kept[i])) {
                note_vain(r, (platen_str_t){ kept[i].client, kept[i].client_len }, &kept[i].id);
            }
        }
    } while (n == SLICE);
}

/* Uploads that have expired go, and the room that was kept for them with them. */
static void
uploads(platen_reaper_t *r)
{
    uint64_t now = platen_boottime_ms();
    int      swept;

    if (r->uploads_at != 0 && now < r->uploads_at) {
        return;
    }
    r->uploads_at = now + UPLOADS_MS;

    swept = platen_upload_file_sweep(r->config->data_path, is_job, on_upload, r);
    if (swept > 0) {
        platen_log(PLATEN_LOG_INFO, "expired uploads removed",
                   json_pack("{s:i}", "uploads", swept));
    }
    search_vain(r);
    give_back(r);
}

/* What is worth a look once an hour. */
static void
hourly(platen_reaper_t *r)
{
    uint64_t now = platen_boottime_ms();
    int      swept;

    if (r->hourly_at != 0 && now < r->hourly_at) {
        return;
    }
    r->hourly_at = now + HOUR_MS;

    swept = platen_layout_sweep_tmp(r->config->data_path, TMP_AGE);
    if (swept > 0) {
        platen_log(PLATEN_LOG_INFO, "temporary files removed",
                   json_pack("{s:i}", "files", swept));
    }
    remove_buckets(r, "input");
    remove_buckets(r, "output");
}

int
platen_reaper_slice(platen_reaper_t *r)
{
    if (remove_expired(r) || trim_events(r) || platen_orphans_slice(r->orphans)) {
        return 1;
    }
    (void) platen_readers_check(&r->readers, r->config, r->view);
    uploads(r);
    hourly(r);
    return 0;
}
