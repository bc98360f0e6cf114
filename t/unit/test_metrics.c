/* Tests of metrics: sums of many threads, labels, gauges, and that series have an end. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "metrics.h"

static char page[1 << 20];

static const char *
text(void)
{
    page[platen_metrics_write(page, sizeof(page) - 1)] = '\0';
    return page;
}

#define assert_told(line) assert_non_null(strstr(text(), "\n" line "\n"))

static void
test_gauges(void **state)
{
    (void) state;
    assert_null(strstr(text(), "\nplaten_workers "));
    platen_metric_set(PLATEN_METRIC_WORKERS, 4);
    assert_told("platen_workers 4");
    platen_metric_set(PLATEN_METRIC_WORKERS, 0);
    assert_told("platen_workers 0");
    platen_metric_set(PLATEN_METRIC_CANARY, 2500000);
    assert_told("platen_canary_age_seconds 2.500000");
    platen_metric_clear(PLATEN_METRIC_CANARY);
    assert_null(strstr(text(), "\nplaten_canary_age_seconds "));
}

static void *
count(void *arg)
{
    int i;

    (void) arg;
    for (i = 0; i < 1000; i++) {
        platen_metric_add(PLATEN_METRIC_STEPS, 2, i % 2 ? "lok" : "pandoc", "done", NULL);
        platen_metric_time(PLATEN_METRIC_STEP_TIME, 1000, "lok");
        platen_metric_add(PLATEN_METRIC_HINTS, 1, NULL, NULL, NULL);
        if (i % 100 == 0) {
            char mine[65536];

            (void) platen_metrics_write(mine, sizeof(mine));
        }
    }
    return NULL;
}

static void
test_threads(void **state)
{
    pthread_t threads[8];
    size_t    i;

    (void) state;
    for (i = 0; i < 8; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count, NULL), 0);
    }
    for (i = 0; i < 8; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_told("platen_engine_steps_total{engine=\"lok\",outcome=\"done\"} 8000");
    assert_told("platen_engine_steps_total{engine=\"pandoc\",outcome=\"done\"} 8000");
    assert_told("platen_engine_step_seconds_count{engine=\"lok\"} 8000");
    assert_told("platen_engine_step_seconds_sum{engine=\"lok\"} 8.000000");
    assert_told("platen_hints_total 8000");
}

/* Engines that an operator has named, without end: the rest is one series. */
static void
test_many(void **state)
{
    char name[24];
    int  i;

    (void) state;
    for (i = 0; i < 5000; i++) {
        snprintf(name, sizeof(name), "engine%d", i);
        platen_metric_add(PLATEN_METRIC_STEPS, 1, name, "done", NULL);
    }
    platen_metric_add(PLATEN_METRIC_STEPS, 1, "engine0", "done", NULL);
    assert_told("platen_engine_steps_total{engine=\"engine0\",outcome=\"done\"} 2");
    assert_null(strstr(text(), "engine4999"));
    assert_non_null(
        strstr(text(), "\nplaten_engine_steps_total{engine=\"other\",outcome=\"other\"} "));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gauges),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
