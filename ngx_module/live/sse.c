
/*
 * GET /jobs/{id}/events and GET /events: Server-Sent Events (WHATWG HTML,
 * section 9.2), over HTTP/1 and HTTP/2.
 *
 * What is told, and when, is live/stream.c's.  nginx's own handler watches for
 * the client's end of the request.  Runs in the event loop.  On any failure the
 * connection is closed; the client comes back with the number of the last event
 * that it has seen.
 */


#include "live/sse.h"

#include "conf.h"
#include "ctx.h"
#include "http/problem.h"
#include "http/respond.h"
#include "http/sender.h"
#include "live/snapshot.h"
#include "live/stream.h"


typedef struct {
    platen_stream_t          stream;   /* first */
    platen_sender_t          sender;
} platen_events_t;


static ngx_int_t platen_events_open(ngx_http_request_t *r, ngx_uint_t job);
static ngx_int_t platen_events_header(ngx_http_request_t *r);
static void platen_events_writer(ngx_http_request_t *r);
static u_char *platen_events_greet(platen_stream_t *stream, u_char *p);
static u_char *platen_events_begin(platen_stream_t *stream, u_char *p,
    const char *name, const uint64_t *seq);
static u_char *platen_events_end(platen_stream_t *stream, u_char *p,
    u_char *last);
static ngx_int_t platen_events_send(platen_stream_t *stream, u_char *block,
    u_char *last);
static ngx_int_t platen_events_sent(platen_stream_t *stream, ngx_int_t rc);
static void platen_events_alive(platen_stream_t *stream);
static void platen_events_finish(platen_stream_t *stream,
    platen_stream_end_t why);
static void platen_events_detach(void *data);
static void platen_events_free(void *data);


static u_char  platen_events_comment[] = ":\n\n";


static const platen_stream_carrier_t  platen_events_carrier = {
    .greet = platen_events_greet,
    .begin = platen_events_begin,
    .end = platen_events_end,
    .send = platen_events_send,
    .alive = platen_events_alive,
    .finish = platen_events_finish,
    .titled = 1,
    .silence = 1
};


ngx_int_t
platen_events_job(ngx_http_request_t *r)
{
    return platen_events_open(r, 1);
}


ngx_int_t
platen_events_client(ngx_http_request_t *r)
{
    return platen_events_open(r, 0);
}


static ngx_int_t
platen_events_open(ngx_http_request_t *r, ngx_uint_t job)
{
    ngx_int_t               rc, status;
    platen_snapshot_t       snapshot;
    platen_events_t        *s;
    ngx_pool_cleanup_t     *cln;
    ngx_http_cleanup_t     *hcln;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    ngx_memzero(&snapshot, sizeof(platen_snapshot_t));

    if (platen_snapshot_since(r, "last_event_id", &snapshot) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "Last-Event-ID and last_event_id take "
                                      "the id of an event of this server.");
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    if (platen_snapshot_open(r, job ? &ctx->id : NULL, &snapshot, &status)
        != NGX_OK)
    {
        return status;
    }

    if (snapshot.kind == PLATEN_SNAPSHOT_OVER) {
        /* tells an EventSource not to come back */
        return platen_respond_send(r, NGX_HTTP_NO_CONTENT, NULL, NULL, -1);
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(platen_events_t));
    hcln = ngx_http_cleanup_add(r, 0);

    if (cln == NULL || hcln == NULL) {
        platen_snapshot_close(&snapshot);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    s = cln->data;
    ngx_memzero(s, sizeof(platen_events_t));

    cln->handler = platen_events_free;
    hcln->handler = platen_events_detach;
    hcln->data = s;

    ctx->live = s;

    s->sender.request = r;
    s->sender.what = "events";

    platen_stream_init(&s->stream, r, &platen_events_carrier, &s->sender);
    s->stream.job = job;

    rc = platen_events_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        platen_snapshot_close(&snapshot);
        return rc;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = platen_events_writer;
    r->main->count++;

    platen_stream_start(&s->stream, &snapshot);
    platen_snapshot_close(&snapshot);

    return NGX_DONE;
}


static ngx_int_t
platen_events_header(ngx_http_request_t *r)
{
    ngx_str_t               value, off;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    ngx_str_set(&value, "private, no-cache");
    ngx_str_set(&off, "no");

    if (platen_respond_header(r, "Cache-Control", &value) != NGX_OK
        || platen_respond_header(r, "X-Accel-Buffering", &off) != NGX_OK
        || platen_respond_header(r, "X-Request-ID", &ctx->request_id)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    r->disable_not_modified = 1;
    r->headers_out.status = NGX_HTTP_OK;
    ngx_str_set(&r->headers_out.content_type, "text/event-stream");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    return ngx_http_send_header(r);
}


static void
platen_events_writer(ngx_http_request_t *r)
{
    platen_events_t        *s;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    s = ctx->live;

    if (s->sender.busy) {
        (void) platen_events_sent(&s->stream, platen_sender_event(&s->sender));
    }
}


/* How the client is to come back. */

static u_char *
platen_events_greet(platen_stream_t *stream, u_char *p)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(stream->request,
                                        ngx_http_platen_module);

    return ngx_sprintf(p, "retry: %M\n\n", plcf->events_retry);
}


static u_char *
platen_events_begin(platen_stream_t *stream, u_char *p, const char *name,
    const uint64_t *seq)
{
    if (seq) {
        p = ngx_sprintf(p, "id: %uL\n", *seq);
    }

    return ngx_sprintf(p, "event: %s\ndata: ", name);
}


static u_char *
platen_events_end(platen_stream_t *stream, u_char *p, u_char *last)
{
    *last++ = '\n';
    *last++ = '\n';

    return last;
}


static ngx_int_t
platen_events_send(platen_stream_t *stream, u_char *block, u_char *last)
{
    return platen_events_sent(stream, platen_sender_block(stream->sender,
                                                          block, last));
}


/* What the sender has said: goes on, or waits for the socket. */

static ngx_int_t
platen_events_sent(platen_stream_t *stream, ngx_int_t rc)
{
    if (rc == NGX_AGAIN) {
        platen_stream_full(stream);
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        platen_events_finish(stream, PLATEN_STREAM_FAILED);
        return NGX_ERROR;
    }

    platen_stream_ready(stream);

    return NGX_OK;
}


static void
platen_events_alive(platen_stream_t *stream)
{
    ngx_int_t  rc;

    rc = platen_sender_text(stream->sender, platen_events_comment,
                            platen_events_comment
                            + sizeof(platen_events_comment) - 1);

    (void) platen_events_sent(stream, rc);
}


/* At its regular end nginx sends what is not sent yet. */

static void
platen_events_finish(platen_stream_t *stream, platen_stream_end_t why)
{
    platen_stream_detach(stream);

    ngx_http_finalize_request(stream->request,
                              why == PLATEN_STREAM_FAILED ? NGX_ERROR
                              : ngx_http_send_special(stream->request,
                                                      NGX_HTTP_LAST));
}


static void
platen_events_detach(void *data)
{
    platen_events_t *s = data;

    platen_stream_detach(&s->stream);
}


static void
platen_events_free(void *data)
{
    platen_events_t *s = data;

    platen_sender_free(&s->sender);
}
