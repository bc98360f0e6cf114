
/*
 * From the file on disk to the answer; and once more, retry.
 */

#ifndef _PLATEN_INGEST_SUBMIT_H_INCLUDED_
#define _PLATEN_INGEST_SUBMIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/op.h"


/* The body is complete and synced: make the job.  Finalizes the request. */
void platen_submit_received(ngx_http_request_t *r);

/*
 * Whether what was received can be converted here, as it was asked for.
 * NGX_DECLINED: it can; else what a content handler returns.
 */
ngx_int_t platen_submit_admit(ngx_http_request_t *r);

/*
 * The answer to a submission whose client does not wait: the job, as GET
 * /jobs/{id} would say, with the status ctx->accepted.
 */
ngx_int_t platen_submit_accepted(ngx_http_request_t *r,
    platen_commit_op_t *op);

/* POST /jobs/{id}/retry: a job that has failed, once more. */
ngx_int_t platen_submit_retry(ngx_http_request_t *r);


#endif /* _PLATEN_INGEST_SUBMIT_H_INCLUDED_ */
