
/*
 * The log of this nginx in JSON, beside or instead of error_log: a line each, in
 * the form that platend's log and the access log have (docs/operations.md).
 */

#ifndef _PLATEN_LOG_H_INCLUDED_
#define _PLATEN_LOG_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* What begins a line that says who has changed what. */

#define PLATEN_LOG_AUDIT  "platen: audit: "


/* platen_log file [level]; */

char *platen_log_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* From now on each line about this request has its id, and its job's. */

void platen_log_request(ngx_http_request_t *r);

/* What is told once to each configuration that was taken: "init module". */

ngx_int_t platen_log_loaded(ngx_cycle_t *cycle);


#endif /* _PLATEN_LOG_H_INCLUDED_ */
