/* SHA-256 over parts; see base/digest.h. */

#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

int
platen_digest(const platen_str_t *parts, size_t n, uint8_t out[PLATEN_SHA256_LEN])
{
    EVP_MD_CTX *md;
    uint8_t     len[4];
    size_t      i;
    int         b, ok;

    md = EVP_MD_CTX_new();
    ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    for (i = 0; ok && i < n; i++) {
        for (b = 0; b < 4; b++) {
            len[b] = (uint8_t) (parts[i].len >> (8 * b));
        }
        ok = EVP_DigestUpdate(md, len, sizeof(len)) == 1
             && (parts[i].len == 0 || EVP_DigestUpdate(md, parts[i].data, parts[i].len) == 1);
    }
    ok = ok && EVP_DigestFinal_ex(md, out, NULL) == 1;
    EVP_MD_CTX_free(md);
    return ok ? PLATEN_OK : PLATEN_ERROR;
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
