/*
 * Orphans: inputs and results that no job names.  A process that is killed
 * between making a file and recording it leaves one, and so does one that is
 * killed between removing a record and its files.
 */

#ifndef PLATEN_ORPHANS_H
#define PLATEN_ORPHANS_H

#include "config.h"
#include "disk/layout.h"
#include "store/store.h"

/*
 * Whether no job names the file, now; `epoch` is for PLATEN_DIR_OUTPUT.  One of a
 * record that cannot be read is no orphan.
 */
int
platen_orphans_is(platen_txn_t *txn, platen_dir_t dir, const platen_id_t *id, uint32_t epoch);

typedef struct platen_orphans_s platen_orphans_t;

/* Both arguments must outlive it.  NULL: no memory. */
platen_orphans_t *platen_orphans_new(const platen_config_t *config, platen_store_t *store);

void platen_orphans_destroy(platen_orphans_t **orphans);

/*
 * One slice of a round, or of the wait for the next one.  Returns 1 if the round
 * goes on, for the caller to come back after its other events, or 0 until later.
 */
int platen_orphans_slice(platen_orphans_t *orphans);

#endif
