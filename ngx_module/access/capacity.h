
/*
 * What lets a submission in.
 */

#ifndef _PLATEN_ACCESS_CAPACITY_H_INCLUDED_
#define _PLATEN_ACCESS_CAPACITY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/problem.h"
#include "job/job.h"
#include "store/store.h"


/* The directives platen_max_queue and platen_job_ttl. */
char *platen_admit_queue(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *platen_admit_ttl(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Whether queue, store and disk have room now, asked before a body is read.
 * NGX_DECLINED: they have; else what a content handler returns.
 */
ngx_int_t platen_admit_room(ngx_http_request_t *r);

/* The same for who has a transaction: NONE if there is room. */
platen_problem_t platen_admit_full(platen_txn_t *txn, ngx_log_t *log);

/* The same without the queue, for what adds nothing to it yet. */
ngx_int_t platen_admit_storage(ngx_http_request_t *r);

/*
 * The same for a submission, which may have come before under its
 * Idempotency-Key: its job is there, and adds nothing to queue and store.
 */
ngx_int_t platen_admit_submission(ngx_http_request_t *r);

/*
 * How long the job's result is kept, in seconds: as asked for, or (0) as
 * usual, but no longer than its client has a cookie.
 */
uint64_t platen_admit_job_ttl(ngx_http_request_t *r, uint64_t asked);

/*
 * Takes the request's Idempotency-Key into the job; nothing if there is none.
 * `ttl` is what the client asked for.  NGX_OK; NGX_DECLINED with a sentence in
 * `detail`; NGX_ERROR: no memory.
 */
ngx_int_t platen_admit_idempotency(ngx_http_request_t *r, platen_job_t *job,
    uint64_t ttl, char *detail, size_t size);


#endif /* _PLATEN_ACCESS_CAPACITY_H_INCLUDED_ */
