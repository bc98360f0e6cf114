
/*
 * The first page of a result as a picture.
 */

#ifndef _PLATEN_THUMBNAIL_H_INCLUDED_
#define _PLATEN_THUMBNAIL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* GET /jobs/{id}/thumbnail */
ngx_int_t platen_thumbnail(ngx_http_request_t *r);


#endif /* _PLATEN_THUMBNAIL_H_INCLUDED_ */
