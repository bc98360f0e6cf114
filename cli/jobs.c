/*
 * platen status, jobs, formats, download, delete, cancel and retry: what clients may do with
 * jobs that are there.  Tables for people; --json prints what the server has said.
 */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "cli.h"
#include "fetch.h"
#include "http.h"
#include "output.h"

#define LIMIT 50

/* Reads --help and no other option.  The index of the first operand, or -1 with a code. */
static int
operands(int argc, char **argv, const char *usage, int min, int max, int *code)
{
    static const struct option names[] = { { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    int                        option = 0;

    optind = 0;
    option = getopt_long(argc, argv, "h", names, NULL);
    if (option == 'h') {
        printf("Usage: platen %s\n", usage);
        *code = PLATEN_CLI_DONE;
        return -1;
    }
    if (option != -1 || argc - optind < min || argc - optind > max) {
        fprintf(stderr, "Usage: platen %s\n", usage);
        *code = PLATEN_CLI_USAGE;
        return -1;
    }
    return optind;
}

static int
ask(const platen_settings_t *settings, const char *method, const char *path, const char *text,
    platen_http_response_t *r)
{
    platen_http_request_t request = {
        .method = method, .path = path, .text = text, .tries = 2
    };
    platen_http_t *http = platen_http_new(settings);

    *r = (platen_http_response_t){ .status = 0 };
    if (http == NULL) {
        fputs("platen: no memory\n", stderr);
        return PLATEN_CLI_FAILED;
    }
    (void) platen_http_do(http, &request, r);
    platen_http_destroy(&http);
    return platen_http_exit(r);
}

/* What was wrong, as the exit code says. */
static int
told(const char *what, platen_http_response_t *r, int code)
{
    char text[700];

    fprintf(stderr, "platen: %s%s%s\n", what, *what == '\0' ? "" : ": ",
            *r->error == '\0' ? "the server's answer is no JSON, so it is no Platen as it seems"
                              : platen_output_text(r->error, text, sizeof(text)));
    platen_http_free(r);
    return code;
}

/* Asks for JSON: NULL with a code, and told; else the response is to be freed, too. */
static json_t *
ask_json(const platen_settings_t *settings, const char *path, const char *what,
         platen_http_response_t *r, int *code)
{
    json_t *answer;

    *code = ask(settings, "GET", path, NULL, r);
    if (*code != PLATEN_CLI_DONE) {
        *code = told(what, r, *code);
        return NULL;
    }
    answer = platen_http_json(r);
    if (answer == NULL) {
        *code = told(what, r, PLATEN_CLI_FAILED);
    }
    return answer;
}

static const char *
word(const json_t *object, const char *name, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, name));

    return platen_output_text(text == NULL ? "-" : text, out, size);
}

static int
is_id(const char *id)
{
    if (strlen(id) == 36 && strspn(id, "0123456789abcdefABCDEF-") == 36) {
        return 1;
    }
    fprintf(stderr, "platen: \"%s\" is not a job's id\n", id);
    return 0;
}

int
platen_cli_status(const platen_settings_t *settings, int argc, char **argv)
{
    platen_http_response_t r;
    json_t                *ready, *value;
    const char            *name;
    char                  *dump, text[700], title[80];
    int                    code;

    if (operands(argc, argv, "status", 0, 0, &code) < 0) {
        return code;
    }
    code = ask(settings, "GET", "/health/ready", NULL, &r);
    ready = platen_http_json(&r);
    if (ready == NULL || (r.status != 200 && r.status != 503)) {
        json_decref(ready);
        return told("", &r, code == PLATEN_CLI_DONE ? PLATEN_CLI_AWAY : code);
    }
    if (settings->json) {
        platen_output_body(r.body);
    } else {
        printf("%-12s %s\n", "server", settings->url);
        json_object_foreach(ready, name, value)
        {
            dump = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
            printf("%-12s %s\n", platen_output_text(name, title, sizeof(title)),
                   platen_output_text(json_is_string(value) ? json_string_value(value)
                                      : dump == NULL        ? ""
                                                            : dump,
                                      text, sizeof(text)));
            free(dump);
        }
    }
    code = r.status == 200 ? PLATEN_CLI_DONE : PLATEN_CLI_AWAY;
    json_decref(ready);
    platen_http_free(&r);
    return code;
}

static void
show_jobs(const json_t *list)
{
    json_t *job;
    size_t  i;
    char    id[40], status[24], from[16], to[16], name[160], both[40], created[24];

    json_array_foreach((json_t *) (uintptr_t) list, i, job)
    {
        if (i == 0) {
            printf("%-36s  %-15s  %-19s  %-12s  %s\n", "ID", "STATUS", "CREATED", "FORMATS",
                   "FILE");
        }
        snprintf(both, sizeof(both), "%s>%s", word(job, "source_format", from, sizeof(from)),
                 word(job, "target_format", to, sizeof(to)));
        printf("%-36s  %-15s  %-19.19s  %-12s  %s\n", word(job, "job_id", id, sizeof(id)),
               word(job, "status", status, sizeof(status)),
               word(job, "created_at", created, sizeof(created)), both,
               word(job, "input_filename", name, sizeof(name)));
    }
}

int
platen_cli_jobs(const platen_settings_t *settings, int argc, char **argv)
{
    static const struct option names[] = { { "status", required_argument, NULL, 's' },
                                           { "limit", required_argument, NULL, 'n' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    platen_http_response_t     r;
    json_t                    *list;
    const char                *status = NULL;
    char                      *end, path[128];
    long                       limit = LIMIT;
    int                        option, code, bad = 0;

    optind = 0;
    while ((option = getopt_long(argc, argv, "s:n:h", names, NULL)) != -1) {
        if (option == 's') {
            status = optarg;
            bad |= strspn(status, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
                   != strlen(status);
        } else if (option == 'n') {
            limit = strtol(optarg, &end, 10);
            bad |= *end != '\0' || limit < 1 || limit > 1000;
        } else if (option == 'h') {
            puts("Usage: platen jobs [--status STATUS] [--limit N]");
            return PLATEN_CLI_DONE;
        } else {
            bad = 1;
        }
    }
    if (bad || optind != argc) {
        fputs("Usage: platen jobs [--status STATUS] [--limit N], at most 1000\n", stderr);
        return PLATEN_CLI_USAGE;
    }
    snprintf(path, sizeof(path), "/jobs?limit=%ld%s%.40s", limit,
             status == NULL ? "" : "&status=", status == NULL ? "" : status);
    list = ask_json(settings, path, "", &r, &code);
    if (list == NULL) {
        return code;
    }
    if (settings->json) {
        platen_output_body(r.body);
    } else {
        show_jobs(json_object_get(list, "jobs"));
    }
    json_decref(list);
    platen_http_free(&r);
    return PLATEN_CLI_DONE;
}

int
platen_cli_formats(const platen_settings_t *settings, int argc, char **argv)
{
    platen_http_response_t r;
    json_t                *all, *from, *to;
    size_t                 i, k;
    char                   text[32];
    const char            *only, *name;
    int                    first, code;

    first = operands(argc, argv, "formats [FROM]", 0, 1, &code);
    if (first < 0) {
        return code;
    }
    only = first < argc ? argv[first] : NULL;
    all = ask_json(settings, "/formats", "", &r, &code);
    if (all == NULL) {
        return code;
    }
    if (settings->json) {
        platen_output_body(r.body);
        json_decref(all);
        platen_http_free(&r);
        return PLATEN_CLI_DONE;
    }
    code = PLATEN_CLI_FAILED;
    json_array_foreach(json_object_get(all, "conversions"), i, from)
    {
        name = json_string_value(json_object_get(from, "from"));
        if (name == NULL || (only != NULL && strcasecmp(only, name) != 0)) {
            continue;
        }
        code = PLATEN_CLI_DONE;
        printf("%-8s ", platen_output_text(name, text, sizeof(text)));
        json_array_foreach(json_object_get(from, "to"), k, to)
        {
            name = json_is_string(to) ? json_string_value(to)
                                      : json_string_value(json_object_get(to, "format"));
            printf(" %s", platen_output_text(name == NULL ? "?" : name, text, sizeof(text)));
        }
        putchar('\n');
    }
    if (code != PLATEN_CLI_DONE) {
        fputs("platen: the server converts no such format\n", stderr);
    }
    json_decref(all);
    platen_http_free(&r);
    return code;
}

/* The job's JSON; NULL with a code, and told. */
static json_t *
get_job(const platen_settings_t *settings, const char *id, int *code)
{
    platen_http_response_t r;
    json_t                *job;
    char                   path[64];

    snprintf(path, sizeof(path), "/jobs/%.36s", id);
    job = ask_json(settings, path, id, &r, code);
    platen_http_free(&r);
    return job;
}

static int
download(const platen_settings_t *settings, const char *id, const char *out, int force)
{
    platen_fetch_t f = { .out = out, .force = force };
    platen_http_t *http;
    struct stat    st;
    json_t        *job;
    char           path[PATH_MAX] = "", err[1024], text[PATH_MAX];
    int            code;

    job = get_job(settings, id, &code);
    if (job == NULL) {
        return code;
    }
    f.is_file = stat(out, &st) != 0 || !S_ISDIR(st.st_mode);
    http = platen_http_new(settings);
    if (http == NULL) {
        json_decref(job);
        return PLATEN_CLI_FAILED;
    }
    code = platen_fetch(http, id, job, &f, path, err, sizeof(err));
    platen_http_destroy(&http);
    json_decref(job);
    if (code != PLATEN_CLI_DONE) {
        fprintf(stderr, "platen: %s: %s\n", id, platen_output_text(err, text, sizeof(text)));
    } else if (*path != '\0') {
        puts(platen_output_text(path, text, sizeof(text)));
    }
    return code;
}

int
platen_cli_download(const platen_settings_t *settings, int argc, char **argv)
{
    static const struct option names[] = { { "output", required_argument, NULL, 'o' },
                                           { "force", no_argument, NULL, 'F' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    const char                *out = ".";
    int                        option, force = 0;

    optind = 0;
    while ((option = getopt_long(argc, argv, "o:h", names, NULL)) != -1) {
        if (option == 'o') {
            out = optarg;
        } else if (option == 'F') {
            force = 1;
        } else if (option == 'h') {
            puts("Usage: platen download [-o FILE or DIR] [--force] ID");
            return PLATEN_CLI_DONE;
        } else {
            return PLATEN_CLI_USAGE;
        }
    }
    if (argc - optind != 1 || !is_id(argv[optind])) {
        fputs("Usage: platen download [-o FILE or DIR] [--force] ID\n", stderr);
        return PLATEN_CLI_USAGE;
    }
    return download(settings, argv[optind], out, force);
}

/* The same request for each id. */
static int
each(const platen_settings_t *settings, int argc, char **argv, const char *usage,
     const char *method, const char *suffix, const char *done, int only_open)
{
    platen_http_response_t r;
    json_t                *job;
    char                   path[64], status[24];
    int                    first, code, i, all = PLATEN_CLI_DONE;

    first = operands(argc, argv, usage, 1, 100000, &code);
    if (first < 0) {
        return code;
    }
    for (i = first; i < argc; i++) {
        if (!is_id(argv[i])) {
            return PLATEN_CLI_USAGE;
        }
    }
    for (i = first; i < argc; i++) {
        if (only_open) {
            job = get_job(settings, argv[i], &code);
            if (json_string_value(json_object_get(job, "completed_at")) != NULL) {
                fprintf(stderr, "platen: %s has ended (%s): platen delete removes it\n",
                        argv[i], word(job, "status", status, sizeof(status)));
                code = PLATEN_CLI_FAILED;
            }
            json_decref(job);
            if (code != PLATEN_CLI_DONE) {
                all = code;
                continue;
            }
        }
        snprintf(path, sizeof(path), "/jobs/%.36s%s", argv[i], suffix);
        code = ask(settings, method, path, strcmp(method, "POST") == 0 ? "" : NULL, &r);
        if (code != PLATEN_CLI_DONE) {
            all = told(argv[i], &r, code);
            continue;
        }
        printf("%s  %s\n", argv[i], done);
        platen_http_free(&r);
    }
    return all;
}

int
platen_cli_delete(const platen_settings_t *settings, int argc, char **argv)
{
    return each(settings, argc, argv, "delete ID...", "DELETE", "", "deleted", 0);
}

int
platen_cli_cancel(const platen_settings_t *settings, int argc, char **argv)
{
    return each(settings, argc, argv, "cancel ID...", "DELETE", "", "cancelled", 1);
}

int
platen_cli_retry(const platen_settings_t *settings, int argc, char **argv)
{
    return each(settings, argc, argv, "retry ID...", "POST", "/retry", "PENDING", 0);
}
