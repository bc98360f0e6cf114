/*
 * The pool: a fixed number of workers, each with a run directory of its own, that take
 * one task at a time through the steps of its route, each a process in the
 * sandbox, all together under one wall-clock limit.
 */

#ifndef PLATEN_POOL_H
#define PLATEN_POOL_H

#include "config.h"
#include "sandbox/confine.h"
#include "crew.h"
#include "run/outcome.h"
#include "disk/layout.h"
#include "run/task.h"
#include "office/zygote.h"

#define PLATEN_RUN_FONTS_MAX 16384 /* more than a run of LibreOffice writes */
#define PLATEN_RUN_WARNINGS_MAX 8192

typedef struct {
    platen_run_outcome_t   outcome;
    const char            *engine;    /* of the step that ended it; NULL if none began */
    int                    exit_code; /* -1 if a signal ended it, or it never ran */
    int                    signal;    /* 0 if none did */
    int                    error;     /* errno of PLATEN_RUN_ERROR, else 0 */
    const char            *step;      /* what failed in PLATEN_RUN_ERROR, else NULL */
    int                    everyones; /* PLATEN_RUN_ERROR: no run of any engine could begin */
    char                   work[PLATEN_PATH_MAX]; /* the run's directory */
    const char            *limit; /* key of the one that a run out of MEMORY came to, or NULL */
    uint64_t               allowed; /* bytes, by that */
    const char            *output;  /* the result in <work>/out, for DONE */
    const platen_format_t *format;  /* of the result */
    char                   output_name[32];
    uint64_t               took_ms;        /* since it ran, what stood by not counted */
    char                   last_line[256]; /* what the engine last said; any bytes */
    char                   fonts[PLATEN_RUN_FONTS_MAX]; /* "wanted<TAB>used" lines; any bytes */
    char warnings[PLATEN_RUN_WARNINGS_MAX];             /* lines of all steps; any bytes */
} platen_run_result_t;

/*
 * Told of each run that has ended, or that could not begin.  The task is the callee's
 * from then on; the result, and the run's directory, are there until platen_pool_free()
 * of place `n`, which takes no other task until then.
 */
typedef void platen_pool_done_t(void *data, unsigned n, platen_task_t *task,
                                const platen_run_result_t *result);

typedef struct platen_pool_s platen_pool_t;

/* All arguments must outlive the pool.  NULL: no memory. */
platen_pool_t *platen_pool_new(const platen_config_t *config, const platen_confine_t *confine,
                               platen_crew_t *crew, platen_pool_done_t *done, void *data);

/* The zygote that runs are asked of; to be set before the first of those. */
void platen_pool_set_zygote(platen_pool_t *pool, platen_zygote_t *zygote);

/* A run of the zygote's has ended: to be called from its platen_zygote_ended_t. */
void platen_pool_ended(platen_pool_t *pool, uint32_t tag, const platen_zygote_result_t *result);

/* Kills and reaps what still runs, without telling anyone of it.  The crew has been stopped. */
void platen_pool_destroy(platen_pool_t **pool);

/*
 * Places for tasks (the workers and those that stand by), and how many of them
 * are free.
 */
unsigned platen_pool_size(const platen_pool_t *pool);
unsigned platen_pool_idle(const platen_pool_t *pool);

/* How many of its tasks are thought to take long, those that stand by among them. */
unsigned platen_pool_long(const platen_pool_t *pool);

/* The task of place `n` (from 0); NULL if it has none or it is being killed. */
const platen_task_t *platen_pool_task(const platen_pool_t *pool, unsigned n);

/* The same, but also one that is being killed. */
const platen_task_t *platen_pool_held(const platen_pool_t *pool, unsigned n);

/*
 * Gives the task to a free place; it runs as soon as fewer tasks run than there are
 * workers, and its directory is made.  Returns 0, the task being the pool's; or -1 if no place
 * is free.
 */
int platen_pool_start(platen_pool_t *pool, platen_task_t *task);

/*
 * Empties the directory of a run that has ended: a document's bytes have no business
 * there.  From any thread.
 */
void platen_pool_clear(platen_pool_t *pool, unsigned n);

/* The place of a run that has ended is free. */
void platen_pool_free(platen_pool_t *pool, unsigned n);

/*
 * Gives the canary its own place, which no other takes, and begins; its number is the one
 * behind the last of the others.  The rest as above.
 */
int platen_pool_try(platen_pool_t *pool, platen_task_t *task, const char *document);

/*
 * Kills the task of place `n`; `why` is DISCARDED or INTERRUPTED.  One that stands
 * by has ended when this returns.
 */
void platen_pool_kill(platen_pool_t *pool, unsigned n, platen_run_outcome_t why);

/* Ends what stands by, as INTERRUPTED, at once; what runs goes on. */
void platen_pool_dismiss(platen_pool_t *pool);

/* Reaps what has ended: call on SIGCHLD. */
void platen_pool_reap(platen_pool_t *pool);

/* Whether this process is one that the pool reaps. */
int platen_pool_owns(const platen_pool_t *pool, pid_t pid);

/* Kills what is over its wall-clock limit: call a few times a second. */
void platen_pool_tick(platen_pool_t *pool);

#endif
