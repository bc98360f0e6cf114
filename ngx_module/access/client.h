
/*
 * Who has no key.
 */

#ifndef _PLATEN_ACCESS_CLIENT_H_INCLUDED_
#define _PLATEN_ACCESS_CLIENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* The directive platen_client: key, cookie, or a value with variables. */
char *platen_client_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* The directive platen_realm. */
char *platen_client_realm(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Makes "REALM/PREFIXNAME" the request's client, or without a realm what is
 * behind the slash.  NGX_OK or NGX_ERROR.
 */
ngx_int_t platen_client_named(ngx_http_request_t *r, const char *prefix,
    const void *name, size_t len);

/* As platen_auth_lookup(), for a request that sends no key. */
ngx_int_t platen_client_lookup(ngx_http_request_t *r);

/* Makes a new client and gives it a cookie.  NGX_OK or NGX_ERROR. */
ngx_int_t platen_client_new(ngx_http_request_t *r);


#endif /* _PLATEN_ACCESS_CLIENT_H_INCLUDED_ */
