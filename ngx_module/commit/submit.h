
/*
 * From the file on disk to the answer; also DELETE and retry.
 */

#ifndef _PLATEN_COMMIT_SUBMIT_H_INCLUDED_
#define _PLATEN_COMMIT_SUBMIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/commit.h"


/* The body is complete and synced: make the job.  Finalizes the request. */
void platen_submit_received(ngx_http_request_t *r);
ngx_int_t platen_submit_remove(ngx_http_request_t *r);

/*
 * Whether what was received can be converted here, as it was asked for.
 * NGX_DECLINED: it can; else what a content handler returns.
 */
ngx_int_t platen_submit_admit(ngx_http_request_t *r);

/* An operation on the job ctx->id of the client; NULL: out of memory. */
platen_commit_op_t *platen_submit_op_of_path(ngx_http_request_t *r,
    platen_commit_kind_t kind);

/*
 * Commits, and then answers and finalizes the request.  The first is for what
 * has read a body, NGX_ERROR being its to answer; the second for a content
 * handler, or platen_body's.
 */
ngx_int_t platen_submit_commit(ngx_http_request_t *r, platen_commit_op_t *op);
ngx_int_t platen_submit_op_start(ngx_http_request_t *r,
    platen_commit_op_t *op);

/* POST /jobs/{id}/retry: a job that has failed, once more. */
ngx_int_t platen_submit_retry(ngx_http_request_t *r);


#endif /* _PLATEN_COMMIT_SUBMIT_H_INCLUDED_ */
