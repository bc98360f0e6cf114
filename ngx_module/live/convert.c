
/*
 * POST /convert: a submission like any other, whose answer is the result.
 *
 * Once the job is committed the request is held (live/longpoll.c) until it is
 * final.  Past platen_sync_timeout, or what Prefer: wait= asks for, and when
 * the worker is about to exit, the answer is 202, as POST /jobs would have
 * given at once.  A client that goes away meanwhile takes its job with it,
 * unless another request was told of that job: the transaction that would
 * remove it decides.
 * Runs in the event loop.
 */


#include "live/convert.h"

#include "conf.h"
#include "ctx.h"
#include "log.h"
#include "access/owned.h"
#include "base/id.h"
#include "base/platen.h"
#include "base/wire.h"
#include "commit/commit.h"
#include "commit/hint_push.h"
#include "commit/operation.h"
#include "commit/op.h"
#include "http/prefer.h"
#include "http/problem.h"
#include "http/respond.h"
#include "ingest/upload.h"
#include "job/event.h"
#include "job/job.h"
#include "live/longpoll.h"
#include "store/store.h"
#include "view/download.h"
#include "view/job.h"


static ngx_msec_t platen_convert_time(ngx_http_request_t *r);
static ngx_int_t platen_convert_wait(ngx_http_request_t *r,
    platen_commit_op_t *op);
static void platen_convert_abandoned(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_convert_join(ngx_http_request_t *r);
static ngx_uint_t platen_convert_due(const platen_event_t *event);
static ngx_int_t platen_convert_event(ngx_http_request_t *r,
    const platen_event_t *event);
static ngx_int_t platen_convert_result(ngx_http_request_t *r);
static ngx_int_t platen_convert_warnings(ngx_http_request_t *r,
    const platen_str_t *lines);
static ngx_int_t platen_convert_location(ngx_http_request_t *r);
static ngx_int_t platen_convert_later(ngx_http_request_t *r);
static ngx_int_t platen_convert_failed(ngx_http_request_t *r,
    const platen_job_t *job, platen_problem_info_t *info, u_char **detail);
static void platen_convert_gone(void *data);
static void platen_convert_cancelled(platen_commit_op_t *op);


static const platen_wait_for_t  platen_convert_end = {
    platen_convert_due,
    platen_convert_event
};


ngx_int_t
platen_convert(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    ctx->wait = platen_convert_time(r);

    if (ctx->wait == 0) {
        return platen_upload_job(r);
    }

    ctx->left = platen_convert_abandoned;

    return platen_upload_start(r, NGX_HTTP_ACCEPTED, platen_convert_wait);
}


/* How long the client is to be held, in milliseconds. */

static ngx_msec_t
platen_convert_time(ngx_http_request_t *r)
{
    ngx_str_t                   *value;
    ngx_msec_t                   wait;
    platen_prefer_t              prefer;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    ngx_memzero(&prefer, sizeof(platen_prefer_t));

    value = NULL;

    while ((value = platen_respond_request_header_after(r, value, "prefer", 6))
           != NULL)
    {
        platen_prefer_read(&prefer, (char *) value->data, value->len);
    }

    wait = plcf->sync_timeout;

    if (prefer.has_wait) {
        wait = ngx_min(wait, (ngx_msec_t) prefer.wait * 1000);

    } else if (prefer.async) {
        wait = 0;
    }

    return wait;
}


/* The job is committed, and its client waits for the result. */

static ngx_int_t
platen_convert_wait(ngx_http_request_t *r, platen_commit_op_t *op)
{
    ngx_int_t               rc;
    ngx_http_cleanup_t     *cln;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (op->stored) {
        /* sent again under its key: the job is another request's as well */
        return platen_convert_join(r);
    }

    if (platen_state_final(op->job.state)) {
        return platen_convert_result(r);
    }

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return platen_convert_later(r);
    }

    /* before: it may turn out at once that the client has gone */

    cln->handler = platen_convert_gone;
    cln->data = r;

    rc = platen_wait(r, &ctx->id, op->job.change_seq, ctx->wait,
                     &platen_convert_end);

    return rc == NGX_DONE ? NGX_DONE : platen_convert_later(r);
}


/* Waits for a job that is there already. */

static ngx_int_t
platen_convert_join(ngx_http_request_t *r)
{
    int                     rc;
    uint64_t                first, last;
    ngx_int_t               status;
    platen_job_t            job;
    platen_txn_t            txn;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    rc = platen_store_events_span(&txn, &first, &last);
    platen_txn_abort(&txn);

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "reading events",
                                    platen_txn_errstr(&txn));
    }

    if (platen_state_final(job.state)) {
        return platen_convert_result(r);
    }

    rc = platen_wait(r, &ctx->id, last, ctx->wait, &platen_convert_end);

    return rc == NGX_DONE ? NGX_DONE : platen_convert_later(r);
}


static ngx_uint_t
platen_convert_due(const platen_event_t *event)
{
    return platen_event_last(event);
}


static ngx_int_t
platen_convert_event(ngx_http_request_t *r, const platen_event_t *event)
{
    ngx_http_platen_ctx_t  *ctx;

    /* From here on the job stays, whatever becomes of its client. */

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    ctx->wait = 0;

    return event ? platen_convert_result(r) : platen_convert_later(r);
}


static ngx_int_t
platen_convert_result(ngx_http_request_t *r)
{
    u_char                 *detail;
    ngx_int_t               rc, status;
    platen_job_t            job;
    platen_txn_t            txn;
    platen_problem_info_t   info;

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    if (job.state == PLATEN_STATE_FAILED) {
        rc = platen_convert_failed(r, &job, &info, &detail);
        platen_txn_abort(&txn);

        return rc == NGX_OK
               ? platen_respond_info(r, &info, (char *) detail)
               : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = platen_convert_warnings(r, &job.notes);
    if (rc == NGX_OK) {
        rc = platen_convert_warnings(r, &job.warnings);
    }

    platen_txn_abort(&txn);

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!platen_state_has_result(job.state)) {
        /* somebody has it tried again already */
        return platen_convert_later(r);
    }

    if (platen_convert_location(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_download_job(r);
}


/* A header for each line, as UTF-8; they go with the transaction. */

static ngx_int_t
platen_convert_warnings(ngx_http_request_t *r, const platen_str_t *lines)
{
    const char  *p, *last, *eol;
    ngx_str_t    value;

    p = lines->data;
    last = p + lines->len;

    for ( /* void */ ; p < last; p = eol + 1) {
        eol = memchr(p, '\n', last - p);
        if (eol == NULL) {
            eol = last;
        }

        value.len = eol - p;
        value.data = ngx_pnalloc(r->pool, value.len + 1);
        if (value.data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(value.data, p, value.len);

        if (platen_respond_header(r, "Platen-Warning", &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* Where the same bytes are to be had again (RFC 9110, section 8.7). */

static ngx_int_t
platen_convert_location(ngx_http_request_t *r)
{
    ngx_str_t                    location;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         id[PLATEN_ID_TEXT + 1];

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    platen_id_format(&ctx->id, id);

    location.data = ngx_pnalloc(r->pool, plcf->prefix.len + PLATEN_ID_TEXT
                                         + sizeof("/jobs//download"));
    if (location.data == NULL) {
        return NGX_ERROR;
    }

    location.len = ngx_sprintf(location.data, "%V/jobs/%s/download",
                               &plcf->prefix, id)
                   - location.data;

    return platen_respond_header(r, "Content-Location", &location);
}


/* The job's own error as a problem; its strings go with the transaction. */

static ngx_int_t
platen_convert_failed(ngx_http_request_t *r, const platen_job_t *job,
    platen_problem_info_t *info, u_char **detail)
{
    u_char  *code;

    code = ngx_pnalloc(r->pool, job->error_code.len + 1);
    *detail = ngx_pnalloc(r->pool, job->error.len + 1);

    if (code == NULL || *detail == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(code, job->error_code.data, job->error_code.len) = '\0';
    *ngx_cpymem(*detail, job->error.data, job->error.len) = '\0';

    info->status = 422;
    info->retry_after = 0;
    info->code = (char *) code;
    info->title = "The conversion failed";
    info->detail = (char *) *detail;

    return NGX_OK;
}


/* 202: the job goes on without the client. */

static ngx_int_t
platen_convert_later(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    ctx->wait = 0;

    return platen_view_stored(r, NGX_HTTP_ACCEPTED);
}


/* The client went away during the commit. */

static void
platen_convert_abandoned(ngx_http_request_t *r, platen_commit_op_t *op)
{
    if (!op->stored) {
        platen_convert_gone(r);
    }
}


/* The request ends.  If it was still waiting, its client has gone. */

static void
platen_convert_gone(void *data)
{
    ngx_http_request_t *r = data;

    ngx_http_platen_ctx_t  *ctx;
    platen_commit_op_t     *op;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ctx->wait == 0) {
        return;
    }

    ctx->wait = 0;

    op = platen_operation_alone(r, PLATEN_COMMIT_REMOVE);
    if (op == NULL) {
        return;
    }

    op->abandoned = 1;
    op->done = platen_convert_cancelled;

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "platen: the client has gone, and its job with it unless "
                  "another was told of it");

    if (platen_commit(op, ngx_cycle->log) != NGX_OK) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "platen: the job of a client that has gone is not "
                      "cancelled");
        ngx_free(op);
    }
}


static void
platen_convert_cancelled(platen_commit_op_t *op)
{
    char  id[PLATEN_ID_TEXT + 1];

    if (op->rc == PLATEN_OK) {
        platen_hint_send(PLATEN_HINT_REMOVED, &op->job.id, ngx_cycle->log);

        platen_id_format(&op->job.id, id);
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      PLATEN_LOG_AUDIT "job cancelled, as its client has "
                      "gone, job_id: %s", id);

    } else if (op->rc != PLATEN_NOT_FOUND && op->rc != PLATEN_CONFLICT) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, op->error,
                      "platen: cancelling a job failed: %s (%s)",
                      platen_strerror(op->rc), op->errstr);
    }

    ngx_free(op);
}
