/* Tests of platen_sign: known answers, every part that counts, keys, time, and queries. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/sign.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define NEXT "a second key, which is to come after"

static const platen_sign_url_t get = {
    .method = { "GET", 3 },
    .path = { "/jobs/x/download", 16 },
    .expires = 1790000000,
};
static const platen_sign_url_t put = {
    .method = { "PUT", 3 },
    .path = { "/d", 2 },
    .expires = 1790000000,
    .type = { "image/png", 9 },
    .max_length = 1000,
};

/* Made with openssl dgst -sha256 -hmac KEY -binary | basenc --base64url */
static const char get_signature[] = "o1IqCPwhF_29ey8somnW3RXIVAfDn9kqyhs2ZYaFfGY";
static const char put_signature[] = "eAw5VFSDcDt8OLIlMxmOOK6aE6Y-ZEYGm2te67dwG_g";
static const char cookie_signature[] = "1C2MjODyU38HSGvHs25soiCTPO54g5gweVhbrbKym_U";

static platen_sign_keys_t
keys_of(const char *a, const char *b)
{
    platen_sign_keys_t keys = { .n = 0 };

    assert_null(platen_sign_key_add(&keys, a, strlen(a)));
    if (b != NULL) {
        assert_null(platen_sign_key_add(&keys, b, strlen(b)));
    }
    return keys;
}

static int
check(const platen_sign_keys_t *keys, platen_sign_url_t url, const char *signature)
{
    return platen_sign_url_check(keys, &url, platen_str(signature), url.expires);
}

static void
test_known(void **state)
{
    platen_sign_keys_t keys = keys_of(KEY "\r\n", NULL);
    platen_str_t       cookie[] = { PLATEN_STR("platen-cookie-1"), PLATEN_STR("value") };
    char               out[PLATEN_SIGNATURE_LEN + 1];

    (void) state;

    assert_int_equal(platen_sign_url(&keys, &get, out), PLATEN_OK);
    assert_string_equal(out, get_signature);
    assert_int_equal(platen_sign_url(&keys, &put, out), PLATEN_OK);
    assert_string_equal(out, put_signature);
    assert_int_equal(platen_sign_parts(&keys, cookie, 2, out), PLATEN_OK);
    assert_string_equal(out, cookie_signature);
    assert_int_equal(check(&keys, get, get_signature), PLATEN_OK);
    assert_int_equal(check(&keys, put, put_signature), PLATEN_OK);
}

static void
test_every_part_counts(void **state)
{
    platen_sign_keys_t keys = keys_of(KEY, NULL);
    platen_sign_url_t  url;
    char               signature[PLATEN_SIGNATURE_LEN + 1];
    int                i;

    (void) state;

    url = put;
    url.method = PLATEN_STR("POST");
    assert_int_equal(check(&keys, url, put_signature), PLATEN_INVALID);
    url = put;
    url.path = PLATEN_STR("/e");
    assert_int_equal(check(&keys, url, put_signature), PLATEN_INVALID);
    url = put;
    url.expires++;
    assert_int_equal(check(&keys, url, put_signature), PLATEN_INVALID);
    url = put;
    url.type = PLATEN_STR("image/jpeg");
    assert_int_equal(check(&keys, url, put_signature), PLATEN_INVALID);
    url = put;
    url.max_length = 1001;
    assert_int_equal(check(&keys, url, put_signature), PLATEN_INVALID);
    url.max_length = 0;
    assert_int_equal(check(&keys, url, put_signature), PLATEN_INVALID);

    /* Each character of the signature, and its length. */
    for (i = 0; i < PLATEN_SIGNATURE_LEN; i++) {
        strcpy(signature, put_signature);
        signature[i] = signature[i] == 'A' ? 'B' : 'A';
        assert_int_equal(check(&keys, put, signature), PLATEN_INVALID);
    }
    assert_int_equal(check(&keys, put, ""), PLATEN_INVALID);
    signature[i - 1] = '\0';
    assert_int_equal(check(&keys, put, signature), PLATEN_INVALID);
}

static void
test_no_part_runs_into_the_next(void **state)
{
    platen_sign_keys_t keys = keys_of(KEY, NULL);
    platen_sign_url_t  url = get;
    char               out[PLATEN_SIGNATURE_LEN + 1], *path;
    int                c;

    (void) state;

    /* The text of "put", but for its lines in other parts. */
    url.method = PLATEN_STR("PUT\n/d");
    url.path = PLATEN_STR("1790000000");
    assert_int_equal(platen_sign_url(&keys, &url, out), PLATEN_INVALID);
    assert_int_equal(check(&keys, url, put_signature), PLATEN_INVALID);

    for (c = 0; c < 256; c++) {
        char one[] = { '/', (char) c };

        url = get;
        url.path = (platen_str_t){ one, 2 };
        assert_int_equal(platen_sign_url(&keys, &url, out),
                         c < 0x20 || c == 0x7f ? PLATEN_INVALID : PLATEN_OK);
    }

    path = malloc(PLATEN_SIGN_TEXT_MAX);
    assert_non_null(path);
    memset(path, 'x', PLATEN_SIGN_TEXT_MAX);
    url.path = (platen_str_t){ path, PLATEN_SIGN_TEXT_MAX };
    assert_int_equal(platen_sign_url(&keys, &url, out), PLATEN_INVALID);
    url.path.len = 4000;
    assert_int_equal(platen_sign_url(&keys, &url, out), PLATEN_OK);
    free(path);
}

static void
test_rotation(void **state)
{
    platen_sign_keys_t old = keys_of(KEY, NULL), both = keys_of(NEXT, KEY),
                       new = keys_of(NEXT, NULL), none = { .n = 0 };
    char out[PLATEN_SIGNATURE_LEN + 1];

    (void) state;

    assert_int_equal(check(&both, get, get_signature), PLATEN_OK);
    assert_int_equal(check(&new, get, get_signature), PLATEN_INVALID);
    assert_int_equal(platen_sign_url(&both, &get, out), PLATEN_OK);
    assert_string_not_equal(out, get_signature);
    assert_int_equal(check(&new, get, out), PLATEN_OK);
    assert_int_equal(check(&old, get, out), PLATEN_INVALID);
    assert_int_equal(check(&none, get, out), PLATEN_INVALID);
    assert_int_equal(platen_sign_url(&none, &get, out), PLATEN_INVALID);
}

static void
test_time(void **state)
{
    platen_sign_keys_t keys = keys_of(KEY, NULL);
    uint64_t           last = get.expires + PLATEN_SIGN_SKEW;

    (void) state;

    assert_int_equal(platen_sign_url_check(&keys, &get, platen_str(get_signature), 0),
                     PLATEN_OK);
    assert_int_equal(platen_sign_url_check(&keys, &get, platen_str(get_signature), last),
                     PLATEN_OK);
    assert_int_equal(platen_sign_url_check(&keys, &get, platen_str(get_signature), last + 1),
                     PLATEN_STALE);
    /* Of one that never was good, nothing is said about its time. */
    assert_int_equal(platen_sign_url_check(&keys, &get, platen_str(put_signature), last + 1),
                     PLATEN_INVALID);
}

static void
test_keys(void **state)
{
    platen_sign_keys_t keys = { .n = 0 };
    char               text[PLATEN_SIGN_KEY_MAX + 2];
    size_t             i;

    (void) state;

    memset(text, 'k', sizeof(text));
    assert_non_null(platen_sign_key_add(&keys, text, 0));
    assert_non_null(platen_sign_key_add(&keys, text, PLATEN_SIGN_KEY_MIN - 1));
    assert_non_null(platen_sign_key_add(&keys, text, PLATEN_SIGN_KEY_MAX + 1));
    text[40] = '\n';
    assert_non_null(platen_sign_key_add(&keys, text, 100));
    assert_null(platen_sign_key_add(&keys, text, 41));
    assert_int_equal(keys.key[0].len, 40);
    assert_non_null(platen_sign_key_add(&keys, "                                 ", 33));

    for (i = 1; i < PLATEN_SIGN_KEYS_MAX; i++) {
        assert_null(platen_sign_key_add(&keys, KEY, 32));
    }
    assert_non_null(platen_sign_key_add(&keys, KEY, 32));
    assert_int_equal(keys.n, PLATEN_SIGN_KEYS_MAX);
}

static int
query(const char *text, platen_sign_query_t *q)
{
    size_t len = strlen(text);
    char  *copy = malloc(len == 0 ? 1 : len);
    int    rc;

    assert_non_null(copy);
    memcpy(copy, text, len);
    rc = platen_sign_query(copy, len, q);
    free(copy);
    return rc;
}

#define S "signature=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static void
test_query(void **state)
{
    static const char *const none[] = { "",
                                        "&",
                                        "=",
                                        "expires=1",
                                        "expires=1&max=2",
                                        "signature",
                                        "Signature=x",
                                        "xsignature=x",
                                        "signature%3dx" };
    static const char *const bad[] = {
        S,
        S "&expires=",
        S "&expires=0",
        S "&expires=01",
        S "&expires=-1",
        S "&expires=+1",
        S "&expires=1x",
        S "&expires=1%30",
        S "&expires=1234567890123456",
        S "&expires=1&expires=1",
        S "&expires=1&" S,
        S "A&expires=1",
        S "&expires=1&max=0",
        S "&expires=1&max=1&max=1",
        "signature=&expires=1",
        "signature=A&expires=1",
    };
    platen_sign_query_t q;
    size_t              i;

    (void) state;

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_int_equal(query(none[i], &q), PLATEN_NOT_FOUND);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(query(bad[i], &q), PLATEN_INVALID);
    }

    assert_int_equal(query("a=b&expires=1790000000&&max=52428800&x&" S "&", &q), PLATEN_OK);
    assert_int_equal(q.expires, 1790000000);
    assert_int_equal(q.max_length, 52428800);
    assert_int_equal(q.signature.len, PLATEN_SIGNATURE_LEN);
    assert_int_equal(query(S "&expires=123456789012345", &q), PLATEN_OK);
    assert_int_equal(q.max_length, 0);
    assert_int_equal(platen_sign_query(NULL, 0, &q), PLATEN_NOT_FOUND);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_every_part_counts),
        cmocka_unit_test(test_no_part_runs_into_the_next),
        cmocka_unit_test(test_rotation),
        cmocka_unit_test(test_time),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_query),
    };

    return cmocka_run_group_tests_name("platen_sign", tests, NULL, NULL);
}
