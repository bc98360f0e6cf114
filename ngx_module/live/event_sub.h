
/*
 * The ZeroMQ SUB socket of this worker.
 */

#ifndef _PLATEN_EVENT_SUB_H_INCLUDED_
#define _PLATEN_EVENT_SUB_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t platen_event_sub_init(ngx_str_t *endpoint, ngx_log_t *log);

/* Before platen_hint_exit(), which ends the context. */
void platen_event_sub_exit(void);


#endif /* _PLATEN_EVENT_SUB_H_INCLUDED_ */
