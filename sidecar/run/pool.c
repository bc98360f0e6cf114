/*
 * The pool; see run/pool.h.  Owns the workers, their run directories and the tasks
 * that run.  Nothing of a run is there for the
 * next one: each start of an engine finds its run directory laid out afresh.
 *
 * A step is a command, executed here, or a run of the zygote's.  What is done on the disk
 * before the first, after each and before the next is the crew's: it opens the run directory,
 * judges how the step has ended, and prepares the one that follows; then the loop's thread,
 * which alone forks, launches that or tells of the end.  A worker that is busy so is left
 * alone, but for being killed, which counts as soon as it comes back.  Pages that a last step
 * has left are packed by one more command.
 */

#include "run/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/spawn.h"
#include "run/watch.h"
#include "run/tree.h"

#define LOOK_EVERY 200 /* milliseconds between two looks at what a run has written */

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
        platen_run_dir_init(&pool->workers[i].run_dir, config->data_path, i);
    }
    return pool;
}

void
platen_pool_set_zygote(platen_pool_t *pool, platen_zygote_t *zygote)
{
    pool->zygote = zygote;
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
        platen_step_drop(w);
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

unsigned
platen_pool_long(const platen_pool_t *pool)
{
    unsigned i, n = 0;

    for (i = 0; i < pool->nworkers; i++) {
        n += pool->workers[i].task != NULL && pool->workers[i].task->is_long;
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

/* Executes it; takes the command. */
static int
execute(worker_t *w)
{
    platen_child_spec_t spec = {
        .argv = w->command.argv,
        .envp = w->command.envp,
        .dir = w->run_dir.dir,
        .log = w->run_dir.log,
        .nice = (int) w->pool->config->nice,
        .sandbox = &w->confinement.sandbox,
    };

    w->began = platen_boottime_ms();
    w->pid = platen_child_start(&spec, &w->status);
    if (w->pid < 0) {
        w->pid = 0;
        (void) platen_step_refuse(w, PLATEN_RUN_ERROR, "fork");
        platen_step_drop(w);
        return -1;
    }
    platen_command_clear(&w->command);
    w->next = NEXT_END;
    return 0;
}

static int
ask_zygote(platen_pool_t *pool, worker_t *w)
{
    const platen_engine_t *engine = w->task->route.steps[w->step].engine;
    platen_run_t           run = platen_step_run(w);
    platen_lok_message_t   message = {
          .address_space = pool->config->address_space,
          .file_size = pool->config->output_size,
          .cpu_seconds = (uint32_t) pool->config->wall_clock * 2,
          .work = platen_str(w->run_dir.dir),
          .input = platen_str(w->run_dir.input),
          .output = platen_str(w->run_dir.output),
    };
    char scratch[4096];
    int  rc;

    if (w->confinement.sandbox.cgroup != NULL) {
        message.cgroup = platen_str(w->confinement.cgroup);
    }
    w->confinement.sandbox.address_space = message.address_space;
    if (pool->zygote == NULL) {
        errno = ENOTCONN;
        (void) platen_step_refuse_office(w, "ask LibreOffice");
        platen_step_drop(w);
        return -1;
    }
    if (engine->request(engine, &run, &message, scratch, sizeof(scratch)) != 0) {
        (void) platen_step_refuse_office(w, "write the request");
        platen_step_drop(w);
        return -1;
    }
    w->tag = message.tag = ++pool->tag;
    w->began = platen_boottime_ms();
    rc = platen_zygote_convert(pool->zygote, &message);
    explicit_bzero(scratch, sizeof(scratch));
    if (rc != 0) {
        (void) platen_step_refuse_office(w, "ask LibreOffice");
        w->tag = 0;
        platen_step_drop(w);
        return -1;
    }
    w->next = NEXT_END;
    return 0;
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
    hand_over(pool, w, platen_step_open);
}

/* Tells of the end. */
static void
finish(platen_pool_t *pool, worker_t *w)
{
    platen_task_t *task = w->task;

    explicit_bzero(&w->options, sizeof(w->options));
    snprintf(w->result.work, sizeof(w->result.work), "%s", w->run_dir.dir);
    memcpy(w->result.output_name, w->run_dir.output_name, sizeof(w->result.output_name));
    w->result.output = w->result.output_name;
    w->result.took_ms = platen_boottime_ms() + pool->config->wall_clock * 1000 - w->deadline;

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

/* The run directory is open, and the first step prepared, or neither. */
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
        platen_step_drop(w);
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
    platen_run_dir_t *run_dir = &pool->workers[n].run_dir;

    if (platen_run_dir_close(run_dir) != 0) {
        platen_log(PLATEN_LOG_ERROR, "cannot clear a work directory",
                   json_pack("{s:s, s:s}", "path", run_dir->dir, "error", strerror(errno)));
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
        platen_step_drop(w);
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

/* More than the kernel would let it have, where the kernel counts it apart. */
static uint64_t
most_threads(const worker_t *w)
{
    const platen_policy_t *policy = platen_policy_find(platen_step_engine(w)->name);

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
    w->used = platen_tree_total(w->run_dir.dir);
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
    json_t   *context;
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
        context = platen_task_context(w->task);
        json_object_set_new(context, "path", json_string(pool->config->data_path));
        json_object_set_new(context, "free", json_integer((json_int_t) space));
        json_object_set_new(context, "used", json_integer((json_int_t) w->used));
        platen_log(PLATEN_LOG_WARN, "a conversion has nearly filled the disk", context);
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
    hand_over(pool, w, platen_step_after_command);
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
            hand_over(pool, w, platen_step_after_office);
            return;
        }
    }
}

void
platen_pool_reap(platen_pool_t *pool)
{
    worker_t *w;
    json_t   *context;
    unsigned  i;
    int       rc, error, wstatus;

    for (i = 0; i < pool->nplaces; i++) {
        w = &pool->workers[i];
        if (w->task == NULL || w->pid == 0) {
            continue;
        }
        wstatus = 0;
        rc = platen_child_reap(w->pid, &wstatus);
        if (rc < 0) {
            /* Nothing to wait for: it is gone, and nobody knows how. */
            error = errno;
            context = platen_task_context(w->task);
            json_object_set_new(context, "pid", json_integer((json_int_t) w->pid));
            json_object_set_new(context, "error", json_string(strerror(error)));
            platen_log(PLATEN_LOG_ERROR, "a child was lost", context);
            wstatus = SIGKILL;
        }
        if (rc != 0) {
            end_command(pool, w, wstatus);
        }
    }
}
