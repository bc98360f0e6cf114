/* platen_tus_header: numbers, metadata and checksums of tus, and what is none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tus/header.h"

static platen_params_t params;
static char            type[PLATEN_TUS_TYPE_MAX + 1], detail[384];

static platen_problem_t
metadata(const char *text)
{
    memset(&params, 0, sizeof(params));
    detail[0] = '\0';
    return platen_tus_header_metadata(text, strlen(text), &params, type, detail,
                                      sizeof(detail));
}

static void
test_number(void **state)
{
    static const char *const bad[] = { "",   "-1",  "+1",  " 1",
                                       "1 ", "0x1", "1.0", "1234567890123456789" };
    uint64_t                 n;
    size_t                   i;

    (void) state;
    assert_int_equal(platen_tus_header_number("0", 1, &n), PLATEN_OK);
    assert_int_equal(n, 0);
    assert_int_equal(platen_tus_header_number("123456789012345678", 18, &n), PLATEN_OK);
    assert_int_equal(n, UINT64_C(123456789012345678));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(platen_tus_header_number(bad[i], strlen(bad[i]), &n), PLATEN_INVALID);
    }
}

static void
test_metadata(void **state)
{
    (void) state;
    assert_int_equal(metadata(""), PLATEN_PROBLEM_NONE);
    assert_int_equal(metadata("is_confidential"), PLATEN_PROBLEM_NONE);
    assert_int_equal(metadata("filename YS50eHQ=,to cGRm , ttl NjA=,priority aGlnaA==,"
                              "filetype dGV4dC9wbGFpbg==,pages MS0z,other AA=="),
                     PLATEN_PROBLEM_NONE);
    assert_string_equal(params.values[PLATEN_PARAM_FILENAME], "a.txt");
    assert_string_equal(params.values[PLATEN_PARAM_TARGET], "pdf");
    assert_int_equal(params.ttl, 60);
    assert_int_equal(params.priority, PLATEN_PRIORITY_HIGH);
    assert_string_equal(platen_options_get(&params.options, PLATEN_OPTION_PAGES), "1-3");
    assert_string_equal(type, "text/plain");

    /* As Uppy names them. */
    assert_int_equal(metadata("name YS50eHQ=,type dGV4dC9wbGFpbg=="), PLATEN_PROBLEM_NONE);
    assert_string_equal(params.values[PLATEN_PARAM_FILENAME], "a.txt");
    assert_string_equal(type, "text/plain");
}

static void
test_bad_metadata(void **state)
{
    static const char *const bad[] = {
        ",",         "a,",        "a YQ==,,b YQ==", "a YQ==,",  "a YQ= =",
        "a YQ",      "a YQ===",   "a =Q==",         "a Y*==",   "a\tYQ==",
        "a\x19YQ==", "\x80 YQ==", "a YQ==;b YQ==",  "a YQ== b", "a ===="
    };
    char   longest[1024];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(metadata(bad[i]), PLATEN_PROBLEM_INVALID_HEADER);
        assert_true(strlen(detail) > 0);
    }

    assert_int_equal(metadata("ttl bm93"), PLATEN_PROBLEM_INVALID_PARAMETER);
    assert_string_equal(detail, "ttl takes a number of seconds, from 1.");

    /* Longer than any parameter may be: it is not cut. */
    memset(longest, 'Y', sizeof(longest));
    memcpy(longest, "filename ", 9);
    longest[9 + 1012] = '\0';
    assert_int_equal(metadata(longest), PLATEN_PROBLEM_INVALID_PARAMETER);

    /* A type that is too long, or has a NUL, is none. */
    memcpy(longest, "filetype ", 9);
    assert_int_equal(metadata(longest), PLATEN_PROBLEM_NONE);
    assert_string_equal(type, "");
    assert_int_equal(metadata("type AAAA"), PLATEN_PROBLEM_NONE);
    assert_string_equal(type, "");
}

static void
test_public(void **state)
{
    static const char text[] =
        "filename YQ==, password Z2VoZWlt,flag,output_password YQ==,x Yg==";
    char   out[sizeof(text)];
    size_t n;

    (void) state;
    n = platen_tus_header_public(text, strlen(text), out);
    out[n] = '\0';
    assert_string_equal(out, "filename YQ==,flag,x Yg==");
    assert_int_equal(platen_tus_header_public("password YQ==", 13, out), 0);
}

static void
test_checksum(void **state)
{
    static const char *const     bad[] = { "sha1", "sha1 ", "sha1 AAAA",
                                           "md5 kAFQmDzST7DWlj99KOF_cg==",
                                           "md5  kAFQmDzST7DWlj99KOF/cg==" };
    static const uint8_t         md5[] = { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2, 0x4f, 0xb0,
                                           0xd6, 0x96, 0x3f, 0x7d, 0x28, 0xe1, 0x7f, 0x72 };
    platen_tus_header_checksum_t sum;
    const char                  *text = "md5 kAFQmDzST7DWlj99KOF/cg==";
    size_t                       i;

    (void) state;
    assert_int_equal(platen_tus_header_checksum(text, strlen(text), &sum), PLATEN_OK);
    assert_string_equal(sum.algorithm, "md5");
    assert_int_equal(sum.len, sizeof(md5));
    assert_memory_equal(sum.digest, md5, sizeof(md5));
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(platen_tus_header_checksum(bad[i], strlen(bad[i]), &sum),
                         PLATEN_INVALID);
    }
    assert_int_equal(platen_tus_header_checksum("crc32 AAAA", 10, &sum), PLATEN_NOT_FOUND);
    assert_int_equal(platen_tus_header_checksum("SHA1 AAAA", 9, &sum), PLATEN_NOT_FOUND);
    assert_string_equal(platen_tus_header_algorithm(0), "sha1");
    assert_null(platen_tus_header_algorithm(3));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number),       cmocka_unit_test(test_metadata),
        cmocka_unit_test(test_bad_metadata), cmocka_unit_test(test_public),
        cmocka_unit_test(test_checksum),
    };

    return cmocka_run_group_tests_name("platen_tus_header", tests, NULL, NULL);
}
