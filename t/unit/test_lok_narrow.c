/* Which numbers of a workbook are wider than their columns (sidecar/lok/narrow.c). */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lok/narrow.h"

/* One column of that width, and in it this text of a number with these decimals. */
static size_t
cells(const char *sheet, const char *styles, const char *style, char names[], int *literal)
{
    char   path[] = "/tmp/platen-narrow-XXXXXX";
    int    fd = mkstemp(path);
    FILE  *out = fdopen(fd, "w");
    size_t n;

    assert_non_null(out);
    fprintf(out,
            "<office:document xmlns:office='o' xmlns:style='s' xmlns:table='t' xmlns:text='x' "
            "xmlns:fo='f'><style:style style:name='co1' style:family='table-column'>"
            "<style:table-column-properties style:column-width='0.5in'/></style:style>%s"
            "<table:table table:name='%s'><table:table-column table:style-name='co1'/>"
            "<table:table-row><table:table-cell table:style-name='%s' "
            "office:value-type='float'><text:p>1234567</text:p></table:table-cell>"
            "</table:table-row></table:table></office:document>",
            styles, sheet, style);
    assert_int_equal(fclose(out), 0);
    n = platen_lok_narrow_cells(path, names, literal);
    assert_int_equal(unlink(path), 0);
    return n;
}

#define STYLE(name, data)                                                                      \
    "<style:style style:name='" name "' style:family='table-cell'" data "/>"
#define FORMAT " style:data-style-name='N1'"

static void
test_styles(void **state)
{
    char   names[PLATEN_LOK_NARROW_NAMES], *styles;
    size_t len, i;
    int    literal;
    FILE  *out = open_memstream(&styles, &len);

    (void) state;
    assert_int_equal(cells("S", STYLE("ce1", FORMAT), "ce1", names, &literal), 1);
    assert_string_equal(names, "S!A1");
    assert_int_equal(literal, 0);
    assert_int_equal(cells("S", STYLE("ce1", ""), "ce1", names, &literal), 0);
    assert_int_equal(cells("S", STYLE("ce1", FORMAT), "ce2", names, &literal), 0);

    /* The usual one; the one that another one comes from; the first of a name. */
    assert_int_equal(cells("S", STYLE("Default", FORMAT), "ce2", names, &literal), 1);
    assert_int_equal(cells("S", STYLE("a", FORMAT) STYLE("ce1", " style:parent-style-name='a'"),
                           "ce1", names, &literal),
                     1);
    assert_int_equal(cells("S", STYLE("ce1", FORMAT) STYLE("ce1", ""), "ce1", names, &literal),
                     1);
    assert_int_equal(cells("S", STYLE("ce1", "") STYLE("ce1", FORMAT), "ce1", names, &literal),
                     0);

    /* More than are kept, of which each is found, and none that is not there. */
    for (i = 0; i < 20000; i++) {
        fprintf(out, "<style:style style:name='ce%zu'%s/>", i, i % 2 == 0 ? FORMAT : "");
    }
    assert_int_equal(fclose(out), 0);
    assert_int_equal(cells("S", styles, "ce16000", names, &literal), 1);
    assert_int_equal(cells("S", styles, "ce16001", names, &literal), 0);
    assert_int_equal(cells("S", styles, "ce19998", names, &literal), 0);
    free(styles);
}

/* A name of Excel has 31 characters: it is whole, and a longer one is not cut within one. */
static void
test_names(void **state)
{
    char   names[PLATEN_LOK_NARROW_NAMES], sheet[256] = "a", want[300];
    int    literal;
    size_t i;

    (void) state;
    for (i = 0; i < 30; i++) {
        strcat(sheet, "\xe8\xa1\xa8");
    }
    snprintf(want, sizeof(want), "%s!A1", sheet);
    assert_int_equal(cells(sheet, STYLE("ce1", FORMAT), "ce1", names, &literal), 1);
    assert_string_equal(names, want);
    for (; i < 60; i++) {
        strcat(sheet, "\xe8\xa1\xa8");
    }
    assert_int_equal(cells(sheet, STYLE("ce1", FORMAT), "ce1", names, &literal), 1);
    snprintf(want, sizeof(want), "%.94s!A1", sheet);
    assert_string_equal(names, want);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_styles),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
