
/*
 * One WebSocket connection (RFC 6455) on a request of nginx: the handshake,
 * messages in and frames out.  What the messages are is its owner's.
 *
 * Frames are ws/frame.c's.  What is sent lies in one block at a time; until the
 * socket has taken it nothing else is read or sent, and the owner is told when
 * it may go on.  All in the event loop.
 */

#ifndef _PLATEN_WS_H_INCLUDED_
#define _PLATEN_WS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/sender.h"
#include "ws/frame.h"


typedef struct platen_ws_s  platen_ws_t;

/*
 * A member of what the owner keeps in r->pool; zeroed, and the first members
 * set, before platen_ws_open().
 */
struct platen_ws_s {
    ngx_http_request_t   *request;

    /* A text; its bytes are gone with the call.  May send, close or end. */
    void                (*message)(platen_ws_t *ws, u_char *text, size_t len);

    /* The socket takes no more: nothing is to be sent, */
    void                (*full)(platen_ws_t *ws);

    /* until all is out. */
    void                (*ready)(platen_ws_t *ws);

    /* No more calls; the request is about to be finished. */
    void                (*detach)(platen_ws_t *ws);

    /* the rest is ws/conn.c's */
    platen_ws_frame_t     frame;
    platen_sender_t       sender;
    ngx_uint_t            closing_code;
    unsigned              closing:1; /* our close is sent, or about to be */
    unsigned              eof:1;
    unsigned              over:1;
};


/*
 * Answers 101; from then on the request is the connection's, and the content
 * handler returns NGX_DONE.  NGX_OK; else what the handler returns instead.
 */
ngx_int_t platen_ws_open(platen_ws_t *ws);

/* What came behind the handshake; to be called last of all. */
void platen_ws_begin(platen_ws_t *ws);

/*
 * Around what an event of the owner's own does: until the release, which comes
 * last, `ws` is there even if it is over.
 */
void platen_ws_hold(platen_ws_t *ws);
void platen_ws_release(platen_ws_t *ws);

/*
 * Sends a block of ngx_alloc(), which is its from now on, up to `last`; it holds
 * whole frames.  With NULL for both, only what nginx holds back, as the answer to
 * the handshake.  Not while the sender is busy.  NGX_OK; NGX_ERROR: it is over,
 * and detach() was called.
 */
ngx_int_t platen_ws_send(platen_ws_t *ws, u_char *block, u_char *last);

/* A ping; or, if nothing has come since the last one, the end. */
ngx_int_t platen_ws_ping(platen_ws_t *ws);

/* The same for an owner whose protocol has pings of its own. */
ngx_int_t platen_ws_alive(platen_ws_t *ws);

/* Says why in a close frame, behind what is being sent, and ends. */
void platen_ws_close(platen_ws_t *ws, ngx_uint_t code);


#endif /* _PLATEN_WS_H_INCLUDED_ */
