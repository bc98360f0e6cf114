
/*
 * Resumable uploads, the answers.
 */

#ifndef _PLATEN_TUS_ANSWER_H_INCLUDED_
#define _PLATEN_TUS_ANSWER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/op.h"
#include "job/job.h"
#include "tus/context.h"


ngx_int_t platen_tus_options(ngx_http_request_t *r);

/* Adds a header whose value is a literal. */
ngx_int_t platen_tus_answer_literal(ngx_http_request_t *r, const char *name,
    const char *text);

ngx_int_t platen_tus_answer_invalid(ngx_http_request_t *r,
    const char *detail);
ngx_int_t platen_tus_answer_too_large(ngx_http_request_t *r, uint64_t limit);

/* The client has so many. */
ngx_int_t platen_tus_answer_too_many(ngx_http_request_t *r, uint64_t uploads);

/* The step has failed with tus->rc. */
ngx_int_t platen_tus_answer_failed(ngx_http_request_t *r, platen_tus_t *tus);

/* For an upload that is a job. */
ngx_int_t platen_tus_answer_job(ngx_http_request_t *r,
    const platen_job_t *job);

/* 201 or 204, with the offset. */
ngx_int_t platen_tus_answer_offset(ngx_http_request_t *r, platen_tus_t *tus);

ngx_int_t platen_tus_answer_head(ngx_http_request_t *r, platen_tus_t *tus);

/* The last byte was taken and the job is made: the answer to its request. */
ngx_int_t platen_tus_answer_submitted(ngx_http_request_t *r,
    platen_commit_op_t *op);


#endif /* _PLATEN_TUS_ANSWER_H_INCLUDED_ */
