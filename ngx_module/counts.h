
/*
 * What nginx's workers count, for GET /metrics: in memory that all of them
 * share, so that any of them can tell it, and which a reload keeps.  Counters
 * are added to with atomics; what is a worker's own has a place by its number.
 */

#ifndef _PLATEN_COUNTS_H_INCLUDED_
#define _PLATEN_COUNTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/exposition.h"


#define PLATEN_METRICS_ROUTES   64
#define PLATEN_METRICS_PROBLEMS 128
#define PLATEN_METRICS_CLASSES  6    /* of a status: 0 (none was sent) to 5 */
#define PLATEN_METRICS_WORKERS  256  /* one that has a higher number shares */


typedef struct {
    uint64_t            pid;
    uint64_t            subscribers;
    uint64_t            longest_turn;  /* microseconds */
} platen_metrics_worker_t;


typedef struct {
    uint64_t            requests[PLATEN_METRICS_ROUTES]
                                [PLATEN_METRICS_CLASSES];
    uint64_t            problems[PLATEN_METRICS_PROBLEMS];
    uint64_t            received;      /* bytes of requests and answers */
    uint64_t            sent;
    uint64_t            committed;     /* operations */
    platen_histogram_t  commit;        /* of one group of them */
    platen_histogram_t  upload;
    platen_metrics_worker_t  workers[PLATEN_METRICS_WORKERS];
} platen_metrics_t;


/* Declares the memory, for a configuration with platen_api; NULL: no memory. */
ngx_shm_zone_t *platen_metrics_zone(ngx_conf_t *cf, void *tag);

/*
 * A worker begins: its place is its own from now on, if there is a zone (NULL:
 * it counts nothing, whatever the configuration before had).  `pattern` is what
 * a route is called by its number in a context.
 */
void platen_metrics_init(ngx_shm_zone_t *zone,
    const char *(*pattern)(ngx_uint_t route));
const char *platen_metrics_route(ngx_uint_t route);

/* A handler of the log phase. */
ngx_int_t platen_metrics_log(ngx_http_request_t *r);

/* An answer with the problem of that number is on its way. */
void platen_metrics_problem(ngx_uint_t problem);

/* A submission was received and is on disk and in the store. */
void platen_metrics_accepted(ngx_http_request_t *r);

/* A group of `n` operations was committed. */
void platen_metrics_commit(ngx_uint_t n, uint64_t us);

/* So many more, or fewer, are told of events by this worker. */
void platen_metrics_subscribers(ngx_int_t n);

/* The longest turn of this worker. */
void platen_metrics_turn(uint64_t us);

/* What was counted so far; NULL: there is no such memory. */
const platen_metrics_t *platen_metrics_counted(void);


#endif /* _PLATEN_COUNTS_H_INCLUDED_ */
