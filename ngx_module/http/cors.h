
/*
 * Pages of other origins.
 */

#ifndef _PLATEN_HTTP_CORS_H_INCLUDED_
#define _PLATEN_HTTP_CORS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* The directive platen_cors: off, *, or ORIGIN ... */
char *platen_cors_origins(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Adds the headers of any answer, if the location has platen_cors. */
ngx_int_t platen_cors_headers(ngx_http_request_t *r);

/* Whether a browser asks if it may, and it may; and the answer to that. */
ngx_uint_t platen_cors_is_preflight(ngx_http_request_t *r);
ngx_int_t platen_cors_preflight(ngx_http_request_t *r, ngx_str_t *methods);

/*
 * Whether the page that makes the request, if it is one, may do so with what
 * its browser sends along: of this host, or of an origin of platen_cors.
 */
ngx_uint_t platen_cors_permits(ngx_http_request_t *r);


#endif /* _PLATEN_HTTP_CORS_H_INCLUDED_ */
