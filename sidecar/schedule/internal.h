/* What the files of the scheduler share; for no one else. */

#ifndef PLATEN_SCHEDULER_INT_H
#define PLATEN_SCHEDULER_INT_H

#include "batch/batches.h"
#include "schedule/canary.h"
#include "crew.h"
#include "schedule/estimate.h"
#include "schedule/finish.h"
#include "run/pool.h"
#include "schedule/scheduler.h"
#include "schedule/walk.h"
#include "office/zygote.h"

#define CLAIMS 64  /* jobs claimed in one transaction, at most */
#define RECORDS 64 /* ends written in one */

/* A task's end, from when it is decided until it is written. */
typedef struct ending_s ending_t;

struct ending_s {
    ending_t       *next;
    platen_ending_t end;
    int             place; /* of the pool, that waits for it; -1: none */
    int             kept;  /* the store did not take it, once */
};

typedef struct {
    ending_t  *first;
    ending_t **last;
    unsigned   n;
} endings_t;

/* What is done about the end of a run in one of the pool's places. */
typedef struct {
    platen_scheduler_t        *scheduler;
    unsigned                   n;
    platen_task_t             *task;   /* NULL: there is none, or it has gone on */
    const platen_run_result_t *result; /* the pool's */
    platen_verdict_t           verdict;
    int                        elsewhere; /* as of the scheduler */
    int                        fetched;   /* an archive is the batches' */
    int                        written;   /* its end; or it needs none */
    int                        cleared;   /* its directory */
    platen_work_t              judging;
    platen_work_t              clearing;
} place_t;

/* Jobs taken in the transaction under way; FAILED verdicts need no worker. */
typedef struct {
    platen_ending_t items[CLAIMS];
    unsigned        n;
    unsigned        to_start;
} claims_t;

/*
 * A claim, which is the crew's while it is under way, and the walk and the routes of
 * the engines with it.  What it has to know of the rest is told before.
 */
typedef struct {
    platen_work_t work;
    int           under_way;
    int           missed;     /* something has changed since */
    unsigned      max;        /* places that are kept for it */
    unsigned      max_long;   /* of those, for what is thought to take long */
    int           warming;    /* LibreOffice is, and is worth waiting for */
    int           no_batches; /* there are enough in hand */
    claims_t      claims;
    int           rc;
    const char   *why;
} claiming_t;

struct platen_scheduler_s {
    const platen_config_t *config;
    platen_store_t        *store;
    platen_engines_t      *engines;
    platen_crew_t         *crew;
    platen_pool_t         *pool;
    platen_batches_t      *batches;
    platen_walk_t         *walk;
    platen_canary_t       *canary;
    platen_estimate_t     *estimate;
    int                    forget;    /* what the walk knows, before the next claim */
    platen_zygote_t       *zygote;    /* NULL: LibreOffice is none of the engines */
    char                   owner[64]; /* "<boot id>:<pid>" */
    int                    stopping;
    int                    elsewhere;    /* nginx puts documents into another directory */
    int                    again;        /* a scan makes sense */
    uint64_t               paused_until; /* these two: CLOCK_BOOTTIME milliseconds */
    uint64_t               look_at;      /* while LibreOffice is not ready */
    uint64_t               warned_at;    /* the claim's */
    place_t               *places;       /* the canary's is the last */
    unsigned               nplaces;
    claiming_t             claiming;
    endings_t              due;       /* to be written */
    endings_t              unwritten; /* the store did not take them */
    unsigned               nkept;     /* those, and what of them is tried again */
    platen_work_t          recording;
    ending_t              *record[RECORDS]; /* what is being written, */
    unsigned               nrecord;         /* and how much of it */
    platen_work_t          releasing;
    int                    is_releasing;
    void (*changed)(void *data); /* NULL: nobody is told */
    void     *changed_data;
    endings_t spare; /* of these: */
    ending_t *endings;
    unsigned  nendings;
    unsigned  most; /* that what is in hand, and one more claim, can need */
};

/* schedule/endings.c.  All that a scheduler can need: s->most is set.  0, or -1: no memory. */
int  platen_endings_init(platen_scheduler_t *s);
void platen_endings_free(platen_scheduler_t *s);

/* Whether that claim's end is not written yet. */
int platen_endings_holds(const platen_scheduler_t *s, const platen_id_t *id, uint32_t epoch);

/*
 * It is decided what becomes of the task, which is theirs from now on: have it written
 * down.  `place`: the pool's that waits for it; -1: none.
 */
void platen_endings_add(platen_scheduler_t *s, platen_task_t *task,
                        const platen_verdict_t *verdict, int place);

/* Nothing is to be written of the task of that place (-1: none) any more. */
void platen_endings_written(platen_scheduler_t *s, int place);

/* Its directory is empty. */
void platen_endings_cleared(place_t *place);

/* What the log says of an end that has been written. */
void platen_endings_log(const platen_task_t *task, const platen_verdict_t *verdict);

/* Claims nothing for a while, and says why in the log. */
void platen_scheduler_pause(platen_scheduler_t *s, const char *reason, const char *detail);

/* Whether the way leads through LibreOffice, which is getting warm. */
int platen_scheduler_must_wait(const platen_scheduler_t *s, const platen_route_t *way);

/*
 * Whether a claim makes sense now; asks without the writer's lock.  Where it is this machine
 * that keeps jobs from being claimed, *trouble says why, else NULL.
 */
int platen_scheduler_may_claim(platen_scheduler_t *s, const char **trouble);

/* Claims up to claiming->max jobs that need a worker, committed if rc is OK: for the crew. */
void platen_scheduler_claim(platen_scheduler_t *s);

#endif
