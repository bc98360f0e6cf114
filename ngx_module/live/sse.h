
/*
 * Server-Sent Events.
 */

#ifndef _PLATEN_SSE_H_INCLUDED_
#define _PLATEN_SSE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t platen_events_job(ngx_http_request_t *r);
ngx_int_t platen_events_client(ngx_http_request_t *r);


#endif /* _PLATEN_SSE_H_INCLUDED_ */
