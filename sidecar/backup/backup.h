/*
 * Backups of a server that goes on serving.  Each is a directory below one that
 * the operator names, called by its time (UTC, 20261126T120000Z):
 *
 *   store/data.mdb       a compact copy of the store as it was at that time
 *   data/input, output   its files, by the same names as in the data directory
 *
 * Files never change once they are in place, so on the same file system they are
 * hard links and take no room; elsewhere, those that the backup before has are
 * links to that, and only new ones are copied.  What is under way (uploads,
 * conversions) is not in it.  A backup is there whole and synced, or not at all.
 */

#ifndef PLATEN_BACKUP_H
#define PLATEN_BACKUP_H

#include <limits.h>
#include <time.h>

#include "config.h"
#include "store/store.h"

#define PLATEN_BACKUP_NAME 16 /* characters of a name */

typedef struct {
    char     path[PATH_MAX];
    uint64_t linked;  /* files that took no room */
    uint64_t copied;  /* the others */
    uint64_t bytes;   /* of those */
    unsigned removed; /* older backups */
} platen_backup_t;

/*
 * Makes one below `dir`, which is created if its parent is there; `data` is the
 * data directory, NULL for the store only.  Older ones beyond `keep` (0: none)
 * are removed when it is there.  Returns PLATEN_OK; PLATEN_STALE if another
 * process makes one there now; else PLATEN_ERROR.  In both `err` has a sentence, and
 * nothing is left behind.
 */
int platen_backup_make(platen_store_t *store, const char *data, const char *dir, unsigned keep,
                       platen_backup_t *made, char *err, size_t errlen);

/*
 * When the newest backup below `dir` was begun, in seconds since the epoch, and
 * its name; 0 and "" if there is none, or `dir` cannot be read.
 */
time_t platen_backup_newest(const char *dir, char name[PLATEN_BACKUP_NAME + 1]);

/*
 * Links, or else copies, the files of jobs from <from>/input and <from>/output to
 * the same below `to`, where `earlier` (or NULL) may have them already; those
 * that are there are left.  Counts in `made`.  Returns 0, or -1 with a sentence; not synced.
 */
int platen_backup_files(const char *from, const char *earlier, const char *to,
                        platen_backup_t *made, char *err, size_t errlen);

/*
 * Takes out of the store in `part`, a backup on its way, what `live` has no more and whose
 * files are not there: jobs that were removed after the store was copied.  Returns 0, or -1
 * with a sentence.
 */
int platen_backup_settle(platen_store_t *live, const char *part, char *err, size_t errlen);

/* Copies the rest of a file, and adds up its bytes.  Returns 0, or -1 with errno. */
int platen_backup_copy(int from, int to, uint64_t *bytes);

/* Writes all of a file system to its disk.  Returns 0, or -1 with errno. */
int platen_backup_sync(const char *path);

#endif
