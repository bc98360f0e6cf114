
/*
 * How long the worker's turns take, for its log.
 */

#ifndef _PLATEN_TURN_H_INCLUDED_
#define _PLATEN_TURN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


void platen_turn_init(void);
void platen_turn_exit(ngx_log_t *log);


#endif /* _PLATEN_TURN_H_INCLUDED_ */
