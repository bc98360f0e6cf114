/* Cells of a page's tables, before they become a workbook (sidecar/lok/cells.c). */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lok/cells.h"

#define MARK " sdnum=\"1033;0;@\""

static size_t formulas;

static void
becomes(const char *page, const char *expected)
{
    char *text,
        *copy = malloc(strlen(page)); /* without a NUL: nothing is read behind its end */
    size_t size;
    FILE  *out = open_memstream(&text, &size);

    memcpy(copy, page, strlen(page));
    assert_int_equal(platen_lok_cells_write(copy, strlen(page), out, &formulas), 0);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, expected);
    free(text);
    free(copy);
}

static void
test_values(void **state)
{
    static const char *const numbers[] = { "0",   "7", "-7", "1.50", "0.5", "123456789012345",
                                           " 5\n" };
    static const char *const texts[] = {
        "007",
        "00",
        "-07",
        "1.",
        ".5",
        "+5",
        "1e5",
        "1,234",
        "1 000",
        "1/2",
        "50%",
        "=1+1",
        "@a",
        "TRUE",
        "2024-01-05",
        "1234567890123456",
        "0.12345678901234567",
        "--5",
        "-",
        "Gr\xc3\xb6\xc3\x9f"
        "e",
    };
    char   page[256], expected[256];
    size_t i;

    (void) state;
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        snprintf(page, sizeof(page), "<table><tr><td>%s</td></tr></table>", numbers[i]);
        becomes(page, page);
    }
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        snprintf(page, sizeof(page), "<table><tr><td>%s</td></tr></table>", texts[i]);
        snprintf(expected, sizeof(expected), "<table><tr><td" MARK ">%s</td></tr></table>",
                 texts[i]);
        becomes(page, expected);
    }
}

static void
test_markup(void **state)
{
    (void) state;
    becomes("", "");
    becomes("<td>", "<td>");
    becomes("<td>007", "<td" MARK ">007");
    becomes("<TD class='a>b' >007<td>7<Th>x", "<TD" MARK " class='a>b' >007<td>7<Th" MARK ">x");
    becomes("<td><b>0</b><!-- x --><i>07</i></td>",
            "<td" MARK "><b>0</b><!-- x --><i>07</i></td>");
    becomes("<td><b>7</b>&nbsp;</td>", "<td><b>7</b>&nbsp;</td>");
    becomes("<td sdval=\"7\" sdnum=\"1033;\">007</td>",
            "<td sdval=\"7\" sdnum=\"1033;\">007</td>");
    becomes("<tdx>007</tdx><td/>007<!-- <td>007 --><td",
            "<tdx>007</tdx><td" MARK "/>007<!-- <td>007 --><td");
    becomes("<td><table><tr><td>007", "<td><table><tr><td" MARK ">007");
    becomes("<td>7</tr>a<td>", "<td>7</tr>a<td>");
    becomes("it's < 7 <td a=\"", "it's < 7 <td a=\"");
}

static void
test_formulas(void **state)
{
    const char *page = "<p>=1+1<p> =2<table><td>=3</table>=4<p>a=b";

    (void) state;
    becomes(page, "<p>=1+1<p> =2<table><td" MARK ">=3</table>=4<p>a=b");
    assert_int_equal(formulas, 3);
    page = "<pre>a\n =1\nb</pre><p>a\n=1";
    becomes(page, page);
    assert_int_equal(formulas, 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_markup),
        cmocka_unit_test(test_formulas),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
