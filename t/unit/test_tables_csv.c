/* Tests of platen_tables_csv: records, pieces of every length, delimiters, what is written. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tables/csv.h"

/* Records as text: fields in <>, an empty one as -, a quoted empty one as <>, lines by /. */
static int
show(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    platen_tables_buffer_t *b = data;
    size_t                  i;

    (void) err;
    for (i = 0; i < n; i++) {
        if (cells[i].kind == PLATEN_TABLES_NULL) {
            assert_int_equal(cells[i].len, 0);
            platen_tables_buffer_byte(b, '-');
            continue;
        }
        assert_int_equal(cells[i].kind, PLATEN_TABLES_PLAIN);
        platen_tables_buffer_byte(b, '<');
        platen_tables_buffer_add(b, cells[i].text, cells[i].len);
        platen_tables_buffer_byte(b, '>');
    }
    platen_tables_buffer_byte(b, '/');
    return 0;
}

/* Reads in pieces of `piece` bytes, each in memory of its own, for the sanitizer. */
static int
read_pieces(const char *bytes, size_t len, size_t piece, platen_tables_buffer_t *seen,
            platen_tables_error_t *err)
{
    platen_tables_csv_t csv;
    size_t              at, n;
    char               *copy;
    int                 rc = 0;

    platen_tables_csv_init(&csv, ',');
    for (at = 0; rc == 0 && at < len; at += n) {
        n = len - at < piece ? len - at : piece;
        copy = platen_tables_new(n, 1);
        memcpy(copy, bytes + at, n);
        rc = platen_tables_csv_feed(&csv, copy, n, show, seen, err);
        free(copy);
    }
    if (rc == 0) {
        rc = platen_tables_csv_end(&csv, show, seen, err);
    }
    platen_tables_csv_free(&csv);
    platen_tables_buffer_byte(seen, '\0');
    return rc;
}

static void
assert_reads(const char *bytes, const char *expected)
{
    platen_tables_buffer_t seen = { 0 };
    platen_tables_error_t  err;
    size_t                 piece, len = strlen(bytes);

    for (piece = 1; piece <= len + 1; piece++) {
        seen.len = 0;
        assert_int_equal(read_pieces(bytes, len, piece, &seen, &err), 0);
        assert_string_equal(seen.data, expected);
    }
    platen_tables_buffer_free(&seen);
}

static void
test_records(void **state)
{
    (void) state;

    assert_reads("", "");
    assert_reads("a", "<a>/");
    assert_reads("a,b\n1,2\n", "<a><b>/<1><2>/");
    assert_reads("a,b\r\n1,2", "<a><b>/<1><2>/");
    assert_reads("a\rb\r\rc\n", "<a>/<b>//<c>/");
    assert_reads(",", "--/");
    assert_reads(",\n", "--/");
    assert_reads("a,\n,b", "<a>-/-<b>/");
    assert_reads("\n\r\n\na", "///<a>/");
    assert_reads(" a , b ", "< a >< b >/");
    assert_reads("\xc3\xa4;x", "<\xc3\xa4;x>/");
}

static void
test_quotes(void **state)
{
    (void) state;

    assert_reads("\"a\"", "<a>/");
    assert_reads("\"\"", "<>/");
    assert_reads("\"\",\"\"\n", "<><>/");
    assert_reads("\"a,b\",c", "<a,b><c>/");
    assert_reads("\"a\r\nb\n\"\r\nc", "<a\r\nb\n>/<c>/");
    assert_reads("\"\"\"\"", "<\">/");
    assert_reads("\"a\"\"b\"", "<a\"b>/");

    /* Not as RFC 4180 has it. */
    assert_reads("a\"b\",c", "<a\"b\"><c>/");
    assert_reads("\"a\"b,c", "<ab><c>/");
    assert_reads("\"a\" \"b\",c", "<a \"b\"><c>/");
    assert_reads(" \"a,b\"", "< \"a><b\">/");
}

static void
assert_refused(const char *bytes, size_t len, int code, const char *sentence)
{
    platen_tables_buffer_t seen = { 0 };
    platen_tables_error_t  err;

    assert_int_equal(read_pieces(bytes, len, len, &seen, &err), code);
    assert_string_equal(err.text, sentence);
    seen.len = 0;
    assert_int_equal(read_pieces(bytes, len, 1, &seen, &err), code);
    assert_string_equal(err.text, sentence);
    platen_tables_buffer_free(&seen);
}

static void
test_refused(void **state)
{
#define NUL(column)                                                                            \
    "line 2, column " column                                                                   \
    " has a NUL byte: this is not text, or its encoding has to be given"
    char *wide = platen_tables_new(PLATEN_TABLES_COLUMNS_MAX + 1, 1);
    char  sentence[64];

    (void) state;

    assert_refused("a\n\"b\nc,\n", 8, PLATEN_TABLES_CORRUPT,
                   "the quoted field that begins on line 2, column 1 is never closed");
    assert_refused("a\r\n\"b\n\"\"", 8, PLATEN_TABLES_CORRUPT,
                   "the quoted field that begins on line 2, column 1 is never closed");
    assert_refused("a\nb\0", 4, PLATEN_TABLES_CORRUPT, NUL("2"));
    assert_refused("a\r\n\"\0", 5, PLATEN_TABLES_CORRUPT, NUL("2"));
    assert_refused("a\n\"\"\0", 5, PLATEN_TABLES_CORRUPT, NUL("3"));
    assert_refused("a\n\0", 3, PLATEN_TABLES_CORRUPT, NUL("1"));

    memset(wide, ',', PLATEN_TABLES_COLUMNS_MAX + 1);
    snprintf(sentence, sizeof(sentence), "line 1 has more than %d fields",
             PLATEN_TABLES_COLUMNS_MAX);
    assert_refused(wide, PLATEN_TABLES_COLUMNS_MAX, PLATEN_TABLES_TOO_LARGE, sentence);
    free(wide);
}

static int
stop(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    (void) cells;
    (void) n;
    (void) err;
    return ++*(int *) data == 2 ? 99 : 0;
}

static void
test_stop(void **state)
{
    platen_tables_csv_t   csv;
    platen_tables_error_t err;
    int                   seen = 0;

    (void) state;

    platen_tables_csv_init(&csv, ';');
    assert_int_equal(platen_tables_csv_feed(&csv, "a;b\nc\nd\ne", 9, stop, &seen, &err), 99);
    assert_int_equal(seen, 2);
    platen_tables_csv_free(&csv);
}

static char
sniff(const char *sample)
{
    return platen_tables_csv_sniff(sample, strlen(sample), 1);
}

static void
test_sniff(void **state)
{
    (void) state;

    assert_int_equal(sniff(""), ',');
    assert_int_equal(sniff("a"), ',');
    assert_int_equal(sniff("a\n1,5\n2,5\n"), ',');
    assert_int_equal(sniff("a,b\n1,2\n"), ',');
    assert_int_equal(sniff("a;b\n1,5;2,5\n"), ';');
    assert_int_equal(sniff("a\tb,c\n1\t2\n"), '\t');
    assert_int_equal(sniff("a|b|c\n1|2|3\n"), '|');
    assert_int_equal(sniff("this; and that\nmore\n"), ',');
    assert_int_equal(sniff("a;b;c\n1;2\n"), ';');
    assert_int_equal(sniff("\n\na;b\n"), ';');
    assert_int_equal(sniff("\"a,b\";c\n\"1;2\";3\n"), ';');
    assert_int_equal(sniff("a;b,c;d\n1;2;3\n"), ';');
    /* Marks of a text, in a document of one column. */
    assert_int_equal(sniff("+one~ &amp; two\n+three\nx\nfour &amp; five\nsix;\n"), ',');
    assert_int_equal(sniff("AT&amp;T\nB&#38;M\nC&#x26;A\n"), ',');
    assert_int_equal(sniff("a;b&amp;c\n1;2&lt;3\n"), ';');
    assert_int_equal(sniff("x = 1;\ny = 2;\n"), ',');
    assert_int_equal(sniff("one; two\nthree\nfour\nfive\nsix; seven\n"), ',');
    assert_int_equal(sniff("a | b\nc\nd | e | f\ng\nh\n"), ',');
    assert_int_equal(sniff("a;b;\n1;;\n2;3;\n"), ';');
    /* A sample that ends in a quoted field, or before the first record does. */
    assert_int_equal(platen_tables_csv_sniff("a;b\n1;\"x,", 9, 0), ';');
    assert_int_equal(platen_tables_csv_sniff("a;b;c", 5, 0), ';');
}

static void
test_separator(void **state)
{
    char c = 0;

    (void) state;

    assert_int_equal(platen_tables_csv_separator("sep=;\na", 7, &c), 6);
    assert_int_equal(c, ';');
    assert_int_equal(platen_tables_csv_separator("sep=\t\r\na", 8, &c), 7);
    assert_int_equal(c, '\t');
    assert_int_equal(platen_tables_csv_separator("sep=;", 5, &c), 0);
    assert_int_equal(platen_tables_csv_separator("sep=;a\n", 7, &c), 0);
    assert_int_equal(platen_tables_csv_separator("sep=\"\n", 6, &c), 0);
    assert_int_equal(platen_tables_csv_separator("sep=\n\n", 6, &c), 0);
    assert_int_equal(platen_tables_csv_separator("", 0, &c), 0);
}

static void
assert_writes(const char *text, size_t len, const char *expected)
{
    platen_tables_buffer_t b = { 0 };

    platen_tables_csv_write(&b, text, len, ';');
    platen_tables_buffer_byte(&b, '\0');
    assert_string_equal(b.data, expected);
    platen_tables_buffer_free(&b);
}

static void
test_write(void **state)
{
    (void) state;

    assert_writes("", 0, "\"\"");
    assert_writes("a,b", 3, "a,b");
    assert_writes("a;b", 3, "\"a;b\"");
    assert_writes("\"", 1, "\"\"\"\"");
    assert_writes("a\"b\"\"", 5, "\"a\"\"b\"\"\"\"\"");
    assert_writes("a\n", 2, "\"a\n\"");
    assert_writes("\r", 1, "\"\r\"");
    assert_writes(" ", 1, " ");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records), cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_stop),
        cmocka_unit_test(test_sniff),   cmocka_unit_test(test_separator),
        cmocka_unit_test(test_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
