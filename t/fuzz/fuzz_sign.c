/*
 * Fuzzes the query of signed URLs: what is understood lies within the query and
 * is what a second reading of it, written anew, gives.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static platen_sign_keys_t keys;
    platen_sign_query_t       q, again;
    platen_sign_url_t         url = { .method = { "GET", 3 } };
    char                      text[256];
    int                       rc, n;

    if (keys.n == 0
        && platen_sign_key_add(&keys, "0123456789abcdef0123456789abcdef", 32) != NULL) {
        abort();
    }

    rc = platen_sign_query((const char *) data, size, &q);
    if (rc != PLATEN_OK) {
        if (rc != PLATEN_INVALID && rc != PLATEN_NOT_FOUND) {
            abort();
        }
        return 0;
    }
    if (q.expires == 0 || q.signature.len != PLATEN_SIGNATURE_LEN
        || q.signature.data < (const char *) data
        || q.signature.data + q.signature.len > (const char *) data + size) {
        abort();
    }

    n = snprintf(text, sizeof(text), "expires=%llu&signature=%.*s",
                 (unsigned long long) q.expires, PLATEN_SIGNATURE_LEN, q.signature.data);
    if (q.max_length != 0) {
        n += snprintf(text + n, sizeof(text) - (size_t) n, "&max=%llu",
                      (unsigned long long) q.max_length);
    }
    /* A NUL in the signature ends the text before its time. */
    if (memchr(q.signature.data, '\0', q.signature.len) == NULL
        && (platen_sign_query(text, (size_t) n, &again) != PLATEN_OK
            || again.expires != q.expires || again.max_length != q.max_length
            || !platen_str_eq(again.signature, q.signature))) {
        abort();
    }

    /* The rest of the input is what is signed; nobody has signed it. */
    url.path = (platen_str_t){ (const char *) data, size };
    url.expires = q.expires;
    if (platen_sign_url_check(&keys, &url, q.signature, 0) != PLATEN_INVALID) {
        abort();
    }
    return 0;
}
