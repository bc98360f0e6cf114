
/*
 * POST /convert.
 */

#ifndef _PLATEN_LIVE_CONVERT_H_INCLUDED_
#define _PLATEN_LIVE_CONVERT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/commit.h"


ngx_int_t platen_sync_convert(ngx_http_request_t *r);

/*
 * The job of `op` is committed, and its client waits for the result.  Returns
 * what a content handler returns.
 */
ngx_int_t platen_sync_wait(ngx_http_request_t *r, platen_commit_op_t *op);

/* The same, but the client went away during the commit. */
void platen_sync_abandoned(ngx_http_request_t *r, platen_commit_op_t *op);


#endif /* _PLATEN_LIVE_CONVERT_H_INCLUDED_ */
