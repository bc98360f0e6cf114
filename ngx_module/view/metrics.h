
/* GET /metrics, with a key or in a location of its own. */

#ifndef _PLATEN_VIEW_METRICS_H_INCLUDED_
#define _PLATEN_VIEW_METRICS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t platen_metrics_page(ngx_http_request_t *r);

/* The directive platen_metrics. */
char *platen_metrics_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


#endif /* _PLATEN_VIEW_METRICS_H_INCLUDED_ */
