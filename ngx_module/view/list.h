
/*
 * GET /jobs.
 */

#ifndef _PLATEN_VIEW_LIST_H_INCLUDED_
#define _PLATEN_VIEW_LIST_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/json_chain.h"
#include "store/store.h"


ngx_int_t platen_list_jobs(ngx_http_request_t *r);

/* Writes what GET /jobs says without parameters; a PLATEN_ code. */
ngx_int_t platen_list_first(ngx_http_request_t *r, platen_txn_t *txn,
    platen_json_t *j);


#endif /* _PLATEN_VIEW_LIST_H_INCLUDED_ */
