/* platen_webhook: URLs that may be told, those that may not, and what is shown of one. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "job/webhook_url.h"

static void
test_taken(void **state)
{
    static const char *const urls[] = {
        "http://example.com",
        "https://example.com/",
        "HTTPS://Example.COM:8443/hooks/a?b=c&d=%2F",
        "http://a",
        "http://a?x",
        "http://a_b.example/",
        "http://127.0.0.1/", /* where it leads is judged when it is connected to */
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]:80/",
        "https://example.com:65535/~a/(b)/c;d,e!f$g'h*i+j=@[k]",
        "https://example.com./",
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        if (platen_webhook_url_wrong(urls[i], strlen(urls[i])) != NULL) {
            fail_msg("%s %s", urls[i], platen_webhook_url_wrong(urls[i], strlen(urls[i])));
        }
    }
}

static void
test_refused(void **state)
{
    static const struct {
        const char *url, *says;
    } cases[] = {
        { "", "begin with http" },
        { "example.com", "begin with http" },
        { "ftp://example.com/", "begin with http" },
        { "file:///etc/passwd", "begin with http" },
        { "gopher://a/", "begin with http" },
        { "http:/a/", "begin with http" },
        { "http:", "begin with http" },
        { " http://a/", "begin with http" },
        { "http://", "no host" },
        { "https:///path", "no host" },
        { "http://?x", "no host" },
        { "http://:80/", "no host" },
        { "http://user@example.com/", "names a user" },
        { "http://user:pass@example.com/", "names a user" },
        { "http://example.com:80@127.0.0.1/", "names a user" },
        { "http://example.com/#part", "fragment" },
        { "http://example.com#@127.0.0.1/", "fragment" },
        { "http://example.com\\@127.0.0.1/", "names a user" },
        { "http://example.com\\.b/", "characters that no host has" },
        { "http://exa mple.com/", "characters that no host has" },
        { "http://ex%61mple.com/", "characters that no host has" },
        { "http://ex\xc3\xa4mple.com/", "characters that no host has" },
        { "http://example.com/a b", "no URL has" },
        { "http://example.com/\r\nX-Header: 1", "no URL has" },
        { "http://example.com/\t", "no URL has" },
        { "http://example.com/\x7f", "no URL has" },
        { "http://example.com/\xc3\xa4", "no URL has" },
        { "http://example.com/\"<>^`{|}\\", "no URL has" },
        { "http://example.com/%", "two hex digits" },
        { "http://example.com/%2", "two hex digits" },
        { "http://example.com/%zz", "two hex digits" },
        { "http://example.com:/", "1 to 65535" },
        { "http://example.com:0/", "1 to 65535" },
        { "http://example.com:65536/", "1 to 65535" },
        { "http://example.com:000080/", "1 to 65535" },
        { "http://example.com:99999999999999999999/", "1 to 65535" },
        { "http://example.com:8o/", "no number" },
        { "http://example.com:80:90/", "no number" },
        { "http://[::1/", "IPv6" },
        { "http://[]/", "IPv6" },
        { "http://[fe80::1%25eth0]/", "IPv6" },
        { "http://[::1]a/", "IPv6" },
        { "http://::1/", "no number" },
    };
    const char *says;
    size_t      i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        says = platen_webhook_url_wrong(cases[i].url, strlen(cases[i].url));
        if (says == NULL || strstr(says, cases[i].says) == NULL) {
            fail_msg("%s: %s", cases[i].url, says == NULL ? "taken" : says);
        }
    }
    says = platen_webhook_url_wrong("http://a/\0b", 11);
    assert_non_null(says);
    assert_non_null(platen_webhook_url_wrong("http://a\0b/", 11));
}

static void
test_length(void **state)
{
    char url[PLATEN_WEBHOOK_URL_MAX + 2];

    (void) state;
    memset(url, 'a', sizeof(url));
    memcpy(url, "http://b/", 9);
    assert_null(platen_webhook_url_wrong(url, PLATEN_WEBHOOK_URL_MAX));
    assert_non_null(
        strstr(platen_webhook_url_wrong(url, PLATEN_WEBHOOK_URL_MAX + 1), "longer"));
    url[8] = 'a';
    url[7 + 255] = '/';
    assert_null(platen_webhook_url_wrong(url, 300));
    url[7 + 255] = 'a';
    url[7 + 256] = '/';
    assert_non_null(strstr(platen_webhook_url_wrong(url, 300), "too long"));
}

static void
test_origin(void **state)
{
    static const struct {
        const char *url, *origin;
    } cases[] = {
        { "https://Example.com/secret?token=1", "https://example.com" },
        { "HTTP://a:8080", "http://a:8080" },
        { "http://a?secret", "http://a" },
        { "http://[::1]:80/x", "http://[::1]:80" },
        { "ftp://a/", "" },
        { "http://user@a/", "" },
    };
    char   out[PLATEN_WEBHOOK_ORIGIN_MAX];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(platen_webhook_origin(cases[i].url, strlen(cases[i].url), out),
                         strlen(cases[i].origin));
        assert_string_equal(out, cases[i].origin);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_origin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
