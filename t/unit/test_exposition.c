/* Tests of base/exposition: each kind of family, hostile labels, no room, and OpenMetrics. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/exposition.h"

static char                page[16384];
static platen_exposition_t x;

static int
begin(void **state)
{
    (void) state;
    platen_exposition_init(&x, page, sizeof(page));
    return 0;
}

static const char *
text(void)
{
    *x.at = '\0';
    return page;
}

static void
test_families(void **state)
{
    (void) state;
    platen_exposition_family(&x, "a_total", "counter", "What is counted.");
    platen_exposition_number(&x, "", UINT64_MAX);
    platen_exposition_number(&x, "k=\"v\"", 0);
    platen_exposition_family(&x, "b_seconds", "gauge", "How long.");
    platen_exposition_seconds(&x, "", 1500001);
    platen_exposition_seconds(&x, "k=\"v\"", 7);
    assert_string_equal(text(), "# HELP a_total What is counted.\n"
                                "# TYPE a_total counter\n"
                                "a_total 18446744073709551615\n"
                                "a_total{k=\"v\"} 0\n"
                                "# HELP b_seconds How long.\n"
                                "# TYPE b_seconds gauge\n"
                                "b_seconds 1.500001\n"
                                "b_seconds{k=\"v\"} 0.000007\n");
    assert_false(x.full);
}

/* On a bound, beside it, before the first, behind the last. */
/* One bucket has an exemplar, which the text format does not know. */
static void
test_exemplars(void **state)
{
    platen_exemplar_t   exemplars[PLATEN_HISTOGRAM_BUCKETS + 1] = { 0 };
    platen_histogram_t  h = { .sum = 0 };
    platen_exposition_t small;
    char                out[4096], plain[4096];
    size_t              len;

    (void) state;

    platen_histogram_add(&h, 4000);
    exemplars[platen_histogram_bucket(4000)] = (platen_exemplar_t){
        .trace = "4bf92f3577b34da6a3ce929d0e0e4736", .us = 4000, .at = 1700000000000001
    };
    platen_exposition_init(&small, out, sizeof(out));
    platen_exposition_family(&small, "h_seconds", "histogram", "H.");
    platen_exposition_exemplified(&small, "", &h, exemplars);
    *small.at = '\0';
    assert_non_null(strstr(out, "h_seconds_bucket{le=\"0.005\"} 1 # {trace_id=\""
                                "4bf92f3577b34da6a3ce929d0e0e4736\"} 0.004000 "
                                "1700000000.000001\nh_seconds_bucket{le=\"0.01\"} 1\n"));
    len = platen_exposition_classic(out, (size_t) (small.at - out));

    platen_exposition_init(&small, plain, sizeof(plain));
    platen_exposition_family(&small, "h_seconds", "histogram", "H.");
    platen_exposition_histogram(&small, "", &h);
    assert_int_equal(len, small.at - plain);
    assert_memory_equal(out, plain, len);

    /* Of a page that is half full there is none. */
    platen_exposition_init(&small, out, 2 * len);
    platen_exposition_family(&small, "h_seconds", "histogram", "H.");
    platen_exposition_histogram(&small, "", &h);
    platen_exposition_exemplified(&small, "", &h, exemplars);
    assert_int_equal(small.full, 0);
    assert_null(memmem(out, (size_t) (small.at - out), "trace_id", 8));
}

static void
test_histogram(void **state)
{
    platen_histogram_t    h = { .sum = 0 };
    static const uint64_t times[] = { 0, 1000, 1001, 5000, 600000000, 600000001 };
    size_t                i;

    (void) state;
    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        platen_histogram_add(&h, times[i]);
    }
    platen_exposition_family(&x, "h_seconds", "histogram", "Times.");
    platen_exposition_histogram(&x, "k=\"v\"", &h);
    assert_non_null(strstr(text(), "\nh_seconds_bucket{k=\"v\",le=\"0.001\"} 2\n"));
    assert_non_null(strstr(text(), "\nh_seconds_bucket{k=\"v\",le=\"0.005\"} 4\n"));
    assert_non_null(strstr(text(), "\nh_seconds_bucket{k=\"v\",le=\"120\"} 4\n"));
    assert_non_null(strstr(text(), "\nh_seconds_bucket{k=\"v\",le=\"600\"} 5\n"));
    assert_non_null(strstr(text(), "\nh_seconds_bucket{k=\"v\",le=\"+Inf\"} 6\n"));
    assert_non_null(strstr(text(), "\nh_seconds_sum{k=\"v\"} 1200.007002\n"));
    assert_non_null(strstr(text(), "\nh_seconds_count{k=\"v\"} 6\n"));
}

static void
test_labels(void **state)
{
    char labels[PLATEN_EXPOSITION_LABELS] = "", full[PLATEN_EXPOSITION_LABELS];
    char value[PLATEN_EXPOSITION_LABELS];

    (void) state;
    platen_exposition_label(labels, "a", PLATEN_STR("x\"y\\z"));
    platen_exposition_label(labels, "b", PLATEN_STR("1\n2\0003\xc3\xa9\x7f"));
    platen_exposition_label(labels, "c", PLATEN_STR(""));
    assert_string_equal(labels, "a=\"x\\\"y\\\\z\",b=\"1?2?3???\",c=\"\"");

    /* One that has no room is left out, the others stay. */
    memset(value, 'v', sizeof(value));
    memcpy(full, labels, sizeof(full));
    platen_exposition_label(labels, "d", (platen_str_t){ value, sizeof(value) });
    assert_string_equal(labels, full);
    value[sizeof(value) - 1] = '\0';
    platen_exposition_label(labels, value, PLATEN_STR("1"));
    assert_string_equal(labels, full);
    memset(value, '"', sizeof(value));
    platen_exposition_label(labels, "d", (platen_str_t){ value, sizeof(value) / 2 });
    assert_string_equal(labels, full);
}

/* With every size of the page: whole families, and nothing behind one that was cut. */
static void
test_no_room(void **state)
{
    char               whole[4096];
    platen_histogram_t h = { .sum = 0 };
    size_t             size, len, a, b;

    (void) state;
    platen_exposition_family(&x, "a_total", "counter", "A.");
    platen_exposition_number(&x, "", 1);
    a = (size_t) (x.at - page);
    platen_exposition_family(&x, "h_seconds", "histogram", "H.");
    platen_exposition_histogram(&x, "", &h);
    b = (size_t) (x.at - page);
    platen_exposition_family(&x, "c", "gauge", "C.");
    platen_exposition_number(&x, "", 1);
    len = (size_t) (x.at - page);
    memcpy(whole, page, len);

    for (size = 1; size <= len + 1; size++) {
        memset(page, '#', sizeof(page));
        platen_exposition_init(&x, page, size);
        platen_exposition_family(&x, "a_total", "counter", "A.");
        platen_exposition_number(&x, "", 1);
        platen_exposition_family(&x, "h_seconds", "histogram", "H.");
        platen_exposition_histogram(&x, "", &h);
        platen_exposition_family(&x, "c", "gauge", "C.");
        platen_exposition_number(&x, "", 1);
        assert_int_equal(x.full, size <= len);
        assert_int_equal(x.at - page, size > len ? len : size > b ? b : size > a ? a : 0);
        assert_memory_equal(page, whole, (size_t) (x.at - page));
        assert_int_equal(page[size], '#');
    }
}

static void
test_open(void **state)
{
    static const char plain[] = "# HELP a_total Counts of _total, in total.\n"
                                "# TYPE a_total counter\n"
                                "a_total{k=\"# TYPE b_total counter\"} 3\n"
                                "# HELP _total x\n"
                                "# HELP c A gauge.\n"
                                "# TYPE c gauge\n"
                                "c 1\n"
                                "#\n"
                                "\n"
                                "# HELP d_total";
    size_t            len;

    (void) state;
    memcpy(page, plain, sizeof(plain));
    len = platen_exposition_open(page, sizeof(plain) - 1);
    page[len] = '\0';
    assert_string_equal(page, "# HELP a Counts of _total, in total.\n"
                              "# TYPE a counter\n"
                              "a_total{k=\"# TYPE b_total counter\"} 3\n"
                              "# HELP _total x\n"
                              "# HELP c A gauge.\n"
                              "# TYPE c gauge\n"
                              "c 1\n"
                              "#\n"
                              "\n"
                              "# HELP d_total");
    assert_int_equal(platen_exposition_open(page, 0), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_families, begin),
        cmocka_unit_test(test_exemplars),
        cmocka_unit_test_setup(test_histogram, begin),
        cmocka_unit_test_setup(test_labels, begin),
        cmocka_unit_test_setup(test_no_room, begin),
        cmocka_unit_test_setup(test_open, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
