/*
 * What platend counts of itself, for GET /metrics: as the log, one for the process, and to be
 * called from any thread.  metrics_page.h has it written down for nginx's workers.  Numbers
 * begin anew with the process.
 */

#ifndef PLATEN_METRICS_H
#define PLATEN_METRICS_H

#include "base/platen.h"

typedef enum {
    PLATEN_METRIC_JOBS,          /* from, to, result */
    PLATEN_METRIC_FAILURES,      /* code */
    PLATEN_METRIC_RETRIES,       /* fault */
    PLATEN_METRIC_WAIT,          /* - */
    PLATEN_METRIC_CONVERSION,    /* to */
    PLATEN_METRIC_STEPS,         /* engine, outcome */
    PLATEN_METRIC_STEP_TIME,     /* engine */
    PLATEN_METRIC_WORKERS,       /* - */
    PLATEN_METRIC_BUSY,          /* - */
    PLATEN_METRIC_OFFICE,        /* - */
    PLATEN_METRIC_OFFICE_STARTS, /* result */
    PLATEN_METRIC_PAUSES,        /* - */
    PLATEN_METRIC_HINTS,         /* - */
    PLATEN_METRIC_EXPIRED,       /* - */
    PLATEN_METRIC_ORPHANS,       /* - */
    PLATEN_METRIC_DISORDER,      /* - */
    PLATEN_METRIC_CANARY,        /* - */
    PLATEN_METRIC_BACKUP,        /* - */
    PLATEN_METRIC_DISK_FREE,     /* - */
    PLATEN_METRIC_TURN,          /* turn */
    PLATEN_METRIC_LONGEST_TURN,  /* - */
    PLATEN_METRIC_MEMORY,        /* - */
    PLATEN_METRIC_SPANS,         /* result */
    PLATEN_METRIC_NONE
} platen_metric_t;

/*
 * Adds to a counter.  Labels in the order of the list above, NULL for those that it has not:
 * names of ours, never what a client has chosen, as each combination is kept for ever.
 */
void platen_metric_add(platen_metric_t metric, uint64_t n, const char *first,
                       const char *second, const char *third);

/* A time, in microseconds, for a histogram. */
void platen_metric_time(platen_metric_t metric, uint64_t us, const char *label);

/* The same, of a trace: 32 hex digits, or NULL. */
void
platen_metric_traced(platen_metric_t metric, uint64_t us, const char *label, const char *trace);

/* What a gauge is at now; microseconds for one of time. */
void platen_metric_set(platen_metric_t metric, uint64_t value);

/* A gauge that says nothing any more. */
void platen_metric_clear(platen_metric_t metric);

/* Writes all of it into `page`.  Returns its length. */
size_t platen_metrics_write(char *page, size_t size);

#endif
