/* The columns of a page's tables (sidecar/text/columns.c). */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text/main.h"

static const struct {
    const char *page, *mended; /* NULL: nothing is to be done */
} pages[] = {
    { "<table><col><col><tr><td>a<td>b</table>", NULL },
    { "<table><tr><td>a<td>b<tr><td>c</table>", NULL },
    { "<table><tr><td rowspan=2>a<td>b<tr><td>c<tr><td>d<td>e</table>", NULL },
    { "<col span=3><td>x", NULL },
    { "<!-- <table><col span=2> --><script>'<table><col span=2>'</script>", NULL },
    { "<!-- <table><col span=2>", NULL },
    { "<table><col span=2", NULL },
    { "<table", NULL },
    { "", NULL },

    { "<table><col span=3 width=9><tr><td>a<td>b<td>c</table>x",
      "<table><col width=9/><col width=9/><col width=9><tr><td>a<td>b<td>c</table>x" },
    { "<TABLE><COL\nSPAN='2'><COL><TR><TD>a<TD>b<TD>c</TABLE>",
      "<TABLE><COL/><COL><COL><TR><TD>a<TD>b<TD>c</TABLE>" },
    { "<table><col span=\"2\" class=\"x\"></col><tr/></table>",
      "<table><col class=\"x\"/><col class=\"x\"></col><tr/></table>" },
    { "<table><col span=\"2\" /></table>", "<table><col /><col /></table>" },
    { "<table><colgroup><col></colgroup><tr><td>a<td colspan=2>b</table>",
      "<table><colgroup><col><col/><col/></colgroup><tr><td>a<td colspan=2>b</table>" },
    { "<table><col></col><tr><td>a</td><td>b</td></tr></table>",
      "<table><col></col><col/><tr><td>a</td><td>b</td></tr></table>" },
    { "<table><tr><td rowspan=2>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
      "<table><tr><td rowspan=2>a</td><td>b</td><td></td></tr><tr><td>c</td><td>d</td></tr>"
      "</table>" },
    { "<table><thead><tr><th>A<tbody><tr><td rowspan=0>b<tr><td>c<tr><td>d<td>e</table>",
      "<table><thead><tr><th>A<td></td><td></td><tbody><tr><td rowspan=0>b<tr><td>c<tr><td>d"
      "<td>e</table>" },
    { "<table><tr><td>a<table><col><tr><td>1<td>2</table><td>b<tr><td>c",
      "<table><tr><td>a<table><col><col/><tr><td>1<td>2</table><td>b<tr><td>c" },
    { "<table><tr><td rowspan=2>a<tr><td>b<td>c",
      "<table><tr><td rowspan=2>a<td></td><td></td><tr><td>b<td>c" },
    { "<table><tr><td rowspan=3>a<tr><td rowspan=2>b<td>c<tr><td>d<td>e",
      "<table><tr><td rowspan=3>a<td></td><td></td><td></td><tr><td rowspan=2>b<td>c<tr><td>d"
      "<td>e" },
};

static void
test_pages(void **state)
{
    char  *page, *given;
    size_t len, i;
    int    any;

    (void) state;
    for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        given = page = strdup(pages[i].page);
        len = strlen(page);
        any = platen_text_columns_of(&page, &len);
        if (pages[i].mended == NULL) {
            assert_int_equal(any, 0);
            assert_ptr_equal(page, given);
        } else {
            assert_int_equal(any, 1);
            assert_int_equal(len, strlen(pages[i].mended));
            assert_memory_equal(page, pages[i].mended, len);
        }
        free(page);
    }
}

/* Tables in each other without end, and a span that is larger than any table. */
static void
test_bounds(void **state)
{
    static const char table[] = "<table><tr><td>", wide[] = "<td colspan=99999999999>";
    char             *page = calloc(200, sizeof(table));
    size_t            len, i;

    (void) state;
    assert_non_null(page);
    for (i = 0; i < 100; i++) {
        strcat(page, table);
    }
    for (i = 0; i < 50; i++) {
        strcat(page, "</table>");
    }
    len = strlen(page);
    assert_int_equal(platen_text_columns_of(&page, &len), 0);
    *page = '\0';
    strcat(strcat(strcat(page, table), wide), wide);
    len = strlen(page);
    assert_int_equal(platen_text_columns_of(&page, &len), 0);
    free(page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
