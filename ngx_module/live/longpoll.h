
/*
 * A request that is held until something happens to a job, or time is over.
 */

#ifndef _PLATEN_WAIT_H_INCLUDED_
#define _PLATEN_WAIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "job/event.h"


/*
 * What a request waits for.  `due` says whether that event ends the waiting;
 * `answer` is called once: with the event, or with NULL when the time is over
 * or the worker is about to exit.  It returns what a content handler returns
 * (NGX_AGAIN, too: a part of the answer is still to be sent), and the request
 * is finalized with it.
 */
typedef struct {
    ngx_uint_t  (*due)(const platen_event_t *event);
    ngx_int_t   (*answer)(ngx_http_request_t *r, const platen_event_t *event);
} platen_wait_for_t;


/*
 * Holds the request: events of the job `id` after number `seq`, for `ms`
 * milliseconds.  Returns what a content handler is to return: NGX_DONE, or an
 * error.  Should the client go, the request is finalized and its cleanup
 * handlers are called.
 */
ngx_int_t platen_wait(ngx_http_request_t *r, const platen_id_t *id,
    uint64_t seq, ngx_msec_t ms, const platen_wait_for_t *what);


/* GET /jobs/{id}, at once or when something has changed. */
ngx_int_t platen_wait_job(ngx_http_request_t *r);


#endif /* _PLATEN_WAIT_H_INCLUDED_ */
