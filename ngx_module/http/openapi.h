
/*
 * GET /openapi.json.
 */

#ifndef _PLATEN_HTTP_OPENAPI_H_INCLUDED_
#define _PLATEN_HTTP_OPENAPI_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t platen_static_openapi(ngx_http_request_t *r);


#endif /* _PLATEN_HTTP_OPENAPI_H_INCLUDED_ */
