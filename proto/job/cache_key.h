/*
 * What makes two submissions the same conversion: the key under which a result
 * is remembered (platen_store_cached()); and what makes them the same request.
 */

#ifndef PLATEN_CACHE_H
#define PLATEN_CACHE_H

#include "job/job.h"

/*
 * SHA-256 over client, digest of the input, formats and options of the job, its name
 * where that may be in the result, and the version of Platen.  A job with secrets has no key:
 * its result is for whoever knows the password. Returns PLATEN_OK; PLATEN_NOT_FOUND if the job
 * has none; PLATEN_ERROR if libcrypto fails.
 */
int platen_cache_key(const platen_job_t *job, uint8_t key[PLATEN_SHA256_LEN]);

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
