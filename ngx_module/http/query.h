
/*
 * The query of a request.
 */

#ifndef _PLATEN_HTTP_QUERY_H_INCLUDED_
#define _PLATEN_HTTP_QUERY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/params.h"


/*
 * Takes the parameters of the query that have a meaning; others are passed
 * over.  NGX_OK; NGX_DECLINED with a sentence in `detail`; NGX_ERROR.
 */
ngx_int_t platen_query_params(ngx_http_request_t *r, platen_params_t *params,
    char *detail, size_t size);

/*
 * Takes passwords and signatures out of what nginx logs of the request: its
 * line and its query, which are kept in ctx->args.  Harmless twice.  NGX_OK or
 * NGX_ERROR.
 */
ngx_int_t platen_query_hide(ngx_http_request_t *r);

/* A number of the query, at most `max`; unchanged if there is none. */
ngx_int_t platen_query_number(ngx_http_request_t *r, const char *name,
    ngx_uint_t max, ngx_uint_t *number);


#endif /* _PLATEN_HTTP_QUERY_H_INCLUDED_ */
