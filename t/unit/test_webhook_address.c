/* platen_webhook_address: what is public, what is not in any spelling, and what is allowed. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "address.h"

static const char *
judge(const char *allow, const char *address, int port)
{
    platen_webhook_networks_t allowed;
    struct sockaddr_in  in = { .sin_family = AF_INET, .sin_port = htons((uint16_t) port) };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t) port) };

    assert_null(platen_webhook_address_networks(allow, &allowed));
    if (strchr(address, ':') != NULL) {
        assert_int_equal(inet_pton(AF_INET6, address, &in6.sin6_addr), 1);
        return platen_webhook_address_wrong(&allowed, (struct sockaddr *) &in6, sizeof(in6));
    }
    assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
    return platen_webhook_address_wrong(&allowed, (struct sockaddr *) &in, sizeof(in));
}

static void
test_public(void **state)
{
    static const char *const addresses[] = {
        "1.1.1.1",          "9.255.255.255",   "11.0.0.0",      "100.63.255.255",
        "100.128.0.0",      "126.255.255.255", "128.0.0.0",     "169.253.255.255",
        "169.255.0.0",      "172.15.255.255",  "172.32.0.0",    "192.0.1.0",
        "192.0.3.0",        "192.167.255.255", "192.169.0.0",   "198.17.255.255",
        "198.20.0.0",       "223.255.255.255", "168.63.129.15", "2606:4700:4700::1111",
        "2001:200::",       "2a00::1",         "3ffe::1",       "::ffff:1.1.1.1",
        "64:ff9b::1.1.1.1", "2002:101:101::1",
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        if (judge("", addresses[i], 80) != NULL) {
            fail_msg("%s %s", addresses[i], judge("", addresses[i], 80));
        }
    }
}

static void
test_refused(void **state)
{
    static const char *const addresses[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "168.63.129.16",
        "169.254.0.0",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::127.0.0.1",
        "fc00::1",
        "fd00:ec2::254",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "2001::1",
        "2001:db8::1",
        "3fff::1",
        "4000::1",
        "100::1",
        "64:ff9b:1::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0.0.0.0",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2002:a9fe:a9fe::",
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        if (judge("", addresses[i], 80) == NULL) {
            fail_msg("%s is not refused", addresses[i]);
        }
    }
    assert_string_equal(judge("", "127.0.0.1", 80), "is a loopback address");
    assert_string_equal(judge("", "1.1.1.1", 0), "has port 0");
    assert_string_equal(judge("", "2606:4700:4700::1111", 0), "has port 0");
}

static void
test_other_families(void **state)
{
    platen_webhook_networks_t none = { .n = 0 };
    struct sockaddr_un        un = { .sun_family = AF_UNIX };
    struct sockaddr_in        in = { .sin_family = AF_INET, .sin_port = 80 };

    (void) state;
    assert_non_null(platen_webhook_address_wrong(&none, (struct sockaddr *) &un, sizeof(un)));
    assert_non_null(
        platen_webhook_address_wrong(&none, (struct sockaddr *) &in, sizeof(in) - 1));
}

static void
test_allowed(void **state)
{
    (void) state;
    assert_null(judge("127.0.0.0/8", "127.0.0.1", 80));
    assert_null(judge("  10.1.0.0/16\t127.0.0.1  ", "127.0.0.1", 80));
    assert_null(judge("10.1.0.0/16", "10.1.255.255", 80));
    assert_non_null(judge("10.1.0.0/16", "10.2.0.0", 80));
    assert_non_null(judge("127.0.0.1", "127.0.0.2", 80));
    assert_null(judge("10.0.0.0/9", "10.127.0.0", 80));
    assert_non_null(judge("10.0.0.0/9", "10.128.0.0", 80));
    assert_null(judge("0.0.0.0/0", "10.128.0.0", 80));
    assert_non_null(judge("0.0.0.0/0", "::1", 80));
    assert_null(judge("::1 fd00::/8", "fd12::1", 80));
    assert_null(judge("::1", "::1", 80));
    assert_non_null(judge("::/0", "127.0.0.1", 80));
    assert_null(judge("127.0.0.0/8", "::ffff:127.0.0.1", 80));
    assert_non_null(judge("10.0.0.0/8", "::ffff:127.0.0.1", 80));
    assert_string_equal(judge("127.0.0.0/8", "127.0.0.1", 0), "has port 0");
}

static void
test_networks(void **state)
{
    static const char *const bad[] = {
        "x",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/x",
        "10.0.0.0/8x",
        "10.0.0.0/-1",
        "10.0.0.1/8",
        "fd00::/129",
        "fd00::1/8",
        "10.0.0",
        "127.0.0.1,10.0.0.0/8",
        "/8",
        "010.0.0.1",
        "::1/",
        "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/16",
    };
    platen_webhook_networks_t out;
    char                      many[66 * 8 + 1] = "";
    size_t                    i;

    (void) state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (platen_webhook_address_networks(bad[i], &out) == NULL) {
            fail_msg("%s is taken", bad[i]);
        }
    }
    for (i = 0; i < 65; i++) {
        strcat(many, "1.1.1.1 ");
    }
    assert_string_equal(platen_webhook_address_networks(many, &out),
                        "has more than 64 networks");
    many[64 * 8] = '\0';
    assert_null(platen_webhook_address_networks(many, &out));
    assert_int_equal(out.n, 64);
    assert_null(platen_webhook_address_networks("", &out));
    assert_int_equal(out.n, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public),         cmocka_unit_test(test_refused),
        cmocka_unit_test(test_other_families), cmocka_unit_test(test_allowed),
        cmocka_unit_test(test_networks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
