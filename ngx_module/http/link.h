
/*
 * URLs that go elsewhere.
 */

#ifndef _PLATEN_HTTP_LINK_H_INCLUDED_
#define _PLATEN_HTTP_LINK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/platen.h"


#define PLATEN_LINK_BASE_MAX  544  /* bytes of what comes before /jobs */

/* The directive platen_public_url. */
char *platen_link_public(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Whether the client's own connection has TLS, here or before. */
ngx_uint_t platen_link_https(ngx_http_request_t *r);

/*
 * The whole URL of a path that has the location's prefix, for the answer to this
 * request; with `ws`, of a WebSocket.  NGX_DECLINED: what host it would be of
 * cannot be told; NGX_ERROR: no memory.
 */
ngx_int_t platen_link_whole(ngx_http_request_t *r, ngx_str_t *path,
    ngx_uint_t ws, ngx_str_t *url);

/*
 * What comes before /jobs in URLs that others are told, as far as the request can
 * be trusted with it: at the least, the location's prefix.  NGX_OK or NGX_ERROR.
 */
ngx_int_t platen_link_base(ngx_http_request_t *r, platen_str_t *base);


#endif /* _PLATEN_HTTP_LINK_H_INCLUDED_ */
