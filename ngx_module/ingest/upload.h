
/*
 * POST /jobs and POST /jobs/submit, up to the file on disk.
 */

#ifndef _PLATEN_INGEST_UPLOAD_H_INCLUDED_
#define _PLATEN_INGEST_UPLOAD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/params.h"
#include "ingest/receive.h"


ngx_int_t platen_upload_job(ngx_http_request_t *r);

/* The same, answering 200 as the clients of /jobs/submit expect. */
ngx_int_t platen_upload_submit(ngx_http_request_t *r);

/*
 * Takes the parameters of the query that have a meaning; others are passed
 * over.  NGX_OK; NGX_DECLINED with a sentence in `detail`; NGX_ERROR.
 */
ngx_int_t platen_upload_query(ngx_http_request_t *r, platen_params_t *params,
    char *detail, size_t size);

/*
 * Takes passwords and signatures out of what nginx logs of the request: its
 * line and its query, which are kept in ctx->args.  Harmless twice.  NGX_OK or
 * NGX_ERROR.
 */
ngx_int_t platen_upload_hide(ngx_http_request_t *r);

/*
 * Receives a body of its own accord: open, set what is known of the document
 * in ctx->rx, then read.  `done` gets the request when the file is on disk, and
 * finalizes it.  Both return NGX_DECLINED if all is well, else what a content
 * handler returns; platen_upload_read() always the latter.
 */
ngx_int_t platen_upload_open(ngx_http_request_t *r, ngx_str_t *type, off_t max);
ngx_int_t platen_upload_read(ngx_http_request_t *r,
    void (*done)(ngx_http_request_t *r));

/*
 * Closes the receiver, and removes its file, off the event loop, unless it has
 * become a job's input.  Harmless twice; not while a task has the receiver.
 */
void platen_upload_discard(platen_receive_t *rx);


#endif /* _PLATEN_INGEST_UPLOAD_H_INCLUDED_ */
