
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
#include "job/event.h"
#include "job/job.h"
#include "live/snapshot.h"
#include "live/subscribers.h"


/* Bytes of an event besides its JSON: id, event, data and their line ends. */
#define PLATEN_EVENTS_FRAME  128

/* Of the keep-alive period, so that streams do not all wake at once. */
#define PLATEN_EVENTS_JITTER 8


typedef struct {
    platen_notify_sub_t      sub;
    ngx_http_request_t      *request;
    ngx_event_t              keepalive;
    ngx_buf_t                buf;
    u_char                  *block;    /* what is being sent; NULL: nothing */
    unsigned                 job:1;    /* of one job: it has a last event */
    unsigned                 busy:1;   /* the socket has not taken all */
} platen_events_t;


static ngx_int_t platen_events_open(ngx_http_request_t *r, ngx_uint_t job);
static ngx_int_t platen_events_header(ngx_http_request_t *r);
static ngx_int_t platen_events_start(platen_events_t *s, platen_live_t *live);
static ngx_int_t platen_events_begin(platen_events_t *s, platen_live_t *live);
static ngx_int_t platen_events_send(platen_events_t *s, u_char *pos,
    u_char *last);
static ngx_int_t platen_events_sent(platen_events_t *s);
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
    u_char                      *p;
    size_t                       size;
    const char                  *reason;
    ngx_chain_t                 *cl;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(s->request, ngx_http_platen_module);

    size = 2 * PLATEN_EVENTS_FRAME + live->len;

    if (live->final) {
        size += PLATEN_EVENTS_FRAME + platen_live_size(&plcf->prefix);
    }

    s->block = ngx_alloc(size, s->request->connection->log);
    if (s->block == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(s->block, "retry: %M\n\n", plcf->events_retry);

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

    return platen_events_send(s, s->block, p);
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
 * Sends what is from pos to last, which stays there until platen_events_sent().
 * NGX_OK, also if the socket has not taken all of it; NGX_ERROR.
 */

static ngx_int_t
platen_events_send(platen_events_t *s, u_char *pos, u_char *last)
{
    ngx_chain_t  out;

    ngx_memzero(&s->buf, sizeof(ngx_buf_t));
    s->buf.start = pos;
    s->buf.pos = pos;
    s->buf.last = last;
    s->buf.end = last;
    s->buf.memory = 1;
    s->buf.flush = 1;

    out.buf = &s->buf;
    out.next = NULL;

    if (ngx_http_output_filter(s->request, &out) == NGX_ERROR) {
        return NGX_ERROR;
    }

    return platen_events_sent(s);
}


/* Goes on, or waits for the socket. */

static ngx_int_t
platen_events_sent(platen_events_t *s)
{
    ngx_msec_t                   period;
    ngx_event_t                 *wev;
    ngx_http_request_t          *r;
    ngx_http_core_loc_conf_t    *clcf;
    ngx_http_platen_loc_conf_t  *plcf;

    r = s->request;
    wev = r->connection->write;

    if (r->buffered || r->connection->buffered) {
        s->busy = 1;
        platen_notify_pause(&s->sub);

        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        if (!wev->delayed) {
            ngx_add_timer(wev, clcf->send_timeout);
        }

        return ngx_handle_write_event(wev, clcf->send_lowat);
    }

    if (wev->timer_set && !wev->delayed) {
        ngx_del_timer(wev);
    }

    if (s->block) {
        ngx_free(s->block);
        s->block = NULL;
    }

    s->busy = 0;
    platen_notify_resume(&s->sub);

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    period = plcf->events_keepalive;
    period -= ngx_random() % (period / PLATEN_EVENTS_JITTER + 1);
    ngx_add_timer(&s->keepalive, period);

    return NGX_OK;
}


/* The socket takes more, or has not done so for send_timeout. */

static void
platen_events_writer(ngx_http_request_t *r)
{
    ngx_event_t            *wev;
    ngx_connection_t       *c;
    platen_events_t        *s;
    ngx_http_platen_ctx_t  *ctx;

    c = r->connection;
    wev = c->write;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    s = ctx->live;

    if (!s->busy) {
        return;
    }

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "platen: client takes no events");
        c->timedout = 1;
        platen_events_finish(s, NGX_ERROR);
        return;
    }

    if (ngx_http_output_filter(r, NULL) == NGX_ERROR
        || platen_events_sent(s) != NGX_OK)
    {
        platen_events_finish(s, NGX_ERROR);
    }
}


static void
platen_events_told(platen_notify_sub_t *sub, const platen_event_t *events,
    ngx_uint_t n)
{
    u_char                      *p;
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

    s->block = ngx_alloc(n * (PLATEN_EVENTS_FRAME
                              + platen_live_size(&plcf->prefix)), c->log);

    if (s->block) {
        p = s->block;

        for (i = 0; i < n && !last; i++) {
            p = platen_events_event(p, &events[i], &plcf->prefix);
            last = s->job && platen_event_last(&events[i]);
        }

        rc = platen_events_send(s, s->block, p);
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

    if (s->busy) {
        return;
    }

    ngx_http_set_log_request(c->log, s->request);

    if (platen_events_send(s, platen_events_comment,
                           platen_events_comment
                           + sizeof(platen_events_comment) - 1)
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


/* With the request's pool: until then a filter may hold the block. */

static void
platen_events_free(void *data)
{
    platen_events_t *s = data;

    if (s->block) {
        ngx_free(s->block);
    }
}
