/*
 * Signatures: what lets a URL, or a cookie, stand for itself.  HMAC-SHA256
 * (RFC 2104) over a text of lines, in base64url without padding (RFC 4648,
 * section 5).  The first line says what is signed and how, so that a signature
 * of one kind is none of another:
 *
 *     platen-url-1            platen-cookie-1
 *     GET                     9f0c...      of whom
 *     /jobs/0190.../download  1790000000   until when
 *     1790000000              seconds since the Unix epoch
 *     image/png               of a PUT; else empty
 *     52428800                bytes of a PUT at most; else empty
 *
 * with a line feed between two lines and none at the end.  A part that holds a
 * control character is refused, so that no two lists of parts read the same.
 *
 * Keys are the operator's secrets: the first signs, any of them verifies, so
 * that one follows the other without a break.  Pure functions, any thread; the
 * caller owns every buffer.
 */

#ifndef PLATEN_SIGN_H
#define PLATEN_SIGN_H

#include "base/platen.h"

#define PLATEN_SIGN_KEY_MIN 32 /* bytes of a key */
#define PLATEN_SIGN_KEY_MAX 512
#define PLATEN_SIGN_KEYS_MAX 8
#define PLATEN_SIGNATURE_LEN 43 /* characters, without the NUL */
#define PLATEN_SIGN_SKEW 30     /* seconds by which clocks may differ */
#define PLATEN_SIGN_TEXT_MAX 4096

typedef struct {
    char   bytes[PLATEN_SIGN_KEY_MAX];
    size_t len;
} platen_sign_key_t;

typedef struct {
    platen_sign_key_t key[PLATEN_SIGN_KEYS_MAX];
    size_t            n;
} platen_sign_keys_t;

/* What a URL's signature is made over. */
typedef struct {
    platen_str_t method;
    platen_str_t path; /* decoded, as the server sees it */
    uint64_t     expires;
    platen_str_t type;       /* empty: any */
    uint64_t     max_length; /* 0: any */
} platen_sign_url_t;

/* What the query of a signed URL says. */
typedef struct {
    uint64_t     expires;
    uint64_t     max_length; /* 0: not given */
    platen_str_t signature;  /* points into the query */
} platen_sign_query_t;

/*
 * Adds the key that is the text of a file, without the white space at its end.
 * NULL, or a sentence: what is wrong with it (never the key itself).
 */
const char *platen_sign_key_add(platen_sign_keys_t *keys, const char *text, size_t len);

/*
 * Signs with the first key.  `out` gets PLATEN_SIGNATURE_LEN characters and a
 * NUL.  PLATEN_OK; PLATEN_INVALID: a part has a control character, or they are
 * longer than PLATEN_SIGN_TEXT_MAX; PLATEN_ERROR: libcrypto failed.
 */
int platen_sign_parts(const platen_sign_keys_t *keys, const platen_str_t *parts, size_t n,
                      char out[PLATEN_SIGNATURE_LEN + 1]);

/*
 * Compares with what each key makes of the parts, to the end and in constant
 * time.  PLATEN_OK; PLATEN_INVALID: it is none; PLATEN_ERROR.
 */
int platen_sign_check(const platen_sign_keys_t *keys, const platen_str_t *parts, size_t n,
                      platen_str_t signature);

int platen_sign_url(const platen_sign_keys_t *keys, const platen_sign_url_t *url,
                    char out[PLATEN_SIGNATURE_LEN + 1]);

/*
 * Whether that is the URL's signature, and it holds at `now` (seconds since the
 * Unix epoch).  PLATEN_OK; PLATEN_INVALID; PLATEN_STALE: it is, but has expired;
 * PLATEN_ERROR.
 */
int platen_sign_url_check(const platen_sign_keys_t *keys, const platen_sign_url_t *url,
                          platen_str_t signature, uint64_t now);

/*
 * Reads "expires", "max" and "signature" out of a query; other parameters are
 * passed over.  PLATEN_OK; PLATEN_NOT_FOUND: it has no signature;
 * PLATEN_INVALID: one of the three is there twice, or is no such value, or
 * expires is missing.
 */
int platen_sign_query(const char *query, size_t len, platen_sign_query_t *out);

#endif
