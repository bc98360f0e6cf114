
/*
 * GET /ws and GET /jobs/{id}/ws: events as JSON texts of a WebSocket; and what
 * Socket.IO (ws/socketio.c) shares with them.
 *
 * What comes first, resuming, and falling behind are as with Server-Sent Events
 * (live/sse.c).  Runs in the event loop.
 */


#include "ws/stream.h"

#include "conf.h"
#include "ctx.h"
#include "http/problem.h"
#include "http/respond.h"
#include "job/event.h"
#include "job/job.h"
#include "ws/frame.h"
#include "ws/handshake.h"


/* Bytes of a frame besides its JSON: head, name, what Socket.IO puts around. */
#define PLATEN_WS_STREAM_FRAME    128


static ngx_int_t platen_ws_stream_open(ngx_http_request_t *r, ngx_uint_t job);
static u_char *platen_ws_stream_begin(platen_ws_stream_t *s, u_char *p,
    const char *name);
static u_char *platen_ws_stream_end(platen_ws_stream_t *s, u_char *p,
    u_char *last);
static u_char *platen_ws_stream_event(platen_ws_stream_t *s, u_char *p,
    const platen_event_t *event);
static ngx_int_t platen_ws_stream_send(platen_ws_stream_t *s, u_char *block,
    u_char *last);
static void platen_ws_stream_rest(platen_ws_stream_t *s);
static void platen_ws_stream_full(platen_ws_t *ws);
static void platen_ws_stream_ready(platen_ws_t *ws);
static void platen_ws_stream_detach(platen_ws_t *ws);
static void platen_ws_stream_ignore(platen_ws_t *ws, u_char *text,
    size_t len);
static void platen_ws_stream_told(platen_notify_sub_t *sub,
    const platen_event_t *events, ngx_uint_t n);
static void platen_ws_stream_unsubscribed(platen_notify_sub_t *sub,
    platen_notify_end_t why);
static void platen_ws_stream_again(platen_ws_stream_t *s);
static void platen_ws_stream_keepalive(ngx_event_t *ev);


ngx_int_t
platen_ws_stream_job(ngx_http_request_t *r)
{
    return platen_ws_stream_open(r, 1);
}


ngx_int_t
platen_ws_stream_client(ngx_http_request_t *r)
{
    return platen_ws_stream_open(r, 0);
}


static ngx_int_t
platen_ws_stream_open(ngx_http_request_t *r, ngx_uint_t job)
{
    ngx_int_t               rc, status;
    platen_live_t           live;
    platen_ws_stream_t     *s;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    rc = platen_ws_stream_admit(r, &live);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    s = platen_ws_stream_new(r);
    if (s == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    s->job = job;
    s->ws.message = platen_ws_stream_ignore;

    if (platen_live_open(r, job ? &ctx->id : NULL, &live, &status) != NGX_OK) {
        return status;
    }

    rc = platen_ws_open(&s->ws);

    if (rc != NGX_OK) {
        platen_live_close(&live);
        return rc;
    }

    platen_ws_stream_start(s, &live, NULL);
    platen_live_close(&live);

    if (!s->ws.over) {
        platen_ws_begin(&s->ws);
    }

    return NGX_DONE;
}


ngx_int_t
platen_ws_stream_admit(ngx_http_request_t *r, platen_live_t *live)
{
    ngx_memzero(live, sizeof(platen_live_t));

    if (platen_live_since(r, "since", live) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "since takes the seq of an event of "
                                      "this server.");
    }

    return platen_ws_handshake(r);
}


platen_ws_stream_t *
platen_ws_stream_new(ngx_http_request_t *r)
{
    platen_ws_stream_t  *s;

    s = ngx_pcalloc(r->pool, sizeof(platen_ws_stream_t));
    if (s == NULL) {
        return NULL;
    }

    s->ws.request = r;
    s->ws.full = platen_ws_stream_full;
    s->ws.ready = platen_ws_stream_ready;
    s->ws.detach = platen_ws_stream_detach;

    s->sub.handler = platen_ws_stream_told;
    s->sub.end = platen_ws_stream_unsubscribed;
    s->sub.data = s;

    s->keepalive.handler = platen_ws_stream_keepalive;
    s->keepalive.data = r->connection;
    s->keepalive.log = r->connection->log;

    return s;
}


void
platen_ws_stream_start(platen_ws_stream_t *s, platen_live_t *live,
    const char *greeting)
{
    u_char                      *p, *q, *block;
    size_t                       size;
    ngx_uint_t                   over;
    const char                  *reason;
    ngx_chain_t                 *cl;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(s->ws.request, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(s->ws.request, ngx_http_platen_module);

    over = live->final || live->kind == PLATEN_LIVE_OVER;
    size = 3 * PLATEN_WS_STREAM_FRAME + live->len
           + (live->final ? platen_live_size(&plcf->prefix)
                            + PLATEN_WS_STREAM_FRAME : 0);

    block = ngx_alloc(size, s->ws.request->connection->log);

    if (!over) {
        s->sub.seq = live->seq;
    }

    if (block == NULL
        || (!over
            && platen_notify_subscribe(&s->sub, s->job ? &ctx->id : NULL,
                                       &ctx->client)
               != NGX_OK))
    {
        ngx_free(block);
        platen_ws_close(&s->ws, PLATEN_WS_INTERNAL);
        return;
    }

    p = block;

    if (greeting) {
        q = ngx_cpymem(p + PLATEN_WS_HEAD, greeting, ngx_strlen(greeting));
        p = platen_ws_stream_end(NULL, p, q);
    }

    reason = platen_live_reason(live->kind);

    if (reason) {
        q = platen_ws_stream_begin(s, p, "reset");
        q = ngx_sprintf(q, "{\"event\":\"reset\",\"reason\":\"%s\"}", reason);
        p = platen_ws_stream_end(s, p, q);
    }

    if (live->state) {
        q = platen_ws_stream_begin(s, p, "state");
        q = ngx_sprintf(q, "{\"event\":\"state\",\"seq\":%uL,\"state\":",
                        live->seq);

        for (cl = live->state; cl; cl = cl->next) {
            q = ngx_cpymem(q, cl->buf->pos, cl->buf->last - cl->buf->pos);
        }

        *q++ = '}';
        p = platen_ws_stream_end(s, p, q);
    }

    if (live->final) {
        p = platen_ws_stream_event(s, p, &live->last);
    }

    if (p == block) {
        /* The answer to the handshake is not to wait for the first event. */
        ngx_free(block);
        block = NULL;
        p = NULL;
    }

    if (platen_ws_stream_send(s, block, p) != NGX_OK) {
        return;
    }

    if (over) {
        platen_ws_close(&s->ws, PLATEN_WS_NORMAL);
    }
}


/* A text begins behind the room of its head, which depends on its length. */

static u_char *
platen_ws_stream_begin(platen_ws_stream_t *s, u_char *p, const char *name)
{
    p += PLATEN_WS_HEAD;

    return s->io ? ngx_sprintf(p, "42[\"%s\",", name) : p;
}


static u_char *
platen_ws_stream_end(platen_ws_stream_t *s, u_char *p, u_char *last)
{
    u_char  *text;
    size_t   len;

    if (s && s->io) {
        *last++ = ']';
    }

    text = p + PLATEN_WS_HEAD;
    len = last - text;
    p = platen_ws_frame_head(p, len);

    return ngx_movemem(p, text, len);
}


static u_char *
platen_ws_stream_event(platen_ws_stream_t *s, u_char *p,
    const platen_event_t *event)
{
    u_char                      *q;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(s->ws.request, ngx_http_platen_module);

    q = platen_ws_stream_begin(s, p, platen_event_title(event));
    q = platen_live_text(q, event, &plcf->prefix);

    return platen_ws_stream_end(s, p, q);
}


static ngx_int_t
platen_ws_stream_send(platen_ws_stream_t *s, u_char *block, u_char *last)
{
    if (platen_ws_send(&s->ws, block, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!s->ws.sender.busy) {
        platen_ws_stream_rest(s);
    }

    return NGX_OK;
}


ngx_int_t
platen_ws_stream_text(platen_ws_stream_t *s, const char *text)
{
    u_char  *p, *block;
    size_t   len;

    len = ngx_strlen(text);

    block = ngx_alloc(PLATEN_WS_HEAD + len, s->ws.request->connection->log);
    if (block == NULL) {
        platen_ws_close(&s->ws, PLATEN_WS_INTERNAL);
        return NGX_ERROR;
    }

    p = platen_ws_frame_head(block, len);
    p = ngx_cpymem(p, text, len);

    return platen_ws_stream_send(s, block, p);
}


/*
 * Nothing is to be sent now, but for the next ping.  What was sent does not put
 * that off: clients of Socket.IO wait for it, and one that is silent while much
 * is sent is to be found out, too.
 */

static void
platen_ws_stream_rest(platen_ws_stream_t *s)
{
    if (!s->keepalive.timer_set) {
        platen_live_keepalive(s->ws.request, &s->keepalive);
    }
}


static void
platen_ws_stream_full(platen_ws_t *ws)
{
    platen_ws_stream_t  *s = (platen_ws_stream_t *) ws;

    platen_notify_pause(&s->sub);
}


static void
platen_ws_stream_ready(platen_ws_t *ws)
{
    platen_ws_stream_t  *s = (platen_ws_stream_t *) ws;

    platen_notify_resume(&s->sub);
    platen_ws_stream_rest(s);
}


static void
platen_ws_stream_detach(platen_ws_t *ws)
{
    platen_ws_stream_t  *s = (platen_ws_stream_t *) ws;

    platen_notify_unsubscribe(&s->sub);

    if (s->keepalive.timer_set) {
        ngx_del_timer(&s->keepalive);
    }
}


/* --- what clients say ---------------------------------------------------- */

/* Nothing that a client says means anything here. */

static void
platen_ws_stream_ignore(platen_ws_t *ws, u_char *text, size_t len)
{
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ws->request->connection->log, 0,
                   "platen websocket text of %uz", len);
}


/* --- what is told -------------------------------------------------------- */

static void
platen_ws_stream_told(platen_notify_sub_t *sub, const platen_event_t *events,
    ngx_uint_t n)
{
    u_char                      *p, *block;
    ngx_uint_t                   i, last;
    ngx_connection_t            *c;
    platen_ws_stream_t          *s;
    ngx_http_platen_loc_conf_t  *plcf;

    s = sub->data;
    c = s->ws.request->connection;

    ngx_http_set_log_request(c->log, s->ws.request);

    plcf = ngx_http_get_module_loc_conf(s->ws.request, ngx_http_platen_module);

    platen_ws_hold(&s->ws);

    last = 0;
    block = ngx_alloc(n * (PLATEN_WS_STREAM_FRAME
                           + platen_live_size(&plcf->prefix)), c->log);

    if (block == NULL) {
        platen_ws_close(&s->ws, PLATEN_WS_INTERNAL);

    } else {
        p = block;

        for (i = 0; i < n && !last; i++) {
            p = platen_ws_stream_event(s, p, &events[i]);
            last = s->job && platen_event_last(&events[i]);
        }

        if (platen_ws_stream_send(s, block, p) == NGX_OK && last) {
            platen_ws_close(&s->ws, PLATEN_WS_NORMAL);
        }
    }

    platen_ws_release(&s->ws);

    ngx_http_run_posted_requests(c);
}


static void
platen_ws_stream_unsubscribed(platen_notify_sub_t *sub,
    platen_notify_end_t why)
{
    ngx_connection_t    *c;
    platen_ws_stream_t  *s;

    s = sub->data;
    c = s->ws.request->connection;

    ngx_http_set_log_request(c->log, s->ws.request);

    platen_ws_hold(&s->ws);

    if (why == PLATEN_NOTIFY_LOST) {
        platen_ws_stream_again(s);

    } else {
        platen_ws_close(&s->ws, PLATEN_WS_RESTART);
    }

    platen_ws_release(&s->ws);

    ngx_http_run_posted_requests(c);
}


/* What it was to be told is gone: the whole state instead. */

static void
platen_ws_stream_again(platen_ws_stream_t *s)
{
    platen_live_t           live;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(s->ws.request, ngx_http_platen_module);

    ngx_memzero(&live, sizeof(platen_live_t));
    live.given = 1;
    live.lost = 1;

    if (platen_live_open(s->ws.request, s->job ? &ctx->id : NULL, &live, NULL)
        != NGX_OK)
    {
        platen_ws_close(&s->ws, PLATEN_WS_INTERNAL);
        return;
    }

    platen_ws_stream_start(s, &live, NULL);
    platen_live_close(&live);
}


/* Nothing was sent for a while: does the client still live? */

static void
platen_ws_stream_keepalive(ngx_event_t *ev)
{
    ngx_connection_t    *c;
    platen_ws_stream_t  *s;

    s = (platen_ws_stream_t *) ((u_char *) ev
                                - offsetof(platen_ws_stream_t, keepalive));
    c = s->ws.request->connection;

    /* While the socket is full, its own timer counts. */

    if (s->ws.sender.busy) {
        return;
    }

    ngx_http_set_log_request(c->log, s->ws.request);

    platen_ws_hold(&s->ws);

    if (s->io && !s->joined) {
        platen_ws_close(&s->ws, PLATEN_WS_PROTOCOL);

    } else if (!s->io) {
        if (platen_ws_ping(&s->ws) == NGX_OK && !s->ws.sender.busy) {
            platen_ws_stream_rest(s);
        }

    } else if (platen_ws_alive(&s->ws) == NGX_OK) {
        (void) platen_ws_stream_text(s, "2");
    }

    platen_ws_release(&s->ws);

    ngx_http_run_posted_requests(c);
}
