
/*
 * The reader of bodies; see http/body_reader.h.  Runs in the event loop.
 */


#include "http/body_reader.h"

#include "ctx.h"
#include "http/given.h"
#include "http/problem.h"
#include "http/respond.h"


static void platen_body_reader_begin(ngx_http_request_t *r);
static void platen_body_reader_process(ngx_http_request_t *r);
static void platen_body_reader_release(ngx_http_request_t *r);
static void platen_body_reader_take(ngx_http_request_t *r,
    ngx_http_platen_ctx_t *ctx);
static void platen_body_reader_failed(ngx_http_request_t *r, ngx_int_t status);


ngx_int_t
platen_body_reader_start(ngx_http_request_t *r,
    const platen_body_reader_t *reader)
{
    ngx_int_t               rc;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    ctx->reader = reader;

    if (platen_given(r)) {
        rc = platen_given_chain(r, &ctx->in);

        if (rc == NGX_DECLINED) {
            return platen_given_refuse(r);
        }

        if (rc != NGX_OK) {
            return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
        }

        ctx->last = 1;
        r->write_event_handler = platen_body_reader_event;
        r->main->count++;

        (void) reader->piece(r);

        return NGX_DONE;
    }

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, platen_body_reader_begin);

    if (rc < NGX_HTTP_SPECIAL_RESPONSE) {
        return NGX_DONE;
    }

    if (reader->failed == NULL || r->request_body == NULL) {
        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    /* some of it may have come before */

    r->read_event_handler = ngx_http_block_reading;

    platen_body_reader_take(r, ctx);
    reader->failed(r, rc);

    return NGX_AGAIN;
}


static void
platen_body_reader_begin(ngx_http_request_t *r)
{
    r->read_event_handler = platen_body_reader_event;
    r->write_event_handler = platen_body_reader_event;

    platen_body_reader_process(r);
}


void
platen_body_reader_event(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (!ctx->busy && r->request_body && !ctx->last) {
        platen_body_reader_process(r);
    }
}


void
platen_body_reader_on(ngx_http_request_t *r)
{
    platen_body_reader_release(r);
    platen_body_reader_process(r);
}


static void
platen_body_reader_release(ngx_http_request_t *r)
{
    ngx_chain_t            *cl, *next;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    for (cl = ctx->in; cl; cl = next) {
        next = cl->next;
        cl->buf->pos = cl->buf->last;
        ngx_free_chain(r->pool, cl);
    }

    ctx->in = NULL;
}


/* Reads until there is something to deal with or nothing to read. */

static void
platen_body_reader_process(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_http_platen_ctx_t    *ctx;
    ngx_http_request_body_t  *rb;

    rb = r->request_body;
    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    for ( ;; ) {
        if (rb->bufs == NULL && r->reading_body) {
            rc = ngx_http_read_unbuffered_request_body(r);

            if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
                platen_body_reader_failed(r, rc);
                return;
            }

            if (rb->bufs == NULL && r->reading_body) {
                return;
            }
        }

        platen_body_reader_take(r, ctx);

        if (ctx->reader->piece(r) != NGX_OK) {
            return;
        }

        platen_body_reader_release(r);
    }
}


static void
platen_body_reader_take(ngx_http_request_t *r, ngx_http_platen_ctx_t *ctx)
{
    /* A paused reader is not a slow client. */

    if (r->connection->read->timer_set) {
        ngx_del_timer(r->connection->read);
    }

    ctx->in = r->request_body->bufs;
    r->request_body->bufs = NULL;
    ctx->last = !r->reading_body;
}


static void
platen_body_reader_failed(ngx_http_request_t *r, ngx_int_t status)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ctx->reader->failed) {
        platen_body_reader_take(r, ctx);
        ctx->reader->failed(r, status);
        return;
    }

    if (r->connection->error) {
        /* the client is gone; there is nobody to answer */
        ngx_http_finalize_request(r, NGX_ERROR);
        return;
    }

    ngx_http_finalize_request(r, platen_respond_problem(r,
                                    platen_problem_of_status(status), NULL));
}
