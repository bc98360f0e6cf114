/* platen_charset: names, marks, texts of two and four bytes to a character, declarations. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/charset.h"

static void
test_names(void **state)
{
    static const char *const names[][2] = {
        { "UTF8", "utf-8" },
        { "utf-16", "utf-16" },
        { "Latin1", "iso-8859-1" },
        { "ISO_8859-15", "iso-8859-15" },
        { "CP1252", "windows-1252" },
        { "cp-1252", "windows-1252" },
        { "Shift_JIS", "shift_jis" },
        { "SJIS", "shift_jis" },
        { "windows-31j", "shift_jis" },
        { "KOI8-R", "koi8-r" },
        { "gb2312", "gb2312" },
        { "x-mac-roman", NULL },
        { "x-macroman", "macintosh" },
        { "TIS-620", "tis-620" },
        { "no such", NULL },
        { "hz-gb-2312", NULL }, /* of escape sequences, which iconv does not know */
        { "", NULL },
        { "utf-8 utf-8", NULL },
        { "//TRANSLIT", NULL },
    };
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *found = platen_charset_find(names[i][0], strlen(names[i][0]));

        if (i == 11) {
            continue; /* either will do */
        }
        if (names[i][1] == NULL) {
            assert_null(found);
        } else {
            assert_non_null(found);
            assert_string_equal(found, names[i][1]);
            assert_true(strlen(found) <= PLATEN_CHARSET_NAME_MAX);
        }
    }
    assert_string_equal(platen_charset_iconv("iso-8859-1"), "windows-1252");
    assert_string_equal(platen_charset_iconv("utf-8"), "utf-8");
    assert_string_equal(platen_charset_iconv("us-ascii"), "windows-1252");
    assert_string_equal(platen_charset_iconv_to("us-ascii"), "us-ascii");
    assert_string_equal(platen_charset_iconv_to("iso-8859-9"), "iso-8859-9");
    assert_string_equal(platen_charset_iconv_to("tis-620"), "tis-620");
    assert_string_equal(platen_charset_iconv_to("shift_jis"), "cp932");
    assert_string_equal(platen_charset_iconv_to("utf-8"), "utf-8");
}

static void
test_mark(void **state)
{
    size_t n;

    (void) state;
    assert_string_equal(platen_charset_mark("\xef\xbb\xbfx", 4, &n), "utf-8");
    assert_int_equal(n, 3);
    assert_string_equal(platen_charset_mark("\xff\xfex\0", 4, &n), "utf-16le");
    assert_int_equal(n, 2);
    assert_string_equal(platen_charset_mark("\xff\xfe\0\0", 4, &n), "utf-32le");
    assert_int_equal(n, 4);
    assert_null(platen_charset_mark("\xff", 1, &n));
    assert_int_equal(n, 0);
}

static void
test_wide(void **state)
{
    (void) state;
    assert_string_equal(platen_charset_wide("h\0i\0 \0y\0o\0u\0\n\0", 14), "utf-16le");
    assert_string_equal(platen_charset_wide("\0h\0i\0 \0y\0o\0u\0\n", 14), "utf-16be");
    /* Cyrillic: two words. */
    assert_string_equal(
        platen_charset_wide("\x1f\x04\x40\x04\x38\x04\x32\x04 \0\x3c\x04\x38\x04\x40\x04", 16),
        "utf-16le");
    assert_string_equal(platen_charset_wide("a\0\0\0b\0\0\0\n\0\0\0", 12), "utf-32le");
    /* NULs in both halves: U+4E00 in a short text, and a face as two units. */
    assert_string_equal(platen_charset_wide("\0\x4e\x2a\x4e \0\x2d\x4e\n\0", 10), "utf-16le");
    assert_string_equal(platen_charset_wide("\xd8\x3d\xde\0\0 \0"
                                            "1\0\n",
                                            10),
                        "utf-16be");
    assert_null(platen_charset_wide("plain text!!", 12));
    assert_null(platen_charset_wide("\0\1\2\3\0\1\2\3\0\1\2\3", 12));
    assert_null(platen_charset_wide("MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0", 16));
}

static void
test_declared(void **state)
{
    static const char *const texts[][2] = {
        { "<?xml version='1.0' encoding='windows-1251'?><html/>", "windows-1251" },
        { "<html><head><meta charset=utf-8>", "utf-8" },
        { "<META HTTP-EQUIV=\"Content-Type\" CONTENT=\"text/html; charset=koi8-r\">",
          "koi8-r" },
        { "<meta name=charset content=x><meta charset = 'big5' >", "big5" },
        { "<!-- <meta charset=utf-8> --><meta charset=\"gbk\"/>", "gbk" },
        { "<p>charset=utf-8</p>", NULL },
        { "<meta charset=", NULL },
        { "<metadata charset=x>", NULL },
    };
    size_t i, n, at = 0;

    (void) state;
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        n = platen_charset_declared(texts[i][0], strlen(texts[i][0]), &at);
        if (texts[i][1] == NULL) {
            assert_int_equal(n, 0);
        } else {
            assert_int_equal(n, strlen(texts[i][1]));
            assert_memory_equal(texts[i][0] + at, texts[i][1], n);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_mark),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_declared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
