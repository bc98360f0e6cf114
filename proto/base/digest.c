/* SHA-256 over parts; see base/digest.h. */

#include "base/digest.h"

#include <openssl/evp.h>

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
