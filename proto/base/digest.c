/* SHA-256 over parts; see base/digest.h. */

#include "base/digest.h"

#include <errno.h>
#include <unistd.h>

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

int
platen_digest_file(int fd, uint8_t out[PLATEN_SHA256_LEN])
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t     bytes[65536];
    ssize_t     n = 1;
    off_t       at = 0;
    int         ok;

    ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    while (ok && n != 0) {
        n = pread(fd, bytes, sizeof(bytes), at);
        if (n < 0 && errno != EINTR) {
            EVP_MD_CTX_free(md);
            return -1;
        }
        at += n < 0 ? 0 : n;
        ok = n <= 0 || EVP_DigestUpdate(md, bytes, (size_t) n) == 1;
    }
    ok = ok && EVP_DigestFinal_ex(md, out, NULL) == 1;
    EVP_MD_CTX_free(md);
    errno = ENOMEM;
    return ok ? 0 : -1;
}
