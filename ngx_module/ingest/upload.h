
/*
 * POST /jobs and POST /jobs/submit, up to the file on disk.
 */

#ifndef _PLATEN_INGEST_UPLOAD_H_INCLUDED_
#define _PLATEN_INGEST_UPLOAD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/op.h"


ngx_int_t platen_upload_job(ngx_http_request_t *r);

/* The same, answering 200 as the clients of /jobs/submit expect. */
ngx_int_t platen_upload_submit(ngx_http_request_t *r);

/* A submission like any other, whose answer is another. */
ngx_int_t platen_upload_start(ngx_http_request_t *r, ngx_uint_t accepted,
    ngx_int_t (*answer)(ngx_http_request_t *r, platen_commit_op_t *op));

/*
 * Receives a body of its own accord: open, set what is known of the document
 * in ctx->rx, then read.  `done` gets the request when the file is on disk, and
 * finalizes it.  Both return NGX_DECLINED if all is well, else what a content
 * handler returns; platen_upload_read() always the latter.
 */
ngx_int_t platen_upload_open(ngx_http_request_t *r, ngx_str_t *type, off_t max);
ngx_int_t platen_upload_read(ngx_http_request_t *r,
    void (*done)(ngx_http_request_t *r));


#endif /* _PLATEN_INGEST_UPLOAD_H_INCLUDED_ */
