/*
 * The pool; see run/pool.h.  Owns the workers, their stages and the tasks
 * that run.  Nothing of a run is there for the
 * next one: each start of an engine finds its stage laid out afresh.
 *
 * A step is a command, executed here, or a run of the zygote's.  What is done on the disk
 * before the first, after each and before the next is the crew's: it opens the stage, judges
 * how the step has ended, and prepares the one that follows; then the loop's thread, which
 * alone forks, launches that or tells of the end.  A worker that is busy so is left alone, but
 * for being killed, which counts as soon as it comes back.  Pages that a
 * last step has left are packed by one more command.
 */

#include "run/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/spawn.h"
#include "run/run_dir.h"
#include "engine/warning.h"
#include "run/watch.h"
#include "run/tree.h"

#define SAID_MAX 2048
#define LOOK_EVERY 200 /* milliseconds between two looks at what a run has written */

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
    int                    settled; /* the document is not to be declined any more */
    int                    mending; /* the first step repairs what could not be read */
    int                    killed;
    platen_confine_short_t memory;   /* what the kernel has killed it for */
    int                    waiting;  /* stands by: set up, and not running */
    platen_run_outcome_t   why;      /* if killed */
    uint64_t               deadline; /* CLOCK_BOOTTIME milliseconds */
    uint64_t               look_at;  /* the same */
    uint64_t               used;     /* bytes of disk, when it was last looked at */
    platen_stage_t         stage;
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

static void work_run(void *data);
static void work_done(void *data);

platen_pool_t *
platen_pool_new(const platen_config_t *config, const platen_confine_t *confine,
                platen_crew_t *crew, platen_pool_done_t *done, void *data)
{
    platen_pool_t *pool;
    unsigned       i, n = (unsigned) (config->workers + config->spare + config->standby);

    pool = calloc(1, sizeof(*pool) + (n + 1) * sizeof(pool->workers[0]));
    if (pool == NULL) {
        return NULL;
    }
    pool->config = config;
    pool->confine = confine;
    pool->crew = crew;
    pool->done = done;
    pool->data = data;
    pool->nworkers = n;
    pool->nplaces = n + 1;
    for (i = 0; i < pool->nplaces; i++) {
        pool->workers[i].pool = pool;
        pool->workers[i].status = -1;
        pool->workers[i].work =
            (platen_work_t){ .run = work_run, .done = work_done, .data = &pool->workers[i] };
        platen_stage_init(&pool->workers[i].stage, config->data_path, i);
    }
    return pool;
}

void
platen_pool_set_zygote(platen_pool_t *pool, platen_zygote_t *zygote)
{
    pool->zygote = zygote;
}

/* What was prepared is not launched. */
static void
drop_next(worker_t *w)
{
    if (w->next == NEXT_COMMAND) {
        platen_command_clear(&w->command);
    }
    if (w->next != NEXT_END) {
        platen_confine_end(&w->confinement);
    }
    w->next = NEXT_END;
}

void
platen_pool_destroy(platen_pool_t **pool)
{
    worker_t *w;
    unsigned  i;
    int       wstatus;

    if (*pool == NULL) {
        return;
    }
    for (i = 0; i < (*pool)->nplaces; i++) {
        w = &(*pool)->workers[i];
        if (w->task == NULL) {
            continue;
        }
        if (w->pid != 0) {
            platen_child_kill(w->pid);
            platen_confine_kill(&w->confinement);
            (void) waitpid(w->pid, &wstatus, 0);
            close(w->status);
        }
        drop_next(w);
        explicit_bzero(&w->options, sizeof(w->options));
        platen_task_destroy(&w->task);
    }
    free(*pool);
    *pool = NULL;
}

unsigned
platen_pool_size(const platen_pool_t *pool)
{
    return pool->nworkers;
}

unsigned
platen_pool_idle(const platen_pool_t *pool)
{
    unsigned i, n = 0;

    for (i = 0; i < pool->nworkers; i++) {
        n += pool->workers[i].task == NULL && !pool->workers[i].over;
    }
    return n;
}

const platen_task_t *
platen_pool_held(const platen_pool_t *pool, unsigned n)
{
    return pool->workers[n].task;
}

const platen_task_t *
platen_pool_task(const platen_pool_t *pool, unsigned n)
{
    return pool->workers[n].killed ? NULL : pool->workers[n].task;
}

int
platen_pool_owns(const platen_pool_t *pool, pid_t pid)
{
    unsigned i;

    for (i = 0; i < pool->nplaces; i++) {
        if (pool->workers[i].task != NULL && pool->workers[i].pid == pid) {
            return 1;
        }
    }
    return 0;
}

/* Whether that is short for every run, and not only for this one's program or files. */
static int
is_everyones(int error)
{
    static const int all[] = { EAGAIN, ENOMEM, EMFILE, ENFILE, ENOSPC, EDQUOT, EROFS, EIO };
    size_t           i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] == error) {
            return 1;
        }
    }
    return 0;
}

static int
refuse(worker_t *w, platen_run_outcome_t outcome, const char *step)
{
    w->result.outcome = outcome;
    w->result.error = errno;
    w->result.step = step;
    w->result.everyones = outcome == PLATEN_RUN_ERROR && is_everyones(errno);
    return -1;
}

/* What LibreOffice cannot do at present keeps no other engine from its work. */
static int
refuse_office(worker_t *w, const char *step)
{
    (void) refuse(w, PLATEN_RUN_ERROR, step);
    w->result.everyones = 0;
    return -1;
}

/* Only what this step has to honour. */
static void
take_options(worker_t *w, const platen_step_t *step)
{
    int option;

    w->options = w->task->options;
    w->options.given &= step->options;
    for (option = 0; option < PLATEN_OPTIONS; option++) {
        if (!(step->options & PLATEN_OPTION_BIT(option))) {
            explicit_bzero(w->options.value[option], sizeof(w->options.value[option]));
        }
    }
}

/* Whether the step's document is the client's, be it as UTF-8. */
static int
is_first(const worker_t *w)
{
    return w->step == 0
           || (w->step == 1 && w->task->route.steps[0].engine == &platen_engine_text
               && w->task->route.steps[0].edge->rules & PLATEN_EDGE_INPUT);
}

static int
marked(const worker_t *w)
{
    const platen_route_t *route = &w->task->route;

    return w->step + 1 < route->nsteps && route->steps[w->step + 1].engine->mark
           && strcmp(route->steps[w->step].edge->to, "txt") == 0;
}

/* Makes what the engine has filled in ready to be executed. */
static int
confine(platen_pool_t *pool, worker_t *w)
{
    platen_command_t *command = &w->command;

    /* No PATH: an engine is one program, and starts no others by name. */
    platen_command_env(command, "PATH=/nonexistent");
    platen_command_env(command, "LANG=C.UTF-8");
    platen_command_env(command, "HOME=%s", w->stage.dir);
    platen_command_env(command, "TMPDIR=%s/tmp", w->stage.dir);
    if (*w->stage.document != '\0') {
        platen_command_allow(command, PLATEN_SANDBOX_R, "%s", w->stage.document);
    }
    if (command->failed) {
        errno = E2BIG;
        (void) refuse(w, PLATEN_RUN_ERROR, "write the command");
    } else if (platen_confine_command(pool->confine, command, w->stage.dir,
                                      (unsigned) (w - pool->workers), &w->confinement)
               != 0) {
        (void) refuse(w, PLATEN_RUN_ERROR, "make the cgroup");
    } else {
        w->next = NEXT_COMMAND;
        return 0;
    }
    platen_command_clear(command);
    return -1;
}

/* Executes it; takes the command. */
static int
execute(worker_t *w)
{
    platen_child_spec_t spec = {
        .argv = w->command.argv,
        .envp = w->command.envp,
        .dir = w->stage.dir,
        .log = w->stage.log,
        .sandbox = &w->confinement.sandbox,
    };

    w->pid = platen_child_start(&spec, &w->status);
    if (w->pid < 0) {
        w->pid = 0;
        (void) refuse(w, PLATEN_RUN_ERROR, "fork");
        drop_next(w);
        return -1;
    }
    platen_command_clear(&w->command);
    w->next = NEXT_END;
    return 0;
}

static platen_run_t
run_of(worker_t *w)
{
    return (platen_run_t){
        .edge = w->task->route.steps[w->step].edge,
        .mark = marked(w),
        .first = is_first(w),
        .settled = w->step > 0 || w->settled,
        .name = w->task->filename,
        .options = &w->options,
        .dir = w->stage.dir,
        .input = w->stage.input,
        .output_dir = w->stage.output_dir,
        .output = w->stage.output,
        .files_dir = w->task->files_dir,
    };
}

static int
ask_zygote(platen_pool_t *pool, worker_t *w)
{
    const platen_engine_t *engine = w->task->route.steps[w->step].engine;
    platen_run_t           run = run_of(w);
    platen_lok_message_t   message = {
          .address_space = pool->config->address_space,
          .file_size = pool->config->output_size,
          .cpu_seconds = (uint32_t) pool->config->wall_clock * 2,
          .work = platen_str(w->stage.dir),
          .input = platen_str(w->stage.input),
          .output = platen_str(w->stage.output),
    };
    char scratch[4096];
    int  rc;

    if (w->confinement.sandbox.cgroup != NULL) {
        message.cgroup = platen_str(w->confinement.cgroup);
    }
    w->confinement.sandbox.address_space = message.address_space;
    if (pool->zygote == NULL) {
        errno = ENOTCONN;
        (void) refuse_office(w, "ask LibreOffice");
        drop_next(w);
        return -1;
    }
    if (engine->request(engine, &run, &message, scratch, sizeof(scratch)) != 0) {
        (void) refuse_office(w, "write the request");
        drop_next(w);
        return -1;
    }
    w->tag = message.tag = ++pool->tag;
    rc = platen_zygote_convert(pool->zygote, &message);
    explicit_bzero(scratch, sizeof(scratch));
    if (rc != 0) {
        (void) refuse_office(w, "ask LibreOffice");
        w->tag = 0;
        drop_next(w);
        return -1;
    }
    w->next = NEXT_END;
    return 0;
}

/* Has the engine fill in its command. */
static int
prepare(platen_pool_t *pool, worker_t *w, const platen_engine_t *engine,
        const platen_run_t *run)
{
    w->command = (platen_command_t){ .policy = platen_policy_find(engine->name) };
    if (engine->prepare(engine, pool->config, run, &w->command) != 0) {
        platen_command_clear(&w->command);
        return refuse(w, PLATEN_RUN_ERROR, "prepare the engine");
    }
    return confine(pool, w);
}

/* Prepares the step, so that all that is left is to launch it. */
static int
start_step(platen_pool_t *pool, worker_t *w)
{
    const platen_step_t *step = &w->task->route.steps[w->step];
    platen_run_t         run = run_of(w);

    w->restarted = 0;
    w->result.engine = step->engine->name;
    take_options(w, step);
    if (step->engine->request != NULL) {
        if (platen_confine_cgroup(pool->confine, (unsigned) (w - pool->workers),
                                  &w->confinement)
            != 0) {
            return refuse(w, PLATEN_RUN_ERROR, "make the cgroup");
        }
        w->next = NEXT_OFFICE;
        return 0;
    }
    return prepare(pool, w, step->engine, &run);
}

static unsigned
running(const platen_pool_t *pool)
{
    const worker_t *w;
    unsigned        i, n = 0;

    for (i = 0; i < pool->nworkers; i++) {
        w = &pool->workers[i];
        n += w->task != NULL && !w->waiting && !w->opening;
    }
    return n;
}

/* The crew does that for it, with all that is the worker's. */
static void
hand_over(platen_pool_t *pool, worker_t *w, void (*what)(platen_pool_t *, worker_t *))
{
    w->busy = 1;
    w->what = what;
    w->was_killed = w->killed;
    platen_crew_do(pool->crew, PLATEN_CREW_DISK, &w->work);
}

static void
work_run(void *data)
{
    worker_t *w = data;

    w->next = NEXT_END;
    w->what(w->pool, w);
}

/* What the crew has prepared. */
static int
launch(platen_pool_t *pool, worker_t *w)
{
    return w->next == NEXT_OFFICE ? ask_zygote(pool, w) : execute(w);
}

/* Begins with the first step; the time starts now. */
static int
begin(platen_pool_t *pool, worker_t *w)
{
    w->waiting = 0;
    w->deadline = platen_boottime_ms() + pool->config->wall_clock * 1000;
    w->look_at = platen_boottime_ms() + LOOK_EVERY;
    w->used = 0;
    return launch(pool, w);
}

/* In the crew: lays the place out for the task, and prepares its first step. */
static void
open_place(platen_pool_t *pool, worker_t *w)
{
    const platen_edge_t *edge = w->task->route.steps[0].edge;

    if (platen_stage_open(&w->stage, w->document, edge->from, edge->to) == 0) {
        (void) start_step(pool, w);
    } else if (access(w->document, R_OK) != 0 && errno == ENOENT) {
        (void) refuse(w, PLATEN_RUN_INPUT_MISSING, "find the document");
    } else {
        (void) refuse(w, PLATEN_RUN_ERROR, "prepare the work directory");
    }
}

static void
set_up(platen_pool_t *pool, worker_t *w, platen_task_t *task)
{
    memset(&w->result, 0, sizeof(w->result));
    w->result.exit_code = -1;
    w->task = task;
    w->step = 0;
    w->settled = 0;
    w->mending = 0;
    w->pid = 0;
    w->tag = 0;
    w->killed = 0;
    w->waiting = 0;
    w->opening = 1;
    hand_over(pool, w, open_place);
}

/* Tells of the end. */
static void
finish(platen_pool_t *pool, worker_t *w)
{
    platen_task_t *task = w->task;

    explicit_bzero(&w->options, sizeof(w->options));
    snprintf(w->result.work, sizeof(w->result.work), "%s", w->stage.dir);
    memcpy(w->result.output_name, w->stage.output_name, sizeof(w->result.output_name));
    w->result.output = w->result.output_name;

    w->task = NULL;
    w->over = 1;
    w->killed = 0;
    w->waiting = 0;
    w->pid = 0;
    pool->done(pool->data, (unsigned) (w - pool->workers), task, &w->result);
}

/*
 * A worker is about to be free: what stands by begins at once, and not after
 * the result of the one before it is synced and recorded.
 */
static void
begin_next(platen_pool_t *pool)
{
    worker_t *w;
    unsigned  i;

    for (i = 0; i < pool->nworkers; i++) {
        w = &pool->workers[i];
        if (w->task != NULL && w->waiting) {
            if (begin(pool, w) == 0) {
                return;
            }
            finish(pool, w);
        }
    }
}

static void
end(platen_pool_t *pool, worker_t *w)
{
    if (w->task->kind != PLATEN_TASK_CANARY) {
        begin_next(pool);
    }
    finish(pool, w);
}

/* The stage is open, and the first step prepared, or neither. */
static void
opened(platen_pool_t *pool, worker_t *w)
{
    int free = w == &pool->workers[pool->nworkers]
               || running(pool) < pool->config->workers + pool->config->spare;

    w->opening = 0;
    if (w->next != NEXT_END && !free) {
        w->waiting = 1;
    } else if (w->next == NEXT_END || begin(pool, w) != 0) {
        finish(pool, w);
    }
}

static void
work_done(void *data)
{
    worker_t      *w = data;
    platen_pool_t *pool = w->pool;

    w->busy = 0;
    /* What has come to its end has; it is what follows that is not wanted any more. */
    if (w->killed && w->next != NEXT_END) {
        drop_next(w);
        w->result.outcome = w->why;
    }
    if (w->opening) {
        opened(pool, w);
    } else if (w->next == NEXT_END || launch(pool, w) != 0) {
        end(pool, w);
    }
}

int
platen_pool_start(platen_pool_t *pool, platen_task_t *task)
{
    worker_t *w = NULL;
    unsigned  i;

    for (i = 0; w == NULL && i < pool->nworkers; i++) {
        if (pool->workers[i].task == NULL && !pool->workers[i].over) {
            w = &pool->workers[i];
        }
    }
    if (w == NULL) {
        return -1;
    }
    platen_layout_path(pool->config->data_path, PLATEN_DIR_INPUT, &task->id, 0, w->document);
    set_up(pool, w, task);
    return 0;
}

int
platen_pool_try(platen_pool_t *pool, platen_task_t *task, const char *document)
{
    worker_t *w = &pool->workers[pool->nworkers];

    if (w->task != NULL || w->over) {
        return -1;
    }
    snprintf(w->document, sizeof(w->document), "%s", document);
    set_up(pool, w, task);
    return 0;
}

void
platen_pool_clear(platen_pool_t *pool, unsigned n)
{
    platen_stage_t *stage = &pool->workers[n].stage;

    if (platen_stage_close(stage) != 0) {
        platen_log(PLATEN_LOG_ERROR, "cannot clear a work directory",
                   json_pack("{s:s, s:s}", "path", stage->dir, "error", strerror(errno)));
    }
}

void
platen_pool_free(platen_pool_t *pool, unsigned n)
{
    pool->workers[n].over = 0;
}

void
platen_pool_kill(platen_pool_t *pool, unsigned n, platen_run_outcome_t why)
{
    worker_t *w = &pool->workers[n];

    if (w->task == NULL || w->killed) {
        return;
    }
    w->killed = 1;
    w->why = why;
    if (w->busy) {
        return; /* work_done() sees to it */
    }
    if (w->waiting) {
        drop_next(w);
        w->result.outcome = why;
        finish(pool, w);
    } else if (w->pid != 0) {
        platen_child_kill(w->pid);
        platen_confine_kill(&w->confinement);
    } else {
        platen_zygote_kill(pool->zygote, w->tag);
        platen_confine_kill(&w->confinement);
    }
}

void
platen_pool_dismiss(platen_pool_t *pool)
{
    unsigned i;

    for (i = 0; i < pool->nworkers; i++) {
        if (pool->workers[i].task != NULL
            && (pool->workers[i].waiting || pool->workers[i].opening)) {
            platen_pool_kill(pool, i, PLATEN_RUN_INTERRUPTED);
        }
    }
}

/* Of the current step, or of what packs the pages of the last. */
static const platen_engine_t *
engine_of(const worker_t *w)
{
    const platen_route_t *route = &w->task->route;

    return w->step < route->nsteps ? route->steps[w->step].engine : &platen_engine_pages;
}

/* More than the kernel would let it have, where the kernel counts it apart. */
static uint64_t
most_threads(const worker_t *w)
{
    const platen_policy_t *policy = platen_policy_find(engine_of(w)->name);

    return platen_policy_threads(policy == NULL ? platen_policy_find("command") : policy);
}

/*
 * The kernel limits each file and, for some, the threads; this, all of them, with what
 * has no name any more.
 */
static void
look_at(platen_pool_t *pool, unsigned n)
{
    worker_t      *w = &pool->workers[n];
    pid_t          top = w->pid != 0            ? w->pid
                         : pool->zygote != NULL ? platen_zygote_pid(pool->zygote, w->tag)
                                                : 0;
    platen_watch_t watch = { .threads = 0 };

    if (top != 0) {
        platen_watch(top, w->pid != 0, &watch);
    }
    w->used = platen_workdir_total(w->stage.dir);
    if (w->used < UINT64_MAX - watch.unlinked) {
        w->used += watch.unlinked;
    }
    if (w->used > 2 * pool->config->output_size) {
        platen_pool_kill(pool, n, PLATEN_RUN_TOO_LARGE);
    } else if (watch.threads > most_threads(w)) {
        platen_pool_kill(pool, n, PLATEN_RUN_THREADS);
    }
}

/*
 * Where space runs out, the run that has taken most of it ends, before the others, the
 * store and uploads suffer; if there would be enough without it.
 */
static void
look_at_space(platen_pool_t *pool)
{
    uint64_t  space = platen_layout_space(pool->config->data_path);
    worker_t *w;
    unsigned  i, most = 0;

    if (space >= PLATEN_SPACE_MIN) {
        return;
    }
    for (i = 0; i < pool->nworkers; i++) {
        w = &pool->workers[i];
        if (w->task == NULL || w->waiting) {
            continue;
        }
        if (w->killed) {
            return; /* what it has is about to be free */
        }
        if (pool->workers[most].task == NULL || pool->workers[most].waiting
            || w->used > pool->workers[most].used) {
            most = i;
        }
    }
    w = &pool->workers[most];
    if (w->task != NULL && !w->waiting && w->used >= PLATEN_SPACE_MIN - space) {
        platen_log(PLATEN_LOG_WARN, "a conversion has nearly filled the disk",
                   json_pack("{s:s, s:I, s:I}", "path", pool->config->data_path, "free",
                             (json_int_t) space, "used", (json_int_t) w->used));
        platen_pool_kill(pool, most, PLATEN_RUN_DISK);
    }
}

void
platen_pool_tick(platen_pool_t *pool)
{
    uint64_t  now = platen_boottime_ms();
    worker_t *w;
    unsigned  i, looked = 0;

    for (i = 0; i < pool->nplaces; i++) {
        w = &pool->workers[i];
        if (w->task == NULL || w->waiting || w->opening) {
            continue;
        }
        if (now >= w->deadline) {
            platen_pool_kill(pool, i, PLATEN_RUN_TIMEOUT);
        } else if (!w->busy && now >= w->look_at) {
            w->look_at = now + LOOK_EVERY;
            look_at(pool, i);
            looked++;
        }
    }
    if (looked != 0) {
        look_at_space(pool);
    }
}

/* The run's processes are gone; what its cgroup has to say of them is kept. */
static void
leave_cgroup(worker_t *w, int wstatus)
{
    w->memory =
        wstatus == 0 ? PLATEN_CONFINE_SHORT_NONE : platen_confine_short(&w->confinement);
    platen_confine_end(&w->confinement);
}

static platen_run_outcome_t
judge(const platen_pool_t *pool, worker_t *w, int wstatus, const char *said)
{
    uint64_t                  space = w->confinement.sandbox.address_space;
    platen_run_outcome_t      outcome;
    const platen_judge_case_t of = {
        .engine = engine_of(w),
        .options = &w->options,
        .wstatus = wstatus,
        .said = said,
        .dir = w->stage.dir,
        .file_size = pool->config->output_size,
        .memory = w->memory == PLATEN_CONFINE_SHORT_OWN,
        .starved = w->memory == PLATEN_CONFINE_SHORT_MACHINE,
    };

    outcome = platen_judge(&of);
    if (outcome == PLATEN_RUN_MEMORY && of.memory) {
        w->result.limit = "limits/memory";
        w->result.allowed = pool->config->memory;
    } else if (outcome == PLATEN_RUN_MEMORY && space == pool->config->address_space) {
        w->result.limit = "limits/address_space";
        w->result.allowed = space;
    }
    return outcome;
}

/* Whether the pages of the last step need a step of their own; prepares it. */
static int
pack(platen_pool_t *pool, worker_t *w)
{
    const platen_edge_t *edge = w->task->route.steps[w->task->route.nsteps - 1].edge;
    platen_run_t         run;
    int                  rc;

    w->result.format = platen_format_find(edge->to, strlen(edge->to));
    if (!(edge->rules & PLATEN_EDGE_PAGES)) {
        return 0;
    }
    rc = platen_stage_pages(&w->stage, edge->to);
    if (rc < 0) {
        return refuse(w, PLATEN_RUN_ERROR, "look at the pages");
    }
    if (rc < 2) {
        return 0;
    }

    rc = platen_stage_pack(&w->stage);
    if (rc < 0) {
        return refuse(w, PLATEN_RUN_ERROR, "carry the pages over");
    }
    if (rc > 0) {
        w->result.outcome = PLATEN_RUN_FAILED;
        return -1;
    }
    w->step = w->task->route.nsteps;
    w->result.format = platen_format_find("zip", 3);
    w->result.engine = platen_engine_pages.name;
    run = (platen_run_t){ .name = w->task->filename,
                          .output = w->stage.output,
                          .files_dir = w->stage.pages_dir };
    return prepare(pool, w, &platen_engine_pages, &run) == 0 ? 1 : -1;
}

/* After a step that is done: 1 if the next one is prepared, 0 at the end, or -1. */
static int
go_on(platen_pool_t *pool, worker_t *w)
{
    const platen_step_t *next;
    int                  rc;

    if (w->step == w->task->route.nsteps) {
        return 0; /* packed */
    }
    if (w->step + 1 == w->task->route.nsteps) {
        return pack(pool, w);
    }

    next = &w->task->route.steps[++w->step];
    rc = platen_stage_advance(&w->stage, next->edge->from, next->edge->to);
    if (rc > 0) {
        w->result.outcome = PLATEN_RUN_FAILED;
        return -1;
    }
    if (rc < 0) {
        return refuse(w, PLATEN_RUN_ERROR, "carry the result over to the next step");
    }
    return start_step(pool, w) == 0 ? 1 : -1;
}

/* What the step wants to be told of its result, to what those before it have said. */
static void
take_warnings(worker_t *w)
{
    size_t n = strlen(w->result.warnings);

    if (n + 1 < sizeof(w->result.warnings)) {
        platen_stage_read(&w->stage, PLATEN_WARNINGS_FILE, w->result.warnings + n,
                          sizeof(w->result.warnings) - n);
    }
}

/* A damaged document that the engine has read as far as it could is told of, once. */
static void
warn_of_repairs(worker_t *w, const char *said)
{
    static const char  sentence[] = "The document is damaged, and was repaired as far as that "
                                    "was possible: some of it may be missing from the result.\n";
    const char *const *words = engine_of(w)->repairs;
    size_t             n = strlen(w->result.warnings);

    while (words != NULL && *words != NULL && strstr(said, *words) == NULL) {
        words++;
    }
    if ((w->mending || (words != NULL && *words != NULL))
        && strstr(w->result.warnings, sentence) == NULL
        && n + sizeof(sentence) <= sizeof(w->result.warnings)) {
        memcpy(w->result.warnings + n, sentence, sizeof(sentence));
    }
}

/*
 * The first step has declined the document, or cannot read it: it begins anew with
 * another that writes the document as that would, or, without that, takes what there is.
 */
static int
begin_anew(platen_pool_t *pool, worker_t *w)
{
    platen_route_t      *route = &w->task->route;
    const platen_edge_t *edge;

    if (w->settled || w->step != 0
        || !(route->steps[0].edge->rules & (PLATEN_EDGE_DECLINES | PLATEN_EDGE_REPAIRED))) {
        w->result.outcome = PLATEN_RUN_FAILED;
        return -1;
    }
    w->settled = 1;
    if (w->task->renewal.engine != NULL && route->nsteps < PLATEN_ROUTE_STEPS) {
        memmove(&route->steps[1], &route->steps[0], route->nsteps * sizeof(route->steps[0]));
        route->steps[0] = w->task->renewal;
        /* What both honour the one does, and the other finds nothing more to do. */
        route->steps[0].options = route->steps[1].options & route->steps[0].edge->options;
        route->nsteps++;
    }
    edge = route->steps[0].edge;
    if (platen_stage_again(&w->stage, edge->from, edge->to) != 0) {
        return refuse(w, PLATEN_RUN_ERROR, "lay the work directory out again");
    }
    return start_step(pool, w) == 0 ? 1 : -1;
}

/* Whether the document could not be read, and has not been repaired yet. */
static int
can_mend(const worker_t *w)
{
    return w->result.outcome == PLATEN_RUN_CORRUPT && w->step == 0 && !w->settled
           && w->task->route.nsteps > 0
           && w->task->route.steps[0].edge->rules & PLATEN_EDGE_REPAIRED
           && w->task->renewal.engine != NULL && w->task->route.nsteps < PLATEN_ROUTE_STEPS;
}

/* A process of the step has ended, in any way: in the crew, as all that this calls. */
static void
end_step(platen_pool_t *pool, worker_t *w, platen_run_outcome_t outcome, const char *said)
{
    int again = 0;

    w->result.outcome = w->was_killed ? w->why : outcome;
    platen_judge_last_line(said, w->result.last_line, sizeof(w->result.last_line));
    if (can_mend(w)) {
        w->mending = again = 1;
    } else if (w->mending && w->step == 0
               && (w->result.outcome == PLATEN_RUN_ENCRYPTED
                   || w->result.outcome == PLATEN_RUN_EMPTY)) {
        w->result.outcome = PLATEN_RUN_CORRUPT; /* of what could not be repaired */
    }
    if ((again || w->result.outcome == PLATEN_RUN_DECLINED) && begin_anew(pool, w) > 0) {
        return;
    }
    if (w->result.outcome == PLATEN_RUN_DONE && w->step < w->task->route.nsteps
        && w->task->route.steps[w->step].engine->own && platen_stage_adopt(&w->stage) != 0) {
        (void) refuse(w, PLATEN_RUN_ERROR, "look for the result");
    }
    if (w->result.outcome == PLATEN_RUN_DONE) {
        take_warnings(w);
        warn_of_repairs(w, said);
        (void) go_on(pool, w);
    }
}

/*
 * Whether the engine asked to be started again, and has been: on a stage that is
 * laid out anew, because what the first start has left there is as hostile as it is
 * anywhere.  A link in place of the input would become what the second may read.
 */
static int
restart(platen_pool_t *pool, worker_t *w, int wstatus)
{
    const platen_step_t *step;

    if (w->was_killed || w->restarted || !WIFEXITED(wstatus)
        || w->step == w->task->route.nsteps) {
        return 0;
    }
    step = &w->task->route.steps[w->step];
    if (step->engine->exited(WEXITSTATUS(wstatus), "") != PLATEN_EXIT_AGAIN) {
        return 0;
    }
    if (platen_stage_again(&w->stage, step->edge->from, step->edge->to) != 0) {
        refuse(w, PLATEN_RUN_ERROR, "lay the work directory out again");
    } else if (start_step(pool, w) == 0) {
        w->restarted = 1;
        return 1;
    }
    end_step(pool, w, PLATEN_RUN_ERROR, "");
    return 1;
}

/* In the crew: a command has ended. */
static void
after_command(platen_pool_t *pool, worker_t *w)
{
    platen_run_outcome_t outcome;
    char                 said[SAID_MAX];

    leave_cgroup(w, w->wstatus);
    if (w->child_error == 0 && w->memory != PLATEN_CONFINE_SHORT_OWN
        && restart(pool, w, w->wstatus)) {
        return;
    }

    platen_stage_read(&w->stage, "log", said, sizeof(said));
    if (w->child_error != 0) {
        errno = w->child_error;
        refuse(w, PLATEN_RUN_ERROR,
               w->layer == 0 ? "execute the engine" : platen_sandbox_name(w->layer));
        outcome = PLATEN_RUN_ERROR;
    } else {
        outcome = judge(pool, w, w->wstatus, said);
    }
    end_step(pool, w, outcome, said);
}

/* A command has been reaped. */
static void
end_command(platen_pool_t *pool, worker_t *w, int wstatus)
{
    w->wstatus = wstatus;
    w->child_error = platen_child_error(w->status, &w->layer, &w->wstatus);
    close(w->status);
    w->status = -1;
    w->pid = 0;
    w->result.exit_code = WIFEXITED(w->wstatus) ? WEXITSTATUS(w->wstatus) : -1;
    w->result.signal = WIFSIGNALED(w->wstatus) ? WTERMSIG(w->wstatus) : 0;
    hand_over(pool, w, after_command);
}

/* In the crew: a run of the zygote's has ended. */
static void
after_office(platen_pool_t *pool, worker_t *w)
{
    const platen_zygote_result_t *result = &w->office;
    platen_run_outcome_t          outcome = PLATEN_RUN_LOST;
    char                          said[SAID_MAX];

    leave_cgroup(w, result->wait_status);
    platen_stage_read(&w->stage, "log", said, sizeof(said));
    if (result->end == PLATEN_ZYGOTE_REFUSED) {
        errno = result->error;
        refuse_office(w, "set up LibreOffice's child");
        outcome = PLATEN_RUN_ERROR;
    } else if (result->end == PLATEN_ZYGOTE_EXITED) {
        w->result.exit_code =
            WIFEXITED(result->wait_status) ? WEXITSTATUS(result->wait_status) : -1;
        w->result.signal = WIFSIGNALED(result->wait_status) ? WTERMSIG(result->wait_status) : 0;
        platen_stage_read(&w->stage, "fonts", w->result.fonts, sizeof(w->result.fonts));
        outcome = judge(pool, w, result->wait_status, said);
    }
    end_step(pool, w, outcome, said);
}

void
platen_pool_ended(platen_pool_t *pool, uint32_t tag, const platen_zygote_result_t *result)
{
    worker_t *w;
    unsigned  i;

    for (i = 0; i < pool->nplaces; i++) {
        w = &pool->workers[i];
        if (w->task != NULL && !w->busy && w->pid == 0 && w->tag == tag) {
            w->tag = 0;
            w->office = *result;
            hand_over(pool, w, after_office);
            return;
        }
    }
}

void
platen_pool_reap(platen_pool_t *pool)
{
    worker_t *w;
    unsigned  i;
    int       rc, wstatus;

    for (i = 0; i < pool->nplaces; i++) {
        w = &pool->workers[i];
        if (w->task == NULL || w->pid == 0) {
            continue;
        }
        wstatus = 0;
        rc = platen_child_reap(w->pid, &wstatus);
        if (rc < 0) {
            /* Nothing to wait for: it is gone, and nobody knows how. */
            platen_log(PLATEN_LOG_ERROR, "a child was lost",
                       json_pack("{s:i, s:s}", "pid", (int) w->pid, "error", strerror(errno)));
            wstatus = SIGKILL;
        }
        if (rc != 0) {
            end_command(pool, w, wstatus);
        }
    }
}
