/* What the two sides say of themselves: written, read, compared, told. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "store/service.h"
#include "base/wire.h"

static platen_uses_t uses;

static void
test_uses(void **state)
{
    char          text[PLATEN_USES_TEXT_MAX];
    platen_uses_t back;
    size_t        len;

    (void) state;
    platen_uses_look(&uses, "/usr", "/nonexistent\n\x80", 0);
    assert_int_not_equal(uses.store.inode, 0);
    assert_int_equal(uses.data.inode, 0);
    assert_string_equal(uses.data.path, "/nonexistent??");
    assert_int_equal(strlen(uses.boot), 36);

    len = platen_uses_write(&uses, text);
    assert_int_equal(len, strlen(text));
    assert_int_equal(platen_uses_parse(&back, text, len), PLATEN_OK);
    assert_memory_equal(&back.store, &uses.store, sizeof(back.store));
    assert_int_equal(back.map_size, uses.map_size);
    assert_int_equal(platen_uses_differ(&uses, &back), 0);
    while (len-- > 0) {
        assert_int_equal(platen_uses_parse(&back, text, len), PLATEN_CORRUPT);
    }
}

static void
test_differ(void **state)
{
    platen_uses_t other;

    (void) state;
    platen_uses_look(&uses, "/usr", "/usr/bin", 1 << 20);
    platen_uses_look(&other, "/usr/../usr", "/usr/bin/.", 1 << 20);
    assert_int_equal(platen_uses_differ(&uses, &other), 0);
    platen_uses_look(&other, "/usr", "/usr/lib", 1 << 21);
    assert_int_equal(platen_uses_differ(&uses, &other), PLATEN_USES_DATA | PLATEN_USES_MAP);
    platen_uses_look(&other, "/", "/nonexistent", 1 << 20);
    assert_int_equal(platen_uses_differ(&uses, &other), PLATEN_USES_STORE);
    *other.boot = 'x';
    assert_int_equal(platen_uses_differ(&uses, &other), 0);
    *other.boot = *uses.boot = '\0';
    assert_int_equal(platen_uses_differ(&uses, &other), 0);
}

/* The longest that there can be is told whole, and goes over the wire. */
static void
test_long(void **state)
{
    uint8_t       wire[PLATEN_USES_WIRE_MAX];
    char          path[4 * PLATEN_USES_PATH_MAX], out[PLATEN_SERVICE_SENTENCE];
    platen_uses_t back;
    platen_hint_t hint;
    size_t        len;

    (void) state;
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    platen_uses_look(&uses, path, path, UINT64_MAX);
    uses.store.device = uses.store.inode = uses.data.device = uses.data.inode = UINT64_MAX;
    len = platen_uses_encode(&uses, wire);
    assert_true(len < sizeof(wire));
    assert_int_equal(platen_uses_decode(wire, len, &back), PLATEN_OK);
    assert_int_equal(platen_uses_differ(&uses, &back), 0);
    assert_int_not_equal(platen_wire_decode(wire, len, &hint), PLATEN_OK);
    assert_int_equal(platen_uses_decode(wire, 5, &back), PLATEN_CORRUPT);
    wire[5] = PLATEN_HINT_NEWS;
    assert_int_equal(platen_uses_decode(wire, len, &back), PLATEN_CORRUPT);

    platen_uses_tell(&uses, &back, PLATEN_USES_STORE, out);
    assert_string_equal(out + strlen(out) - strlen("restart both."), "restart both.");
}

static void
test_canary(void **state)
{
    static const platen_canary_record_t failed = {
        .at = 1, .took = 2, .from = "rtf", .to = "pdf", .engines = "lok+qpdf", .why = "a b c"
    };
    platen_canary_record_t back, ok = failed;
    char                   text[PLATEN_CANARY_TEXT_MAX];
    size_t                 len;

    (void) state;
    len = platen_canary_write(&failed, text);
    assert_int_equal(platen_canary_parse(&back, text, len), PLATEN_OK);
    assert_memory_equal(&back, &failed, sizeof(back));
    ok.ok = 1;
    *ok.why = '\0';
    len = platen_canary_write(&ok, text);
    assert_int_equal(platen_canary_parse(&back, text, len), PLATEN_OK);
    assert_int_equal(back.ok, 1);
    assert_string_equal(back.why, "");
    assert_int_equal(platen_canary_parse(&back, "1 ok", 4), PLATEN_CORRUPT);
    assert_int_equal(platen_canary_parse(&back, "", 0), PLATEN_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uses),
        cmocka_unit_test(test_differ),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_canary),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
