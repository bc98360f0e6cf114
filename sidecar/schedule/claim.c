/*
 * Claims; see schedule/scheduler.h.  Which jobs may be taken from the queue now, and
 * by which way; those that must not run end in the same transaction.
 *
 * All but platen_scheduler_may_claim() runs in a thread of the crew, which has the walk, and
 * the routes of the engines, as long as a claim is under way.
 */

#include "schedule/internal.h"

#include <string.h>

#include "base/crash.h"

#define WARN_MS 60000      /* between two warnings of the same kind */
#define LEASE_MARGIN 30000 /* milliseconds beyond the wall-clock limit */

/* Before a document that is thought to take so long, some of the same client's go: */
#define LONG_MS 1000
#define TIMES_SHORTER 4 /* that are thought to take so much less, */
#define BEHIND 16       /* are at most so far behind it, */
#define LATER_MS 10000  /* and came no later after it */

int
platen_scheduler_must_wait(const platen_scheduler_t *s, const platen_route_t *way)
{
    unsigned i;

    if (!s->claiming.warming) {
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
route(platen_scheduler_t *s, const platen_job_t *job, platen_ending_t *claim)
{
    platen_task_t *task = claim->task;
    platen_route_t any;
    int            rc = PLATEN_NOT_FOUND, without = PLATEN_NOT_FOUND;

    memset(&claim->verdict, 0, sizeof(claim->verdict));
    if (task->kind != PLATEN_TASK_DOCUMENT) {
        if (s->claiming.no_batches) {
            return -1;
        }
        platen_finish_poison(s->config, job, &claim->verdict);
        if (claim->verdict.state == PLATEN_STATE_NONE) {
            platen_finish_no_results(job, &claim->verdict);
        }
        return 0;
    }
    if (task->from != NULL && task->to != NULL) {
        rc = platen_engines_route(s->engines, task->from, task->to, task->options.given,
                                  &task->route);
        if (rc == PLATEN_NOT_FOUND) {
            without = platen_engines_route(s->engines, task->from, task->to, 0, &any);
        }
        if (rc == PLATEN_OK
            && task->route.steps[0].edge->rules
                   & (PLATEN_EDGE_DECLINES | PLATEN_EDGE_REPAIRED)) {
            (void) platen_engines_renewal(s->engines, task->from, &task->renewal);
        }
    }
    if (rc == PLATEN_LATER
        || (rc == PLATEN_OK && platen_scheduler_must_wait(s, &task->route))) {
        return -1;
    }
    if (rc != PLATEN_OK) {
        platen_finish_unsupported(job->source_format, job->target_format,
                                  without != PLATEN_NOT_FOUND, &claim->verdict);
    } else {
        platen_finish_poison(s->config, job, &claim->verdict);
    }
    return 0;
}

/* Whether it is thought to take long: others of its formats and its size have. */
static int
is_long(platen_scheduler_t *s, const platen_task_t *task)
{
    uint64_t ms;

    if (s->config->keep_short == 0 || task->kind != PLATEN_TASK_DOCUMENT) {
        return 0;
    }
    ms = platen_estimate_ms(s->estimate, task->from, task->to, task->input_size);
    return ms != 0 && ms >= s->config->long_after * 1000;
}

/* Milliseconds that a document is thought to take; 0: that is not known, or it is none. */
static uint64_t
thought(platen_scheduler_t *s, platen_txn_t *txn, const platen_id_t *id)
{
    const platen_format_t *from, *to;
    platen_job_t           job;

    if (platen_store_get(txn, id, &job) != PLATEN_OK || job.batch != PLATEN_BATCH_NONE
        || job.source_format.len == 0 || job.target_format.len == 0) {
        return 0;
    }
    from = platen_format_find(job.source_format.data, job.source_format.len);
    to = platen_format_find(job.target_format.data, job.target_format.len);
    return from == NULL || to == NULL
               ? 0
               : platen_estimate_ms(s->estimate, from, to, job.input_size);
}

/*
 * A short one that goes before the long one whose turn it is: neither its client nor anyone
 * else is worse off for long, since only those that came soon after that may.  Returns
 * whether there is one.
 */
static int
find_shorter(platen_scheduler_t *s, platen_txn_t *txn, const platen_id_t *first,
             platen_id_t *shorter)
{
    platen_queue_cursor_t behind = { .turn_len = 0 };
    uint64_t              ms = thought(s, txn, first), less, came = platen_id_ms(first);

    if (ms < LONG_MS) {
        return 0;
    }
    while (platen_walk_behind(s->walk, txn, BEHIND, &behind, shorter) == PLATEN_OK) {
        if (platen_id_ms(shorter) >= came && platen_id_ms(shorter) - came <= LATER_MS) {
            less = thought(s, txn, shorter);
            if (less != 0 && less <= ms / TIMES_SHORTER) {
                return 1;
            }
        }
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

/* Moves one job to PROCESSING, and on to FAILED if it must not run; or passes it over. */
static int
claim_job(platen_scheduler_t *s, platen_txn_t *txn, const platen_id_t *id, claims_t *claims)
{
    char             secrets[PLATEN_OPTIONS_TEXT_MAX];
    platen_job_t     job;
    platen_str_t     sealed;
    platen_ending_t *claim = &claims->items[claims->n];
    size_t           len;
    int              rc, lost;

    rc = platen_store_get(txn, id, &job);
    if (rc == PLATEN_CORRUPT || rc == PLATEN_TOO_NEW || rc == PLATEN_NOT_FOUND) {
        warn_unreadable(s, id, rc);
        return PLATEN_OK;
    }
    if (rc != PLATEN_OK) {
        return rc;
    }

    /* All that is needed of the record's strings, before the first write. */
    rc = platen_store_secrets(txn, &job, secrets, &len);
    lost = rc == PLATEN_NOT_FOUND || rc == PLATEN_CORRUPT;
    if (rc != PLATEN_OK && !lost) {
        return rc;
    }
    sealed = job.secrets;
    job.secrets = (platen_str_t){ secrets, len };
    claim->task = platen_task_new(&job);
    explicit_bzero(secrets, sizeof(secrets));
    job.secrets = sealed;
    if (claim->task == NULL) {
        return PLATEN_ERROR;
    }
    claim->task->is_long = is_long(s, claim->task);
    if (route(s, &job, claim) != 0
        || (claim->task->is_long && claim->verdict.state == PLATEN_STATE_NONE
            && s->claiming.max_long == 0)) {
        platen_task_destroy(&claim->task);
        return PLATEN_OK;
    }
    if (lost) {
        platen_finish_sealed(&claim->verdict);
    }
    if (claim->task->is_long && claim->verdict.state == PLATEN_STATE_NONE) {
        s->claiming.max_long--;
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

/*
 * Jobs that one client may have at work; 0: any number.  Where there are spare
 * workers it never has all: what stands by would take one.
 */
static unsigned
share(const platen_config_t *c)
{
    return (unsigned) (c->spare == 0 || (c->per_client != 0 && c->per_client < c->workers)
                           ? c->per_client
                           : c->workers);
}

/* The job that the walk has come to, or a shorter one; or none of them can run now. */
static int
claim_next(platen_scheduler_t *s, platen_txn_t *txn, const platen_id_t *first, claims_t *claims)
{
    platen_id_t shorter;
    unsigned    before = claims->n;
    int         rc = PLATEN_OK;

    if (find_shorter(s, txn, first, &shorter)) {
        rc = claim_job(s, txn, &shorter, claims);
    }
    if (rc == PLATEN_OK && claims->n == before) {
        rc = claim_job(s, txn, first, claims);
    }
    if (rc == PLATEN_OK && claims->n == before) {
        platen_walk_pass(s->walk);
    } else if (rc == PLATEN_OK) {
        rc = platen_walk_take(s->walk, txn);
    }
    return rc;
}

void
platen_scheduler_claim(platen_scheduler_t *s)
{
    claiming_t  *c = &s->claiming;
    claims_t    *claims = &c->claims;
    platen_txn_t txn;
    platen_id_t  id;
    int          rc;

    claims->to_start = 0;
    c->rc = platen_txn_write(s->store, &txn);
    if (c->rc != PLATEN_OK) {
        c->why = platen_txn_errstr(&txn);
        return;
    }

    rc = PLATEN_OK;
    platen_walk_begin(s->walk, platen_boottime_ms());
    while (rc == PLATEN_OK && claims->to_start < c->max && claims->n < CLAIMS) {
        rc = platen_walk_next(s->walk, &txn, share(s->config), &id);
        if (rc != PLATEN_OK) {
            break;
        }
        rc = claim_next(s, &txn, &id, claims);
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
    c->rc = rc;
    c->why = txn.rc != 0 ? platen_txn_errstr(&txn) : platen_strerror(rc);
}

int
platen_scheduler_may_claim(platen_scheduler_t *s, const char **trouble)
{
    platen_txn_t txn;
    uint64_t     length = 0;

    *trouble = NULL;

    if (s->stopping || s->nkept > 0 || s->spare.n < s->most || platen_pool_idle(s->pool) == 0
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
    if (platen_layout_space(s->config->data_path) < PLATEN_SPACE_MIN) {
        *trouble = "the data directory's file system is nearly full";
        return 0;
    }
    return 1;
}
