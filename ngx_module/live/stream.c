
/*
 * A stream of events; see live/stream.h.  Runs in the event loop.
 *
 * A stream is a request that stays open: r->main->count holds it.  What is sent
 * lies in one block at a time, made when there is something to send and freed
 * when the socket has taken it, so that a slow client costs one block, and after
 * send_timeout without progress nothing more.
 */


#include "live/stream.h"

#include "conf.h"
#include "ctx.h"
#include "job/event.h"


/* Of the keep-alive period. */
#define PLATEN_STREAM_JITTER  8


static u_char *platen_stream_reset(platen_stream_t *s, u_char *p,
    const char *reason);
static u_char *platen_stream_state(platen_stream_t *s, u_char *p,
    platen_snapshot_t *snapshot);
static u_char *platen_stream_event(platen_stream_t *s, u_char *p,
    const platen_event_t *event);
static void platen_stream_told(platen_subscriber_t *sub,
    const platen_event_t *events, ngx_uint_t n);
static void platen_stream_unsubscribed(platen_subscriber_t *sub,
    platen_subscriber_end_t why);
static void platen_stream_again(platen_stream_t *s);
static void platen_stream_keepalive(ngx_event_t *ev);
static void platen_stream_hold(platen_stream_t *s);
static void platen_stream_release(platen_stream_t *s);


char *
platen_stream_period(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    char        *rv;
    ngx_msec_t  *period;

    rv = ngx_conf_set_msec_slot(cf, cmd, conf);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    period = (ngx_msec_t *) (p + cmd->offset);

    return *period > 0 ? NGX_CONF_OK : "must be greater than zero";
}


void
platen_stream_init(platen_stream_t *s, ngx_http_request_t *r,
    const platen_stream_carrier_t *carrier, platen_sender_t *sender)
{
    s->carrier = carrier;
    s->request = r;
    s->sender = sender;

    s->sub.handler = platen_stream_told;
    s->sub.end = platen_stream_unsubscribed;
    s->sub.data = s;

    s->keepalive.handler = platen_stream_keepalive;
    s->keepalive.data = r->connection;
    s->keepalive.log = r->connection->log;
}


void
platen_stream_start(platen_stream_t *s, platen_snapshot_t *snapshot)
{
    u_char                      *p, *block;
    size_t                       size;
    ngx_uint_t                   over;
    const char                  *reason;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(s->request, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(s->request, ngx_http_platen_module);

    over = snapshot->final || snapshot->kind == PLATEN_SNAPSHOT_OVER;

    /* a greeting, a reset and the state; the last event */

    size = 3 * PLATEN_STREAM_FRAME + snapshot->len;

    if (snapshot->final) {
        size += PLATEN_STREAM_FRAME + platen_snapshot_size(&plcf->prefix);
    }

    block = ngx_alloc(size, s->request->connection->log);

    if (!over) {
        s->sub.seq = snapshot->seq;
    }

    if (block == NULL
        || (!over
            && platen_subscribers_add(&s->sub, s->job ? &ctx->id : NULL,
                                      &ctx->client)
               != NGX_OK))
    {
        ngx_free(block);
        s->carrier->finish(s, PLATEN_STREAM_FAILED);
        return;
    }

    p = s->carrier->greet ? s->carrier->greet(s, block) : block;

    reason = snapshot->kind == PLATEN_SNAPSHOT_FUTURE ? "future"
             : snapshot->kind == PLATEN_SNAPSHOT_EXPIRED ? "expired" : NULL;

    if (reason) {
        p = platen_stream_reset(s, p, reason);
    }

    if (snapshot->state) {
        p = platen_stream_state(s, p, snapshot);
    }

    if (snapshot->final) {
        p = platen_stream_event(s, p, &snapshot->last);
    }

    if (p == block) {
        /* What nginx holds back is not to wait for the first event. */
        ngx_free(block);
        block = NULL;
        p = NULL;
    }

    if (s->carrier->send(s, block, p) == NGX_OK && over) {
        s->carrier->finish(s, PLATEN_STREAM_DONE);
    }
}


static u_char *
platen_stream_reset(platen_stream_t *s, u_char *p, const char *reason)
{
    u_char  *q;

    q = s->carrier->begin(s, p, "reset", NULL);
    q = ngx_sprintf(q, s->carrier->titled
                       ? "{\"reason\":\"%s\"}"
                       : "{\"event\":\"reset\",\"reason\":\"%s\"}", reason);

    return s->carrier->end(s, p, q);
}


static u_char *
platen_stream_state(platen_stream_t *s, u_char *p, platen_snapshot_t *snapshot)
{
    u_char       *q;
    ngx_chain_t  *cl;

    q = s->carrier->begin(s, p, "state", &snapshot->seq);

    if (!s->carrier->titled) {
        q = ngx_sprintf(q, "{\"event\":\"state\",\"seq\":%uL,\"state\":",
                        snapshot->seq);
    }

    for (cl = snapshot->state; cl; cl = cl->next) {
        q = ngx_cpymem(q, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    if (!s->carrier->titled) {
        *q++ = '}';
    }

    return s->carrier->end(s, p, q);
}


static u_char *
platen_stream_event(platen_stream_t *s, u_char *p, const platen_event_t *event)
{
    u_char                      *q;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(s->request, ngx_http_platen_module);

    q = s->carrier->begin(s, p, platen_event_title(event), &event->seq);
    q = platen_snapshot_text(q, event, &plcf->prefix);

    return s->carrier->end(s, p, q);
}


void
platen_stream_full(platen_stream_t *s)
{
    platen_subscribers_pause(&s->sub);
}


void
platen_stream_ready(platen_stream_t *s)
{
    ngx_msec_t                   period;
    ngx_http_platen_loc_conf_t  *plcf;

    platen_subscribers_resume(&s->sub);

    if (s->keepalive.timer_set && !s->carrier->silence) {
        return;
    }

    /* a little earlier, so that streams do not all wake at once */

    plcf = ngx_http_get_module_loc_conf(s->request, ngx_http_platen_module);

    period = plcf->events_keepalive;
    period -= ngx_random() % (period / PLATEN_STREAM_JITTER + 1);
    ngx_add_timer(&s->keepalive, period);
}


void
platen_stream_detach(platen_stream_t *s)
{
    platen_subscribers_remove(&s->sub);

    if (s->keepalive.timer_set) {
        ngx_del_timer(&s->keepalive);
    }
}


static void
platen_stream_told(platen_subscriber_t *sub, const platen_event_t *events,
    ngx_uint_t n)
{
    u_char                      *p, *block;
    ngx_uint_t                   i, last;
    platen_stream_t             *s;
    ngx_http_platen_loc_conf_t  *plcf;

    s = sub->data;

    platen_stream_hold(s);

    plcf = ngx_http_get_module_loc_conf(s->request, ngx_http_platen_module);

    last = 0;
    block = ngx_alloc(n * (PLATEN_STREAM_FRAME
                           + platen_snapshot_size(&plcf->prefix)),
                      s->request->connection->log);

    if (block == NULL) {
        s->carrier->finish(s, PLATEN_STREAM_FAILED);

    } else {
        p = block;

        for (i = 0; i < n && !last; i++) {
            p = platen_stream_event(s, p, &events[i]);
            last = s->job && platen_event_last(&events[i]);
        }

        if (s->carrier->send(s, block, p) == NGX_OK && last) {
            s->carrier->finish(s, PLATEN_STREAM_DONE);
        }
    }

    platen_stream_release(s);
}


static void
platen_stream_unsubscribed(platen_subscriber_t *sub,
    platen_subscriber_end_t why)
{
    platen_stream_t *s = sub->data;

    platen_stream_hold(s);

    if (why == PLATEN_SUBSCRIBER_LOST) {
        platen_stream_again(s);

    } else {
        s->carrier->finish(s, PLATEN_STREAM_EXITING);
    }

    platen_stream_release(s);
}


/* What it was to be told is gone: the whole state instead. */

static void
platen_stream_again(platen_stream_t *s)
{
    platen_snapshot_t       snapshot;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(s->request, ngx_http_platen_module);

    ngx_memzero(&snapshot, sizeof(platen_snapshot_t));
    snapshot.given = 1;
    snapshot.lost = 1;

    if (platen_snapshot_open(s->request, s->job ? &ctx->id : NULL, &snapshot,
                             NULL)
        != NGX_OK)
    {
        s->carrier->finish(s, PLATEN_STREAM_FAILED);
        return;
    }

    platen_stream_start(s, &snapshot);
    platen_snapshot_close(&snapshot);
}


static void
platen_stream_keepalive(ngx_event_t *ev)
{
    platen_stream_t  *s;

    s = (platen_stream_t *) ((u_char *) ev
                             - offsetof(platen_stream_t, keepalive));

    /* While the socket is full, its own timer counts. */

    if (s->sender->busy) {
        return;
    }

    platen_stream_hold(s);
    s->carrier->alive(s);
    platen_stream_release(s);
}


/* Around an event that is not the connection's: `s` is there until the end. */

static void
platen_stream_hold(platen_stream_t *s)
{
    ngx_http_set_log_request(s->request->connection->log, s->request);

    s->request->main->count++;
}


static void
platen_stream_release(platen_stream_t *s)
{
    ngx_connection_t  *c;

    c = s->request->connection;

    ngx_http_finalize_request(s->request, NGX_DONE);
    ngx_http_run_posted_requests(c);
}
