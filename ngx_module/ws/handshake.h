
/*
 * The opening handshake (RFC 6455, section 4.2).
 */

#ifndef _PLATEN_WS_HANDSHAKE_H_INCLUDED_
#define _PLATEN_WS_HANDSHAKE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Whether the request is a handshake, and from an origin that may make one.
 * NGX_DECLINED: it is; else what a content handler returns.
 */
ngx_int_t platen_ws_handshake(ngx_http_request_t *r);

/* The value of Sec-WebSocket-Accept, in r->pool.  NGX_OK or NGX_ERROR. */
ngx_int_t platen_ws_accept(ngx_http_request_t *r, ngx_str_t *accept);


#endif /* _PLATEN_WS_HANDSHAKE_H_INCLUDED_ */
