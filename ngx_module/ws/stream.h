
/*
 * A stream of events over a WebSocket, plain or in the words of Socket.IO; for
 * ws/stream.c and ws/socketio.c.
 */

#ifndef _PLATEN_WS_STREAM_H_INCLUDED_
#define _PLATEN_WS_STREAM_H_INCLUDED_


#include "live/snapshot.h"
#include "live/subscribers.h"
#include "ws/conn.h"


typedef struct {
    platen_ws_t              ws;       /* first */
    platen_notify_sub_t      sub;
    ngx_event_t              keepalive;
    platen_live_t            known;    /* of the request: what it has seen */
    unsigned                 job:1;    /* of one job: it has a last event */
    unsigned                 io:1;     /* speaks Socket.IO, */
    unsigned                 joined:1; /* and is in its namespace */
} platen_ws_stream_t;


/*
 * Whether the request begins a stream, and behind which event.  NGX_DECLINED: it
 * does; else what a content handler returns.
 */
ngx_int_t platen_ws_stream_admit(ngx_http_request_t *r, platen_live_t *live);

/* In r->pool; the owner sets ws.message, and what it is.  NULL: no memory. */
platen_ws_stream_t *platen_ws_stream_new(ngx_http_request_t *r);

/*
 * Subscribes, and sends what comes first, behind a greeting if there is one.
 * Ends the stream where nothing more can come.
 */
void platen_ws_stream_start(platen_ws_stream_t *s, platen_live_t *live,
    const char *greeting);

/* Sends a text.  Not while its sender is busy.  NGX_OK; NGX_ERROR: it is over. */
ngx_int_t platen_ws_stream_text(platen_ws_stream_t *s, const char *text);


/* GET /jobs/{id}/ws and GET /ws. */
ngx_int_t platen_ws_stream_job(ngx_http_request_t *r);
ngx_int_t platen_ws_stream_client(ngx_http_request_t *r);


#endif /* _PLATEN_WS_STREAM_H_INCLUDED_ */
