
/*
 * Views of the job record: what a client sees of it, straight from the store.
 * A view is a table of members that one loop writes.  Runs in the event loop;
 * each request has one read transaction, which ends before anything is sent.
 */


#include "view/job.h"

#include "conf.h"
#include "access/owned.h"
#include "base/id.h"
#include "base/platen.h"
#include "format/filename.h"
#include "http/problem.h"
#include "http/respond.h"
#include "job/option.h"
#include "view/files.h"
#include "view/result.h"


typedef enum {
    PLATEN_VIEW_ID,
    PLATEN_VIEW_STATE,
    PLATEN_VIEW_STR,
    PLATEN_VIEW_WORD,
    PLATEN_VIEW_U32,
    PLATEN_VIEW_U64,
    PLATEN_VIEW_U64_DONE,   /* null before success */
    PLATEN_VIEW_TIME,
    PLATEN_VIEW_OUTPUT_FILE,
    PLATEN_VIEW_POSITION,
    PLATEN_VIEW_PRIORITY,
    PLATEN_VIEW_PROGRESS,
    PLATEN_VIEW_URL,
    PLATEN_VIEW_OPTIONS,
    PLATEN_VIEW_LINES,
    PLATEN_VIEW_WARNINGS,
    PLATEN_VIEW_FLAG,
    PLATEN_VIEW_COUNTS,
    PLATEN_VIEW_FILES
} platen_view_kind_t;


typedef struct {
    const char          *name;
    platen_view_kind_t   kind;
    size_t               offset;  /* in platen_job_t, where the kind has one */
} platen_view_member_t;


/* Options whose values are numbers; of the rest, "true" is a truth. */

#define PLATEN_VIEW_NUMBERS                                                   \
    (PLATEN_OPTION_BIT(PLATEN_OPTION_IMAGE_QUALITY)                           \
     | PLATEN_OPTION_BIT(PLATEN_OPTION_IMAGE_RESOLUTION)                      \
     | PLATEN_OPTION_BIT(PLATEN_OPTION_WIDTH)                                 \
     | PLATEN_OPTION_BIT(PLATEN_OPTION_RESOLUTION))


static void platen_view_members(platen_json_t *j, ngx_str_t *prefix,
    platen_txn_t *txn, const platen_view_member_t *view,
    const platen_job_t *job, uint64_t position);
static void platen_view_progress(platen_json_t *j, const platen_job_t *job);
static void platen_view_options(platen_json_t *j, const platen_str_t *text);
static void platen_view_lines(platen_json_t *j, const platen_str_t *text);


static const platen_view_member_t  platen_view_job_members[] = {
    { "job_id", PLATEN_VIEW_ID, 0 },
    { "status", PLATEN_VIEW_STATE, 0 },
    { "source_format", PLATEN_VIEW_WORD,
      offsetof(platen_job_t, source_format) },
    { "target_format", PLATEN_VIEW_WORD,
      offsetof(platen_job_t, target_format) },
    { "options", PLATEN_VIEW_OPTIONS, offsetof(platen_job_t, options) },
    { "input_filename", PLATEN_VIEW_STR,
      offsetof(platen_job_t, input_filename) },
    { "input_size", PLATEN_VIEW_U64, offsetof(platen_job_t, input_size) },
    { "output_file", PLATEN_VIEW_OUTPUT_FILE, 0 },
    { "output_size", PLATEN_VIEW_U64_DONE,
      offsetof(platen_job_t, output_size) },
    { "error", PLATEN_VIEW_STR, offsetof(platen_job_t, error) },
    { "error_code", PLATEN_VIEW_WORD, offsetof(platen_job_t, error_code) },
    { "warnings", PLATEN_VIEW_WARNINGS, 0 },
    { "engines", PLATEN_VIEW_LINES, offsetof(platen_job_t, engines) },
    { "cached", PLATEN_VIEW_FLAG, offsetof(platen_job_t, cached) },
    { "attempts", PLATEN_VIEW_U32, offsetof(platen_job_t, attempts) },
    { "queue_position", PLATEN_VIEW_POSITION, 0 },
    { "priority", PLATEN_VIEW_PRIORITY, 0 },
    { "progress", PLATEN_VIEW_PROGRESS, 0 },
    { "created_at", PLATEN_VIEW_TIME, offsetof(platen_job_t, created_at) },
    { "started_at", PLATEN_VIEW_TIME, offsetof(platen_job_t, started_at) },
    { "completed_at", PLATEN_VIEW_TIME, offsetof(platen_job_t, completed_at) },
    { "expires_at", PLATEN_VIEW_TIME, offsetof(platen_job_t, expires_at) },
    { "download_url", PLATEN_VIEW_URL, 0 },
    { "request_id", PLATEN_VIEW_WORD, offsetof(platen_job_t, request_id) },
    { "counts", PLATEN_VIEW_COUNTS, 0 },
    { "files", PLATEN_VIEW_FILES, 0 },
    { NULL, 0, 0 }
};


void
platen_view_write(ngx_http_request_t *r, platen_json_t *j, platen_txn_t *txn,
    const platen_job_t *job, uint64_t position)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    platen_view_members(j, &plcf->prefix, txn, platen_view_job_members, job,
                        position);
}


static void
platen_view_members(platen_json_t *j, ngx_str_t *prefix, platen_txn_t *txn,
    const platen_view_member_t *view, const platen_job_t *job,
    uint64_t position)
{
    u_char                       *p;
    size_t                        len;
    const char                   *state, *word;
    const void                   *field;
    const platen_str_t           *str;
    const platen_view_member_t   *m;
    char                          id[PLATEN_ID_TEXT + 1];
    u_char                        text[PLATEN_FILENAME_MAX + 1];
    u_char                        url[PLATEN_PREFIX_MAX + 64];

    platen_id_format(&job->id, id);
    state = platen_state_name(job->state);

    platen_json_open(j, NULL, '{');

    for (m = view; m->name; m++) {
        field = (const u_char *) job + m->offset;

        switch (m->kind) {

        case PLATEN_VIEW_ID:
            platen_json_word(j, m->name, id, PLATEN_ID_TEXT);
            break;

        case PLATEN_VIEW_STATE:
            platen_json_word(j, m->name, state, ngx_strlen(state));
            break;

        case PLATEN_VIEW_STR:
            str = field;
            platen_json_string(j, m->name, str->len ? str->data : NULL,
                               str->len);
            break;

        case PLATEN_VIEW_WORD:
            str = field;
            platen_json_word(j, m->name, str->len ? str->data : NULL,
                             str->len);
            break;

        case PLATEN_VIEW_U32:
            platen_json_uint(j, m->name, *(const uint32_t *) field);
            break;

        case PLATEN_VIEW_U64_DONE:
            if (!platen_view_has_result(job)) {
                platen_json_null(j, m->name);
                break;
            }

            /* fall through */

        case PLATEN_VIEW_U64:
            platen_json_uint(j, m->name, *(const uint64_t *) field);
            break;

        case PLATEN_VIEW_TIME:
            platen_json_time(j, m->name, *(const uint64_t *) field);
            break;

        case PLATEN_VIEW_OUTPUT_FILE:
            if (!platen_view_has_result(job)) {
                platen_json_null(j, m->name);
                break;
            }

            str = job->output_format.len ? &job->output_format
                                         : &job->target_format;
            ngx_snprintf(url, sizeof(url), "%*s%Z", str->len, str->data);
            len = platen_filename_replace_ext(job->input_filename.data,
                                              job->input_filename.len,
                                              (char *) url, (char *) text,
                                              sizeof(text));
            platen_json_string(j, m->name, text, len);
            break;

        case PLATEN_VIEW_POSITION:
            if (position && job->state == PLATEN_STATE_PENDING) {
                platen_json_uint(j, m->name, position);
            } else {
                platen_json_null(j, m->name);
            }
            break;

        case PLATEN_VIEW_PRIORITY:
            word = platen_priority_name(job->priority);
            platen_json_word(j, m->name, word, ngx_strlen(word));
            break;

        case PLATEN_VIEW_PROGRESS:
            platen_view_progress(j, job);
            break;

        case PLATEN_VIEW_URL:
            if (!platen_view_has_result(job)) {
                platen_json_null(j, m->name);
                break;
            }

            p = ngx_cpymem(url, prefix->data, prefix->len);
            p = ngx_cpymem(p, "/jobs/", sizeof("/jobs/") - 1);
            p = ngx_cpymem(p, id, PLATEN_ID_TEXT);
            p = ngx_cpymem(p, "/download", sizeof("/download") - 1);
            platen_json_string(j, m->name, url, p - url);
            break;

        case PLATEN_VIEW_OPTIONS:
            platen_view_options(j, field);
            break;

        case PLATEN_VIEW_LINES:
            platen_json_open(j, m->name, '[');
            platen_view_lines(j, field);
            platen_json_close(j, ']');
            break;

        case PLATEN_VIEW_WARNINGS:
            platen_json_open(j, m->name, '[');
            platen_view_lines(j, &job->notes);
            platen_view_lines(j, &job->warnings);
            platen_json_close(j, ']');
            break;

        case PLATEN_VIEW_FLAG:
            platen_json_raw(j, m->name,
                            *(const uint8_t *) field ? "true" : "false");
            break;

        case PLATEN_VIEW_COUNTS:
            platen_batch_write_counts(j, job);
            break;

        case PLATEN_VIEW_FILES:
            if (platen_batch_write_files(j, prefix, txn, job) != PLATEN_OK) {
                j->failed = 1;
            }
            break;
        }
    }

    platen_json_close(j, '}');
}


/* That of a batch is complete only with its archive. */

static void
platen_view_progress(platen_json_t *j, const platen_job_t *job)
{
    uint32_t  ended;
    u_char    text[16];

    if (platen_state_final(job->state)) {
        platen_json_raw(j, "progress", "1.0");
        return;
    }

    if (job->batch == PLATEN_BATCH_NONE || job->files == 0) {
        platen_json_raw(j, "progress", "0.0");
        return;
    }

    ended = job->files - platen_job_open_files(job);
    ngx_snprintf(text, sizeof(text), "0.%03uD%Z",
                 (uint32_t) ((uint64_t) ended * 990 / job->files));
    platen_json_raw(j, "progress", (char *) text);
}


/*
 * The text form as an object.  The record keeps secrets elsewhere; should one
 * have come here, it is passed over all the same.
 */

static void
platen_view_options(platen_json_t *j, const platen_str_t *text)
{
    int          option;
    const char  *p, *last, *eq, *eol, *name;

    platen_json_open(j, "options", '{');

    p = text->data;
    last = p + text->len;

    for ( /* void */ ; p < last; p = eol + 1) {
        eol = memchr(p, '\n', last - p);
        if (eol == NULL) {
            break;
        }

        eq = memchr(p, '=', eol - p);
        option = eq ? platen_option_find(p, eq - p) : -1;

        if (option < 0
            || (platen_option_secrets() & PLATEN_OPTION_BIT(option)))
        {
            continue;
        }

        name = platen_option_name(option);
        eq++;

        if (PLATEN_OPTION_BIT(option) & PLATEN_VIEW_NUMBERS) {
            platen_json_uint(j, name, ngx_atoi((u_char *) eq, eol - eq));

        } else if (eol - eq == 4 && ngx_memcmp(eq, "true", 4) == 0) {
            platen_json_raw(j, name, "true");

        } else {
            platen_json_string(j, name, eq, eol - eq);
        }
    }

    platen_json_close(j, '}');
}


static void
platen_view_lines(platen_json_t *j, const platen_str_t *text)
{
    const char  *p, *last, *eol;

    p = text->data;
    last = p + text->len;

    for ( /* void */ ; p < last; p = eol + 1) {
        eol = memchr(p, '\n', last - p);
        if (eol == NULL) {
            eol = last;
        }

        platen_json_string(j, NULL, p, eol - p);
    }
}


ngx_int_t
platen_view_job(ngx_http_request_t *r)
{
    int               rc;
    uint64_t          position;
    ngx_int_t         status;
    ngx_str_t         value;
    platen_job_t      job;
    platen_txn_t      txn;
    platen_json_t     j;
    ngx_table_elt_t  *etag;

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    rc = platen_store_queue_position(&txn, &job, &position);

    if (rc != PLATEN_OK) {
        platen_txn_abort(&txn);
        return platen_respond_store(r, rc, "reading the queue",
                                    platen_txn_errstr(&txn));
    }

    platen_json_init(&j, r->pool, 1024);
    platen_view_write(r, &j, &txn, &job, position);
    platen_txn_abort(&txn);

    etag = ngx_list_push(&r->headers_out.headers);

    if (platen_json_end(&j) != NGX_OK || etag == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* changes with the record, and with the one value that is not in it */

    ngx_memzero(etag, sizeof(ngx_table_elt_t));
    etag->value.data = ngx_pnalloc(r->pool, 2 * NGX_INT64_LEN + 3);
    if (etag->value.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (job.batch != PLATEN_BATCH_NONE) {
        /* its files change more than its events tell */
        position = job.updated_at;
    }

    etag->value.len = ngx_sprintf(etag->value.data, "\"%xL-%xL\"",
                                  job.change_seq, position)
                      - etag->value.data;
    etag->hash = 1;
    ngx_str_set(&etag->key, "ETag");
    r->headers_out.etag = etag;

    if (!platen_respond_precondition(r)) {
        if (platen_respond_clean(r) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return platen_respond_problem(r, PLATEN_PROBLEM_PRECONDITION_FAILED,
                                      NULL);
    }

    ngx_str_set(&value, "private, no-cache");
    if (platen_respond_header(r, "Cache-Control", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_send(r, NGX_HTTP_OK, "application/json", j.out,
                               j.len);
}


/* Location, and the job as it is written; `txn`, if any, ends before it goes. */

static ngx_int_t
platen_view_accepted(ngx_http_request_t *r, ngx_uint_t status,
    const platen_job_t *job, uint64_t position, platen_txn_t *txn)
{
    ngx_str_t                    location;
    platen_json_t                j;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         id[PLATEN_ID_TEXT + 1];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    platen_id_format(&job->id, id);

    platen_json_init(&j, r->pool, 1024);
    platen_view_write(r, &j, txn, job, position);

    if (txn) {
        platen_txn_abort(txn);
    }

    location.data = ngx_pnalloc(r->pool, plcf->prefix.len + sizeof("/jobs/")
                                         + PLATEN_ID_TEXT);
    if (location.data == NULL || platen_json_end(&j) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    location.len = ngx_sprintf(location.data, "%V/jobs/%s", &plcf->prefix, id)
                   - location.data;

    if (platen_respond_header(r, "Location", &location) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_send(r, status, "application/json", j.out, j.len);
}


ngx_int_t
platen_view_submitted(ngx_http_request_t *r, ngx_uint_t status,
    const platen_job_t *job, uint64_t position)
{
    return platen_view_accepted(r, status, job, position, NULL);
}


ngx_int_t
platen_view_stored(ngx_http_request_t *r, ngx_uint_t status)
{
    int           rc;
    uint64_t      position;
    ngx_int_t     problem;
    platen_job_t  job;
    platen_txn_t  txn;

    if (platen_owned_read(r, &txn, &job, &problem) != NGX_OK) {
        return problem;
    }

    rc = platen_store_queue_position(&txn, &job, &position);

    if (rc != PLATEN_OK) {
        platen_txn_abort(&txn);
        return platen_respond_store(r, rc, "reading the queue",
                                    platen_txn_errstr(&txn));
    }

    return platen_view_accepted(r, status, &job, position, &txn);
}
