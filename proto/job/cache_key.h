/*
 * What makes two submissions the same conversion: the key under which a result
 * is remembered (platen_store_cached()).
 */

#ifndef PLATEN_CACHE_H
#define PLATEN_CACHE_H

#include "job/job.h"

/*
 * SHA-256 over client, digest of the input, formats and options of the job.  A
 * job with secrets has no key: its result is for whoever knows the password.
 * Returns PLATEN_OK; PLATEN_NOT_FOUND if the job has none; PLATEN_ERROR if
 * libcrypto fails.
 */
int platen_cache_key(const platen_job_t *job, uint8_t key[PLATEN_SHA256_LEN]);

#endif
