
/*
 * A WebSocket connection; see ws/conn.h.  Section numbers are RFC 6455's.
 *
 * The answer to the handshake goes through nginx's filters, which send a body
 * of 101 as it is; what comes is read from the socket, a frame at a time.  Any
 * failure ends the request, and with it the connection.
 */


#include "ws/conn.h"

#include "ctx.h"
#include "http/respond.h"
#include "ws/handshake.h"


#define PLATEN_WS_TURN  16    /* frames read before others have their turn */


static void platen_ws_reader(ngx_http_request_t *r);
static void platen_ws_read(platen_ws_t *ws);
static ngx_int_t platen_ws_read_frame(platen_ws_t *ws);
static ssize_t platen_ws_recv(unsigned char *buf, size_t len, void *data);
static void platen_ws_writer(ngx_http_request_t *r);
static void platen_ws_write(platen_ws_t *ws);
static ngx_int_t platen_ws_sent(platen_ws_t *ws, ngx_int_t rc);
static ngx_int_t platen_ws_control(platen_ws_t *ws, ngx_uint_t opcode,
    const u_char *payload, size_t len);
static void platen_ws_finish(platen_ws_t *ws, ngx_int_t rc);
static void platen_ws_free(void *data);
static void platen_ws_cleanup(void *data);


ngx_int_t
platen_ws_open(platen_ws_t *ws)
{
    ngx_int_t                rc;
    ngx_str_t                accept, upgrade;
    ngx_pool_cleanup_t      *cln;
    ngx_http_cleanup_t      *hcln;
    ngx_http_request_t      *r;
    ngx_http_platen_ctx_t   *ctx;

    r = ws->request;
    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    cln = ngx_pool_cleanup_add(r->pool, 0);
    hcln = ngx_http_cleanup_add(r, 0);

    ngx_str_set(&upgrade, "websocket");

    if (cln == NULL || hcln == NULL || platen_ws_accept(r, &accept) != NGX_OK
        || platen_respond_header(r, "Upgrade", &upgrade) != NGX_OK
        || platen_respond_header(r, "Sec-WebSocket-Accept", &accept) != NGX_OK
        || platen_respond_header(r, "X-Request-ID", &ctx->request_id)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = platen_ws_free;
    cln->data = ws;
    hcln->handler = platen_ws_cleanup;
    hcln->data = ws;

    ctx->live = ws;
    ws->sender.request = r;
    ws->sender.what = "events";
    ws->frame.recv = platen_ws_recv;
    ws->frame.data = ws;
    ws->frame.alive = 1;

    r->keepalive = 0;
    r->headers_out.status = NGX_HTTP_SWITCHING_PROTOCOLS;
    ngx_str_set(&r->headers_out.status_line, "101 Switching Protocols");

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    r->read_event_handler = platen_ws_reader;
    r->write_event_handler = platen_ws_writer;
    r->main->count++;

    return NGX_OK;
}


void
platen_ws_begin(platen_ws_t *ws)
{
    if (!ws->sender.busy) {
        platen_ws_read(ws);
    }
}


/* --- what comes ---------------------------------------------------------- */

static void
platen_ws_reader(ngx_http_request_t *r)
{
    platen_ws_t            *ws;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    ws = ctx->live;

    platen_ws_hold(ws);

    if (!ws->sender.busy) {
        platen_ws_read(ws);

    } else if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        /* read on when the socket has taken what is being sent */
        platen_ws_finish(ws, NGX_ERROR);
    }

    platen_ws_release(ws);
}


/* Deals with what has come, until there is no more or it is to wait. */

static void
platen_ws_read(platen_ws_t *ws)
{
    ngx_int_t     rc;
    ngx_uint_t    n;
    ngx_event_t  *rev;

    rev = ws->request->connection->read;

    for (n = 0; n < PLATEN_WS_TURN; n++) {
        rc = platen_ws_read_frame(ws);

        if (ws->over || ws->sender.busy) {
            return;
        }

        if (rc == NGX_AGAIN) {
            if (ws->eof || ngx_handle_read_event(rev, 0) != NGX_OK) {
                platen_ws_finish(ws, NGX_ERROR);
            }

            return;
        }
    }

    /* behind what has come for others; nginx's other queue empties itself */

    ngx_post_event(rev, &ngx_posted_next_events);
}


/* NGX_OK: a frame was dealt with; NGX_AGAIN: more has to come. */

static ngx_int_t
platen_ws_read_frame(platen_ws_t *ws)
{
    u_char  *text;
    size_t   len;

    switch (platen_ws_frame_read(&ws->frame)) {

    case PLATEN_WS_FRAME_AGAIN:
        return NGX_AGAIN;

    case PLATEN_WS_FRAME_MESSAGE:
        text = platen_ws_frame_take(&ws->frame, &len);
        ws->message(ws, text, len);
        ngx_free(text);
        break;

    case PLATEN_WS_FRAME_PING:
        (void) platen_ws_control(ws, PLATEN_WS_PONG, ws->frame.control,
                                 ws->frame.control_len);
        break;

    case PLATEN_WS_FRAME_CLOSE:
        platen_ws_close(ws, ws->frame.code);
        break;

    case PLATEN_WS_FRAME_NOTHING:
        break;
    }

    return NGX_OK;
}


static ssize_t
platen_ws_recv(unsigned char *buf, size_t len, void *data)
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
        return n;
    }

    n = c->recv(c, buf, len);

    if (n > 0) {
        return n;
    }

    ws->eof = n != NGX_AGAIN;

    return -1;
}


void
platen_ws_hold(platen_ws_t *ws)
{
    ws->request->main->count++;
}


void
platen_ws_release(platen_ws_t *ws)
{
    ngx_http_finalize_request(ws->request, NGX_DONE);
}


static ngx_int_t
platen_ws_control(platen_ws_t *ws, ngx_uint_t opcode, const u_char *payload,
    size_t len)
{
    u_char  *block;

    block = ngx_alloc(2 + len + 1, ws->request->connection->log);
    if (block == NULL) {
        platen_ws_finish(ws, NGX_ERROR);
        return NGX_ERROR;
    }

    block[0] = (u_char) (PLATEN_WS_FIN | opcode);
    block[1] = (u_char) len;
    ngx_memcpy(block + 2, payload, len);

    return platen_ws_send(ws, block, block + 2 + len);
}


ngx_int_t
platen_ws_send(platen_ws_t *ws, u_char *block, u_char *last)
{
    return platen_ws_sent(ws, platen_sender_block(&ws->sender, block, last));
}


/* What the sender has said.  NGX_OK: all is out, or to be waited for. */

static ngx_int_t
platen_ws_sent(platen_ws_t *ws, ngx_int_t rc)
{
    if (rc == NGX_ERROR) {
        platen_ws_finish(ws, NGX_ERROR);
        return NGX_ERROR;
    }

    if (rc == NGX_AGAIN) {
        ws->full(ws);
    }

    return NGX_OK;
}


static void
platen_ws_writer(ngx_http_request_t *r)
{
    platen_ws_t            *ws;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    ws = ctx->live;

    if (ws->sender.busy) {
        platen_ws_hold(ws);
        platen_ws_write(ws);
        platen_ws_release(ws);
    }
}


static void
platen_ws_write(platen_ws_t *ws)
{
    if (platen_ws_sent(ws, platen_sender_event(&ws->sender)) != NGX_OK
        || ws->sender.busy)
    {
        return;
    }

    if (ws->closing) {
        platen_ws_close(ws, ws->closing_code);
        return;
    }

    ws->ready(ws);

    if (!ws->over && !ws->sender.busy) {
        platen_ws_read(ws);
    }
}


ngx_int_t
platen_ws_alive(platen_ws_t *ws)
{
    if (!ws->frame.alive) {
        ngx_log_error(NGX_LOG_INFO, ws->request->connection->log, 0,
                      "platen: client answers no ping");
        platen_ws_finish(ws, NGX_ERROR);
        return NGX_ERROR;
    }

    ws->frame.alive = 0;

    return NGX_OK;
}


ngx_int_t
platen_ws_ping(platen_ws_t *ws)
{
    if (platen_ws_alive(ws) != NGX_OK) {
        return NGX_ERROR;
    }

    return platen_ws_control(ws, PLATEN_WS_PING, (u_char *) "", 0);
}


void
platen_ws_close(platen_ws_t *ws, ngx_uint_t code)
{
    u_char  *block;

    ws->closing = 1;
    ws->closing_code = code;

    if (ws->sender.busy) {
        return;
    }

    block = ngx_alloc(4, ws->request->connection->log);

    if (block == NULL) {
        platen_ws_finish(ws, NGX_ERROR);
        return;
    }

    block[0] = PLATEN_WS_FIN | PLATEN_WS_CLOSE;
    block[1] = 2;
    block[2] = (u_char) (code >> 8);
    block[3] = (u_char) code;

    /* nginx sends what the socket does not take at once */

    if (platen_ws_send(ws, block, block + 4) == NGX_OK) {
        platen_ws_finish(ws, NGX_DONE);
    }
}


static void
platen_ws_finish(platen_ws_t *ws, ngx_int_t rc)
{
    if (ws->over) {
        return;
    }

    platen_ws_cleanup(ws);

    if (rc == NGX_DONE) {
        rc = ngx_http_send_special(ws->request, NGX_HTTP_LAST);
    }

    /* What the client still sends is read, lest it miss the close (7.1.1). */

    ws->request->lingering_close = rc != NGX_ERROR;

    ngx_http_finalize_request(ws->request, rc);
}


/* Also if nginx ends the request by itself. */

static void
platen_ws_cleanup(void *data)
{
    platen_ws_t *ws = data;

    if (!ws->over) {
        ws->over = 1;
        ws->detach(ws);
    }
}


static void
platen_ws_free(void *data)
{
    platen_ws_t *ws = data;

    platen_ws_frame_free(&ws->frame);
    platen_sender_free(&ws->sender);
}
