
/*
 * A body that is one small JSON object, read into memory and parsed by
 * jansson.  What is longer than PLATEN_BODY_MAX is refused as soon as that is
 * known, so that a client decides on neither memory nor disk.  Runs in the
 * event loop; the parsed object lives until its handler returns.
 */


#include "http/body.h"

#include "ctx.h"
#include "task.h"
#include "base/platen.h"
#include "http/body_reader.h"
#include "http/given.h"
#include "http/problem.h"
#include "http/respond.h"

#include <errno.h>


#define PLATEN_BODY_MAX  (16 * 1024)


typedef struct platen_body_s {
    ngx_buf_t               *buf;
    platen_body_handler_pt   handler;
    platen_problem_t         problem;  /* of reading it from its file */
} platen_body_t;


static int platen_body_piece(void *data, const u_char *p, size_t n);
static void platen_body_thread(void *data, ngx_log_t *log);
static void platen_body_thread_done(ngx_event_t *ev);
static void platen_body_gathered(ngx_http_request_t *r);
static ngx_int_t platen_body_post(ngx_http_request_t *r);
static ngx_int_t platen_body_take(ngx_http_request_t *r);
static ngx_int_t platen_body_done(ngx_http_request_t *r);


static const platen_body_reader_t  platen_body_json_reader = {
    platen_body_take,
    NULL
};


ngx_int_t
platen_body_json(ngx_http_request_t *r, platen_body_handler_pt handler)
{
    size_t                  size;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (r->headers_in.content_length_n > PLATEN_BODY_MAX) {
        return platen_respond_problem(r, PLATEN_PROBLEM_BODY_TOO_LARGE, NULL);
    }

    size = r->headers_in.content_length_n >= 0 && !platen_given(r)
           ? (size_t) r->headers_in.content_length_n : PLATEN_BODY_MAX;

    ctx->body = ngx_palloc(r->pool, sizeof(platen_body_t));
    if (ctx->body == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->body->handler = handler;
    ctx->body->problem = PLATEN_PROBLEM_NONE;
    ctx->body->buf = ngx_create_temp_buf(r->pool, ngx_max(size, 1));
    if (ctx->body->buf == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_body_reader_start(r, &platen_body_json_reader);
}


/* Another module has read it, into a file: that is read in a thread. */

static ngx_int_t
platen_body_post(ngx_http_request_t *r)
{
    if (platen_task_init(r, platen_body_thread, platen_body_thread_done)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return platen_task_post(r);
}


static int
platen_body_piece(void *data, const u_char *p, size_t n)
{
    ngx_buf_t *body = data;

    if (n > (size_t) (body->end - body->last)) {
        return PLATEN_INVALID;
    }

    body->last = ngx_cpymem(body->last, p, n);

    return PLATEN_OK;
}


/* In a thread: the context's chain and buffer are this task's alone. */

static void
platen_body_thread(void *data, ngx_log_t *log)
{
    ngx_http_request_t *r = *(ngx_http_request_t **) data;

    int                     rc;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    rc = platen_given_each(ctx->in, platen_body_piece, ctx->body->buf);

    ctx->body->problem = rc == PLATEN_OK ? PLATEN_PROBLEM_NONE
                        : rc == PLATEN_INVALID ? PLATEN_PROBLEM_BODY_TOO_LARGE
                        : platen_problem_of_errno(errno);
}


static void
platen_body_thread_done(ngx_event_t *ev)
{
    platen_task_done(ev, platen_body_reader_event, platen_body_gathered);
}


static void
platen_body_gathered(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    ngx_http_finalize_request(r, ctx->body->problem != PLATEN_PROBLEM_NONE
                                 ? platen_respond_problem(r, ctx->body->problem,
                                                          NULL)
                                 : platen_body_done(r));
}


/* Copies what has come; one that is too long is refused as soon as it is. */

static ngx_int_t
platen_body_take(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_given_in_file(ctx->in)) {

        if (platen_body_post(r) != NGX_OK) {
            ngx_http_finalize_request(r, platen_respond_problem(r,
                                             PLATEN_PROBLEM_INTERNAL, NULL));
        }

        return NGX_DONE;
    }

    if (platen_given_each(ctx->in, platen_body_piece, ctx->body->buf)
        != PLATEN_OK)
    {
        ngx_http_finalize_request(r, platen_respond_problem(r,
                                         PLATEN_PROBLEM_BODY_TOO_LARGE,
                                         NULL));
        return NGX_DONE;
    }

    if (!ctx->last) {
        return NGX_OK;
    }

    r->read_event_handler = ngx_http_block_reading;

    ngx_http_finalize_request(r, platen_body_done(r));

    return NGX_DONE;
}


static ngx_int_t
platen_body_done(ngx_http_request_t *r)
{
    json_t                 *object;
    ngx_buf_t              *buf;
    ngx_int_t               rc;
    json_error_t            error;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    buf = ctx->body->buf;

    if (buf->last == buf->pos) {
        object = json_object();

    } else {
        object = json_loadb((char *) buf->pos, buf->last - buf->pos,
                            JSON_REJECT_DUPLICATES, &error);
    }

    if (!json_is_object(object)) {
        json_decref(object);
        return platen_respond_problem(r, PLATEN_PROBLEM_MALFORMED_JSON, NULL);
    }

    rc = ctx->body->handler(r, object);

    json_decref(object);

    return rc;
}
