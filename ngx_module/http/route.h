
/*
 * From method and path to a handler.
 */

#ifndef _PLATEN_HTTP_ROUTE_H_INCLUDED_
#define _PLATEN_HTTP_ROUTE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* The content handler of a location with platen_api. */

ngx_int_t platen_route_handler(ngx_http_request_t *r);

/* What is done before other modules look at the request, and log it. */
ngx_int_t platen_route_preaccess(ngx_http_request_t *r);

/* The pattern of a route by its number in a context, "none" for 0. */
const char *platen_route_pattern(ngx_uint_t route);


#endif /* _PLATEN_HTTP_ROUTE_H_INCLUDED_ */
