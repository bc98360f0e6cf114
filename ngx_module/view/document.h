
/*
 * A job as a document.
 */

#ifndef _PLATEN_VIEW_DOCUMENT_H_INCLUDED_
#define _PLATEN_VIEW_DOCUMENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/platen.h"
#include "http/json_chain.h"


/* The word for a job's state. */
const char *platen_document_state(ngx_uint_t state);

/*
 * The member `name`: a stable name of the bytes, as clients of an object store
 * expect one.  `id` is the job's, as text.
 */
void platen_document_key(platen_json_t *j, const char *name, const char *id,
    platen_str_t filename);

/* GET /documents/{id} */
ngx_int_t platen_document_view(ngx_http_request_t *r);


#endif /* _PLATEN_VIEW_DOCUMENT_H_INCLUDED_ */
