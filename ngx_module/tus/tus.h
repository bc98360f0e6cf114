
/*
 * Resumable uploads: the protocol.
 */

#ifndef _PLATEN_TUS_TUS_H_INCLUDED_
#define _PLATEN_TUS_TUS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Before a route is looked for: for paths of uploads, takes X-HTTP-Method-Override
 * for the method and adds Tus-Resumable.  NGX_OK or NGX_ERROR.
 */
ngx_int_t platen_tus_prepare(ngx_http_request_t *r, ngx_str_t *path);

ngx_int_t platen_tus_create(ngx_http_request_t *r);

/* HEAD, PATCH and DELETE of one upload. */
ngx_int_t platen_tus_open(ngx_http_request_t *r);


#endif /* _PLATEN_TUS_TUS_H_INCLUDED_ */
