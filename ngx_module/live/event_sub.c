
/*
 * The worker's ZeroMQ SUB socket: the sidecar says that the outbox has grown.
 *
 * It carries numbers only and may lose any of them: the registry of subscribers
 * (live/subscribers.c) looks once a second anyway.  Its descriptor is watched by
 * the event loop like a channel of nginx's own.  It is edge-triggered, and what
 * an edge means is known only by asking ZMQ_EVENTS again until it says nothing.
 * Nothing here blocks; only failure to make the socket is logged.
 */


#include "live/event_sub.h"

#include "base/platen.h"
#include "base/wire.h"
#include "commit/hint_push.h"
#include "live/subscribers.h"

#include <zmq.h>


#define PLATEN_EVENT_SUB_BATCH  64 /* messages in one turn; they say the same */
#define PLATEN_EVENT_SUB_MAX    64 /* bytes of a message */


static ngx_int_t platen_event_sub_watch(ngx_log_t *log);
static void platen_event_sub_read(ngx_event_t *ev);


static void              *platen_event_sub_socket;
static ngx_connection_t  *platen_event_sub_connection;


ngx_int_t
platen_event_sub_init(ngx_str_t *endpoint, ngx_log_t *log)
{
    int      linger = 0, conflate = 1;
    int64_t  max = PLATEN_EVENT_SUB_MAX;

    if (endpoint->len == 0) {
        return NGX_OK;
    }

    if (platen_hint_zmq() == NULL) {
        goto failed;
    }

    platen_event_sub_socket = zmq_socket(platen_hint_zmq(), ZMQ_SUB);
    if (platen_event_sub_socket == NULL) {
        goto failed;
    }

    /* conflate: of several that were not read yet the last one says it all */

    if (zmq_setsockopt(platen_event_sub_socket, ZMQ_LINGER, &linger,
                       sizeof(linger)) != 0
        || zmq_setsockopt(platen_event_sub_socket, ZMQ_CONFLATE, &conflate,
                          sizeof(conflate)) != 0
        || zmq_setsockopt(platen_event_sub_socket, ZMQ_MAXMSGSIZE, &max,
                          sizeof(max)) != 0
        || zmq_setsockopt(platen_event_sub_socket, ZMQ_SUBSCRIBE, "", 0) != 0
        || zmq_connect(platen_event_sub_socket, (char *) endpoint->data) != 0
        || platen_event_sub_watch(log) != NGX_OK)
    {
        goto failed;
    }

    return NGX_OK;

failed:

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "platen: no news from \"%V\": %s; subscribers are told up to "
                  "a second later", endpoint, zmq_strerror(zmq_errno()));
    platen_event_sub_exit();

    return NGX_OK;
}


static ngx_int_t
platen_event_sub_watch(ngx_log_t *log)
{
    int                fd;
    size_t             size;
    ngx_connection_t  *c;

    size = sizeof(fd);

    if (zmq_getsockopt(platen_event_sub_socket, ZMQ_FD, &fd, &size) != 0) {
        return NGX_ERROR;
    }

    c = ngx_get_connection(fd, log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->log = log;
    c->read->log = log;
    c->write->log = log;
    c->read->handler = platen_event_sub_read;

    /* not a client: neither kept alive for, nor an "open socket left" */

    c->read->channel = 1;
    c->write->channel = 1;

    if (ngx_add_event(c->read, NGX_READ_EVENT, NGX_CLEAR_EVENT) != NGX_OK) {
        ngx_free_connection(c);
        return NGX_ERROR;
    }

    platen_event_sub_connection = c;

    /* The edge of what has come before may be gone. */

    ngx_post_event(c->read, &ngx_posted_events);

    return NGX_OK;
}


static void
platen_event_sub_read(ngx_event_t *ev)
{
    int         n, events;
    size_t      size;
    uint8_t     buf[PLATEN_EVENT_SUB_MAX];
    uint64_t    seq;
    ngx_uint_t  i, news;

    news = 0;

    for (i = 0; i < PLATEN_EVENT_SUB_BATCH; i++) {
        size = sizeof(events);

        if (zmq_getsockopt(platen_event_sub_socket, ZMQ_EVENTS, &events, &size)
            != 0
            || !(events & ZMQ_POLLIN))
        {
            break;
        }

        n = zmq_recv(platen_event_sub_socket, buf, sizeof(buf), ZMQ_DONTWAIT);

        if (n >= 0 && n <= (int) sizeof(buf)
            && platen_wire_decode_news(buf, n, &seq) == PLATEN_OK)
        {
            news = 1;
        }
    }

    if (i == PLATEN_EVENT_SUB_BATCH) {
        /* there will be no other edge for the rest */
        ngx_post_event(ev, &ngx_posted_next_events);
    }

    if (news) {
        platen_subscribers_wake();
    }
}


void
platen_event_sub_exit(void)
{
    ngx_connection_t  *c;

    c = platen_event_sub_connection;

    if (c) {
        platen_event_sub_connection = NULL;

        if (c->read->posted) {
            ngx_delete_posted_event(c->read);
        }

        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
        ngx_free_connection(c);

        /* the descriptor is ZeroMQ's to close */

        c->fd = (ngx_socket_t) -1;
    }

    if (platen_event_sub_socket) {
        (void) zmq_close(platen_event_sub_socket);
        platen_event_sub_socket = NULL;
    }
}
