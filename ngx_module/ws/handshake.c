
/*
 * The handshake of a WebSocket (RFC 6455, section 4.2): whether it is one, and
 * of whom.  Runs in the event loop; no state.
 */


#include "ws/handshake.h"

#include "http/cors.h"
#include "http/problem.h"
#include "http/respond.h"

#include <ngx_sha1.h>


#define PLATEN_WS_GUID     "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define PLATEN_WS_KEY      24    /* characters of 16 bytes in base64 */
#define PLATEN_WS_ACCEPT   28    /* of a SHA-1 */


static ngx_int_t platen_ws_upgrade_required(ngx_http_request_t *r,
    const char *detail);


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

    if (!platen_respond_request_token(r, "upgrade", "websocket")
        || !platen_respond_request_token(r, "connection", "upgrade")
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


ngx_int_t
platen_ws_accept(ngx_http_request_t *r, ngx_str_t *accept)
{
    u_char       bytes[20];
    ngx_str_t   *key, digest;
    ngx_sha1_t   sha1;

    key = platen_respond_request_header(r, "sec-websocket-key", 17);
    if (key == NULL) {
        return NGX_ERROR;
    }

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
