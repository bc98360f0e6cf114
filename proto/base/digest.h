/*
 * One SHA-256 over several parts, each after its length, so that no two lists
 * of parts read the same.  Pure, any thread.
 */

#ifndef PLATEN_DIGEST_H
#define PLATEN_DIGEST_H

#include "job/job.h"

/* PLATEN_OK, or PLATEN_ERROR: no memory, or libcrypto has no SHA-256. */
int platen_digest(const platen_str_t *parts, size_t n, uint8_t out[PLATEN_SHA256_LEN]);

/*
 * What a submission with an Idempotency-Key is compared by: the document, its
 * name, and all that was asked for, as the client said it: `ttl` is the one that
 * it sent (0: none), not the one that came of it.  Passwords are in it by an
 * HMAC-SHA256 under the Idempotency-Key `key` itself, of which the store has only a
 * digest: who reads the store cannot try passwords without knowing the key.
 */
int platen_digest_submission(const platen_job_t *job, uint64_t ttl, platen_str_t key,
                             uint8_t out[PLATEN_SHA256_LEN]);

#endif
