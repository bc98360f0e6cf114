
/*
 * One operation of a request.
 */

#ifndef _PLATEN_COMMIT_OPERATION_H_INCLUDED_
#define _PLATEN_COMMIT_OPERATION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/op.h"


/* An operation on the job ctx->id of the client; NULL: out of memory. */
platen_commit_op_t *platen_operation_new(ngx_http_request_t *r,
    platen_commit_kind_t kind);

/*
 * The same of what outlives the request: it is answered to nobody, and in no
 * pool.  done() frees it; as it is made, that is all.
 */
platen_commit_op_t *platen_operation_alone(ngx_http_request_t *r,
    platen_commit_kind_t kind);

/*
 * Commits, and then answers and finalizes the request.  The first is for what
 * has read a body, NGX_ERROR being its to answer; the second for a content
 * handler, or platen_body's.
 */
ngx_int_t platen_operation_commit(ngx_http_request_t *r,
    platen_commit_op_t *op);
ngx_int_t platen_operation_start(ngx_http_request_t *r,
    platen_commit_op_t *op);

/* The answer for one that was refused: op->rc is not PLATEN_OK. */
ngx_int_t platen_operation_refused(ngx_http_request_t *r,
    platen_commit_op_t *op);

/* DELETE /jobs/{id} */
ngx_int_t platen_operation_remove(ngx_http_request_t *r);


#endif /* _PLATEN_COMMIT_OPERATION_H_INCLUDED_ */
