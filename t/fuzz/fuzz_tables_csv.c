/*
 * Fuzzes platen_tables_csv: a document in one piece and in small ones gives the
 * same, and what is written of its records reads as the same records again.
 * The first byte is the delimiter and the length of the pieces.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tables/column.h"
#include "tables/csv.h"

typedef struct {
    platen_tables_buffer_t flat; /* records, so that they can be compared */
    platen_tables_buffer_t csv;  /* the same, written */
    char                   delimiter;
} seen_t;

static int
record(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    seen_t  *seen = data;
    size_t   i;
    unsigned digits, scale;

    (void) err;
    if (n == 0) {
        return 0;
    }
    for (i = 0; i < n; i++) {
        if (i > 0) {
            platen_tables_buffer_byte(&seen->csv, seen->delimiter);
        }
        if (cells[i].kind != PLATEN_TABLES_NULL || n == 1) {
            platen_tables_csv_write(&seen->csv, cells[i].text, cells[i].len, seen->delimiter);
        }
        platen_tables_buffer_add(&seen->flat, cells[i].text, cells[i].len);
        platen_tables_buffer_byte(&seen->flat,
                                  cells[i].kind == PLATEN_TABLES_NULL && n > 1 ? 1 : 2);
        if (platen_tables_classify(cells[i].text, cells[i].len, &digits, &scale)
                == PLATEN_TABLES_IS_DECIMAL
            && !platen_tables_is_number(cells[i].text, cells[i].len)) {
            abort();
        }
    }
    platen_tables_buffer_byte(&seen->csv, '\n');
    platen_tables_buffer_byte(&seen->flat, 3);
    return 0;
}

static int
read_all(const char *bytes, size_t len, size_t piece, char delimiter, seen_t *seen)
{
    platen_tables_csv_t   csv;
    platen_tables_error_t err;
    size_t                at, n;
    char                 *copy;
    int                   rc = 0;

    memset(seen, 0, sizeof(*seen));
    seen->delimiter = delimiter;
    platen_tables_csv_init(&csv, delimiter);
    for (at = 0; rc == 0 && at < len; at += n) {
        n = len - at < piece ? len - at : piece;
        copy = platen_tables_new(n, 1); /* exact, for the sanitizer */
        memcpy(copy, bytes + at, n);
        rc = platen_tables_csv_feed(&csv, copy, n, record, seen, &err);
        free(copy);
    }
    if (rc == 0) {
        rc = platen_tables_csv_end(&csv, record, seen, &err);
    }
    platen_tables_csv_free(&csv);
    return rc;
}

static void
assert_same(const seen_t *a, const seen_t *b)
{
    if (a->flat.len != b->flat.len
        || (a->flat.len > 0 && memcmp(a->flat.data, b->flat.data, a->flat.len) != 0)) {
        abort();
    }
}

static void
forget(seen_t *seen)
{
    platen_tables_buffer_free(&seen->flat);
    platen_tables_buffer_free(&seen->csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *) data + 1;
    seen_t      whole, pieces, again;
    char        delimiter, said;
    int         rc;

    if (size == 0) {
        return 0;
    }
    delimiter = ",;\t|"[data[0] & 3];
    size--;

    rc = read_all(bytes, size, size + 1, delimiter, &whole);
    if (read_all(bytes, size, (size_t) (data[0] >> 2) + 1, delimiter, &pieces) != rc) {
        abort();
    }
    assert_same(&whole, &pieces);
    if (read_all(whole.csv.data, whole.csv.len, SIZE_MAX / 2, delimiter, &again) != 0) {
        abort();
    }
    assert_same(&whole, &again);
    forget(&whole);
    forget(&pieces);
    forget(&again);

    if (strchr(",;\t|", platen_tables_csv_sniff(bytes, size, data[0] & 1)) == NULL
        || platen_tables_csv_separator(bytes, size, &said) > 7) {
        abort();
    }
    return 0;
}
