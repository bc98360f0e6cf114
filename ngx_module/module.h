
/*
 * The module, whose number is that of its configurations and contexts: what
 * nginx's macros ngx_http_get_module_ctx() and the like want.
 */

#ifndef _PLATEN_MODULE_H_INCLUDED_
#define _PLATEN_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


extern ngx_module_t  ngx_http_platen_module;


#endif /* _PLATEN_MODULE_H_INCLUDED_ */
