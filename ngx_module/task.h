
/*
 * What a request does in the thread pool: one task at a time, with the event
 * loop deciding in between.
 */

#ifndef _PLATEN_TASK_H_INCLUDED_
#define _PLATEN_TASK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * Keeps the request, and its pool, until a task or a commit has come back: what
 * nginx would free is then not freed before platen_task_release().
 */
void platen_task_hold(ngx_http_request_t *r);
void platen_task_release(ngx_http_request_t *r);

/*
 * The request's thread task, ctx->task: made, with the request as what its
 * handler gets (in *data) and its event's data; and posted, the request then
 * being held.  NGX_OK or NGX_ERROR.
 */
ngx_int_t platen_task_init(ngx_http_request_t *r,
    void (*handler)(void *data, ngx_log_t *log),
    void (*done)(ngx_event_t *ev));
ngx_int_t platen_task_post(ngx_http_request_t *r);

/*
 * For that `done`: the task has come back, or only its timer has run out, which
 * is logged and set again.  `next` has the request, unless it has ended: then
 * its write event is no longer `event`, and nginx waits to free it.
 */
void platen_task_done(ngx_event_t *ev, ngx_http_event_handler_pt event,
    ngx_http_event_handler_pt next);

/*
 * For what comes back from a thread: whether it is a subrequest whose client
 * has gone meanwhile, which is then finalized.
 */
ngx_uint_t platen_task_gone(ngx_http_request_t *r);

/*
 * For a task that is no request's: sets the timer of its event once it is
 * posted; and for the event's handler: 1 if only that timer has run out, which
 * is logged and set again; 0 if the task is done, the timer then being gone.
 */
void platen_task_watch(ngx_event_t *ev);
ngx_uint_t platen_task_pending(ngx_event_t *ev);

/* Removes a file in the thread pool: unlinking a large one takes its time. */
void platen_task_unlink(const char *path, ngx_log_t *log);


#endif /* _PLATEN_TASK_H_INCLUDED_ */
