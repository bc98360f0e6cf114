/*
 * Traces: what became of a request, as spans of OpenTelemetry.  A span goes as JSON of OTLP
 * to platen-otlp (otlp/main.c), through a socket that has a bound: when it is full, or nobody
 * reads, the span is dropped and counted, and nobody has waited.  As the log, one for the
 * process, and to be called from any thread; off until platen_trace_open().
 *
 * A trace is the one that the request's traceparent names, or, without one, the job's own
 * id.  Spans have numbers that follow from the job's id, so that each process knows its
 * parents' without asking.
 */

#ifndef PLATEN_TRACE_H
#define PLATEN_TRACE_H

#include <jansson.h>

#include "job/job.h"

/* Where a job belongs; a copy, as strings of a record live no longer than its transaction. */
typedef struct {
    char        id[33];     /* 32 hex digits; "" */
    char        caller[17]; /* the span that the request came from, 16 hex digits; "" */
    platen_id_t job;
    platen_id_t root;     /* that the request has made: the job, or of a file its batch */
    int         unwanted; /* the caller does not record it */
} platen_trace_t;

void platen_trace_of(platen_trace_t *trace, const platen_job_t *job);

/* What a span is of; the values are in its number. */
typedef enum {
    PLATEN_SPAN_REQUEST, /* a request that nginx has accepted */
    PLATEN_SPAN_WAIT,    /* in the queue */
    PLATEN_SPAN_RUN,     /* an attempt */
    PLATEN_SPAN_STEP,    /* of an engine, in an attempt */
    PLATEN_SPAN_WEBHOOK  /* a try to deliver */
} platen_span_kind_t;

typedef struct {
    platen_span_kind_t kind;
    const char        *name;
    uint32_t           epoch; /* of the attempt; of a webhook the event's number */
    uint64_t           n;     /* what tells several of an attempt apart */
    uint64_t           start; /* these two: microseconds since the Unix epoch */
    uint64_t           end;
    const char        *failed; /* why, as a stable word; NULL: it has not */
} platen_span_t;

/* Whether spans of that trace are wanted at all. */
int platen_trace_on(const platen_trace_t *trace);

/*
 * Sends a span.  `attributes` is an object of strings and numbers, and taken over; it may be
 * NULL.  Never blocks, never fails visibly.
 */
void
platen_trace_span(const platen_trace_t *trace, const platen_span_t *span, json_t *attributes);

/* Counts of all processes, in memory that they share. */
typedef struct {
    uint64_t unsent;   /* spans that found no room in the socket */
    uint64_t taken;    /* that platen-otlp has read, of which */
    uint64_t exported; /* a collector has taken; */
    uint64_t rejected; /* has refused; */
    uint64_t given_up; /* and which found no room, or no collector in time */
} platen_trace_counts_t;

#define PLATEN_TRACE_FD 3        /* of a child: its end of the socket, */
#define PLATEN_TRACE_COUNTS_FD 4 /* and the counts */

/* Turns them on.  Counts: a descriptor of them.  0, or -1 with errno. */
int platen_trace_open(int fd, int counts);

/* Both descriptors, for a child that makes spans, too; -1 while they are off. */
void platen_trace_fds(int fds[2]);

/* NULL: they are off. */
platen_trace_counts_t *platen_trace_counts(void);

#endif
