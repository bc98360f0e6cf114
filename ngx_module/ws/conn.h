
/*
 * One WebSocket connection (RFC 6455) on a request of nginx: the handshake,
 * messages in and frames out.  What the messages are is its owner's.
 *
 * Frames that come are read by wslay, with a context that is there only while
 * one is on its way, so that an idle connection costs no buffer.  What is sent
 * lies in one block at a time; until the socket has taken it nothing else is
 * read or sent, and the owner is told when it may go on.  All in the event loop.
 */

#ifndef _PLATEN_WS_H_INCLUDED_
#define _PLATEN_WS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/sender.h"


#define PLATEN_WS_HEAD     10     /* bytes before a payload of ours, at most */
#define PLATEN_WS_MESSAGE  4096   /* bytes of a message of a client's */

/* RFC 6455, section 7.4.1 */

#define PLATEN_WS_NORMAL         1000
#define PLATEN_WS_PROTOCOL       1002
#define PLATEN_WS_UNSUPPORTED    1003
#define PLATEN_WS_INVALID        1007
#define PLATEN_WS_TOO_BIG        1009
#define PLATEN_WS_INTERNAL       1011
#define PLATEN_WS_RESTART        1012


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
    void                 *frames;    /* wslay's context; NULL: between frames */
    uint64_t              came;      /* bytes that it has read, */
    uint64_t              used;      /* and that were of frames */
    uint64_t              left;      /* of the payload of this one */
    u_char               *text;      /* what there is of a message */
    size_t                len;
    platen_sender_t       sender;
    u_char                control[125];
    size_t                control_len;
    ngx_uint_t            closing_code;
    unsigned              opcode:4;  /* of the frame that is being read */
    unsigned              final:1;
    unsigned              partial:1; /* the message has more frames */
    unsigned              alive:1;   /* something came since the last ping */
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

/* Writes what stands before a text of `len` bytes; returns its end. */
u_char *platen_ws_head(u_char *p, size_t len);

/*
 * Sends a block of ngx_alloc(), which is its from now on, up to `last`; it holds
 * whole frames.  With NULL for both, only what nginx holds back, as the answer to
 * the handshake.  Not while ws->sender.busy.  NGX_OK; NGX_ERROR: it is over, and
 * detach() was called.
 */
ngx_int_t platen_ws_send(platen_ws_t *ws, u_char *block, u_char *last);

/* A ping; or, if nothing has come since the last one, the end. */
ngx_int_t platen_ws_ping(platen_ws_t *ws);

/* The same for an owner whose protocol has pings of its own. */
ngx_int_t platen_ws_alive(platen_ws_t *ws);

/* Says why in a close frame, behind what is being sent, and ends. */
void platen_ws_close(platen_ws_t *ws, ngx_uint_t code);


/* --- between ws/conn.c and ws/read.c ---------------------------- */

/* Section 5.2 */

#define PLATEN_WS_FIN      0x80
#define PLATEN_WS_MORE     0     /* a continuation */
#define PLATEN_WS_TEXT     1
#define PLATEN_WS_BINARY   2
#define PLATEN_WS_CLOSE    8
#define PLATEN_WS_PING     9
#define PLATEN_WS_PONG     10

/* Deals with what has come, until there is no more or it is to wait. */
void platen_ws_read(platen_ws_t *ws);

/* Sends a control frame, of at most 125 bytes; as platen_ws_send(). */
ngx_int_t platen_ws_control(platen_ws_t *ws, ngx_uint_t opcode,
    const u_char *payload, size_t len);

/* Ends the request.  NGX_DONE: at its regular end; NGX_ERROR.  Harmless twice. */
void platen_ws_finish(platen_ws_t *ws, ngx_int_t rc);


#endif /* _PLATEN_WS_H_INCLUDED_ */
