/*
 * Tables: platen-tables, a program of Platen's own, between CSV, JSON, Parquet
 * and XLSX; of workbooks in other formats LibreOffice makes XLSX first.  Prepares in the loop's
 * thread and owns nothing.
 *
 * Parquet is DuckDB's, a library that Debian does not have: without it the
 * edges that touch Parquet are not there, and the rest is.
 */

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "engine/exit_code.h"
#include "engine/program.h"
#include "engine/warning.h"

#define CSV                                                                                    \
    (PLATEN_OPTION_BIT(PLATEN_OPTION_CSV_DELIMITER) | PLATEN_OPTION_BIT(PLATEN_OPTION_CHARSET))

#define HEADER PLATEN_OPTION_BIT(PLATEN_OPTION_HEADER)
#define BOOK (PLATEN_OPTION_BIT(PLATEN_OPTION_SHEET) | HEADER)

static const platen_edge_t edges[] = {
    { "csv", "json", 30, CSV | HEADER, PLATEN_EDGE_INPUT, NULL, NULL },
    { "csv", "xlsx", 40, CSV | HEADER, PLATEN_EDGE_INPUT, NULL, NULL },
    { "csv", "parquet", 60, CSV | HEADER, PLATEN_EDGE_INPUT, NULL, NULL },
    /* Of a CSV that LibreOffice has made. */
    { "csv", "json", 31, HEADER, 0, NULL, NULL },
    { "csv", "jsonl", 31, HEADER, 0, NULL, NULL },
    { "csv", "parquet", 61, HEADER, 0, NULL, NULL },
    { "xlsx", "json", 30, BOOK, PLATEN_EDGE_DECLINES, NULL, NULL },
    { "xlsx", "csv", 30, BOOK | CSV, PLATEN_EDGE_DECLINES | PLATEN_EDGE_PAGES, NULL, NULL },
    { "xlsx", "parquet", 60, BOOK, PLATEN_EDGE_DECLINES | PLATEN_EDGE_PAGES, NULL, NULL },
    { "json", "csv", 40, CSV, 0, NULL, NULL },
    { "json", "xlsx", 40, 0, 0, NULL, NULL },
    { "json", "parquet", 60, 0, 0, NULL, NULL },
    { "parquet", "csv", 60, CSV, 0, NULL, NULL },
    { "parquet", "json", 60, 0, 0, NULL, NULL },
    { "parquet", "xlsx", 60, 0, 0, NULL, NULL },
    { "csv", "csv", 30, CSV, 0, NULL, NULL },
    { "csv", "tsv", 30, CSV, PLATEN_EDGE_INPUT, NULL, NULL },
    { "json", "tsv", 40, 0, 0, NULL, NULL },
    { "parquet", "tsv", 60, 0, 0, NULL, NULL },
    { "xlsx", "tsv", 30, BOOK, PLATEN_EDGE_DECLINES | PLATEN_EDGE_PAGES, NULL, NULL },
    { "tsv", "csv", 30, 0, 0, NULL, NULL },
    { "tsv", "json", 30, 0, 0, NULL, NULL },
    { "tsv", "xlsx", 40, 0, 0, NULL, NULL },
    { "tsv", "parquet", 60, 0, 0, NULL, NULL },
    { "csv", "jsonl", 30, CSV | HEADER, PLATEN_EDGE_INPUT, NULL, NULL },
    { "tsv", "jsonl", 30, 0, 0, NULL, NULL },
    { "xlsx", "jsonl", 30, BOOK, PLATEN_EDGE_DECLINES | PLATEN_EDGE_PAGES, NULL, NULL },
    { "json", "jsonl", 30, 0, 0, NULL, NULL },
    { "parquet", "jsonl", 60, 0, 0, NULL, NULL },
    { "jsonl", "csv", 40, CSV, 0, NULL, NULL },
    { "jsonl", "tsv", 40, 0, 0, NULL, NULL },
    { "jsonl", "xlsx", 40, 0, 0, NULL, NULL },
    { "jsonl", "json", 30, 0, 0, NULL, NULL },
    { "jsonl", "parquet", 60, 0, 0, NULL, NULL },
};

static const platen_program_rule_t rules[] = {
    { 0, NULL, PLATEN_EXIT_DONE },
    { PLATEN_TABLES_CORRUPT, NULL, PLATEN_EXIT_CORRUPT },
    { PLATEN_TABLES_ENCRYPTED, NULL, PLATEN_EXIT_ENCRYPTED },
    { PLATEN_TABLES_WRITE, NULL, PLATEN_EXIT_FAILED },
    { PLATEN_TABLES_MEMORY, NULL, PLATEN_EXIT_MEMORY },
    { PLATEN_TABLES_EMPTY, NULL, PLATEN_EXIT_EMPTY },
    { PLATEN_TABLES_TOO_LARGE, NULL, PLATEN_EXIT_TOO_LARGE },
    { PLATEN_TABLES_SHEET, NULL, PLATEN_EXIT_SHEET },
    { PLATEN_TABLES_DECLINED, NULL, PLATEN_EXIT_DECLINED },
    { PLATEN_PROGRAM_ANY, NULL, PLATEN_EXIT_SETUP },
};

static int
probe(const platen_engine_t *engine, const platen_config_t *config, char *err, size_t errlen)
{
    char              path[PATH_MAX];
    const char *const programs[] = { path, NULL };

    snprintf(path, sizeof(path), "%s/platen-tables", config->libexec_path);
    return platen_program_probe(engine->name, config->tables_enabled, programs, err, errlen);
}

static int
can(const platen_engine_t *engine, const platen_config_t *config, const platen_edge_t *edge)
{
    (void) engine;

    if (strcmp(edge->from, "parquet") != 0 && strcmp(edge->to, "parquet") != 0) {
        return 1;
    }
    return config->duckdb_path[0] != '\0' && access(config->duckdb_path, R_OK) == 0;
}

/* A delimiter as the character that it is. */
static const char *
delimiter(const platen_run_t *run)
{
    static const char *const names[][2] = {
        { "comma", "," }, { "semicolon", ";" }, { "tab", "\t" },
        { "pipe", "|" },  { "space", " " },
    };
    const char *name = platen_options_get(run->options, PLATEN_OPTION_CSV_DELIMITER);
    size_t      i;

    for (i = 0; name != NULL && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i][0]) == 0) {
            return names[i][1];
        }
    }
    return NULL;
}

static int
prepare(const platen_engine_t *engine, const platen_config_t *config, const platen_run_t *run,
        platen_command_t *command)
{
    int         from_csv = strcmp(run->edge->from, "csv") == 0;
    int         to_csv = strcmp(run->edge->to, "csv") == 0;
    int         from_tsv = strcmp(run->edge->from, "tsv") == 0;
    int         to_tsv = strcmp(run->edge->to, "tsv") == 0;
    const char *out = from_csv && !to_csv ? "" : "out-";
    const char *encoding = platen_options_get(run->options, PLATEN_OPTION_CHARSET);
    const char *sheet = platen_options_get(run->options, PLATEN_OPTION_SHEET);
    const char *separator = delimiter(run);

    (void) engine;

    platen_command_arg(command, "%s/platen-tables", config->libexec_path);
    platen_command_arg(command, "--from");
    platen_command_arg(command, "%s", from_tsv ? "csv" : run->edge->from);
    platen_command_arg(command, "--to");
    platen_command_arg(command, "%s", to_tsv ? "csv" : run->edge->to);
    if (from_tsv) {
        platen_command_arg(command, "--delimiter");
        platen_command_arg(command, "\t");
    }
    if (to_tsv) {
        platen_command_arg(command, "--out-delimiter");
        platen_command_arg(command, "\t");
    }
    if (from_csv && !run->first) {
        /* As the step before wrote it: not to be guessed. */
        platen_command_arg(command, "--delimiter");
        platen_command_arg(command, ",");
    }
    if (from_csv || from_tsv || strncmp(run->edge->from, "json", 4) == 0) {
        /* As platen-text has made it. */
        platen_command_arg(command, "--encoding");
        platen_command_arg(command, "utf-8");
    }
    if (separator != NULL) {
        platen_command_arg(command, "--%sdelimiter", out);
        platen_command_arg(command, "%s", separator);
    }
    if (encoding != NULL) {
        platen_command_arg(command, "--%sencoding", out);
        platen_command_arg(command, "%s", encoding);
    }
    if (sheet != NULL) {
        platen_command_arg(command, "--sheet");
        platen_command_arg(command, "%s", sheet);
    }
    if (platen_options_get(run->options, PLATEN_OPTION_HEADER) != NULL) {
        platen_command_arg(command, "--header");
        platen_command_arg(command, "false");
    }
    if (run->settled) {
        platen_command_arg(command, "--settled");
        platen_command_arg(command, "true");
    }
    platen_command_arg(command, "--warnings");
    platen_command_arg(command, PLATEN_WARNINGS_FILE);
    if (config->memory != 0) {
        /* For DuckDB's buffers; the other half is for everything else. */
        platen_command_arg(command, "--memory");
        platen_command_arg(command, "%llu", (unsigned long long) config->memory / 2);
    }
    if (config->duckdb_path[0] != '\0') {
        platen_command_arg(command, "--duckdb");
        platen_command_arg(command, "%s", config->duckdb_path);
        platen_command_allow(command, PLATEN_SANDBOX_R | PLATEN_SANDBOX_X, "%s",
                             config->duckdb_path);
    }
    platen_command_arg(command, "%s", platen_program_local(run, run->input));
    platen_command_arg(command, "%s", platen_program_local(run, run->output));
    return 0;
}

const platen_engine_t platen_engine_tables = {
    .name = "tables",
    .packages = "platen",
    .edges = edges,
    .nedges = sizeof(edges) / sizeof(edges[0]),
    .probe = probe,
    .can = can,
    .prepare = prepare,
    .rules = rules,
};
