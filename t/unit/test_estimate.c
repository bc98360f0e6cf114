/* platen_estimate: what is learned of a size and of formats, and what is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "schedule/estimate.h"

static const char docx, pdf, txt, many[1000];

static void
test_learned(void **state)
{
    platen_estimate_t *e = platen_estimate_new();
    int                i;

    (void) state;
    assert_non_null(e);
    assert_int_equal(platen_estimate_ms(e, &docx, &pdf, 100000), 0);

    platen_estimate_learn(e, &docx, &pdf, 100000, 1000);
    assert_in_range(platen_estimate_ms(e, &docx, &pdf, 100000), 1000, 1001);
    assert_in_range(platen_estimate_ms(e, &docx, &pdf, 800000), 8000, 8008);
    assert_int_equal(platen_estimate_ms(e, &docx, &pdf, 1000), 0);
    assert_int_equal(platen_estimate_ms(e, &docx, &txt, 100000), 0);
    assert_int_equal(platen_estimate_ms(e, &txt, &pdf, 100000), 0);

    /* A small one says more of small ones than a large one does. */
    platen_estimate_learn(e, &docx, &pdf, 0, 50);
    assert_in_range(platen_estimate_ms(e, &docx, &pdf, 1000), 50, 51);

    /* They become faster. */
    for (i = 0; i < 40; i++) {
        platen_estimate_learn(e, &docx, &pdf, 100000, 100);
    }
    assert_in_range(platen_estimate_ms(e, &docx, &pdf, 100000), 100, 104);
    platen_estimate_destroy(&e);
    assert_null(e);
}

static void
test_bounds(void **state)
{
    platen_estimate_t *e = platen_estimate_new();
    size_t             i;

    (void) state;
    assert_non_null(e);
    platen_estimate_learn(e, &docx, &pdf, UINT64_MAX, UINT64_MAX);
    assert_true(platen_estimate_ms(e, &docx, &pdf, UINT64_MAX) > 1000000);
    platen_estimate_learn(e, &docx, &pdf, 0, UINT64_MAX);
    assert_true(platen_estimate_ms(e, &docx, &pdf, UINT64_C(1) << 40) > 1000000);

    /* The pairs that were used last are known. */
    for (i = 0; i < sizeof(many); i++) {
        platen_estimate_learn(e, &many[i], &pdf, 5000, i);
    }
    assert_int_equal(platen_estimate_ms(e, &docx, &pdf, 0), 0);
    assert_int_equal(platen_estimate_ms(e, &many[999], &pdf, 5000), 1000);
    assert_int_equal(platen_estimate_ms(e, &many[900], &pdf, 5000), 901);
    platen_estimate_destroy(&e);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learned),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
