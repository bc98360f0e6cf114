/*
 * The sweep of orphans; see schedule/orphans.h.  Runs in one thread at a time, in
 * slices that look at ENTRIES names or remove SLICE files.
 *
 * A file comes before its record, so one without a record may be a submission
 * under way.  Hence two looks: a file that is older than reaper/orphan_age, by
 * its times, and that no job names (one that is only announced names none yet),
 * is noted; it goes if that is still so after the same time by a clock that does
 * not jump (at most HOLD_MAX_MS), in a transaction that keeps others from
 * changing it meanwhile.  One that is locked stays: an upload to the same place may
 * have replaced it, and is about to be recorded.  What is not named as a file of ours
 * is left alone, and so is what belongs to a record that cannot be read.  Owns the
 * directories that it reads and the notes.
 */

#include "schedule/orphans.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/crash.h"
#include "metrics.h"

#define ENTRIES 512 /* names looked at in a slice */
#define NOTES 1024  /* orphans of a round; more are left to the next */
#define SLICE 64    /* files removed in a transaction */
#define HOLD_MAX_MS 600000

typedef struct {
    platen_id_t  id;
    platen_dir_t dir;
    uint32_t     epoch;
} orphan_t;

typedef enum { WAITING, SEARCHING, HOLDING, REMOVING } phase_t;

struct platen_orphans_s {
    const platen_config_t *config;
    platen_store_t        *store;
    phase_t                phase;
    uint64_t               next_at; /* CLOCK_BOOTTIME milliseconds, of WAITING and HOLDING */
    platen_dir_t           dir;     /* where SEARCHING is */
    DIR                   *top;     /* its buckets, and one of them */
    DIR                   *bucket;
    unsigned               nnotes;
    unsigned               removed;
    orphan_t               notes[NOTES];
};

platen_orphans_t *
platen_orphans_new(const platen_config_t *config, platen_store_t *store)
{
    platen_orphans_t *o;

    o = calloc(1, sizeof(*o));
    if (o != NULL) {
        o->config = config;
        o->store = store;
    }
    return o;
}

static void
close_dir(DIR **dir)
{
    if (*dir != NULL) {
        closedir(*dir);
        *dir = NULL;
    }
}

void
platen_orphans_destroy(platen_orphans_t **orphans)
{
    platen_orphans_t *o = *orphans;

    if (o == NULL) {
        return;
    }
    close_dir(&o->bucket);
    close_dir(&o->top);
    free(o);
    *orphans = NULL;
}

static void
warn(const char *what, int error)
{
    platen_log(PLATEN_LOG_WARN, "the sweep of orphans is given up",
               json_pack("{s:s, s:s}", "step", what, "error", strerror(error)));
}

int
platen_orphans_is(platen_txn_t *txn, platen_dir_t dir, const platen_id_t *id, uint32_t epoch)
{
    platen_job_t job;
    int          rc;

    rc = platen_store_get(txn, id, &job);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND;
    }
    if (dir == PLATEN_DIR_INPUT) {
        /* Its bytes and its record change in one transaction: one of them came no further. */
        return job.state == PLATEN_STATE_INITIATED && job.input_sha256.len == 0;
    }
    /* A result is named by its epoch; one of PROCESSING is about to be. */
    return job.epoch != epoch
           || (job.state != PLATEN_STATE_PROCESSING
               && !platen_state_has_result((platen_state_t) job.state));
}

static int
is_orphan(platen_txn_t *txn, const orphan_t *file)
{
    return platen_orphans_is(txn, file->dir, &file->id, file->epoch);
}

static DIR *
open_at(int parent, const char *name)
{
    DIR *dir;
    int  fd;

    fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
    }
    return dir;
}

static int
open_top(platen_orphans_t *o, platen_dir_t dir)
{
    static const char *const names[] = {
        [PLATEN_DIR_INPUT] = "input",
        [PLATEN_DIR_OUTPUT] = "output",
    };
    char path[PLATEN_PATH_MAX];

    snprintf(path, sizeof(path), "%.*s/%s", PLATEN_ROOT_MAX, o->config->data_path, names[dir]);
    o->dir = dir;
    o->top = open_at(AT_FDCWD, path);
    if (o->top == NULL) {
        warn(path, errno);
    }
    return o->top == NULL ? -1 : 0;
}

/* Whether nothing has happened to the file for as long as configured. */
static int
is_old(const platen_orphans_t *o, const char *name)
{
    struct stat st;
    time_t      last, now = time(NULL);

    if (fstatat(dirfd(o->bucket), name, &st, AT_SYMLINK_NOFOLLOW) != 0
        || !S_ISREG(st.st_mode)) {
        return 0;
    }
    last = st.st_ctime > st.st_mtime ? st.st_ctime : st.st_mtime;
    return now - last > (time_t) o->config->orphan_age;
}

/* The next name of the open bucket.  Returns 0 at its end. */
static int
look_at_file(platen_orphans_t *o, platen_txn_t *txn)
{
    struct dirent *entry = readdir(o->bucket);
    orphan_t       file = { .dir = o->dir };

    if (entry == NULL) {
        close_dir(&o->bucket);
        return 0;
    }
    if (platen_layout_parse(o->dir, entry->d_name, &file.id, &file.epoch) == PLATEN_OK
        && is_old(o, entry->d_name) && is_orphan(txn, &file)) {
        o->notes[o->nnotes++] = file;
    }
    return 1;
}

/* Opens the next bucket.  Returns 0 when all have been seen. */
static int
next_bucket(platen_orphans_t *o)
{
    struct dirent *entry;

    while ((entry = readdir(o->top)) != NULL) {
        if (entry->d_name[0] != '.') {
            /* One that is gone by now, or no directory, is passed over. */
            o->bucket = open_at(dirfd(o->top), entry->d_name);
            if (o->bucket != NULL) {
                return 1;
            }
        }
    }
    close_dir(&o->top);
    return 0;
}

static void
wait_for_next(platen_orphans_t *o)
{
    close_dir(&o->bucket);
    close_dir(&o->top);
    o->phase = WAITING;
    o->next_at = platen_boottime_ms() + o->config->orphan_interval * 1000;
}

static void
hold(platen_orphans_t *o)
{
    uint64_t age = o->config->orphan_age * 1000;

    wait_for_next(o);
    if (o->nnotes > 0) {
        platen_crash_point(PLATEN_CRASH_ORPHANS_NOTED);
        o->phase = HOLDING;
        o->next_at = platen_boottime_ms() + (age < HOLD_MAX_MS ? age : HOLD_MAX_MS);
    }
}

/* Looks at ENTRIES names.  Returns 1 if there are more. */
static int
search(platen_orphans_t *o)
{
    platen_txn_t txn;
    int          i;

    if (platen_txn_read(o->store, &txn) != PLATEN_OK) {
        wait_for_next(o);
        return 0;
    }
    for (i = 0; i < ENTRIES && o->nnotes < NOTES; i++) {
        if (o->bucket != NULL) {
            look_at_file(o, &txn);
        } else if (!next_bucket(o)
                   && (o->dir == PLATEN_DIR_OUTPUT || open_top(o, PLATEN_DIR_OUTPUT) != 0)) {
            break;
        }
    }
    platen_txn_abort(&txn);

    if (i == ENTRIES) {
        return 1;
    }
    hold(o);
    return 0;
}

static int
remove_file(const platen_orphans_t *o, const orphan_t *file)
{
    char path[PLATEN_PATH_MAX];

    platen_layout_path(o->config->data_path, file->dir, &file->id, file->epoch, path);
    if (platen_layout_remove_free(AT_FDCWD, path) != 0) {
        if (errno != ENOENT && errno != EBUSY) {
            warn(path, errno);
        }
        return 0;
    }
    platen_crash_point(PLATEN_CRASH_ORPHANS_REMOVED);
    platen_log(PLATEN_LOG_WARN, "a file that no job names is removed",
               json_pack("{s:s}", "path", path));
    return 1;
}

/* Removes SLICE of what was noted.  Returns 1 if there is more. */
static int
remove_notes(platen_orphans_t *o)
{
    platen_txn_t txn;
    int          i;

    if (platen_txn_write(o->store, &txn) != PLATEN_OK) {
        wait_for_next(o);
        return 0;
    }
    for (i = 0; i < SLICE && o->nnotes > 0; i++) {
        o->nnotes--;
        if (is_orphan(&txn, &o->notes[o->nnotes])) {
            o->removed += (unsigned) remove_file(o, &o->notes[o->nnotes]);
        }
    }
    platen_txn_abort(&txn); /* it has changed nothing, but kept others from it */

    if (o->nnotes > 0) {
        return 1;
    }
    platen_metric_add(PLATEN_METRIC_ORPHANS, o->removed, NULL, NULL, NULL);
    platen_log(PLATEN_LOG_INFO, "orphans removed",
               json_pack("{s:i}", "files", (int) o->removed));
    wait_for_next(o);
    return 0;
}

int
platen_orphans_slice(platen_orphans_t *o)
{
    switch (o->phase) {
    case SEARCHING:
        return search(o);
    case REMOVING:
        return remove_notes(o);
    default:
        break;
    }

    if (platen_boottime_ms() < o->next_at) {
        return 0;
    }
    if (o->phase == HOLDING) {
        o->removed = 0;
        o->phase = REMOVING;
        return 1;
    }
    o->nnotes = 0;
    o->phase = SEARCHING;
    if (open_top(o, PLATEN_DIR_INPUT) != 0) {
        wait_for_next(o);
        return 0;
    }
    return 1;
}
