
/*
 * How long a worker's turns take: from the moment that events have come until
 * all of them are dealt with and it waits for the next.  That is how long any
 * other client waits behind one, so nothing here is to take long; the log says
 * at the worker's end what the longest was.
 *
 * Measured where nginx asks for events, by the clock that it uses itself
 * (ngx_current_msec is when they came), so that a turn costs one look at it.
 */


#include "counts.h"
#include "turn.h"


static ngx_int_t platen_turn_process(ngx_cycle_t *cycle, ngx_msec_t timer,
    ngx_uint_t flags);


static struct {
    ngx_int_t    (*process)(ngx_cycle_t *cycle, ngx_msec_t timer,
                      ngx_uint_t flags);
    ngx_uint_t     turns;
    ngx_msec_int_t longest;
} platen_turn;


void
platen_turn_init(void)
{
    if (platen_turn.process == NULL) {
        platen_turn.process = ngx_event_actions.process_events;
        ngx_event_actions.process_events = platen_turn_process;
    }

    platen_turn.turns = 0;
    platen_turn.longest = 0;
}


static ngx_int_t
platen_turn_process(ngx_cycle_t *cycle, ngx_msec_t timer, ngx_uint_t flags)
{
    ngx_msec_int_t   took;
    struct timespec  now;

    (void) clock_gettime(CLOCK_MONOTONIC_COARSE, &now);

    took = (ngx_msec_int_t) ((ngx_msec_t) now.tv_sec * 1000
                             + now.tv_nsec / 1000000 - ngx_current_msec);

    /* the first is the worker's start */

    if (platen_turn.turns++ && took > platen_turn.longest) {
        platen_turn.longest = took;
        platen_metrics_turn((uint64_t) took * 1000);
    }

    return platen_turn.process(cycle, timer, flags);
}


void
platen_turn_exit(ngx_log_t *log)
{
    if (platen_turn.turns) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "platen: this worker had %ui turns, the longest of "
                      "%M ms", platen_turn.turns,
                      (ngx_msec_t) platen_turn.longest);
    }
}
