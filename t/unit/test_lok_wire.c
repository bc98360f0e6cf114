/* Tests of platen_lok_wire: round trips of each kind, and packets that nobody sends. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "office/wire.h"

static uint8_t packet[PLATEN_LOK_WIRE_MAX];

static platen_lok_message_t
request(void)
{
    return (platen_lok_message_t){
        .kind = PLATEN_LOK_CONVERT,
        .tag = 0xfedcba98,
        .address_space = UINT64_MAX,
        .file_size = 1,
        .cgroup = PLATEN_STR("/sys/fs/cgroup/platen/platen-0"),
        .cpu_seconds = UINT32_MAX,
        .work = PLATEN_STR("/runs"),
        .input = PLATEN_STR("/in.docx"),
        .output = PLATEN_STR("/runs/out.pdf"),
        .load_options = PLATEN_STR("Language=de"),
        .export_filter = PLATEN_STR("pdf"),
        .export_options = PLATEN_STR("{}"),
        .password = PLATEN_STR("\xc3\xa9"),
        .page = { PLATEN_LOK_PAGE_PORTRAIT,
                  PLATEN_LOK_PAGE_FIT_PAGE,
                  21000,
                  29700,
                  { 1, 2, 3, PLATEN_LOK_PAGE_MAX } },
        .name = platen_str("report.docx"),
        .tracked = PLATEN_LOK_CHANGES_SHOW,
        .comments = 1,
        .sheets = 1,
    };
}

/* Decodes an exact-size copy, so that reading past its end is seen. */
static int
decode(const uint8_t *in, size_t len, platen_lok_message_t *message, uint8_t **copy)
{
    *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(*copy);
    memcpy(*copy, in, len);
    return platen_lok_wire_decode(*copy, len, message);
}

static int
decode_rc(const uint8_t *in, size_t len)
{
    platen_lok_message_t message;
    uint8_t             *copy;
    int                  rc = decode(in, len, &message, &copy);

    free(copy);
    return rc;
}

static void
test_convert(void **state)
{
    platen_lok_message_t a = request(), b;
    uint8_t             *copy;
    size_t               len;

    (void) state;
    len = platen_lok_wire_encode(&a, packet);
    assert_int_not_equal(len, 0);
    assert_int_equal(decode(packet, len, &b, &copy), PLATEN_OK);

    assert_int_equal(b.kind, a.kind);
    assert_int_equal(b.tag, a.tag);
    assert_int_equal(b.address_space, a.address_space);
    assert_int_equal(b.file_size, a.file_size);
    assert_true(platen_str_eq(b.cgroup, a.cgroup));
    assert_int_equal(b.cpu_seconds, a.cpu_seconds);
    assert_true(platen_str_eq(b.work, a.work));
    assert_true(platen_str_eq(b.input, a.input));
    assert_true(platen_str_eq(b.output, a.output));
    assert_true(platen_str_eq(b.load_options, a.load_options));
    assert_true(platen_str_eq(b.export_filter, a.export_filter));
    assert_true(platen_str_eq(b.export_options, a.export_options));
    assert_true(platen_str_eq(b.password, a.password));
    assert_memory_equal(&b.page, &a.page, sizeof(a.page));
    assert_int_equal(b.tracked, a.tracked);
    assert_int_equal(b.comments, a.comments);
    assert_int_equal(b.sheets, a.sheets);
    assert_int_equal(b.name.len, a.name.len);
    free(copy);
}

static void
test_answers(void **state)
{
    const platen_lok_message_t messages[] = {
        { .kind = PLATEN_LOK_READY,
          .pid = 1,
          .layers = 0x1ff,
          .warm_ms = 2500,
          .populates = 1,
          .populated_pages = 22500,
          .fault_ns = 15000,
          .bulk_ns = 1500,
          .version = PLATEN_STR("LibreOffice 7.4.7.2") },
        { .kind = PLATEN_LOK_STARTED, .tag = 1, .pid = UINT32_MAX },
        { .kind = PLATEN_LOK_REFUSED, .tag = UINT32_MAX, .error = 11 },
        { .kind = PLATEN_LOK_EXITED,
          .tag = 7,
          .wait_status = 0x0b00,
          .cpu_ms = 84,
          .max_rss = UINT64_C(5) << 32 },
        { .kind = PLATEN_LOK_KILL, .tag = 3 },
        { .kind = PLATEN_LOK_STOP },
    };
    platen_lok_message_t b;
    uint8_t             *copy;
    size_t               i, len;

    (void) state;
    for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        len = platen_lok_wire_encode(&messages[i], packet);
        assert_int_equal(decode(packet, len, &b, &copy), PLATEN_OK);
        assert_int_equal(b.kind, messages[i].kind);
        assert_int_equal(b.tag, messages[i].tag);
        assert_int_equal(b.pid, messages[i].pid);
        assert_int_equal(b.layers, messages[i].layers);
        assert_int_equal(b.warm_ms, messages[i].warm_ms);
        assert_int_equal(b.populates, messages[i].populates);
        assert_int_equal(b.populated_pages, messages[i].populated_pages);
        assert_int_equal(b.fault_ns, messages[i].fault_ns);
        assert_int_equal(b.bulk_ns, messages[i].bulk_ns);
        assert_int_equal(b.error, messages[i].error);
        assert_int_equal(b.wait_status, messages[i].wait_status);
        assert_int_equal(b.cpu_ms, messages[i].cpu_ms);
        assert_int_equal(b.max_rss, messages[i].max_rss);
        assert_true(platen_str_eq(b.version, messages[i].version));
        free(copy);
    }
}

static void
test_cut(void **state)
{
    platen_lok_message_t a = request();
    size_t               len, n, whole = 0;

    (void) state;
    len = platen_lok_wire_encode(&a, packet);
    for (n = 0; n < len; n++) {
        whole += decode_rc(packet, n) == PLATEN_OK;
    }
    /* Cut between two of its last, optional fields it is a shorter request. */
    assert_in_range(whole, 0, 19);
}

static void
test_header(void **state)
{
    platen_lok_message_t a = { .kind = PLATEN_LOK_STOP };
    size_t               i, len;

    (void) state;
    len = platen_lok_wire_encode(&a, packet);
    for (i = 0; i < 4; i++) {
        packet[i] ^= 1;
        assert_int_equal(decode_rc(packet, len), PLATEN_CORRUPT);
        packet[i] ^= 1;
    }
    packet[4]++;
    assert_int_equal(decode_rc(packet, len), PLATEN_TOO_NEW);
    packet[4] = 0;
    assert_int_equal(decode_rc(packet, len), PLATEN_CORRUPT);
    packet[4] = PLATEN_LOK_WIRE_VERSION;
    packet[5] = 0;
    assert_int_equal(decode_rc(packet, len), PLATEN_CORRUPT);
    packet[5] = PLATEN_LOK_EXITED + 1;
    assert_int_equal(decode_rc(packet, len), PLATEN_CORRUPT);
    packet[5] = PLATEN_LOK_STOP;
    packet[7] = 1;
    assert_int_equal(decode_rc(packet, len), PLATEN_CORRUPT);
}

static int
encoded_rc(const platen_lok_message_t *message)
{
    return decode_rc(packet, platen_lok_wire_encode(message, packet));
}

static void
test_request_refused(void **state)
{
    platen_lok_message_t a;

    (void) state;
    a = request();
    a.work = platen_str("work");
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.input = platen_str("");
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.output = platen_str(NULL);
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.export_filter = platen_str("");
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.input = PLATEN_STR("/in\0.docx");
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.page.orientation = PLATEN_LOK_PAGE_PORTRAIT + 1;
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.page.fit = PLATEN_LOK_PAGE_FIT_PAGE + 1;
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.page.height = 0;
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.page.margins[3] = PLATEN_LOK_PAGE_MAX + 1;
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.tracked = PLATEN_LOK_CHANGES_SHOW + 1;
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.comments = 3;
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.sheets = 2;
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a = request();
    a.name = platen_str("../a.docx");
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
    a.name = platen_str("..");
    assert_int_equal(encoded_rc(&a), PLATEN_CORRUPT);
}

static void
test_too_long(void **state)
{
    platen_lok_message_t a = request();
    char                *text = malloc(PLATEN_LOK_WIRE_MAX);

    (void) state;
    assert_non_null(text);
    memset(text, 'x', PLATEN_LOK_WIRE_MAX);
    a.export_options = (platen_str_t){ text, PLATEN_LOK_WIRE_MAX };
    assert_int_equal(platen_lok_wire_encode(&a, packet), 0);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_request_refused),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
