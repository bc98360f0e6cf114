/*
 * Fuzzes platen_tables_json: a document in one piece and in small ones gives
 * the same rows, and a nested value is JSON again.  The first byte is the
 * length of the pieces, and its last bit says whether values are lines.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tables/json.h"

static void
assert_json(const platen_tables_cell_t *cell)
{
    yajl_handle          parser = yajl_alloc(NULL, NULL, NULL);
    const unsigned char *text = (const unsigned char *) cell->text;

    if (parser == NULL || cell->len == 0 || (*text != '{' && *text != '[')
        || yajl_parse(parser, text, cell->len) != yajl_status_ok
        || yajl_complete_parse(parser) != yajl_status_ok) {
        abort();
    }
    yajl_free(parser);
}

static int
row(void *data, const platen_tables_cell_t *cells, size_t n, platen_tables_error_t *err)
{
    platen_tables_buffer_t *flat = data;
    size_t                  i;

    (void) err;
    for (i = 0; i < n; i++) {
        if (memchr(cells[i].text, '\0', cells[i].len) != NULL
            || (cells[i].kind == PLATEN_TABLES_NULL && cells[i].len != 0)
            || (cells[i].kind == PLATEN_TABLES_NUMBER
                && !platen_tables_is_number(cells[i].text, cells[i].len))) {
            abort();
        }
        if (cells[i].kind == PLATEN_TABLES_JSON) {
            assert_json(&cells[i]);
        }
        platen_tables_buffer_byte(flat, (char) ('0' + cells[i].kind));
        platen_tables_buffer_add(flat, cells[i].text, cells[i].len);
        platen_tables_buffer_byte(flat, '\1');
    }
    platen_tables_buffer_byte(flat, '\2');
    return 0;
}

static int
read_all(const char *bytes, size_t len, size_t piece, int lines, platen_tables_buffer_t *flat)
{
    platen_tables_json_t  json;
    platen_tables_error_t err;
    size_t                at, n, i;
    char                 *copy;
    int                   rc = 0;

    platen_tables_json_init(&json, lines, row, flat);
    for (at = 0; rc == 0 && at < len; at += n) {
        n = len - at < piece ? len - at : piece;
        copy = platen_tables_new(n, 1);
        memcpy(copy, bytes + at, n);
        rc = platen_tables_json_feed(&json, copy, n, &err);
        free(copy);
    }
    if (rc == 0) {
        rc = platen_tables_json_end(&json, &err);
    }
    for (i = 0; i < json.ncolumns; i++) {
        platen_tables_buffer_add(flat, json.columns[i].name, json.columns[i].name_len);
        platen_tables_buffer_byte(flat, '\3');
    }
    platen_tables_json_free(&json);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    platen_tables_buffer_t whole = { 0 }, pieces = { 0 };
    const char            *bytes = (const char *) data + 1;
    int                    rc;

    if (size == 0) {
        return 0;
    }
    rc = read_all(bytes, size - 1, size, data[0] & 1, &whole);
    if (read_all(bytes, size - 1, (size_t) (data[0] >> 1) + 1, data[0] & 1, &pieces) != rc
        || whole.len != pieces.len
        || (whole.len > 0 && memcmp(whole.data, pieces.data, whole.len) != 0)) {
        abort();
    }
    platen_tables_buffer_free(&whole);
    platen_tables_buffer_free(&pieces);
    return 0;
}
