/*
 * The scheduler; see schedule/scheduler.h.  Owns the pool; used by the loop's thread alone.
 * What has to wait for the disk or the store's lock is handed to the crew, and comes back to
 * the loop:
 *
 *   scan -> claim (store) -> start -> run -> judge (disk) -> record (store) -> place free
 *                                                \-> clear (disk) --------------/
 *
 * A claim is committed before anything of it runs.  When the store or the disk
 * fails, claiming pauses for PAUSE_MS; an end that cannot be written is kept
 * and tried again, and nothing is claimed meanwhile, so that memory is bounded
 * by the number of workers: a place takes no other task before the end of its last
 * one is written.  What is in memory only when the process dies is
 * found as PROCESSING by the next start and goes back to the queue.
 */

#include "schedule/internal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crash.h"
#include "run/tree.h"
#include "metrics.h"

#define DUE 256      /* jobs whose time has come, put back in one transaction */
#define AGAIN_MS 200 /* until jobs that were passed over are looked at again */

static platen_pool_done_t      task_ended;
static platen_batches_done_t   batch_ended;
static platen_batches_more_t   batch_moved;
static platen_zygote_ended_t   run_ended;
static platen_zygote_changed_t office_changed;

static void
set_owner(platen_scheduler_t *s)
{
    char   boot[40] = "unknown";
    size_t n;
    FILE  *in;

    in = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (in != NULL) {
        n = fread(boot, 1, 36, in);
        boot[n] = '\0';
        fclose(in);
    }
    snprintf(s->owner, sizeof(s->owner), "%s:%ld", boot, (long) getpid());
}

static void judge_run(void *data);
static void judge_done(void *data);
static void clear_run(void *data);
static void clear_done(void *data);
static void claim_run(void *data);
static void claim_done(void *data);
static void release_run(void *data);
static void release_done(void *data);

/* The places of the pool; and ends, of their tasks, of batches, and of a claim's. */
static int
make_places(platen_scheduler_t *s)
{
    unsigned i, n = platen_pool_size(s->pool);
    place_t *place;

    s->most = 3 * n + (unsigned) s->config->workers;
    s->nplaces = n + 1;
    s->places = calloc(s->nplaces, sizeof(*s->places));
    if (s->places == NULL || platen_endings_init(s) != 0) {
        return -1;
    }
    for (i = 0; i < s->nplaces; i++) {
        place = &s->places[i];
        place->scheduler = s;
        place->n = i;
        place->judging = (platen_work_t){ .run = judge_run, .done = judge_done, .data = place };
        place->clearing =
            (platen_work_t){ .run = clear_run, .done = clear_done, .data = place };
    }
    return 0;
}

platen_scheduler_t *
platen_scheduler_new(const platen_config_t *config, platen_store_t *store,
                     platen_engines_t *engines, const platen_confine_t *confine,
                     platen_crew_t *crew)
{
    platen_scheduler_t *s;

    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return NULL;
    }
    s->config = config;
    s->store = store;
    s->engines = engines;
    s->crew = crew;
    s->claiming.work = (platen_work_t){ .run = claim_run, .done = claim_done, .data = s };
    s->releasing = (platen_work_t){ .run = release_run, .done = release_done, .data = s };
    s->walk = platen_walk_new();
    s->pool = platen_pool_new(config, confine, crew, task_ended, s);
    s->batches = platen_batches_new(config, store, platen_engines_matrix(engines), crew,
                                    batch_ended, batch_moved, s);
    s->canary = platen_canary_new(config, engines);
    s->estimate = platen_estimate_new();
    if (s->walk == NULL || s->estimate == NULL || s->pool == NULL || s->batches == NULL
        || s->canary == NULL || make_places(s) != 0) {
        platen_scheduler_destroy(&s);
        return NULL;
    }
    set_owner(s);
    return s;
}

int
platen_scheduler_warm(platen_scheduler_t *s, char *err, size_t errlen)
{
    if (!platen_engines_has(s->engines, &platen_engine_lok)) {
        return 0;
    }
    s->zygote = platen_zygote_new(s->config, platen_confine_required(s->config), run_ended,
                                  office_changed, s);
    if (s->zygote == NULL) {
        snprintf(err, errlen, "out of memory");
        return -1;
    }
    platen_pool_set_zygote(s->pool, s->zygote);
    return platen_zygote_start(s->zygote, err, errlen);
}

static void
run_ended(void *data, uint32_t tag, const platen_zygote_result_t *result)
{
    platen_scheduler_t *s = data;

    platen_pool_ended(s->pool, tag, result);
}

/* What could not run may be able to by now. */
static void
look_again(platen_scheduler_t *s)
{
    s->look_at = 0;
    s->forget = 1;
    s->again = 1;
}

static void
office_changed(void *data)
{
    look_again(data);
}

int
platen_scheduler_fd(const platen_scheduler_t *s)
{
    return s->zygote == NULL ? -1 : platen_zygote_fd(s->zygote);
}

void
platen_scheduler_read(platen_scheduler_t *s)
{
    platen_zygote_read(s->zygote);
}

void
platen_scheduler_tell(platen_scheduler_t *s, void (*changed)(void *data), void *data)
{
    s->changed = changed;
    s->changed_data = data;
}

void
platen_scheduler_destroy(platen_scheduler_t **scheduler)
{
    platen_scheduler_t *s = *scheduler;
    unsigned            i;

    if (s == NULL) {
        return;
    }
    platen_crew_stop(s->crew);
    platen_zygote_destroy(&s->zygote);
    platen_walk_destroy(&s->walk);
    platen_canary_destroy(&s->canary);
    platen_estimate_destroy(&s->estimate);
    for (i = 0; s->places != NULL && i < s->nplaces; i++) {
        platen_task_destroy(&s->places[i].task);
    }
    free(s->places);
    platen_pool_destroy(&s->pool);
    platen_batches_destroy(&s->batches);
    for (i = 0; s->claiming.under_way && i < s->claiming.claims.n; i++) {
        platen_task_destroy(&s->claiming.claims.items[i].task);
    }
    platen_endings_free(s);
    free(s);
    *scheduler = NULL;
}

/* What was gathered for a run, be it to be packed again or not. */
static void
drop_files(const platen_task_t *task)
{
    int error;

    if (task->files_dir != NULL && platen_tree_remove(task->files_dir) != 0) {
        error = errno;
        platen_log_path(PLATEN_LOG_WARN, "cannot remove what a batch was packed from",
                        platen_task_context(task), task->files_dir, error);
    }
}

/* A run is over, or could not begin: have it judged. */
static void
task_ended(void *data, unsigned n, platen_task_t *task, const platen_run_result_t *result)
{
    platen_scheduler_t *s = data;
    place_t            *place = &s->places[n];

    if (task->kind != PLATEN_TASK_CANARY) {
        platen_crash_point(PLATEN_CRASH_RUN_ENDED);
    }
    place->task = task;
    place->result = result;
    place->elsewhere = s->elsewhere;
    place->fetched = 0;
    place->written = 0;
    place->cleared = 0;
    platen_crew_do(s->crew, PLATEN_CREW_DISK, &place->judging);
}

static void
judge_run(void *data)
{
    place_t               *place = data;
    const platen_config_t *config = place->scheduler->config;

    drop_files(place->task);
    if (place->result->outcome == PLATEN_RUN_INPUT_MISSING && place->elsewhere) {
        platen_finish_requeue(&place->verdict, place->result->step,
                              "nginx and platend use different data directories");
    } else if (place->task->kind != PLATEN_TASK_UNPACK
               || place->result->outcome != PLATEN_RUN_DONE) {
        platen_finish_judge(config, place->task, place->result, &place->verdict);
    } else if (platen_batches_fetch(config, place->task, place->result->work) == 0) {
        place->fetched = 1;
    } else if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
        /* It said that it was done, and has left nothing. */
        platen_finish_corrupt(&place->verdict);
    } else {
        platen_finish_requeue(&place->verdict, "take an archive over", strerror(errno));
    }
}

static void
judge_done(void *data)
{
    place_t            *place = data;
    platen_scheduler_t *s = place->scheduler;
    platen_task_t      *task = place->task;

    place->task = NULL;
    if (task->kind == PLATEN_TASK_DOCUMENT
        && (place->result->outcome == PLATEN_RUN_DONE
            || place->result->outcome == PLATEN_RUN_TIMEOUT)) {
        platen_estimate_learn(s->estimate, task->from, task->to, task->input_size,
                              place->result->took_ms);
    }
    platen_crew_do(s->crew, PLATEN_CREW_DISK, &place->clearing);
    if (task->kind == PLATEN_TASK_CANARY) {
        platen_canary_end(s->canary, task, &place->verdict);
        platen_task_destroy(&task);
        platen_endings_written(s, (int) place->n);
        return;
    }
    platen_crash_point(place->fetched ? PLATEN_CRASH_BATCH_FETCHED
                                      : PLATEN_CRASH_FINISH_JUDGED);
    if (place->fetched && platen_batches_add(s->batches, task) == 0) {
        s->again = 1;
        platen_endings_written(s, (int) place->n);
        return;
    }
    if (place->fetched) {
        platen_finish_requeue(&place->verdict, "take an archive over", strerror(errno));
    }
    platen_endings_add(s, task, &place->verdict, (int) place->n);
}

static void
clear_run(void *data)
{
    place_t *place = data;

    platen_pool_clear(place->scheduler->pool, place->n);
}

static void
clear_done(void *data)
{
    place_t *place = data;

    platen_endings_cleared(place);
}

/* There is more to do for a batch. */
static void
batch_moved(void *data)
{
    platen_scheduler_t *s = data;

    s->again = 1;
}

/* A batch is in no one's hand any more. */
static void
batch_ended(void *data, platen_task_t *task, platen_batches_end_t end, const char *why)
{
    platen_scheduler_t *s = data;
    platen_verdict_t    verdict;

    /* There is room for another one. */
    look_again(s);
    if (end == PLATEN_BATCHES_DONE) {
        platen_log(PLATEN_LOG_DEBUG, "the files of a batch are at work",
                   platen_task_context(task));
        platen_task_destroy(&task);
        if (s->changed != NULL) {
            s->changed(s->changed_data);
        }
        return;
    }
    if (end == PLATEN_BATCHES_CORRUPT) {
        /* Not this machine's fault: once more would be the same. */
        platen_finish_corrupt(&verdict);
    } else {
        platen_finish_requeue(&verdict, "prepare a batch", why);
    }
    platen_endings_add(s, task, &verdict, -1);
}

static void
release_run(void *data)
{
    platen_scheduler_t *s = data;
    platen_txn_t        txn;
    int                 rc, n;

    rc = platen_txn_write(s->store, &txn);
    if (rc == PLATEN_OK) {
        n = platen_store_release(&txn, platen_boottime_ms(), DUE);
        rc = n > 0 ? platen_txn_commit(&txn) : n;
        platen_txn_abort(&txn);
    }
    if (rc != PLATEN_OK) {
        platen_log(PLATEN_LOG_ERROR, "jobs whose time has come stay where they are",
                   json_pack("{s:s}", "error", platen_strerror(rc)));
    }
}

static void
release_done(void *data)
{
    platen_scheduler_t *s = data;

    s->is_releasing = 0;
    s->again = 1;
}

/* Lets jobs back into the queue whose time has come. */
static void
release_due(platen_scheduler_t *s)
{
    platen_txn_t txn;
    uint64_t     due = 0;

    /* The first one tells whether the writer's lock is worth asking for. */
    if (!s->is_releasing && platen_txn_read(s->store, &txn) == PLATEN_OK) {
        (void) platen_store_next_due(&txn, &due);
        platen_txn_abort(&txn);
    }
    if (due != 0 && due <= platen_boottime_ms()) {
        s->is_releasing = 1;
        platen_crew_do(s->crew, PLATEN_CREW_STORE, &s->releasing);
    }
}

static void
requeue(platen_scheduler_t *s, platen_task_t *task, const char *step, const char *why)
{
    platen_verdict_t verdict;

    platen_finish_requeue(&verdict, step, why);
    platen_endings_add(s, task, &verdict, -1);
}

static void
start_run(platen_scheduler_t *s, platen_task_t *task)
{
    if (platen_pool_start(s->pool, task) != 0) {
        requeue(s, task, "find an idle worker", strerror(EBUSY));
    }
}

/* A claimed task begins: in the pool, or with what comes before that. */
static void
start(platen_scheduler_t *s, platen_task_t *task)
{
    if (task->kind == PLATEN_TASK_DOCUMENT || task->kind == PLATEN_TASK_UNPACK) {
        start_run(s, task);
        return;
    }
    if (task->kind == PLATEN_TASK_PACK) {
        platen_crash_point(PLATEN_CRASH_BATCH_CLAIMED);
    }
    if (platen_batches_add(s->batches, task) != 0) {
        requeue(s, task, "begin with a batch", strerror(errno));
    }
}

/* Places that no claim under way may fill. */
static unsigned
idle(const platen_scheduler_t *s)
{
    unsigned n = platen_pool_idle(s->pool), kept = s->claiming.under_way ? s->claiming.max : 0;

    return n > kept ? n - kept : 0;
}

/* A slice of each batch; those that are ready to be packed go first of all. */
static void
advance_batches(platen_scheduler_t *s)
{
    platen_task_t *task;

    if (s->nkept == 0) {
        platen_batches_slice(s->batches);
    }
    while (!s->stopping && idle(s) > 0 && (task = platen_batches_ready(s->batches)) != NULL) {
        start_run(s, task);
    }
}

/* What routes have to know of the warm LibreOffice, before they are a claim's. */
static void
look_at_office(platen_scheduler_t *s)
{
    platen_zygote_state_t state =
        s->zygote == NULL ? PLATEN_ZYGOTE_READY : platen_zygote_state(s->zygote);

    s->claiming.warming = state == PLATEN_ZYGOTE_WARMING;
    /* Without the warm LibreOffice the slow way is better than none. */
    platen_engines_suspend(s->engines,
                           state == PLATEN_ZYGOTE_BROKEN ? &platen_engine_lok : NULL);
}

/* Workers that another long conversion can have; one always can have one. */
static unsigned
room_for_long(const platen_scheduler_t *s)
{
    const platen_config_t *c = s->config;
    unsigned               workers = (unsigned) (c->workers + c->spare);
    unsigned most = c->keep_short < workers ? workers - (unsigned) c->keep_short : 1;
    unsigned at_work = platen_pool_long(s->pool);

    if (c->keep_short == 0) {
        return UINT_MAX;
    }
    return at_work < most ? most - at_work : 0;
}

void
platen_scheduler_scan(platen_scheduler_t *s)
{
    claiming_t *c = &s->claiming;
    const char *trouble;

    s->again = 0;
    advance_batches(s);
    if (c->under_way) {
        c->missed = 1;
        return;
    }
    if (!platen_scheduler_may_claim(s, &trouble)) {
        if (trouble != NULL) {
            platen_scheduler_pause(s, trouble, "");
        }
        return;
    }

    look_at_office(s);
    if (s->forget) {
        platen_walk_forget(s->walk);
        s->forget = 0;
    }
    c->under_way = 1;
    c->missed = 0;
    c->claims.n = 0; /* what the one before took is in other hands by now */
    c->max = platen_pool_idle(s->pool);
    c->max_long = room_for_long(s);
    c->no_batches = platen_batches_count(s->batches) >= s->config->workers;
    platen_crew_do(s->crew, PLATEN_CREW_STORE, &c->work);
}

static void
claim_run(void *data)
{
    platen_scheduler_claim(data);
}

/* A claim that came too late: as if it had never been. */
static void
give_back(platen_scheduler_t *s, platen_task_t *task)
{
    platen_verdict_t verdict = { .state = PLATEN_STATE_PENDING };

    platen_endings_add(s, task, &verdict, -1);
}

/* How long it has waited for its first attempt, by a clock that may have jumped. */
static void
count_claim(const platen_task_t *task)
{
    uint64_t now = platen_now_us();

    platen_task_trace_wait(task);
    if (task->attempt <= 1 && task->kind != PLATEN_TASK_PACK) {
        platen_metric_traced(PLATEN_METRIC_WAIT,
                             now > task->pending_at ? now - task->pending_at : 0, NULL,
                             platen_task_exemplar(task));
    }
}

static void
claim_done(void *data)
{
    platen_scheduler_t *s = data;
    claiming_t         *c = &s->claiming;
    platen_ending_t    *claim;
    unsigned            i;

    c->under_way = 0;
    s->again |= c->missed;
    if (c->rc != PLATEN_OK) {
        for (i = 0; i < c->claims.n; i++) {
            platen_task_destroy(&c->claims.items[i].task);
        }
        platen_scheduler_pause(s, "the store did not take a claim", c->why);
        return;
    }

    if (c->claims.n == 0 && platen_walk_passed(s->walk) > 0) {
        s->look_at = platen_boottime_ms() + AGAIN_MS;
    }

    for (i = 0; i < c->claims.n; i++) {
        claim = &c->claims.items[i];
        if (claim->verdict.state == PLATEN_STATE_FAILED) {
            platen_endings_log(claim->task, &claim->verdict);
            platen_task_destroy(&claim->task);
            continue;
        }
        count_claim(claim->task);
        platen_log(PLATEN_LOG_DEBUG, "job claimed", platen_task_context(claim->task));
        s->again |= claim->task->kind != PLATEN_TASK_DOCUMENT;
        if (s->stopping) {
            give_back(s, claim->task);
            continue;
        }
        start(s, claim->task);
        platen_crash_point(PLATEN_CRASH_RUN_STARTED);
    }
    s->again |= c->claims.n > c->claims.to_start && platen_pool_idle(s->pool) > 0;
    if (c->claims.n > 0 && s->changed != NULL) {
        s->changed(s->changed_data);
    }
}

/* Whether the batch of a file is there still: it goes first, and its files some at a time. */
static int
find_batch(platen_txn_t *txn, const platen_job_t *file)
{
    platen_job_t batch;
    platen_id_t  id;

    memcpy(id.b, file->parent.data, sizeof(id.b));
    return platen_store_get(txn, &id, &batch) == PLATEN_NOT_FOUND ? PLATEN_NOT_FOUND
                                                                  : PLATEN_OK;
}

void
platen_scheduler_check(platen_scheduler_t *s)
{
    const platen_task_t *task;
    platen_txn_t         txn;
    platen_job_t         job;
    unsigned             i;
    int                  rc;

    if (platen_scheduler_running(s) == 0 || platen_txn_read(s->store, &txn) != PLATEN_OK) {
        return;
    }
    for (i = 0; i < platen_pool_size(s->pool); i++) {
        task = platen_pool_task(s->pool, i);
        if (task == NULL) {
            continue;
        }
        rc = platen_store_get(&txn, &task->id, &job);
        if (rc == PLATEN_OK && platen_job_is_file(&job)) {
            rc = find_batch(&txn, &job);
        }
        if (rc == PLATEN_NOT_FOUND
            || (rc == PLATEN_OK
                && (job.state != PLATEN_STATE_PROCESSING || job.epoch != task->epoch))) {
            platen_pool_kill(s->pool, i, PLATEN_RUN_DISCARDED);
        }
    }
    platen_txn_abort(&txn);
}

int
platen_scheduler_holds(const platen_scheduler_t *s, const platen_id_t *id, uint32_t epoch)
{
    unsigned i;

    for (i = 0; i < platen_pool_size(s->pool); i++) {
        if (platen_task_is(platen_pool_held(s->pool, i), id, epoch)) {
            return 1;
        }
    }
    for (i = 0; i < platen_pool_size(s->pool); i++) {
        if (platen_task_is(s->places[i].task, id, epoch)) {
            return 1;
        }
    }
    return platen_endings_holds(s, id, epoch) || platen_batches_holds(s->batches, id, epoch);
}

/*
 * Reaps what platend, as their subreaper, has inherited: processes that an
 * engine started and did not wait for.
 */
static void
reap_orphans(platen_scheduler_t *s)
{
    siginfo_t info;

    for (;;) {
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0
            || platen_pool_owns(s->pool, info.si_pid)
            || (s->zygote != NULL && platen_zygote_owns(s->zygote, info.si_pid))) {
            return;
        }
        (void) waitpid(info.si_pid, NULL, WNOHANG);
    }
}

void
platen_scheduler_reap(platen_scheduler_t *s)
{
    platen_pool_reap(s->pool);
    reap_orphans(s);
}

/*
 * Proves that documents are converted, if it is time, and if nothing is known to be amiss;
 * not while the routes are a claim's.
 */
static void
try_canary(platen_scheduler_t *s)
{
    platen_run_result_t result = { .outcome = PLATEN_RUN_ERROR, .exit_code = -1 };
    platen_verdict_t    verdict;
    platen_task_t      *task;
    char                path[PLATEN_PATH_MAX];

    if (s->stopping || s->claiming.under_way) {
        return;
    }
    look_at_office(s);
    task = platen_canary_due(s->canary);
    if (task == NULL) {
        return;
    }
    if (platen_scheduler_must_wait(s, &task->route)
        || platen_layout_space(s->config->data_path) < PLATEN_SPACE_MIN) {
        platen_task_destroy(&task);
        return;
    }
    if (platen_canary_begin(s->canary, task, path) != 0) {
        result.step = "write the canary";
        result.error = errno;
    } else if (platen_pool_try(s->pool, task, path) == 0) {
        return;
    } else {
        result.step = "find the canary's place";
        result.error = EBUSY;
    }
    platen_finish_judge(s->config, task, &result, &verdict);
    platen_canary_end(s->canary, task, &verdict);
    platen_task_destroy(&task);
}

void
platen_scheduler_second(platen_scheduler_t *s)
{
    if (s->zygote != NULL) {
        platen_zygote_tick(s->zygote);
    }
    reap_orphans(s);
    release_due(s);
    try_canary(s);
}

int
platen_scheduler_tick(platen_scheduler_t *s)
{
    platen_pool_tick(s->pool);
    if (s->look_at == 0 || platen_boottime_ms() < s->look_at) {
        return 0;
    }
    s->look_at = 0;
    return 1;
}

void
platen_scheduler_stop(platen_scheduler_t *s)
{
    s->stopping = 1;
    platen_pool_dismiss(s->pool);
}

void
platen_scheduler_interrupt(platen_scheduler_t *s)
{
    unsigned i;

    for (i = 0; i < platen_pool_size(s->pool); i++) {
        platen_pool_kill(s->pool, i, PLATEN_RUN_INTERRUPTED);
    }
}

void
platen_scheduler_expect(platen_scheduler_t *s, int there)
{
    s->elsewhere = !there;
}

/* Whether LibreOffice should be kept warm, and cannot be. */
static int
is_cold(const platen_scheduler_t *s)
{
    return s->zygote != NULL && platen_zygote_state(s->zygote) == PLATEN_ZYGOTE_BROKEN;
}

const char *
platen_scheduler_condition(const platen_scheduler_t *s)
{
    if (is_cold(s) && !platen_engines_has(s->engines, &platen_engine_soffice)) {
        return "LibreOffice does not start, and what needs it waits; platend's log has the "
               "reason.";
    }
    if (platen_layout_space(s->config->data_path) < PLATEN_SPACE_MIN) {
        return "The data directory's disk is nearly full, and no conversion begins; make room "
               "on "
               "it.";
    }
    if (*platen_engines_missing(s->engines) != '\0') {
        return platen_engines_missing(s->engines);
    }
    return platen_canary_condition(s->canary);
}

const platen_canary_record_t *
platen_scheduler_canary(const platen_scheduler_t *s)
{
    return platen_canary_last(s->canary);
}

const char *
platen_scheduler_note(const platen_scheduler_t *s)
{
    return is_cold(s) && platen_engines_has(s->engines, &platen_engine_soffice)
               ? "LibreOffice cannot be kept warm: it is started anew for each document, which "
                 "takes longer, and platend tries again; its log has the reason."
               : "";
}

int
platen_scheduler_is_warm(const platen_scheduler_t *s)
{
    return s->zygote != NULL && platen_zygote_state(s->zygote) == PLATEN_ZYGOTE_READY;
}

int
platen_scheduler_again(const platen_scheduler_t *s)
{
    return s->again;
}

unsigned
platen_scheduler_running(const platen_scheduler_t *s)
{
    return platen_pool_size(s->pool) - platen_pool_idle(s->pool);
}

int
platen_scheduler_busy(const platen_scheduler_t *s)
{
    return platen_scheduler_running(s) > 0 || s->claiming.under_way || s->nrecord > 0;
}

int
platen_scheduler_keeps(const platen_scheduler_t *s)
{
    return s->nkept > 0;
}
