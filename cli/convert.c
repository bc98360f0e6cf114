/*
 * platen convert: documents to the server and results back, several at a time.  A thread to
 * each that is in work, with a connection of its own; the main thread reads the command line,
 * watches a directory (watch.h) and draws (progress.h).
 */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/platen.h"
#include "cli.h"
#include "fetch.h"
#include "http.h"
#include "output.h"
#include "progress.h"
#include "submit.h"
#include "watch.h"

#define QUEUE_MAX 100000
#define WAIT_S 30
#define PAUSE_MS 500L

typedef struct {
    const platen_settings_t *settings;
    const char              *to, *out, *name, *watch;
    const char              *fields[2 * PLATEN_SUBMIT_FIELDS + 1];
    size_t                   nfields;
    uint64_t                 resumable;
    int                      jobs, force, quiet, delete, to_stdout, is_file;

    pthread_mutex_t lock;
    pthread_cond_t  more;
    char           *queue[QUEUE_MAX];
    size_t          head, tail;
    int             closed; /* nothing more comes */
    int             code;
    int             left; /* threads that have not ended */
} convert_t;

typedef struct {
    convert_t              *c;
    int                     slot;
    platen_http_t          *http;
    const char             *name; /* of the document, to be shown */
    platen_progress_phase_t phase;
} worker_t;

static void
blame(convert_t *c, int code)
{
    pthread_mutex_lock(&c->lock);
    /* The first one that says more than that a document failed. */
    if (code != PLATEN_CLI_DONE
        && (c->code == PLATEN_CLI_DONE || c->code == PLATEN_CLI_FAILED)) {
        c->code = code;
    }
    pthread_mutex_unlock(&c->lock);
}

static void
on_progress(void *data, int up, uint64_t done, uint64_t all)
{
    worker_t *w = data;

    platen_progress_set(w->slot, NULL, up ? PLATEN_PROGRESS_UPLOAD : PLATEN_PROGRESS_DOWNLOAD,
                        all == 0 ? -1 : (int) (done * 1000 / all));
}

/* What there is of standard input, as read(2), or -1 at a signal: it may be long in coming. */
static ssize_t
read_input(char *bytes, size_t size)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

    while (!platen_cli_stopped) {
        if (poll(&in, 1, 100) > 0) {
            return read(STDIN_FILENO, bytes, size);
        }
    }
    errno = EINTR;
    return -1;
}

/* Standard input as a file that has no name. */
static int
spool(uint64_t *size, char *err, size_t errlen)
{
    const char *tmp = getenv("TMPDIR");
    char        bytes[65536], path[PATH_MAX];
    ssize_t     n;
    int         fd;

    snprintf(path, sizeof(path), "%s/platen-XXXXXX",
             tmp == NULL || *tmp == '\0' ? "/tmp" : tmp);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        snprintf(err, errlen, "%.900s: %s", path, strerror(errno));
        return -1;
    }
    (void) unlink(path);
    *size = 0;
    while ((n = read_input(bytes, sizeof(bytes))) != 0) {
        if (n < 0 || platen_bytes_write(fd, bytes, (size_t) n) != 0) {
            snprintf(err, errlen, "%s", platen_cli_stopped ? "stopped" : strerror(errno));
            close(fd);
            return -1;
        }
        *size += (uint64_t) n;
    }
    return fd;
}

/* Waits for the end of the job; its JSON, to be given back, or NULL with a code. */
static json_t *
await(worker_t *w, const char *id, int *code, char *err, size_t errlen)
{
    char                   path[128], match[200] = "";
    platen_http_request_t  request = { .method = "GET", .path = path };
    platen_http_response_t r;
    json_t                *job;
    const char            *status;
    long                   answer;
    double                 progress, seen = -1;
    const struct timespec  pause = { 0, PAUSE_MS * 1000000L };
    uint64_t               asked;

    for (;;) {
        asked = platen_monotonic_us();
        snprintf(path, sizeof(path), "/jobs/%s?wait=%d", id, WAIT_S);
        request.headers[0] = *match == '\0' ? NULL : match;
        answer = platen_http_do(w->http, &request, &r);
        if (answer != 200 && answer != 304) {
            *code = platen_http_exit(&r);
            snprintf(err, errlen, "%s", answer == 404 ? "the job was deleted" : r.error);
            platen_http_free(&r);
            return NULL;
        }
        job = answer == 304 ? NULL : platen_http_json(&r);
        status = json_string_value(json_object_get(job, "status"));
        if (*r.etag != '\0') {
            snprintf(match, sizeof(match), "If-None-Match: %s", r.etag);
        }
        platen_http_free(&r);
        if (status != NULL && strcmp(status, "PENDING") != 0
            && strcmp(status, "PROCESSING") != 0 && strcmp(status, "INITIATED") != 0) {
            return job;
        }
        progress = json_number_value(json_object_get(job, "progress"));
        if (status != NULL) {
            platen_progress_set(w->slot, NULL,
                                strcmp(status, "PROCESSING") == 0 ? PLATEN_PROGRESS_CONVERT
                                                                  : PLATEN_PROGRESS_WAIT,
                                progress >= 0 && progress <= 1 ? (int) (progress * 1000) : 0);
        } else if (answer == 200) {
            json_decref(job);
            *code = PLATEN_CLI_FAILED;
            snprintf(err, errlen, "the server's answer is no job");
            return NULL;
        }
        json_decref(job);
        /* One that does not wait until there is news, as a proxy has taken that out. */
        if ((answer == 304 || progress == seen)
            && platen_monotonic_us() - asked < PAUSE_MS * 1000UL) {
            nanosleep(&pause, NULL);
        }
        seen = answer == 304 ? seen : progress;
    }
}

static void
warn(const json_t *job, const char *shown)
{
    json_t *warnings = json_object_get(job, "warnings"), *warning;
    char    line[1024], text[800];
    size_t  i;

    json_array_foreach(warnings, i, warning)
    {
        snprintf(line, sizeof(line), "%s: warning: %s", shown,
                 platen_output_text(
                     json_string_value(warning) == NULL ? "" : json_string_value(warning), text,
                     sizeof(text)));
        platen_progress_say(line);
    }
}

static int
keep(worker_t *w, const char *id, const json_t *job, char *line, size_t size, char *err,
     size_t errlen)
{
    platen_fetch_t f = { .out = w->c->out,
                         .is_file = w->c->is_file,
                         .force = w->c->force,
                         .progress = on_progress,
                         .data = w };
    char           path[PATH_MAX] = "", shown[PATH_MAX];
    int            code;

    platen_progress_set(w->slot, NULL, PLATEN_PROGRESS_DOWNLOAD, 0);
    code = platen_fetch(w->http, id, job, &f, path, err, errlen);
    if (code == PLATEN_CLI_DONE && *path != '\0') {
        snprintf(line, size, "%s -> %s", w->name,
                 platen_output_text(path, shown, sizeof(shown)));
    }
    return code;
}

static void
remove_job(worker_t *w, const char *id)
{
    char                   path[128];
    platen_http_request_t  request = { .method = "DELETE", .path = path };
    platen_http_response_t r;

    snprintf(path, sizeof(path), "/jobs/%s", id);
    (void) platen_http_do(w->http, &request, &r);
    platen_http_free(&r);
}

/* One document, from its file to its result. */
static int
convert_one(worker_t *w, const char *path, char *line, size_t size)
{
    convert_t      *c = w->c;
    platen_submit_t s = { .resumable = c->resumable, .progress = on_progress, .data = w };
    struct stat     st;
    char            err[1024] = "", id[64] = "", text[900];
    const char     *slash = strrchr(path, '/'), *status;
    json_t         *job;
    int             code, is_stdin = strcmp(path, "-") == 0;

    memcpy(s.fields, c->fields, sizeof(s.fields));
    s.name = c->name != NULL ? c->name : is_stdin ? "stdin" : slash == NULL ? path : slash + 1;
    s.path = is_stdin ? NULL : path;
    /* A FIFO is not waited for: it is no file. */
    s.fd = is_stdin ? spool(&s.size, err, sizeof(err))
                    : open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (s.fd < 0) {
        snprintf(line, size, "%s: %s", w->name, is_stdin ? err : strerror(errno));
        return PLATEN_CLI_FAILED;
    }
    if (!is_stdin && (fstat(s.fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        snprintf(line, size, "%s: it is no file", w->name);
        close(s.fd);
        return PLATEN_CLI_FAILED;
    }
    s.size = is_stdin ? s.size : (uint64_t) st.st_size;

    code = platen_submit(w->http, c->settings, &s, id, err, sizeof(err));
    job = NULL;
    if (code == PLATEN_CLI_DONE) {
        job = await(w, id, &code, err, sizeof(err));
    }
    if (job != NULL) {
        status = json_string_value(json_object_get(job, "status"));
        if (strcmp(status, "SUCCESS") == 0 || strcmp(status, "PARTIAL_SUCCESS") == 0) {
            warn(job, w->name);
            code = keep(w, id, job, line, size, err, sizeof(err));
            if (code == PLATEN_CLI_DONE && *status == 'P') {
                snprintf(err, sizeof(err),
                         "some of its files were not converted: see"
                         " manifest.json in the result");
                code = PLATEN_CLI_FAILED;
            }
        } else {
            status = json_string_value(json_object_get(job, "error"));
            snprintf(err, sizeof(err), "%s", status == NULL ? "it was cancelled" : status);
            code = PLATEN_CLI_FAILED;
        }
        if (code == PLATEN_CLI_DONE || code == PLATEN_CLI_FAILED) {
            platen_submit_forget(c->settings, &s);
        }
        if (code == PLATEN_CLI_DONE && c->delete) {
            remove_job(w, id);
        }
        json_decref(job);
    }
    close(s.fd);
    if (code != PLATEN_CLI_DONE) {
        snprintf(line, size, "%s: %s%s%s%s", w->name,
                 platen_output_text(err, text, sizeof(text)), *id == '\0' ? "" : " (job ", id,
                 *id == '\0' ? "" : ")");
    }
    return code;
}

static void *
work(void *data)
{
    worker_t   *w = data;
    convert_t  *c = w->c;
    char       *path, shown[PATH_MAX], line[2048 + PATH_MAX];
    const char *slash;
    int         code;

    w->http = platen_http_new(c->settings);
    for (;;) {
        pthread_mutex_lock(&c->lock);
        while (c->head == c->tail && !c->closed && !platen_cli_stopped) {
            pthread_cond_wait(&c->more, &c->lock);
        }
        path =
            c->head == c->tail || platen_cli_stopped ? NULL : c->queue[c->head++ % QUEUE_MAX];
        if (path == NULL) {
            c->left--;
            pthread_mutex_unlock(&c->lock);
            break;
        }
        pthread_mutex_unlock(&c->lock);
        w->name = platen_output_text(strcmp(path, "-") == 0 ? "standard input" : path, shown,
                                     sizeof(shown));
        *line = '\0';
        slash = strrchr(w->name, '/');
        platen_progress_set(w->slot, slash == NULL ? w->name : slash + 1,
                            PLATEN_PROGRESS_UPLOAD, 0);
        code = w->http == NULL ? PLATEN_CLI_FAILED : convert_one(w, path, line, sizeof(line));
        platen_progress_end(w->slot, code == PLATEN_CLI_DONE, line);
        blame(c, code);
        free(path);
    }
    platen_http_destroy(&w->http);
    return NULL;
}

static int
enqueue(convert_t *c, const char *path)
{
    char *copy = strdup(path);
    int   full;

    if (!c->is_file) {
        platen_output_spare(path);
    }
    pthread_mutex_lock(&c->lock);
    full = c->tail - c->head == QUEUE_MAX || copy == NULL;
    if (!full) {
        c->queue[c->tail++ % QUEUE_MAX] = copy;
        platen_progress_expect();
        pthread_cond_signal(&c->more);
    }
    pthread_mutex_unlock(&c->lock);
    if (full) {
        free(copy);
    }
    return full ? -1 : 0;
}

static void
enqueue_found(void *data, const char *path)
{
    if (enqueue(data, path) != 0) {
        platen_progress_say("too many documents wait: some are left for the next start");
    }
}

/* --- the command line ---------------------------------------------------------- */

static void
usage(FILE *out)
{
    fputs("Usage: platen convert [OPTION...] --to FORMAT FILE...\n"
          "       platen convert [OPTION...] --to FORMAT --watch DIR\n"
          "\n"
          "  -t, --to FORMAT          what they become: pdf, docx, txt ...\n"
          "  -f, --from FORMAT        what they are, where their content leaves a choice\n"
          "  -o, --output PATH        a directory, or for one document a file; -: standard "
          "output\n"
          "  -O, --option NAME=VALUE  of the conversion, as `pages=1-3`; may be repeated\n"
          "  -j, --jobs N             so many at a time (4)\n"
          "      --force              overwrite results that are there\n"
          "      --name NAME          what standard input is called\n"
          "      --resumable-from N   bytes from which on uploads can be resumed (8388608)\n"
          "      --delete             delete the jobs on the server when results are here\n"
          "  -w, --watch DIR          convert what comes into a directory, until a signal\n"
          "  -q, --quiet              only what went wrong\n"
          "  -h, --help               show this text\n"
          "\n"
          "FILE -: standard input; its result goes to standard output unless -o says "
          "otherwise.\n",
          out);
}

static int
add_field(convert_t *c, const char *name, const char *value)
{
    if (c->nfields == PLATEN_SUBMIT_FIELDS) {
        return -1;
    }
    c->fields[2 * c->nfields] = name;
    c->fields[2 * c->nfields + 1] = value;
    c->fields[2 * ++c->nfields] = NULL;
    return 0;
}

/* "name=value", of argv: cut in two. */
static int
add_option(convert_t *c, char *text)
{
    char *equals = strchr(text, '=');

    if (equals == NULL || equals == text) {
        fprintf(stderr, "platen: --option takes name=value, not \"%s\"\n", text);
        return -1;
    }
    *equals = '\0';
    return add_field(c, text, equals + 1);
}

static int
number(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text < '0' || *text > '9' || *end != '\0' || errno != 0 || *out < min || *out > max
               ? -1
               : 0;
}

enum { FORCE = 256, NAME, RESUMABLE, DELETE };

/* 0 with the first operand in optind; else -1 with an exit code. */
static int
read_options(convert_t *c, int argc, char **argv, int *code)
{
    static const struct option names[] = {
        { "to", required_argument, NULL, 't' },
        { "from", required_argument, NULL, 'f' },
        { "output", required_argument, NULL, 'o' },
        { "option", required_argument, NULL, 'O' },
        { "jobs", required_argument, NULL, 'j' },
        { "force", no_argument, NULL, FORCE },
        { "name", required_argument, NULL, NAME },
        { "resumable-from", required_argument, NULL, RESUMABLE },
        { "delete", no_argument, NULL, DELETE },
        { "watch", required_argument, NULL, 'w' },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    uint64_t n = 0;
    int      option, bad = 0;

    *code = PLATEN_CLI_USAGE;
    optind = 0;
    while (!bad && (option = getopt_long(argc, argv, "t:f:o:O:j:w:qh", names, NULL)) != -1) {
        switch (option) {
        case 't':
            c->to = optarg;
            bad = add_field(c, "target_format", optarg);
            break;
        case 'f':
            bad = add_field(c, "source_format", optarg);
            break;
        case 'o':
            c->out = optarg;
            break;
        case 'O':
            bad = add_option(c, optarg);
            break;
        case 'j':
            bad = number(optarg, 1, PLATEN_PROGRESS_SLOTS, &n);
            c->jobs = (int) n;
            break;
        case FORCE:
            c->force = 1;
            break;
        case NAME:
            c->name = optarg;
            break;
        case RESUMABLE:
            bad = number(optarg, 1, INT64_MAX, &c->resumable);
            break;
        case DELETE:
            c->delete = 1;
            break;
        case 'w':
            c->watch = optarg;
            break;
        case 'q':
            c->quiet = 1;
            break;
        case 'h':
            usage(stdout);
            *code = PLATEN_CLI_DONE;
            return -1;
        default:
            bad = 1;
        }
    }
    if (bad) {
        fputs("See: platen convert --help\n", stderr);
        return -1;
    }
    return 0;
}

/* Whether what is asked for goes together; decides where results go. */
static int
settle(convert_t *c, int argc, char **argv)
{
    struct stat st;
    int         operands = argc - optind, is_stdin = 0, i;

    for (i = optind; i < argc; i++) {
        is_stdin |= strcmp(argv[i], "-") == 0;
    }
    if (c->to == NULL) {
        fputs("platen: say what they become: --to pdf\n", stderr);
        return -1;
    }
    if ((operands == 0) == (c->watch == NULL)) {
        fputs(operands == 0 ? "platen: which documents? name them, or --watch DIR\n"
                            : "platen: --watch takes no documents beside it\n",
              stderr);
        return -1;
    }
    if (is_stdin && operands > 1) {
        fputs("platen: standard input is converted alone\n", stderr);
        return -1;
    }
    if (c->name != NULL && operands != 1) {
        fputs("platen: --name is of one document\n", stderr);
        return -1;
    }
    if (c->out == NULL) {
        c->out = is_stdin ? "-" : c->watch != NULL ? c->watch : ".";
    }
    c->to_stdout = strcmp(c->out, "-") == 0;
    if (c->to_stdout && (operands != 1 || isatty(STDOUT_FILENO))) {
        fputs(operands != 1 ? "platen: one result at a time goes to standard output\n"
                            : "platen: a result is not written to a terminal: say -o FILE\n",
              stderr);
        return -1;
    }
    c->is_file = !c->to_stdout && operands == 1 && c->out[strlen(c->out) - 1] != '/'
                 && (stat(c->out, &st) != 0 || !S_ISDIR(st.st_mode));
    return 0;
}

/* The directory is made if it is not there.  An exit code. */
static int
prepare(const convert_t *c)
{
    struct stat st;

    if (c->to_stdout) {
        return PLATEN_CLI_DONE;
    }
    if (c->is_file) {
        if (!c->force && lstat(c->out, &st) == 0) {
            fprintf(stderr, "platen: %s is there already: --force overwrites it\n", c->out);
            return PLATEN_CLI_OUTPUT;
        }
        return PLATEN_CLI_DONE;
    }
    if (mkdir(c->out, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "platen: %s: %s\n", c->out, strerror(errno));
        return PLATEN_CLI_OUTPUT;
    }
    if (stat(c->out, &st) != 0 || !S_ISDIR(st.st_mode)) {
        fprintf(stderr, "platen: %s is no directory, and several results go there\n", c->out);
        return PLATEN_CLI_OUTPUT;
    }
    return PLATEN_CLI_DONE;
}

static void
close_queue(convert_t *c)
{
    pthread_mutex_lock(&c->lock);
    c->closed = 1;
    pthread_cond_broadcast(&c->more);
    pthread_mutex_unlock(&c->lock);
}

static int
any_left(convert_t *c)
{
    int left;

    pthread_mutex_lock(&c->lock);
    left = c->left;
    pthread_mutex_unlock(&c->lock);
    return left;
}

static int
run(convert_t *c, const platen_watch_t *dir, int watch)
{
    static worker_t workers[PLATEN_PROGRESS_SLOTS];
    pthread_t       threads[PLATEN_PROGRESS_SLOTS];
    struct pollfd   pfd = { .fd = watch, .events = POLLIN };
    int             i, n = 0;

    if (watch < 0) {
        c->closed = 1;
    }
    for (i = 0; i < c->jobs; i++) {
        workers[n] = (worker_t){ .c = c, .slot = n };
        pthread_mutex_lock(&c->lock);
        c->left++;
        pthread_mutex_unlock(&c->lock);
        if (pthread_create(&threads[n], NULL, work, &workers[n]) == 0) {
            n++;
        } else {
            pthread_mutex_lock(&c->lock);
            c->left--;
            pthread_mutex_unlock(&c->lock);
        }
    }
    while (any_left(c) > 0) {
        (void) poll(&pfd, watch >= 0, 100);
        if (watch >= 0) {
            platen_watch_read(dir, watch);
        }
        if (platen_cli_stopped) {
            close_queue(c);
        }
        platen_progress_draw();
    }
    for (i = 0; i < n; i++) {
        pthread_join(threads[i], NULL);
    }
    platen_progress_stop();
    if (n == 0) {
        fputs("platen: no thread is to be had\n", stderr);
        return PLATEN_CLI_FAILED;
    }
    return c->code;
}

int
platen_cli_convert(const platen_settings_t *settings, int argc, char **argv)
{
    static convert_t c = { .lock = PTHREAD_MUTEX_INITIALIZER,
                           .more = PTHREAD_COND_INITIALIZER,
                           .resumable = PLATEN_SUBMIT_RESUMABLE };
    platen_watch_t   dir;
    int              code, i, watch = -1;

    c.settings = settings;
    c.jobs = settings->jobs;
    if (read_options(&c, argc, argv, &code) != 0) {
        return code;
    }
    if (settle(&c, argc, argv) != 0) {
        return PLATEN_CLI_USAGE;
    }
    code = prepare(&c);
    if (code != PLATEN_CLI_DONE) {
        return code;
    }
    platen_progress_start(isatty(STDERR_FILENO), c.quiet);
    for (i = optind; i < argc; i++) {
        if (enqueue(&c, argv[i]) != 0) {
            fputs("platen: that many documents are too many: in several calls\n", stderr);
            return PLATEN_CLI_USAGE;
        }
    }
    if (c.watch != NULL) {
        dir = (platen_watch_t){
            .dir = c.watch, .out = c.out, .to = c.to, .found = enqueue_found, .data = &c
        };
        watch = platen_watch_start(&dir);
        if (watch < 0) {
            return PLATEN_CLI_USAGE;
        }
    } else if (c.jobs > (int) (argc - optind)) {
        c.jobs = argc - optind;
    }
    code = run(&c, &dir, watch);
    if (watch >= 0) {
        close(watch);
        return code == PLATEN_CLI_STOPPED ? PLATEN_CLI_DONE : code;
    }
    return platen_cli_stopped ? PLATEN_CLI_STOPPED : code;
}
