
/*
 * Variables that other directives of nginx take.
 */

#ifndef _PLATEN_ACCESS_VARIABLES_H_INCLUDED_
#define _PLATEN_ACCESS_VARIABLES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* Adds $platen_request_id, $platen_client and $platen_limit. */
ngx_int_t platen_variables_add(ngx_conf_t *cf);


#endif /* _PLATEN_ACCESS_VARIABLES_H_INCLUDED_ */
