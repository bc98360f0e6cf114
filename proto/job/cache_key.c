/* The key of a result; see job/cache_key.h.  Pure, any thread. */

#include "job/cache_key.h"

#include "base/digest.h"

int
platen_cache_key(const platen_job_t *job, uint8_t key[PLATEN_SHA256_LEN])
{
    const platen_str_t parts[] = {
        job->client, job->input_sha256, job->source_format, job->target_format, job->options,
    };

    if (job->secrets.len != 0 || job->input_sha256.len != PLATEN_SHA256_LEN) {
        return PLATEN_NOT_FOUND;
    }
    return platen_digest(parts, sizeof(parts) / sizeof(parts[0]), key);
}
