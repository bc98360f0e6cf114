/* What the files of the scheduler share; for no one else. */

#ifndef PLATEN_SCHEDULER_INT_H
#define PLATEN_SCHEDULER_INT_H

#include "platen_batches.h"
#include "platen_canary.h"
#include "platen_finish.h"
#include "platen_pool.h"
#include "platen_scheduler.h"
#include "platen_walk.h"
#include "platen_zygote.h"

#define CLAIMS 64 /* jobs claimed in one transaction, at most */

/* A task whose end is decided but not written. */
typedef struct {
    platen_task_t   *task;
    platen_verdict_t verdict;
} ending_t;

struct platen_scheduler_s {
    const platen_config_t *config;
    platen_store_t        *store;
    platen_engines_t      *engines;
    platen_pool_t         *pool;
    platen_batches_t      *batches;
    platen_walk_t         *walk;
    platen_canary_t       *canary;
    platen_zygote_t       *zygote;    /* NULL: LibreOffice is none of the engines */
    char                   owner[64]; /* "<boot id>:<pid>" */
    int                    stopping;
    int                    elsewhere;    /* nginx puts documents into another directory */
    uint64_t               paused_until; /* these two: CLOCK_BOOTTIME milliseconds */
    uint64_t               look_at;      /* while LibreOffice is not ready */
    uint64_t               warned_at;
    unsigned               nunwritten;
    ending_t               unwritten[4 * PLATEN_WORKERS_MAX]; /* of places, and of batches */
    void (*changed)(void *data);                              /* NULL: nobody is told */
    void *changed_data;
};

/* Jobs taken in the transaction under way; FAILED verdicts need no worker. */
typedef struct {
    ending_t items[CLAIMS];
    unsigned n;
    unsigned to_start;
} claims_t;

/* Whether the way leads through LibreOffice, which is getting warm. */
int platen_scheduler_must_wait(const platen_scheduler_t *s, const platen_route_t *way);

/* Claims nothing for a while, and says why in the log. */
void platen_scheduler_pause(platen_scheduler_t *s, const char *reason, const char *detail);

/* Whether a claim makes sense now; asks without the writer's lock. */
int platen_scheduler_may_claim(platen_scheduler_t *s);

/*
 * Claims up to `max` jobs that need a worker; committed when it returns OK.  On
 * failure *why is set, and the tasks are the caller's to destroy.
 */
int
platen_scheduler_claim(platen_scheduler_t *s, unsigned max, claims_t *claims, const char **why);

#endif
