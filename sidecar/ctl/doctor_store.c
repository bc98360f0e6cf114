/*
 * The doctor on the store: that it can be read, its schema, its jobs, and how
 * full the map is.  It opens the environment itself, as platen_store_open()
 * would create what is missing: for reading only, and without LMDB's lock file
 * if nobody has it open.  It is never closed: see tear_down() in platend.c.  It
 * runs as platend's user, so that whatever LMDB touches stays that user's, and
 * in a process of its own, as a store that is cut off ends it with SIGBUS.
 */

#include "ctl/doctor.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lmdb.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"

#define FULL_FAIL 95 /* percent of the map */
#define AHEAD_US (UINT64_C(60) * 1000000)

/* Databases by their names in store/store.h. */
static int
open_db(MDB_txn *txn, const char *name, MDB_dbi *dbi)
{
    return mdb_dbi_open(txn, name, 0, dbi);
}

static uint64_t
number(const MDB_val *val)
{
    uint64_t be;

    if (val->mv_size != sizeof(be)) {
        return 0;
    }
    memcpy(&be, val->mv_data, sizeof(be));
    return be64toh(be);
}

static void
unreadable(const platen_ctl_doctor_t *d, const char *what, platen_ctl_report_t *report)
{
    platen_ctl_report_add(report, PLATEN_CTL_FAIL, "store",
                          "the store in %s cannot be read: %s", d->config->store_path, what);
    platen_ctl_report_advice(report,
                             "stop nginx and platend, copy %s away, and look at the disk (dmesg"
                             " | tail) before anything else",
                             d->config->store_path);
}

int
platen_ctl_doctor_in_use(const platen_config_t *config)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char         path[PATH_MAX];
    int          fd, used;

    snprintf(path, sizeof(path), "%s/lock.mdb", config->store_path);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno != ENOENT; /* if it cannot be told: LMDB will say why */
    }
    used = fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
    close(fd); /* drops locks of this process, which has none yet */
    return used;
}

static void
check_schema(const platen_ctl_doctor_t *d, MDB_txn *txn, platen_ctl_report_t *report)
{
    MDB_val            key = { 6, (void *) (uintptr_t) "schema" }, val;
    MDB_dbi            meta;
    unsigned long long schema;
    int                rc;

    rc = open_db(txn, "meta", &meta);
    rc = rc == MDB_SUCCESS ? mdb_get(txn, meta, &key, &val) : rc;
    if (rc != MDB_SUCCESS) {
        unreadable(d, mdb_strerror(rc), report);
        return;
    }
    schema = number(&val);
    if (schema == PLATEN_STORE_SCHEMA) {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "store.schema",
                              "the store has schema %llu", schema);
        return;
    }
    platen_ctl_report_add(report, PLATEN_CTL_FAIL, "store.schema",
                          "the store has schema %llu, and this Platen reads %d", schema,
                          PLATEN_STORE_SCHEMA);
    platen_ctl_report_advice(report, schema > PLATEN_STORE_SCHEMA
                                         ? "install the Platen that was here before, or a newer"
                                           " one"
                                         : "restore the store from a backup: it is damaged");
}

/* The counters that the API's totals come from, over all clients. */
static void
check_jobs(const platen_ctl_doctor_t *d, MDB_txn *txn, platen_ctl_report_t *report)
{
    MDB_cursor   *cursor;
    MDB_cursor_op op = MDB_FIRST;
    MDB_val       key, val;
    MDB_dbi       count;
    uint64_t      jobs[PLATEN_STATES] = { 0 };
    char          text[512];
    size_t        n = 0;
    int           rc, state;

    rc = open_db(txn, "count", &count);
    rc = rc == MDB_SUCCESS ? mdb_cursor_open(txn, count, &cursor) : rc;
    if (rc != MDB_SUCCESS) {
        unreadable(d, mdb_strerror(rc), report);
        return;
    }
    while ((rc = mdb_cursor_get(cursor, &key, &val, op)) == MDB_SUCCESS) {
        op = MDB_NEXT;
        state = key.mv_size == 0 ? 0 : ((const uint8_t *) key.mv_data)[key.mv_size - 1];
        if (state < PLATEN_STATES) {
            jobs[state] += number(&val);
        }
    }
    mdb_cursor_close(cursor);
    if (rc != MDB_NOTFOUND) {
        unreadable(d, mdb_strerror(rc), report);
        return;
    }

    *text = '\0';
    for (state = PLATEN_STATE_NONE + 1; state < PLATEN_STATES; state++) {
        if (jobs[state] > 0 && n < sizeof(text)) {
            n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%llu %s", n == 0 ? "" : ", ",
                                   (unsigned long long) jobs[state],
                                   platen_state_name((platen_state_t) state));
        }
    }
    platen_ctl_report_add(report, PLATEN_CTL_OK, "store.jobs", "jobs: %s",
                          *text == '\0' ? "none" : text);
}

static void
check_queue(const platen_ctl_doctor_t *d, MDB_txn *txn, platen_ctl_report_t *report)
{
    MDB_stat stat = { 0 };
    MDB_dbi  queue;
    pid_t    holder = platen_ctl_doctor_holder(d->config);
    int      rc;

    rc = open_db(txn, "queue", &queue);
    rc = rc == MDB_SUCCESS ? mdb_stat(txn, queue, &stat) : rc;
    if (rc != MDB_SUCCESS) {
        unreadable(d, mdb_strerror(rc), report);
        return;
    }
    if (stat.ms_entries > 0 && holder == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "store.queue",
                              "%zu jobs wait, and no platend works on them", stat.ms_entries);
        platen_ctl_report_advice(report, "systemctl start platend (or: platend -c %s)",
                                 d->file);
    } else {
        platen_ctl_report_add(report, PLATEN_CTL_OK, "store.queue", "the queue has %zu jobs",
                              stat.ms_entries);
    }
}

/* The newest event must not lie ahead: expiry would not come when it should. */
static void
check_time(MDB_txn *txn, platen_ctl_report_t *report)
{
    MDB_cursor    *cursor;
    MDB_val        key, val;
    MDB_dbi        outbox;
    platen_event_t event = { 0 };
    uint64_t       now = platen_now_us();
    char           text[32];
    int            rc;

    if (open_db(txn, "outbox", &outbox) != MDB_SUCCESS
        || mdb_cursor_open(txn, outbox, &cursor) != MDB_SUCCESS) {
        return;
    }
    rc = mdb_cursor_get(cursor, &key, &val, MDB_LAST);
    if (rc == MDB_SUCCESS
        && platen_codec_decode(platen_event_fields, platen_event_nfields, &event, val.mv_data,
                               val.mv_size)
               == PLATEN_OK
        && event.time > now + AHEAD_US) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "store.time",
                              "the last change of a job was %s in the future: the clock was set"
                              " back",
                              platen_ctl_doctor_duration((event.time - now) / 1000000, text));
        platen_ctl_report_advice(report, "timedatectl set-ntp true; jobs of that time expire so"
                                         " much later");
    }
    mdb_cursor_close(cursor);
}

static void
check_map(const platen_ctl_doctor_t *d, MDB_env *env, MDB_txn *txn, platen_ctl_report_t *report)
{
    uint64_t            map = d->config->map_size, used, vacant;
    platen_ctl_status_t status;
    MDB_envinfo         info;
    MDB_stat            stat;
    unsigned            percent;
    char                size[32], all[32];

    if (map == 0) {
        map = PLATEN_STORE_MAP_SIZE;
    }
    (void) platen_store_free_pages(txn, &vacant);
    if (mdb_env_info(env, &info) != MDB_SUCCESS || mdb_env_stat(env, &stat) != MDB_SUCCESS) {
        return;
    }
    used = info.me_last_pgno + 1;
    used = (used > vacant ? used - vacant : 0) * stat.ms_psize;
    percent = (unsigned) (used * 100 / map);
    status = percent >= FULL_FAIL              ? PLATEN_CTL_FAIL
             : percent >= PLATEN_CTL_FULL_WARN ? PLATEN_CTL_WARN
                                               : PLATEN_CTL_OK;
    platen_ctl_report_add(report, status, "store.map", "the store uses %s of %s, %u %%",
                          platen_ctl_doctor_size(used, size), platen_ctl_doctor_size(map, all),
                          percent);
    if (status != PLATEN_CTL_OK) {
        platen_ctl_report_advice(report,
                                 "raise store/map_size in %s and map_size= of platen_store in"
                                 " nginx.conf to the same, and restart both; or keep jobs for a"
                                 " shorter time (platen_job_ttl, outbox/keep)",
                                 d->file);
    }
}

static void
read_store(const platen_ctl_doctor_t *d, const char *path, unsigned flags,
           platen_ctl_report_t *report)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    int      rc;

    rc = mdb_env_create(&env);
    if (rc == MDB_SUCCESS) {
        mdb_env_set_maxdbs(env, 16);
        mdb_env_set_maxreaders(env, PLATEN_STORE_READERS);
        rc = mdb_env_open(env, path, MDB_RDONLY | MDB_NOTLS | MDB_NORDAHEAD | flags, 0660);
    }
    if (rc == MDB_SUCCESS) {
        rc = mdb_txn_begin(env, NULL, MDB_RDONLY, &txn);
    }
    if (rc != MDB_SUCCESS) {
        unreadable(d, mdb_strerror(rc), report);
        return;
    }

    check_schema(d, txn, report);
    check_jobs(d, txn, report);
    check_queue(d, txn, report);
    check_time(txn, report);
    check_map(d, env, txn, report);
    platen_ctl_doctor_service(d, txn, report);
    mdb_txn_abort(txn); /* gives the reader's slot back; the environment stays */
}

void
platen_ctl_doctor_store(const platen_ctl_doctor_t *d, platen_ctl_report_t *report)
{
    char        path[PATH_MAX];
    struct stat st;
    int         used;

    snprintf(path, sizeof(path), "%s/data.mdb", d->config->store_path);
    if (stat(path, &st) != 0) {
        if (errno != ENOENT) {
            return; /* the directory has been told about */
        }
        platen_ctl_report_add(report, PLATEN_CTL_OK, "store",
                              "there is no store yet: platend and nginx make it");
        return;
    }

    if (st.st_size == 0) {
        platen_ctl_report_add(report, PLATEN_CTL_WARN, "store",
                              "%s is empty: there are no jobs, or they are lost", path);
        platen_ctl_report_advice(report, "if there should be some, restore the store from a"
                                         " backup before platend starts");
        return;
    }

    snprintf(path, sizeof(path), "%s/lock.mdb", d->config->store_path);
    used = platen_ctl_doctor_in_use(d->config);
    if (access(path, F_OK) == 0 && access(path, R_OK | W_OK) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "store",
                              "%s cannot be written by %s: %s", path, d->user.name,
                              strerror(errno));
        platen_ctl_report_advice(report, "chown %s: %s/*.mdb && chmod 660 %s/*.mdb",
                                 d->user.name, d->config->store_path, d->config->store_path);
        return;
    }
    read_store(d, d->config->store_path, used ? 0 : MDB_NOLOCK, report);
}
