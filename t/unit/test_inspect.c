/* An upload and an entry of an archive are taken for the same, and told of in the same words.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format/inspect.h"

static platen_inspect_t
inspect(const char *name, const char *content, int entry)
{
    platen_inspect_file_t file = {
        .name = name,
        .name_len = strlen(name),
        .claimed = platen_inspect_name(name, strlen(name)),
        .entry = entry,
    };
    platen_inspect_t is;
    int              fd = memfd_create("document", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t) strlen(content));
    assert_int_equal(platen_inspect(fd, (off_t) strlen(content), &file, &is), PLATEN_OK);
    close(fd);
    return is;
}

#define HTML                                                                                   \
    "<!DOCTYPE html>\n<html><head><title>x</title></head><body><p>y</p></body></html>\n"

static void
test_names(void **state)
{
    platen_inspect_t is;
    int              entry;

    (void) state;
    for (entry = 0; entry < 2; entry++) {
        is = inspect("page.html", HTML, entry);
        assert_int_equal(is.verdict, PLATEN_INSPECT_KNOWN);
        assert_string_equal(is.format->name, "html");
        assert_string_equal(is.sentence, "");

        /* Somebody has added to the name. */
        is = inspect("page.html.pdf", HTML, entry);
        assert_int_equal(is.verdict, PLATEN_INSPECT_KNOWN);
        assert_string_equal(is.format->name, "html");
        assert_non_null(strstr(is.sentence, "is named as pdf, but its content is HTML"));

        is = inspect("page.pdf", HTML, entry);
        assert_int_equal(is.verdict, PLATEN_INSPECT_MISMATCH);
        assert_null(is.format);
        assert_non_null(strstr(is.sentence, "It is named as pdf"));
        assert_int_equal(strstr(is.sentence, "source_format") == NULL, entry);

        is = inspect("thing.xyz", "\1\377\2\376\3", entry);
        assert_int_equal(is.verdict, PLATEN_INSPECT_UNKNOWN);
        assert_non_null(strstr(is.sentence, "GET /formats lists"));
    }
    /* A README is no document of an archive, and one that is sent is. */
    assert_int_equal(inspect("README", "Read me.\n", 0).verdict, PLATEN_INSPECT_KNOWN);
    assert_int_equal(inspect("README", "Read me.\n", 1).verdict, PLATEN_INSPECT_UNKNOWN);
}

static void
test_inner(void **state)
{
    (void) state;
    assert_string_equal(platen_inspect_inner_name("a.docx.pdf", 10)->name, "docx");
    assert_null(platen_inspect_inner_name("a.pdf", 5));
    assert_null(platen_inspect_inner_name("a", 1));
    assert_null(platen_inspect_name("", 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_inner),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
