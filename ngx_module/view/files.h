
/*
 * The files of a job.
 */

#ifndef _PLATEN_VIEW_FILES_H_INCLUDED_
#define _PLATEN_VIEW_FILES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/json_chain.h"
#include "job/job.h"
#include "store/store.h"


ngx_int_t platen_files_list(ngx_http_request_t *r);
ngx_int_t platen_files_download(ngx_http_request_t *r);
ngx_int_t platen_files_status(ngx_http_request_t *r);

/*
 * The members "files" (the first thousand; `txn` NULL: none of a batch) and
 * "counts" of a job.  A PLATEN_ code.
 */
int platen_files_write(platen_json_t *j, ngx_str_t *prefix,
    platen_txn_t *txn, const platen_job_t *job);


#endif /* _PLATEN_VIEW_FILES_H_INCLUDED_ */
