/*
 * The reaper: what time has made superfluous.  Expired jobs and their files,
 * old events, files that no job names (schedule/orphans.h), temporary files and reader
 * slots of processes that died, empty directories; and, at start, the jobs that a dead sidecar
 * was running.
 */

#ifndef PLATEN_REAPER_H
#define PLATEN_REAPER_H

#include "config.h"
#include "store/store.h"

typedef struct platen_reaper_s platen_reaper_t;

/* Both arguments must outlive the reaper.  NULL: no memory. */
platen_reaper_t *platen_reaper_new(const platen_config_t *config, platen_store_t *store);

void platen_reaper_destroy(platen_reaper_t **reaper);

/*
 * Before anything runs: every PROCESSING job goes back to the queue, the result
 * that it may have left unnamed is removed, and the work directory is emptied.
 * Returns how many jobs went back, or -1 with a sentence in `err`.
 */
int platen_reaper_recover(platen_reaper_t *reaper, char *err, size_t errlen);

/*
 * One slice of a round, in whatever thread.  Returns 1 if the round goes on, for the caller
 * to come back after its other events, or 0 when it is over.
 */
int platen_reaper_slice(platen_reaper_t *reaper);

/* Whether somebody has that claim in hand. */
typedef int platen_reaper_holds_t(const void *data, const platen_id_t *id, uint32_t epoch);

/*
 * Notes the running jobs whose lease has run out and which nobody has in hand; only for
 * the loop's thread, as `holds` is asked.  Call every few seconds.  Returns how many; those
 * are put back by _put_back(), before the next look, in whatever thread.
 */
int
platen_reaper_leases(platen_reaper_t *reaper, platen_reaper_holds_t *holds, const void *data);

/* Returns how many went back: a claim that nobody has in hand is nobody's later, either. */
int platen_reaper_put_back(platen_reaper_t *reaper);

#endif
