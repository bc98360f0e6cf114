
/*
 * The registry of subscribers; see live/subscribers.h.
 *
 * The worker reads the outbox once for all: a batch of events is copied out of
 * it, and each is told to the subscribers of its job and of its client, a slice
 * in each turn of the loop.  A subscriber whose last event is older than that,
 * because it resumes or was paused, is "behind": it is served from the outbox
 * by itself, in slices too, until it has caught up.  As both read one ordered
 * log, and a subscriber knows the number of its last event, nothing is told
 * twice or left out at the seam.
 *
 * Wake-ups may be lost, so a worker with subscribers also looks once a second.
 * That timer is not cancelable: it keeps a worker that is to exit alive until
 * it has ended its subscribers.  What cannot be read of the store is logged,
 * once a minute at most, and read again a second later.
 */


#include "live/subscribers.h"

#include "worker.h"
#include "base/id.h"
#include "base/platen.h"
#include "job/job.h"
#include "counts.h"
#include "store/store.h"


#define PLATEN_SUBSCRIBERS_SLICE  8    /* callbacks in one turn of the loop */
#define PLATEN_SUBSCRIBERS_SCAN   128  /* events looked at for one subscriber */
#define PLATEN_SUBSCRIBERS_COST   4    /* of such a look, in callbacks */
#define PLATEN_SUBSCRIBERS_TICK   1000 /* milliseconds */
#define PLATEN_SUBSCRIBERS_WARN   60   /* seconds */


struct platen_topic_s {
    ngx_str_node_t           sn;       /* the key is behind the structure */
    ngx_rbtree_t            *tree;
    ngx_queue_t              subs;
};


/* Events, copied out of a transaction. */

typedef struct {
    ngx_uint_t               n;
    platen_event_t           events[PLATEN_SUBSCRIBERS_BATCH];
    char                     id[PLATEN_SUBSCRIBERS_BATCH][16];
    char                     client[PLATEN_SUBSCRIBERS_BATCH]
                                   [PLATEN_CLIENT_MAX];
    char                     code[PLATEN_SUBSCRIBERS_BATCH]
                                 [PLATEN_ERROR_CODE_MAX];
} platen_subscribers_batch_t;


static ngx_int_t platen_subscribers_open(platen_txn_t *txn);
static void platen_subscribers_failed(platen_txn_t *txn, int rc);
static ngx_uint_t platen_subscribers_copy(platen_subscribers_batch_t *b,
    const platen_event_t *event);
static platen_topic_t *platen_subscribers_topic(ngx_rbtree_t *tree,
    ngx_str_t *key, ngx_uint_t create);
static void platen_subscribers_turn(ngx_event_t *ev);
static void platen_subscribers_tick(ngx_event_t *ev);
static void platen_subscribers_tell(ngx_uint_t *budget);
static ngx_uint_t platen_subscribers_next(void);
static ngx_uint_t platen_subscribers_fill(void);
static ngx_int_t platen_subscribers_catch_up(platen_subscriber_t *sub);
static ngx_int_t platen_subscribers_scan(platen_subscriber_t *sub,
    platen_subscribers_batch_t *b);
static void platen_subscribers_late(platen_subscriber_t *sub);
static void platen_subscribers_over(platen_subscriber_t *sub,
    platen_subscriber_end_t why);
static void platen_subscribers_post(void);


static ngx_rbtree_t            platen_subscribers_jobs;
static ngx_rbtree_node_t       platen_subscribers_jobs_sentinel;
static ngx_rbtree_t            platen_subscribers_clients;
static ngx_rbtree_node_t       platen_subscribers_clients_sentinel;

static ngx_queue_t             platen_subscribers_all;
static ngx_queue_t             platen_subscribers_behind;
static ngx_uint_t              platen_subscribers_n;

static uint64_t                     platen_subscribers_seq;   /* read so far */
static platen_subscribers_batch_t   platen_subscribers_batch; /* being told */
static ngx_uint_t                   platen_subscribers_i;     /* where in it */

/* Of its event: 1: the job's are told, 2: and the client's. */
static ngx_uint_t                   platen_subscribers_client;
static platen_topic_t              *platen_subscribers_at;    /* NULL: none */
static ngx_queue_t                 *platen_subscribers_to;    /* next in it */

static ngx_event_t             platen_subscribers_turn_event;
static ngx_event_t             platen_subscribers_tick_event;
static ngx_connection_t        platen_subscribers_dumb;
static time_t                  platen_subscribers_warned;


ngx_int_t
platen_subscribers_init(ngx_cycle_t *cycle)
{
    ngx_rbtree_init(&platen_subscribers_jobs, &platen_subscribers_jobs_sentinel,
                    ngx_str_rbtree_insert_value);
    ngx_rbtree_init(&platen_subscribers_clients,
                    &platen_subscribers_clients_sentinel,
                    ngx_str_rbtree_insert_value);

    ngx_queue_init(&platen_subscribers_all);
    ngx_queue_init(&platen_subscribers_behind);
    platen_subscribers_n = 0;
    platen_subscribers_at = NULL;
    platen_subscribers_batch.n = 0;
    platen_subscribers_i = 0;

    /* events are logged with the descriptor of their connection */

    platen_subscribers_dumb.fd = (ngx_socket_t) -1;

    ngx_memzero(&platen_subscribers_turn_event, sizeof(ngx_event_t));
    platen_subscribers_turn_event.handler = platen_subscribers_turn;
    platen_subscribers_turn_event.log = cycle->log;
    platen_subscribers_turn_event.data = &platen_subscribers_dumb;

    ngx_memzero(&platen_subscribers_tick_event, sizeof(ngx_event_t));
    platen_subscribers_tick_event.handler = platen_subscribers_tick;
    platen_subscribers_tick_event.log = cycle->log;
    platen_subscribers_tick_event.data = &platen_subscribers_dumb;

    return NGX_OK;
}


ngx_uint_t
platen_subscribers_count(void)
{
    return platen_subscribers_n;
}


void
platen_subscribers_wake(void)
{
    if (platen_subscribers_n) {
        platen_subscribers_post();
    }
}


static void
platen_subscribers_post(void)
{
    ngx_post_event(&platen_subscribers_turn_event, &ngx_posted_events);
}


/* Begins to read the store; what fails is logged now and then. */

static ngx_int_t
platen_subscribers_open(platen_txn_t *txn)
{
    int              rc;
    platen_store_t  *store;

    store = ngx_http_platen_store(ngx_cycle->log);
    if (store == NULL) {
        return NGX_ERROR;
    }

    rc = platen_txn_read(store, txn);
    if (rc != PLATEN_OK) {
        platen_subscribers_failed(txn, rc);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
platen_subscribers_failed(platen_txn_t *txn, int rc)
{
    platen_txn_abort(txn);

    if (ngx_time() - platen_subscribers_warned < PLATEN_SUBSCRIBERS_WARN) {
        return;
    }

    platen_subscribers_warned = ngx_time();

    ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                  "platen: store: reading events failed: %s (%s)",
                  platen_strerror(rc), platen_txn_errstr(txn));
}


ngx_int_t
platen_subscribers_add(platen_subscriber_t *sub, const platen_id_t *id,
    ngx_str_t *client)
{
    int            rc;
    uint64_t       first, last;
    ngx_str_t      key;
    platen_txn_t   txn;

    if (platen_subscribers_n == 0) {

        /* Nobody was told of anything: the log is read from now on. */

        if (platen_subscribers_open(&txn) != NGX_OK) {
            return NGX_ERROR;
        }

        rc = platen_store_events_span(&txn, &first, &last);
        if (rc != PLATEN_OK) {
            platen_subscribers_failed(&txn, rc);
            return NGX_ERROR;
        }

        platen_txn_abort(&txn);

        platen_subscribers_seq = last;
        platen_subscribers_batch.n = 0;
        platen_subscribers_i = 0;
    }

    if (id) {
        key.data = (u_char *) id->b;
        key.len = sizeof(id->b);
        sub->topic = platen_subscribers_topic(&platen_subscribers_jobs, &key,
                                              1);

    } else {
        sub->topic = platen_subscribers_topic(&platen_subscribers_clients,
                                              client, 1);
    }

    if (sub->topic == NULL) {
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&sub->topic->subs, &sub->queue);
    ngx_queue_insert_tail(&platen_subscribers_all, &sub->all);
    platen_metrics_subscribers(1);
    platen_subscribers_n++;

    sub->behind = 0;
    sub->paused = 0;
    sub->missed = 0;

    if (sub->seq < platen_subscribers_seq) {
        platen_subscribers_late(sub);
    }

    if (!platen_subscribers_tick_event.timer_set) {
        ngx_add_timer(&platen_subscribers_tick_event, PLATEN_SUBSCRIBERS_TICK);
    }

    platen_subscribers_post();

    return NGX_OK;
}


void
platen_subscribers_remove(platen_subscriber_t *sub)
{
    platen_topic_t         *topic;

    topic = sub->topic;

    if (topic == NULL) {
        return;
    }

    sub->topic = NULL;

    if (platen_subscribers_to == &sub->queue) {
        platen_subscribers_to = ngx_queue_next(&sub->queue);
    }

    ngx_queue_remove(&sub->queue);
    ngx_queue_remove(&sub->all);
    platen_metrics_subscribers(-1);

    if (sub->behind) {
        sub->behind = 0;
        ngx_queue_remove(&sub->late);
    }

    if (ngx_queue_empty(&topic->subs)) {

        if (platen_subscribers_at == topic) {
            platen_subscribers_at = NULL;
        }

        ngx_rbtree_delete(topic->tree, &topic->sn.node);
        ngx_free(topic);
    }

    /* With the last one goes what keeps a worker from its exit. */

    if (--platen_subscribers_n == 0
        && platen_subscribers_tick_event.timer_set)
    {
        ngx_del_timer(&platen_subscribers_tick_event);
    }
}


static platen_topic_t *
platen_subscribers_topic(ngx_rbtree_t *tree, ngx_str_t *key, ngx_uint_t create)
{
    uint32_t                hash;
    ngx_str_node_t         *sn;
    platen_topic_t         *topic;

    hash = ngx_murmur_hash2(key->data, key->len);

    sn = ngx_str_rbtree_lookup(tree, key, hash);

    if (sn || !create) {
        return (platen_topic_t *) sn;
    }

    topic = ngx_alloc(sizeof(platen_topic_t) + key->len,
                      ngx_cycle->log);
    if (topic == NULL) {
        return NULL;
    }

    topic->sn.node.key = hash;
    topic->sn.str.len = key->len;
    topic->sn.str.data = (u_char *) (topic + 1);
    ngx_memcpy(topic->sn.str.data, key->data, key->len);
    topic->tree = tree;
    ngx_queue_init(&topic->subs);

    ngx_rbtree_insert(tree, &topic->sn.node);

    return topic;
}


void
platen_subscribers_pause(platen_subscriber_t *sub)
{
    sub->paused = 1;

    if (sub->behind) {
        sub->behind = 0;
        sub->missed = 1;
        ngx_queue_remove(&sub->late);
    }
}


void
platen_subscribers_resume(platen_subscriber_t *sub)
{
    if (!sub->paused) {
        return;
    }

    sub->paused = 0;

    if (sub->topic && sub->missed) {
        sub->missed = 0;
        platen_subscribers_late(sub);
        platen_subscribers_post();
    }
}


static void
platen_subscribers_late(platen_subscriber_t *sub)
{
    sub->behind = 1;
    ngx_queue_insert_tail(&platen_subscribers_behind, &sub->late);
}


static void
platen_subscribers_over(platen_subscriber_t *sub, platen_subscriber_end_t why)
{
    platen_subscribers_remove(sub);
    sub->end(sub, why);
}


static void
platen_subscribers_tick(ngx_event_t *ev)
{
    if (platen_subscribers_n == 0) {
        return;
    }

    ngx_add_timer(ev, PLATEN_SUBSCRIBERS_TICK);

    platen_subscribers_post();
}


/* One turn of the loop: a slice of all that is to be told. */

static void
platen_subscribers_turn(ngx_event_t *ev)
{
    ngx_uint_t            budget;
    platen_subscriber_t  *sub;

    budget = PLATEN_SUBSCRIBERS_SLICE;

    if (ngx_exiting) {

        /* What they have not been told, they ask for elsewhere. */

        for ( /* void */ ; budget && platen_subscribers_n; budget--) {
            sub = ngx_queue_data(ngx_queue_head(&platen_subscribers_all),
                                 platen_subscriber_t, all);
            platen_subscribers_over(sub, PLATEN_SUBSCRIBER_EXITING);
        }

    } else {

        do {
            platen_subscribers_tell(&budget);
        } while (budget && platen_subscribers_n && platen_subscribers_fill());

        while (budget && !ngx_queue_empty(&platen_subscribers_behind)) {
            sub = ngx_queue_data(ngx_queue_head(&platen_subscribers_behind),
                                 platen_subscriber_t, late);

            if (platen_subscribers_catch_up(sub) != NGX_OK) {
                /* again at the next tick */
                return;
            }

            budget -= ngx_min(budget, PLATEN_SUBSCRIBERS_COST);
        }
    }

    if (budget == 0 && platen_subscribers_n) {
        ngx_post_event(ev, &ngx_posted_next_events);
    }
}


/* Tells the events of the batch, as far as the budget goes. */

static void
platen_subscribers_tell(ngx_uint_t *budget)
{
    platen_event_t       *event;
    platen_subscriber_t  *sub;

    while (platen_subscribers_next()) {

        if (*budget == 0) {
            return;
        }

        sub = ngx_queue_data(platen_subscribers_to, platen_subscriber_t, queue);
        platen_subscribers_to = ngx_queue_next(platen_subscribers_to);

        event = &platen_subscribers_batch.events[platen_subscribers_i];

        if (sub->behind || event->seq <= sub->seq) {
            continue;
        }

        if (sub->paused) {

            if (!sub->missed) {
                sub->missed = 1;
                sub->seq = event->seq - 1;
            }

            continue;
        }

        sub->seq = event->seq;
        (*budget)--;

        sub->handler(sub, event, 1);
    }
}


/*
 * Moves on until platen_subscribers_to is a subscriber to whom the event at
 * platen_subscribers_i may be of interest; 0: the batch is told.
 */

static ngx_uint_t
platen_subscribers_next(void)
{
    ngx_str_t        key;
    platen_event_t  *event;

    for ( ;; ) {

        if (platen_subscribers_at) {

            if (platen_subscribers_to
                != ngx_queue_sentinel(&platen_subscribers_at->subs))
            {
                return 1;
            }

            platen_subscribers_at = NULL;
        }

        if (platen_subscribers_i >= platen_subscribers_batch.n) {
            platen_subscribers_to = NULL;
            return 0;
        }

        /* first the subscribers of the job, then those of its client */

        if (platen_subscribers_client == 2) {
            platen_subscribers_client = 0;
            platen_subscribers_i++;
            continue;
        }

        event = &platen_subscribers_batch.events[platen_subscribers_i];

        if (platen_subscribers_client++ == 0) {
            key.data = (u_char *) event->id.data;
            key.len = event->id.len;
            platen_subscribers_at =
                platen_subscribers_topic(&platen_subscribers_jobs, &key, 0);

        } else {
            key.data = (u_char *) event->client.data;
            key.len = event->client.len;
            platen_subscribers_at =
                platen_subscribers_topic(&platen_subscribers_clients, &key, 0);
        }

        if (platen_subscribers_at) {
            platen_subscribers_to =
                ngx_queue_head(&platen_subscribers_at->subs);
        }
    }
}


/* The next events for all; 0: there are none. */

static ngx_uint_t
platen_subscribers_fill(void)
{
    int              i, n;
    platen_txn_t     txn;
    platen_event_t   events[PLATEN_SUBSCRIBERS_BATCH];

    platen_subscribers_batch.n = 0;
    platen_subscribers_i = 0;
    platen_subscribers_client = 0;

    if (platen_subscribers_open(&txn) != NGX_OK) {
        return 0;
    }

    n = platen_store_events(&txn, platen_subscribers_seq, events,
                            PLATEN_SUBSCRIBERS_BATCH);
    if (n < 0) {
        platen_subscribers_failed(&txn, n);
        return 0;
    }

    for (i = 0; i < n; i++) {
        platen_subscribers_seq = events[i].seq;
        (void) platen_subscribers_copy(&platen_subscribers_batch, &events[i]);
    }

    platen_txn_abort(&txn);

    return n > 0;
}


/* Appends a copy; 0: it is nothing that could have been written. */

static ngx_uint_t
platen_subscribers_copy(platen_subscribers_batch_t *b,
    const platen_event_t *event)
{
    platen_event_t  *e;

    if (event->id.len != sizeof(b->id[0])
        || event->client.len > PLATEN_CLIENT_MAX
        || event->error_code.len > PLATEN_ERROR_CODE_MAX)
    {
        return 0;
    }

    e = &b->events[b->n];
    *e = *event;

    e->id.data = b->id[b->n];
    ngx_memcpy(b->id[b->n], event->id.data, event->id.len);
    e->client.data = b->client[b->n];
    ngx_memcpy(b->client[b->n], event->client.data, event->client.len);
    e->error_code.data = b->code[b->n];
    ngx_memcpy(b->code[b->n], event->error_code.data, event->error_code.len);

    b->n++;

    return 1;
}


/* A slice of the outbox for one that is behind.  NGX_ERROR: none was read. */

static ngx_int_t
platen_subscribers_catch_up(platen_subscriber_t *sub)
{
    ngx_int_t                   rc;
    platen_subscribers_batch_t  b;

    /* One that is not through yet goes to the end of the line. */

    ngx_queue_remove(&sub->late);
    ngx_queue_insert_tail(&platen_subscribers_behind, &sub->late);

    b.n = 0;
    rc = platen_subscribers_scan(sub, &b);

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (rc == NGX_DECLINED) {
        platen_subscribers_over(sub, PLATEN_SUBSCRIBER_LOST);
        return NGX_OK;
    }

    if (rc == NGX_OK) {
        sub->behind = 0;
        ngx_queue_remove(&sub->late);
    }

    if (b.n) {
        sub->handler(sub, b.events, b.n);
    }

    return NGX_OK;
}


/*
 * Looks through events after sub->seq and copies its own.  NGX_OK: that were
 * all; NGX_AGAIN: there may be more; NGX_DECLINED: some are gone; NGX_ERROR.
 */

static ngx_int_t
platen_subscribers_scan(platen_subscriber_t *sub, platen_subscribers_batch_t *b)
{
    int              i, n, rc;
    ngx_str_t       *key;
    uint64_t         first, last;
    ngx_uint_t       job;
    platen_str_t    *value;
    platen_txn_t     txn;
    platen_event_t   events[PLATEN_SUBSCRIBERS_SCAN];

    if (platen_subscribers_open(&txn) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = platen_store_events_span(&txn, &first, &last);
    if (rc != PLATEN_OK) {
        platen_subscribers_failed(&txn, rc);
        return NGX_ERROR;
    }

    if (sub->seq + 1 < first
        || (last > sub->seq && last - sub->seq > PLATEN_SUBSCRIBERS_REPLAY))
    {
        platen_txn_abort(&txn);
        return NGX_DECLINED;
    }

    n = platen_store_events(&txn, sub->seq, events, PLATEN_SUBSCRIBERS_SCAN);
    if (n < 0) {
        platen_subscribers_failed(&txn, n);
        return NGX_ERROR;
    }

    key = &sub->topic->sn.str;
    job = sub->topic->tree == &platen_subscribers_jobs;

    for (i = 0; i < n && b->n < PLATEN_SUBSCRIBERS_BATCH; i++) {
        sub->seq = events[i].seq;
        value = job ? &events[i].id : &events[i].client;

        if (value->len == key->len
            && ngx_memcmp(value->data, key->data, key->len) == 0)
        {
            (void) platen_subscribers_copy(b, &events[i]);
        }
    }

    platen_txn_abort(&txn);

    return i < n || n == PLATEN_SUBSCRIBERS_SCAN ? NGX_AGAIN : NGX_OK;
}
