
/*
 * GET /jobs/{id}/events and GET /events: Server-Sent Events (WHATWG HTML,
 * section 9.2), over HTTP/1 and HTTP/2.
 *
 * A stream is a request that stays open: r->main->count holds it, nginx's own
 * handler watches for the client's end of it.  What is sent lies in one block
 * at a time, made when there is something to send and freed when the socket has
 * taken it.  Until then the subscriber is paused, and what it misses meanwhile
 * stays in the store's outbox, so that a slow client costs one block, and after
 * send_timeout without progress nothing more.
 *
 * Runs in the event loop.  On any failure the connection is closed; the client
 * comes back with the number of the last event that it has seen.
 */


#include "live/sse.h"

#include "conf.h"
#include "ctx.h"
#include "http/problem.h"
#include "http/respond.h"
#include "http/sender.h"
#include "job/event.h"
#include "job/job.h"
#include "live/snapshot.h"
#include "live/subscribers.h"


/* Bytes of an event besides its JSON: id, event, data and their line ends. */
#define PLATEN_EVENTS_FRAME  128


typedef struct {
    platen_notify_sub_t      sub;
    ngx_http_request_t      *request;
    ngx_event_t              keepalive;
    platen_sender_t          sender;
    unsigned                 job:1;    /* of one job: it has a last event */
} platen_events_t;


static ngx_int_t platen_events_open(ngx_http_request_t *r, ngx_uint_t job);
static ngx_int_t platen_events_header(ngx_http_request_t *r);
static ngx_int_t platen_events_start(platen_events_t *s, platen_live_t *live);
static ngx_int_t platen_events_begin(platen_events_t *s, platen_live_t *live);
static ngx_int_t platen_events_sent(platen_events_t *s, ngx_int_t rc);
static void platen_events_writer(ngx_http_request_t *r);
static void platen_events_told(platen_notify_sub_t *sub,
    const platen_event_t *events, ngx_uint_t n);
static void platen_events_end(platen_notify_sub_t *sub,
    platen_notify_end_t why);
static void platen_events_keepalive(ngx_event_t *ev);
static void platen_events_finish(platen_events_t *s, ngx_int_t rc);
static void platen_events_detach(void *data);
static void platen_events_free(void *data);
static u_char *platen_events_event(u_char *p, const platen_event_t *event,
    ngx_str_t *prefix);


static u_char  platen_events_comment[] = ":\n\n";


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
    platen_live_t           live;
    platen_events_t        *s;
    ngx_pool_cleanup_t     *cln;
    ngx_http_cleanup_t     *hcln;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    ngx_memzero(&live, sizeof(platen_live_t));

    if (platen_live_since(r, "last_event_id", &live) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "Last-Event-ID and last_event_id take "
                                      "the id of an event of this server.");
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    if (platen_live_open(r, job ? &ctx->id : NULL, &live, &status) != NGX_OK) {
        return status;
    }

    if (live.kind == PLATEN_LIVE_OVER) {
        /* tells an EventSource not to come back */
        return platen_respond_send(r, NGX_HTTP_NO_CONTENT, NULL, NULL, -1);
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(platen_events_t));
    hcln = ngx_http_cleanup_add(r, 0);

    if (cln == NULL || hcln == NULL) {
        platen_live_close(&live);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    s = cln->data;
    ngx_memzero(s, sizeof(platen_events_t));

    cln->handler = platen_events_free;
    hcln->handler = platen_events_detach;
    hcln->data = s;

    ctx->live = s;

    s->request = r;
    s->sender.request = r;
    s->sender.what = "events";
    s->job = job;
    s->sub.handler = platen_events_told;
    s->sub.end = platen_events_end;
    s->sub.data = s;

    s->keepalive.handler = platen_events_keepalive;
    s->keepalive.data = r->connection;
    s->keepalive.log = r->connection->log;

    rc = platen_events_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        platen_live_close(&live);
        return rc;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = platen_events_writer;
    r->main->count++;

    rc = platen_events_start(s, &live);
    platen_live_close(&live);

    if (rc != NGX_OK) {
        platen_events_finish(s, rc);
    }

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


/*
 * Subscribes, and sends what comes first.  NGX_OK: the stream is open; else it
 * is to be finished with that code, NGX_DONE being its regular end.
 */

static ngx_int_t
platen_events_start(platen_events_t *s, platen_live_t *live)
{
    ngx_int_t               rc;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(s->request, ngx_http_platen_module);

    if (!live->final) {
        s->sub.seq = live->seq;

        if (platen_notify_subscribe(&s->sub, s->job ? &ctx->id : NULL,
                                    &ctx->client)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    rc = platen_events_begin(s, live);

    return rc == NGX_OK && live->final ? NGX_DONE : rc;
}


/* How the client is to come back, why it begins anew, and the state. */

static ngx_int_t
platen_events_begin(platen_events_t *s, platen_live_t *live)
{
    u_char                      *p, *block;
    size_t                       size;
    const char                  *reason;
    ngx_chain_t                 *cl;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(s->request, ngx_http_platen_module);

    size = 2 * PLATEN_EVENTS_FRAME + live->len;

    if (live->final) {
        size += PLATEN_EVENTS_FRAME + platen_live_size(&plcf->prefix);
    }

    block = ngx_alloc(size, s->request->connection->log);
    if (block == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(block, "retry: %M\n\n", plcf->events_retry);

    reason = platen_live_reason(live->kind);

    if (reason) {
        p = ngx_sprintf(p, "event: reset\ndata: {\"reason\":\"%s\"}\n\n",
                        reason);
    }

    if (live->state) {
        p = ngx_sprintf(p, "id: %uL\nevent: state\ndata: ", live->seq);

        for (cl = live->state; cl; cl = cl->next) {
            p = ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);
        }

        *p++ = '\n';
        *p++ = '\n';
    }

    if (live->final) {
        p = platen_events_event(p, &live->last, &plcf->prefix);
    }

    return platen_events_sent(s, platen_sender_block(&s->sender, block, p));
}


static u_char *
platen_events_event(u_char *p, const platen_event_t *event, ngx_str_t *prefix)
{
    p = ngx_sprintf(p, "id: %uL\nevent: %s\ndata: ", event->seq,
                    platen_event_title(event));
    p = platen_live_text(p, event, prefix);
    *p++ = '\n';
    *p++ = '\n';

    return p;
}


/*
 * What the sender has said: goes on, or waits for the socket.  NGX_OK or
 * NGX_ERROR.
 */

static ngx_int_t
platen_events_sent(platen_events_t *s, ngx_int_t rc)
{
    if (rc == NGX_AGAIN) {
        platen_notify_pause(&s->sub);
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    platen_notify_resume(&s->sub);
    platen_live_keepalive(s->request, &s->keepalive);

    return NGX_OK;
}


static void
platen_events_writer(ngx_http_request_t *r)
{
    platen_events_t        *s;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    s = ctx->live;

    if (s->sender.busy
        && platen_events_sent(s, platen_sender_event(&s->sender)) != NGX_OK)
    {
        platen_events_finish(s, NGX_ERROR);
    }
}


static void
platen_events_told(platen_notify_sub_t *sub, const platen_event_t *events,
    ngx_uint_t n)
{
    u_char                      *p, *block;
    ngx_int_t                    rc;
    ngx_uint_t                   i, last;
    platen_events_t             *s;
    ngx_connection_t            *c;
    ngx_http_platen_loc_conf_t  *plcf;

    s = sub->data;
    c = s->request->connection;

    ngx_http_set_log_request(c->log, s->request);

    plcf = ngx_http_get_module_loc_conf(s->request, ngx_http_platen_module);

    last = 0;
    rc = NGX_ERROR;

    block = ngx_alloc(n * (PLATEN_EVENTS_FRAME
                           + platen_live_size(&plcf->prefix)), c->log);

    if (block) {
        p = block;

        for (i = 0; i < n && !last; i++) {
            p = platen_events_event(p, &events[i], &plcf->prefix);
            last = s->job && platen_event_last(&events[i]);
        }

        rc = platen_events_sent(s, platen_sender_block(&s->sender, block, p));
    }

    if (rc != NGX_OK || last) {
        platen_events_finish(s, rc == NGX_OK ? NGX_DONE : rc);
    }

    ngx_http_run_posted_requests(c);
}


static void
platen_events_end(platen_notify_sub_t *sub, platen_notify_end_t why)
{
    ngx_int_t               rc;
    platen_live_t           live;
    platen_events_t        *s;
    ngx_connection_t       *c;
    ngx_http_platen_ctx_t  *ctx;

    s = sub->data;
    c = s->request->connection;

    ngx_http_set_log_request(c->log, s->request);

    rc = NGX_DONE;

    if (why == PLATEN_NOTIFY_LOST) {
        ctx = ngx_http_get_module_ctx(s->request, ngx_http_platen_module);

        ngx_memzero(&live, sizeof(platen_live_t));
        live.given = 1;
        live.lost = 1;

        rc = platen_live_open(s->request, s->job ? &ctx->id : NULL, &live,
                              NULL);
        if (rc == NGX_OK) {
            rc = platen_events_start(s, &live);
            platen_live_close(&live);
        }
    }

    if (rc != NGX_OK) {
        platen_events_finish(s, rc);
    }

    ngx_http_run_posted_requests(c);
}


/* Nothing was sent for a while: does the client still live? */

static void
platen_events_keepalive(ngx_event_t *ev)
{
    platen_events_t   *s;
    ngx_connection_t  *c;

    s = (platen_events_t *) ((u_char *) ev
                             - offsetof(platen_events_t, keepalive));
    c = s->request->connection;

    /* While the socket is full, its own timer counts. */

    if (s->sender.busy) {
        return;
    }

    ngx_http_set_log_request(c->log, s->request);

    if (platen_events_sent(s, platen_sender_text(&s->sender,
                                  platen_events_comment,
                                  platen_events_comment
                                  + sizeof(platen_events_comment) - 1))
        != NGX_OK)
    {
        platen_events_finish(s, NGX_ERROR);
    }

    ngx_http_run_posted_requests(c);
}


/* NGX_DONE: at its regular end; what is not sent yet, nginx sends. */

static void
platen_events_finish(platen_events_t *s, ngx_int_t rc)
{
    platen_events_detach(s);

    if (rc == NGX_DONE) {
        rc = ngx_http_send_special(s->request, NGX_HTTP_LAST);
    }

    ngx_http_finalize_request(s->request, rc);
}


static void
platen_events_detach(void *data)
{
    platen_events_t *s = data;

    platen_notify_unsubscribe(&s->sub);

    if (s->keepalive.timer_set) {
        ngx_del_timer(&s->keepalive);
    }
}


static void
platen_events_free(void *data)
{
    platen_events_t *s = data;

    platen_sender_free(&s->sender);
}
