
/*
 * Who waits for events in this worker, and who tells them.
 *
 * A subscriber names a job or a client and the last event that it knows; from
 * there on it is told of every event of that job or client, in order, each
 * once.  Events come out of the store's outbox, which is also the buffer of a
 * subscriber that cannot take them now: nothing is kept in memory for it.
 *
 * All in the event loop.  One turn of it tells a bounded number of subscribers;
 * the rest follows in the next turns.  A callback may do what it likes with its
 * own subscriber, up to ending the request that holds it, and may unsubscribe
 * others; it may read the store.
 */

#ifndef _PLATEN_SUBSCRIBERS_H_INCLUDED_
#define _PLATEN_SUBSCRIBERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "job/event.h"


#define PLATEN_SUBSCRIBERS_BATCH  32    /* events told at once, at most */
#define PLATEN_SUBSCRIBERS_REPLAY 65536 /* a subscriber that is further behind
                                           is told PLATEN_SUBSCRIBER_LOST */


typedef struct platen_subscriber_s    platen_subscriber_t;
typedef struct platen_topic_s         platen_topic_t;


/* Why a subscription has ended. */

typedef enum {
    PLATEN_SUBSCRIBER_EXITING, /* the worker is about to exit */
    PLATEN_SUBSCRIBER_LOST     /* events that it had to be told are no longer in
                               the outbox */
} platen_subscriber_end_t;


/*
 * `n` events, at least one and at most PLATEN_SUBSCRIBERS_BATCH; strings are
 * valid until the callback returns.  One that cannot take more for now calls
 * platen_subscribers_pause(): what it has been given counts as told.
 */
typedef void (*platen_subscriber_pt)(platen_subscriber_t *sub,
    const platen_event_t *events, ngx_uint_t n);

/*
 * The subscriber has been unsubscribed and is to end what it does.
 */
typedef void (*platen_subscriber_end_pt)(platen_subscriber_t *sub,
    platen_subscriber_end_t why);


/*
 * Owned by the subscriber, zeroed before its first use; mostly a member of what
 * the subscriber keeps in r->pool.  The first members are set by the subscriber
 * before platen_subscribers_add(), the rest is live/subscribers.c's.
 */
struct platen_subscriber_s {
    platen_subscriber_pt     handler;
    platen_subscriber_end_pt end;
    void                    *data;
    uint64_t                 seq;      /* the last event that it knows */

    platen_topic_t          *topic;    /* NULL: not subscribed */
    ngx_queue_t              queue;    /* of its topic */
    ngx_queue_t              all;
    ngx_queue_t              late;     /* linked while `behind` */
    unsigned                 behind:1; /* is told from the outbox by itself */
    unsigned                 paused:1;
    unsigned                 missed:1; /* something came while it was paused */
};


ngx_int_t platen_subscribers_init(ngx_cycle_t *cycle);

/*
 * Subscribes to a job (`id`) or, with `id` NULL, to all jobs of `client`.  The
 * caller has made sure that the client may see it.  Callbacks come later, never
 * from here.  NGX_OK, or NGX_ERROR: out of memory.
 */
ngx_int_t platen_subscribers_add(platen_subscriber_t *sub,
    const platen_id_t *id, ngx_str_t *client);

/* No more callbacks.  Harmless twice; call it from a cleanup handler. */
void platen_subscribers_remove(platen_subscriber_t *sub);

/* No events until platen_subscribers_resume(), which goes on from there. */
void platen_subscribers_pause(platen_subscriber_t *sub);
void platen_subscribers_resume(platen_subscriber_t *sub);

/* The outbox may have grown. */
void platen_subscribers_wake(void);

/* How many subscribers this worker has. */
ngx_uint_t platen_subscribers_count(void);


#endif /* _PLATEN_SUBSCRIBERS_H_INCLUDED_ */
