
/*
 * A submission's body, from the socket to the disk.
 *
 * The event loop only reads (http/body_reader.c): each pass of at most
 * client_body_buffer_size bytes goes to the thread pool, where platen_receive
 * parses, hashes and writes it straight from nginx's buffer, and reading goes
 * on when that is done.  So nothing is held twice.
 *
 * While a task is under way ctx->busy is set, r->main->blocked keeps the
 * request and its pool alive, and no event may touch the receiver.
 */


#include "ingest/upload.h"

#include "conf.h"
#include "ctx.h"
#include "task.h"
#include "access/capacity.h"
#include "access/quota.h"
#include "base/platen.h"
#include "http/body_reader.h"
#include "http/given.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/respond.h"
#include "ingest/receive.h"
#include "ingest/submit.h"

#include <errno.h>


/* What a form may have around its file: other fields, headers, boundaries. */
#define PLATEN_UPLOAD_FORM  (1024 * 1024)


static ngx_int_t platen_upload_params(ngx_http_request_t *r,
    platen_receive_t *rx);
static void platen_upload_refused(ngx_http_request_t *r, ngx_int_t status);
static void platen_upload_cleanup(void *data);
static ngx_int_t platen_upload_write(ngx_http_request_t *r);
static void platen_upload_thread(void *data, ngx_log_t *log);
static int platen_upload_piece(void *data, const u_char *p, size_t n);
static void platen_upload_thread_done(ngx_event_t *ev);
static void platen_upload_written(ngx_http_request_t *r);
static ngx_int_t platen_upload_problem(ngx_http_request_t *r,
    platen_receive_t *rx);


static const platen_body_reader_t  platen_upload_reader = {
    platen_upload_write,
    NULL
};


ngx_int_t
platen_upload_job(ngx_http_request_t *r)
{
    return platen_upload_start(r, NGX_HTTP_ACCEPTED, platen_submit_accepted);
}


ngx_int_t
platen_upload_submit(ngx_http_request_t *r)
{
    return platen_upload_start(r, NGX_HTTP_OK, platen_submit_accepted);
}


ngx_int_t
platen_upload_start(ngx_http_request_t *r, ngx_uint_t accepted,
    ngx_int_t (*answer)(ngx_http_request_t *r, platen_commit_op_t *op))
{
    ngx_int_t                    rc;
    ngx_str_t                    type;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    ctx->accepted = accepted;
    ctx->answer = answer;

    ngx_str_set(&type, "");
    if (r->headers_in.content_type) {
        type = r->headers_in.content_type->value;
    }

    rc = platen_admit_submission(r);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = platen_upload_open(r, &type, plcf->max_file_size);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (ctx->batch) {
        ctx->rx->only_archive = 1;
        (void) platen_receive_param(ctx->rx, "target_format", 13, "pdf", 3);
    }

    if (platen_upload_params(r, ctx->rx) != NGX_OK) {
        return platen_upload_problem(r, ctx->rx);
    }

    return platen_upload_read(r, platen_submit_received);
}


ngx_int_t
platen_upload_open(ngx_http_request_t *r, ngx_str_t *type, off_t max)
{
    ngx_int_t                     rc;
    platen_receive_t             *rx;
    ngx_pool_cleanup_t           *cln;
    ngx_http_platen_ctx_t        *ctx;
    ngx_http_platen_loc_conf_t   *plcf;
    ngx_http_platen_main_conf_t  *pmcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);
    pmcf = ngx_http_get_module_main_conf(r, ngx_http_platen_module);

    cln = ngx_pool_cleanup_add(r->pool, sizeof(platen_receive_t));

    if (cln == NULL
        || platen_task_init(r, platen_upload_thread,
                                   platen_upload_thread_done)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rx = cln->data;

    rc = platen_receive_init(rx, (char *) pmcf->data.data, max,
                             (char *) type->data, type->len);
    cln->handler = platen_upload_cleanup;
    rx->unsafe = !pmcf->sync;
    rx->archive = plcf->batch;
    ctx->rx = rx;
    ctx->discard = platen_upload_refused;

    if (rc == PLATEN_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return rc == PLATEN_OK ? NGX_DECLINED : platen_upload_problem(r, rx);
}


ngx_int_t
platen_upload_read(ngx_http_request_t *r, void (*done)(ngx_http_request_t *r))
{
    off_t                   max, form;
    ngx_int_t               rc;
    platen_receive_t       *rx;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    rx = ctx->rx;

    form = rx->multipart ? PLATEN_UPLOAD_FORM : 0;
    max = rx->max_file + form;

    if (r->headers_in.content_length_n > max) {
        rx->problem = PLATEN_PROBLEM_FILE_TOO_LARGE;
        ngx_snprintf((u_char *) rx->detail, sizeof(rx->detail),
                     "The file is larger than the limit of %uL bytes.%Z",
                     rx->max_file);
        return platen_upload_problem(r, rx);
    }

    rc = platen_quota_room(r, ngx_max(r->headers_in.content_length_n - form,
                                      0));
    if (rc != NGX_DECLINED) {
        return rc;
    }

    ctx->received = done;

    return platen_body_reader_start(r, &platen_upload_reader);
}


/* Parameters of the query; fields of the form come later and win. */

static ngx_int_t
platen_upload_params(ngx_http_request_t *r, platen_receive_t *rx)
{
    ngx_int_t  rc;

    rc = platen_query_params(r, &rx->params, rx->detail, sizeof(rx->detail));

    if (rc == NGX_DECLINED) {
        rx->problem = PLATEN_PROBLEM_INVALID_PARAMETER;
    }

    return rc;
}


/* A problem is about to be told. */

static void
platen_upload_refused(ngx_http_request_t *r, ngx_int_t status)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    platen_upload_cleanup(ctx->rx);
}


/* Unless it has become a job's input, the file goes off the event loop. */

static void
platen_upload_cleanup(void *data)
{
    platen_receive_t *rx = data;

    platen_receive_close(rx);

    if (rx->tmp.path[0] != '\0') {
        platen_task_unlink(rx->tmp.path, ngx_cycle->log);
        rx->tmp.path[0] = '\0';
    }
}


static ngx_int_t
platen_upload_write(ngx_http_request_t *r)
{
    if (platen_task_post(r) == NGX_OK) {
        return NGX_AGAIN;
    }

    ngx_http_finalize_request(r, platen_respond_problem(r,
                                    PLATEN_PROBLEM_INTERNAL, NULL));
    return NGX_DONE;
}


/* In a thread: the context's receiver and chain are this task's alone. */

static void
platen_upload_thread(void *data, ngx_log_t *log)
{
    ngx_http_request_t *r = *(ngx_http_request_t **) data;

    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    switch (platen_given_each(ctx->in, platen_upload_piece, ctx->rx)) {

    case PLATEN_OK:
        if (ctx->last) {
            (void) platen_receive_finish(ctx->rx);
        }

        break;

    case PLATEN_ERROR:
        ctx->rx->error = errno;
        ctx->rx->problem = platen_problem_of_errno(errno);
        break;

    default: /* the receiver has said why */
        break;
    }
}


static int
platen_upload_piece(void *data, const u_char *p, size_t n)
{
    return platen_receive_feed(data, p, n);
}


static void
platen_upload_thread_done(ngx_event_t *ev)
{
    platen_task_done(ev, platen_body_reader_event, platen_upload_written);
}


static void
platen_upload_written(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ctx->rx->problem != PLATEN_PROBLEM_NONE) {
        ngx_http_finalize_request(r, platen_upload_problem(r, ctx->rx));
        return;
    }

    if (ctx->last) {
        ctx->received(r);
        return;
    }

    platen_body_reader_on(r);
}


static ngx_int_t
platen_upload_problem(ngx_http_request_t *r, platen_receive_t *rx)
{
    if (rx->error) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, rx->error,
                      "platen: storing an upload in \"%s\" failed",
                      rx->root);
    }

    return platen_respond_problem(r, rx->problem, rx->detail);
}
