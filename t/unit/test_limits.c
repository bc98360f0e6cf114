/* What nginx's configuration says of each location with platen_api; see ctl/limits.h. */

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/limits.h"

static platen_ctl_location_t locations[PLATEN_CTL_LOCATIONS];

static void
test_defaults(void **state)
{
    (void) state;
    assert_int_equal(platen_ctl_limits_parse("", locations, PLATEN_CTL_LOCATIONS), 0);
    assert_int_equal(platen_ctl_limits_parse("http { server { location / { root /x; } } }",
                                             locations, PLATEN_CTL_LOCATIONS),
                     0);
    assert_int_equal(platen_ctl_limits_parse("http{server{location /a/{platen_api;}}}",
                                             locations, PLATEN_CTL_LOCATIONS),
                     1);
    assert_string_equal(locations[0].name, "/a/");
    assert_string_equal(locations[0].keys, "");
    assert_string_equal(locations[0].realm, "");
    assert_int_equal(locations[0].max_file, 50 << 20);
    assert_int_equal(locations[0].upload_max, 0);
    assert_int_equal(locations[0].quota, 0);
    assert_int_equal(locations[0].batch_file, 512 << 20);
    assert_int_equal(locations[0].webhooks, 0);
}

/* A block inherits, also what is said behind it; what it says itself goes before. */
static void
test_inheritance(void **state)
{
    (void) state;
    assert_int_equal(
        platen_ctl_limits_parse(
            "http { platen_quota 1g; platen_webhooks on; platen_realm a;\n"
            " server { location / { platen_api; platen_max_file_size 1m; }\n"
            "          location ^~ /b/ { platen_api; platen_quota off; platen_realm off;"
            " platen_webhooks off; platen_batch entries=7 file=3k; }\n"
            "          platen_api_keys '/some keys'; platen_upload_max_size 9m; }\n"
            " server { platen_batch off; location /c/ { if ($x) { set $y 1; } platen_api; } } "
            "}",
            locations, PLATEN_CTL_LOCATIONS),
        3);
    assert_string_equal(locations[0].name, "/");
    assert_string_equal(locations[0].keys, "/some keys");
    assert_string_equal(locations[0].realm, "a");
    assert_int_equal(locations[0].max_file, 1 << 20);
    assert_int_equal(locations[0].upload_max, 9 << 20);
    assert_int_equal(locations[0].quota, 1 << 30);
    assert_int_equal(locations[0].webhooks, 1);
    assert_string_equal(locations[1].name, "/b/");
    assert_string_equal(locations[1].realm, "");
    assert_int_equal(locations[1].quota, 0);
    assert_int_equal(locations[1].batch_file, 3 << 10);
    assert_int_equal(locations[1].webhooks, 0);
    assert_string_equal(locations[2].keys, "");
    assert_int_equal(locations[2].batch_file, 0);
}

static void
test_anything(void **state)
{
    static const char *const texts[] = { "}",
                                         "}}}} platen_api;",
                                         "{{{{",
                                         "location / { platen_api",
                                         "'",
                                         "\\",
                                         "platen_quota;;;",
                                         "location {platen_api;}",
                                         "location / {platen_quota x;platen_api;}" };
    char                     deep[8192];
    size_t                   i;

    (void) state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(platen_ctl_limits_parse(texts[i], locations, PLATEN_CTL_LOCATIONS) <= 1);
    }
    memset(deep, '{', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = '\0';
    assert_int_equal(platen_ctl_limits_parse(deep, locations, PLATEN_CTL_LOCATIONS), 0);
    assert_int_equal(platen_ctl_limits_parse(
                         "location /1 {platen_api;} location /2 {platen_api;}", locations, 1),
                     1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_inheritance),
        cmocka_unit_test(test_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
