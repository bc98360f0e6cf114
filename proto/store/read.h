/* Records, listings and counts. */

#ifndef PLATEN_STORE_READ_H
#define PLATEN_STORE_READ_H

#include "store/env.h"

/* The record of that id.  PLATEN_NOT_FOUND, PLATEN_CORRUPT, PLATEN_TOO_NEW. */
int platen_store_get(platen_txn_t *txn, const platen_id_t *id, platen_job_t *job);

/* Bytes that the job counts for in its client's usage: input, and result if it has one. */
uint64_t platen_store_bytes(const platen_job_t *job);

/* What the client's jobs count for, in bytes. */
int platen_store_usage(platen_txn_t *txn, platen_str_t client, uint64_t *bytes);

typedef struct {
    platen_str_t       client;
    platen_state_t     state;  /* PLATEN_STATE_NONE for all */
    const platen_id_t *before; /* cursor: only jobs older than this id, or NULL */
    uint64_t           offset; /* jobs to skip; costs a step each */
} platen_list_t;

/*
 * Newest-first ids of a client's jobs.  Returns how many (0..max), or a
 * negative code.  *more says whether older ones follow.
 */
int platen_store_list(platen_txn_t *txn, const platen_list_t *query, platen_id_t *ids, int max,
                      int *more);

/* How many jobs the client has in that state (PLATEN_STATE_NONE: in any). */
int platen_store_count(platen_txn_t *txn, platen_str_t client, platen_state_t state,
                       uint64_t *count);

/* Ids of the jobs that are PROCESSING, oldest first, those after `after` (or NULL). */
int
platen_store_running(platen_txn_t *txn, const platen_id_t *after, platen_id_t *ids, int max);

/* Ids of jobs that expired at or before `now`, earliest first. */
int platen_store_expired(platen_txn_t *txn, uint64_t now, platen_id_t *ids, int max);

#endif
