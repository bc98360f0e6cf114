
/*
 * A request that is held until something happens to a job, or time is over.
 */

#ifndef _PLATEN_WAIT_H_INCLUDED_
#define _PLATEN_WAIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "platen_event.h"


/*
 * Called with each event, and with NULL when the time is over or the worker is
 * about to exit.  NGX_AGAIN: go on waiting (not after NULL); anything else is
 * what a content handler returns, and the request is finalized with it.
 */
typedef ngx_int_t (*platen_wait_pt)(ngx_http_request_t *r,
    const platen_event_t *event);


/*
 * Holds the request: events of the job `id` after number `seq`, for `ms`
 * milliseconds.  Returns what a content handler is to return: NGX_DONE, or an
 * error.  Should the client go, the request is finalized and its cleanup
 * handlers are called.
 */
ngx_int_t platen_wait(ngx_http_request_t *r, const platen_id_t *id,
    uint64_t seq, ngx_msec_t ms, platen_wait_pt answer);


#endif /* _PLATEN_WAIT_H_INCLUDED_ */
