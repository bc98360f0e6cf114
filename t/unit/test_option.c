/* Tests of platen_option: names, values and their canonical form, and the text both ways. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "job/option.h"

/* The names are the API, and in this order the text form has them. */
static const char *const names[] = {
    "pages",
    "password",
    "output_password",
    "pdfa",
    "pdfua",
    "landscape",
    "image_quality",
    "image_resolution",
    "single_page_sheets",
    "csv_delimiter",
    "charset",
    "markdown_flavour",
    "width",
    "resolution",
    "layout",
    "sheet",
    "header",
    "values",
    "track_changes",
    "comments",
    "fit",
    "orientation",
    "paper",
    "margins",
};

static platen_option_t
find(const char *name)
{
    int option = platen_option_find(name, strlen(name));

    if (option < 0) {
        fail_msg("there is no option %s", name);
    }
    return (platen_option_t) option;
}

/* Sets an exact-size copy, so that a read too far is seen. */
static int
set_bytes(platen_options_t *options, const char *name, const char *value, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    int   rc;

    assert_non_null(copy);
    if (len > 0) {
        memcpy(copy, value, len);
    }
    rc = platen_options_set(options, find(name), copy, len);
    free(copy);
    return rc;
}

static int
set(platen_options_t *options, const char *name, const char *value)
{
    return set_bytes(options, name, value, strlen(value));
}

static int
parse_bytes(platen_options_t *options, const char *text, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    int   rc;

    assert_non_null(copy);
    memcpy(copy, text, len);
    rc = platen_options_parse(options, copy, len);
    free(copy);
    return rc;
}

static void
test_names(void **state)
{
    static const char *const wrong[] = { "",
                                         "page",
                                         "pagess",
                                         "pages ",
                                         " pages",
                                         "csv delimiter",
                                         "target_format",
                                         "a-name-that-is-longer-than-any-of-the-options" };
    char                     upper[PLATEN_OPTION_NAME_MAX + 1];
    size_t                   i, j, len;
    int                      option;

    (void) state;

    assert_int_equal(sizeof(names) / sizeof(names[0]), PLATEN_OPTIONS);
    for (i = 0; i < PLATEN_OPTIONS; i++) {
        len = strlen(names[i]);
        assert_true(len <= PLATEN_OPTION_NAME_MAX);
        option = platen_option_find(names[i], len);
        assert_int_equal(option, i);
        assert_string_equal(platen_option_name((platen_option_t) option), names[i]);
        assert_true(strlen(platen_option_allowed((platen_option_t) option)) > 0);

        for (j = 0; j <= len; j++) {
            upper[j] = names[i][j];
            if (upper[j] == '_') {
                upper[j] = '-';
            } else if (upper[j] != '\0') {
                upper[j] = (char) (upper[j] - 'a' + 'A');
            }
        }
        assert_int_equal(platen_option_find(upper, len), option);
    }
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(platen_option_find(wrong[i], strlen(wrong[i])), -1);
    }
    assert_int_equal(platen_option_find("pages\0", 6), -1);
    assert_int_equal(platen_option_find(NULL, 0), -1);

    assert_int_equal(platen_option_secrets(),
                     PLATEN_OPTION_BIT(PLATEN_OPTION_PASSWORD)
                         | PLATEN_OPTION_BIT(PLATEN_OPTION_OUTPUT_PASSWORD));
}

/* What may be said, and what it becomes; NULL: the option is taken away. */
static const struct {
    const char *name, *value, *canonical;
} good[] = {
    { "pages", "1", "1" },
    { "pages", "1-3,5", "1-3,5" },
    { "pages", "7-", "7-" },
    { "pages", "99999", "99999" },
    { "pages", "1-99999", "1-99999" },
    { "pages", "3-3", "3" },
    { "pages", "007-0010", "7-10" },
    { "pages", " 1 - 3 ,\t5 , 7 - ", "1-3,5,7-" },
    { "pages", "9,1-3,2,2", "9,1-3,2,2" },
    { "pages", "2-,1", "2-,1" },
    { "pages", "", NULL },
    { "password", "x", "x" },
    { "password", " p w= \"'\\", " p w= \"'\\" },
    { "password", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
      "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
    { "password", "\xc2\xa0\xed\x9f\xbf\xf4\x8f\xbf\xbf",
      "\xc2\xa0\xed\x9f\xbf\xf4\x8f\xbf\xbf" },
    { "output_password", "false", "false" },
    { "output_password", "", NULL },
    { "pdfa", "1b", "1b" },
    { "pdfa", "2B", "2b" },
    { "pdfa", "PDF/A-3b", "3b" },
    { "pdfa", "pdfa-1b", "1b" },
    { "pdfa", "PDFA-2B", "2b" },
    { "pdfa", "", NULL },
    { "pdfua", "true", "true" },
    { "pdfua", "1", "true" },
    { "pdfua", "YES", "true" },
    { "landscape", "On", "true" },
    { "landscape", "false", NULL },
    { "landscape", "0", NULL },
    { "single_page_sheets", "yes", "true" },
    { "single_page_sheets", "No", NULL },
    { "single_page_sheets", "OFF", NULL },
    { "single_page_sheets", "", NULL },
    { "image_quality", "1", "1" },
    { "image_quality", "100", "100" },
    { "image_quality", "080", "80" },
    { "image_resolution", "75", "75" },
    { "image_resolution", "1200", "1200" },
    { "csv_delimiter", ",", "comma" },
    { "csv_delimiter", "Semicolon", "semicolon" },
    { "csv_delimiter", ";", "semicolon" },
    { "csv_delimiter", "|", "pipe" },
    { "csv_delimiter", " ", "space" },
    { "csv_delimiter", "\t", "tab" },
    { "csv_delimiter", "TAB", "tab" },
    { "charset", "UTF8", "utf-8" },
    { "charset", "utf-8", "utf-8" },
    { "charset", "UTF-16", "utf-16" },
    { "charset", "latin1", "iso-8859-1" },
    { "charset", "Latin-1", "iso-8859-1" },
    { "charset", "ISO-8859-15", "iso-8859-15" },
    { "charset", "cp1252", "windows-1252" },
    { "charset", "Windows-1252", "windows-1252" },
    { "markdown_flavour", "GFM", "gfm" },
    { "markdown_flavour", "commonmark", "commonmark" },
    { "markdown_flavour", "markdown", "markdown" },
    { "width", "16", "16" },
    { "width", "4096", "4096" },
    { "resolution", "36", "36" },
    { "resolution", "600", "600" },
    { "layout", "exact", "exact" },
    { "layout", "FLOW", NULL },
    { "sheet", "Jan 2024", "Jan 2024" },
    { "sheet", "all", "all" },
    { "header", "True", NULL },
    { "header", "no", "false" },
    { "values", "stored", NULL },
    { "values", "Display", "display" },
    { "track_changes", "Final", NULL },
    { "track_changes", "Original", "original" },
    { "track_changes", "show", "show" },
    { "comments", "none", NULL },
    { "comments", "margin", "margin" },
    { "comments", "end", "end" },
    { "fit", "Width", "width" },
    { "orientation", "LANDSCAPE", "landscape" },
    { "orientation", "portrait", "portrait" },
    { "paper", "A4", "a4" },
    { "paper", "Ledger", "tabloid" },
    { "margins", "20mm", "20mm 20mm 20mm 20mm" },
    { "margins", " 1in ,2cm", "25.40mm 20mm 25.40mm 20mm" },
    { "margins", "72PT 0 1.5cm", "25.40mm 0mm 15mm 0mm" },
    { "margins", "0", "0mm 0mm 0mm 0mm" },
    { "margins", "1mm,2mm,3mm,500mm", "1mm 2mm 3mm 500mm" },
    { "margins", "", NULL },
};

static const struct {
    const char *name, *value;
} wrong[] = {
    { "pages", "0" },
    { "pages", "00" },
    { "pages", "100000" },
    { "pages", "99999999999999999999999" },
    { "pages", "1-100000" },
    { "pages", "3-1" },
    { "pages", "-3" },
    { "pages", "0-3" },
    { "pages", "1-2-3" },
    { "pages", "1--3" },
    { "pages", "1,,2" },
    { "pages", ",1" },
    { "pages", "1," },
    { "pages", "1 2" },
    { "pages", "1-2 3" },
    { "pages", " " },
    { "pages", "a" },
    { "pages", "1;2" },
    { "pages", "+1" },
    { "pages", "1\n" },
    { "password", "a\nb" },
    { "password", "a\x7f" },
    { "password", "\x1b" },
    { "password", "\xc2\x85" },         /* a control character of two bytes */
    { "password", "\xff" },             /* no UTF-8 */
    { "password", "\xe2\x82" },         /* cut off */
    { "password", "\xe2\x41\x82" },     /* no continuation */
    { "password", "\xc0\xaf" },         /* too long a form */
    { "password", "\xed\xa0\x80" },     /* a surrogate */
    { "password", "\xf4\x90\x80\x80" }, /* beyond Unicode */
    { "pdfa", "1a" },
    { "pdfa", "4b" },
    { "pdfa", "true" },
    { "pdfua", "2" },
    { "pdfua", "y" },
    { "landscape", "portrait" },
    { "landscape", " true" },
    { "image_quality", "0" },
    { "image_quality", "101" },
    { "image_quality", "-1" },
    { "image_quality", "1.5" },
    { "image_quality", "90%" },
    { "image_quality", "18446744073709551617" },
    { "image_resolution", "200" },
    { "image_resolution", "0150" },
    { "csv_delimiter", ","
                       "," },
    { "csv_delimiter", ":" },
    { "charset", "ebcdic" },
    { "markdown_flavour", "multimarkdown" },
    { "width", "15" },
    { "width", "4097" },
    { "resolution", "35" },
    { "resolution", "601" },
    { "resolution", "x" },
    { "layout", "page" },
    { "fit", "height" },
    { "orientation", "true" },
    { "paper", "A44" },
    { "margins", "20" },
    { "margins", "20 mm" },
    { "margins", "-1mm" },
    { "margins", "500.01mm" },
    { "margins", "99999999999999mm" },
    { "margins", "1mm,,2mm" },
    { "margins", "1mm 2mm 3mm 4mm 5mm" },
    { "margins", "1.2.3mm" },
    { "margins", ".mm" },
    { "margins", "1mm2mm" },
    { "margins", "1mm," },
    { "margins", " " },
};

static void
test_good_values(void **state)
{
    platen_options_t options, again;
    const char      *value;
    size_t           i;

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        memset(&options, 0, sizeof(options));
        if (set(&options, good[i].name, good[i].value) != PLATEN_OK) {
            fail_msg("%s=\"%s\" was refused", good[i].name, good[i].value);
        }
        value = platen_options_get(&options, find(good[i].name));
        if (good[i].canonical == NULL) {
            assert_null(value);
            assert_int_equal(options.given, 0);
            continue;
        }
        assert_non_null(value);
        assert_string_equal(value, good[i].canonical);
        assert_int_equal(options.given, PLATEN_OPTION_BIT(find(good[i].name)));

        memset(&again, 0, sizeof(again));
        assert_int_equal(set(&again, good[i].name, value), PLATEN_OK);
        assert_memory_equal(&again, &options, sizeof(options));
    }
}

static void
test_wrong_values(void **state)
{
    static const char first[] = "1,22";
    platen_options_t  options = { 0 };
    size_t            i;

    (void) state;

    assert_int_equal(set(&options, "pages", first), PLATEN_OK);
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (set(&options, wrong[i].name, wrong[i].value) != PLATEN_INVALID) {
            fail_msg("%s=\"%s\" was not refused", wrong[i].name, wrong[i].value);
        }
    }
    assert_int_equal(set_bytes(&options, "password", "a\0b", 3), PLATEN_INVALID);
    assert_int_equal(set_bytes(&options, "pdfa", "1b\0", 3), PLATEN_INVALID);
    assert_int_equal(set_bytes(&options, "pages", "1\0", 2), PLATEN_INVALID);

    /* What was given stays. */
    assert_int_equal(options.given, PLATEN_OPTION_BIT(PLATEN_OPTION_PAGES));
    assert_string_equal(platen_options_get(&options, PLATEN_OPTION_PAGES), first);
}

/* A value may be as long as there is room for its canonical form. */
static void
test_long_values(void **state)
{
    platen_options_t options = { 0 };
    char             value[300];
    size_t           i;

    (void) state;

    memset(value, 'x', sizeof(value));
    assert_int_equal(set_bytes(&options, "password", value, PLATEN_OPTION_VALUE_MAX),
                     PLATEN_OK);
    assert_int_equal(strlen(platen_options_get(&options, PLATEN_OPTION_PASSWORD)),
                     PLATEN_OPTION_VALUE_MAX);
    assert_int_equal(set_bytes(&options, "password", value, PLATEN_OPTION_VALUE_MAX + 1),
                     PLATEN_INVALID);
    assert_int_equal(set_bytes(&options, "charset", value, sizeof(value)), PLATEN_INVALID);

    /* 64 pages of one digit are 127 bytes. */
    for (i = 0; i < sizeof(value); i++) {
        value[i] = i % 2 == 0 ? '7' : ',';
    }
    assert_int_equal(set_bytes(&options, "pages", value, 127), PLATEN_OK);
    assert_int_equal(strlen(platen_options_get(&options, PLATEN_OPTION_PAGES)), 127);
    assert_int_equal(set_bytes(&options, "pages", value, 129), PLATEN_INVALID);
    for (i = 0; i < 127; i++) {
        value[i] = i == 126 ? '1' : ' ';
    }
    memset(value + 127, ' ', sizeof(value) - 127);
    assert_int_equal(set_bytes(&options, "pages", value, sizeof(value)), PLATEN_OK);
    assert_string_equal(platen_options_get(&options, PLATEN_OPTION_PAGES), "1");
    memset(value, '0', sizeof(value) - 1);
    value[sizeof(value) - 1] = '8';
    assert_int_equal(set_bytes(&options, "pages", value, sizeof(value)), PLATEN_OK);
    assert_string_equal(platen_options_get(&options, PLATEN_OPTION_PAGES), "8");
    assert_int_equal(set_bytes(&options, "width", value, sizeof(value)), PLATEN_INVALID);
}

/* The last word counts, and a shorter value leaves nothing of a longer one. */
static void
test_set_again(void **state)
{
    platen_options_t options = { 0 }, none = { 0 };

    (void) state;

    assert_int_equal(set(&options, "password", "a long secret"), PLATEN_OK);
    assert_int_equal(set(&options, "password", "b"), PLATEN_OK);
    assert_string_equal(platen_options_get(&options, PLATEN_OPTION_PASSWORD), "b");
    assert_int_equal(set(&options, "password", ""), PLATEN_OK);
    assert_int_equal(set(&options, "pdfua", "on"), PLATEN_OK);
    assert_int_equal(set(&options, "pdfua", "off"), PLATEN_OK);
    assert_memory_equal(&options, &none, sizeof(none));
}

static void
test_numbers(void **state)
{
    platen_options_t options = { 0 };

    (void) state;

    assert_int_equal(platen_options_number(&options, PLATEN_OPTION_WIDTH, 320), 320);
    assert_int_equal(platen_options_number(&options, PLATEN_OPTION_PDFUA, 0), 0);
    assert_int_equal(set(&options, "width", "0800"), PLATEN_OK);
    assert_int_equal(set(&options, "image_resolution", "300"), PLATEN_OK);
    assert_int_equal(set(&options, "pdfua", "yes"), PLATEN_OK);
    assert_int_equal(platen_options_number(&options, PLATEN_OPTION_WIDTH, 320), 800);
    assert_int_equal(platen_options_number(&options, PLATEN_OPTION_IMAGE_RESOLUTION, 0), 300);
    assert_int_equal(platen_options_number(&options, PLATEN_OPTION_PDFUA, 0), 1);
}

static void
test_text(void **state)
{
    static const char all[] =
        "pages=1-3\npassword=a=b\npdfa=2b\nlandscape=true\nlayout=exact\n";
    static const char open[] = "pages=1-3\npdfa=2b\nlandscape=true\nlayout=exact\n";
    static const char closed[] = "password=a=b\n";
    platen_options_t  options = { 0 }, back = { 0 };
    char              text[PLATEN_OPTIONS_TEXT_MAX];
    uint32_t          secrets = platen_option_secrets();

    (void) state;

    assert_int_equal(platen_options_text(&options, UINT32_MAX, text), 0);

    /* The order is the table's, not that of the calls. */
    assert_int_equal(set(&options, "layout", "exact"), PLATEN_OK);
    assert_int_equal(set(&options, "password", "a=b"), PLATEN_OK);
    assert_int_equal(set(&options, "landscape", "1"), PLATEN_OK);
    assert_int_equal(set(&options, "pdfa", "PDF/A-2b"), PLATEN_OK);
    assert_int_equal(set(&options, "pages", "1 - 3"), PLATEN_OK);

    assert_int_equal(platen_options_text(&options, UINT32_MAX, text), sizeof(all) - 1);
    assert_memory_equal(text, all, sizeof(all) - 1);
    assert_int_equal(platen_options_text(&options, ~secrets, text), sizeof(open) - 1);
    assert_memory_equal(text, open, sizeof(open) - 1);
    assert_int_equal(platen_options_text(&options, secrets, text), sizeof(closed) - 1);
    assert_memory_equal(text, closed, sizeof(closed) - 1);
    assert_int_equal(platen_options_text(&options, 0, text), 0);

    /* Two texts, as the record has them, make the options again. */
    assert_int_equal(parse_bytes(&back, open, sizeof(open) - 1), PLATEN_OK);
    assert_int_equal(parse_bytes(&back, closed, sizeof(closed) - 1), PLATEN_OK);
    assert_memory_equal(&back, &options, sizeof(options));
    assert_int_equal(platen_options_parse(&back, NULL, 0), PLATEN_OK);
    assert_memory_equal(&back, &options, sizeof(options));
}

/* Every option at its longest fits. */
static void
test_longest_text(void **state)
{
    platen_options_t options = { 0 }, back = { 0 };
    char             text[PLATEN_OPTIONS_TEXT_MAX], value[PLATEN_OPTION_VALUE_MAX];
    size_t           i, len;

    (void) state;

    memset(value, 'x', sizeof(value));
    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (good[i].canonical != NULL) {
            assert_int_equal(set(&options, good[i].name, good[i].value), PLATEN_OK);
        }
    }
    assert_int_equal(set_bytes(&options, "password", value, sizeof(value)), PLATEN_OK);
    assert_int_equal(set_bytes(&options, "output_password", value, sizeof(value)), PLATEN_OK);
    assert_int_equal(options.given, PLATEN_OPTION_BIT(PLATEN_OPTIONS) - 1);

    len = platen_options_text(&options, UINT32_MAX, text);
    assert_in_range(len, 1, sizeof(text));
    assert_int_equal(parse_bytes(&back, text, len), PLATEN_OK);
    assert_memory_equal(&back, &options, sizeof(options));
}

static void
test_malformed_text(void **state)
{
    static const struct {
        const char *text;
        int         rc;
    } cases[] = {
        { "pages=1", PLATEN_CORRUPT },
        { "pages\n", PLATEN_CORRUPT },
        { "\n", PLATEN_CORRUPT },
        { "=1\n", PLATEN_CORRUPT },
        { "pages=\n", PLATEN_CORRUPT },
        { "pages=1\n\n", PLATEN_CORRUPT },
        { "pages=3-3\n", PLATEN_CORRUPT },
        { "pages= 1\n", PLATEN_CORRUPT },
        { "Pages=1\n", PLATEN_CORRUPT },
        { "pages =1\n", PLATEN_CORRUPT },
        { "csv-encoding=utf-8\n", PLATEN_CORRUPT },
        { "charset=utf8\n", PLATEN_CORRUPT },
        { "pdfua=false\n", PLATEN_CORRUPT },
        { "layout=flow\n", PLATEN_CORRUPT },
        { "width=0800\n", PLATEN_CORRUPT },
        { "width=5000\n", PLATEN_CORRUPT },
        { "pages=1\npages=1\n", PLATEN_CORRUPT },
        { "pdfa=1b\npages=1\n", PLATEN_CORRUPT },
        { "pages=1\r\n", PLATEN_CORRUPT },
        { "colour=red\n", PLATEN_TOO_NEW },
        { "pages=1\ncolour=red\n", PLATEN_TOO_NEW },
        { "a_name_that_is_longer_than_any_of_this_version=1\n", PLATEN_TOO_NEW },
    };
    platen_options_t options = { 0 }, before;
    size_t           i;

    (void) state;

    assert_int_equal(set(&options, "pages", "2"), PLATEN_OK);
    before = options;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (parse_bytes(&options, cases[i].text, strlen(cases[i].text)) != cases[i].rc) {
            fail_msg("\"%s\": expected %d", cases[i].text, cases[i].rc);
        }
        assert_memory_equal(&options, &before, sizeof(before));
    }
    assert_int_equal(parse_bytes(&options, "pages=1\0\n", 9), PLATEN_CORRUPT);
    assert_int_equal(parse_bytes(&options, "pa\0es=1\n", 8), PLATEN_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),          cmocka_unit_test(test_good_values),
        cmocka_unit_test(test_wrong_values),   cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_set_again),      cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_text),           cmocka_unit_test(test_longest_text),
        cmocka_unit_test(test_malformed_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
