/*
 * The finish; see schedule/finish.h.  What the engine left behind is taken for
 * hostile: it is opened without following links and without waiting, and must
 * be a plain file of the right kind.  Order: sync the bytes, rename to a name
 * with the epoch, sync the directory, commit; so a kill at any point leaves
 * either a result that the record names or a file that nobody names.
 *
 * Runs in any thread; owns nothing but the file while it looks at it.
 * Failures of this machine (no space, I/O error) put the job back in the queue.
 */

#include "schedule/finish.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "base/crash.h"
#include "format/filename.h"
#include "format/inspect.h"
#include "run/tree.h"

#define HASH_CHUNK (64 * 1024)

static void fail(platen_verdict_t *v, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
fail(platen_verdict_t *v, const char *code, const char *format, ...)
{
    va_list args;

    v->state = PLATEN_STATE_FAILED;
    v->error_code = code;
    va_start(args, format);
    vsnprintf(v->error, sizeof(v->error), format, args);
    va_end(args);
}

/* Back to the queue, later, for a fault of this machine that platend itself has seen. */
static void
requeue(platen_verdict_t *v, const char *step, const char *why)
{
    v->state = PLATEN_STATE_PENDING;
    v->blame = PLATEN_BLAME_MACHINE;
    v->pause = 1;
    snprintf(v->detail, sizeof(v->detail), "cannot %s: %s", step, why);
}

#define SERVER_FAILED                                                                          \
    "This server could not carry out the conversion, and not for any fault of the "            \
    "document. Tell its operator the request id, and retry the job later."

/* What went wrong with the document, and what its owner can do: "%s" is its format. */
static const struct {
    platen_run_outcome_t outcome;
    const char          *code;
    const char          *error;
    int                  again; /* it may go better the next time */
} failures[] = {
    { PLATEN_RUN_CORRUPT, "corrupt_document",
      "The document is damaged, or not what its name says, and cannot be read. Open it in its "
      "own application, save a new copy, and submit that.",
      0 },
    { PLATEN_RUN_ENCRYPTED, "password_required",
      "The document is protected by a password. Submit it again with its password in the field "
      "\"password\".",
      0 },
    { PLATEN_RUN_PASSWORD, "wrong_password",
      "The password does not open the document. Submit it again with the right one.", 0 },
    { PLATEN_RUN_EMPTY, "empty_document",
      "There is nothing in the document that could be converted.", 0 },
    { PLATEN_RUN_PAGES, "pages_out_of_range",
      "The document does not have all of the pages asked for. Ask for pages that it has, in "
      "the "
      "field \"pages\".",
      0 },
    { PLATEN_RUN_SHEET, "sheet_not_found",
      "The workbook has no such sheet. Name one that it has, or give its number from 1, or "
      "(but with values=display) \"all\", in the field \"sheet\".",
      0 },
    { PLATEN_RUN_FAILED, "conversion_failed",
      "The document was read, but could not be converted to the target format. Try another "
      "target format, or save the document anew in its own application and submit that.",
      0 },
    { PLATEN_RUN_CRASHED, "converter_crashed",
      "The converter crashed on this document. Open it in its own application, save a new "
      "copy, and submit that.",
      1 },
    { PLATEN_RUN_TIMEOUT, "conversion_timeout",
      "The conversion took longer than this server allows and was stopped. Submit a smaller "
      "document, or split this one.",
      1 },
    { PLATEN_RUN_MEMORY, "out_of_memory",
      "The conversion needs more memory than this server allows. Submit a smaller document, or "
      "split this one.",
      0 },
    /* As often as what crashes, and no more: it may be the document that needs that much, or
     * one that has killed itself while memory was short. */
    { PLATEN_RUN_STARVED, "out_of_memory",
      "This server ran out of memory during the conversion. Retry the job later; or submit a "
      "smaller document, or split this one.",
      1 },
    { PLATEN_RUN_TOO_LARGE, "too_large_output",
      "The result is larger than this server, or its format, allows. Split the document and "
      "submit its parts.",
      0 },
    { PLATEN_RUN_DISK, "out_of_disk",
      "The conversion was stopped because it had nearly filled the server's disk. Submit a "
      "smaller document, or split this one; or retry the job later.",
      1 },
    { PLATEN_RUN_THREADS, "too_many_threads",
      "The conversion started more threads than this server allows, and was stopped. Open the "
      "document in its own application, save a new copy, and submit that.",
      1 },
    /* Its word only, which a document may have put into its mouth: so it ends here. */
    { PLATEN_RUN_SETUP, "server_failed", SERVER_FAILED, 0 },
    { PLATEN_RUN_INPUT_MISSING, "input_missing",
      "The uploaded document is no longer on the server. Submit it again.", 0 },
};

/* A crash or a timeout: once more, until there were too many of them. */
static void
again_or(const platen_config_t *config, const platen_task_t *task, platen_verdict_t *v)
{
    v->blame = PLATEN_BLAME_DOCUMENT;
    if (task->crashes + 1 < config->attempts) {
        v->state = PLATEN_STATE_PENDING;
    }
}

static int
fail_as(platen_verdict_t *v, platen_run_outcome_t outcome)
{
    size_t i;

    for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (failures[i].outcome == outcome) {
            fail(v, failures[i].code, "%s", failures[i].error);
            return failures[i].again;
        }
    }
    return 0;
}

/*
 * What a program of ours has to say of the document, for its client: where it is
 * damaged, or which limit it is over.  It comes out of the sandbox.
 */
static void
say_limit(platen_verdict_t *v, const platen_run_result_t *result)
{
    if (result->limit != NULL) {
        snprintf(v->error, sizeof(v->error),
                 "The conversion needs more memory than this server allows (%s, %llu MiB). "
                 "Submit a smaller document, or split this one.",
                 result->limit, (unsigned long long) (result->allowed >> 20));
    }
}

static void
say_why(platen_verdict_t *v, const platen_run_result_t *result)
{
    static const char own[] = "platen-tables: ";
    const char       *at = strstr(result->last_line, "XML parse error");
    unsigned          row, column;
    char              line[sizeof(result->last_line) + 1], shown[PLATEN_WARNINGS_MAX] = "";
    size_t            n;

    if (strncmp(result->last_line, own, sizeof(own) - 1) == 0) {
        snprintf(line, sizeof(line), "%s\n", result->last_line + sizeof(own) - 1);
        n = platen_warning_lines(line, 0, shown);
        if (n > 0) {
            snprintf(v->error, sizeof(v->error), "%s: %.*s. Correct it, and submit it again.",
                     result->outcome == PLATEN_RUN_CORRUPT ? "The document is damaged"
                                                           : "The result would be too large",
                     (int) (n > 180 ? 180 : n), shown);
        }
    } else if (result->outcome == PLATEN_RUN_CORRUPT && at != NULL
               && (at = strstr(at, " on line ")) != NULL
               && sscanf(at, " on line %u column %u", &row, &column) == 2) {
        snprintf(v->error, sizeof(v->error),
                 "The document is damaged: its XML is not well-formed, in line %u, column %u. "
                 "Correct it, and submit it again.",
                 row, column);
    } else if (result->outcome == PLATEN_RUN_TOO_LARGE && result->engine != NULL
               && (strcmp(result->engine, "poppler") == 0
                   || strcmp(result->engine, "image") == 0)) {
        snprintf(v->error, sizeof(v->error),
                 "The images are larger than this server allows. Ask for smaller ones by the "
                 "options width or resolution, or for fewer pages by the option pages.");
    }
}

void
platen_finish_unpublish(const platen_config_t *config, const platen_task_t *task)
{
    char path[PLATEN_PATH_MAX];
    int  error;

    platen_layout_path(config->data_path, PLATEN_DIR_OUTPUT, &task->id, task->epoch, path);
    error = unlink(path) == 0 ? 0 : errno;
    if (error != 0 && error != ENOENT) {
        platen_log_path(PLATEN_LOG_ERROR, "cannot remove a discarded result",
                        platen_task_context(task), path, error);
    }
}

/* Opens <work>/out/<name>: the file itself, or -1 with errno. */
static int
open_output(const platen_run_result_t *result)
{
    char path[PLATEN_PATH_MAX + 8];
    int  dir, fd, saved;

    snprintf(path, sizeof(path), "%s/out", result->work);
    dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (dir < 0) {
        return -1;
    }
    (void) fchmod(dir, 0700); /* or nothing could be moved out of it */
    fd = openat(dir, result->output, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    saved = errno;
    close(dir);
    errno = saved;
    return fd;
}

static int
hash_file(int fd, uint8_t out[PLATEN_SHA256_LEN], uint32_t *crc)
{
    EVP_MD_CTX *md;
    uint8_t    *buf;
    ssize_t     n = -1;
    off_t       at = 0;
    uLong       sum = crc32(0, NULL, 0);
    int         rc = -1;

    errno = ENOMEM;
    md = EVP_MD_CTX_new();
    buf = malloc(HASH_CHUNK);
    if (md == NULL || buf == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        goto done;
    }
    while ((n = pread(fd, buf, HASH_CHUNK, at)) > 0) {
        if (EVP_DigestUpdate(md, buf, (size_t) n) != 1) {
            goto done;
        }
        sum = crc32(sum, buf, (unsigned) n);
        at += n;
    }
    *crc = (uint32_t) sum;
    if (n == 0 && EVP_DigestFinal_ex(md, out, NULL) == 1) {
        rc = 0;
    }

done:
    EVP_MD_CTX_free(md);
    free(buf);
    return rc;
}

/* Whether a text has nothing but blanks in it, as that of a scanned page. */
static int
is_blank(int fd, off_t size, const platen_format_t *format)
{
    char    buf[4096];
    ssize_t n, i;

    if (format->family != PLATEN_FAMILY_TEXT || size > (off_t) sizeof(buf)) {
        return 0;
    }
    n = pread(fd, buf, sizeof(buf), 0);
    for (i = 0; i < n; i++) {
        if (strchr(" \t\r\n\f", buf[i]) == NULL || buf[i] == '\0') {
            return 0;
        }
    }
    return n >= 0;
}

static int
publish(const platen_config_t *config, const platen_task_t *task, const char *from)
{
    if (platen_layout_publish(config->data_path, from, PLATEN_DIR_OUTPUT, &task->id,
                              task->epoch)
        != 0) {
        return -1;
    }
    platen_crash_point(PLATEN_CRASH_FINISH_RENAMED);
    if (platen_layout_sync(config->data_path, PLATEN_DIR_OUTPUT, &task->id) != 0) {
        return -1;
    }
    platen_crash_point(PLATEN_CRASH_FINISH_LISTED);
    return 0;
}

/* Whether it is no matter of what the engine has left there that it cannot be opened. */
static int
is_machines(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOMEM || error == EIO;
}

/* The engine is done: is there a result, and is it one? */
static void
judge_output(const platen_config_t *config, const platen_task_t *task,
             const platen_run_result_t *result, platen_verdict_t *v)
{
    struct stat st;
    char        path[2 * PLATEN_PATH_MAX];
    int         fd, wanted;
    size_t      n;

    fd = open_output(result);
    if (fd < 0 && is_machines(errno)) {
        requeue(v, "open the output", strerror(errno));
        return;
    }
    if (fd < 0) {
        fail_as(v, PLATEN_RUN_FAILED);
        snprintf(v->detail, sizeof(v->detail), "no output: %s", strerror(errno));
        return;
    }

    /* A second name would let someone change the bytes after this. */
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1) {
        fail_as(v, PLATEN_RUN_FAILED);
        snprintf(v->detail, sizeof(v->detail), "the output is no plain file");
        goto done;
    }
    /* A text may be empty (with a warning); no other format has such a file. */
    if (st.st_size == 0 && strcmp(result->format->name, "txt") != 0) {
        fail_as(v, result->format->family == PLATEN_FAMILY_TEXT ? PLATEN_RUN_EMPTY
                                                                : PLATEN_RUN_FAILED);
        snprintf(v->detail, sizeof(v->detail), "the output is empty");
        goto done;
    }
    if ((uint64_t) st.st_size >= config->output_size) {
        fail_as(v, PLATEN_RUN_TOO_LARGE);
        goto done;
    }

    wanted = st.st_size == 0 ? 1 : platen_inspect_result(fd, st.st_size, result->format);
    if (wanted < 0) {
        requeue(v, "look at the output", strerror(errno));
        goto done;
    }
    if (!wanted) {
        fail_as(v, PLATEN_RUN_FAILED);
        snprintf(v->detail, sizeof(v->detail), "the output is not %s", result->format->name);
        goto done;
    }

    if (task->kind == PLATEN_TASK_CANARY) {
        v->state = PLATEN_STATE_SUCCESS; /* nobody wants to have it */
        goto done;
    }
    if (fchmod(fd, 0640) != 0 || hash_file(fd, v->output_sha256, &v->output_crc) != 0
        || fdatasync(fd) != 0) {
        requeue(v, "sync the output", strerror(errno));
        goto done;
    }
    platen_crash_point(PLATEN_CRASH_FINISH_SYNCED);

    snprintf(path, sizeof(path), "%s/out/%s", result->work, result->output);
    if (publish(config, task, path) != 0) {
        requeue(v, "publish the output", strerror(errno));
        platen_finish_unpublish(config, task);
        goto done;
    }

    v->state = PLATEN_STATE_SUCCESS;
    v->published = 1;
    v->output_size = (uint64_t) st.st_size;
    if (task->kind == PLATEN_TASK_DOCUMENT) {
        platen_route_names(&task->route, '\n', v->engines, sizeof(v->engines));
    }
    v->output_format = result->format == task->to ? NULL : result->format->name;
    n = platen_warning_fonts(result->fonts, v->warnings);
    n = platen_warning_lines(result->warnings, n, v->warnings);
    if (is_blank(fd, st.st_size, result->format)) {
        snprintf(v->warnings + n, sizeof(v->warnings) - n,
                 "%sThere is no text in the result; a scanned page, for one, has none.",
                 n == 0 ? "" : "\n");
    }

done:
    close(fd);
}

/*
 * A failure on a disk without space is most likely that of the disk, and says
 * nothing about the document: engines have all kinds of ends then.  Unless it is
 * this run that has filled it: what would fill the disk each time is tried as
 * often as what crashes, and holds up no one.
 */
static void
blame_disk(const platen_config_t *config, const platen_task_t *task,
           const platen_run_result_t *result, platen_verdict_t *v)
{
    uint64_t space = platen_layout_space(config->data_path), own;

    if (v->state == PLATEN_STATE_SUCCESS || space >= PLATEN_SPACE_MIN / 4) {
        return;
    }
    own = platen_tree_total(result->work);
    if (own < PLATEN_SPACE_MIN - space) {
        requeue(v, "write the result", strerror(ENOSPC));
        return;
    }
    fail_as(v, PLATEN_RUN_DISK);
    again_or(config, task, v);
    snprintf(v->detail, sizeof(v->detail), "it has filled the disk");
}

void
platen_finish_judge(const platen_config_t *config, const platen_task_t *task,
                    const platen_run_result_t *result, platen_verdict_t *v)
{
    memset(v, 0, sizeof(*v));
    memcpy(v->last_line, result->last_line, sizeof(v->last_line));
    v->exit_code = result->exit_code;
    v->signal = result->signal;

    switch (result->outcome) {
    case PLATEN_RUN_DONE:
        judge_output(config, task, result, v);
        blame_disk(config, task, result, v);
        break;

    case PLATEN_RUN_INTERRUPTED:
        v->state = PLATEN_STATE_PENDING;
        break;

    /* A document may be behind it; so this ends (platen_finish_poison). */
    case PLATEN_RUN_LOST:
        v->state = PLATEN_STATE_PENDING;
        v->blame = PLATEN_BLAME_SIDECAR;
        snprintf(v->detail, sizeof(v->detail), "LibreOffice died");
        break;

    case PLATEN_RUN_DECLINED: /* twice */
        (void) fail_as(v, PLATEN_RUN_FAILED);
        break;

    case PLATEN_RUN_DISCARDED:
        v->state = PLATEN_STATE_NONE;
        break;

    case PLATEN_RUN_ERROR:
        requeue(v, result->step, strerror(result->error));
        v->pause = result->everyones;
        break;

    default:
        if (fail_as(v, result->outcome)) {
            again_or(config, task, v);
        }
        if (result->outcome == PLATEN_RUN_CORRUPT || result->outcome == PLATEN_RUN_TOO_LARGE) {
            say_why(v, result);
        }
        if (result->outcome == PLATEN_RUN_MEMORY) {
            say_limit(v, result);
        }
        if (result->outcome == PLATEN_RUN_FAILED || result->outcome == PLATEN_RUN_CRASHED
            || result->outcome == PLATEN_RUN_CORRUPT || result->outcome == PLATEN_RUN_SETUP) {
            blame_disk(config, task, result, v);
        }
        break;
    }
}

void
platen_finish_unsupported(platen_str_t from, platen_str_t to, int options, platen_verdict_t *v)
{
    memset(v, 0, sizeof(*v));
    if (options) {
        fail(
            v, "unsupported_option",
            "This server cannot convert %.*s to %.*s with these options together. GET /formats "
            "lists what each conversion takes; leave one out.",
            (int) from.len, from.data == NULL ? "" : from.data, (int) to.len,
            to.data == NULL ? "" : to.data);
        return;
    }
    fail(v, "unsupported_conversion",
         "This server cannot convert %.*s to %.*s. GET /formats lists what it can convert.",
         (int) from.len, from.data == NULL ? "" : from.data, (int) to.len,
         to.data == NULL ? "" : to.data);
}

void
platen_finish_poison(const platen_config_t *config, const platen_job_t *job,
                     platen_verdict_t *v)
{
    memset(v, 0, sizeof(*v));
    if (job->crashes >= config->attempts || job->lost_attempts >= config->lost_attempts) {
        (void) fail_as(v, PLATEN_RUN_CRASHED);
    } else if (job->host_failures >= config->host_failures) {
        fail(v, "server_failed", SERVER_FAILED);
    }
}

void
platen_finish_sealed(platen_verdict_t *v)
{
    memset(v, 0, sizeof(*v));
    fail(
        v, "password_required",
        "The password that came with the document can no longer be read on this server. Submit "
        "the document again with its password.");
}

void
platen_finish_requeue(platen_verdict_t *v, const char *step, const char *why)
{
    memset(v, 0, sizeof(*v));
    requeue(v, step, why);
}

void
platen_finish_corrupt(platen_verdict_t *v)
{
    memset(v, 0, sizeof(*v));
    (void) fail_as(v, PLATEN_RUN_CORRUPT);
}

void
platen_finish_no_results(const platen_job_t *job, platen_verdict_t *v)
{
    memset(v, 0, sizeof(*v));
    if (job->batch != PLATEN_BATCH_DUE || job->success != 0) {
        return;
    }
    if (job->failed == 0) {
        fail(v, "nothing_to_convert",
             "There is nothing in the archive that could be converted; \"files\" says why of "
             "each entry.");
    } else {
        fail(v, "all_files_failed",
             "None of the files in the archive could be converted; \"files\" says why of "
             "each.");
    }
}

void
platen_finish_over_quota(const platen_config_t *config, platen_verdict_t *v)
{
    fail(v, "too_large_output",
         "The result has %llu bytes; with it your documents and results would take "
         "more than the %llu that they may. Delete jobs that you no longer need, or "
         "split the document, and submit it again.",
         (unsigned long long) v->output_size, (unsigned long long) config->client_size);
}
