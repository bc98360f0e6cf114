
/*
 * GET /ws and GET /jobs/{id}/ws: events as JSON texts of a WebSocket; and what
 * Socket.IO (ws/socketio.c) shares with them.
 *
 * What is told, and when, is live/stream.c's.  Runs in the event loop.
 */


#include "ws/stream.h"

#include "ctx.h"
#include "http/problem.h"
#include "http/respond.h"
#include "ws/frame.h"
#include "ws/handshake.h"


static ngx_int_t platen_ws_stream_open(ngx_http_request_t *r, ngx_uint_t job);
static void platen_ws_stream_full(platen_ws_t *ws);
static void platen_ws_stream_ready(platen_ws_t *ws);
static void platen_ws_stream_detach(platen_ws_t *ws);
static void platen_ws_stream_ignore(platen_ws_t *ws, u_char *text,
    size_t len);
static u_char *platen_ws_stream_begin(platen_stream_t *stream, u_char *p,
    const char *name, const uint64_t *seq);
static u_char *platen_ws_stream_end(platen_stream_t *stream, u_char *p,
    u_char *last);
static ngx_int_t platen_ws_stream_sent(platen_ws_stream_t *s, ngx_int_t rc);
static void platen_ws_stream_alive(platen_stream_t *stream);


/*
 * What was sent does not put a sign of life off: a client that is silent while
 * much is sent is to be found out, too.
 */
static const platen_stream_carrier_t  platen_ws_stream_carrier = {
    .begin = platen_ws_stream_begin,
    .end = platen_ws_stream_end,
    .send = platen_ws_stream_send,
    .alive = platen_ws_stream_alive,
    .finish = platen_ws_stream_finish
};


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
    platen_snapshot_t       snapshot;
    platen_ws_stream_t     *s;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    rc = platen_ws_stream_admit(r, &snapshot);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    s = platen_ws_stream_new(r, &platen_ws_stream_carrier);
    if (s == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    s->stream.job = job;
    s->ws.message = platen_ws_stream_ignore;

    if (platen_snapshot_open(r, job ? &ctx->id : NULL, &snapshot, &status)
        != NGX_OK)
    {
        return status;
    }

    rc = platen_ws_open(&s->ws);

    if (rc != NGX_OK) {
        platen_snapshot_close(&snapshot);
        return rc;
    }

    platen_stream_start(&s->stream, &snapshot);
    platen_snapshot_close(&snapshot);

    if (!s->ws.over) {
        platen_ws_begin(&s->ws);
    }

    return NGX_DONE;
}


ngx_int_t
platen_ws_stream_admit(ngx_http_request_t *r, platen_snapshot_t *snapshot)
{
    ngx_memzero(snapshot, sizeof(platen_snapshot_t));

    if (platen_snapshot_since(r, "since", snapshot) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "since takes the seq of an event of "
                                      "this server.");
    }

    return platen_ws_handshake(r);
}


platen_ws_stream_t *
platen_ws_stream_new(ngx_http_request_t *r,
    const platen_stream_carrier_t *carrier)
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

    platen_stream_init(&s->stream, r, carrier, &s->ws.sender);

    return s;
}


platen_ws_stream_t *
platen_ws_stream_of(platen_stream_t *stream)
{
    return (platen_ws_stream_t *) ((u_char *) stream
                                   - offsetof(platen_ws_stream_t, stream));
}


/* --- what the connection says -------------------------------------------- */

static void
platen_ws_stream_full(platen_ws_t *ws)
{
    platen_stream_full(&((platen_ws_stream_t *) ws)->stream);
}


static void
platen_ws_stream_ready(platen_ws_t *ws)
{
    platen_stream_ready(&((platen_ws_stream_t *) ws)->stream);
}


static void
platen_ws_stream_detach(platen_ws_t *ws)
{
    platen_stream_detach(&((platen_ws_stream_t *) ws)->stream);
}


/* Nothing that a client says means anything here. */

static void
platen_ws_stream_ignore(platen_ws_t *ws, u_char *text, size_t len)
{
    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, ws->request->connection->log, 0,
                   "platen websocket text of %uz", len);
}


/* --- what the stream wants ----------------------------------------------- */

/* A text begins behind the room of its head, which depends on its length. */

static u_char *
platen_ws_stream_begin(platen_stream_t *stream, u_char *p, const char *name,
    const uint64_t *seq)
{
    return p + PLATEN_WS_HEAD;
}


static u_char *
platen_ws_stream_end(platen_stream_t *stream, u_char *p, u_char *last)
{
    return platen_ws_stream_frame(p, last);
}


u_char *
platen_ws_stream_frame(u_char *p, u_char *last)
{
    u_char  *text;
    size_t   len;

    text = p + PLATEN_WS_HEAD;
    len = last - text;
    p = platen_ws_frame_head(p, len);

    return ngx_movemem(p, text, len);
}


ngx_int_t
platen_ws_stream_send(platen_stream_t *stream, u_char *block, u_char *last)
{
    platen_ws_stream_t  *s = platen_ws_stream_of(stream);

    return platen_ws_stream_sent(s, platen_ws_send(&s->ws, block, last));
}


/* If all is out: else the connection says when. */

static ngx_int_t
platen_ws_stream_sent(platen_ws_stream_t *s, ngx_int_t rc)
{
    if (rc == NGX_OK && !s->ws.sender.busy) {
        platen_stream_ready(&s->stream);
    }

    return rc;
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

    return platen_ws_stream_send(&s->stream, block, p);
}


static void
platen_ws_stream_alive(platen_stream_t *stream)
{
    platen_ws_stream_t  *s = platen_ws_stream_of(stream);

    (void) platen_ws_stream_sent(s, platen_ws_ping(&s->ws));
}


void
platen_ws_stream_finish(platen_stream_t *stream, platen_stream_end_t why)
{
    static const ngx_uint_t  codes[] = {
        [PLATEN_STREAM_DONE] = PLATEN_WS_NORMAL,
        [PLATEN_STREAM_EXITING] = PLATEN_WS_RESTART,
        [PLATEN_STREAM_FAILED] = PLATEN_WS_INTERNAL
    };

    platen_ws_close(&platen_ws_stream_of(stream)->ws, codes[why]);
}
