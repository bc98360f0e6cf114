/* Tests of platen_tables_column: classes of texts, types of columns, unique names. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tables/column.h"

static platen_tables_class_t
class_of(const char *text)
{
    unsigned digits, scale;
    char    *copy = strndup(text, strlen(text)); /* for the sanitizer, exact but for the NUL */
    int class;

    assert_non_null(copy);
    copy[strlen(text)] = '9'; /* nothing may depend on what follows */
    class = platen_tables_classify(copy, strlen(text), &digits, &scale);
    free(copy);
    return class;
}

static void
test_classes(void **state)
{
    static const struct {
        platen_tables_class_t class;
        const char *texts[16];
    } cases[] = {
        { PLATEN_TABLES_IS_INTEGER,
          { "0", "7", "-7", "10", "9007199254740992", "-9007199254740992" } },
        { PLATEN_TABLES_IS_LONG, { "9007199254740993", "9223372036854775807" } },
        { PLATEN_TABLES_IS_DECIMAL,
          { "0.5", "-0.5", "0.0", "1.50", "0.123456789012345", "12345678901234.5", "-0.001" } },
        { PLATEN_TABLES_IS_AWKWARD,
          { "007", "-07", "+1", "00.5", "-0", "-0.0", "9223372036854775808",
            "0.1234567890123456", "123456789012345.6", "+1.5" } },
        { PLATEN_TABLES_IS_BOOLEAN, { "true", "false" } },
        { PLATEN_TABLES_IS_DATE, { "2024-02-29", "2000-02-29", "0001-01-01", "9999-12-31" } },
        { PLATEN_TABLES_IS_TIMESTAMP,
          { "2024-05-31 10:00:00", "2024-05-31 23:59:59.000001", "2024-05-31 00:00:00.5" } },
        { PLATEN_TABLES_IS_TEXT,
          { "x", "-", "+", ".", "1.", ".5", "1e5", "1,5", "TRUE", "0x1", " 1", "1 ", "1.2.3",
            "12-3", "1_0" } },
        { PLATEN_TABLES_IS_TEXT,
          { "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31",
            "0000-01-01", "2024-1-01", "2024-01-01x", "2024-01-01T10:00:00",
            "2024-01-01 24:00:00", "2024-01-01 10:00", "2024-01-01 10:00:00.",
            "2024-01-01 10:00:00.10", "2024-01-01 10:00:00.1234567" } },
    };
    size_t i, k;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (k = 0; k < 16 && cases[i].texts[k] != NULL; k++) {
            if (class_of(cases[i].texts[k]) != cases[i].class) {
                fail_msg("%s: %d, not %d", cases[i].texts[k], class_of(cases[i].texts[k]),
                         cases[i].class);
            }
        }
    }
    assert_int_equal(class_of(""), PLATEN_TABLES_IS_TEXT);
}

static void
test_numbers(void **state)
{
    static const char *const good[] = { "0", "-0", "1.5", "1e5", "1E+5", "-1.0e-10", "10" };
    static const char *const bad[] = { "",   "-",   "01",  "1.",  ".5",
                                       "1e", "1e+", "inf", "nan", "1 " };
    size_t                   i;

    (void) state;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(platen_tables_is_number(good[i], strlen(good[i])));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(platen_tables_is_number(bad[i], strlen(bad[i])));
    }
}

/* The type of a column with these cells, all of a kind, ended by NULL; "" is an empty cell. */
static platen_tables_type_t
type_of(platen_tables_kind_t kind, const char *const *texts)
{
    platen_tables_column_t column = { 0 };
    platen_tables_cell_t   cell;

    for (; *texts != NULL; texts++) {
        cell = (platen_tables_cell_t){ *texts, strlen(*texts), kind };
        if (**texts == '\0') {
            cell.kind = PLATEN_TABLES_NULL;
        }
        platen_tables_column_see(&column, &cell);
    }
    return platen_tables_column_type(&column);
}

#define TEXTS(...)                                                                             \
    (const char *const[])                                                                      \
    {                                                                                          \
        __VA_ARGS__, NULL                                                                      \
    }
#define PLAIN(...) type_of(PLATEN_TABLES_PLAIN, TEXTS(__VA_ARGS__))
#define NUMBERS(...) type_of(PLATEN_TABLES_NUMBER, TEXTS(__VA_ARGS__))

static void
test_types(void **state)
{
    (void) state;

    assert_int_equal(PLAIN(""), PLATEN_TABLES_COLUMN_TEXT);
    assert_int_equal(PLAIN("1", "", "2"), PLATEN_TABLES_COLUMN_INTEGER);
    assert_int_equal(PLAIN("1", "x"), PLATEN_TABLES_COLUMN_TEXT);
    assert_int_equal(PLAIN("1", "02"), PLATEN_TABLES_COLUMN_TEXT);
    assert_int_equal(PLAIN("1", "9007199254740993"), PLATEN_TABLES_COLUMN_LONG);
    assert_int_equal(PLAIN("1.5", "9007199254740993"), PLATEN_TABLES_COLUMN_TEXT);
    assert_int_equal(PLAIN("1.50", "2.25"), PLATEN_TABLES_COLUMN_FIXED);
    assert_int_equal(PLAIN("1.55", "2.25"), PLATEN_TABLES_COLUMN_NUMBER);
    assert_int_equal(PLAIN("1.50", "2.125"), PLATEN_TABLES_COLUMN_NUMBER);
    assert_int_equal(PLAIN("1.50", "2"), PLATEN_TABLES_COLUMN_NUMBER);
    assert_int_equal(PLAIN("true", "", "false"), PLATEN_TABLES_COLUMN_BOOLEAN);
    assert_int_equal(PLAIN("true", "1"), PLATEN_TABLES_COLUMN_TEXT);
    assert_int_equal(PLAIN("2024-01-01"), PLATEN_TABLES_COLUMN_DATE);
    assert_int_equal(PLAIN("2024-01-01 00:00:00"), PLATEN_TABLES_COLUMN_TIMESTAMP);
    assert_int_equal(PLAIN("2024-01-01", "2024-01-01 00:00:00"), PLATEN_TABLES_COLUMN_TEXT);

    assert_int_equal(NUMBERS("1", "1e5"), PLATEN_TABLES_COLUMN_NUMBER);
    assert_int_equal(NUMBERS("0.30000000000000004"), PLATEN_TABLES_COLUMN_NUMBER);
    assert_int_equal(NUMBERS("1", "1e400"), PLATEN_TABLES_COLUMN_TEXT);
    assert_int_equal(NUMBERS("1", "12345678901234567890"), PLATEN_TABLES_COLUMN_TEXT);
    assert_int_equal(type_of(PLATEN_TABLES_TEXT, TEXTS("1", "2")), PLATEN_TABLES_COLUMN_TEXT);
    assert_int_equal(type_of(PLATEN_TABLES_JSON, TEXTS("[1]")), PLATEN_TABLES_COLUMN_JSON);
}

static void
test_cells(void **state)
{
    platen_tables_cell_t empty = { "", 0, PLATEN_TABLES_PLAIN };
    platen_tables_cell_t plain = { "1", 1, PLATEN_TABLES_PLAIN };
    platen_tables_cell_t text = { "1", 1, PLATEN_TABLES_TEXT };

    (void) state;

    assert_int_equal(platen_tables_column_cell(PLATEN_TABLES_COLUMN_TEXT, &empty).kind,
                     PLATEN_TABLES_TEXT);
    assert_int_equal(platen_tables_column_cell(PLATEN_TABLES_COLUMN_INTEGER, &empty).kind,
                     PLATEN_TABLES_NULL);
    assert_int_equal(platen_tables_column_cell(PLATEN_TABLES_COLUMN_INTEGER, &plain).kind,
                     PLATEN_TABLES_NUMBER);
    assert_int_equal(platen_tables_column_cell(PLATEN_TABLES_COLUMN_LONG, &plain).kind,
                     PLATEN_TABLES_TEXT);
    assert_int_equal(platen_tables_column_cell(PLATEN_TABLES_COLUMN_INTEGER, &text).kind,
                     PLATEN_TABLES_TEXT);
}

static void
test_names(void **state)
{
    static const char *const given[] = { "a", "a", "", "a_2", "a", "column_3", "A" };
    static const char *const unique[] = { "a",   "a_2",        "column_3", "a_2_2",
                                          "a_3", "column_3_2", "A" };
    platen_tables_column_t  *columns = NULL;
    size_t                   i, n = 0, *lens;
    char                   **names;

    (void) state;

    platen_tables_columns_grow(&columns, &n, 7);
    for (i = 0; i < n; i++) {
        platen_tables_column_name(&columns[i], given[i], strlen(given[i]));
    }
    names = platen_tables_columns_names(columns, n, &lens);
    for (i = 0; i < n; i++) {
        assert_string_equal(names[i], unique[i]);
        assert_int_equal(lens[i], strlen(unique[i]));
        free(names[i]);
    }
    free(names);
    free(lens);
    platen_tables_columns_free(columns, n);
}

/* As many columns as there can be, of one name: neither slow nor twice the same. */
static void
test_many_names(void **state)
{
    platen_tables_column_t *columns = NULL;
    size_t                  i, n = 0, *lens;
    char                  **names;

    (void) state;

    platen_tables_columns_grow(&columns, &n, PLATEN_TABLES_COLUMNS_MAX);
    for (i = 0; i < n; i++) {
        platen_tables_column_name(&columns[i], "x", 1);
    }
    names = platen_tables_columns_names(columns, n, &lens);
    assert_string_equal(names[n - 1], "x_65536");
    for (i = 0; i < n; i++) {
        free(names[i]);
    }
    free(names);
    free(lens);
    platen_tables_columns_free(columns, n);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes), cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_types),   cmocka_unit_test(test_cells),
        cmocka_unit_test(test_names),   cmocka_unit_test(test_many_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
