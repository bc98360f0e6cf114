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

#include "platen_scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platen_batches.h"
#include "platen_crash.h"
#include "platen_finish.h"
#include "platen_pool.h"
#include "platen_workdir.h"
#include "platen_zygote.h"

#define DUE 256            /* jobs whose time has come, put back in one transaction */
#define CLAIMS 64          /* jobs claimed in one transaction, at most */
#define PASSED 512         /* jobs passed over in one transaction, at most */
#define AGAIN_MS 200       /* until jobs that were passed over are looked at again */
#define PAUSE_MS 5000      /* after a failure of this machine */
#define WARN_MS 60000      /* between two warnings of the same kind */
#define LEASE_MARGIN 30000 /* milliseconds beyond the wall-clock limit */

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
    platen_zygote_t       *zygote;    /* NULL: LibreOffice is none of the engines */
    int                    warmed;    /* it was ready once */
    char                   owner[64]; /* "<boot id>:<pid>" */
    int                    stopping;
    uint64_t               paused_until; /* these two: CLOCK_BOOTTIME milliseconds */
    uint64_t               look_at;      /* while LibreOffice is not ready */
    uint64_t               warned_at;
    unsigned               nunwritten;
    ending_t               unwritten[2 * PLATEN_WORKERS_MAX];
    void (*changed)(void *data); /* NULL: nobody is told */
    void *changed_data;
};

/* Jobs taken in the transaction under way; FAILED verdicts need no worker. */
typedef struct {
    ending_t items[CLAIMS];
    unsigned n;
    unsigned to_start;
    unsigned passed; /* others that cannot run at present */
} claims_t;

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
    s->pool = platen_pool_new(config, confine, task_ended, s);
    s->batches =
        platen_batches_new(config, store, platen_engines_matrix(engines), batch_ended, s);
    if (s->pool == NULL || s->batches == NULL) {
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

    s->warmed |= state == PLATEN_ZYGOTE_READY;
    s->look_at = 0;
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

const char *
platen_scheduler_hopeless(const platen_scheduler_t *s)
{
    return s->zygote == NULL || s->warmed || *platen_zygote_reason(s->zygote) == '\0'
               ? NULL
               : platen_zygote_reason(s->zygote);
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
    platen_pool_destroy(&s->pool);
    platen_batches_destroy(&s->batches);
    for (i = 0; i < s->nunwritten; i++) {
        platen_task_destroy(&s->unwritten[i].task);
    }
    free(s);
    *scheduler = NULL;
}

static void
pause_claims(platen_scheduler_t *s, const char *reason, const char *detail)
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
        pause_claims(s, "this machine failed a job", ending->verdict.detail);
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

    platen_crash_point(PLATEN_CRASH_RUN_ENDED);
    drop_files(task);
    if (task->kind == PLATEN_TASK_UNPACK && result->outcome == PLATEN_RUN_DONE) {
        if (platen_batches_spread(s->batches, task, result->work) != 0) {
            platen_finish_requeue(&ending.verdict, "take an archive over");
            end_as(s, &ending);
        }
        return;
    }
    platen_finish_judge(s->config, task, result, &ending.verdict);
    end_as(s, &ending);
}

/* A batch is in no one's hand any more. */
static void
batch_ended(void *data, platen_task_t *task, const platen_verdict_t *verdict)
{
    platen_scheduler_t *s = data;
    ending_t            ending = { .task = task };

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

/* Whether the way leads through LibreOffice, which is getting warm. */
static int
must_wait(const platen_scheduler_t *s, const platen_route_t *way)
{
    unsigned i;

    if (s->zygote == NULL || platen_zygote_state(s->zygote) != PLATEN_ZYGOTE_WARMING) {
        return 0;
    }
    for (i = 0; i < way->nsteps; i++) {
        if (way->steps[i].engine == &platen_engine_lok) {
            return 1;
        }
    }
    return 0;
}

/*
 * Finds the way for a job; the verdict is FAILED if it must not run.  Returns
 * -1 if there is one, but not at present.
 */
static int
route(platen_scheduler_t *s, const platen_job_t *job, ending_t *claim)
{
    platen_task_t *task = claim->task;
    platen_route_t any;
    int            rc = PLATEN_NOT_FOUND, without = PLATEN_NOT_FOUND, later = PLATEN_NOT_FOUND;

    memset(&claim->verdict, 0, sizeof(claim->verdict));
    if (task->kind != PLATEN_TASK_DOCUMENT) {
        if (platen_batches_count(s->batches) >= s->config->workers) {
            return -1;
        }
        platen_finish_poison(s->config, job, &claim->verdict);
        if (claim->verdict.state == PLATEN_STATE_NONE) {
            platen_finish_fruitless(job, &claim->verdict);
        }
        return 0;
    }
    if (task->from != NULL && task->to != NULL) {
        rc = platen_engines_route(s->engines, task->from, task->to, task->options.given,
                                  &task->route);
        without = platen_engines_route(s->engines, task->from, task->to, 0, &any);
    }
    if (rc != PLATEN_OK && task->to != NULL && task->from != NULL && s->zygote != NULL
        && platen_zygote_state(s->zygote) == PLATEN_ZYGOTE_BROKEN) {
        platen_engines_suspend(s->engines, NULL);
        later =
            platen_engines_route(s->engines, task->from, task->to, task->options.given, &any);
        platen_engines_suspend(s->engines, &platen_engine_lok);
    }
    if (later == PLATEN_OK || (rc == PLATEN_OK && must_wait(s, &task->route))) {
        return -1;
    }
    if (rc != PLATEN_OK) {
        platen_finish_unsupported(job->source_format, job->target_format, without == PLATEN_OK,
                                  &claim->verdict);
    } else {
        platen_finish_poison(s->config, job, &claim->verdict);
    }
    return 0;
}

static void
warn_unreadable(platen_scheduler_t *s, const platen_id_t *id, int rc)
{
    char     text[PLATEN_ID_TEXT + 1];
    uint64_t now = platen_boottime_ms();

    if (s->warned_at != 0 && now - s->warned_at < WARN_MS) {
        return;
    }
    s->warned_at = now;
    platen_id_format(id, text);
    platen_log(PLATEN_LOG_ERROR, "a queued job cannot be read and is passed over",
               json_pack("{s:s, s:s}", "job_id", text, "error", platen_strerror(rc)));
}

/* Moves one job to PROCESSING, and on to FAILED if it must not run. */
static int
claim_job(platen_scheduler_t *s, platen_txn_t *txn, const platen_id_t *id, claims_t *claims)
{
    platen_job_t job;
    ending_t    *claim = &claims->items[claims->n];
    int          rc;

    rc = platen_store_get(txn, id, &job);
    if (rc == PLATEN_CORRUPT || rc == PLATEN_TOO_NEW || rc == PLATEN_NOT_FOUND) {
        warn_unreadable(s, id, rc);
        return PLATEN_OK;
    }
    if (rc != PLATEN_OK) {
        return rc;
    }

    /* All that is needed of the record's strings, before the first write. */
    claim->task = platen_task_new(&job);
    if (claim->task == NULL) {
        return PLATEN_ERROR;
    }
    if (route(s, &job, claim) != 0) {
        platen_task_destroy(&claim->task);
        claims->passed++;
        return PLATEN_OK;
    }
    claims->n++;

    job.owner = platen_str(s->owner);
    /* It may stand by for as long as another one runs. */
    job.lease_until = platen_boottime_ms() + 2 * s->config->wall_clock * 1000 + LEASE_MARGIN;
    if (job.batch == PLATEN_BATCH_DUE) {
        job.batch = PLATEN_BATCH_PACK;
        rc = platen_store_rephase(txn, &job, platen_now_us());
    } else {
        rc = platen_store_transition(txn, &job, PLATEN_STATE_PROCESSING, platen_now_us());
    }
    if (rc != PLATEN_OK) {
        return rc;
    }
    claim->task->epoch = job.epoch;
    claim->task->attempt = job.attempts;

    if (claim->verdict.state == PLATEN_STATE_FAILED) {
        return platen_finish_write(txn, id, job.epoch, &claim->verdict);
    }
    claims->to_start++;
    return PLATEN_OK;
}

/* Claims up to `max` jobs that need a worker; committed when it returns OK. */
static int
claim_jobs(platen_scheduler_t *s, unsigned max, claims_t *claims, const char **why)
{
    platen_queue_cursor_t at = { .turn_len = 0 };
    platen_txn_t          txn;
    platen_id_t           id;
    unsigned              before;
    int                   rc;

    rc = platen_txn_write(s->store, &txn);
    if (rc != PLATEN_OK) {
        *why = platen_txn_errstr(&txn);
        return rc;
    }

    while (rc == PLATEN_OK && claims->to_start < max && claims->n < CLAIMS
           && claims->passed < PASSED) {
        rc = platen_store_queue_next(&txn, &at, s->config->per_client, &id);
        if (rc != PLATEN_OK) {
            break;
        }
        before = claims->n;
        rc = claim_job(s, &txn, &id, claims);
        if (claims->n > before) {
            /* Turns have changed. */
            memset(&at, 0, sizeof(at));
        }
    }
    if (rc == PLATEN_NOT_FOUND) {
        rc = PLATEN_OK;
    }

    if (rc == PLATEN_OK && claims->n > 0) {
        platen_crash_point(PLATEN_CRASH_CLAIM_RECORDED);
        rc = platen_txn_commit(&txn);
        platen_crash_point(PLATEN_CRASH_CLAIM_COMMITTED);
    } else {
        platen_txn_abort(&txn);
    }
    *why = txn.rc != 0 ? platen_txn_errstr(&txn) : platen_strerror(rc);
    return rc;
}

/* Whether a claim makes sense now; asks without the writer's lock. */
static int
may_claim(platen_scheduler_t *s)
{
    platen_txn_t txn;
    uint64_t     length = 0;

    if (s->stopping || s->nunwritten > 0 || platen_pool_idle(s->pool) == 0
        || platen_boottime_ms() < s->paused_until || platen_boottime_ms() < s->look_at) {
        return 0;
    }
    if (platen_txn_read(s->store, &txn) == PLATEN_OK) {
        (void) platen_store_queue_length(&txn, &length);
        platen_txn_abort(&txn);
    }
    if (length == 0) {
        return 0;
    }
    if (platen_finish_space(s->config->data_path) < PLATEN_SPACE_MIN) {
        pause_claims(s, "the data directory's file system is nearly full", "");
        return 0;
    }
    return 1;
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
        platen_finish_requeue(&ending.verdict, "begin with a batch");
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
    if (!may_claim(s)) {
        return more;
    }

    claims.n = 0;
    claims.to_start = 0;
    claims.passed = 0;
    if (claim_jobs(s, platen_pool_idle(s->pool), &claims, &why) != PLATEN_OK) {
        for (i = 0; i < claims.n; i++) {
            platen_task_destroy(&claims.items[i].task);
        }
        pause_claims(s, "the store did not take a claim", why);
        return more;
    }

    if (claims.n == 0 && claims.passed > 0) {
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

void
platen_scheduler_check(platen_scheduler_t *s, const platen_id_t *id)
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
        if (task == NULL || (id != NULL && memcmp(id, &task->id, sizeof(*id)) != 0)) {
            continue;
        }
        rc = platen_store_get(&txn, &task->id, &job);
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

void
platen_scheduler_second(platen_scheduler_t *s)
{
    if (s->zygote != NULL) {
        platen_zygote_tick(s->zygote);
    }
    reap_orphans(s);
    release_due(s);
}

void
platen_scheduler_tick(platen_scheduler_t *s)
{
    platen_pool_tick(s->pool);
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

unsigned
platen_scheduler_running(const platen_scheduler_t *s)
{
    return platen_pool_size(s->pool) - platen_pool_idle(s->pool);
}
