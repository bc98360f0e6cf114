/* Tests of platen_format: the table is unambiguous, and look-ups by name and media type. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "format/format.h"

static const platen_format_t *
find(const char *name)
{
    return platen_format_find(name, strlen(name));
}

static const platen_format_t *
by_mime(const char *mime)
{
    size_t                 len = strlen(mime);
    char                  *copy = malloc(len + (len == 0));
    const platen_format_t *format;

    assert_non_null(copy);
    memcpy(copy, mime, len);
    format = platen_format_by_mime(copy, len);
    free(copy);
    return format;
}

/* Every word of a list finds its own format and no earlier one, in either case. */
static void
check_words(const platen_format_t *format, const char *list,
            const platen_format_t *(*look_up)(const char *, size_t))
{
    char   word[128];
    size_t n, i;

    while (*list != '\0') {
        n = strcspn(list, " ");
        assert_in_range(n, 1, sizeof(word) - 1);
        memcpy(word, list, n);
        word[n] = '\0';
        for (i = 0; i < n; i++) {
            assert_false(isupper((unsigned char) word[i]));
            assert_false(iscntrl((unsigned char) word[i]));
        }
        assert_ptr_equal(look_up(word, n), format);
        for (i = 0; i < n; i++) {
            word[i] = (char) toupper((unsigned char) word[i]);
        }
        assert_ptr_equal(look_up(word, n), format);

        list += n;
        if (*list == ' ') {
            list++;
            assert_true(*list != ' ' && *list != '\0');
        }
    }
}

static void
test_table(void **state)
{
    size_t i;

    (void) state;

    assert_in_range(platen_nformats, 1, PLATEN_FORMATS_MAX);
    for (i = 0; i < platen_nformats; i++) {
        const platen_format_t *f = &platen_formats[i];

        assert_int_equal(platen_format_index(f), i);
        assert_true(strlen(f->title) > 0);
        assert_true(f->name[0] != '\0' && strchr(f->name, ' ') == NULL);
        assert_true(f->mime[0] != '\0' && strchr(f->mime, ' ') == NULL);
        assert_non_null(strchr(f->mime, '/'));
        assert_in_range(f->family, PLATEN_FAMILY_TEXT, PLATEN_FAMILY_BINARY);

        check_words(f, f->name, platen_format_find);
        check_words(f, f->aliases, platen_format_find);
        check_words(f, f->mime, platen_format_by_mime);
        check_words(f, f->other_mimes, platen_format_by_mime);
    }
}

static void
test_find(void **state)
{
    static const char *const wrong[] = {
        "",  "doc ",           " doc", "docm dotx", ".pdf", "do", "docxx", "application/pdf",
        " ", "docm dotx dotm", "exe"
    };
    size_t i;

    (void) state;

    assert_string_equal(find("docx")->name, "docx");
    assert_string_equal(find("DocX")->name, "docx");
    assert_string_equal(find("dotm")->name, "docx");
    assert_string_equal(find("jpg")->name, "jpeg");
    assert_string_equal(find("htm")->name, "html");
    assert_string_equal(find("Markdown")->name, "md");
    assert_string_equal(find("tif")->name, "tiff");
    assert_int_equal(find("docx")->family, PLATEN_FAMILY_OOXML);
    assert_int_equal(find("doc")->family, PLATEN_FAMILY_OLE);
    assert_int_equal(find("epub")->family, PLATEN_FAMILY_ZIP);

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(find(wrong[i]));
    }
    assert_null(platen_format_find(NULL, 0));
    assert_null(platen_format_find("pdf\0", 4));
    assert_null(platen_format_find("p\0f", 3));
    assert_string_equal(platen_format_find("pdfx", 3)->name, "pdf");
}

static void
test_by_mime(void **state)
{
    static const char *const wrong[] = { "",
                                         ";",
                                         " ;charset=utf-8",
                                         "text/",
                                         "text",
                                         "text/plainx",
                                         " text/plain",
                                         "*/*",
                                         "pdf",
                                         "application/octet-stream",
                                         "text/plain text/html" };
    size_t                   i;

    (void) state;

    assert_string_equal(by_mime("text/html; charset=utf-8")->name, "html");
    assert_string_equal(by_mime("text/plain;charset=\"a;b\"")->name, "txt");
    assert_string_equal(by_mime("TEXT/Plain \t ; x")->name, "txt");
    assert_string_equal(by_mime("text/plain\t")->name, "txt");
    assert_string_equal(by_mime("application/vnd.ms-word.document.macroEnabled.12")->name,
                        "docx");
    assert_string_equal(by_mime("image/jpg")->name, "jpeg");
    assert_string_equal(by_mime("application/x-zip-compressed")->name, "zip");

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_null(by_mime(wrong[i]));
    }
    assert_null(platen_format_by_mime(NULL, 0));
    assert_null(platen_format_by_mime("image/png\0", 10));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_by_mime),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
