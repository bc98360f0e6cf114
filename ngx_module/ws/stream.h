
/*
 * A stream of events over a WebSocket, plain or in the words of Socket.IO; for
 * ws/stream.c and ws/socketio.c.
 */

#ifndef _PLATEN_WS_STREAM_H_INCLUDED_
#define _PLATEN_WS_STREAM_H_INCLUDED_


#include "live/snapshot.h"
#include "live/stream.h"
#include "ws/conn.h"


typedef struct {
    platen_ws_t              ws;       /* first */
    platen_stream_t          stream;
    platen_snapshot_t        known;    /* of the request: what it has seen */
    platen_id_t              id;       /* Socket.IO: of its session */
    unsigned                 joined:1; /* and it is in its namespace */
} platen_ws_stream_t;


/*
 * Whether the request begins a stream, and behind which event.  NGX_DECLINED: it
 * does; else what a content handler returns.
 */
ngx_int_t platen_ws_stream_admit(ngx_http_request_t *r,
    platen_snapshot_t *snapshot);

/* In r->pool; the owner sets ws.message, and what it is.  NULL: no memory. */
platen_ws_stream_t *platen_ws_stream_new(ngx_http_request_t *r,
    const platen_stream_carrier_t *carrier);

/* Of a carrier: the stream's connection, and what all of them do alike. */
platen_ws_stream_t *platen_ws_stream_of(platen_stream_t *stream);
ngx_int_t platen_ws_stream_send(platen_stream_t *stream, u_char *block,
    u_char *last);
void platen_ws_stream_finish(platen_stream_t *stream, platen_stream_end_t why);

/* A text ends, which began at `p` with the room of its head; the next begins. */
u_char *platen_ws_stream_frame(u_char *p, u_char *last);

/* Sends a text.  Not while its sender is busy.  NGX_OK; NGX_ERROR: it is over. */
ngx_int_t platen_ws_stream_text(platen_ws_stream_t *s, const char *text);


/* GET /jobs/{id}/ws and GET /ws. */
ngx_int_t platen_ws_stream_job(ngx_http_request_t *r);
ngx_int_t platen_ws_stream_client(ngx_http_request_t *r);


#endif /* _PLATEN_WS_STREAM_H_INCLUDED_ */
