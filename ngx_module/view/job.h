
/*
 * A job as JSON, straight from the store.
 */

#ifndef _PLATEN_VIEW_JOB_H_INCLUDED_
#define _PLATEN_VIEW_JOB_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/json_chain.h"
#include "job/job.h"
#include "store/store.h"


ngx_int_t platen_view_job(ngx_http_request_t *r);

/*
 * Writes the job as an object; `position` in the queue, 0 for none.  The files
 * of a batch are read in `txn`; NULL: they are left out.
 */
void platen_view_write(ngx_http_request_t *r, platen_json_t *j,
    platen_txn_t *txn, const platen_job_t *job, uint64_t position);

/* Sends the job as the answer to its submission. */
ngx_int_t platen_view_submitted(ngx_http_request_t *r, ngx_uint_t status,
    const platen_job_t *job, uint64_t position);

/* The same for a job that was there before: that of ctx->id, as stored. */
ngx_int_t platen_view_stored(ngx_http_request_t *r, ngx_uint_t status);


#endif /* _PLATEN_VIEW_JOB_H_INCLUDED_ */
