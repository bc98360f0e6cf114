/*
 * A task: a claimed job as the sidecar holds it in memory, with copies of what
 * it needs, because strings of a record live no longer than its transaction.
 * Whoever holds the pointer owns it: scheduler, then pool, then scheduler.
 */

#ifndef PLATEN_TASK_H
#define PLATEN_TASK_H

#include <jansson.h>

#include "engine/engine.h"
#include "job/job.h"
#include "trace.h"

/* What is to be done. */
typedef enum {
    PLATEN_TASK_DOCUMENT, /* converted */
    PLATEN_TASK_UNPACK,   /* the archive of a batch taken apart */
    PLATEN_TASK_AGAIN,    /* the failed files of a batch put back */
    PLATEN_TASK_PACK,     /* the results of a batch packed */
    PLATEN_TASK_CANARY    /* platend's own document converted; it has no record */
} platen_task_kind_t;

typedef struct {
    platen_task_kind_t kind;

    platen_id_t id;
    uint32_t    epoch;       /* of this claim */
    uint32_t    attempt;     /* 1 for the first */
    uint32_t    crashes;     /* before this attempt */
    uint64_t    pending_at;  /* since when it waits, microseconds since the Unix epoch */
    uint64_t    started_ms;  /* CLOCK_BOOTTIME */
    uint64_t    claimed_at;  /* these three as pending_at: the same, */
    uint64_t    received_at; /* when its request came, 0: not known, */
    uint64_t    created_at;  /* and when that was accepted */
    uint64_t    input_size;  /* bytes */
    int         is_long;     /* it is thought to take long */

    char                  *request_id;
    char                   trace_id[33]; /* ""; or of the request's traceparent */
    platen_trace_t         trace;
    char                  *client;
    char                  *filename; /* of the document, as it is shown */
    const platen_format_t *from;
    const platen_format_t *to;
    platen_options_t       options; /* secret ones among them */
    platen_route_t         route;
    platen_step_t          renewal;   /* before a first step that wants it; engine NULL: none */
    char                  *sources;   /* a batch's: as in its record */
    char                  *files_dir; /* PACK: where the results are, once gathered */
} platen_task_t;

/*
 * Copies a job that is about to enter PROCESSING, whose strings must still be
 * valid.  Formats and options that do not exist here are left out: no route is
 * found then.  NULL: no memory.
 */
platen_task_t *platen_task_new(const platen_job_t *job);

/* Wipes its secrets. */
void platen_task_destroy(platen_task_t **task);

/*
 * Tells of the attempt, which has ended now, and of its wait before.  `failed`: a stable
 * word, NULL if it has not.
 */
void platen_task_trace_wait(const platen_task_t *task);
void platen_task_trace_run(const platen_task_t *task, const char *failed);

/* The trace that its times are exemplified by; NULL: nobody has it. */
const char *platen_task_exemplar(const platen_task_t *task);

/* Whether it is that claim of that job; NULL is none. */
int platen_task_is(const platen_task_t *task, const platen_id_t *id, uint32_t epoch);

/* What a log line about the task says; the caller owns it.  NULL: no memory. */
json_t *platen_task_context(const platen_task_t *task);

#endif
