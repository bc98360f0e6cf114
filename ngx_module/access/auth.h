
/*
 * Who a request is from, by its key.
 */

#ifndef _PLATEN_ACCESS_AUTH_H_INCLUDED_
#define _PLATEN_ACCESS_AUTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* Reads a file of "name:sha256" lines into an array of keys; "off": none. */
char *platen_auth_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Reads a file of secrets, at most 4m; makes the name absolute (relative to
 * the configuration) and says what is wrong.  NGX_OK or NGX_ERROR.
 */
ngx_int_t platen_auth_file(ngx_conf_t *cf, ngx_str_t *name, ngx_str_t *text);

/*
 * Who that is, once to a request and in any phase: sets ctx->client.  NGX_OK;
 * NGX_DECLINED: no valid key; NGX_AGAIN: a client without a cookie that is to
 * get one; NGX_ERROR.
 */
ngx_int_t platen_auth_lookup(ngx_http_request_t *r);

/* The same for a request that is let in: gives it the cookie, if it is due. */
ngx_int_t platen_auth_request(ngx_http_request_t *r);

/* The digest that keys are compared with is fetched once per process. */
ngx_int_t platen_auth_init(ngx_log_t *log);
void platen_auth_exit(void);


#endif /* _PLATEN_ACCESS_AUTH_H_INCLUDED_ */
