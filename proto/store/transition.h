/* How a job changes. */

#ifndef PLATEN_STORE_TRANSITION_H
#define PLATEN_STORE_TRANSITION_H

#include "store/env.h"

/*
 * The one way in which a job changes state: checks that the lifecycle has the
 * edge from the stored state (PLATEN_INVALID_TRANSITION) and that job->epoch is
 * the stored epoch (PLATEN_STALE), then writes the record, every index, the
 * counters and one outbox event.  `job` holds the whole new record and is
 * updated: state, times (`now`: microseconds since the Unix epoch; when an INITIATED
 * one expires is the caller's to say), queue_key, change_seq, and on entering PROCESSING epoch
 * and attempts, each raised by one. One that enters PENDING with not_before set waits for that
 * time; one that does so after its end begins anew, with no attempts.  PLATEN_INVALID if a
 * field is longer than it may be, or the client, priority or idem_key another.
 */
int
platen_store_transition(platen_txn_t *txn, platen_job_t *job, platen_state_t to, uint64_t now);

/*
 * Removes the record of `id` and its indexes, whatever its state, with one
 * outbox event: CANCELLED if it was not final, else "gone".  A `client` that is
 * not the owner gets PLATEN_NOT_FOUND; NULL asks for no owner.  The files of a
 * batch go with platen_store_tombstones().  *removed (may be
 * NULL) gets the numbers of the record and no strings.
 */
int platen_store_remove(platen_txn_t *txn, const platen_id_t *id, const platen_str_t *client,
                        uint64_t now, platen_job_t *removed);

/* Extends the lease of a job that `epoch` still owns; else PLATEN_STALE. */
int platen_store_touch(platen_txn_t *txn, const platen_id_t *id, uint32_t epoch,
                       uint64_t lease_until);

/* Another request was told of the job, which so goes with no client's leaving. */
int platen_store_promise(platen_txn_t *txn, platen_job_t *job);

#endif
