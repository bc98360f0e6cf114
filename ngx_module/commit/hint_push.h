
/*
 * The ZeroMQ PUSH socket of this worker.
 */

#ifndef _PLATEN_COMMIT_HINT_PUSH_H_INCLUDED_
#define _PLATEN_COMMIT_HINT_PUSH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/id.h"


/* Directives that take an endpoint, or off: an ngx_str_t at the offset. */
char *platen_hint_endpoint(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

ngx_int_t platen_hint_init(ngx_str_t *endpoint, ngx_log_t *log);
void platen_hint_send(unsigned kind, const platen_id_t *id, ngx_log_t *log);
void platen_hint_exit(void);

/* The worker's ZeroMQ context, made on first use; NULL: it cannot be made. */
void *platen_hint_zmq(void);


#endif /* _PLATEN_COMMIT_HINT_PUSH_H_INCLUDED_ */
