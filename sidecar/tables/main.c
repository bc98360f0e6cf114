/*
 * platen-tables: converts one table.  A program of its own, which the sidecar
 * executes in the sandbox for each document: it needs no network, no home, no
 * environment but TMPDIR, starts no process, and uses one thread.
 *
 *   platen-tables --from FORMAT --to FORMAT [OPTION VALUE ...] INPUT OUTPUT
 *   platen-tables --probe [--duckdb PATH]
 *
 *   --from           csv, json, jsonl, parquet, xlsx
 *   --to             csv, json, jsonl, parquet, xlsx
 *   --duckdb         libduckdb.so, for Parquet
 *   --delimiter      of a CSV document; found out by default
 *   --encoding       of a CSV or JSON document, by a name of base/charset.h;
 *                    found out by default
 *   --out-delimiter  of the CSV result: a comma by default
 *   --out-encoding   of the CSV result: utf-8 by default
 *   --sheet          of a workbook: its name, or its number from 1, or all;
 *                    by default the first one that has values
 *   --header         true, or false: the first row is one like the others
 *   --settled        true: a workbook is taken as it is, and never declined
 *   --warnings       the file for sentences on what the result lacks
 *   --memory         bytes for DuckDB's buffers; by default half of RLIMIT_AS
 *
 * Of all sheets JSON is one object, with an array of each; of other formats there
 * are as many results: for OUTPUT "out/in.csv" "out/in-1-NAME.csv" and so on.
 *
 * --probe prints what can be converted here, "from to" on each line.
 *
 * A document is read as a stream, CSV and JSON twice (the first time to learn
 * its columns), and memory is that of its longest row.  What becomes of values
 * is said in tables/column.h, and of each format in its own file.  The
 * exit code is one of tables/main.h, with a sentence as the last line on
 * standard error; an incomplete result is removed.
 */

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/platen.h"
#include "base/utf8.h"
#include "format/filename.h"
#include "tables/main.h"
#include "tables/buffer.h"
#include "tables/duckdb.h"
#include "tables/out.h"
#include "tables/text.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

typedef struct {
    const char            *name;
    platen_tables_source_f from;
    platen_tables_sink_f   to;
    int                    duckdb;    /* it is needed for it */
    int                    delimited; /* has a delimiter, and an encoding when written */
    int                    text;      /* has an encoding when read */
} format_t;

static const format_t formats[] = {
    { "csv", platen_tables_from_csv, platen_tables_to_csv, 0, 1, 1 },
    { "json", platen_tables_from_json, platen_tables_to_json, 0, 0, 1 },
    { "jsonl", platen_tables_from_json, platen_tables_to_json, 0, 0, 1 },
    { "parquet", platen_tables_from_parquet, platen_tables_to_parquet, 1, 0, 0 },
    { "xlsx", platen_tables_from_xlsx, platen_tables_to_xlsx, 0, 0, 0 },
};

#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static int
say(int code, const char *sentence)
{
    fprintf(stderr, "platen-tables: %s\n", sentence);
    return code;
}

static const format_t *
format_find(const char *name)
{
    size_t i;

    for (i = 0; name != NULL && i < FORMATS; i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    return NULL;
}

static int
probe(const platen_tables_options_t *options)
{
    platen_tables_error_t err;
    size_t                i, k;
    int                   parquet = 0;

    if (options->duckdb != NULL) {
        parquet = platen_tables_duckdb_probe(options->duckdb, &err) == 0;
        if (!parquet) {
            say(0, err.text);
        }
    }
    for (i = 0; i < FORMATS; i++) {
        for (k = 0; k < FORMATS; k++) {
            if (i != k && (parquet || (!formats[i].duckdb && !formats[k].duckdb))) {
                printf("%s %s\n", formats[i].name, formats[k].name);
            }
        }
    }
    return fflush(stdout) == 0 ? 0 : PLATEN_TABLES_WRITE;
}

/* The table that the source is at, into a file of its own. */
static int
write_table(const format_t *to, platen_tables_source_t *source,
            const platen_tables_options_t *options, platen_tables_error_t *err)
{
    platen_tables_sink_t *sink = NULL;
    int                   rc = 0;

    if (source->ncolumns == 0) {
        rc = platen_tables_fail(err, PLATEN_TABLES_EMPTY, "there is nothing in the document");
    }
    if (rc == 0) {
        rc = to->to(&sink, source, options, err);
    }
    if (rc == 0) {
        rc = source->read(source, sink->row, sink, err);
    }
    if (rc == 0) {
        rc = sink->end(sink, err);
    }
    if (sink != NULL) {
        sink->close(sink);
    }
    if (rc != 0) {
        unlink(options->output);
    }
    return rc;
}

/* Adds what is in a file to the result, but for the line feed at its end; removes it. */
static int
append(platen_tables_out_t *out, const char *path, platen_tables_error_t *err)
{
    FILE  *part = fopen(path, "re");
    char   buf[65536];
    size_t n;
    int    rc = 0;

    if (part == NULL) {
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "%s: %s", path, strerror(errno));
    }
    while (rc == 0 && (n = fread(buf, 1, sizeof(buf), part)) > 0) {
        platen_tables_buffer_add(&out->text, buf, n);
        rc = platen_tables_out_write(out, 0, err);
    }
    if (rc == 0 && ferror(part)) {
        rc = platen_tables_fail(err, PLATEN_TABLES_WRITE, "%s: %s", path, strerror(errno));
    }
    fclose(part);
    unlink(path);
    return rc;
}

/* Every table, as the members of one JSON object. */
static int
write_object(const format_t *to, platen_tables_source_t *source,
             const platen_tables_options_t *options, platen_tables_error_t *err)
{
    platen_tables_options_t one = *options;
    platen_tables_out_t     out;
    char                    part[4096];
    size_t                  i;
    int                     rc;

    if (snprintf(part, sizeof(part), "%s.part", options->output) >= (int) sizeof(part)) {
        return platen_tables_fail(err, PLATEN_TABLES_WRITE, "the path is too long");
    }
    one.output = part;
    rc = platen_tables_out_open(&out, options->output, NULL, err);
    for (i = 0; rc == 0 && i < source->tables; i++) {
        rc = source->select(source, i, err);
        if (rc == 0) {
            rc = write_table(to, source, &one, err);
        }
        if (rc == 0) {
            platen_tables_buffer_text(&out.text, i == 0 ? "{" : ",");
            platen_tables_buffer_json(&out.text, source->name, strlen(source->name));
            platen_tables_buffer_byte(&out.text, ':');
            rc = append(&out, part, err);
        }
    }
    if (rc == 0) {
        platen_tables_buffer_text(&out.text, "}\n");
        rc = platen_tables_out_end(&out, err);
    }
    platen_tables_out_free(&out);
    if (rc != 0) {
        unlink(options->output);
    }
    return rc;
}

/* "out/in-3-Sales.csv"; what no file's name has in it becomes a _. */
static int
name_output(const char *output, size_t number, const char *name, char *path, size_t size)
{
    const char *dot = strrchr(output, '.');
    int         n = dot == NULL ? 0 : (int) (dot - output);
    size_t      at, end;

    at = (size_t) snprintf(path, size, "%.*s-%zu-", n, output, number);
    /* Of a name, what fits into a file's; between two characters. */
    end = platen_utf8_cut(name, strlen(name), 150);
    if (at + end + strlen(output) >= size || n == 0) {
        return -1;
    }
    for (; end > 0; end--, name++) {
        path[at++] = platen_filename_takes(*name) ? *name : '_';
    }
    strcpy(path + at, dot);
    return 0;
}

static int
write_files(const format_t *to, platen_tables_source_t *source,
            const platen_tables_options_t *options, platen_tables_error_t *err)
{
    platen_tables_options_t one = *options;
    char                    path[4096];
    size_t                  i;
    int                     rc = 0;

    one.output = path;
    for (i = 0; rc == 0 && i < source->tables; i++) {
        rc = source->select(source, i, err);
        if (rc == 0
            && name_output(options->output, i + 1, source->name, path, sizeof(path)) != 0) {
            rc = platen_tables_fail(err, PLATEN_TABLES_WRITE, "the path is too long");
        }
        if (rc == 0) {
            rc = write_table(to, source, &one, err);
        }
    }
    return rc;
}

static int
convert(const format_t *from, const format_t *to, const platen_tables_options_t *options,
        platen_tables_error_t *err)
{
    platen_tables_source_t *source = NULL;
    int                     rc;

    rc = from->from(&source, options, err);
    if (rc != 0) {
        return rc;
    }
    if (options->sheet == NULL || strcmp(options->sheet, "all") != 0) {
        rc = write_table(to, source, options, err);
    } else if (strcmp(to->name, "json") == 0) {
        rc = write_object(to, source, options, err);
    } else {
        rc = write_files(to, source, options, err);
    }
    source->close(source);
    return rc;
}

/* A delimiter: one ASCII character that cannot be in a number or a quoted field. */
static int
read_delimiter(const char *text, char *delimiter)
{
    if (strlen(text) != 1 || strchr("\"\r\n.-", *text) != NULL || (*text & 0x80) != 0
        || (*text >= '0' && *text <= '9')) {
        return -1;
    }
    *delimiter = *text;
    return 0;
}

/* Whether the options belong to this conversion; NULL, or what is wrong. */
static const char *
check(const format_t *from, const format_t *to, const platen_tables_options_t *options)
{
    if (from == NULL) {
        return "--from is one of csv, json, jsonl, parquet, xlsx";
    }
    /* From CSV to CSV is another delimiter or encoding. */
    if (to == NULL || (to == from && strcmp(to->name, "csv") != 0)) {
        return "--to is another one of csv, json, jsonl, parquet, xlsx";
    }
    if (options->delimiter != 0 && !from->delimited) {
        return "--delimiter is for documents of CSV";
    }
    if (options->encoding != NULL && !from->text) {
        return "--encoding is for documents of CSV and JSON";
    }
    if ((options->out_delimiter != 0 || options->out_encoding != NULL) && !to->delimited) {
        return "--out-delimiter and --out-encoding are for results of CSV";
    }
    if (options->sheet != NULL && from->from != platen_tables_from_xlsx) {
        return "--sheet is for workbooks";
    }
    if ((options->encoding != NULL && platen_tables_text_charset(options->encoding, 0) == NULL)
        || (options->out_encoding != NULL
            && platen_tables_text_charset(options->out_encoding, 1) == NULL)) {
        return "there is no such encoding";
    }
    if (strcmp(options->input, options->output) == 0) {
        return "the result needs a path of its own";
    }
    if (from->duckdb && strpbrk(options->input, "*?[") != NULL) {
        return "to DuckDB the path of the document would be a pattern";
    }
    return NULL;
}

static int
run(platen_tables_options_t *options)
{
    const format_t       *from = format_find(options->from);
    const format_t       *to = format_find(options->to);
    const char           *wrong = check(from, to, options);
    platen_tables_error_t err = { "" };
    int                   rc;

    if (wrong != NULL) {
        return say(PLATEN_TABLES_USAGE, wrong);
    }
    if (options->out_delimiter == 0) {
        options->out_delimiter = ',';
    }
    options->tmp = getenv("TMPDIR");
    if (options->tmp == NULL || *options->tmp == '\0') {
        options->tmp = ".";
    }
    /* A limit on the size of files is an error of write(2) like any other. */
    signal(SIGXFSZ, SIG_IGN);

    rc = convert(from, to, options, &err);
    return rc == 0 ? 0 : say(rc, err.text);
}

int
main(int argc, char **argv)
{
    static const struct option names[] = {
        { "from", required_argument, NULL, 'f' },
        { "to", required_argument, NULL, 't' },
        { "duckdb", required_argument, NULL, 'D' },
        { "delimiter", required_argument, NULL, 'd' },
        { "encoding", required_argument, NULL, 'e' },
        { "out-delimiter", required_argument, NULL, 'o' },
        { "out-encoding", required_argument, NULL, 'E' },
        { "sheet", required_argument, NULL, 's' },
        { "header", required_argument, NULL, 'h' },
        { "settled", required_argument, NULL, 'S' },
        { "warnings", required_argument, NULL, 'w' },
        { "memory", required_argument, NULL, 'm' },
        { "probe", no_argument, NULL, 'p' },
        { NULL, 0, NULL, 0 },
    };
    platen_tables_options_t options = { 0 };
    int                     option, probing = 0, wrong = 0;
    char                   *end;

    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (option) {
        case 'f':
            options.from = optarg;
            break;
        case 't':
            options.to = optarg;
            break;
        case 'D':
            options.duckdb = optarg;
            break;
        case 'd':
            wrong |= read_delimiter(optarg, &options.delimiter);
            break;
        case 'e':
            options.encoding = optarg;
            break;
        case 'o':
            wrong |= read_delimiter(optarg, &options.out_delimiter);
            break;
        case 'E':
            options.out_encoding = optarg;
            break;
        case 's':
            options.sheet = optarg;
            break;
        case 'h':
            options.no_header = strcmp(optarg, "false") == 0;
            break;
        case 'S':
            options.settled = strcmp(optarg, "true") == 0;
            break;
        case 'w':
            options.warnings = optarg;
            break;
        case 'm':
            options.memory = strtoull(optarg, &end, 10);
            wrong |= *optarg < '0' || *optarg > '9' || *end != '\0' || options.memory == 0;
            break;
        case 'p':
            probing = 1;
            break;
        default:
            wrong = 1;
            break;
        }
    }
    if (!wrong && probing && argc == optind) {
        return probe(&options);
    }
    if (wrong || probing || argc != optind + 2) {
        return say(PLATEN_TABLES_USAGE,
                   "usage: platen-tables --from csv|json|parquet|xlsx"
                   " --to csv|json|parquet|xlsx [--duckdb PATH] [--delimiter C]"
                   " [--encoding NAME] [--out-delimiter C] [--out-encoding NAME] [--sheet NAME]"
                   " [--header true|false] [--settled true|false] [--warnings PATH]"
                   " [--memory BYTES] INPUT OUTPUT, or --probe");
    }
    options.input = argv[optind];
    options.output = argv[optind + 1];
    return run(&options);
}
