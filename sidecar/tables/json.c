/* YAJL's events made into rows; see tables/json.h. */

#include "tables/json.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int
fail(platen_tables_json_t *json, int code, const char *sentence)
{
    json->rc = platen_tables_fail(json->err, code, "row %llu: %s",
                                  (unsigned long long) json->count + 1, sentence);
    return 0; /* ends YAJL's parsing */
}

/* The depth at which a row is. */
static size_t
level(const platen_tables_json_t *json)
{
    return json->lines ? 0 : 1;
}

static void
set_cell(platen_tables_json_t *json, size_t i, size_t start, size_t len,
         platen_tables_kind_t kind)
{
    size_t room;

    if (i >= json->room) {
        room = i + i / 2 + 16;
        json->cells = platen_tables_resize(json->cells, room, sizeof(*json->cells));
        json->starts = platen_tables_resize(json->starts, room, sizeof(*json->starts));
        json->room = room;
    }
    for (; json->n <= i; json->n++) {
        json->cells[json->n] = (platen_tables_cell_t){ "", 0, PLATEN_TABLES_NULL };
    }
    json->starts[i] = start;
    json->cells[i].len = len;
    json->cells[i].kind = kind;
}

static int
add_column(platen_tables_json_t *json, const char *name, size_t len)
{
    platen_tables_column_t *column;

    if (json->ncolumns == PLATEN_TABLES_COLUMNS_MAX) {
        return fail(json, PLATEN_TABLES_TOO_LARGE, "the document has more than 65536 columns");
    }
    platen_tables_columns_grow(&json->columns, &json->ncolumns, 1);
    column = &json->columns[json->ncolumns - 1];
    platen_tables_column_name(column, name, len);
    if (json->rows == PLATEN_TABLES_JSON_OBJECTS) {
        platen_tables_names_add(&json->names, column->name, len, json->ncolumns - 1);
    }
    return 1;
}

static int
end_row(platen_tables_json_t *json)
{
    size_t i;

    for (i = 0; i < json->n; i++) {
        if (json->cells[i].kind != PLATEN_TABLES_NULL) {
            json->cells[i].text =
                json->cells[i].len > 0 ? json->text.data + json->starts[i] : "";
        }
    }
    if (json->rows == PLATEN_TABLES_JSON_ARRAYS) {
        for (i = json->ncolumns; i < json->n; i++) {
            /* Names are those of the first row; further columns have none. */
            if (!(json->count == 0 ? add_column(json, json->cells[i].text, json->cells[i].len)
                                   : add_column(json, "", 0))) {
                return 0;
            }
        }
    }
    if (json->rows != PLATEN_TABLES_JSON_ARRAYS || json->count > 0) {
        json->rc = json->row(json->data, json->cells, json->n, json->err);
    }
    json->count++;
    json->n = 0;
    json->text.len = 0;
    return json->rc == 0;
}

/* A value begins where rows are: they have to be all of a kind. */
static int
begin_row(platen_tables_json_t *json, platen_tables_json_rows_t kind)
{
    if (json->rows == PLATEN_TABLES_JSON_UNKNOWN) {
        json->rows = kind;
        if (kind == PLATEN_TABLES_JSON_SCALARS && !add_column(json, "value", 5)) {
            return 0;
        }
    }
    if (json->rows != kind) {
        return fail(json, PLATEN_TABLES_CORRUPT,
                    "a table's rows have to be all objects or all arrays");
    }
    json->column = 0;
    return 1;
}

/* A value begins at the top: another one, behind an array, makes lines of them. */
static int
begin_value(platen_tables_json_t *json, int array)
{
    if (json->depth == 0) {
        if (!json->lines && (json->values > 0 || !array)) {
            json->rc = PLATEN_TABLES_JSON_LINES;
            return 0;
        }
        json->values++;
    }
    return 1;
}

/* Before a member of a nested array; a key has done it in an object. */
static void
separate(platen_tables_json_t *json)
{
    if (json->comma && !json->in_map[json->depth - 1]) {
        platen_tables_buffer_byte(&json->text, ',');
    }
}

/* Only JSON has "\u0000" in a text; the other formats get U+FFFD for it. */
static void
add_text(platen_tables_json_t *json, const char *text, size_t len)
{
    const char *nul;
    size_t      n;

    while ((nul = memchr(text, '\0', len)) != NULL) {
        n = (size_t) (nul - text);
        platen_tables_buffer_add(&json->text, text, n);
        platen_tables_buffer_text(&json->text, "\xef\xbf\xbd");
        text += n + 1;
        len -= n + 1;
    }
    platen_tables_buffer_add(&json->text, text, len);
}

static int
scalar(platen_tables_json_t *json, platen_tables_kind_t kind, const char *text, size_t len)
{
    size_t at = level(json), start;

    if (!begin_value(json, 0)) {
        return 0;
    }
    if (json->depth > at + 1) { /* in a nested value */
        separate(json);
        if (kind == PLATEN_TABLES_TEXT) {
            platen_tables_buffer_json(&json->text, text, len);
        } else {
            platen_tables_buffer_add(&json->text, text, len);
        }
        json->comma = 1;
        return 1;
    }
    if (json->depth == at && !begin_row(json, PLATEN_TABLES_JSON_SCALARS)) {
        return 0;
    }
    if (json->column >= PLATEN_TABLES_COLUMNS_MAX) {
        return fail(json, PLATEN_TABLES_TOO_LARGE, "the document has more than 65536 columns");
    }

    start = json->text.len;
    if (kind != PLATEN_TABLES_NULL) {
        add_text(json, text, len);
    }
    set_cell(json, json->column, start, json->text.len - start, kind);
    json->column++;
    return json->depth == at ? end_row(json) : 1;
}

static int
begin(platen_tables_json_t *json, int map)
{
    size_t at = level(json);

    if (!begin_value(json, !map)) {
        return 0;
    }
    if (json->depth == PLATEN_TABLES_JSON_DEPTH) {
        return fail(json, PLATEN_TABLES_CORRUPT, "values are nested too deeply");
    }
    if (json->depth == at
        && !begin_row(json, map ? PLATEN_TABLES_JSON_OBJECTS : PLATEN_TABLES_JSON_ARRAYS)) {
        return 0;
    }
    if (json->depth == at + 1) {
        if (json->column >= PLATEN_TABLES_COLUMNS_MAX) {
            return fail(json, PLATEN_TABLES_TOO_LARGE,
                        "the document has more than 65536 columns");
        }
        set_cell(json, json->column, json->text.len, 0, PLATEN_TABLES_JSON);
    }
    if (json->depth > at) {
        if (json->depth > at + 1) {
            separate(json);
        }
        platen_tables_buffer_byte(&json->text, map ? '{' : '[');
        json->comma = 0;
    }
    json->in_map[json->depth++] = (unsigned char) map;
    return 1;
}

static int
end(platen_tables_json_t *json, int map)
{
    size_t at = level(json);

    json->depth--;
    if (json->depth > at) {
        platen_tables_buffer_byte(&json->text, map ? '}' : ']');
        json->comma = 1;
    }
    if (json->depth == at + 1) {
        json->cells[json->column].len = json->text.len - json->starts[json->column];
        json->column++;
    }
    return json->depth == at ? end_row(json) : 1;
}

static int
on_key(void *ctx, const unsigned char *key, size_t len)
{
    platen_tables_json_t *json = ctx;
    const char           *name = (const char *) key;
    size_t               *found;

    if (json->depth > level(json) + 1) {
        if (json->comma) {
            platen_tables_buffer_byte(&json->text, ',');
        }
        platen_tables_buffer_json(&json->text, name, len);
        platen_tables_buffer_byte(&json->text, ':');
        json->comma = 0;
        return 1;
    }
    found = platen_tables_names_find(&json->names, name, len);
    if (found != NULL) {
        json->column = *found;
        return 1;
    }
    if (memchr(name, '\0', len) != NULL) {
        return fail(json, PLATEN_TABLES_CORRUPT, "a key contains \\u0000");
    }
    json->column = json->ncolumns;
    return add_column(json, name, len);
}

static int
on_null(void *ctx)
{
    return scalar(ctx, PLATEN_TABLES_NULL, "null", 4);
}

static int
on_boolean(void *ctx, int value)
{
    return scalar(ctx, PLATEN_TABLES_BOOLEAN, value ? "true" : "false", value ? 4 : 5);
}

static int
on_number(void *ctx, const char *text, size_t len)
{
    return scalar(ctx, PLATEN_TABLES_NUMBER, text, len);
}

static int
on_string(void *ctx, const unsigned char *text, size_t len)
{
    return scalar(ctx, PLATEN_TABLES_TEXT, (const char *) text, len);
}

static int
on_start_map(void *ctx)
{
    return begin(ctx, 1);
}

static int
on_end_map(void *ctx)
{
    return end(ctx, 1);
}

static int
on_start_array(void *ctx)
{
    return begin(ctx, 0);
}

static int
on_end_array(void *ctx)
{
    return end(ctx, 0);
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_number = on_number,
    .yajl_string = on_string,
    .yajl_start_map = on_start_map,
    .yajl_map_key = on_key,
    .yajl_end_map = on_end_map,
    .yajl_start_array = on_start_array,
    .yajl_end_array = on_end_array,
};

/* YAJL does not look whether it got memory. */
static void *
allocate(void *ctx, size_t size)
{
    (void) ctx;
    return platen_tables_resize(NULL, size, 1);
}

static void *
reallocate(void *ctx, void *p, size_t size)
{
    (void) ctx;
    return platen_tables_resize(p, size, 1);
}

static void
release(void *ctx, void *p)
{
    (void) ctx;
    free(p);
}

void
platen_tables_json_init(platen_tables_json_t *json, int lines, platen_tables_row_f row,
                        void *data)
{
    static yajl_alloc_funcs memory = { allocate, reallocate, release, NULL };

    memset(json, 0, sizeof(*json));
    json->lines = lines;
    json->row = row;
    json->data = data;
    platen_tables_names_init(&json->names);
    json->parser = yajl_alloc(&callbacks, &memory, json);
    if (json->parser == NULL || !yajl_config(json->parser, yajl_allow_multiple_values, 1)) {
        platen_tables_no_memory();
    }
}

void
platen_tables_json_free(platen_tables_json_t *json)
{
    yajl_free(json->parser);
    platen_tables_names_free(&json->names);
    platen_tables_columns_free(json->columns, json->ncolumns);
    platen_tables_buffer_free(&json->text);
    free(json->cells);
    free(json->starts);
    memset(json, 0, sizeof(*json));
}

/* Where the parser is after so much of a piece. */
static void
count_lines(platen_tables_json_t *json, const char *data, size_t len)
{
    const char *end = data + len, *eol;

    for (; (eol = memchr(data, '\n', (size_t) (end - data))) != NULL; data = eol + 1) {
        json->line++;
        json->column_at = 0;
    }
    json->column_at += (uint64_t) (end - data);
}

static int
result(platen_tables_json_t *json, yajl_status status, platen_tables_error_t *err)
{
    unsigned char *why;

    if (json->rc != 0 || status == yajl_status_ok) {
        return json->rc;
    }
    why = yajl_get_error(json->parser, 0, NULL, 0);
    json->rc = platen_tables_fail(
        err, PLATEN_TABLES_CORRUPT, "this is not JSON, in line %llu, byte %llu: %.*s",
        (unsigned long long) json->line + 1, (unsigned long long) json->column_at + 1,
        why != NULL ? (int) strcspn((char *) why, ".\n") : 0, why != NULL ? (char *) why : "");
    if (why != NULL) {
        yajl_free_error(json->parser, why);
    }
    return json->rc;
}

int
platen_tables_json_feed(platen_tables_json_t *json, const char *data, size_t len,
                        platen_tables_error_t *err)
{
    yajl_status status;
    size_t      i;

    for (i = 0; i < len && !json->content; i++) {
        json->content = data[i] != ' ' && data[i] != '\t' && data[i] != '\n' && data[i] != '\r';
    }
    json->err = err;
    status = yajl_parse(json->parser, (const unsigned char *) data, len);
    count_lines(json, data,
                status == yajl_status_ok ? len : yajl_get_bytes_consumed(json->parser));
    return result(json, status, err);
}

int
platen_tables_json_end(platen_tables_json_t *json, platen_tables_error_t *err)
{
    json->err = err;
    if (!json->content) {
        return 0; /* no line of JSON Lines */
    }
    return result(json, yajl_complete_parse(json->parser), err);
}
