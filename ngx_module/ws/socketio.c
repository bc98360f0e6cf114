
/*
 * GET /socket.io/: the events of a client in the words of Socket.IO 5 over
 * Engine.IO 4 (https://socket.io/docs/v4/socket-io-protocol/), with WebSocket as
 * the only transport.  Here is what such a client says, and what it is told
 * before events; they are platen_ws_stream's.  Runs in the event loop.
 */


#include "ws/socketio.h"

#include "conf.h"
#include "base/id.h"
#include "base/platen.h"
#include "http/problem.h"
#include "http/respond.h"
#include "live/snapshot.h"
#include "ws/conn.h"
#include "ws/frame.h"
#include "ws/stream.h"

#include <jansson.h>


/* Milliseconds in which a client is to have heard of us, beyond a ping. */
#define PLATEN_WS_IO_PATIENCE  "20000"


static void platen_ws_io_packet(platen_ws_t *ws, u_char *text, size_t len);
static void platen_ws_io_join(platen_ws_stream_t *s, u_char *text,
    size_t len);
static ngx_int_t platen_ws_io_since(platen_ws_stream_t *s, u_char *text,
    size_t len);
static u_char *platen_ws_io_greet(platen_stream_t *stream, u_char *p);
static u_char *platen_ws_io_begin(platen_stream_t *stream, u_char *p,
    const char *name, const uint64_t *seq);
static u_char *platen_ws_io_end(platen_stream_t *stream, u_char *p,
    u_char *last);
static void platen_ws_io_alive(platen_stream_t *stream);


/* Clients wait for a sign of life, whatever else they are told. */
static const platen_stream_carrier_t  platen_ws_io_carrier = {
    .greet = platen_ws_io_greet,
    .begin = platen_ws_io_begin,
    .end = platen_ws_io_end,
    .send = platen_ws_stream_send,
    .alive = platen_ws_io_alive,
    .finish = platen_ws_stream_finish
};


ngx_int_t
platen_ws_io_open(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_str_t                    version, transport;
    platen_id_t                  id;
    platen_snapshot_t            snapshot;
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

    rc = platen_ws_stream_admit(r, &snapshot);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    s = platen_ws_stream_new(r, &platen_ws_io_carrier);

    if (s == NULL || platen_id_new(&id) != PLATEN_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    s->known = snapshot;
    s->ws.message = platen_ws_io_packet;

    rc = platen_ws_open(&s->ws);
    if (rc != NGX_OK) {
        return rc;
    }

    platen_id_format(&id, sid);

    ngx_snprintf(hello, sizeof(hello),
                 "0{\"sid\":\"%s\",\"upgrades\":[],\"pingInterval\":%M,"
                 "\"pingTimeout\":" PLATEN_WS_IO_PATIENCE
                 ",\"maxPayload\":%d}%Z", sid, plcf->events_keepalive,
                 PLATEN_WS_MESSAGE);

    if (platen_ws_stream_text(s, (char *) hello) == NGX_OK) {
        platen_ws_begin(&s->ws);
    }

    return NGX_DONE;
}


/* A packet of Engine.IO; in a message, one of Socket.IO. */

static void
platen_ws_io_packet(platen_ws_t *ws, u_char *text, size_t len)
{
    platen_ws_stream_t  *s = (platen_ws_stream_t *) ws;

    if (len >= 1 && text[0] == '3') {
        return; /* a pong */
    }

    if (len >= 2 && text[0] == '4' && text[1] == '0') {
        platen_ws_io_join(s, text + 2, len - 2);
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
platen_ws_io_join(platen_ws_stream_t *s, u_char *text, size_t len)
{
    u_char            *comma;
    platen_snapshot_t  snapshot;

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

    if (s->joined || platen_id_new(&s->id) != PLATEN_OK) {
        platen_ws_close(&s->ws, PLATEN_WS_PROTOCOL);
        return;
    }

    if (len && platen_ws_io_since(s, text, len) != NGX_OK) {
        (void) platen_ws_stream_text(s, "44{\"message\":\"since takes the seq "
                                        "of an event\"}");
        return;
    }

    snapshot = s->known;

    if (platen_snapshot_open(s->ws.request, NULL, &snapshot, NULL) != NGX_OK) {
        platen_ws_close(&s->ws, PLATEN_WS_INTERNAL);
        return;
    }

    platen_stream_start(&s->stream, &snapshot);
    platen_snapshot_close(&snapshot);
}


/* The member "since" of what the client sends along. */

static ngx_int_t
platen_ws_io_since(platen_ws_stream_t *s, u_char *text, size_t len)
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


/* --- what the stream wants ----------------------------------------------- */

/* That it has joined: once, before all else. */

static u_char *
platen_ws_io_greet(platen_stream_t *stream, u_char *p)
{
    u_char              *q;
    platen_ws_stream_t  *s = platen_ws_stream_of(stream);
    char                 sid[PLATEN_ID_TEXT + 1];

    if (s->joined) {
        return p;
    }

    s->joined = 1;
    platen_id_format(&s->id, sid);
    q = ngx_sprintf(p + PLATEN_WS_HEAD, "40{\"sid\":\"%s\"}", sid);

    return platen_ws_stream_frame(p, q);
}


static u_char *
platen_ws_io_begin(platen_stream_t *stream, u_char *p, const char *name,
    const uint64_t *seq)
{
    return ngx_sprintf(p + PLATEN_WS_HEAD, "42[\"%s\",", name);
}


static u_char *
platen_ws_io_end(platen_stream_t *stream, u_char *p, u_char *last)
{
    *last++ = ']';

    return platen_ws_stream_frame(p, last);
}


static void
platen_ws_io_alive(platen_stream_t *stream)
{
    platen_ws_stream_t  *s = platen_ws_stream_of(stream);

    if (!s->joined) {
        platen_ws_close(&s->ws, PLATEN_WS_PROTOCOL);

    } else if (platen_ws_alive(&s->ws) == NGX_OK) {
        (void) platen_ws_stream_text(s, "2");
    }
}
