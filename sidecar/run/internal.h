/* What the files of the pool share; for no one else. */

#ifndef PLATEN_RUN_INT_H
#define PLATEN_RUN_INT_H

#include "run/pool.h"
#include "run/run_dir.h"

/* What comes after what the crew does for a worker. */
typedef enum { NEXT_END, NEXT_COMMAND, NEXT_OFFICE } next_t;

typedef struct worker_s worker_t;

struct worker_s {
    platen_pool_t         *pool;
    platen_task_t         *task;   /* NULL: idle, or: */
    int                    over;   /* it has ended, and its end is being dealt with */
    unsigned               step;   /* of the route; nsteps: packing its pages */
    pid_t                  pid;    /* of a command; 0: the zygote has it */
    uint32_t               tag;    /* of the zygote's run */
    int                    status; /* for platen_child_error() */
    int                    restarted;
    uint64_t               began;   /* the step, CLOCK_BOOTTIME milliseconds */
    int                    settled; /* the document is not to be declined any more */
    int                    mending; /* the first step repairs what could not be read */
    int                    killed;
    platen_confine_short_t memory;   /* what the kernel has killed it for */
    int                    waiting;  /* stands by: set up, and not running */
    platen_run_outcome_t   why;      /* if killed */
    uint64_t               deadline; /* CLOCK_BOOTTIME milliseconds */
    uint64_t               look_at;  /* the same */
    uint64_t               used;     /* bytes of disk, when it was last looked at */
    platen_run_dir_t       run_dir;
    platen_confinement_t   confinement;
    platen_options_t       options; /* of the current step */
    platen_run_result_t    result;
    platen_work_t          work;
    int                    busy; /* the crew has it, and does: */
    void (*what)(platen_pool_t *pool, worker_t *w);
    int                    opening;    /* it has not begun */
    int                    was_killed; /* when the crew got it */
    next_t                 next;
    platen_command_t       command;     /* of NEXT_COMMAND */
    int                    wstatus;     /* of the command that has ended, */
    int                    child_error; /* if it could not be executed, */
    unsigned               layer;       /* in which layer; */
    platen_zygote_result_t office;      /* and how a run of the zygote's has */
    char                   document[PLATEN_PATH_MAX];
};

struct platen_pool_s {
    const platen_config_t  *config;
    const platen_confine_t *confine;
    platen_crew_t          *crew;
    platen_zygote_t        *zygote;
    platen_pool_done_t     *done;
    void                   *data;
    uint32_t                tag;      /* the last one given */
    unsigned                nworkers; /* places: for those that run, and that stand by */
    unsigned                nplaces;  /* and one more, of the canary */
    worker_t                workers[];
};

/*
 * run/step.c.  What the crew does for a worker: after it, w->next says what the loop is to
 * launch, or that this was the end.
 */
void platen_step_open(platen_pool_t *pool, worker_t *w);
void platen_step_after_command(platen_pool_t *pool, worker_t *w);
void platen_step_after_office(platen_pool_t *pool, worker_t *w);

/* What was prepared is not launched. */
void platen_step_drop(worker_t *w);

/* The result of what could not be done, by errno; always -1. */
int platen_step_refuse(worker_t *w, platen_run_outcome_t outcome, const char *step);

/* The same for LibreOffice: what it cannot do keeps no other engine from its work. */
int platen_step_refuse_office(worker_t *w, const char *step);

/* What the engine of the current step is told. */
platen_run_t platen_step_run(worker_t *w);

/* Of the current step, or of what packs the pages of the last. */
const platen_engine_t *platen_step_engine(const worker_t *w);

#endif
