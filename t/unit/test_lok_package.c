/* Packages, and what is taken out of copies of them (sidecar/lok/package.c). */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zip.h>

#include "docx/tree.h"
#include "lok/functions.h"
#include "lok/package.h"

static char from[] = "/tmp/platen-package-XXXXXX", to[sizeof(from) + 5];

static void
write_package(const char *part, const char *text)
{
    zip_t *zip = zip_open(from, ZIP_CREATE | ZIP_TRUNCATE, NULL);

    assert_non_null(zip);
    assert_true(zip_file_add(zip, part, zip_source_buffer(zip, text, strlen(text), 0), 0) >= 0);
    assert_int_equal(zip_close(zip), 0);
}

/* The part of the copy has this; NULL: there was nothing to do. */
static void
becomes(const char *part, const char *text, unsigned what, const char *wanted)
{
    char        got[1024];
    zip_t      *zip;
    zip_file_t *file;
    zip_int64_t n;

    write_package(part, text);
    (void) unlink(to);
    assert_int_equal(platen_lok_package_mend(from, to, what), wanted != NULL);
    if (wanted == NULL) {
        return;
    }
    zip = zip_open(to, ZIP_RDONLY, NULL);
    assert_non_null(zip);
    file = zip_fopen(zip, part, 0);
    assert_non_null(file);
    n = zip_fread(file, got, sizeof(got) - 1);
    assert_true(n >= 0);
    got[n] = '\0';
    zip_fclose(file);
    zip_discard(zip);
    assert_string_equal(got, wanted);
}

/* A word is found wherever it stands, beside another and at the seams of what is read at once.
 */
static void
test_words(void **state)
{
    static const struct {
        const char *word;
        unsigned    found;
    } words[] = {
        { "<w:ins ", PLATEN_LOK_TRACKED },
        { "rPrChange ", PLATEN_LOK_TRACKED },
        { "<w:commentReference", PLATEN_LOK_COMMENTED },
        { "<w:vanish", PLATEN_LOK_HIDDEN },
        { "<w:altChunk", PLATEN_LOK_CHUNKS },
        { "w:ascii=\"Wingdings", PLATEN_LOK_SYMBOLS },
        { "\xef\x82", PLATEN_LOK_SYMBOLS },
        { "&#616", PLATEN_LOK_SYMBOLS },
        { "<w:ruby>", PLATEN_LOK_RUBY },
        { "<w:in ", 0 },
        { "<<w:vanis", 0 },
        { "&#61", 0 },
    };
    static const size_t at[] = { 0,     1,     65519, 65527, 65530, 65535,
                                 65536, 65599, 65600, 65665, 131071 };
    char               *text = malloc(140000);
    size_t              i, j, n;

    (void) state;
    assert_non_null(text);
    for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        n = strlen(words[i].word);
        for (j = 0; j < sizeof(at) / sizeof(at[0]); j++) {
            memset(text, j % 2 == 0 ? '<' : 'w', at[j]);
            memcpy(text + at[j], words[i].word, n + 1);
            write_package("word/document.xml", text);
            assert_int_equal(platen_lok_package_look(from),
                             PLATEN_LOK_PACKAGE | words[i].found);
            memset(text + at[j] + n, 'w', 50);
            text[at[j] + n + 50] = '\0';
            write_package("word/document.xml", text);
            assert_int_equal(platen_lok_package_look(from),
                             PLATEN_LOK_PACKAGE | words[i].found);
        }
    }
    free(text);
}

#define CELL(formula) "<c table:formula=\"" formula "\" office:value-type=\"float\"/>"
#define LET "of:=COM.MICROSOFT.LET([.A1])"

static void
test_odf_formulas(void **state)
{
    static const char name[] = "<c COM.MICROSOFT.LET( office:value-type=\"x\" table:formula=\"";
    char              text[sizeof(name)];
    size_t            n;

    (void) state;
    becomes("content.xml", CELL(LET) CELL("of:=[.A1]"), PLATEN_LOK_MEND_LACKING,
            "<c office:value-type=\"float\"/>" CELL("of:=[.A1]"));
    becomes("content.xml", CELL("") CELL(LET), PLATEN_LOK_MEND_LACKING,
            CELL("") "<c office:value-type=\"float\"/>");
    /* The part ends anywhere. */
    for (n = 1; n < sizeof(name); n++) {
        memcpy(text, name, n);
        text[n] = '\0';
        becomes("content.xml", text, PLATEN_LOK_MEND_LACKING, NULL);
    }
}

/* What is taken out of workbooks leaves texts alone, and the other way round. */
static void
test_books(void **state)
{
    static const char comment[] = "<w:document xmlns:w=\"" PLATEN_DOCX_W
                                  "\"><w:commentReference w:id=\"1\"/></w:document>";
    static const char formula[] = "<c><f>A1</f><v>1</v></c>";

    (void) state;
    becomes("word/document.xml", comment, PLATEN_LOK_MEND_FORMULAS, NULL);
    becomes("word/document.xml", comment, PLATEN_LOK_MEND_END,
            "<w:document xmlns:w=\"" PLATEN_DOCX_W "\"></w:document>");
    becomes("xl/worksheets/sheet1.xml", formula, PLATEN_LOK_MEND_END, NULL);
    becomes("xl/worksheets/sheet1.xml", formula, PLATEN_LOK_MEND_FORMULAS,
            "<c>         <v>1</v></c>");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_odf_formulas),
        cmocka_unit_test(test_books),
    };
    int failed, fd = mkstemp(from);

    if (fd < 0) {
        return 1;
    }
    close(fd);
    snprintf(to, sizeof(to), "%s.copy", from);
    platen_lok_functions_of("LibreOffice 7.4");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void) unlink(from);
    (void) unlink(to);
    return failed;
}
