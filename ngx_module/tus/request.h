
/*
 * Resumable uploads, the headers of a request.
 */

#ifndef _PLATEN_TUS_REQUEST_H_INCLUDED_
#define _PLATEN_TUS_REQUEST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "tus/context.h"


/* The request's header of that name in lower case; NULL: none. */
ngx_str_t *platen_tus_request_header(ngx_http_request_t *r, const char *name);

/* What the headers of a creation say, into tus->meta. */
ngx_int_t platen_tus_request_create(ngx_http_request_t *r, platen_tus_t *tus);

/* Upload-Length, into tus->length; it may be absent. */
ngx_int_t platen_tus_request_length(ngx_http_request_t *r, platen_tus_t *tus);

/* Type and checksum of the body. */
ngx_int_t platen_tus_request_body(ngx_http_request_t *r, platen_tus_t *tus);


#endif /* _PLATEN_TUS_REQUEST_H_INCLUDED_ */
