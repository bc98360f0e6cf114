/*
 * The scheduler; see platen_scheduler.h.  Owns the pool and the ends of tasks
 * that could not be written yet; used by the loop's thread alone.
 *
 * A claim is committed before anything of it runs.  When the store or the disk
 * fails, claiming pauses for PAUSE_MS; an end that cannot be written is kept
 * and tried again, and nothing is claimed meanwhile, so that memory is bounded
 * by the number of workers.  What is in memory only when the process dies is
 * found as PROCESSING by the next start and goes back to the queue.
 */

#include "platen_scheduler_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platen_crash.h"
#include "platen_workdir.h"

#define DUE 256       /* jobs whose time has come, put back in one transaction */
#define AGAIN_MS 200  /* until jobs that were passed over are looked at again */
#define PAUSE_MS 5000 /* after a failure of this machine */

static platen_pool_done_t      task_ended;
static platen_batches_done_t   batch_ended;
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

platen_scheduler_t *
platen_scheduler_new(const platen_config_t *config, platen_store_t *store,
                     platen_engines_t *engines, const platen_confine_t *confine)
{
    platen_scheduler_t *s;

    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return NULL;
    }
    s->config = config;
    s->store = store;
    s->engines = engines;
    s->walk = platen_walk_new();
    s->pool = platen_pool_new(config, confine, task_ended, s);
    s->batches =
        platen_batches_new(config, store, platen_engines_matrix(engines), batch_ended, s);
    s->canary = platen_canary_new(config, engines);
    if (s->walk == NULL || s->pool == NULL || s->batches == NULL || s->canary == NULL) {
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

/* Without the warm LibreOffice the slow way is better than none. */
static void
office_changed(void *data)
{
    platen_scheduler_t   *s = data;
    platen_zygote_state_t state = platen_zygote_state(s->zygote);

    s->look_at = 0;
    platen_walk_forget(s->walk);
    platen_engines_suspend(s->engines,
                           state == PLATEN_ZYGOTE_BROKEN ? &platen_engine_lok : NULL);
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
    platen_zygote_destroy(&s->zygote);
    platen_walk_destroy(&s->walk);
    platen_canary_destroy(&s->canary);
    platen_pool_destroy(&s->pool);
    platen_batches_destroy(&s->batches);
    for (i = 0; i < s->nunwritten; i++) {
        platen_task_destroy(&s->unwritten[i].task);
    }
    free(s);
    *scheduler = NULL;
}

void
platen_scheduler_pause(platen_scheduler_t *s, const char *reason, const char *detail)
{
    s->paused_until = platen_boottime_ms() + PAUSE_MS;
    platen_log(
        PLATEN_LOG_ERROR, "claiming paused",
        json_pack("{s:s, s:s, s:i}", "reason", reason, "error", detail, "pause_ms", PAUSE_MS));
}

/* What the log says of an ending that has been written. */
static void
log_ending(const platen_task_t *task, const platen_verdict_t *v)
{
    json_t *context;

    context = platen_task_context(task);
    json_object_set_new(context, "duration_ms",
                        json_integer((json_int_t) (platen_boottime_ms() - task->started_ms)));

    if (v->state == PLATEN_STATE_SUCCESS) {
        json_object_set_new(context, "output_size", json_integer((json_int_t) v->output_size));
        platen_log(PLATEN_LOG_INFO, "job finished", context);
        return;
    }

    if (v->error_code != NULL) {
        json_object_set_new(context, "error_code", json_string(v->error_code));
    }
    if (*v->detail != '\0') {
        json_object_set_new(context, "detail", platen_log_text(v->detail, strlen(v->detail)));
    }
    json_object_set_new(context, "exit", json_integer(v->exit_code));
    json_object_set_new(context, "signal", json_integer(v->signal));
    json_object_set_new(context, "engine_said", platen_log_text(v->said, strlen(v->said)));
    platen_log(PLATEN_LOG_WARN, v->state == PLATEN_STATE_FAILED ? "job failed" : "job retried",
               context);
}

static void
log_discarded(const platen_task_t *task)
{
    platen_log(PLATEN_LOG_INFO, "job discarded: it was removed", platen_task_context(task));
}

/* Writes an ending; takes the task unless it has to be kept. */
static int
write_ending(platen_scheduler_t *s, ending_t *ending)
{
    int rc;

    rc = platen_finish_record(s->config, s->store, ending->task, &ending->verdict);
    if (rc == PLATEN_OK) {
        log_ending(ending->task, &ending->verdict);
        /* Who waits for it hears of it before anything else is done. */
        if (s->changed != NULL) {
            s->changed(s->changed_data);
        }
    } else if (rc == PLATEN_NOT_FOUND) {
        log_discarded(ending->task);
    } else {
        return rc;
    }
    platen_task_destroy(&ending->task);
    return PLATEN_OK;
}

/* It is decided what becomes of the task: write it down. */
static void
end_as(platen_scheduler_t *s, ending_t *ending)
{
    json_t *context;
    int     rc;

    if (ending->verdict.state == PLATEN_STATE_NONE) {
        log_discarded(ending->task);
        platen_task_destroy(&ending->task);
        return;
    }
    if (ending->verdict.pause) {
        platen_scheduler_pause(s, "this machine failed a job", ending->verdict.detail);
    }

    rc = write_ending(s, ending);
    if (rc != PLATEN_OK) {
        context = platen_task_context(ending->task);
        json_object_set_new(context, "error", json_string(platen_strerror(rc)));
        platen_log(PLATEN_LOG_ERROR, "the end of a job is not written yet", context);
        s->unwritten[s->nunwritten++] = *ending;
    }
}

/* What was gathered for a run, be it to be packed again or not. */
static void
drop_files(const platen_task_t *task)
{
    if (task->files_dir != NULL && platen_workdir_remove(task->files_dir) != 0) {
        platen_log(PLATEN_LOG_WARN, "cannot remove what a batch was packed from",
                   json_pack("{s:s}", "path", task->files_dir));
    }
}

/* A run is over, or could not begin: decide, and write it down. */
static void
end_task(platen_scheduler_t *s, platen_task_t *task, const platen_run_result_t *result)
{
    ending_t ending = { .task = task };

    if (task->kind == PLATEN_TASK_CANARY) {
        platen_finish_judge(s->config, task, result, &ending.verdict);
        platen_canary_end(s->canary, task, &ending.verdict);
        platen_task_destroy(&task);
        return;
    }
    platen_crash_point(PLATEN_CRASH_RUN_ENDED);
    drop_files(task);
    if (task->kind == PLATEN_TASK_UNPACK && result->outcome == PLATEN_RUN_DONE) {
        if (platen_batches_spread(s->batches, task, result->work) != 0) {
            if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
                /* It said that it was done, and has left nothing. */
                platen_finish_corrupt(&ending.verdict);
            } else {
                platen_finish_requeue(&ending.verdict, "take an archive over", strerror(errno));
            }
            end_as(s, &ending);
        }
        return;
    }
    if (result->outcome == PLATEN_RUN_INPUT_MISSING && s->elsewhere) {
        platen_finish_requeue(&ending.verdict, result->step,
                              "nginx and platend use different data directories");
    } else {
        platen_finish_judge(s->config, task, result, &ending.verdict);
    }
    end_as(s, &ending);
}

/* A batch is in no one's hand any more. */
static void
batch_ended(void *data, platen_task_t *task, const platen_verdict_t *verdict)
{
    platen_scheduler_t *s = data;
    ending_t            ending = { .task = task };

    /* There is room for another one. */
    s->look_at = 0;
    platen_walk_forget(s->walk);
    if (verdict == NULL) {
        platen_log(PLATEN_LOG_DEBUG, "the files of a batch are at work",
                   platen_task_context(task));
        platen_task_destroy(&task);
        if (s->changed != NULL) {
            s->changed(s->changed_data);
        }
        return;
    }
    ending.verdict = *verdict;
    end_as(s, &ending);
}

static void
task_ended(void *data, platen_task_t *task, const platen_run_result_t *result)
{
    end_task(data, task, result);
}

void
platen_scheduler_retry(platen_scheduler_t *s)
{
    while (s->nunwritten > 0) {
        if (write_ending(s, &s->unwritten[s->nunwritten - 1]) != PLATEN_OK) {
            return;
        }
        s->nunwritten--;
    }
}

/* Lets jobs back into the queue whose time has come. */
static void
release_due(platen_scheduler_t *s)
{
    platen_txn_t txn;
    uint64_t     now = platen_boottime_ms(), due = 0;
    int          rc, n;

    /* The first one tells whether the writer's lock is worth asking for. */
    if (platen_txn_read(s->store, &txn) == PLATEN_OK) {
        (void) platen_store_next_due(&txn, &due);
        platen_txn_abort(&txn);
    }
    if (due == 0 || due > now) {
        return;
    }

    rc = platen_txn_write(s->store, &txn);
    if (rc == PLATEN_OK) {
        n = platen_store_release(&txn, now, DUE);
        rc = n > 0 ? platen_txn_commit(&txn) : n;
        platen_txn_abort(&txn);
    }
    if (rc != PLATEN_OK) {
        platen_log(PLATEN_LOG_ERROR, "jobs whose time has come stay where they are",
                   json_pack("{s:s}", "error", platen_strerror(rc)));
    }
}

static void
start_run(platen_scheduler_t *s, platen_task_t *task)
{
    platen_run_result_t result;

    if (platen_pool_start(s->pool, task, &result) != 0) {
        end_task(s, task, &result);
    }
}

/* A claimed task begins: in the pool, or with what comes before that. */
static void
start(platen_scheduler_t *s, platen_task_t *task)
{
    ending_t ending = { .task = task };
    int      rc = 0;

    switch (task->kind) {
    case PLATEN_TASK_AGAIN:
        rc = platen_batches_spread(s->batches, task, NULL);
        break;
    case PLATEN_TASK_PACK:
        platen_crash_point(PLATEN_CRASH_BATCH_CLAIMED);
        rc = platen_batches_gather(s->batches, task);
        break;
    default:
        start_run(s, task);
        return;
    }
    if (rc != 0) {
        platen_finish_requeue(&ending.verdict, "begin with a batch", strerror(errno));
        end_as(s, &ending);
    }
}

/* A slice of each batch; those that are ready to be packed go first of all. */
static int
advance_batches(platen_scheduler_t *s)
{
    platen_task_t *task;
    int            more = 0;

    if (s->nunwritten == 0) {
        more = platen_batches_slice(s->batches);
    }
    while (!s->stopping && platen_pool_idle(s->pool) > 0
           && (task = platen_batches_ready(s->batches)) != NULL) {
        start_run(s, task);
    }
    return more;
}

int
platen_scheduler_scan(platen_scheduler_t *s)
{
    claims_t    claims;
    ending_t   *claim;
    const char *why;
    unsigned    i;
    int         more;

    more = advance_batches(s);
    if (!platen_scheduler_may_claim(s)) {
        return more;
    }

    claims.n = 0;
    claims.to_start = 0;
    if (platen_scheduler_claim(s, platen_pool_idle(s->pool), &claims, &why) != PLATEN_OK) {
        for (i = 0; i < claims.n; i++) {
            platen_task_destroy(&claims.items[i].task);
        }
        platen_scheduler_pause(s, "the store did not take a claim", why);
        return more;
    }

    if (claims.n == 0 && platen_walk_passed(s->walk) > 0) {
        s->look_at = platen_boottime_ms() + AGAIN_MS;
    }

    for (i = 0; i < claims.n; i++) {
        claim = &claims.items[i];
        if (claim->verdict.state == PLATEN_STATE_FAILED) {
            log_ending(claim->task, &claim->verdict);
            platen_task_destroy(&claim->task);
            continue;
        }
        platen_log(PLATEN_LOG_DEBUG, "job claimed", platen_task_context(claim->task));
        more |= claim->task->kind != PLATEN_TASK_DOCUMENT;
        start(s, claim->task);
        platen_crash_point(PLATEN_CRASH_RUN_STARTED);
    }
    return more || (claims.n > claims.to_start && platen_pool_idle(s->pool) > 0);
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

static int
is_claim(const platen_task_t *task, const platen_id_t *id, uint32_t epoch)
{
    return task != NULL && task->epoch == epoch && memcmp(&task->id, id, sizeof(*id)) == 0;
}

int
platen_scheduler_holds(const platen_scheduler_t *s, const platen_id_t *id, uint32_t epoch)
{
    unsigned i;

    for (i = 0; i < platen_pool_size(s->pool); i++) {
        if (is_claim(platen_pool_held(s->pool, i), id, epoch)) {
            return 1;
        }
    }
    if (platen_batches_holds(s->batches, id, epoch)) {
        return 1;
    }
    for (i = 0; i < s->nunwritten; i++) {
        if (is_claim(s->unwritten[i].task, id, epoch)) {
            return 1;
        }
    }
    return 0;
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

/* Proves that documents are converted, if it is time, and if nothing is known to be amiss. */
static void
try_canary(platen_scheduler_t *s)
{
    platen_run_result_t result = { .outcome = PLATEN_RUN_ERROR, .exit_code = -1 };
    platen_task_t      *task;
    char                path[PLATEN_PATH_MAX];

    task = s->stopping ? NULL : platen_canary_due(s->canary);
    if (task == NULL) {
        return;
    }
    if (platen_scheduler_must_wait(s, &task->route)
        || platen_finish_space(s->config->data_path) < PLATEN_SPACE_MIN) {
        platen_task_destroy(&task);
        return;
    }
    if (platen_canary_begin(s->canary, task, path) != 0) {
        result.step = "write the canary";
        result.error = errno;
        end_task(s, task, &result);
    } else if (platen_pool_try(s->pool, task, path, &result) != 0) {
        end_task(s, task, &result);
    }
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
    if (platen_finish_space(s->config->data_path) < PLATEN_SPACE_MIN) {
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

unsigned
platen_scheduler_running(const platen_scheduler_t *s)
{
    return platen_pool_size(s->pool) - platen_pool_idle(s->pool);
}
