/* platen_graph: the cheapest way, who honours which option, and ways that are none. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/graph.h"

#define BIT(o) PLATEN_OPTION_BIT(PLATEN_OPTION_##o)
#define MANY 9 /* changes of format, more than there can be */

static const platen_engine_t a = { .name = "a" }, b = { .name = "b" };

static platen_graph_t graph;
static platen_edge_t  edges[64];
static platen_route_t route;

static int
setup(void **state)
{
    (void) state;
    memset(&graph, 0, sizeof(graph));
    memset(edges, 0, sizeof(edges));
    return 0;
}

static const platen_format_t *
format(const char *name)
{
    const platen_format_t *found = platen_format_find(name, strlen(name));

    assert_non_null(found);
    return found;
}

static void
add(const platen_engine_t *engine, const char *from, const char *to, uint32_t cost,
    uint32_t options, unsigned rules)
{
    platen_edge_t *edge = &edges[graph.nedges];

    *edge = (platen_edge_t){
        .from = from, .to = to, .cost = cost, .options = options, .rules = rules
    };
    assert_int_equal(platen_graph_add(&graph, engine, edge), PLATEN_OK);
}

static int
find_with(const char *from, const char *to, platen_graph_wish_t wish)
{
    memset(&route, 0, sizeof(route));
    return platen_graph_route(&graph, format(from), format(to), &wish, &route);
}

static int
find(const char *from, const char *to, uint32_t options)
{
    return find_with(from, to, (platen_graph_wish_t){ .options = options, .changes = MANY });
}

/* The route as "a md>html[1] b html>pdf", options in brackets where there are any. */
static const char *
way(void)
{
    static char text[512];
    size_t      n = 0;
    unsigned    i;

    *text = '\0';
    for (i = 0; i < route.nsteps; i++) {
        n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%s %s>%s", i == 0 ? "" : " ",
                               route.steps[i].engine->name, route.steps[i].edge->from,
                               route.steps[i].edge->to);
        if (route.steps[i].options != 0) {
            n += (size_t) snprintf(text + n, sizeof(text) - n, "[%x]", route.steps[i].options);
        }
    }
    return text;
}

static void
test_cheapest(void **state)
{
    (void) state;
    add(&a, "md", "pdf", 100, 0, 0);
    add(&a, "md", "html", 10, 0, 0);
    add(&b, "html", "docx", 10, 0, 0);
    add(&b, "docx", "pdf", 10, 0, 0);
    assert_int_equal(find("md", "pdf", 0), PLATEN_OK);
    assert_string_equal(way(), "a md>html b html>docx b docx>pdf");
    assert_int_equal(route.cost, 30);
    assert_int_equal(platen_graph_changes(&route), 3);

    /* With fewer changes of format the dear one is the only one. */
    assert_int_equal(find_with("md", "pdf", (platen_graph_wish_t){ .changes = 2 }), PLATEN_OK);
    assert_string_equal(way(), "a md>pdf");
    assert_int_equal(find_with("md", "docx", (platen_graph_wish_t){ .changes = 1 }),
                     PLATEN_NOT_FOUND);

    assert_int_equal(find("pdf", "md", 0), PLATEN_NOT_FOUND);
    assert_int_equal(find("md", "png", 0), PLATEN_NOT_FOUND);
    assert_int_equal(find("md", "md", 0), PLATEN_NOT_FOUND);
}

/* Of two that cost the same the one added first wins, also in the middle of a way. */
static void
test_ties(void **state)
{
    (void) state;
    add(&b, "md", "html", 10, 0, 0);
    add(&a, "md", "html", 10, 0, 0);
    add(&a, "html", "pdf", 10, 0, 0);
    add(&b, "html", "pdf", 10, 0, 0);
    add(&a, "md", "docx", 10, 0, 0);
    add(&a, "docx", "pdf", 10, 0, 0);
    assert_int_equal(find("md", "html", 0), PLATEN_OK);
    assert_string_equal(way(), "b md>html");
    assert_int_equal(find("md", "pdf", 0), PLATEN_OK);
    assert_string_equal(way(), "b md>html a html>pdf");

    /* The same cost in one step is found first. */
    add(&b, "md", "pdf", 20, 0, 0);
    assert_int_equal(find("md", "pdf", 0), PLATEN_OK);
    assert_string_equal(way(), "b md>pdf");
}

/* By the first edge that declares it, and by that alone. */
static void
test_options(void **state)
{
    (void) state;
    add(&a, "md", "docx", 10, 0, 0);
    add(&b, "docx", "odt", 10, BIT(PAGES), 0);
    add(&a, "odt", "pdf", 10, BIT(PAGES) | BIT(LANDSCAPE), 0);
    add(&b, "md", "pdf", 5, BIT(PAGES), 0);
    assert_int_equal(find("md", "pdf", BIT(PAGES)), PLATEN_OK);
    assert_string_equal(way(), "b md>pdf[1]");
    assert_int_equal(find("md", "pdf", BIT(PAGES) | BIT(LANDSCAPE)), PLATEN_OK);
    assert_string_equal(way(), "a md>docx b docx>odt[1] a odt>pdf[20]");
    assert_int_equal(find("md", "pdf", BIT(LANDSCAPE)), PLATEN_OK);
    assert_string_equal(way(), "a md>docx b docx>odt a odt>pdf[20]");
    assert_int_equal(find("md", "pdf", BIT(PAGES) | BIT(WIDTH)), PLATEN_NOT_FOUND);
    /* What nobody asked for is nobody's to honour. */
    assert_int_equal(find("docx", "pdf", 0), PLATEN_OK);
    assert_string_equal(way(), "b docx>odt a odt>pdf");
}

/* A format to itself: for its options, once, and never for nothing. */
static void
test_self(void **state)
{
    (void) state;
    add(&a, "docx", "pdf", 100, BIT(PDFA), 0);
    add(&b, "pdf", "pdf", 10, BIT(PAGES) | BIT(OUTPUT_PASSWORD), 0);
    add(&a, "pdf", "pdf", 20, BIT(WIDTH), 0);
    assert_int_equal(find("docx", "pdf", 0), PLATEN_OK);
    assert_string_equal(way(), "a docx>pdf");
    assert_int_equal(find("docx", "pdf", BIT(PAGES) | BIT(OUTPUT_PASSWORD)), PLATEN_OK);
    assert_string_equal(way(), "a docx>pdf b pdf>pdf[5]");
    assert_int_equal(platen_graph_changes(&route), 1);

    assert_int_equal(find("pdf", "pdf", BIT(PAGES)), PLATEN_OK);
    assert_string_equal(way(), "b pdf>pdf[1]");
    assert_int_equal(find_with("pdf", "pdf", (platen_graph_wish_t){ .options = BIT(WIDTH) }),
                     PLATEN_OK);
    assert_int_equal(find("pdf", "pdf", BIT(PAGES) | BIT(WIDTH)), PLATEN_OK);
    assert_string_equal(way(), "b pdf>pdf[1] a pdf>pdf[1000]");
    assert_int_equal(find("pdf", "pdf", 0), PLATEN_NOT_FOUND);
    assert_int_equal(find("pdf", "pdf", BIT(PDFA)), PLATEN_NOT_FOUND);
}

/* A password opens what the client has sent, and nothing that a step has made. */
static void
test_password(void **state)
{
    (void) state;
    add(&a, "md", "docx", 10, 0, 0);
    add(&a, "docx", "pdf", 10, BIT(PASSWORD), 0);
    add(&a, "rtf", "docx", 10, BIT(PASSWORD), 0);
    assert_int_equal(find("docx", "pdf", BIT(PASSWORD)), PLATEN_OK);
    assert_int_equal(find("md", "pdf", BIT(PASSWORD)), PLATEN_NOT_FOUND);
    assert_int_equal(find("rtf", "pdf", BIT(PASSWORD)), PLATEN_OK);
    assert_string_equal(way(), "a rtf>docx[2] a docx>pdf");
}

/* Options about the document, in the words of an edge, are of use to the first step only. */
static void
test_input(void **state)
{
    (void) state;
    add(&a, "csv", "xlsx", 10, BIT(CSV_DELIMITER), PLATEN_EDGE_INPUT);
    add(&a, "xlsx", "pdf", 10, 0, 0);
    add(&b, "ods", "csv", 10, 0, 0);
    assert_int_equal(find("csv", "pdf", BIT(CSV_DELIMITER)), PLATEN_OK);
    assert_string_equal(way(), "a csv>xlsx[200] a xlsx>pdf");
    assert_int_equal(find("ods", "xlsx", 0), PLATEN_OK);
    assert_int_equal(find("ods", "xlsx", BIT(CSV_DELIMITER)), PLATEN_NOT_FOUND);
}

/* After an option about the result nothing may make another format of it. */
static void
test_result(void **state)
{
    (void) state;
    add(&a, "xlsx", "csv", 10, BIT(CSV_DELIMITER), 0);
    add(&a, "csv", "json", 10, 0, 0);
    add(&a, "csv", "csv", 10, BIT(CHARSET), 0);
    assert_int_equal(find("xlsx", "csv", BIT(CSV_DELIMITER)), PLATEN_OK);
    assert_int_equal(find("xlsx", "json", 0), PLATEN_OK);
    assert_int_equal(find("xlsx", "json", BIT(CSV_DELIMITER)), PLATEN_NOT_FOUND);
    assert_int_equal(find("xlsx", "csv", BIT(CSV_DELIMITER) | BIT(CHARSET)), PLATEN_OK);
    assert_string_equal(way(), "a xlsx>csv[200] a csv>csv[400]");
}

/* After a picture only what wants no text. */
static void
test_pictures(void **state)
{
    (void) state;
    add(&a, "docx", "png", 10, 0, PLATEN_EDGE_PICTURE);
    add(&a, "png", "pdf", 10, 0, PLATEN_EDGE_RASTER);
    add(&a, "pdf", "txt", 10, 0, 0);
    add(&a, "png", "jpeg", 10, 0, PLATEN_EDGE_RASTER | PLATEN_EDGE_PICTURE);
    assert_int_equal(find("docx", "pdf", 0), PLATEN_OK);
    assert_int_equal(find("docx", "jpeg", 0), PLATEN_OK);
    assert_int_equal(find("docx", "txt", 0), PLATEN_NOT_FOUND);
    /* The picture that a client sends may well have text in it. */
    assert_int_equal(find("png", "txt", 0), PLATEN_OK);

    /* The cheap way by a picture does not hide the dear one with text. */
    add(&b, "docx", "pdf", 500, 0, 0);
    assert_int_equal(find("docx", "pdf", 0), PLATEN_OK);
    assert_string_equal(way(), "a docx>png a png>pdf");
    assert_int_equal(find("docx", "txt", 0), PLATEN_OK);
    assert_string_equal(way(), "b docx>pdf a pdf>txt");

    /* Its options may still be applied. */
    add(&b, "png", "png", 10, BIT(WIDTH), 0);
    assert_int_equal(find("docx", "png", BIT(WIDTH)), PLATEN_OK);
    assert_string_equal(way(), "a docx>png b png>png[1000]");
}

/* Nobody wants to come back to where it began. */
static void
test_no_return(void **state)
{
    (void) state;
    add(&a, "docx", "odt", 10, BIT(PAGES), 0);
    add(&a, "odt", "docx", 10, 0, 0);
    add(&a, "docx", "pdf", 10, 0, 0);
    assert_int_equal(find("docx", "docx", BIT(PAGES)), PLATEN_NOT_FOUND);
    assert_int_equal(find("docx", "pdf", BIT(PAGES)), PLATEN_NOT_FOUND);
    assert_int_equal(find("odt", "pdf", 0), PLATEN_OK);
    /* What is in between may be passed twice, if an option makes it worth while. */
    add(&a, "rtf", "docx", 10, 0, 0);
    assert_int_equal(find("rtf", "pdf", BIT(PAGES)), PLATEN_OK);
    assert_string_equal(way(), "a rtf>docx a docx>odt[1] a odt>docx a docx>pdf");
}

static void
test_step_limit(void **state)
{
    (void) state;
    add(&a, "md", "html", 1, 0, 0);
    add(&a, "html", "docx", 1, 0, 0);
    add(&a, "docx", "odt", 1, 0, 0);
    add(&a, "odt", "pdf", 1, 0, 0);
    add(&a, "pdf", "png", 1, 0, 0);
    assert_int_equal(find("md", "pdf", 0), PLATEN_OK);
    assert_int_equal(route.nsteps, PLATEN_ROUTE_STEPS);
    assert_int_equal(find("md", "png", 0), PLATEN_NOT_FOUND);
    assert_int_equal(find("html", "png", 0), PLATEN_OK);

    /* One that is too long does not hide a dearer one that is short enough. */
    add(&b, "md", "odt", 100, 0, 0);
    assert_int_equal(find("md", "png", 0), PLATEN_OK);
    assert_string_equal(way(), "b md>odt a odt>pdf a pdf>png");
}

static void
test_add(void **state)
{
    static const platen_edge_t from = { .from = "nothing", .to = "pdf" };
    static const platen_edge_t to = { .from = "pdf", .to = "" };
    static const platen_edge_t right = { .from = "docx", .to = "pdf", .cost = 1 };
    int                        i;

    (void) state;
    assert_int_equal(platen_graph_add(&graph, &a, &from), PLATEN_NOT_FOUND);
    assert_int_equal(platen_graph_add(&graph, &a, &to), PLATEN_NOT_FOUND);
    assert_int_equal(graph.nedges, 0);
    for (i = 0; i < PLATEN_GRAPH_EDGES; i++) {
        assert_int_equal(platen_graph_add(&graph, &a, &right), PLATEN_OK);
    }
    assert_int_equal(platen_graph_add(&graph, &a, &right), PLATEN_INVALID);
    assert_int_equal(find("docx", "pdf", 0), PLATEN_OK);
    assert_int_equal(route.nsteps, 1);
}

typedef struct {
    unsigned n;
    unsigned wrong;
    uint32_t options;
} walk_t;

static void
found(void *data, const platen_format_t *to, const platen_route_t *way_found)
{
    walk_t             *walk = data;
    platen_graph_wish_t wish = { .options = walk->options, .changes = MANY };
    platen_route_t      other;
    unsigned            i;

    walk->n++;
    memset(&other, 0, sizeof(other));
    if (platen_graph_route(&graph, format("docx"), to, &wish, &other) != PLATEN_OK
        || other.nsteps != way_found->nsteps || other.cost != way_found->cost) {
        walk->wrong++;
        return;
    }
    for (i = 0; i < other.nsteps; i++) {
        walk->wrong += other.steps[i].edge != way_found->steps[i].edge
                       || other.steps[i].options != way_found->steps[i].options;
    }
}

/* One search for all finds what one search for each does. */
static void
test_walk(void **state)
{
    platen_graph_wish_t wish = { .changes = MANY };
    walk_t              walk = { .n = 0 };

    (void) state;
    add(&a, "docx", "pdf", 100, BIT(PAGES), 0);
    add(&b, "docx", "odt", 10, 0, 0);
    add(&b, "odt", "pdf", 10, 0, 0);
    add(&a, "pdf", "png", 10, BIT(PAGES), PLATEN_EDGE_PICTURE);
    add(&a, "xlsx", "csv", 10, 0, 0);
    platen_graph_walk(&graph, format("docx"), &wish, found, &walk);
    assert_int_equal(walk.n, 3);
    assert_int_equal(walk.wrong, 0);

    walk = (walk_t){ .options = BIT(PAGES) };
    wish.options = BIT(PAGES);
    platen_graph_walk(&graph, format("docx"), &wish, found, &walk);
    assert_int_equal(walk.n, 2);
    assert_int_equal(walk.wrong, 0);
}

/* As many ways as there can be: the search ends, and what it finds is a way. */
static void
test_dense(void **state)
{
    static platen_edge_t all[PLATEN_GRAPH_EDGES];
    size_t               i, j, n = 0;
    uint32_t             options = BIT(PAGES) | BIT(LANDSCAPE) | BIT(WIDTH) | BIT(RESOLUTION);

    (void) state;
    for (i = 0; i < platen_nformats; i++) {
        for (j = 0; j < platen_nformats && n < PLATEN_GRAPH_EDGES; j++) {
            all[n] = (platen_edge_t){ .from = platen_formats[i].name,
                                      .to = platen_formats[j].name,
                                      .cost = (uint32_t) (1 + (i * 31 + j * 17) % 97),
                                      .options = options & (uint32_t) (i * 7 + j * 13) << 2 };
            assert_int_equal(platen_graph_add(&graph, n % 2 == 0 ? &a : &b, &all[n]),
                             PLATEN_OK);
            n++;
        }
    }
    assert_int_equal(find(platen_formats[0].name, platen_formats[1].name, 0), PLATEN_OK);
    assert_in_range(route.nsteps, 1, PLATEN_ROUTE_STEPS);
    (void) find(platen_formats[0].name, platen_formats[2].name, options);
    assert_in_range(route.nsteps, 0, PLATEN_ROUTE_STEPS);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_cheapest, setup),
        cmocka_unit_test_setup(test_ties, setup),
        cmocka_unit_test_setup(test_options, setup),
        cmocka_unit_test_setup(test_self, setup),
        cmocka_unit_test_setup(test_password, setup),
        cmocka_unit_test_setup(test_input, setup),
        cmocka_unit_test_setup(test_result, setup),
        cmocka_unit_test_setup(test_pictures, setup),
        cmocka_unit_test_setup(test_no_return, setup),
        cmocka_unit_test_setup(test_step_limit, setup),
        cmocka_unit_test_setup(test_add, setup),
        cmocka_unit_test_setup(test_walk, setup),
        cmocka_unit_test_setup(test_dense, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
