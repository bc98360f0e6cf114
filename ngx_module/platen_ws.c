
/*
 * A WebSocket connection; see platen_ws.h.  Section numbers are RFC 6455's.
 *
 * The answer to the handshake goes through nginx's filters, which send a body
 * of 101 as it is; what comes is read from the socket by wslay.  Any failure
 * ends the request, and with it the connection.
 */


#include "ngx_http_platen.h"

#include <ngx_sha1.h>
#include <wslay/wslay.h>

#include "platen_utf8.h"
#include "platen_ws.h"


#define PLATEN_WS_GUID     "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define PLATEN_WS_KEY      24    /* characters of 16 bytes in base64 */
#define PLATEN_WS_ACCEPT   28    /* of a SHA-1 */
#define PLATEN_WS_TURN     64    /* frames read before others have their turn */

#define PLATEN_WS_FIN      0x80
#define PLATEN_WS_MORE     0     /* a continuation */
#define PLATEN_WS_TEXT     1
#define PLATEN_WS_BINARY   2
#define PLATEN_WS_CLOSE    8
#define PLATEN_WS_PING     9
#define PLATEN_WS_PONG     10


static ngx_uint_t platen_ws_token(ngx_str_t *list, const char *token,
    size_t len);
static ngx_int_t platen_ws_upgrade_required(ngx_http_request_t *r,
    const char *detail);
static ngx_int_t platen_ws_accept(ngx_http_request_t *r, ngx_str_t *key,
    ngx_str_t *accept);
static void platen_ws_reader(ngx_http_request_t *r);
static void platen_ws_writer(ngx_http_request_t *r);
static void platen_ws_write(platen_ws_t *ws);
static void platen_ws_read(platen_ws_t *ws);
static ngx_int_t platen_ws_frame(platen_ws_t *ws);
static ngx_int_t platen_ws_payload(platen_ws_t *ws,
    const struct wslay_frame_iocb *io, size_t n);
static ngx_int_t platen_ws_complete(platen_ws_t *ws);
static void platen_ws_answer_close(platen_ws_t *ws);
static ssize_t platen_ws_recv(uint8_t *buf, size_t len, int flags,
    void *data);
static ngx_int_t platen_ws_control(platen_ws_t *ws, ngx_uint_t opcode,
    const u_char *payload, size_t len);
static ngx_int_t platen_ws_sent(platen_ws_t *ws);
static void platen_ws_finish(platen_ws_t *ws, ngx_int_t rc);
static void platen_ws_free(void *data);
static void platen_ws_cleanup(void *data);


/* Whether a list of tokens (RFC 9110, section 5.6.1) has this one. */

static ngx_uint_t
platen_ws_token(ngx_str_t *list, const char *token, size_t len)
{
    u_char  *p, *last, *end;

    if (list == NULL) {
        return 0;
    }

    p = list->data;
    last = p + list->len;

    while (p < last) {
        end = ngx_strlchr(p, last, ',');
        if (end == NULL) {
            end = last;
        }

        while (p < end && (*p == ' ' || *p == '\t')) {
            p++;
        }

        if ((size_t) (end - p) >= len
            && ngx_strncasecmp(p, (u_char *) token, len) == 0)
        {
            for (p += len; p < end && (*p == ' ' || *p == '\t'); p++) {
                /* void */
            }

            if (p == end) {
                return 1;
            }
        }

        p = end + 1;
    }

    return 0;
}


ngx_int_t
platen_ws_handshake(ngx_http_request_t *r)
{
    ngx_str_t  *key, *version, decoded, base64;
    u_char      bytes[24];

    if (r->http_version != NGX_HTTP_VERSION_11) {
        return platen_ws_upgrade_required(r,
                   "A WebSocket begins with a request of HTTP/1.1.");
    }

    version = platen_respond_request_header(r, "sec-websocket-version", 21);

    if (!platen_ws_token(platen_respond_request_header(r, "upgrade", 7),
                         "websocket", 9)
        || !platen_ws_token(platen_respond_request_header(r, "connection", 10),
                            "upgrade", 7)
        || version == NULL)
    {
        return platen_ws_upgrade_required(r, NULL);
    }

    if (version->len != 2 || ngx_strncmp(version->data, "13", 2) != 0) {
        return platen_ws_upgrade_required(r,
                   "Sec-WebSocket-Version has to be 13.");
    }

    key = platen_respond_request_header(r, "sec-websocket-key", 17);

    if (key == NULL || key->len != PLATEN_WS_KEY) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_HANDSHAKE,
                                      NULL);
    }

    base64 = *key;
    decoded.data = bytes;

    if (ngx_decode_base64(&decoded, &base64) != NGX_OK || decoded.len != 16
        || r->headers_in.content_length_n > 0 || r->headers_in.chunked)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_HANDSHAKE,
                                      NULL);
    }

    /* A page elsewhere must not use what its visitor's browser sends along. */

    if (!platen_cors_permits(r)) {
        return platen_respond_problem(r, PLATEN_PROBLEM_ORIGIN_REFUSED, NULL);
    }

    return NGX_DECLINED;
}


/* RFC 9110, section 15.5.22 */

static ngx_int_t
platen_ws_upgrade_required(ngx_http_request_t *r, const char *detail)
{
    ngx_str_t  value;

    if (r->http_version < NGX_HTTP_VERSION_20) {
        ngx_str_set(&value, "websocket");

        if (platen_respond_header(r, "Upgrade", &value) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    ngx_str_set(&value, "13");

    if (platen_respond_header(r, "Sec-WebSocket-Version", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_problem(r, PLATEN_PROBLEM_UPGRADE_REQUIRED, detail);
}


static ngx_int_t
platen_ws_accept(ngx_http_request_t *r, ngx_str_t *key, ngx_str_t *accept)
{
    ngx_str_t  digest;
    u_char     bytes[20];
    ngx_sha1_t sha1;

    ngx_sha1_init(&sha1);
    ngx_sha1_update(&sha1, key->data, key->len);
    ngx_sha1_update(&sha1, PLATEN_WS_GUID, sizeof(PLATEN_WS_GUID) - 1);
    ngx_sha1_final(bytes, &sha1);

    accept->data = ngx_pnalloc(r->pool, PLATEN_WS_ACCEPT);
    if (accept->data == NULL) {
        return NGX_ERROR;
    }

    digest.data = bytes;
    digest.len = sizeof(bytes);
    ngx_encode_base64(accept, &digest);

    return NGX_OK;
}


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

    if (cln == NULL || hcln == NULL
        || platen_ws_accept(r, platen_respond_request_header(r,
                                   "sec-websocket-key", 17), &accept)
           != NGX_OK
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
    ws->alive = 1;

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
    if (!ws->busy) {
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

    if (!ws->busy) {
        platen_ws_read(ws);

    } else if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        /* read on when the socket has taken what is being sent */
        platen_ws_finish(ws, NGX_ERROR);
    }

    platen_ws_release(ws);
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


static void
platen_ws_read(platen_ws_t *ws)
{
    ngx_int_t     rc;
    ngx_uint_t    n;
    ngx_event_t  *rev;

    rev = ws->request->connection->read;

    for (n = 0; n < PLATEN_WS_TURN; n++) {
        rc = platen_ws_frame(ws);

        if (ws->over || ws->busy) {
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

    ngx_post_event(rev, &ngx_posted_events);
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


/* --- what goes ----------------------------------------------------------- */

u_char *
platen_ws_head(u_char *p, size_t len)
{
    ngx_uint_t  i;

    *p++ = PLATEN_WS_FIN | PLATEN_WS_TEXT;

    if (len < 126) {
        *p++ = (u_char) len;

    } else if (len < 65536) {
        *p++ = 126;
        *p++ = (u_char) (len >> 8);
        *p++ = (u_char) len;

    } else {
        *p++ = 127;

        for (i = 0; i < 8; i++) {
            *p++ = (u_char) ((uint64_t) len >> (56 - 8 * i));
        }
    }

    return p;
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
    ngx_chain_t  out;

    ws->block = block;

    ngx_memzero(&ws->buf, sizeof(ngx_buf_t));
    ws->buf.start = block;
    ws->buf.pos = block;
    ws->buf.last = last;
    ws->buf.end = last;
    ws->buf.memory = 1;
    ws->buf.flush = 1;

    out.buf = &ws->buf;
    out.next = NULL;

    if (ngx_http_output_filter(ws->request, &out) == NGX_ERROR
        || platen_ws_sent(ws) != NGX_OK)
    {
        platen_ws_finish(ws, NGX_ERROR);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* NGX_OK: all is out, or (ws->busy) the socket is waited for. */

static ngx_int_t
platen_ws_sent(platen_ws_t *ws)
{
    ngx_event_t               *wev;
    ngx_http_request_t        *r;
    ngx_http_core_loc_conf_t  *clcf;

    r = ws->request;
    wev = r->connection->write;

    if (r->buffered || r->connection->buffered) {
        ws->busy = 1;

        clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

        if (!wev->delayed) {
            ngx_add_timer(wev, clcf->send_timeout);
        }

        return ngx_handle_write_event(wev, clcf->send_lowat);
    }

    if (wev->timer_set && !wev->delayed) {
        ngx_del_timer(wev);
    }

    ws->busy = 0;

    if (ws->block) {
        ngx_free(ws->block);
        ws->block = NULL;
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

    if (ws->busy) {
        platen_ws_hold(ws);
        platen_ws_write(ws);
        platen_ws_release(ws);
    }
}


/* The socket takes more, or has not done so for send_timeout. */

static void
platen_ws_write(platen_ws_t *ws)
{
    ngx_connection_t  *c;

    c = ws->request->connection;

    if (c->write->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "platen: client takes no events");
        c->timedout = 1;
        platen_ws_finish(ws, NGX_ERROR);
        return;
    }

    if (ngx_http_output_filter(ws->request, NULL) == NGX_ERROR
        || platen_ws_sent(ws) != NGX_OK)
    {
        platen_ws_finish(ws, NGX_ERROR);
        return;
    }

    if (ws->busy) {
        return;
    }

    if (ws->closing) {
        platen_ws_close(ws, ws->closing_code);
        return;
    }

    ws->ready(ws);

    if (!ws->over && !ws->busy) {
        platen_ws_read(ws);
    }
}


ngx_int_t
platen_ws_alive(platen_ws_t *ws)
{
    if (!ws->alive) {
        ngx_log_error(NGX_LOG_INFO, ws->request->connection->log, 0,
                      "platen: client answers no ping");
        platen_ws_finish(ws, NGX_ERROR);
        return NGX_ERROR;
    }

    ws->alive = 0;

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

    if (ws->busy) {
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


/* NGX_DONE: at its regular end. */

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


/* With the request's pool: until then a filter may hold the block. */

static void
platen_ws_free(void *data)
{
    platen_ws_t *ws = data;

    if (ws->frames) {
        wslay_frame_context_free(ws->frames);
    }

    if (ws->text) {
        ngx_free(ws->text);
    }

    if (ws->block) {
        ngx_free(ws->block);
    }
}
