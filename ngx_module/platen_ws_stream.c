
/*
 * GET /ws and GET /jobs/{id}/ws: events as JSON texts of a WebSocket; and
 * GET /socket.io/: the same in the words of Socket.IO 5 over Engine.IO 4
 * (https://socket.io/docs/v4/socket-io-protocol/), with that transport only.
 *
 * What comes first, resuming, and falling behind are as with Server-Sent Events
 * (platen_events.c).  Runs in the event loop.
 */


#include "ngx_http_platen.h"

#include <jansson.h>

#include "platen_live.h"
#include "platen_notify.h"
#include "platen_ws.h"


/* Bytes of a frame besides its JSON: head, name, what Socket.IO puts around. */
#define PLATEN_WS_STREAM_FRAME    128

/* Of the keep-alive period, so that streams do not all wake at once. */
#define PLATEN_WS_STREAM_JITTER   8

/* Milliseconds that a Socket.IO client gives us to be heard, beyond a ping. */
#define PLATEN_WS_STREAM_PATIENCE "20000"


typedef struct {
    platen_ws_t              ws;       /* first */
    platen_notify_sub_t      sub;
    ngx_event_t              keepalive;
    platen_live_t            known;    /* of the request: what it has seen */
    unsigned                 job:1;    /* of one job: it has a last event */
    unsigned                 io:1;     /* speaks Socket.IO, */
    unsigned                 joined:1; /* and is in its namespace */
} platen_ws_stream_t;


static ngx_int_t platen_ws_stream_open(ngx_http_request_t *r, ngx_uint_t job);
static platen_ws_stream_t *platen_ws_stream_new(ngx_http_request_t *r);
static void platen_ws_stream_start(platen_ws_stream_t *s, platen_live_t *live,
    const char *greeting);
static u_char *platen_ws_stream_begin(platen_ws_stream_t *s, u_char *p,
    const char *name);
static u_char *platen_ws_stream_end(platen_ws_stream_t *s, u_char *p,
    u_char *last);
static u_char *platen_ws_stream_event(platen_ws_stream_t *s, u_char *p,
    const platen_event_t *event);
static ngx_int_t platen_ws_stream_send(platen_ws_stream_t *s, u_char *block,
    u_char *last);
static ngx_int_t platen_ws_stream_text(platen_ws_stream_t *s,
    const char *text);
static void platen_ws_stream_rest(platen_ws_stream_t *s);
static void platen_ws_stream_ready(platen_ws_t *ws);
static void platen_ws_stream_detach(platen_ws_t *ws);
static void platen_ws_stream_ignore(platen_ws_t *ws, u_char *text,
    size_t len);
static void platen_ws_stream_packet(platen_ws_t *ws, u_char *text,
    size_t len);
static void platen_ws_stream_join(platen_ws_stream_t *s, u_char *text,
    size_t len);
static ngx_int_t platen_ws_stream_since(platen_ws_stream_t *s, u_char *text,
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

    ngx_memzero(&live, sizeof(platen_live_t));

    if (platen_live_since(r, "since", &live) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "since takes the seq of an event of "
                                      "this server.");
    }

    rc = platen_ws_handshake(r);
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
platen_ws_stream_socket_io(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_str_t                    version, transport;
    platen_id_t                  id;
    platen_live_t                live;
    platen_ws_stream_t          *s;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         sid[PLATEN_ID_TEXT + 1];
    u_char                       hello[256];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (ngx_http_arg(r, (u_char *) "EIO", 3, &version) != NGX_OK
        || version.len != 1 || version.data[0] != '4')
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "EIO has to be 4: take version 3 or 4 "
                                      "of socket.io-client.");
    }

    if (ngx_http_arg(r, (u_char *) "transport", 9, &transport) != NGX_OK
        || transport.len != 9
        || ngx_strncmp(transport.data, "websocket", 9) != 0)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "transport has to be websocket: give "
                                      "the client transports: "
                                      "[\"websocket\"].");
    }

    ngx_memzero(&live, sizeof(platen_live_t));

    if (platen_live_since(r, "since", &live) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "since takes the seq of an event of "
                                      "this server.");
    }

    rc = platen_ws_handshake(r);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    s = platen_ws_stream_new(r);

    if (s == NULL || platen_id_new(&id) != PLATEN_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    s->io = 1;
    s->known = live;
    s->ws.message = platen_ws_stream_packet;

    rc = platen_ws_open(&s->ws);
    if (rc != NGX_OK) {
        return rc;
    }

    platen_id_format(&id, sid);

    ngx_snprintf(hello, sizeof(hello),
                 "0{\"sid\":\"%s\",\"upgrades\":[],\"pingInterval\":%M,"
                 "\"pingTimeout\":" PLATEN_WS_STREAM_PATIENCE
                 ",\"maxPayload\":%d}%Z", sid, plcf->events_keepalive,
                 PLATEN_WS_MESSAGE);

    if (platen_ws_stream_text(s, (char *) hello) == NGX_OK) {
        platen_ws_begin(&s->ws);
    }

    return NGX_DONE;
}


static platen_ws_stream_t *
platen_ws_stream_new(ngx_http_request_t *r)
{
    platen_ws_stream_t  *s;

    s = ngx_pcalloc(r->pool, sizeof(platen_ws_stream_t));
    if (s == NULL) {
        return NULL;
    }

    s->ws.request = r;
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


/*
 * Subscribes, and sends what comes first, behind a greeting if there is one.
 * Ends the stream where nothing more can come.
 */

static void
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
        ngx_free(block);
        platen_ws_stream_rest(s);

    } else if (platen_ws_stream_send(s, block, p) != NGX_OK) {
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
    p = platen_ws_head(p, len);

    return ngx_movemem(p, text, len);
}


static u_char *
platen_ws_stream_event(platen_ws_stream_t *s, u_char *p,
    const platen_event_t *event)
{
    u_char                      *q;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(s->ws.request, ngx_http_platen_module);

    q = platen_ws_stream_begin(s, p, platen_event_name(event->state));
    q = platen_live_text(q, event, &plcf->prefix);

    return platen_ws_stream_end(s, p, q);
}


static ngx_int_t
platen_ws_stream_send(platen_ws_stream_t *s, u_char *block, u_char *last)
{
    if (platen_ws_send(&s->ws, block, last) != NGX_OK) {
        return NGX_ERROR;
    }

    if (s->ws.busy) {
        platen_notify_pause(&s->sub);

    } else {
        platen_ws_stream_rest(s);
    }

    return NGX_OK;
}


static ngx_int_t
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

    p = platen_ws_head(block, len);
    p = ngx_cpymem(p, text, len);

    return platen_ws_stream_send(s, block, p);
}


/* Nothing is to be sent now. */

static void
platen_ws_stream_rest(platen_ws_stream_t *s)
{
    ngx_msec_t                   period;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(s->ws.request, ngx_http_platen_module);

    period = plcf->events_keepalive;
    period -= ngx_random() % (period / PLATEN_WS_STREAM_JITTER + 1);
    ngx_add_timer(&s->keepalive, period);
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


/* A packet of Engine.IO; in a message, one of Socket.IO. */

static void
platen_ws_stream_packet(platen_ws_t *ws, u_char *text, size_t len)
{
    platen_ws_stream_t  *s = (platen_ws_stream_t *) ws;

    if (len >= 1 && text[0] == '3') {
        return; /* a pong */
    }

    if (len >= 2 && text[0] == '4' && text[1] == '0') {
        platen_ws_stream_join(s, text + 2, len - 2);
        return;
    }

    if (len >= 2 && text[0] == '4' && text[1] == '2' && s->joined) {
        return; /* an event, which nobody here waits for */
    }

    if ((len >= 1 && text[0] == '1')
        || (len >= 2 && text[0] == '4' && text[1] == '1'))
    {
        platen_ws_close(ws, PLATEN_WS_NORMAL);
        return;
    }

    platen_ws_close(ws, PLATEN_WS_PROTOCOL);
}


/* "40", perhaps a namespace and a comma, perhaps JSON. */

static void
platen_ws_stream_join(platen_ws_stream_t *s, u_char *text, size_t len)
{
    u_char         *comma;
    platen_id_t     id;
    platen_live_t   live;
    char            sid[PLATEN_ID_TEXT + 1];
    u_char          answer[256];

    if (len && text[0] == '/') {
        comma = ngx_strlchr(text, text + len, ',');

        if (comma == NULL || comma != text + 1) {
            /* only the main one is there; its name is not repeated as it is */
            (void) platen_ws_stream_text(s, "44{\"message\":\"Invalid "
                                            "namespace\"}");
            return;
        }

        len -= 2;
        text += 2;
    }

    if (s->joined || platen_id_new(&id) != PLATEN_OK) {
        platen_ws_close(&s->ws, PLATEN_WS_PROTOCOL);
        return;
    }

    if (len && platen_ws_stream_since(s, text, len) != NGX_OK) {
        (void) platen_ws_stream_text(s, "44{\"message\":\"since takes the seq "
                                        "of an event\"}");
        return;
    }

    s->joined = 1;
    live = s->known;

    if (platen_live_open(s->ws.request, NULL, &live, NULL) != NGX_OK) {
        platen_ws_close(&s->ws, PLATEN_WS_INTERNAL);
        return;
    }

    platen_id_format(&id, sid);
    ngx_snprintf(answer, sizeof(answer), "40{\"sid\":\"%s\"}%Z", sid);

    platen_ws_stream_start(s, &live, (char *) answer);
    platen_live_close(&live);
}


/* The member "since" of what the client sends along. */

static ngx_int_t
platen_ws_stream_since(platen_ws_stream_t *s, u_char *text, size_t len)
{
    json_t     *object, *since;
    ngx_int_t   rc;

    object = json_loadb((char *) text, len, JSON_REJECT_DUPLICATES, NULL);
    since = json_object_get(object, "since");
    rc = NGX_OK;

    if (json_is_integer(since) && json_integer_value(since) >= 0) {
        s->known.since = json_integer_value(since);
        s->known.given = 1;

    } else if (!json_is_object(object) || (since && !json_is_null(since))) {
        rc = NGX_DECLINED;
    }

    json_decref(object);

    return rc;
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
            last = s->job && platen_event_last(events[i].state);
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

    if (s->ws.busy) {
        return;
    }

    ngx_http_set_log_request(c->log, s->ws.request);

    platen_ws_hold(&s->ws);

    if (s->io && !s->joined) {
        platen_ws_close(&s->ws, PLATEN_WS_PROTOCOL);

    } else if (!s->io) {
        if (platen_ws_ping(&s->ws) == NGX_OK && !s->ws.busy) {
            platen_ws_stream_rest(s);
        }

    } else if (platen_ws_alive(&s->ws) == NGX_OK) {
        (void) platen_ws_stream_text(s, "2");
    }

    platen_ws_release(&s->ws);

    ngx_http_run_posted_requests(c);
}
