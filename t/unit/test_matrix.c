/* Tests of platen_matrix: pairs and routes, the text form both ways, and hostile text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "job/matrix.h"

#define PAGES PLATEN_OPTION_BIT(PLATEN_OPTION_PAGES)
#define PDFA PLATEN_OPTION_BIT(PLATEN_OPTION_PDFA)
#define ALL (PLATEN_OPTION_BIT(PLATEN_OPTIONS) - 1)

static const platen_format_t *
format(const char *name)
{
    return platen_format_find(name, strlen(name));
}

static int
add_route(platen_matrix_t *m, const char *from, const char *to, const char *engines,
          const char *via, uint32_t options)
{
    platen_matrix_route_t route = { engines, via, options };

    return platen_matrix_add(m, format(from), format(to), &route);
}

static int
add(platen_matrix_t *m, const char *from, const char *to, const char *engine)
{
    return add_route(m, from, to, engine, "", 0);
}

static const platen_matrix_route_t *
route_of(const platen_matrix_t *m, const char *from, const char *to)
{
    return platen_matrix_route(m, format(from), format(to));
}

static void
assert_route(const platen_matrix_t *m, const char *from, const char *to, const char *engines,
             const char *via, uint32_t options)
{
    const platen_matrix_route_t *route = route_of(m, from, to);

    assert_non_null(route);
    assert_string_equal(route->engines, engines);
    assert_string_equal(route->via, via);
    assert_int_equal(route->options, options);
}

/* Parses an exact-size copy, so that a read too far is seen. */
static int
parse_bytes(platen_matrix_t *m, const char *text, size_t len)
{
    char *copy = malloc(len == 0 ? 1 : len);
    int   rc;

    assert_non_null(copy);
    memcpy(copy, text, len);
    rc = platen_matrix_parse(m, copy, len);
    free(copy);
    return rc;
}

static int
parse(platen_matrix_t *m, const char *text)
{
    return parse_bytes(m, text, strlen(text));
}

static void
test_add(void **state)
{
    static platen_matrix_t m;
    char                   engines[] = "pandoc+lok", via[] = "docx";

    (void) state;

    assert_null(route_of(&m, "docx", "pdf"));
    assert_int_equal(add(&m, "docx", "pdf", "soffice"), PLATEN_OK);
    assert_route(&m, "docx", "pdf", "soffice", "", 0);
    assert_null(route_of(&m, "pdf", "docx"));
    assert_null(route_of(&m, "docx", "docx"));

    /* The first one stays, and what is not used takes no room. */
    assert_int_equal(add_route(&m, "docx", "pdf", "other", "odt", PAGES), PLATEN_OK);
    assert_route(&m, "docx", "pdf", "soffice", "", 0);
    assert_int_equal(m.nroutes, 1);

    /* A name that begins like another is its own; the same one is shared. */
    assert_int_equal(add(&m, "odt", "pdf", "soff"), PLATEN_OK);
    assert_route(&m, "odt", "pdf", "soff", "", 0);
    assert_int_equal(add(&m, "ods", "pdf", "soffice"), PLATEN_OK);
    assert_ptr_equal(route_of(&m, "ods", "pdf"), route_of(&m, "docx", "pdf"));

    /* Each of the three makes a route another one. */
    assert_int_equal(add_route(&m, "xls", "pdf", "soffice", "", PAGES), PLATEN_OK);
    assert_int_equal(add_route(&m, "xlsx", "pdf", "soffice", "ods", 0), PLATEN_OK);
    assert_route(&m, "xls", "pdf", "soffice", "", PAGES);
    assert_route(&m, "xlsx", "pdf", "soffice", "ods", 0);
    assert_int_equal(m.nroutes, 4);

    /* The strings are copied. */
    assert_int_equal(add_route(&m, "md", "pdf", engines, via, PAGES | PDFA), PLATEN_OK);
    memset(engines, 'x', sizeof(engines) - 1);
    memset(via, 'x', sizeof(via) - 1);
    assert_route(&m, "md", "pdf", "pandoc+lok", "docx", PAGES | PDFA);

    /* The same format on both sides. */
    assert_int_equal(add_route(&m, "pdf", "pdf", "qpdf", "", PAGES), PLATEN_OK);
    assert_route(&m, "pdf", "pdf", "qpdf", "", PAGES);
}

/* 63 bytes, and one more. */
#define LONG_63 "fifteen-letters+fifteen-letters+fifteen-letters+fifteen-letters"
#define LONG_64 "fifteen-letters+fifteen-letters+fifteen-letters+fourteen-lette+a"

static void
test_wrong_routes(void **state)
{
    static const char *const wrong[] = { "sixteen-letters-",
                                         "a+sixteen-letters-",
                                         "a b",
                                         "a\n",
                                         "\n",
                                         "a\tb",
                                         " a",
                                         "a ",
                                         "\177",
                                         "\1",
                                         "+",
                                         "+a",
                                         "a+",
                                         "a++b",
                                         LONG_64 };
    static platen_matrix_t   m;
    size_t                   i;

    (void) state;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(add_route(&m, "docx", "pdf", wrong[i], "", 0), PLATEN_INVALID);
        assert_int_equal(add_route(&m, "docx", "pdf", "a", wrong[i], 0), PLATEN_INVALID);
    }
    assert_int_equal(add(&m, "docx", "pdf", ""), PLATEN_INVALID);
    /* It would be read back as none. */
    assert_int_equal(add_route(&m, "docx", "pdf", "a", "-", 0), PLATEN_INVALID);
    assert_int_equal(add_route(&m, "docx", "pdf", "a", "", PLATEN_OPTION_BIT(PLATEN_OPTIONS)),
                     PLATEN_INVALID);
    assert_null(route_of(&m, "docx", "pdf"));
    assert_int_equal(m.nroutes, 0);

    assert_int_equal(add_route(&m, "docx", "pdf", LONG_63, LONG_63, ALL), PLATEN_OK);
    assert_route(&m, "docx", "pdf", LONG_63, LONG_63, ALL);
    /* A pair that is there takes no wrong route either. */
    assert_int_equal(add(&m, "docx", "pdf", ""), PLATEN_INVALID);
}

/* 255 different routes, one pair each. */
static void
fill(platen_matrix_t *m)
{
    platen_matrix_route_t route = { .via = "", .options = 0 };
    char                  name[16];
    unsigned              i;

    route.engines = name;
    for (i = 0; i < PLATEN_ROUTES_MAX; i++) {
        snprintf(name, sizeof(name), "engine%u", i);
        assert_int_equal(platen_matrix_add(m, &platen_formats[i % platen_nformats],
                                           &platen_formats[i / platen_nformats], &route),
                         PLATEN_OK);
    }
}

static void
test_too_many_routes(void **state)
{
    static platen_matrix_t m;

    (void) state;

    fill(&m);
    assert_int_equal(add(&m, "rst", "rst", "engine255"), PLATEN_INVALID);
    assert_int_equal(add_route(&m, "rst", "rst", "engine254", "", 1), PLATEN_INVALID);
    assert_null(route_of(&m, "rst", "rst"));
    assert_int_equal(add(&m, "rst", "rst", "engine254"), PLATEN_OK);
    assert_route(&m, "rst", "rst", "engine254", "", 0);
    assert_string_equal(
        platen_matrix_route(&m, &platen_formats[0], &platen_formats[0])->engines, "engine0");
}

static void
test_parse(void **state)
{
    static platen_matrix_t m;

    (void) state;

    memset(&m, 0xff, sizeof(m));
    assert_int_equal(parse(&m, ""), PLATEN_OK);
    assert_int_equal(m.nroutes, 0);
    assert_null(route_of(&m, "docx", "pdf"));

    assert_int_equal(parse(&m, "docx pdf soffice - pages,pdfa\nJPG pdf magick - -\n"
                               "md pdf pandoc+lok docx pdfa\npdf pdf qpdf - pages\n"),
                     PLATEN_OK);
    assert_route(&m, "docx", "pdf", "soffice", "", PAGES | PDFA);
    assert_route(&m, "jpeg", "pdf", "magick", "", 0);
    assert_route(&m, "md", "pdf", "pandoc+lok", "docx", PDFA);
    assert_route(&m, "pdf", "pdf", "qpdf", "", PAGES);
    assert_int_equal(m.nroutes, 4);

    /* A later sidecar may know more formats and options than this module. */
    assert_int_equal(parse(&m, "wps pdf x - -\npdf wps x - -\nwps wps x - -\n"
                               "odt pdf soffice wps colour,pages,watermark\n"
                               "odt txt soffice - colour\n"),
                     PLATEN_OK);
    assert_route(&m, "odt", "pdf", "soffice", "wps", PAGES);
    assert_route(&m, "odt", "txt", "soffice", "", 0);
    assert_null(route_of(&m, "docx", "pdf"));
}

static void
test_malformed(void **state)
{
    static const char *const wrong[] = {
        "docx pdf soffice - -",
        "\n",
        "docx pdf soffice - -\n\n",
        "\ndocx pdf soffice - -\n",
        "docx\n",
        "docx pdf\n",
        "docx pdf \n",
        "docx pdf soffice\n",
        "docx pdf soffice -\n",
        "docx pdf soffice - \n",
        "docx  pdf soffice - -\n",
        " docx pdf soffice - -\n",
        "docx pdf soffice - - \n",
        "docx pdf soffice - - x\n",
        "docx pdf  soffice - -\n",
        "docx pdf soffice  -\n",
        "docx pdf sixteen-letters- - -\n",
        "docx pdf a++b - -\n",
        "docx pdf a b+ -\n",
        "docx pdf soffice - ,\n",
        "docx pdf soffice - pages,\n",
        "docx pdf soffice - ,pages\n",
        "docx pdf soffice - pages,,pdfa\n",
        "docx pdf " LONG_64 " - -\n",
        "docx pdf a " LONG_64 " -\n",
        "docx pdf so\tffice - -\n",
        "docx pdf soffice - -\nodt pdf soffice - -",
        " ",
        "   \n",
    };
    static const char      nul[] = "docx pdf \0 - -\n", inner[] = "docx pdf a\0b - -\n";
    static const char      via[] = "docx pdf a b\0 -\n";
    static platen_matrix_t m;
    size_t                 i;

    (void) state;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (parse(&m, wrong[i]) != PLATEN_CORRUPT) {
            fail_msg("\"%s\" was not refused", wrong[i]);
        }
    }
    assert_int_equal(parse_bytes(&m, nul, sizeof(nul) - 1), PLATEN_CORRUPT);
    assert_int_equal(parse_bytes(&m, inner, sizeof(inner) - 1), PLATEN_CORRUPT);
    assert_int_equal(parse_bytes(&m, via, sizeof(via) - 1), PLATEN_CORRUPT);
}

static void
test_parse_too_many(void **state)
{
    static platen_matrix_t full, m;
    char                  *text, *more;
    size_t                 len;

    (void) state;

    fill(&full);
    text = platen_matrix_text(&full, &len);
    assert_non_null(text);
    more = malloc(len + 64);
    assert_non_null(more);
    memcpy(more, text, len);
    free(text);

    assert_int_equal(parse_bytes(&m, more, len), PLATEN_OK);
    len += (size_t) sprintf(more + len, "rst rst engine254 - -\n");
    assert_int_equal(parse_bytes(&m, more, len), PLATEN_OK);
    len += (size_t) sprintf(more + len, "rst md engine255 - -\n");
    assert_int_equal(parse_bytes(&m, more, len), PLATEN_CORRUPT);
    free(more);
}

/* A route for each pair, of which there are 255 different ones. */
static platen_matrix_route_t
some_route(size_t i, size_t j, char engines[16], char via[16])
{
    size_t n = (i * 7 + j) % PLATEN_ROUTES_MAX;

    snprintf(engines, 16, n % 2 == 0 ? "e%zu" : "e%zu+f", n);
    snprintf(via, 16, n % 2 == 0 ? "" : "docx");
    return (platen_matrix_route_t){ engines, via, (uint32_t) n * 131 & ALL };
}

static void
test_text(void **state)
{
    static platen_matrix_t       m, back;
    const platen_matrix_route_t *got;
    platen_matrix_route_t        route;
    char                        *text, *again, engines[16], via[16];
    size_t                       len, len2, i, j;

    (void) state;

    text = platen_matrix_text(&m, &len);
    assert_non_null(text);
    assert_int_equal(len, 0);
    assert_string_equal(text, "");
    free(text);

    assert_int_equal(add_route(&m, "md", "pdf", "pandoc+lok", "docx", PDFA | PAGES), PLATEN_OK);
    assert_int_equal(add(&m, "docx", "pdf", "lok"), PLATEN_OK);
    text = platen_matrix_text(&m, &len);
    assert_non_null(text);
    assert_string_equal(text, "docx pdf lok - -\nmd pdf pandoc+lok docx pages,pdfa\n");
    free(text);

    memset(&m, 0, sizeof(m));
    for (i = 0; i < platen_nformats; i++) {
        for (j = 0; j < platen_nformats; j++) {
            route = some_route(i, j, engines, via);
            assert_int_equal(
                platen_matrix_add(&m, &platen_formats[i], &platen_formats[j], &route),
                PLATEN_OK);
        }
    }

    text = platen_matrix_text(&m, &len);
    assert_non_null(text);
    assert_int_equal(strlen(text), len);
    assert_int_equal(parse_bytes(&back, text, len), PLATEN_OK);
    for (i = 0; i < platen_nformats; i++) {
        for (j = 0; j < platen_nformats; j++) {
            route = some_route(i, j, engines, via);
            got = platen_matrix_route(&back, &platen_formats[i], &platen_formats[j]);
            assert_non_null(got);
            assert_string_equal(got->engines, route.engines);
            assert_string_equal(got->via, route.via);
            assert_int_equal(got->options, route.options);
        }
    }

    again = platen_matrix_text(&back, &len2);
    assert_non_null(again);
    assert_int_equal(len2, len);
    assert_string_equal(again, text);
    free(again);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_wrong_routes),
        cmocka_unit_test(test_too_many_routes),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_parse_too_many),
        cmocka_unit_test(test_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
