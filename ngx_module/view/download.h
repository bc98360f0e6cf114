
/*
 * The bytes of a result.
 */

#ifndef _PLATEN_VIEW_DOWNLOAD_H_INCLUDED_
#define _PLATEN_VIEW_DOWNLOAD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "job/job.h"
#include "store/store.h"


ngx_int_t platen_download_job(ngx_http_request_t *r);

/*
 * Headers of a file that a client saves: named as the job's document, with that
 * extension; never sniffed, never shared.
 */
ngx_int_t platen_download_named(ngx_http_request_t *r, const platen_job_t *job,
    const char *ext);

/* Sends the result of the job, as it was read in `txn`, which ends. */
ngx_int_t platen_download_result(ngx_http_request_t *r, platen_txn_t *txn,
    platen_job_t *job);


#endif /* _PLATEN_VIEW_DOWNLOAD_H_INCLUDED_ */
