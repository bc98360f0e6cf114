
/*
 * Waiting for a job; see live/longpoll.h.  And GET /jobs/{id}?wait=N, which
 * answers when the job's state has changed.
 *
 * The request stays open, with nothing sent; nginx's own handler watches for
 * the client's end of it.  The timer is not cancelable, and a worker that is to
 * exit answers at once.  Runs in the event loop.
 */


#include "live/longpoll.h"

#include "conf.h"
#include "ctx.h"
#include "access/owned.h"
#include "base/id.h"
#include "base/platen.h"
#include "http/problem.h"
#include "http/respond.h"
#include "job/job.h"
#include "live/subscribers.h"
#include "store/store.h"
#include "view/job.h"


typedef struct {
    platen_subscriber_t      sub;
    ngx_http_request_t      *request;
    ngx_event_t              timer;
    const platen_wait_for_t *what;
} platen_wait_t;


static void platen_wait_told(platen_subscriber_t *sub,
    const platen_event_t *events, ngx_uint_t n);
static void platen_wait_end(platen_subscriber_t *sub,
    platen_subscriber_end_t why);
static void platen_wait_over(ngx_event_t *ev);
static void platen_wait_finish(platen_wait_t *w, const platen_event_t *event);
static void platen_wait_detach(void *data);
static void platen_wait_event(ngx_http_request_t *r);
static ngx_uint_t platen_wait_knows(ngx_http_request_t *r,
    const platen_job_t *job);
static ngx_uint_t platen_wait_state(const platen_event_t *event);
static ngx_int_t platen_wait_changed(ngx_http_request_t *r,
    const platen_event_t *event);


static const platen_wait_for_t  platen_wait_for_state = {
    platen_wait_state,
    platen_wait_changed
};


ngx_int_t
platen_wait(ngx_http_request_t *r, const platen_id_t *id, uint64_t seq,
    ngx_msec_t ms, const platen_wait_for_t *what)
{
    platen_wait_t       *w;
    ngx_http_cleanup_t  *cln;

    w = ngx_pcalloc(r->pool, sizeof(platen_wait_t));
    cln = ngx_http_cleanup_add(r, 0);

    if (w == NULL || cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    w->request = r;
    w->what = what;

    w->timer.handler = platen_wait_over;
    w->timer.data = r->connection;
    w->timer.log = r->connection->log;

    w->sub.handler = platen_wait_told;
    w->sub.end = platen_wait_end;
    w->sub.data = w;
    w->sub.seq = seq;

    if (platen_subscribers_add(&w->sub, id, NULL) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = platen_wait_detach;
    cln->data = w;

    ngx_add_timer(&w->timer, ms);

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = platen_wait_event;
    r->main->count++;

    /* It may have gone while nobody was looking. */

    ngx_http_test_reading(r);

    return NGX_DONE;
}


/* Nothing is being sent. */

static void
platen_wait_event(ngx_http_request_t *r)
{
    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "platen event while waiting");
}


static void
platen_wait_told(platen_subscriber_t *sub, const platen_event_t *events,
    ngx_uint_t n)
{
    ngx_uint_t      i;
    platen_wait_t  *w;

    w = sub->data;

    ngx_http_set_log_request(w->request->connection->log, w->request);

    for (i = 0; i < n; i++) {
        if (w->what->due(&events[i])) {
            platen_wait_finish(w, &events[i]);
            return;
        }
    }
}


static void
platen_wait_end(platen_subscriber_t *sub, platen_subscriber_end_t why)
{
    platen_wait_t  *w;

    w = sub->data;

    ngx_http_set_log_request(w->request->connection->log, w->request);

    platen_wait_finish(w, NULL);
}


static void
platen_wait_over(ngx_event_t *ev)
{
    platen_wait_t  *w;

    w = (platen_wait_t *) ((u_char *) ev - offsetof(platen_wait_t, timer));

    ngx_http_set_log_request(w->request->connection->log, w->request);

    platen_wait_finish(w, NULL);
}


static void
platen_wait_finish(platen_wait_t *w, const platen_event_t *event)
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = w->request;
    c = r->connection;

    /* first: it is answered once, whatever becomes of the answer */

    platen_wait_detach(w);

    ngx_http_finalize_request(r, w->what->answer(r, event));
    ngx_http_run_posted_requests(c);
}


static void
platen_wait_detach(void *data)
{
    platen_wait_t *w = data;

    platen_subscribers_remove(&w->sub);

    if (w->timer.timer_set) {
        ngx_del_timer(&w->timer);
    }
}


ngx_int_t
platen_wait_job(ngx_http_request_t *r)
{
    int                          rc;
    uint64_t                     first, last;
    ngx_int_t                    n, status;
    ngx_str_t                    value;
    ngx_uint_t                   hold;
    platen_job_t                 job;
    platen_txn_t                 txn;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    /* a page is not held up by what it includes */

    if (r != r->main
        || ngx_http_arg(r, (u_char *) "wait", 4, &value) != NGX_OK
        || value.len == 0)
    {
        return platen_view_job(r);
    }

    n = ngx_atoi(value.data, value.len);

    if (n == NGX_ERROR) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "wait takes a number of seconds.");
    }

    if (n == 0) {
        return platen_view_job(r);
    }

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    rc = platen_store_events_span(&txn, &first, &last);
    hold = !platen_state_final(job.state) && platen_wait_knows(r, &job);

    platen_txn_abort(&txn);

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "reading events",
                                    platen_txn_errstr(&txn));
    }

    if (!hold) {
        return platen_view_job(r);
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    return platen_wait(r, &ctx->id, last,
                       n < (ngx_int_t) (plcf->wait_timeout / 1000)
                       ? (ngx_msec_t) n * 1000 : plcf->wait_timeout,
                       &platen_wait_for_state);
}


/*
 * Whether the client has seen this state: it says so with If-None-Match, whose
 * tag begins with the number of the last change, or does not say what it knows.
 */

static ngx_uint_t
platen_wait_knows(ngx_http_request_t *r, const platen_job_t *job)
{
    u_char      *p;
    ngx_str_t   *value;
    u_char       tag[NGX_INT64_LEN + 2];

    if (r->headers_in.if_none_match == NULL) {
        return 1;
    }

    value = &r->headers_in.if_none_match->value;

    if (value->len == 1 && value->data[0] == '*') {
        return 1;
    }

    p = ngx_sprintf(tag, "\"%xL-", job->change_seq);

    return memmem(value->data, value->len, tag, p - tag) != NULL;
}


/* Of the job's own state only: that a file goes on is no change of it. */

static ngx_uint_t
platen_wait_state(const platen_event_t *event)
{
    return !event->file;
}


static ngx_int_t
platen_wait_changed(ngx_http_request_t *r, const platen_event_t *event)
{
    return platen_view_job(r);
}
