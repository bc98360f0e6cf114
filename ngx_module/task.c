
/*
 * A request's work in the thread pool, and how its pool outlives the work; see
 * task.h.
 */


#include "task.h"

#include "ctx.h"
#include "worker.h"


#define PLATEN_TASK_TIMER  60000  /* milliseconds */


static void platen_task_unlink_thread(void *data, ngx_log_t *log);
static void platen_task_unlink_done(ngx_event_t *ev);


void
platen_task_hold(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    ctx->busy = 1;

    r->main->blocked++;
    r->aio = 1;
}


void
platen_task_release(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    ctx->busy = 0;

    r->main->blocked--;
    r->aio = 0;
}


ngx_int_t
platen_task_init(ngx_http_request_t *r,
    void (*handler)(void *data, ngx_log_t *log), void (*done)(ngx_event_t *ev))
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    ctx->task = ngx_thread_task_alloc(r->pool, sizeof(ngx_http_request_t *));
    if (ctx->task == NULL) {
        return NGX_ERROR;
    }

    ctx->task->handler = handler;
    ctx->task->event.handler = done;
    ctx->task->event.data = r;
    ctx->task->event.log = r->connection->log;
    *(ngx_http_request_t **) ctx->task->ctx = r;

    return NGX_OK;
}


ngx_int_t
platen_task_post(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ngx_thread_task_post(ngx_http_platen_worker.conf->pool, ctx->task)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    platen_task_watch(&ctx->task->event);

    platen_task_hold(r);

    return NGX_OK;
}


void
platen_task_done(ngx_event_t *ev, ngx_http_event_handler_pt event,
    ngx_http_event_handler_pt next)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ev->data;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (platen_task_pending(ev)) {
        return;
    }

    platen_task_release(r);

    if (platen_task_gone(r)) {
        /* nobody to do it for */

    } else if (r->write_event_handler == event) {
        next(r);

    } else {
        /* terminated meanwhile: nginx waits to free it */
        r->write_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


/*
 * nginx ends a request that is blocked by way of the main request's handler,
 * and a subrequest does not hear of it.
 */

ngx_uint_t
platen_task_gone(ngx_http_request_t *r)
{
    if (r == r->main || !r->connection->error) {
        return 0;
    }

    ngx_http_finalize_request(r, NGX_ERROR);

    return 1;
}


void
platen_task_watch(ngx_event_t *ev)
{
    /* a worker that is to exit waits for as long as there are timers */

    ngx_add_timer(ev, PLATEN_TASK_TIMER);
}


ngx_uint_t
platen_task_pending(ngx_event_t *ev)
{
    if (ev->timedout) {
        ev->timedout = 0;

        ngx_log_error(NGX_LOG_ERR, ev->log, 0,
                      "platen: a disk operation takes over %d s",
                      PLATEN_TASK_TIMER / 1000);
        ngx_add_timer(ev, PLATEN_TASK_TIMER);
        return 1;
    }

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    return 0;
}


void
platen_task_unlink(const char *path, ngx_log_t *log)
{
    size_t              len;
    ngx_thread_task_t  *task;

    len = ngx_strlen(path) + 1;

    /* It outlives the request, so it is in no pool. */

    task = ngx_calloc(sizeof(ngx_thread_task_t) + len, log);
    if (task == NULL) {
        return;
    }

    task->ctx = task + 1;
    ngx_memcpy(task->ctx, path, len);
    task->handler = platen_task_unlink_thread;
    task->event.data = task;
    task->event.handler = platen_task_unlink_done;

    if (ngx_thread_task_post(ngx_http_platen_worker.conf->pool, task)
        != NGX_OK)
    {
        ngx_free(task);
        (void) ngx_delete_file(path);
    }
}


static void
platen_task_unlink_thread(void *data, ngx_log_t *log)
{
    if (ngx_delete_file(data) == NGX_FILE_ERROR && ngx_errno != NGX_ENOENT) {
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "platen: cannot remove \"%s\"", data);
    }
}


static void
platen_task_unlink_done(ngx_event_t *ev)
{
    ngx_free(ev->data);
}
