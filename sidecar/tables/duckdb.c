/* The part of DuckDB's C API that is used; see tables/duckdb.h. */

#include "tables/duckdb.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define MEMORY_DEFAULT (UINT64_C(512) << 20)

/* https://duckdb.org/docs/stable/clients/c/api; the sizes are its ABI. */
typedef uint64_t idx_t;

typedef struct {
    idx_t deprecated_column_count;
    idx_t deprecated_row_count;
    idx_t deprecated_rows_changed;
    void *deprecated_columns;
    char *deprecated_error_message;
    void *internal_data;
} result_t;

/* A VARCHAR in a vector: up to 12 bytes are in it, of more a prefix. */
typedef union {
    struct {
        uint32_t len;
        char     inlined[12];
    } s;
    struct {
        uint32_t    len;
        char        prefix[4];
        const char *ptr;
    } p;
} string_t;

/* Functions return 0 for success. */
typedef struct {
    int (*create_config)(void **config);
    int (*set_config)(void *config, const char *name, const char *option);
    void (*destroy_config)(void **config);
    int (*open_ext)(const char *path, void **database, void *config, char **error);
    int (*connect)(void *database, void **connection);
    void (*disconnect)(void **connection);
    void (*close)(void **database);
    void (*free)(void *p);
    int (*prepare)(void *connection, const char *query, void **statement);
    const char *(*prepare_error)(void *statement);
    void (*destroy_prepare)(void **statement);
    int (*pending_prepared_streaming)(void *statement, void **pending);
    const char *(*pending_error)(void *pending);
    int (*execute_pending)(void *pending, result_t *result);
    void (*destroy_pending)(void **pending);
    const char *(*result_error)(result_t *result);
    void (*destroy_result)(result_t *result);
    idx_t (*column_count)(result_t *result);
    void *(*fetch_chunk)(result_t result);
    void (*destroy_data_chunk)(void **chunk);
    idx_t (*data_chunk_get_size)(void *chunk);
    void *(*data_chunk_get_vector)(void *chunk, idx_t col);
    void *(*vector_get_data)(void *vector);
    uint64_t *(*vector_get_validity)(void *vector);
} api_t;

#define NAME(member)                                                                           \
    {                                                                                          \
        "duckdb_" #member, offsetof(api_t, member)                                             \
    }

static const struct {
    const char *name;
    size_t      offset;
} names[] = {
    NAME(create_config),
    NAME(set_config),
    NAME(destroy_config),
    NAME(open_ext),
    NAME(connect),
    NAME(disconnect),
    NAME(close),
    NAME(free),
    NAME(prepare),
    NAME(prepare_error),
    NAME(destroy_prepare),
    NAME(pending_prepared_streaming),
    NAME(pending_error),
    NAME(execute_pending),
    NAME(destroy_pending),
    NAME(result_error),
    NAME(destroy_result),
    NAME(column_count),
    NAME(fetch_chunk),
    NAME(destroy_data_chunk),
    NAME(data_chunk_get_size),
    NAME(data_chunk_get_vector),
    NAME(vector_get_data),
    NAME(vector_get_validity),
};

struct platen_tables_duckdb_s {
    void *library;
    api_t api;
    void *database;
    void *connection;
};

static int
load(platen_tables_duckdb_t *duckdb, const char *path, platen_tables_error_t *err)
{
    const char *why;
    void       *symbol;
    size_t      i;
    int         code;

    if (path == NULL) {
        return platen_tables_fail(err, PLATEN_TABLES_USAGE,
                                  "Parquet needs DuckDB: --duckdb says where libduckdb.so is");
    }
    duckdb->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (duckdb->library == NULL) {
        why = dlerror();
        code = strstr(why, "failed to map segment") != NULL
                       || strstr(why, "cannot allocate memory") != NULL
                   ? PLATEN_TABLES_MEMORY
                   : PLATEN_TABLES_USAGE;
        return platen_tables_fail(err, code, "cannot load DuckDB: %s", why);
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        symbol = dlsym(duckdb->library, names[i].name);
        if (symbol == NULL) {
            return platen_tables_fail(err, PLATEN_TABLES_USAGE, "%s has no %s()", path,
                                      names[i].name);
        }
        memcpy((char *) &duckdb->api + names[i].offset, &symbol, sizeof(symbol));
    }
    return 0;
}

int
platen_tables_duckdb_probe(const char *path, platen_tables_error_t *err)
{
    platen_tables_duckdb_t duckdb = { 0 };
    int                    rc = load(&duckdb, path, err);

    if (duckdb.library != NULL) {
        dlclose(duckdb.library);
    }
    return rc;
}

/* What DuckDB said, without its advice on further lines. */
static int
said(const char *sentence, int code, platen_tables_error_t *err)
{
    sentence = sentence != NULL ? sentence : "DuckDB failed";
    if (strstr(sentence, "Out of Memory Error") != NULL || strstr(sentence, "bad_alloc") != NULL
        || strstr(sentence, "Failed to allocate") != NULL) {
        code = PLATEN_TABLES_MEMORY;
    }
    return platen_tables_fail(err, code, "%.*s", (int) strcspn(sentence, "\n"), sentence);
}

/* Bytes for DuckDB's buffers; what it needs besides is not little. */
static uint64_t
memory_limit(const platen_tables_options_t *options)
{
    struct rlimit space;

    if (options->memory != 0) {
        return options->memory;
    }
    if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
        return space.rlim_cur / 2;
    }
    return MEMORY_DEFAULT;
}

/*
 * Told how much memory there is, by the batch system's variable, DuckDB does
 * not look for itself: the sandbox refuses it the files below /proc and /sys,
 * which it does not expect (it ends the process).
 */
static int
tell_memory(uint64_t bytes)
{
    char text[32];

    snprintf(text, sizeof(text), "%lluK", (unsigned long long) bytes >> 10);
    return setenv("SLURM_MEM_PER_NODE", text, 1);
}

static int
configure(platen_tables_duckdb_t *duckdb, const platen_tables_options_t *options, void **config)
{
    char   memory[32];
    size_t i;

    const struct {
        const char *name;
        const char *value;
    } settings[] = {
        { "threads", "1" },
        { "memory_limit", memory },
        { "temp_directory", options->tmp },
        { "home_directory", options->tmp },
        { "extension_directory", options->tmp },
        { "autoload_known_extensions", "false" },
        { "autoinstall_known_extensions", "false" },
        { "allow_community_extensions", "false" },
    };

    snprintf(memory, sizeof(memory), "%lluB", (unsigned long long) memory_limit(options));
    if (tell_memory(memory_limit(options)) != 0 || duckdb->api.create_config(config) != 0) {
        return -1;
    }
    for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (duckdb->api.set_config(*config, settings[i].name, settings[i].value) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Which files it may use; then no setting can be changed any more. */
static int
confine(platen_tables_duckdb_t *duckdb, const platen_tables_options_t *options,
        platen_tables_error_t *err)
{
    static const char *const settings[] = { "SET TimeZone = 'UTC'", NULL, /* the files */
                                            NULL,                         /* the directory */
                                            "SET enable_external_access = false",
                                            "SET lock_configuration = true" };
    platen_tables_buffer_t   sql = { 0 };
    size_t                   i;
    int                      rc = 0;

    for (i = 0; rc == 0 && i < sizeof(settings) / sizeof(settings[0]); i++) {
        sql.len = 0;
        if (settings[i] != NULL) {
            platen_tables_buffer_text(&sql, settings[i]);
        } else if (i == 1) {
            platen_tables_buffer_text(&sql, "SET allowed_paths = [");
            platen_tables_sql_string(&sql, options->input);
            platen_tables_buffer_text(&sql, ", ");
            platen_tables_sql_string(&sql, options->output);
            platen_tables_buffer_text(&sql, "]");
        } else {
            platen_tables_buffer_text(&sql, "SET allowed_directories = [");
            platen_tables_sql_string(&sql, options->tmp);
            platen_tables_buffer_text(&sql, "]");
        }
        platen_tables_buffer_byte(&sql, '\0');
        rc = platen_tables_duckdb_run(duckdb, sql.data, PLATEN_TABLES_WRITE, NULL, NULL, err);
    }
    platen_tables_buffer_free(&sql);
    return rc;
}

int
platen_tables_duckdb_open(platen_tables_duckdb_t       **opened,
                          const platen_tables_options_t *options, platen_tables_error_t *err)
{
    platen_tables_duckdb_t *duckdb = platen_tables_new(1, sizeof(*duckdb));
    void                   *config = NULL;
    char                   *error = NULL;
    int                     rc;

    *opened = NULL;
    rc = load(duckdb, options->duckdb, err);
    if (rc == 0) {
        if (configure(duckdb, options, &config) != 0
            || duckdb->api.open_ext(NULL, &duckdb->database, config, &error) != 0
            || duckdb->api.connect(duckdb->database, &duckdb->connection) != 0) {
            rc = said(error, PLATEN_TABLES_WRITE, err);
        }
        if (error != NULL) {
            duckdb->api.free(error);
        }
        if (config != NULL) {
            duckdb->api.destroy_config(&config);
        }
    }
    if (rc == 0) {
        rc = confine(duckdb, options, err);
    }
    if (rc != 0) {
        platen_tables_duckdb_close(&duckdb);
        return rc;
    }
    *opened = duckdb;
    return 0;
}

void
platen_tables_duckdb_close(platen_tables_duckdb_t **closed)
{
    platen_tables_duckdb_t *duckdb = *closed;

    if (duckdb == NULL) {
        return;
    }
    if (duckdb->connection != NULL) {
        duckdb->api.disconnect(&duckdb->connection);
    }
    if (duckdb->database != NULL) {
        duckdb->api.close(&duckdb->database);
    }
    /* The library stays: it has handlers for the process's end. */
    free(duckdb);
    *closed = NULL;
}

/* The rows of a chunk, whose vectors are all VARCHAR. */
static int
give_chunk(platen_tables_duckdb_t *duckdb, void *chunk, idx_t ncolumns, platen_tables_row_f row,
           void *data, platen_tables_error_t *err)
{
    platen_tables_cell_t *cells = platen_tables_new(ncolumns, sizeof(*cells));
    string_t            **strings = platen_tables_new(ncolumns, sizeof(*strings));
    uint64_t            **valid = platen_tables_new(ncolumns, sizeof(*valid));
    void                 *vector;
    idx_t                 i, k, n = duckdb->api.data_chunk_get_size(chunk);
    string_t             *s;
    int                   rc = 0;

    for (k = 0; k < ncolumns; k++) {
        vector = duckdb->api.data_chunk_get_vector(chunk, k);
        strings[k] = duckdb->api.vector_get_data(vector);
        valid[k] = duckdb->api.vector_get_validity(vector); /* NULL: all of them */
    }
    for (i = 0; rc == 0 && i < n; i++) {
        for (k = 0; k < ncolumns; k++) {
            if (valid[k] != NULL && (valid[k][i / 64] >> i % 64 & 1) == 0) {
                cells[k] = (platen_tables_cell_t){ "", 0, PLATEN_TABLES_NULL };
                continue;
            }
            s = &strings[k][i];
            cells[k].len = s->s.len;
            cells[k].text = s->s.len <= sizeof(s->s.inlined) ? s->s.inlined : s->p.ptr;
            cells[k].kind = PLATEN_TABLES_TEXT;
        }
        rc = row(data, cells, ncolumns, err);
    }
    free(cells);
    free(strings);
    free(valid);
    return rc;
}

static int
give_rows(platen_tables_duckdb_t *duckdb, result_t *result, int code, platen_tables_row_f row,
          void *data, platen_tables_error_t *err)
{
    idx_t       ncolumns = duckdb->api.column_count(result);
    const char *error;
    void       *chunk;
    int         rc = 0;

    while (rc == 0 && (chunk = duckdb->api.fetch_chunk(*result)) != NULL) {
        if (row != NULL) {
            rc = give_chunk(duckdb, chunk, ncolumns, row, data, err);
        }
        duckdb->api.destroy_data_chunk(&chunk);
    }
    error = rc == 0 ? duckdb->api.result_error(result) : NULL;
    return error != NULL && *error != '\0' ? said(error, code, err) : rc;
}

int
platen_tables_duckdb_run(platen_tables_duckdb_t *duckdb, const char *sql, int code,
                         platen_tables_row_f row, void *data, platen_tables_error_t *err)
{
    void    *statement = NULL, *pending = NULL;
    result_t result = { 0 };
    int      rc;

    if (duckdb->api.prepare(duckdb->connection, sql, &statement) != 0) {
        rc = said(duckdb->api.prepare_error(statement), code, err);
    } else if (duckdb->api.pending_prepared_streaming(statement, &pending) != 0) {
        rc = said(duckdb->api.pending_error(pending), code, err);
    } else if (duckdb->api.execute_pending(pending, &result) != 0) {
        rc = said(duckdb->api.result_error(&result), code, err);
    } else {
        rc = give_rows(duckdb, &result, code, row, data, err);
    }

    duckdb->api.destroy_result(&result);
    if (pending != NULL) {
        duckdb->api.destroy_pending(&pending);
    }
    if (statement != NULL) {
        duckdb->api.destroy_prepare(&statement);
    }
    return rc;
}

static void
add_quoted(platen_tables_buffer_t *sql, const char *text, size_t len, char quote)
{
    size_t i;

    platen_tables_buffer_byte(sql, quote);
    for (i = 0; i < len; i++) {
        if (text[i] == quote) {
            platen_tables_buffer_byte(sql, quote);
        }
        platen_tables_buffer_byte(sql, text[i]);
    }
    platen_tables_buffer_byte(sql, quote);
}

void
platen_tables_sql_name(platen_tables_buffer_t *sql, const char *text, size_t len)
{
    add_quoted(sql, text, len, '"');
}

void
platen_tables_sql_string(platen_tables_buffer_t *sql, const char *text)
{
    add_quoted(sql, text, strlen(text), '\'');
}
