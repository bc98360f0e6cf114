/*
 * The steps of a run, as the crew works on them; see run/pool.h.  The place is laid out, a
 * step prepared; and when its process has ended, what that says is judged and what follows
 * is prepared.  A worker that is busy so is the crew's alone.  Nothing is launched here.
 */

#include "run/internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/warning.h"
#include "metrics.h"

#define STDERR_MAX 2048

void
platen_step_drop(worker_t *w)
{
    if (w->next == NEXT_COMMAND) {
        platen_command_clear(&w->command);
    }
    if (w->next != NEXT_END) {
        platen_confine_end(&w->confinement);
    }
    w->next = NEXT_END;
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

int
platen_step_refuse(worker_t *w, platen_run_outcome_t outcome, const char *step)
{
    w->result.outcome = outcome;
    w->result.error = errno;
    w->result.step = step;
    w->result.everyones = outcome == PLATEN_RUN_ERROR && is_everyones(errno);
    return -1;
}

int
platen_step_refuse_office(worker_t *w, const char *step)
{
    (void) platen_step_refuse(w, PLATEN_RUN_ERROR, step);
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
    platen_command_env(command, "HOME=%s", w->run_dir.dir);
    platen_command_env(command, "TMPDIR=%s/tmp", w->run_dir.dir);
    if (*w->run_dir.document != '\0') {
        platen_command_allow(command, PLATEN_SANDBOX_R, "%s", w->run_dir.document);
    }
    if (command->failed) {
        errno = E2BIG;
        (void) platen_step_refuse(w, PLATEN_RUN_ERROR, "write the command");
    } else if (platen_confine_command(pool->confine, command, w->run_dir.dir,
                                      (unsigned) (w - pool->workers), &w->confinement)
               != 0) {
        (void) platen_step_refuse(w, PLATEN_RUN_ERROR, "make the cgroup");
    } else {
        w->next = NEXT_COMMAND;
        return 0;
    }
    platen_command_clear(command);
    return -1;
}

platen_run_t
platen_step_run(worker_t *w)
{
    return (platen_run_t){
        .edge = w->task->route.steps[w->step].edge,
        .mark = marked(w),
        .first = is_first(w),
        .settled = w->step > 0 || w->settled,
        .name = w->task->filename,
        .options = &w->options,
        .dir = w->run_dir.dir,
        .input = w->run_dir.input,
        .output_dir = w->run_dir.output_dir,
        .output = w->run_dir.output,
        .files_dir = w->task->files_dir,
    };
}

/* Has the engine fill in its command. */
static int
prepare(platen_pool_t *pool, worker_t *w, const platen_engine_t *engine,
        const platen_run_t *run)
{
    w->command = (platen_command_t){ .policy = platen_policy_find(engine->name) };
    if (engine->prepare(engine, pool->config, run, &w->command) != 0) {
        platen_command_clear(&w->command);
        return platen_step_refuse(w, PLATEN_RUN_ERROR, "prepare the engine");
    }
    return confine(pool, w);
}

/* Prepares the step, so that all that is left is to launch it. */
static int
start_step(platen_pool_t *pool, worker_t *w)
{
    const platen_step_t *step = &w->task->route.steps[w->step];
    platen_run_t         run = platen_step_run(w);

    w->restarted = 0;
    w->result.engine = step->engine->name;
    take_options(w, step);
    if (step->engine->request != NULL) {
        if (platen_confine_cgroup(pool->confine, (unsigned) (w - pool->workers),
                                  &w->confinement)
            != 0) {
            return platen_step_refuse(w, PLATEN_RUN_ERROR, "make the cgroup");
        }
        w->next = NEXT_OFFICE;
        return 0;
    }
    return prepare(pool, w, step->engine, &run);
}

/* In the crew: lays the place out for the task, and prepares its first step. */
void
platen_step_open(platen_pool_t *pool, worker_t *w)
{
    const platen_edge_t *edge = w->task->route.steps[0].edge;

    if (platen_run_dir_open(&w->run_dir, w->document, edge->from, edge->to) == 0) {
        (void) start_step(pool, w);
    } else if (access(w->document, R_OK) != 0 && errno == ENOENT) {
        (void) platen_step_refuse(w, PLATEN_RUN_INPUT_MISSING, "find the document");
    } else {
        (void) platen_step_refuse(w, PLATEN_RUN_ERROR, "prepare the work directory");
    }
}

const platen_engine_t *
platen_step_engine(const worker_t *w)
{
    const platen_route_t *route = &w->task->route;

    return w->step < route->nsteps ? route->steps[w->step].engine : &platen_engine_pages;
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
judge(const platen_pool_t *pool, worker_t *w, int wstatus, const char *stderr_tail)
{
    uint64_t                    space = w->confinement.sandbox.address_space;
    platen_run_outcome_t        outcome;
    const platen_outcome_case_t of = {
        .engine = platen_step_engine(w),
        .options = &w->options,
        .wstatus = wstatus,
        .stderr_tail = stderr_tail,
        .dir = w->run_dir.dir,
        .file_size = pool->config->output_size,
        .memory = w->memory == PLATEN_CONFINE_SHORT_OWN,
        .starved = w->memory == PLATEN_CONFINE_SHORT_MACHINE,
    };

    outcome = platen_outcome(&of);
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
    rc = platen_run_dir_pages(&w->run_dir, edge->to);
    if (rc < 0) {
        return platen_step_refuse(w, PLATEN_RUN_ERROR, "look at the pages");
    }
    if (rc < 2) {
        return 0;
    }

    rc = platen_run_dir_pack(&w->run_dir);
    if (rc < 0) {
        return platen_step_refuse(w, PLATEN_RUN_ERROR, "carry the pages over");
    }
    if (rc > 0) {
        w->result.outcome = PLATEN_RUN_FAILED;
        return -1;
    }
    w->step = w->task->route.nsteps;
    w->result.format = platen_format_find("zip", 3);
    w->result.engine = platen_engine_pages.name;
    run = (platen_run_t){ .name = w->task->filename,
                          .output = w->run_dir.output,
                          .files_dir = w->run_dir.pages_dir };
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
    rc = platen_run_dir_advance(&w->run_dir, next->edge->from, next->edge->to);
    if (rc > 0) {
        w->result.outcome = PLATEN_RUN_FAILED;
        return -1;
    }
    if (rc < 0) {
        return platen_step_refuse(w, PLATEN_RUN_ERROR,
                                  "carry the result over to the next step");
    }
    return start_step(pool, w) == 0 ? 1 : -1;
}

/* What the step wants to be told of its result, to what those before it have said. */
static void
take_warnings(worker_t *w)
{
    size_t n = strlen(w->result.warnings);

    if (n + 1 < sizeof(w->result.warnings)) {
        platen_run_dir_read(&w->run_dir, PLATEN_WARNINGS_FILE, w->result.warnings + n,
                            sizeof(w->result.warnings) - n);
    }
}

/* A damaged document that the engine has read as far as it could is told of, once. */
static void
warn_of_repairs(worker_t *w)
{
    static const char  sentence[] = "The document is damaged, and was repaired as far as that "
                                    "was possible: some of it may be missing from the result.\n";
    const char *const *words = platen_step_engine(w)->repairs;
    size_t             n = strlen(w->result.warnings);

    if (strstr(w->result.warnings, sentence) == NULL
        && n + sizeof(sentence) <= sizeof(w->result.warnings)
        && (w->mending || (words != NULL && platen_run_dir_says(&w->run_dir, "log", words)))) {
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
    if (platen_run_dir_again(&w->run_dir, edge->from, edge->to) != 0) {
        return platen_step_refuse(w, PLATEN_RUN_ERROR, "lay the work directory out again");
    }
    return start_step(pool, w) == 0 ? 1 : -1;
}

/* Whether the document could not be read, and has not been repaired yet. */
static int
can_mend(const worker_t *w)
{
    return w->result.outcome == PLATEN_RUN_CORRUPT && w->step == 0 && !w->settled
           && w->task->route.steps[0].edge->rules & PLATEN_EDGE_REPAIRED
           && w->task->renewal.engine != NULL && w->task->route.nsteps < PLATEN_ROUTE_STEPS;
}

/* For GET /metrics, and for the trace; the result's engine is that of the step. */
static void
count_step(const worker_t *w)
{
    uint64_t            took = (platen_boottime_ms() - w->began) * 1000;
    uint64_t            now = platen_now_us();
    const platen_span_t span = {
        .kind = PLATEN_SPAN_STEP,
        .name = w->result.engine,
        .epoch = w->task->epoch,
        .n = w->began << 8 | w->step,
        .start = now - took,
        .end = now,
        .failed = w->result.outcome == PLATEN_RUN_DONE ? NULL
                                                       : platen_outcome_name(w->result.outcome),
    };

    platen_metric_add(PLATEN_METRIC_STEPS, 1, w->result.engine,
                      platen_outcome_name(w->result.outcome), NULL);
    platen_metric_traced(PLATEN_METRIC_STEP_TIME, took, w->result.engine,
                         platen_task_exemplar(w->task));
    if (w->task->kind != PLATEN_TASK_CANARY && platen_trace_on(&w->task->trace)) {
        platen_trace_span(&w->task->trace, &span,
                          json_pack("{s:s, s:s, s:i, s:i}", "platen.engine", w->result.engine,
                                    "platen.outcome", platen_outcome_name(w->result.outcome),
                                    "process.exit.code", w->result.exit_code, "platen.signal",
                                    w->result.signal));
    }
}

/* A process of the step has ended, in any way: in the crew, as all that this calls. */
static void
end_step(platen_pool_t *pool, worker_t *w, platen_run_outcome_t outcome,
         const char *stderr_tail)
{
    int again = 0;

    w->result.outcome = w->was_killed ? w->why : outcome;
    count_step(w);
    platen_outcome_last_line(stderr_tail, w->result.last_line, sizeof(w->result.last_line));
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
        && w->task->route.steps[w->step].engine->own
        && platen_run_dir_adopt(&w->run_dir) != 0) {
        (void) platen_step_refuse(w, PLATEN_RUN_ERROR, "look for the result");
    }
    if (w->result.outcome == PLATEN_RUN_DONE) {
        take_warnings(w);
        warn_of_repairs(w);
        (void) go_on(pool, w);
    }
}

/*
 * Whether the engine asked to be started again, and has been: in a run directory that is
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
    if (platen_engine_exit(step->engine, WEXITSTATUS(wstatus), "") != PLATEN_EXIT_AGAIN) {
        return 0;
    }
    if (platen_run_dir_again(&w->run_dir, step->edge->from, step->edge->to) != 0) {
        platen_step_refuse(w, PLATEN_RUN_ERROR, "lay the work directory out again");
    } else if (start_step(pool, w) == 0) {
        w->restarted = 1;
        return 1;
    }
    end_step(pool, w, PLATEN_RUN_ERROR, "");
    return 1;
}

/* In the crew: a command has ended. */
void
platen_step_after_command(platen_pool_t *pool, worker_t *w)
{
    platen_run_outcome_t outcome;
    char                 stderr_tail[STDERR_MAX];

    leave_cgroup(w, w->wstatus);
    if (w->child_error == 0 && w->memory != PLATEN_CONFINE_SHORT_OWN
        && restart(pool, w, w->wstatus)) {
        return;
    }

    platen_run_dir_read(&w->run_dir, "log", stderr_tail, sizeof(stderr_tail));
    if (w->child_error != 0) {
        errno = w->child_error;
        platen_step_refuse(w, PLATEN_RUN_ERROR,
                           w->layer == 0 ? "execute the engine"
                                         : platen_sandbox_name(w->layer));
        outcome = PLATEN_RUN_ERROR;
    } else {
        outcome = judge(pool, w, w->wstatus, stderr_tail);
    }
    end_step(pool, w, outcome, stderr_tail);
}

/* In the crew: a run of the zygote's has ended. */
void
platen_step_after_office(platen_pool_t *pool, worker_t *w)
{
    const platen_zygote_result_t *result = &w->office;
    platen_run_outcome_t          outcome = PLATEN_RUN_LOST;
    char                          stderr_tail[STDERR_MAX];

    leave_cgroup(w, result->wait_status);
    platen_run_dir_read(&w->run_dir, "log", stderr_tail, sizeof(stderr_tail));
    if (result->end == PLATEN_ZYGOTE_REFUSED) {
        errno = result->error;
        platen_step_refuse_office(w, "set up LibreOffice's child");
        outcome = PLATEN_RUN_ERROR;
    } else if (result->end == PLATEN_ZYGOTE_EXITED) {
        w->result.exit_code =
            WIFEXITED(result->wait_status) ? WEXITSTATUS(result->wait_status) : -1;
        w->result.signal = WIFSIGNALED(result->wait_status) ? WTERMSIG(result->wait_status) : 0;
        platen_run_dir_read(&w->run_dir, "fonts", w->result.fonts, sizeof(w->result.fonts));
        outcome = judge(pool, w, result->wait_status, stderr_tail);
    }
    end_step(pool, w, outcome, stderr_tail);
}
