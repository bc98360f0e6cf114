
/*
 * A stream of events, whatever carries it: what is told first, what follows,
 * what happens to a client that falls behind, and the signs of life between.
 * How that looks on the wire, and how the stream ends, is its carrier's.
 *
 * All in the event loop.  One block is on its way at a time: until the socket
 * has taken it the subscriber is paused, and what it misses meanwhile stays in
 * the store's outbox.
 */

#ifndef _PLATEN_STREAM_H_INCLUDED_
#define _PLATEN_STREAM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "http/sender.h"
#include "live/snapshot.h"
#include "live/subscribers.h"


/* Bytes of a message besides its JSON, and of a greeting, at most. */
#define PLATEN_STREAM_FRAME  128


typedef struct platen_stream_s  platen_stream_t;


typedef enum {
    PLATEN_STREAM_DONE,    /* all is told */
    PLATEN_STREAM_EXITING, /* the worker is about to exit */
    PLATEN_STREAM_FAILED   /* out of memory, or the store cannot be read */
} platen_stream_end_t;


typedef struct {
    /* What comes before the state; returns its end.  NULL: nothing. */
    u_char             *(*greet)(platen_stream_t *s, u_char *p);

    /*
     * Around the JSON of a message: begin() returns where that is written,
     * end() where the message that began at `p` ends.  `seq` is the number of
     * an event or a state; NULL: it has none.
     */
    u_char             *(*begin)(platen_stream_t *s, u_char *p,
                            const char *name, const uint64_t *seq);
    u_char             *(*end)(platen_stream_t *s, u_char *p, u_char *last);

    /*
     * Sends a block of ngx_alloc(), which is the carrier's from now on, up to
     * `last`; NULL for both: what nginx holds back.  Says how that went with
     * platen_stream_full() or platen_stream_ready().  NGX_OK; NGX_ERROR: the
     * stream is over.
     */
    ngx_int_t           (*send)(platen_stream_t *s, u_char *block,
                            u_char *last);

    /* Nothing was sent for a while: does the client still live? */
    void                (*alive)(platen_stream_t *s);

    /* The stream is over; to be detached. */
    void                (*finish)(platen_stream_t *s, platen_stream_end_t why);

    unsigned              titled:1;  /* a message has name and number; else its
                                        JSON says them */
    unsigned              silence:1; /* a sign of life is due after silence;
                                        else after its period, come what may */
} platen_stream_carrier_t;


/* A member of what the carrier keeps in r->pool. */
struct platen_stream_s {
    const platen_stream_carrier_t  *carrier;
    ngx_http_request_t             *request;
    platen_sender_t                *sender;
    platen_subscriber_t             sub;
    ngx_event_t                     keepalive;
    unsigned                        job:1;  /* of one: it has a last event */
};


/* Sets a zeroed stream up. */
void platen_stream_init(platen_stream_t *s, ngx_http_request_t *r,
    const platen_stream_carrier_t *carrier, platen_sender_t *sender);

/*
 * Subscribes, and sends what comes first.  Ends the stream where nothing more
 * can come.
 */
void platen_stream_start(platen_stream_t *s, platen_snapshot_t *snapshot);

/* The socket takes no more for now; it has taken all. */
void platen_stream_full(platen_stream_t *s);
void platen_stream_ready(platen_stream_t *s);

/* No more calls of the carrier.  Harmless twice. */
void platen_stream_detach(platen_stream_t *s);

/* Directives that take a time greater than zero: an ngx_msec_t at the offset. */
char *platen_stream_period(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


#endif /* _PLATEN_STREAM_H_INCLUDED_ */
