/*
 * One SHA-256 over several parts, each after its length, so that no two lists
 * of parts read the same.  Pure, any thread.
 */

#ifndef PLATEN_DIGEST_H
#define PLATEN_DIGEST_H

#include "platen_job.h"

/* PLATEN_OK, or PLATEN_ERROR: no memory, or libcrypto has no SHA-256. */
int platen_digest(const platen_str_t *parts, size_t n, uint8_t out[PLATEN_SHA256_LEN]);

/*
 * What a submission with an Idempotency-Key is compared by: the document, its
 * name, and all that was asked for.  Passwords count by their being there.
 */
int platen_digest_submission(const platen_job_t *job, uint8_t out[PLATEN_SHA256_LEN]);

#endif
