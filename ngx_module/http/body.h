
/*
 * A body that is one small JSON object.
 */

#ifndef _PLATEN_HTTP_BODY_H_INCLUDED_
#define _PLATEN_HTTP_BODY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <jansson.h>


/* What is done with it; the object is the caller's and gone afterwards. */
typedef ngx_int_t (*platen_body_handler_pt)(ngx_http_request_t *r,
    json_t *object);

/*
 * Reads the body and hands it on; an empty one is an empty object.  Returns
 * what a content handler returns.
 */
ngx_int_t platen_body_json(ngx_http_request_t *r,
    platen_body_handler_pt handler);


#endif /* _PLATEN_HTTP_BODY_H_INCLUDED_ */
