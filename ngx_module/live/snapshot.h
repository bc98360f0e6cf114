
/*
 * What every stream of events has in common, whatever carries it: where it
 * begins, the current state that comes first, and an event as JSON.
 */

#ifndef _PLATEN_SNAPSHOT_H_INCLUDED_
#define _PLATEN_SNAPSHOT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "job/event.h"


typedef enum {
    PLATEN_SNAPSHOT_BEGIN,  /* the current state, then what follows */
    PLATEN_SNAPSHOT_RESUME, /* what follows the event that the client knows */
    PLATEN_SNAPSHOT_FUTURE, /* that event has not been yet: begin anew */
    PLATEN_SNAPSHOT_EXPIRED, /* what followed it is gone: begin anew */
    PLATEN_SNAPSHOT_OVER    /* the job is final, and the client knows it */
} platen_snapshot_kind_t;


typedef struct {
    /* of the request */
    uint64_t              since;    /* the last event that the client knows */
    unsigned              given:1;  /* there is one */
    unsigned              lost:1;   /* what followed it is known to be gone */

    /* results */
    platen_snapshot_kind_t  kind;
    uint64_t                seq;     /* subscribe from here */
    ngx_pool_t             *pool;    /* of the state; the caller destroys it */
    ngx_chain_t            *state;   /* JSON, in one line; NULL: RESUME, OVER */
    size_t                  len;     /* of it */
    platen_event_t          last;    /* the event that made the job final */
    unsigned                final:1; /* there is such an event to be told: no
                                       other follows */
} platen_snapshot_t;


/*
 * Reads the number of the last event that the client knows, from Last-Event-ID,
 * else from the argument `arg` of the query.  NGX_OK, also if there is none;
 * NGX_DECLINED: it is no number.
 */
ngx_int_t platen_snapshot_since(ngx_http_request_t *r, const char *arg,
    platen_snapshot_t *snapshot);

/* A copy of a string, of a record for one, in that pool. */
ngx_int_t platen_snapshot_copy(ngx_pool_t *pool, platen_str_t *dst,
    const char *data, size_t len);

/*
 * Where the stream of a job (`id`), or of all jobs of the client (`id` NULL),
 * is to begin.  The state is what GET /jobs/{id}, or GET /jobs, says now.
 * NGX_OK; else a problem was sent, see *status.  With `status` NULL none is
 * sent: the caller has answered already.
 */
ngx_int_t platen_snapshot_open(ngx_http_request_t *r, const platen_id_t *id,
    platen_snapshot_t *snapshot, ngx_int_t *status);

/* Destroys the pool.  Harmless twice. */
void platen_snapshot_close(platen_snapshot_t *snapshot);

/*
 * Writes the event as a JSON object without line ends; returns its end.  `p`
 * has room for platen_snapshot_size() bytes.
 */
size_t platen_snapshot_size(ngx_str_t *prefix);
u_char *platen_snapshot_text(u_char *p, const platen_event_t *event,
    ngx_str_t *prefix);


#endif /* _PLATEN_SNAPSHOT_H_INCLUDED_ */
