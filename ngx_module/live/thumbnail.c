
/*
 * GET /jobs/{id}/thumbnail: the first page of a result as a PNG.
 *
 * It is made when it is first asked for: by a job like any other, which takes its
 * turn among its client's, runs where documents do, counts in the quota, and is
 * there again after a kill (see PLATEN_THUMBNAIL).  The request is held until it
 * has ended.  One that its client has left is made all the same, for the next.
 * Runs in the event loop.
 */


#include "live/thumbnail.h"

#include "conf.h"
#include "ctx.h"
#include "access/owned.h"
#include "base/id.h"
#include "base/platen.h"
#include "commit/op.h"
#include "commit/operation.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/respond.h"
#include "job/event.h"
#include "job/job.h"
#include "job/option.h"
#include "live/longpoll.h"
#include "live/snapshot.h"
#include "store/store.h"
#include "view/download.h"
#include "view/formats.h"


#define PLATEN_THUMBNAIL_WIDTH  320


static ngx_int_t platen_thumbnail_width(ngx_http_request_t *r,
    ngx_uint_t *width);
static ngx_int_t platen_thumbnail_options(ngx_http_request_t *r,
    const platen_job_t *job, ngx_uint_t width, platen_options_t *options);
static ngx_int_t platen_thumbnail_make(ngx_http_request_t *r,
    platen_txn_t *txn, platen_job_t *shown, ngx_uint_t width);
static ngx_int_t platen_thumbnail_record(ngx_http_request_t *r,
    const platen_job_t *shown, platen_job_t *job);
static ngx_int_t platen_thumbnail_refused(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_thumbnail_made(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_thumbnail_find(platen_txn_t *txn,
    const platen_job_t *shown, ngx_uint_t width, platen_id_t *id);
static ngx_int_t platen_thumbnail_look(ngx_http_request_t *r,
    platen_txn_t *txn, const platen_id_t *id, ngx_uint_t hold);
static ngx_int_t platen_thumbnail_failed(ngx_http_request_t *r,
    const platen_job_t *job);
static ngx_uint_t platen_thumbnail_due(const platen_event_t *event);
static ngx_int_t platen_thumbnail_event(ngx_http_request_t *r,
    const platen_event_t *event);


static const platen_wait_for_t  platen_thumbnail_end = {
    platen_thumbnail_due,
    platen_thumbnail_event
};


ngx_int_t
platen_thumbnail(ngx_http_request_t *r)
{
    ngx_int_t     rc, status;
    ngx_uint_t    width;
    platen_job_t  job;
    platen_txn_t  txn;

    if (platen_thumbnail_width(r, &width) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "width takes a number of pixels from 16 "
                                      "to 2048.");
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    if (!platen_state_has_result(job.state)) {
        platen_txn_abort(&txn);
        return platen_respond_problem(r, PLATEN_PROBLEM_NOT_READY,
                                      "There is no result whose first page "
                                      "could be shown. Poll the job until its "
                                      "status is SUCCESS, then ask again.");
    }

    return platen_thumbnail_make(r, &txn, &job, width);
}


static ngx_int_t
platen_thumbnail_width(ngx_http_request_t *r, ngx_uint_t *width)
{
    *width = PLATEN_THUMBNAIL_WIDTH;

    return platen_query_number(r, "width", PLATEN_THUMBNAIL_WIDTH_MAX, width)
           == NGX_OK
           && *width >= PLATEN_THUMBNAIL_WIDTH_MIN
           ? NGX_OK : NGX_DECLINED;
}


/*
 * What the job that makes it is told.  NGX_DECLINED: no image of a width is made
 * of the result, an archive for one; NGX_ERROR.
 */

static ngx_int_t
platen_thumbnail_options(ngx_http_request_t *r, const platen_job_t *job,
    ngx_uint_t width, platen_options_t *options)
{
    size_t                        len;
    ngx_int_t                     rc;
    u_char                        number[NGX_INT_T_LEN];
    const platen_format_t        *from;
    const platen_matrix_route_t  *route;

    from = platen_format_find(job->source_format.data,
                              job->source_format.len);
    if (from == NULL) {
        return NGX_DECLINED;
    }

    ngx_memzero(options, sizeof(platen_options_t));

    rc = platen_formats_route(r, from, platen_format_find("png", 3), &route);
    if (rc != NGX_OK) {
        return rc;
    }

    if (route && !(route->options & PLATEN_OPTION_BIT(PLATEN_OPTION_WIDTH))) {
        return NGX_DECLINED;
    }

    len = ngx_sprintf(number, "%ui", width) - number;

    if (platen_options_set(options, PLATEN_OPTION_WIDTH, (char *) number, len)
        != PLATEN_OK)
    {
        return NGX_ERROR;
    }

    if (route == NULL
        || (route->options & PLATEN_OPTION_BIT(PLATEN_OPTION_PAGES)))
    {
        (void) platen_options_set(options, PLATEN_OPTION_PAGES, "1", 1);
    }

    return NGX_OK;
}


/* `txn`, in which `shown` was read, ends. */

static ngx_int_t
platen_thumbnail_make(ngx_http_request_t *r, platen_txn_t *txn,
    platen_job_t *shown, ngx_uint_t width)
{
    char                 text[PLATEN_OPTIONS_TEXT_MAX];
    size_t               len;
    ngx_int_t            rc;
    platen_id_t          id;
    platen_job_t        *job;
    platen_options_t     options;
    platen_commit_op_t  *op;

    if (platen_thumbnail_find(txn, shown, width, &id) == NGX_OK) {
        rc = platen_thumbnail_look(r, txn, &id, 1);
        if (rc != NGX_DECLINED
            || platen_owned_read(r, txn, shown, &rc) != NGX_OK)
        {
            return rc;
        }
    }

    op = platen_operation_new(r, PLATEN_COMMIT_THUMBNAIL);
    if (op == NULL) {
        platen_txn_abort(txn);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    job = &op->job;
    op->shown = shown->id;
    op->epoch = shown->epoch;
    job->file = platen_thumbnail_number(shown->epoch, width);

    rc = platen_thumbnail_record(r, shown, job);
    platen_txn_abort(txn);

    if (rc == NGX_OK) {
        rc = platen_thumbnail_options(r, job, width, &options);
    }

    if (rc == NGX_DECLINED) {
        return platen_respond_problem(r, PLATEN_PROBLEM_NO_THUMBNAIL, NULL);
    }

    if (rc == NGX_OK) {
        len = platen_options_text(&options, ~0u, text);
        rc = platen_snapshot_copy(r->pool, &job->options, text, len);
    }

    if (rc != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
    }

    op->answer = platen_thumbnail_made;
    op->refused = platen_thumbnail_refused;

    return platen_operation_start(r, op);
}


/* All that it has of what it shows, whose own strings end with `txn`. */

static ngx_int_t
platen_thumbnail_record(ngx_http_request_t *r, const platen_job_t *shown,
    platen_job_t *job)
{
    const platen_str_t     *format;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    format = shown->output_format.len ? &shown->output_format
                                      : &shown->target_format;

    if (platen_id_new(&job->id) != PLATEN_OK
        || platen_snapshot_copy(r->pool, &job->parent,
                                (const char *) shown->id.b,
                                sizeof(shown->id.b))
           != NGX_OK
        || platen_snapshot_copy(r->pool, &job->source_format, format->data,
                                format->len)
           != NGX_OK
        || platen_snapshot_copy(r->pool, &job->input_filename,
                                shown->input_filename.data,
                                shown->input_filename.len)
           != NGX_OK
        || platen_snapshot_copy(r->pool, &job->input_sha256,
                                shown->output_sha256.data,
                                shown->output_sha256.len)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    job->target_format = PLATEN_STR("png");
    job->input_size = shown->output_size;
    job->priority = shown->priority;
    job->request_id = (platen_str_t) { (char *) ctx->request_id.data,
                                       ctx->request_id.len };
    platen_respond_trace(r, job);

    return NGX_OK;
}


static ngx_int_t
platen_thumbnail_refused(ngx_http_request_t *r, platen_commit_op_t *op)
{
    if (op->rc == PLATEN_CLIENT_FULL) {
        return platen_respond_problem(r, PLATEN_PROBLEM_NO_THUMBNAIL,
                                      "The job has pictures of eight widths, "
                                      "and can have no more; ask for one of "
                                      "those.");
    }

    return platen_operation_refused(r, op);
}


static ngx_int_t
platen_thumbnail_made(ngx_http_request_t *r, platen_commit_op_t *op)
{
    ngx_int_t     rc;
    platen_job_t  shown;
    platen_txn_t  txn;

    if (platen_owned_read(r, &txn, &shown, &rc) != NGX_OK) {
        return rc;
    }

    rc = platen_thumbnail_look(r, &txn,
                               op->stored ? &op->existing : &op->job.id, 1);

    return rc == NGX_DECLINED
           ? platen_respond_problem(r, PLATEN_PROBLEM_JOB_NOT_FOUND, NULL)
           : rc;
}


/* The job that makes it, or has.  NGX_DECLINED: nobody has asked for it yet. */

static ngx_int_t
platen_thumbnail_find(platen_txn_t *txn, const platen_job_t *shown,
    ngx_uint_t width, platen_id_t *id)
{
    platen_file_t  file;

    if (platen_store_file(txn, &shown->id,
                          platen_thumbnail_number(shown->epoch, width), &file)
        != PLATEN_OK
        || file.id.len != sizeof(id->b))
    {
        return NGX_DECLINED;
    }

    ngx_memcpy(id->b, file.id.data, sizeof(id->b));

    return NGX_OK;
}


/*
 * Sends it if it is there, or holds the request.  NGX_DECLINED: it is gone, or
 * has failed so long ago that it may be tried again.  `txn`, in which what it
 * shows was found to be the client's, ends.
 */

static ngx_int_t
platen_thumbnail_look(ngx_http_request_t *r, platen_txn_t *txn,
    const platen_id_t *id, ngx_uint_t hold)
{
    int                          rc;
    uint64_t                     first, last;
    ngx_int_t                    status;
    platen_job_t                 job;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    rc = platen_store_get(txn, id, &job);

    if (rc == PLATEN_OK && platen_state_has_result(job.state)
        && job.output_format.len == 0)
    {
        return platen_download_result(r, txn, &job);
    }

    if (rc == PLATEN_OK) {
        rc = platen_store_events_span(txn, &first, &last);
    }

    if (rc == PLATEN_OK && platen_state_final(job.state)) {
        status = platen_thumbnail_failed(r, &job);
        platen_txn_abort(txn);
        return status;
    }

    platen_txn_abort(txn);

    if (rc == PLATEN_NOT_FOUND) {
        return NGX_DECLINED;
    }

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "reading a thumbnail",
                                    platen_txn_errstr(txn));
    }

    if (!hold) {
        return platen_respond_problem(r, PLATEN_PROBLEM_SERVICE_NOT_READY,
                                      "The picture is not made yet; ask again "
                                      "after the seconds that Retry-After "
                                      "names.");
    }

    return platen_wait(r, id, last, plcf->wait_timeout,
                       &platen_thumbnail_end);
}


static ngx_int_t
platen_thumbnail_failed(ngx_http_request_t *r, const platen_job_t *job)
{
    char  detail[256];

    if (job->state == PLATEN_STATE_FAILED
        && platen_now_us() - job->completed_at > PLATEN_THUMBNAIL_AGAIN)
    {
        return NGX_DECLINED;
    }

    ngx_snprintf((u_char *) detail, sizeof(detail),
                 "No picture of the first page could be made: %*s. Download "
                 "the result, or ask again in a minute.%Z",
                 job->error_code.len ? job->error_code.len
                                     : sizeof("it has several files") - 1,
                 job->error_code.len ? job->error_code.data
                                     : "it has several files");

    return platen_respond_problem(r, PLATEN_PROBLEM_NO_THUMBNAIL, detail);
}


static ngx_uint_t
platen_thumbnail_due(const platen_event_t *event)
{
    return platen_event_last(event);
}


static ngx_int_t
platen_thumbnail_event(ngx_http_request_t *r, const platen_event_t *event)
{
    ngx_int_t     rc;
    ngx_uint_t    width;
    platen_id_t   id;
    platen_job_t  shown;
    platen_txn_t  txn;

    (void) platen_thumbnail_width(r, &width);  /* it was looked at before */

    if (platen_owned_read(r, &txn, &shown, &rc) != NGX_OK) {
        return rc;
    }

    rc = platen_thumbnail_find(&txn, &shown, width, &id);

    if (rc == NGX_OK) {
        rc = platen_thumbnail_look(r, &txn, &id, 0);

    } else {
        platen_txn_abort(&txn);
    }

    return rc == NGX_DECLINED
           ? platen_respond_problem(r, PLATEN_PROBLEM_JOB_NOT_FOUND, NULL)
           : rc;
}
