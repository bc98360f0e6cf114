
/*
 * The two-phase view, with an upload to a URL of its own.
 */

#ifndef _PLATEN_INGEST_DOCUMENT_H_INCLUDED_
#define _PLATEN_INGEST_DOCUMENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t platen_document_initiate(ngx_http_request_t *r);
ngx_int_t platen_document_store(ngx_http_request_t *r);
ngx_int_t platen_document_enqueue(ngx_http_request_t *r);


#endif /* _PLATEN_INGEST_DOCUMENT_H_INCLUDED_ */
