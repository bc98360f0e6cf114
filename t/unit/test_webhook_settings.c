/* platen_webhook_settings: what platend hands to platen-webhook, there and back. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "webhook/settings.h"

static char nothing[] = "", store[] = "/var/lib/platen/store", secret[] = "/a /b  /c";

static const platen_webhook_settings_t settings = {
    .store_path = store,
    .secret = secret,
    .allow = nothing,
    .ca = nothing,
    .base = nothing,
    .map_size = UINT64_MAX,
    .log_level = 1,
    .connections = 16,
    .keep_dead = 604800,
};

static void
test_there_and_back(void **state)
{
    platen_webhook_settings_t back;
    char                     *text = platen_webhook_settings_write(&settings), more[8192];
    size_t                    len, i;

    (void) state;
    assert_non_null(text);
    len = strlen(text);
    assert_int_equal(platen_webhook_settings_whole(text, len), len);
    assert_int_equal(platen_webhook_settings_parse(&back, text, len), PLATEN_OK);
    assert_string_equal(back.store_path, settings.store_path);
    assert_string_equal(back.secret, settings.secret);
    assert_string_equal(back.base, "");
    assert_int_equal(back.map_size, UINT64_MAX);
    assert_int_equal(back.connections, 16);
    assert_int_equal(back.keep_dead, 604800);
    platen_webhook_settings_destroy(&back);
    assert_null(back.store_path);

    /* Nothing less is whole, and what follows is not of it. */
    for (i = 0; i < len; i++) {
        assert_int_equal(platen_webhook_settings_whole(text, i), 0);
        assert_int_equal(platen_webhook_settings_parse(&back, text, i), PLATEN_CORRUPT);
    }
    memcpy(more, text, len);
    memset(more + len, 0, 3);
    assert_int_equal(platen_webhook_settings_whole(more, len + 3), len);
    assert_int_equal(platen_webhook_settings_parse(&back, more, len + 3), PLATEN_CORRUPT);

    /* Another name, order or kind of value is another version's. */
    more[0] = 'S';
    assert_int_equal(platen_webhook_settings_parse(&back, more, len), PLATEN_CORRUPT);
    memcpy(more, text, len + 1);
    *strstr(more, "connections 16") = 'C';
    assert_int_equal(platen_webhook_settings_parse(&back, more, len), PLATEN_CORRUPT);
    memcpy(more, text, len + 1);
    memcpy(strstr(more, "connections 16"), "connections -1", 14);
    assert_int_equal(platen_webhook_settings_parse(&back, more, len), PLATEN_CORRUPT);
    free(text);
}

static void
test_cannot_be_written(void **state)
{
    platen_webhook_settings_t bad = settings;
    char                      lines[] = "/a\nend", *large = malloc(PLATEN_WEBHOOK_SETTINGS_MAX);

    (void) state;
    assert_non_null(large);
    memset(large, 'a', PLATEN_WEBHOOK_SETTINGS_MAX - 1);
    large[PLATEN_WEBHOOK_SETTINGS_MAX - 1] = '\0';
    bad.secret = lines;
    assert_null(platen_webhook_settings_write(&bad));
    assert_int_equal(errno, EINVAL);
    bad.secret = large;
    assert_null(platen_webhook_settings_write(&bad));
    assert_int_equal(errno, E2BIG);
    free(large);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_cannot_be_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
