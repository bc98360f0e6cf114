/* A job and an event as JSON; see job/json.h.  One table says what a job has. */

#include "job/json.h"

#include <stdio.h>

#include "format/filename.h"
#include "job/option.h"

typedef enum {
    ID,
    STATE,
    TEXT,
    COUNT,      /* a uint32_t */
    BYTES,      /* a uint64_t */
    BYTES_DONE, /* null before success */
    TIME,
    FLAG,
    LINES,
    WARNINGS,
    OUTPUT_FILE,
    PRIORITY,
    DOWNLOAD,
    /* for clients alone */
    OPTIONS,
    POSITION,
    PROGRESS,
    COUNTS
} kind_t;

#define AT(m) offsetof(platen_job_t, m)

static const struct {
    const char *name;
    kind_t      kind;
    size_t      offset;
} members[] = {
    { "job_id", ID, 0 },
    { "status", STATE, 0 },
    { "source_format", TEXT, AT(source_format) },
    { "target_format", TEXT, AT(target_format) },
    { "options", OPTIONS, 0 },
    { "input_filename", TEXT, AT(input_filename) },
    { "input_size", BYTES, AT(input_size) },
    { "output_file", OUTPUT_FILE, 0 },
    { "output_size", BYTES_DONE, AT(output_size) },
    { "error", TEXT, AT(error) },
    { "error_code", TEXT, AT(error_code) },
    { "warnings", WARNINGS, 0 },
    { "engines", LINES, AT(engines) },
    { "cached", FLAG, AT(cached) },
    { "attempts", COUNT, AT(attempts) },
    { "queue_position", POSITION, 0 },
    { "priority", PRIORITY, 0 },
    { "progress", PROGRESS, 0 },
    { "created_at", TIME, AT(created_at) },
    { "started_at", TIME, AT(started_at) },
    { "completed_at", TIME, AT(completed_at) },
    { "expires_at", TIME, AT(expires_at) },
    { "download_url", DOWNLOAD, 0 },
    { "request_id", TEXT, AT(request_id) },
    { "counts", COUNTS, 0 },
};

/* Options whose values are numbers; of the rest, "true" is a truth. */
#define NUMBERS                                                                                \
    (PLATEN_OPTION_BIT(PLATEN_OPTION_IMAGE_QUALITY)                                            \
     | PLATEN_OPTION_BIT(PLATEN_OPTION_IMAGE_RESOLUTION)                                       \
     | PLATEN_OPTION_BIT(PLATEN_OPTION_WIDTH) | PLATEN_OPTION_BIT(PLATEN_OPTION_RESOLUTION))

static void
option(platen_json_t *j, platen_option_t which, const char *value, size_t len)
{
    const char *name = platen_option_name(which);
    uint64_t    number = 0;
    size_t      i;

    if (PLATEN_OPTION_BIT(which) & NUMBERS) {
        for (i = 0; i < len; i++) {
            number = 10 * number + (uint64_t) (value[i] - '0');
        }
        platen_json_uint(j, name, number);
    } else if (len == 4 && memcmp(value, "true", 4) == 0) {
        platen_json_raw(j, name, "true");
    } else {
        platen_json_string(j, name, value, len);
    }
}

/*
 * The text form as an object.  The record keeps secrets elsewhere; should one
 * have come here, it is passed over all the same.
 */
static void
options(platen_json_t *j, platen_str_t text)
{
    const char *p = text.data, *end = text.len == 0 ? p : p + text.len, *eq, *eol;
    int         which;

    platen_json_open(j, "options", '{');
    for (; p < end; p = eol + 1) {
        eol = memchr(p, '\n', (size_t) (end - p));
        if (eol == NULL) {
            break;
        }
        eq = memchr(p, '=', (size_t) (eol - p));
        which = eq == NULL ? -1 : platen_option_find(p, (size_t) (eq - p));
        if (which >= 0 && !(platen_option_secrets() & PLATEN_OPTION_BIT(which))) {
            option(j, (platen_option_t) which, eq + 1, (size_t) (eol - eq - 1));
        }
    }
    platen_json_close(j, '}');
}

/* That of a batch is complete only with its archive. */
static void
progress(platen_json_t *j, const platen_job_t *job)
{
    uint32_t ended = job->files - platen_job_open_files(job);
    char     text[16] = "0.0";

    if (platen_state_final((platen_state_t) job->state)) {
        strcpy(text, "1.0");
    } else if (job->batch != PLATEN_BATCH_NONE && job->files != 0) {
        snprintf(text, sizeof(text), "0.%03u",
                 (uint32_t) ((uint64_t) ended * 990 / job->files));
    }
    platen_json_raw(j, "progress", text);
}

void
platen_job_json_counts(platen_json_t *j, const platen_job_t *job)
{
    if (job->batch == PLATEN_BATCH_NONE) {
        platen_json_null(j, "counts");
        return;
    }
    platen_json_open(j, "counts", '{');
    platen_json_uint(j, "total", job->files);
    platen_json_uint(j, "pending", platen_job_open_files(job) - job->processing);
    platen_json_uint(j, "processing", job->processing);
    platen_json_uint(j, "success", job->success);
    platen_json_uint(j, "failed", job->failed);
    platen_json_uint(j, "skipped", job->skipped);
    platen_json_close(j, '}');
}

static void
output_file(platen_json_t *j, const platen_job_t *job)
{
    platen_str_t format = job->output_format.len != 0 ? job->output_format : job->target_format;
    char         ext[32], name[PLATEN_FILENAME_MAX + 1];
    size_t       n = format.len < sizeof(ext) ? format.len : sizeof(ext) - 1;

    if (n != 0) {
        memcpy(ext, format.data, n);
    }
    ext[n] = '\0';
    platen_json_string(j, "output_file", name,
                       platen_filename_replace_ext(job->input_filename.data,
                                                   job->input_filename.len, ext, name,
                                                   sizeof(name)));
}

static void
word(platen_json_t *j, const char *name, const char *text)
{
    platen_json_word(j, name, text, text == NULL ? 0 : strlen(text));
}

void
platen_job_json(platen_json_t *j, const platen_job_t *job, platen_str_t base, uint64_t position,
                platen_job_json_for_t reader)
{
    int                 result = platen_state_has_result((platen_state_t) job->state);
    const char         *name;
    const void         *field;
    const platen_str_t *text;
    size_t              i;
    char                id[PLATEN_ID_TEXT + 1];

    platen_id_format(&job->id, id);
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        name = members[i].name;
        field = (const char *) job + members[i].offset;
        if (reader == PLATEN_JOB_JSON_WEBHOOK && members[i].kind >= OPTIONS) {
            continue;
        }
        switch (members[i].kind) {
        case ID:
            word(j, name, id);
            break;
        case STATE:
            word(j, name, platen_state_name((platen_state_t) job->state));
            break;
        case TEXT:
            text = field;
            platen_json_text(j, name, *text);
            break;
        case COUNT:
            platen_json_uint(j, name, *(const uint32_t *) field);
            break;
        case BYTES_DONE:
            if (!result) {
                platen_json_null(j, name);
                break;
            }
            /* fall through */
        case BYTES:
            platen_json_uint(j, name, *(const uint64_t *) field);
            break;
        case TIME:
            platen_json_time(j, name, *(const uint64_t *) field);
            break;
        case FLAG:
            platen_json_raw(j, name, *(const uint8_t *) field ? "true" : "false");
            break;
        case LINES:
            text = field;
            platen_json_open(j, name, '[');
            platen_json_parts(j, *text, '\n');
            platen_json_close(j, ']');
            break;
        case WARNINGS: /* what was said of the submission, and then of the result */
            platen_json_open(j, name, '[');
            platen_json_parts(j, job->notes, '\n');
            platen_json_parts(j, job->warnings, '\n');
            platen_json_close(j, ']');
            break;
        case OUTPUT_FILE:
            if (result) {
                output_file(j, job);
            } else {
                platen_json_null(j, name);
            }
            break;
        case PRIORITY:
            word(j, name, platen_priority_name(job->priority));
            break;
        case DOWNLOAD:
            if (result) {
                platen_job_json_download(j, base, id, NULL);
            } else {
                platen_json_null(j, name);
            }
            break;
        case OPTIONS:
            options(j, job->options);
            break;
        case POSITION:
            if (position != 0 && job->state == PLATEN_STATE_PENDING) {
                platen_json_uint(j, name, position);
            } else {
                platen_json_null(j, name);
            }
            break;
        case PROGRESS:
            progress(j, job);
            break;
        case COUNTS:
            platen_job_json_counts(j, job);
            break;
        }
    }
}

void
platen_job_json_event(platen_json_t *j, const platen_event_t *event, platen_str_t base,
                      platen_job_json_for_t reader)
{
    platen_state_t state = (platen_state_t) event->state;
    uint32_t       file = event->file - 1;
    platen_id_t    id;
    char           text[PLATEN_ID_TEXT + 1];

    memcpy(id.b, event->id.data, sizeof(id.b));
    platen_id_format(&id, text);

    platen_json_uint(j, "seq", event->seq);
    word(j, "event", platen_event_title(event));
    word(j, "job_id", text);
    word(j, "status", state == PLATEN_STATE_NONE ? NULL : platen_state_name(state));
    platen_json_time(j, "time", event->time);
    platen_json_text(j, "error_code", event->error_code);
    if (reader == PLATEN_JOB_JSON_CLIENT) {
        if (event->file != 0) {
            platen_json_uint(j, "file", file);
        } else {
            platen_json_null(j, "file");
        }
    }
    if (platen_state_has_result(state)) {
        platen_job_json_download(j, base, text, event->file != 0 ? &file : NULL);
    } else {
        platen_json_null(j, "download_url");
    }
}

void
platen_job_json_download(platen_json_t *j, platen_str_t base, const char *id,
                         const uint32_t *file)
{
    char  path[PLATEN_ID_TEXT + 64];
    char *p = mempcpy(path, "/jobs/", 6);

    p = mempcpy(p, id, PLATEN_ID_TEXT);
    if (file != NULL) {
        p += sprintf(p, "/files/%u", *file);
    } else {
        p = mempcpy(p, "/download", 9);
    }
    platen_json_joined(j, "download_url", base, (platen_str_t){ path, (size_t) (p - path) });
}
