/* Headers of tus; see tus/header.h.  Everything here is hostile. */

#include "tus/header.h"

#include <stdio.h>
#include <string.h>

#include "base/platen.h"

static const struct {
    const char *name;
    size_t      len; /* of its digest */
} algorithms[] = {
    { "sha1", 20 },
    { "sha256", 32 },
    { "md5", 16 },
};

#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

/* One "key value" of the metadata; the value is still encoded. */
typedef struct {
    const char *key;
    size_t      key_len;
    const char *value;
    size_t      value_len;
} pair_t;


int
platen_tus_header_number(const char *text, size_t len, uint64_t *number)
{
    size_t i;

    *number = 0;
    if (len == 0 || len > 18) {
        return PLATEN_INVALID;
    }
    for (i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return PLATEN_INVALID;
        }
        *number = *number * 10 + (uint64_t) (text[i] - '0');
    }
    return PLATEN_OK;
}


static int
base64_digit(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}


/*
 * RFC 4648, section 4, with its padding.  Returns the length, at most `size`
 * bytes of which are in `out`; or -1 if it is no base64.
 */
static long
base64_decode(const char *text, size_t len, char *out, size_t size)
{
    unsigned bits = 0;
    size_t   i, n = 0, pad = 0;
    int      digit;

    if (len % 4 != 0) {
        return -1;
    }
    while (pad < 2 && pad < len && text[len - 1 - pad] == '=') {
        pad++;
    }
    for (i = 0; i < len - pad; i++) {
        digit = base64_digit(text[i]);
        if (digit < 0) {
            return -1;
        }
        bits = (bits << 6 | (unsigned) digit) & 0xffff;
        if (i % 4 != 0) {
            if (n < size) {
                out[n] = (char) (bits >> (6 - 2 * (i % 4)));
            }
            n++;
        }
    }
    return (long) n;
}


/*
 * The next pair from *pp, which it moves on.  1; 0: no more; -1: malformed.
 */
static int
next_pair(const char **pp, const char *end, pair_t *pair)
{
    const char *p = *pp;

    while (p < end && *p == ' ') {
        p++;
    }
    if (p == end) {
        return 0;
    }

    pair->key = p;
    while (p < end && *p > ' ' && *p < 0x7f && *p != ',') {
        p++;
    }
    pair->key_len = (size_t) (p - pair->key);
    if (p < end && *p != ' ' && *p != ',') {
        return -1;
    }

    while (p < end && *p == ' ') {
        p++;
    }
    pair->value = p;
    while (p < end && *p != ',' && *p != ' ') {
        p++;
    }
    pair->value_len = (size_t) (p - pair->value);

    while (p < end && *p == ' ') {
        p++;
    }
    if (pair->key_len == 0 || (p < end && *p != ',')) {
        return -1;
    }
    *pp = p < end ? p + 1 : p;
    return p < end && *pp == end ? -1 : 1; /* nothing behind the comma */
}


static int
is(const pair_t *pair, const char *name)
{
    return strlen(name) == pair->key_len
           && memcmp(name, pair->key, pair->key_len) == 0;
}


/* The field that a key stands for; -1: none. */
static int
field_of(const pair_t *pair)
{
    return is(pair, "name") ? PLATEN_PARAM_FILENAME
                            : platen_params_find(pair->key, pair->key_len);
}


static platen_problem_t
malformed(char *detail, size_t size)
{
    snprintf(detail, size, "Upload-Metadata takes pairs of a key and a base64 "
                           "value, separated by commas.");
    return PLATEN_PROBLEM_INVALID_HEADER;
}


platen_problem_t
platen_tus_header_metadata(const char *text, size_t len,
    platen_params_t *params, char *type, char *detail, size_t size)
{
    const char *p = text, *end = text + len;
    pair_t      pair;
    char        value[PLATEN_PARAM_VALUE_MAX + 1];
    long        n;
    int         rc, field;

    type[0] = '\0';

    while ((rc = next_pair(&p, end, &pair)) == 1) {
        n = base64_decode(pair.value, pair.value_len, value, sizeof(value));
        if (n < 0) {
            return malformed(detail, size);
        }

        if (is(&pair, "filetype") || is(&pair, "type")) {
            /* a hint, like a Content-Type: one that is too long is none */
            if (n <= PLATEN_TUS_TYPE_MAX
                && memchr(value, 0, (size_t) n) == NULL)
            {
                memcpy(type, value, (size_t) n);
                type[n] = '\0';
            }
            continue;
        }

        field = field_of(&pair);
        rc = field < 0
             ? platen_params_unknown(params, pair.key, pair.key_len, detail,
                                     size)
             : platen_params_set(params, field, value, (size_t) n, detail,
                                 size);
        if (rc != PLATEN_OK) {
            return PLATEN_PROBLEM_INVALID_PARAMETER;
        }
    }
    return rc == 0 ? PLATEN_PROBLEM_NONE : malformed(detail, size);
}


size_t
platen_tus_header_public(const char *text, size_t len, char *out)
{
    const char *p = text, *end = text + len;
    pair_t      pair;
    size_t      n = 0;
    int         field;

    while (next_pair(&p, end, &pair) == 1) {
        field = field_of(&pair);
        if (field >= 0 && platen_params_is_secret(field)) {
            continue;
        }
        if (n > 0) {
            out[n++] = ',';
        }
        memcpy(out + n, pair.key, pair.key_len);
        n += pair.key_len;
        if (pair.value_len > 0) {
            out[n++] = ' ';
            memcpy(out + n, pair.value, pair.value_len);
            n += pair.value_len;
        }
    }
    return n;
}


int
platen_tus_header_checksum(const char *text, size_t len,
    platen_tus_header_checksum_t *checksum)
{
    const char *space = memchr(text, ' ', len);
    size_t      name_len, i;

    if (space == NULL) {
        return PLATEN_INVALID;
    }
    name_len = (size_t) (space - text);

    for (i = 0; i < ALGORITHMS; i++) {
        if (strlen(algorithms[i].name) == name_len
            && memcmp(algorithms[i].name, text, name_len) == 0)
        {
            checksum->algorithm = algorithms[i].name;
            checksum->len = algorithms[i].len;
            return base64_decode(space + 1, len - name_len - 1,
                                 (char *) checksum->digest,
                                 sizeof(checksum->digest))
                   == (long) checksum->len
                   ? PLATEN_OK : PLATEN_INVALID;
        }
    }
    return PLATEN_NOT_FOUND;
}


const char *
platen_tus_header_algorithm(size_t i)
{
    return i < ALGORITHMS ? algorithms[i].name : NULL;
}
