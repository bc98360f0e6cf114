/* What makes two submissions the same; see job/cache_key.h.  Pure, any thread. */

#include "job/cache_key.h"

#include <openssl/hmac.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/platen.h"
#include "format/format.h"

/*
 * Whether the document's name may be in the result: in a field or a header of an
 * office document, and in the names of several images of pages.
 */
static int
says_name(const platen_job_t *job)
{
    const platen_format_t *from, *to;

    from = platen_format_find(job->source_format.data, job->source_format.len);
    to = platen_format_find(job->target_format.data, job->target_format.len);
    return from == NULL || to == NULL || from->family == PLATEN_FAMILY_OOXML
           || from->family == PLATEN_FAMILY_OLE || from->family == PLATEN_FAMILY_ZIP
           || strcmp(from->name, "rtf") == 0 || strcmp(to->name, "png") == 0;
}

int
platen_cache_key(const platen_job_t *job, uint8_t key[PLATEN_SHA256_LEN])
{
    const platen_str_t parts[] = {
        job->client,
        job->input_sha256,
        job->source_format,
        job->target_format,
        job->options,
        says_name(job) ? job->input_filename : (platen_str_t){ "", 0 },
        /* What an older version has made wrong is not to be seen again. */
        { PLATEN_VERSION, sizeof(PLATEN_VERSION) - 1 },
    };

    if (job->secrets.len != 0 || job->input_sha256.len != PLATEN_SHA256_LEN) {
        return PLATEN_NOT_FOUND;
    }
    return platen_digest(parts, sizeof(parts) / sizeof(parts[0]), key);
}

int
platen_digest_submission(const platen_job_t *job, uint64_t ttl, platen_str_t key,
                         uint8_t out[PLATEN_SHA256_LEN])
{
    unsigned char mac[PLATEN_SHA256_LEN];
    unsigned      mac_len = 0;
    char          numbers[64];
    platen_str_t  parts[] = {
         job->input_sha256, job->input_filename, job->source_format,  job->target_format,
         job->options,      { numbers, 0 },      { (char *) mac, 0 }, job->webhook_url,
    };

    if (job->secrets.len != 0
        && (HMAC(EVP_sha256(), key.data, (int) key.len,
                 (const unsigned char *) job->secrets.data, job->secrets.len, mac, &mac_len)
                == NULL
            || mac_len != sizeof(mac))) {
        return PLATEN_ERROR;
    }
    parts[5].len = (size_t) snprintf(numbers, sizeof(numbers), "%x %u %llu", job->withheld,
                                     (unsigned) job->priority, (unsigned long long) ttl);
    parts[6].len = mac_len;
    return platen_digest(parts, sizeof(parts) / sizeof(parts[0]), out);
}
