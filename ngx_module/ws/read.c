
/*
 * What comes over a WebSocket: frames, read by wslay, and the messages and
 * control frames that they make.  Section numbers are RFC 6455's.  Runs in the
 * event loop; whatever is wrong is answered with a close.
 */


#include "base/utf8.h"
#include "ws/conn.h"

#include <wslay/wslay.h>


#define PLATEN_WS_TURN  16    /* frames read before others have their turn */


static ngx_int_t platen_ws_frame(platen_ws_t *ws);
static ngx_int_t platen_ws_payload(platen_ws_t *ws,
    const struct wslay_frame_iocb *io, size_t n);
static ngx_int_t platen_ws_complete(platen_ws_t *ws);
static void platen_ws_answer_close(platen_ws_t *ws);
static ssize_t platen_ws_recv(uint8_t *buf, size_t len, int flags,
    void *data);


void
platen_ws_read(platen_ws_t *ws)
{
    ngx_int_t     rc;
    ngx_uint_t    n;
    ngx_event_t  *rev;

    rev = ws->request->connection->read;

    for (n = 0; n < PLATEN_WS_TURN; n++) {
        rc = platen_ws_frame(ws);

        if (ws->over || ws->sender.busy) {
            return;
        }

        if (rc == NGX_AGAIN) {
            if (ws->eof) {
                platen_ws_finish(ws, NGX_ERROR);

            } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
                platen_ws_finish(ws, NGX_ERROR);
            }

            return;
        }
    }

    /* behind what has come for others; nginx's other queue empties itself */

    ngx_post_event(rev, &ngx_posted_next_events);
}


/*
 * Reads one frame, or what there is of it.  NGX_OK: it was dealt with;
 * NGX_AGAIN: more has to come.  Whatever was wrong is answered.
 */

static ngx_int_t
platen_ws_frame(platen_ws_t *ws)
{
    ssize_t                  n;
    struct wslay_frame_iocb  io;

    static const struct wslay_frame_callbacks  callbacks = {
        .recv_callback = platen_ws_recv
    };

    if (ws->frames == NULL
        && wslay_frame_context_init((wslay_frame_context_ptr *) &ws->frames,
                                    &callbacks, ws)
           != 0)
    {
        platen_ws_close(ws, PLATEN_WS_INTERNAL);
        return NGX_OK;
    }

    do {
        ngx_memzero(&io, sizeof(io));
        n = wslay_frame_recv(ws->frames, &io);

        if (n == WSLAY_ERR_WANT_READ) {
            if (ws->came == ws->used && ws->left == 0) {
                wslay_frame_context_free(ws->frames);
                ws->frames = NULL;
            }

            return NGX_AGAIN;
        }

        if (n < 0) {
            platen_ws_close(ws, n == WSLAY_ERR_PROTO ? PLATEN_WS_PROTOCOL
                                                     : PLATEN_WS_INTERNAL);
            return NGX_OK;
        }

        if (ws->left == 0) {
            /* the first of a frame: section 5.2 */

            ws->opcode = io.opcode;
            ws->final = io.fin;
            ws->left = io.payload_length;
            ws->control_len = 0;
            ws->alive = 1;
            ws->used += 6 + (io.payload_length > 65535 ? 8
                             : io.payload_length > 125 ? 2 : 0);

            /* sections 5.1, 5.2 */

            if (!io.mask || io.rsv) {
                platen_ws_close(ws, PLATEN_WS_PROTOCOL);
                return NGX_OK;
            }
        }

        ws->used += n;
        ws->left -= n;

        if (platen_ws_payload(ws, &io, n) != NGX_OK) {
            return NGX_OK;
        }

    } while (ws->left);

    return platen_ws_complete(ws);
}


/* Keeps what belongs to a message or a control frame.  NGX_DECLINED: closed. */

static ngx_int_t
platen_ws_payload(platen_ws_t *ws, const struct wslay_frame_iocb *io,
    size_t n)
{
    switch (ws->opcode) {

    case PLATEN_WS_CLOSE:
    case PLATEN_WS_PING:
    case PLATEN_WS_PONG:
        if (n > sizeof(ws->control) - ws->control_len) {
            platen_ws_close(ws, PLATEN_WS_PROTOCOL);
            return NGX_DECLINED;
        }

        if (n) {
            ngx_memcpy(ws->control + ws->control_len, io->data, n);
            ws->control_len += n;
        }
        return NGX_OK;

    case PLATEN_WS_MORE:
    case PLATEN_WS_TEXT:
        if ((ws->opcode == PLATEN_WS_MORE) != ws->partial) {
            /* section 5.4 */
            platen_ws_close(ws, PLATEN_WS_PROTOCOL);
            return NGX_DECLINED;
        }
        break;

    case PLATEN_WS_BINARY:
        platen_ws_close(ws, PLATEN_WS_UNSUPPORTED);
        return NGX_DECLINED;

    default:
        platen_ws_close(ws, PLATEN_WS_PROTOCOL);
        return NGX_DECLINED;
    }

    if (ws->len + n + ws->left > PLATEN_WS_MESSAGE) {
        platen_ws_close(ws, PLATEN_WS_TOO_BIG);
        return NGX_DECLINED;
    }

    if (ws->text == NULL) {
        ws->text = ngx_alloc(PLATEN_WS_MESSAGE, ws->request->connection->log);
        if (ws->text == NULL) {
            platen_ws_close(ws, PLATEN_WS_INTERNAL);
            return NGX_DECLINED;
        }
    }

    if (n) {
        ngx_memcpy(ws->text + ws->len, io->data, n);
        ws->len += n;
    }

    return NGX_OK;
}


static ngx_int_t
platen_ws_complete(platen_ws_t *ws)
{
    u_char  *text;
    size_t   len;

    switch (ws->opcode) {

    case PLATEN_WS_CLOSE:
        platen_ws_answer_close(ws);
        return NGX_OK;

    case PLATEN_WS_PING:
        (void) platen_ws_control(ws, PLATEN_WS_PONG, ws->control,
                                 ws->control_len);
        return NGX_OK;

    case PLATEN_WS_PONG:
        return NGX_OK;

    default:
        break;
    }

    ws->partial = !ws->final;

    if (ws->partial) {
        return NGX_OK;
    }

    text = ws->text;
    len = ws->len;
    ws->text = NULL;
    ws->len = 0;

    if (!platen_utf8_valid((char *) text, len)) {
        platen_ws_close(ws, PLATEN_WS_INVALID);

    } else {
        ws->message(ws, text, len);
    }

    ngx_free(text);

    return NGX_OK;
}


/* Section 5.5.1: its code comes back, if it may be in a frame (7.4.1). */

static void
platen_ws_answer_close(platen_ws_t *ws)
{
    ngx_uint_t  code;

    if (ws->control_len == 0) {
        platen_ws_close(ws, PLATEN_WS_NORMAL);
        return;
    }

    code = ws->control_len >= 2 ? ws->control[0] << 8 | ws->control[1] : 0;

    if (code < 1000 || code > 4999 || (code > 1014 && code < 3000)
        || (code >= 1004 && code <= 1006))
    {
        code = PLATEN_WS_PROTOCOL;

    } else if (!platen_utf8_valid((char *) ws->control + 2,
                                  ws->control_len - 2))
    {
        code = PLATEN_WS_INVALID;
    }

    platen_ws_close(ws, code);
}


/* For wslay: bytes, or -1 if there are none now. */

static ssize_t
platen_ws_recv(uint8_t *buf, size_t len, int flags, void *data)
{
    platen_ws_t *ws = data;

    ssize_t            n;
    ngx_buf_t         *b;
    ngx_connection_t  *c;

    c = ws->request->connection;
    b = ws->request->header_in;

    /* What came with the handshake. */

    if (b && b->pos < b->last) {
        n = ngx_min((size_t) (b->last - b->pos), len);
        ngx_memcpy(buf, b->pos, n);
        b->pos += n;
        ws->came += n;
        return n;
    }

    n = c->recv(c, buf, len);

    if (n > 0) {
        ws->came += n;
        return n;
    }

    ws->eof = n != NGX_AGAIN;

    return -1;
}
