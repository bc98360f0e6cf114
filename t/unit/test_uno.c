/* platen_uno: options become the filter data of LibreOffice's PDF export, and valid JSON. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "engine/uno.h"

static char             out[1024];
static platen_options_t options;

static int
setup(void **state)
{
    (void) state;
    memset(&options, 0, sizeof(options));
    return 0;
}

static void
set(platen_option_t option, const char *value)
{
    assert_int_equal(platen_options_set(&options, option, value, strlen(value)), PLATEN_OK);
}

/* The type and the value of one property, "" if it is not there. */
static const char *
property(const char *name)
{
    static char text[256];
    json_t     *root = json_loads(out, 0, NULL), *value;
    const char *type;

    *text = '\0';
    if (root != NULL
        && json_unpack(root, "{s:{s:s, s:o}}", name, "type", &type, "value", &value) == 0) {
        if (json_is_string(value)) {
            snprintf(text, sizeof(text), "%s %s", type, json_string_value(value));
        } else if (json_is_integer(value)) {
            snprintf(text, sizeof(text), "%s %d", type, (int) json_integer_value(value));
        } else if (json_is_boolean(value)) {
            snprintf(text, sizeof(text), "%s %s", type, json_is_true(value) ? "yes" : "no");
        }
    }
    json_decref(root);
    return text;
}

static size_t
properties(void)
{
    json_t *root = json_loads(out, 0, NULL);
    size_t  n = root == NULL ? 0 : json_object_size(root);

    json_decref(root);
    return n;
}

static void
test_none(void **state)
{
    (void) state;
    memset(out, 'x', sizeof(out));
    assert_int_equal(platen_uno_pdf(&options, out, sizeof(out)), 0);
    assert_string_equal(property("ExportNotes"), "boolean no");
    assert_int_equal(properties(), 1);

    /* What is no affair of the export's. */
    set(PLATEN_OPTION_PASSWORD, "secret");
    set(PLATEN_OPTION_LANDSCAPE, "true");
    set(PLATEN_OPTION_CSV_DELIMITER, "tab");
    assert_int_equal(platen_uno_pdf(&options, out, sizeof(out)), 0);
    assert_int_equal(properties(), 1);

    set(PLATEN_OPTION_COMMENTS, "margin");
    assert_int_equal(platen_uno_pdf(&options, out, sizeof(out)), 0);
    assert_string_equal(property("ExportNotes"), "boolean yes");
}

static void
test_each(void **state)
{
    static const char *const versions[][2] = { { "1b", "long 1" },
                                               { "2b", "long 2" },
                                               { "3b", "long 3" } };
    size_t                   i;

    (void) state;
    set(PLATEN_OPTION_PAGES, "1-3,5,7-");
    assert_int_equal(platen_uno_pdf(&options, out, sizeof(out)), 0);
    assert_string_equal(property("PageRange"), "string 1-3,5,7-");
    assert_int_equal(properties(), 2);

    setup(state);
    for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        set(PLATEN_OPTION_PDFA, versions[i][0]);
        assert_int_equal(platen_uno_pdf(&options, out, sizeof(out)), 0);
        assert_string_equal(property("SelectPdfVersion"), versions[i][1]);
    }

    setup(state);
    set(PLATEN_OPTION_PDFUA, "true");
    set(PLATEN_OPTION_SINGLE_PAGE_SHEETS, "true");
    assert_int_equal(platen_uno_pdf(&options, out, sizeof(out)), 0);
    assert_string_equal(property("PDFUACompliance"), "boolean yes");
    assert_string_equal(property("SinglePageSheets"), "boolean yes");
    assert_int_equal(properties(), 3);

    setup(state);
    set(PLATEN_OPTION_IMAGE_QUALITY, "40");
    set(PLATEN_OPTION_IMAGE_RESOLUTION, "150");
    assert_int_equal(platen_uno_pdf(&options, out, sizeof(out)), 0);
    assert_string_equal(property("UseLosslessCompression"), "boolean no");
    assert_string_equal(property("Quality"), "long 40");
    assert_string_equal(property("ReduceImageResolution"), "boolean yes");
    assert_string_equal(property("MaxImageResolution"), "long 150");
}

/* All of them at once; and room for one byte less is no room. */
static void
test_room(void **state)
{
    char   tiny[1024];
    size_t need, size;

    (void) state;
    set(PLATEN_OPTION_PAGES, "1-3");
    set(PLATEN_OPTION_PDFA, "3b");
    set(PLATEN_OPTION_PDFUA, "true");
    set(PLATEN_OPTION_IMAGE_QUALITY, "100");
    set(PLATEN_OPTION_IMAGE_RESOLUTION, "1200");
    set(PLATEN_OPTION_SINGLE_PAGE_SHEETS, "true");
    assert_int_equal(platen_uno_pdf(&options, out, sizeof(out)), 0);
    assert_int_equal(properties(), 9);

    need = strlen(out) + 1;
    for (size = 1; size < need; size++) {
        memset(tiny, '!', sizeof(tiny));
        errno = 0;
        assert_int_equal(platen_uno_pdf(&options, tiny, size), -1);
        assert_int_equal(errno, ENAMETOOLONG);
        assert_int_equal(tiny[size], '!');
    }
    assert_int_equal(platen_uno_pdf(&options, tiny, need), 0);
    assert_string_equal(tiny, out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_none, setup),
        cmocka_unit_test_setup(test_each, setup),
        cmocka_unit_test_setup(test_room, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
