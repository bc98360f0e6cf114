/* Batches: their phases, and what is in their archives. */

#ifndef PLATEN_STORE_BATCH_H
#define PLATEN_STORE_BATCH_H

#include "store/env.h"

/*
 * A batch that is PROCESSING goes on to the phase that job->batch has (at work
 * with no open file: it is due), with what else `job` says of it; no event tells of that.  What
 * is due waits for job->not_before, if that is set; packing is a claim, and raises the epoch.
 * PLATEN_INVALID_TRANSITION, PLATEN_STALE.
 */
int platen_store_rephase(platen_txn_t *txn, platen_job_t *job, uint64_t now);

/*
 * An entry of a batch's archive that is no file of it, with its name and reason.
 * One that is there already is left alone.
 */
int platen_store_skip(platen_txn_t *txn, const platen_id_t *batch, const platen_file_t *file,
                      uint64_t now);

/* Entry `number` of a batch.  PLATEN_NOT_FOUND. */
int platen_store_file(platen_txn_t *txn, const platen_id_t *batch, uint32_t number,
                      platen_file_t *file);

/*
 * Entries of a batch from `number` on, in order; strings point into the map.
 * Returns how many, or a negative code.
 */
int platen_store_files(platen_txn_t *txn, const platen_id_t *batch, uint32_t number,
                       platen_file_t *files, int max);

/* Whether a batch that is gone has left something: 1, 0, or a negative code. */
int platen_store_any_tombstones(platen_txn_t *txn);

/*
 * Removes at most `max` files and skipped entries of batches that are gone.
 * *removed (room for `max`) gets the numbers of the files' records and no strings,
 * *n how many; returns 1 if there is more to do, 0, or a negative code.
 */
int platen_store_tombstones(platen_txn_t *txn, uint64_t now, platen_job_t *removed, int max,
                            int *n);

#endif
