/* Jobs that are the answer for another: by what is converted, and by the key of a request. */

#ifndef PLATEN_STORE_DEDUP_H
#define PLATEN_STORE_DEDUP_H

#include "store/env.h"

/*
 * The job whose result answers for that key (platen_cache_key()): in SUCCESS,
 * and not expired at `now`.  PLATEN_NOT_FOUND if there is none.
 */
int platen_store_cached(platen_txn_t *txn, platen_str_t key, uint64_t now, platen_job_t *job);

/*
 * The client's job that was submitted with that key (SHA-256).  PLATEN_NOT_FOUND
 * if there is none.
 */
int platen_store_idempotent(platen_txn_t *txn, platen_str_t client, platen_str_t key,
                            platen_job_t *job);

#endif
