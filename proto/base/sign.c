/* HMAC over lines of text; see base/sign.h. */

#include "base/sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#define MAC_LEN 32
#define URL_PARTS 6
#define DIGITS_MAX 15 /* of a number in a query */

static int
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *
platen_sign_key_add(platen_sign_keys_t *keys, const char *text, size_t len)
{
    platen_sign_key_t *key;

    while (len > 0 && is_space(text[len - 1])) {
        len--;
    }
    if (len < PLATEN_SIGN_KEY_MIN) {
        return "a signing key has 32 characters at least";
    }
    if (len > PLATEN_SIGN_KEY_MAX) {
        return "a signing key has 512 characters at most";
    }
    if (memchr(text, '\n', len) != NULL) {
        return "a signing key is one line, alone in its file";
    }
    if (keys->n == PLATEN_SIGN_KEYS_MAX) {
        return "there are 8 signing keys at most";
    }

    key = &keys->key[keys->n++];
    memcpy(key->bytes, text, len);
    key->len = len;
    return NULL;
}

/* The text that is signed; PLATEN_INVALID if it would not be one. */
static int
join(const platen_str_t *parts, size_t n, char text[PLATEN_SIGN_TEXT_MAX], size_t *len)
{
    size_t i, k;

    *len = 0;
    for (i = 0; i < n; i++) {
        if (parts[i].len >= PLATEN_SIGN_TEXT_MAX - *len) {
            return PLATEN_INVALID;
        }
        if (i > 0) {
            text[(*len)++] = '\n';
        }
        for (k = 0; k < parts[i].len; k++) {
            if ((unsigned char) parts[i].data[k] < 0x20 || parts[i].data[k] == 0x7f) {
                return PLATEN_INVALID;
            }
            text[(*len)++] = parts[i].data[k];
        }
    }
    return PLATEN_OK;
}

static int
sign(const platen_sign_key_t *key, const char *text, size_t len,
     char out[PLATEN_SIGNATURE_LEN + 1])
{
    unsigned char mac[MAC_LEN], encoded[48];
    unsigned      n = 0;
    int           i;

    if (HMAC(EVP_sha256(), key->bytes, (int) key->len, (const unsigned char *) text, len, mac,
             &n)
            == NULL
        || n != MAC_LEN) {
        return PLATEN_ERROR;
    }

    /* 43 characters and one of padding, which goes. */
    EVP_EncodeBlock(encoded, mac, MAC_LEN);
    for (i = 0; i < PLATEN_SIGNATURE_LEN; i++) {
        out[i] = encoded[i] == '+' ? '-' : encoded[i] == '/' ? '_' : (char) encoded[i];
    }
    out[i] = '\0';
    return PLATEN_OK;
}

int
platen_sign_parts(const platen_sign_keys_t *keys, const platen_str_t *parts, size_t n,
                  char out[PLATEN_SIGNATURE_LEN + 1])
{
    char   text[PLATEN_SIGN_TEXT_MAX];
    size_t len;
    int    rc;

    rc = keys->n == 0 ? PLATEN_INVALID : join(parts, n, text, &len);
    return rc == PLATEN_OK ? sign(&keys->key[0], text, len, out) : rc;
}

int
platen_sign_check(const platen_sign_keys_t *keys, const platen_str_t *parts, size_t n,
                  platen_str_t signature)
{
    char   text[PLATEN_SIGN_TEXT_MAX], ours[PLATEN_SIGNATURE_LEN + 1];
    size_t len, i;
    int    rc, fits = 0;

    rc = join(parts, n, text, &len);
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (signature.len != PLATEN_SIGNATURE_LEN) {
        return PLATEN_INVALID;
    }

    /* The characters are compared: of a digest there is one encoding only. */
    for (i = 0; i < keys->n; i++) {
        if (sign(&keys->key[i], text, len, ours) != PLATEN_OK) {
            return PLATEN_ERROR;
        }
        fits |= CRYPTO_memcmp(ours, signature.data, PLATEN_SIGNATURE_LEN) == 0;
    }
    return fits ? PLATEN_OK : PLATEN_INVALID;
}

/* The parts of a URL's text; `numbers` is room for two. */
static void
url_parts(const platen_sign_url_t *url, platen_str_t parts[URL_PARTS], char numbers[2][24])
{
    size_t i;

    snprintf(numbers[0], 24, "%llu", (unsigned long long) url->expires);
    numbers[1][0] = '\0';
    if (url->max_length != 0) {
        snprintf(numbers[1], 24, "%llu", (unsigned long long) url->max_length);
    }

    i = 0;
    parts[i++] = PLATEN_STR("platen-url-1");
    parts[i++] = url->method;
    parts[i++] = url->path;
    parts[i++] = platen_str(numbers[0]);
    parts[i++] = url->type;
    parts[i++] = platen_str(numbers[1]);
}

int
platen_sign_url(const platen_sign_keys_t *keys, const platen_sign_url_t *url,
                char out[PLATEN_SIGNATURE_LEN + 1])
{
    platen_str_t parts[URL_PARTS];
    char         numbers[2][24];

    url_parts(url, parts, numbers);
    return platen_sign_parts(keys, parts, URL_PARTS, out);
}

int
platen_sign_url_check(const platen_sign_keys_t *keys, const platen_sign_url_t *url,
                      platen_str_t signature, uint64_t now)
{
    platen_str_t parts[URL_PARTS];
    char         numbers[2][24];
    int          rc;

    url_parts(url, parts, numbers);
    rc = platen_sign_check(keys, parts, URL_PARTS, signature);
    if (rc != PLATEN_OK) {
        return rc;
    }

    /* Said of a signature only that was good once. */
    return now <= url->expires + PLATEN_SIGN_SKEW ? PLATEN_OK : PLATEN_STALE;
}

static int
number(platen_str_t value, uint64_t *out)
{
    size_t i;

    if (value.len == 0 || value.len > DIGITS_MAX || value.data[0] == '0') {
        return PLATEN_INVALID;
    }
    *out = 0;
    for (i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9') {
            return PLATEN_INVALID;
        }
        *out = *out * 10 + (uint64_t) (value.data[i] - '0');
    }
    return PLATEN_OK;
}

/* One "name=value"; the number that is there already is not replaced. */
static int
parameter(platen_sign_query_t *out, platen_str_t name, platen_str_t value)
{
    if (platen_str_eq(name, PLATEN_STR("expires"))) {
        return out->expires == 0 ? number(value, &out->expires) : PLATEN_INVALID;
    }
    if (platen_str_eq(name, PLATEN_STR("max"))) {
        return out->max_length == 0 ? number(value, &out->max_length) : PLATEN_INVALID;
    }
    if (platen_str_eq(name, PLATEN_STR("signature"))) {
        if (out->signature.data != NULL || value.len != PLATEN_SIGNATURE_LEN) {
            return PLATEN_INVALID;
        }
        out->signature = value;
    }
    return PLATEN_OK;
}

int
platen_sign_query(const char *query, size_t len, platen_sign_query_t *out)
{
    const char  *p = query, *last = query + len, *end, *eq;
    platen_str_t name, value;
    int          rc = PLATEN_OK, found = 0;

    memset(out, 0, sizeof(*out));
    for (; p < last; p = end + 1) {
        end = memchr(p, '&', (size_t) (last - p));
        if (end == NULL) {
            end = last;
        }
        eq = memchr(p, '=', (size_t) (end - p));
        if (eq == NULL) {
            continue;
        }
        name = (platen_str_t){ p, (size_t) (eq - p) };
        value = (platen_str_t){ eq + 1, (size_t) (end - eq - 1) };

        found |= platen_str_eq(name, PLATEN_STR("signature"));
        if (parameter(out, name, value) != PLATEN_OK) {
            rc = PLATEN_INVALID;
        }
    }

    if (!found) {
        return PLATEN_NOT_FOUND;
    }
    return out->expires == 0 ? PLATEN_INVALID : rc;
}
