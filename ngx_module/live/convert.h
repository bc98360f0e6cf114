
/*
 * POST /convert.
 */

#ifndef _PLATEN_CONVERT_H_INCLUDED_
#define _PLATEN_CONVERT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t platen_convert(ngx_http_request_t *r);


#endif /* _PLATEN_CONVERT_H_INCLUDED_ */
