/* platen_warning: what a sandbox says of its fonts becomes sentences, or nothing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/warning.h"
#include "scratch.h"

static char out[PLATEN_WARNINGS_MAX];

/* From an exact-size copy, so that reading past its end is seen. */
static size_t
warn(const char *lines)
{
    char  *copy = strdup(lines);
    size_t n;

    assert_non_null(copy);
    memset(out, 'x', sizeof(out));
    n = platen_warning_fonts(copy, out);
    free(copy);
    assert_true(n < sizeof(out));
    assert_int_equal(strlen(out), n);
    return n;
}

static unsigned
sentences(void)
{
    unsigned    n = *out != '\0';
    const char *p;

    for (p = out; (p = strchr(p, '\n')) != NULL; p++) {
        n++;
    }
    return n;
}

static void
test_sentences(void **state)
{
    (void) state;
    assert_int_equal(warn(""), 0);
    warn("Calibri\tCarlito\n");
    assert_string_equal(
        out, "The font \"Calibri\" is not installed here; \"Carlito\" was used instead.");
    warn("Calibri\tCarlito\n\xe5\xae\x8b\xe4\xbd\x93\tNoto Sans CJK\n");
    assert_int_equal(sentences(), 2);
    assert_non_null(strstr(out, "\"\xe5\xae\x8b\xe4\xbd\x93\""));
}

/* Whatever a hostile document may have written there. */
static void
test_hostile(void **state)
{
    static const char *const bad[] = {
        "no tab\n",
        "a\tb",       /* no end of line */
        "\tb\n",      /* nobody */
        "a\t\n",      /* nothing */
        "a\tb\tc\n",  /* a tab is a control character */
        "a\x01\tb\n", /* and so is this */
        "a\x7f\tb\n",
        "a\r\tb\n",
        "a\x1b[2J\tb\n",
        "a\xff\tb\n",             /* no UTF-8 */
        "a\x80\tb\n",             /* a continuation alone */
        "a\xc3\tb\n",             /* cut */
        "a\xe2\x82\tb\n",         /* cut later */
        "a\xf0\x9f\x98\tb\n",     /* cut at last */
        "a\tb\xf0\x9f\x98\n",     /* at the end of the line */
        "a\xc0\xaf\tb\n",         /* longer than it need be */
        "a\xe0\x80\xaf\tb\n",     /* the same */
        "a\xed\xa0\x80\tb\n",     /* half of a pair */
        "a\xf4\x90\x80\x80\tb\n", /* beyond Unicode */
        "a\xc2\x85\tb\n",         /* C1: next line */
        "a\xc2\x9b\tb\n",         /* C1: control sequence */
        "a\xe2\x80\xa8\tb\n",     /* line separator */
        "a\xe2\x80\xae\tb\n",     /* right-to-left override */
        "a\xe2\x81\xa6\tb\n",     /* left-to-right isolate */
        "a\xe2\x80\x8f\tb\n",     /* right-to-left mark */
        "\n\n\n",
        "\t\n",
    };
    char   lines[64];
    size_t i;
    int    c;

    (void) state;
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (warn(bad[i]) != 0) {
            fail_msg("number %zu: %s", i, out);
        }
    }

    /* One that is wrong does not take the others along. */
    warn("a\xff\tb\nGood\tBetter\nx\n\xff");
    assert_int_equal(sentences(), 1);
    assert_non_null(strstr(out, "\"Good\""));

    for (c = 1; c < 256; c++) {
        if (c == '\n') {
            continue;
        }
        snprintf(lines, sizeof(lines), "n%cm\tu%cv\n", c, c);
        warn(lines);
        assert_int_equal(sentences(), c >= ' ' && c < 0x7f);
    }
}

static void
test_duplicates(void **state)
{
    (void) state;
    warn("a\tb\na\tb\nab\tb\na\tb\n");
    assert_int_equal(sentences(), 2);
    /* The same beginning, and another font in its place. */
    warn("a\tb\na\tbc\n");
    assert_int_equal(sentences(), 2);
    warn("a\tbc\na\tb\n");
    assert_int_equal(sentences(), 2);
}

static void
test_limits(void **state)
{
    char   lines[64 * 256], name[256];
    size_t n = 0;
    int    i;

    (void) state;
    memset(name, 'n', sizeof(name));
    snprintf(lines, sizeof(lines), "%.100s\tb\n", name);
    assert_true(warn(lines) > 100);
    snprintf(lines, sizeof(lines), "%.101s\tb\n", name);
    assert_int_equal(warn(lines), 0);
    snprintf(lines, sizeof(lines), "a\t%.101s\n", name);
    assert_int_equal(warn(lines), 0);

    for (i = 0; i < PLATEN_WARNING_FONTS; i++) {
        n += (size_t) snprintf(lines + n, sizeof(lines) - n, "font %d\tb\n", i);
    }
    warn(lines);
    assert_int_equal(sentences(), PLATEN_WARNING_FONTS);
    for (; i < PLATEN_WARNING_FONTS + 3; i++) {
        n += (size_t) snprintf(lines + n, sizeof(lines) - n, "font %d\tb\n", i);
    }
    warn(lines);
    assert_int_equal(sentences(), PLATEN_WARNING_FONTS + 1);
    assert_non_null(strstr(out, "\n3 more fonts are not installed here and were replaced."));

    /* Long names: the last sentence still has its place. */
    for (i = 0, n = 0; i < 64; i++) {
        n += (size_t) snprintf(lines + n, sizeof(lines) - n, "%.90s%02d\t%.100s\n", name, i,
                               name);
    }
    warn(lines);
    assert_in_range(sentences(), 10, PLATEN_WARNING_FONTS);
    assert_non_null(strstr(out, " more fonts are not installed here and were replaced."));
    assert_string_equal(out + strlen(out) - 10, " replaced.");
}

static size_t
lines_of(const char *before, const char *lines)
{
    char  *copy = strdup(lines);
    size_t n = strlen(before);

    assert_non_null(copy);
    memset(out, 'x', sizeof(out));
    memcpy(out, before, n + 1);
    n = platen_warning_lines(copy, n, out);
    free(copy);
    assert_int_equal(strlen(out), n);
    return n;
}

static void
test_lines(void **state)
{
    char   lines[32768];
    size_t n = 0;
    int    i;

    (void) state;
    lines_of("", "One is lost.\nTwo are lost.\nOne is lost.\n");
    assert_string_equal(out, "One is lost.\nTwo are lost.");
    lines_of("A font.", "One is lost.\n");
    assert_string_equal(out, "A font.\nOne is lost.");
    lines_of("A font.", "no end of the line");
    assert_string_equal(out, "A font.");
    lines_of("", "\n\xff\na\tb\n\xe2\x80\xae evil\nGood.\n");
    assert_string_equal(out, "Good.");

    for (i = 0; i < 40; i++) {
        n += (size_t) snprintf(lines + n, sizeof(lines) - n, "%d%0598d\n", i % 10, i);
    }
    assert_in_range(lines_of("", lines), 6000, PLATEN_WARNINGS_MAX - 1);
    snprintf(lines, sizeof(lines), "%0601d\n", 1);
    assert_int_equal(lines_of("", lines), 0);
}

/* What a program adds is what is then shown, whatever the document has put into it. */
static void
test_add(void **state)
{
    static const struct {
        const char *said, *shown;
    } cases[] = {
        { "Sheet 2", "Of Sheet 2." },
        { "a\xe2\x80\x8b"
          "b",
          "Of a\xef\xbf\xbd"
          "b." },
        { "a\nb\xff", "Of a\xef\xbf\xbd"
                      "b\xef\xbf\xbd." },
    };
    char   dir[SCRATCH_MAX], path[SCRATCH_MAX + 16], lines[4096], name[1000];
    FILE  *in;
    size_t i, n;

    (void) state;
    assert_int_equal(scratch_make(dir), 0);
    snprintf(path, sizeof(path), "%s/" PLATEN_WARNINGS_FILE, dir);
    platen_warning_add(NULL, "Of %s.", "nothing");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        platen_warning_add(path, "Of %s.", cases[i].said);
    }
    memset(name, 'n', sizeof(name));
    snprintf(name + sizeof(name) - 5, 5, "%s", "end.");
    platen_warning_add(path, "%s", name);
    for (i = 0; i + 4 < sizeof(name); i += 3) {
        memcpy(name + i, "\xe8\xa1\xa8", 4);
    }
    platen_warning_add(path, "%s", name);

    in = fopen(path, "re");
    assert_non_null(in);
    n = fread(lines, 1, sizeof(lines) - 1, in);
    fclose(in);
    lines[n] = '\0';
    lines_of("", lines);
    for (i = 0, n = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_memory_equal(out + n, cases[i].shown, strlen(cases[i].shown));
        n += strlen(cases[i].shown) + 1;
    }
    assert_memory_equal(out + n, "nnn", 3);
    n += strcspn(out + n, "\n");
    assert_memory_equal(out + n - 4, "n\xe2\x80\xa6", 4);
    assert_memory_equal(out + n + 1, "\xe8\xa1\xa8", 3);
    assert_string_equal(out + strlen(out) - 6, "\xe8\xa1\xa8\xe2\x80\xa6");
    scratch_remove(dir);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),  cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_duplicates), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_lines),      cmocka_unit_test(test_add),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
