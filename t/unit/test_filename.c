/*
 * Unit tests of proto/format/filename.h.
 *
 * Each expectation hands the name over in a block of its exact size, for
 * the sanitizers to see any byte read beyond it; a failed one ends its test
 * and prints both sides.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format/filename.h"
#include "base/utf8.h"

#define FFFD "\xef\xbf\xbd"
#define E_ACUTE "\xc3\xa9"       /* U+00E9 */
#define EMOJI "\xf0\x9f\x98\x80" /* U+1F600 */

static char *
block(const char *in, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    if (len > 0)
        memcpy(copy, in, len);
    return copy;
}

static void
clean_n(const char *in, size_t len, size_t size, const char *expected)
{
    char  *copy = block(in, len);
    char  *out = malloc(size);
    size_t n;

    assert_non_null(out);
    n = platen_filename_clean(copy, len, out, size);
    assert_string_equal(out, expected);
    assert_int_equal(n, strlen(expected));
    free(out);
    free(copy);
}

static void
clean(const char *in, const char *expected)
{
    char   again[PLATEN_FILENAME_MAX + 1];
    size_t n;

    clean_n(in, strlen(in), PLATEN_FILENAME_MAX + 1, expected);

    /* what is clean stays as it is */
    n = platen_filename_clean(expected, strlen(expected), again, sizeof(again));
    assert_string_equal(again, expected);
    assert_int_equal(n, strlen(expected));
}

static void
test_clean_keeps(void **state)
{
    (void) state;

    clean("document.docx", "document.docx");
    clean("My report (final) v1.2.odt", "My report (final) v1.2.odt");
    clean("na\xc3\xafve r" E_ACUTE "sum" E_ACUTE ".pdf",
          "na\xc3\xafve r" E_ACUTE "sum" E_ACUTE ".pdf");
    clean("\xe6\x96\x87\xe6\x9b\xb8.docx", "\xe6\x96\x87\xe6\x9b\xb8.docx");
    clean(EMOJI ".odt", EMOJI ".odt");
    clean("a\"b'c;d%22.txt", "a\"b'c;d%22.txt");

    /* U+200C and U+200D are letters' business in Persian and emoji */
    clean("\xd9\x85\xe2\x80\x8c\xd8\xa7\xe2\x80\x8d.odt",
          "\xd9\x85\xe2\x80\x8c\xd8\xa7\xe2\x80\x8d.odt");
}

/* fault 40 */
static void
test_clean_path(void **state)
{
    (void) state;

    clean("../../etc/passwd", "passwd");
    clean("/etc/passwd", "passwd");
    clean("C:\\Documents\\a.doc", "a.doc");
    clean("..\\..\\a.doc", "a.doc");
    clean("a/b\\c.doc", "c.doc");
    clean("a\\b/c.doc", "c.doc");
    clean("dir/", "document");
    clean("dir\\", "document");
    clean("/", "document");
}

/* fault 40 */
static void
test_clean_controls(void **state)
{
    char all[256], expected[256];
    int  c, n = 0, m = 0;

    (void) state;

    clean("a\r\nSet-Cookie: x.doc", "aSet-Cookie: x.doc");
    clean("a\tb\x1b[31m\x7f.doc", "ab[31m.doc");
    clean("a\xc2\x80\xc2\x9f\xc2\xa0.doc", "a\xc2\xa0.doc"); /* C1; U+00A0 stays */
    clean_n("a\0b.doc", 7, PLATEN_FILENAME_MAX + 1, "ab.doc");
    clean_n("a.doc\0.exe", 10, PLATEN_FILENAME_MAX + 1, "a.doc.exe");
    clean_n("\0", 1, PLATEN_FILENAME_MAX + 1, "document");

    /* every ASCII byte but '/' and '\' */
    all[n++] = expected[m++] = 'x';
    for (c = 0; c < 0x80; c++) {
        if (c == '/' || c == '\\')
            continue;
        all[n++] = (char) c;
        if (c >= ' ' && c != 0x7f)
            expected[m++] = (char) c;
    }
    expected[m] = '\0';
    clean_n(all, (size_t) n, PLATEN_FILENAME_MAX + 1, expected);
}

/* fault 40 */
static void
test_clean_invisible(void **state)
{
    static const char *const dropped[] = {
        "\xd8\x9c",     /* U+061C */
        "\xe2\x80\x8b", /* U+200B */
        "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8",
        "\xe2\x80\xa9", "\xe2\x80\xaa", "\xe2\x80\xab",
        "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", /* U+202E */
        "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8",
        "\xe2\x81\xa9", "\xef\xbb\xbf", /* U+FEFF */
    };
    char   in[64];
    size_t i;

    (void) state;

    clean("invoice\xe2\x80\xae"
          "fdp.exe",
          "invoicefdp.exe");

    for (i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
        strcpy(in, "a");
        strcat(in, dropped[i]);
        strcat(in, "b.doc");
        clean(in, "ab.doc");
        clean(dropped[i], "document");

        /* it does not shield a dot or a space from trimming either */
        strcpy(in, dropped[i]);
        strcat(in, ". a. ");
        strcat(in, dropped[i]);
        clean(in, "a");
    }
}

static void
test_clean_invalid_utf8(void **state)
{
    (void) state;

    clean("a\xff"
          "b\x80.doc",
          "a" FFFD "b" FFFD ".doc");
    clean("caf\xe9.doc", "caf" FFFD ".doc"); /* ISO-8859-1 */
    clean("a\xe2\x82", "a" FFFD);            /* cut short: one character */
    clean("a\xf0\x9f\x98z", "a" FFFD "z");
    clean("\xc0\xae\xc0\xaf", FFFD FFFD FFFD FFFD); /* overlong "./" */
    clean("\xe0\x80\x80", FFFD FFFD FFFD);
    clean("\xed\xa0\x80", FFFD FFFD FFFD); /* surrogate */
    clean("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD);
    clean("\xf5z", FFFD "z");
    clean("\xe2\xe2\x82\xac", FFFD "\xe2\x82\xac");
}

static void
test_clean_trims(void **state)
{
    (void) state;

    clean("  . a .doc . ", "a .doc");
    clean(".profile", "profile");
    clean("...", "document");
    clean(".", "document");
    clean("..", "document");
    clean("", "document");
    clean(" ", "document");
    clean("a/..", "document");
    clean("a...b", "a...b");
    clean_n(NULL, 0, PLATEN_FILENAME_MAX + 1, "document");
}

/* n times s, then end */
static char *
repeat(const char *s, size_t n, const char *end)
{
    char  *text = malloc(n * strlen(s) + strlen(end) + 1);
    size_t i;

    assert_non_null(text);
    text[0] = '\0';
    for (i = 0; i < n; i++)
        memcpy(text + i * strlen(s), s, strlen(s) + 1);
    strcat(text, end);
    return text;
}

static void
clean_long(const char *s, size_t n, const char *end, size_t kept, const char *kept_end)
{
    char *in = repeat(s, n, end);
    char *expected = repeat(s, kept, kept_end);

    clean(in, expected);
    free(expected);
    free(in);
}

/* fault 40 */
static void
test_clean_cuts(void **state)
{
    (void) state;

    clean_long("a", 255, "", 255, "");
    clean_long("a", 256, "", 255, "");
    clean_long("a", 300, "", 255, "");
    clean_long("a", 251, ".pdf", 251, ".pdf");
    clean_long("a", 252, ".pdf", 251, ".pdf");
    clean_long("a", 5000, ".pdf", 251, ".pdf");
    clean_long("a", 300, ".123456789abcdefg", 238, ".123456789abcdefg");
    clean_long("a", 300, ".123456789abcdefgh", 255, "");
    clean_long("a", 300, ".tar.gz", 252, ".gz");
    clean_long("a", 300, ".pdf. .", 251, ".pdf");
    clean_long("a.", 200, "pdf", 126, "pdf");

    /* between characters */
    clean_long(E_ACUTE, 128, "", 127, "");
    clean_long(E_ACUTE, 300, ".pdf", 125, ".pdf");
    clean_long(EMOJI, 64, "", 63, "");
    clean_long(EMOJI, 100, ".pdf", 62, ".pdf");
    clean_long("a", 300, "." EMOJI, 250, "." EMOJI);

    /* what is dropped does not count */
    clean_long("\xe2\x80\xae\x01", 300, "a.pdf", 0, "a.pdf");
}

static void
test_clean_cut_of_bad_bytes(void **state)
{
    char *in = repeat("\xff", 300, ".pdf");
    char *expected = repeat(FFFD, 83, ".pdf");

    (void) state;

    clean(in, expected); /* 3 bytes each: 83 * 3 + 4 = 253 */
    free(expected);
    free(in);
}

static void
test_clean_small_buffer(void **state)
{
    char out[1] = { 'x' };

    (void) state;

    assert_int_equal(platen_filename_clean("a", 1, out, 0), 0);
    assert_int_equal(out[0], 'x');

    clean_n("abc", 3, 1, "");
    clean_n("abc", 3, 3, "ab");
    clean_n("abc", 3, 4, "abc");
    clean_n("abcdef.pdf", 10, 6, "a.pdf");
    clean_n("abcdef.pdf", 10, 5, "abcd");
    clean_n("ab. cdef", 8, 5, "ab");
    clean_n(EMOJI "ab.pdf", 10, 9, EMOJI ".pdf");
    clean_n(EMOJI "ab.pdf", 10, 8, EMOJI "ab");
    clean_n(EMOJI, 4, 4, "doc");
    clean_n("", 0, 4, "doc");
}

static void
ext(const char *name, const char *expected)
{
    size_t      n = 99;
    char       *copy = block(name, strlen(name));
    const char *found = platen_filename_ext(copy, strlen(name), &n);

    if (expected == NULL) {
        assert_null(found);
        assert_int_equal(n, 0);
    } else {
        assert_non_null(found);
        assert_int_equal(n, strlen(expected));
        assert_memory_equal(found, expected, n);
        assert_ptr_equal(found, copy + strlen(name) - n);
    }
    free(copy);
}

static void
test_ext(void **state)
{
    (void) state;

    ext("a.docx", "docx");
    ext("a.tar.gz", "gz");
    ext(".a.b", "b");
    ext("a. b", " b");
    ext("x/a.b", "b");
    ext("README", NULL);
    ext("", NULL);
    ext(".", NULL);
    ext("..", NULL);
    ext(".profile", NULL);
    ext("..profile", NULL);
    ext("a.", NULL);
    ext("a..", NULL);
    ext("a.b/c", NULL);
    ext("a.b\\c", NULL);
    ext("x/.profile", NULL);
    ext("x\\.profile", NULL);
}

static void
replace(const char *name, const char *with, const char *expected)
{
    char   out[PLATEN_FILENAME_MAX + 1];
    char  *copy = block(name, strlen(name));
    size_t n = platen_filename_replace_ext(copy, strlen(name), with, out, sizeof(out));

    assert_string_equal(out, expected);
    assert_int_equal(n, strlen(expected));
    free(copy);
}

static void
test_replace_ext(void **state)
{
    char *in, *expected;

    (void) state;

    replace("a.tar.docx", "pdf", "a.tar.pdf");
    replace("a.docx", "pdf", "a.pdf");
    replace("README", "pdf", "README.pdf");
    replace(".profile", "pdf", ".profile.pdf");
    replace("a.", "pdf", "a.pdf");
    replace("a .docx", "pdf", "a.pdf");
    replace("", "pdf", "document.pdf");
    replace("..", "pdf", "document.pdf");
    replace("a.docx", "", "a");
    replace(E_ACUTE ".x", "pdf", E_ACUTE ".pdf");

    in = repeat("a", 252, ".md");
    expected = repeat("a", 250, ".docx");
    replace(in, "docx", expected);
    free(expected);
    free(in);

    in = repeat(E_ACUTE, 127, "");
    expected = repeat(E_ACUTE, 125, ".pdf");
    replace(in, "pdf", expected);
    free(expected);
    free(in);

    /* an extension that is no extension any more leaves the name alone */
    in = repeat("e", 255, "");
    replace("a.docx", in, "a");
    free(in);
}

static void
test_replace_ext_small_buffer(void **state)
{
    char out[8] = "xxxxxxx";

    (void) state;

    assert_int_equal(platen_filename_replace_ext("a.b", 3, "pdf", out, 0), 0);
    assert_string_equal(out, "xxxxxxx");
    assert_int_equal(platen_filename_replace_ext("a.b", 3, "pdf", out, 1), 0);
    assert_string_equal(out, "");
    assert_int_equal(platen_filename_replace_ext("abcdef.x", 8, "pdf", out, 8), 7);
    assert_string_equal(out, "abc.pdf");
    assert_int_equal(platen_filename_replace_ext("abcdef.x", 8, "pdf", out, 5), 4);
    assert_string_equal(out, "abcd");
}

static void
disposition(const char *name, const char *expected)
{
    char   out[PLATEN_FILENAME_DISPOSITION_MAX];
    char  *copy = block(name, strlen(name));
    size_t n = platen_filename_disposition(copy, strlen(name), out, sizeof(out));

    assert_string_equal(out, expected);
    assert_int_equal(n, strlen(expected));
    free(copy);
}

static void
test_disposition(void **state)
{
    (void) state;

    disposition("a.pdf", "attachment; filename=\"a.pdf\"");
    disposition("My report; v1, 'x'.pdf", "attachment; filename=\"My report; v1, 'x'.pdf\"");
    disposition("caf" E_ACUTE ".pdf",
                "attachment; filename=\"caf_.pdf\"; filename*=UTF-8''caf%C3%A9.pdf");
    disposition(EMOJI " (1).pdf", "attachment; filename=\"_ (1).pdf\"; "
                                  "filename*=UTF-8''%F0%9F%98%80%20%281%29.pdf");
    disposition("50%.pdf", "attachment; filename=\"50_.pdf\"; filename*=UTF-8''50%25.pdf");
    disposition("a\"b.pdf", "attachment; filename=\"a_b.pdf\"; filename*=UTF-8''a%22b.pdf");
    disposition("!#$&+-.^_`|~*'" E_ACUTE, "attachment; filename=\"!#$&+-.^_`|~*'_\"; "
                                          "filename*=UTF-8''!#$&+-.^_`|~%2A%27%C3%A9");
}

/* fault 40 */
static void
test_disposition_hostile(void **state)
{
    (void) state;

    disposition("a\r\nSet-Cookie: b", "attachment; filename=\"aSet-Cookie: b\"");
    disposition("x\"; filename=\"evil.exe",
                "attachment; filename=\"x_; filename=_evil.exe\"; "
                "filename*=UTF-8''x%22%3B%20filename%3D%22evil.exe");
    disposition("../../a\\b\\c.pdf", "attachment; filename=\"c.pdf\"");
    disposition("\xe2\x80\xae"
                "fdp.exe",
                "attachment; filename=\"fdp.exe\"");
    disposition("a\xff.pdf",
                "attachment; filename=\"a_.pdf\"; filename*=UTF-8''a%EF%BF%BD.pdf");
    disposition("", "attachment; filename=\"document\"");
}

static void
test_disposition_size(void **state)
{
    static const char expected[] = "attachment; filename=\"a.pdf\"";
    char              out[PLATEN_FILENAME_DISPOSITION_MAX];
    char             *in = repeat("%", 255, "");
    size_t            n;

    (void) state;

    /* the worst there is fits, and exactly where the header says */
    n = platen_filename_disposition(in, strlen(in), out, sizeof(out));
    assert_int_equal(n, PLATEN_FILENAME_DISPOSITION_MAX - 1);
    assert_int_equal(strlen(out), n);
    assert_int_equal(platen_filename_disposition(in, strlen(in), out, n), 0);
    assert_string_equal(out, "");
    free(in);

    assert_int_equal(platen_filename_disposition("a.pdf", 5, out, sizeof(expected)),
                     sizeof(expected) - 1);
    assert_string_equal(out, expected);
    assert_int_equal(platen_filename_disposition("a.pdf", 5, out, sizeof(expected) - 1), 0);
    assert_string_equal(out, "");
    assert_int_equal(platen_filename_disposition("a.pdf", 5, NULL, 0), 0);
}

/* What is written is what is read back; the first and the last of each length. */
static void
test_utf8_encode(void **state)
{
    static const uint32_t codes[] = {
        0,      'a',    0x7f,   0x80,   0xe9,    0x7ff,   0x800,
        0x20ac, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x1f600, 0x10ffff
    };
    static const char euro[] = "\xe2\x82\xac";
    char              out[4];
    uint32_t          code;
    size_t            i, n;

    (void) state;
    for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        n = platen_utf8_encode(codes[i], out);
        assert_int_equal(platen_utf8_decode(out, n, &code), n);
        assert_int_equal(code, codes[i]);
    }
    assert_int_equal(platen_utf8_encode(0x20ac, out), 3);
    assert_memory_equal(out, euro, 3);
}

static void
test_utf8_show(void **state)
{
    static const struct {
        const char *text, *want;
        size_t      size;
    } cases[] = {
        { "", "", 1 },
        { "abc", "", 1 },
        { "abc", "ab", 3 },
        { "a\xc3\xa4z", "a", 3 },
        { "a\xc3\xa4z", "a\xc3\xa4", 4 },
        { "\x1b[2J\x7f", "?[2J?", 16 },
        { "\xc2\x9b\xe2\x80\xae\xef\xbb\xbf.", "???.", 16 },
        { "\xff\xe2\x82", "??", 16 },
        { "\x01\x02", "?", 2 },
    };
    char   out[16], *copy;
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        copy = block(cases[i].text, strlen(cases[i].text));
        assert_int_equal(platen_utf8_show(copy, strlen(cases[i].text), '?', out, cases[i].size),
                         strlen(cases[i].want));
        assert_string_equal(out, cases[i].want);
        free(copy);
    }
}

static void
test_utf8_valid(void **state)
{
    static const char *const good[] = {
        "",
        "a",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
    };
    static const char *const bad[] = {
        "\x80",
        "a\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2z",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xe2\x82",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xf0\x90\x80",
        "\xfe",
        "\xff",
        "abc\xe2\x82",
    };
    char  *copy;
    size_t i;

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        copy = block(good[i], strlen(good[i]));
        assert_int_equal(platen_utf8_valid(copy, strlen(good[i])), 1);
        free(copy);
    }

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        copy = block(bad[i], strlen(bad[i]));
        assert_int_equal(platen_utf8_valid(copy, strlen(bad[i])), 0);
        free(copy);
    }

    assert_int_equal(platen_utf8_valid("a\0b", 3), 1);
    assert_int_equal(platen_utf8_valid(NULL, 0), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean_keeps),
        cmocka_unit_test(test_clean_path),
        cmocka_unit_test(test_clean_controls),
        cmocka_unit_test(test_clean_invisible),
        cmocka_unit_test(test_clean_invalid_utf8),
        cmocka_unit_test(test_clean_trims),
        cmocka_unit_test(test_clean_cuts),
        cmocka_unit_test(test_clean_cut_of_bad_bytes),
        cmocka_unit_test(test_clean_small_buffer),
        cmocka_unit_test(test_ext),
        cmocka_unit_test(test_replace_ext),
        cmocka_unit_test(test_replace_ext_small_buffer),
        cmocka_unit_test(test_disposition),
        cmocka_unit_test(test_disposition_hostile),
        cmocka_unit_test(test_disposition_size),
        cmocka_unit_test(test_utf8_encode),
        cmocka_unit_test(test_utf8_show),
        cmocka_unit_test(test_utf8_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
