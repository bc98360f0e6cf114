/*
 * platen-tables: converts one table.  A program of its own, which the sidecar
 * executes in the sandbox for each document: it needs no network, no home, no
 * environment but TMPDIR, starts no process, and uses one thread.
 *
 *   platen-tables --from FORMAT --to FORMAT [OPTION VALUE ...] INPUT OUTPUT
 *   platen-tables --probe [--duckdb PATH]
 *
 *   --from           csv, json, parquet
 *   --to             csv, json, parquet, xlsx
 *   --duckdb         libduckdb.so, for Parquet
 *   --delimiter      of a CSV document; found out by default
 *   --encoding       of a CSV or JSON document: utf-8, utf-16, iso-8859-1,
 *                    iso-8859-15, windows-1252; found out by default
 *   --out-delimiter  of the CSV result: a comma by default
 *   --out-encoding   of the CSV result: utf-8 by default
 *   --memory         bytes for DuckDB's buffers; by default half of RLIMIT_AS
 *
 * --probe prints what can be converted here, "from to" on each line.
 *
 * A document is read as a stream, CSV and JSON twice (the first time to learn
 * its columns), and memory is that of its longest row.  What becomes of values
 * is said in platen_tables_column.h, and of each format in its own file.  The
 * exit code is one of platen_tables.h, with a sentence as the last line on
 * standard error; an incomplete result is removed.
 */

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platen.h"
#include "platen_tables.h"
#include "platen_tables_duckdb.h"
#include "platen_tables_text.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

typedef struct {
    const char            *name;
    platen_tables_source_f from; /* NULL: it is not read */
    platen_tables_sink_f   to;
    int                    duckdb;    /* it is needed for it */
    int                    delimited; /* has a delimiter, and an encoding when written */
    int                    text;      /* has an encoding when read */
} format_t;

static const format_t formats[] = {
    { "csv", platen_tables_from_csv, platen_tables_to_csv, 0, 1, 1 },
    { "json", platen_tables_from_json, platen_tables_to_json, 0, 0, 1 },
    { "parquet", platen_tables_from_parquet, platen_tables_to_parquet, 1, 0, 0 },
    { "xlsx", NULL, platen_tables_to_xlsx, 0, 0, 0 },
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
            if (i != k && formats[i].from != NULL
                && (parquet || (!formats[i].duckdb && !formats[k].duckdb))) {
                printf("%s %s\n", formats[i].name, formats[k].name);
            }
        }
    }
    return fflush(stdout) == 0 ? 0 : PLATEN_TABLES_WRITE;
}

static int
convert(const format_t *from, const format_t *to, const platen_tables_options_t *options,
        platen_tables_error_t *err)
{
    platen_tables_source_t *source = NULL;
    platen_tables_sink_t   *sink = NULL;
    int                     rc;

    rc = from->from(&source, options, err);
    if (rc == 0 && source->ncolumns == 0) {
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
    if (source != NULL) {
        source->close(source);
    }
    if (rc != 0) {
        unlink(options->output);
    }
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
    if (from == NULL || from->from == NULL) {
        return "--from is one of csv, json, parquet";
    }
    /* From CSV to CSV is another delimiter or encoding. */
    if (to == NULL || (to == from && strcmp(to->name, "csv") != 0)) {
        return "--to is another one of csv, json, parquet, xlsx";
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
    if ((options->encoding != NULL && platen_tables_text_charset(options->encoding) == NULL)
        || (options->out_encoding != NULL
            && platen_tables_text_charset(options->out_encoding) == NULL)) {
        return "an encoding is one of utf-8, utf-16, iso-8859-1, iso-8859-15, windows-1252";
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
                   "usage: platen-tables --from csv|json|parquet --to csv|json|parquet|xlsx"
                   " [--duckdb PATH] [--delimiter C] [--encoding NAME] [--out-delimiter C]"
                   " [--out-encoding NAME] [--memory BYTES] INPUT OUTPUT, or --probe");
    }
    options.input = argv[optind];
    options.output = argv[optind + 1];
    return run(&options);
}
