
/*
 * Archives of documents, as clients of a bulk converter send them.
 */

#ifndef _PLATEN_INGEST_BULK_H_INCLUDED_
#define _PLATEN_INGEST_BULK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* POST /api/v1/jobs */
ngx_int_t platen_bulk_create(ngx_http_request_t *r);


#endif /* _PLATEN_INGEST_BULK_H_INCLUDED_ */
