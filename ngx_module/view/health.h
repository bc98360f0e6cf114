
/*
 * GET /health/ready.
 */

#ifndef _PLATEN_VIEW_HEALTH_H_INCLUDED_
#define _PLATEN_VIEW_HEALTH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* Says in the store what this worker uses; once, before its first turn. */
void platen_health_init(ngx_log_t *log);

ngx_int_t platen_health(ngx_http_request_t *r);


#endif /* _PLATEN_VIEW_HEALTH_H_INCLUDED_ */
