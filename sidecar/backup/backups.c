/*
 * Backups in time; see backup/backups.h.  The newest backup says when the next is
 * due, so that neither a restart nor one made by hand changes the pace; one
 * that failed is tried again after RETRY_S, or the interval if that is less.
 */

#include "backup/backups.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/platen.h"
#include "backup/backup.h"
#include "helper.h"
#include "log.h"

#define RETRY_S 600
#define NICE 10

struct platen_backups_s {
    const platen_config_t *config;
    const char            *file;
    uint64_t               look; /* CLOCK_BOOTTIME milliseconds; when to look again */
};

platen_backups_t *
platen_backups_new(const platen_config_t *config, const char *file)
{
    platen_backups_t *b = calloc(1, sizeof(*b));

    if (b != NULL) {
        b->config = config;
        b->file = file;
    }
    return b;
}

void
platen_backups_destroy(platen_backups_t **backups)
{
    free(*backups);
    *backups = NULL;
}

/* Returns 0, or an errno. */
static int
start(const platen_backups_t *b)
{
    char              name[] = "platend", option[] = "-bc", *file = strdup(b->file);
    char             *argv[] = { name, option, file, NULL };
    posix_spawnattr_t attributes;
    pid_t             pid;
    int               rc = ENOMEM;

    if (file != NULL) {
        rc = platen_helper_attributes(&attributes);
    }
    if (rc != 0) {
        free(file);
        return rc;
    }
    rc = posix_spawn(&pid, "/proc/self/exe", NULL, &attributes, argv, environ);
    (void) posix_spawnattr_destroy(&attributes);
    free(file);
    return rc;
}

void
platen_backups_tick(platen_backups_t *b)
{
    char     name[PLATEN_BACKUP_NAME + 1];
    uint64_t now = platen_boottime_ms(), interval = b->config->backup_interval;
    time_t   clock = time(NULL), newest;
    int      rc;

    if (*b->config->backup_path == '\0' || now < b->look) {
        return;
    }
    newest = platen_backup_newest(b->config->backup_path, name);
    /* One of the future is of a clock that was wrong, and would be the newest for long. */
    if (newest != 0 && newest <= clock && (uint64_t) (clock - newest) < interval) {
        b->look = now + (interval - (uint64_t) (clock - newest)) * 1000;
        return;
    }
    b->look = now + (interval < RETRY_S ? interval : RETRY_S) * 1000;
    rc = start(b);
    if (rc != 0) {
        platen_log(PLATEN_LOG_ERROR, "no backup: its process cannot be started",
                   json_pack("{s:s}", "error", strerror(rc)));
    }
}

int
platen_backups_make(const platen_config_t *config)
{
    platen_store_t *store;
    platen_backup_t made;
    char            err[PATH_MAX + 256];
    int             rc;

    if (*config->backup_path == '\0') {
        platen_log(PLATEN_LOG_ERROR, "no backup",
                   json_pack("{s:s}", "error",
                             "the configuration does not say where"
                             " (backup/path)"));
        return -1;
    }
    (void) setpriority(PRIO_PROCESS, 0, NICE);
    rc = platen_store_open(&store, config->store_path, (size_t) config->map_size, err,
                           sizeof(err));
    if (rc == PLATEN_OK) {
        rc = platen_backup_make(store, config->backup_files ? config->data_path : NULL,
                                config->backup_path, (unsigned) config->backup_keep, &made, err,
                                sizeof(err));
    }
    if (rc != PLATEN_OK) {
        platen_log(PLATEN_LOG_ERROR, "no backup",
                   json_pack("{s:s, s:s}", "error", err, "advice",
                             "make room, and let the user write there: platenctl backup"
                             " tries at once"));
        return -1;
    }
    platen_log(PLATEN_LOG_INFO, "backup made",
               json_pack("{s:s, s:I, s:I, s:I, s:i}", "backup", made.path, "linked",
                         (json_int_t) made.linked, "copied", (json_int_t) made.copied, "bytes",
                         (json_int_t) made.bytes, "removed", (int) made.removed));
    return 0;
}
