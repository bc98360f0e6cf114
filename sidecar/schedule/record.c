/*
 * Verdicts, written down; see schedule/finish.h.  Whom an attempt counts against, when a
 * job may be tried again, and the one transaction that makes an end visible.  Runs in the
 * crew's thread for the store, or where the caller's transaction is.
 */

#include "schedule/finish.h"

#include <sys/random.h>

#include "base/crash.h"

#define BACKOFF_MS UINT64_C(1000) /* after the first failure of the host; doubled with each */
#define BACKOFF_MAX_MS UINT64_C(60000)

/* A random number below `n`; no secret hangs on it. */
static uint64_t
jitter(uint64_t n)
{
    uint64_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t) sizeof(random)) {
        random = platen_boottime_ms();
    }
    return random % n;
}

void
platen_finish_blame(platen_job_t *job, int blame)
{
    uint64_t delay;

    switch (blame) {
    case PLATEN_BLAME_DOCUMENT:
        job->crashes++;
        break;
    case PLATEN_BLAME_SIDECAR:
        job->lost_attempts++;
        break;
    case PLATEN_BLAME_MACHINE:
        delay = job->host_failures < 6 ? BACKOFF_MS << job->host_failures : BACKOFF_MAX_MS;
        job->host_failures++;
        job->not_before = platen_boottime_ms() + delay - jitter(delay / 2);
        break;
    default:
        job->attempts -= job->attempts > 0;
        break;
    }
}

int
platen_finish_put_back(platen_txn_t *txn, platen_job_t *job, int blame)
{
    /* An attempt is one at the files; to pack them is none. */
    uint32_t attempts = job->attempts;

    platen_finish_blame(job, blame);
    if (job->batch != PLATEN_BATCH_PACK) {
        return platen_store_transition(txn, job, PLATEN_STATE_PENDING, platen_now_us());
    }
    job->attempts = attempts;
    job->batch = PLATEN_BATCH_DUE;
    return platen_store_rephase(txn, job, platen_now_us());
}

/* Whether the claim is what it was: PLATEN_OK, PLATEN_NOT_FOUND, or what the store said. */
static int
own(platen_txn_t *txn, const platen_id_t *id, uint32_t epoch, const platen_verdict_t *v,
    platen_job_t *job, int *written)
{
    int rc;

    *written = 0;
    rc = platen_store_get(txn, id, job);
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (job->epoch != epoch) {
        return PLATEN_NOT_FOUND;
    }
    /* A commit that seemed to fail may have been durable all the same. */
    if (job->state == v->state
        || (v->state == PLATEN_STATE_SUCCESS && job->state == PLATEN_STATE_PARTIAL_SUCCESS)) {
        *written = 1;
        return PLATEN_OK;
    }
    if (job->state != PLATEN_STATE_PROCESSING) {
        return PLATEN_NOT_FOUND;
    }
    /* That one, too, of a batch whose files are at work, or that is due again. */
    *written = v->state == PLATEN_STATE_PENDING && !platen_job_held(job);
    return PLATEN_OK;
}

static int
write_verdict(platen_txn_t *txn, platen_job_t *job, const platen_verdict_t *v)
{
    if (v->state == PLATEN_STATE_PENDING) {
        return platen_finish_put_back(txn, job, v->blame);
    }
    if (v->state == PLATEN_STATE_SUCCESS) {
        job->output_size = v->output_size;
        job->output_crc = v->output_crc;
        job->output_sha256 =
            (platen_str_t){ (const char *) v->output_sha256, sizeof(v->output_sha256) };
        job->warnings = platen_str(v->warnings);
        job->output_format = platen_str(v->output_format == NULL ? "" : v->output_format);
        job->engines = platen_str(v->engines);
    } else if (v->state == PLATEN_STATE_FAILED) {
        job->error_code = platen_str(v->error_code);
        job->error = platen_str(v->error);
    }
    /* One bad file does not spoil the rest, and is not passed over in silence. */
    return platen_store_transition(txn, job,
                                   v->state == PLATEN_STATE_SUCCESS && job->failed > 0
                                       ? PLATEN_STATE_PARTIAL_SUCCESS
                                       : v->state,
                                   platen_now_us());
}

int
platen_finish_write(platen_txn_t *txn, const platen_id_t *id, uint32_t epoch,
                    const platen_verdict_t *v)
{
    platen_job_t job;
    int          rc, written;

    rc = own(txn, id, epoch, v, &job, &written);
    return rc == PLATEN_OK && !written ? write_verdict(txn, &job, v) : rc;
}

/* Results count as they come: a small document may have a large one. */
static int
apply_quota(const platen_config_t *config, platen_txn_t *txn, const platen_job_t *job,
            platen_verdict_t *v)
{
    uint64_t used;
    int      rc;

    if (config->client_size == 0 || v->state != PLATEN_STATE_SUCCESS) {
        return PLATEN_OK;
    }
    rc = platen_store_usage(txn, job->client, &used);
    if (rc == PLATEN_OK
        && (used > config->client_size || v->output_size > config->client_size - used)) {
        platen_finish_over_quota(config, v);
    }
    return rc;
}

/* Each in the open transaction.  PLATEN_NOT_FOUND is for the one alone; else it is aborted. */
static int
write_all(const platen_config_t *config, platen_txn_t *txn, platen_ending_t *const *endings,
          unsigned n)
{
    platen_ending_t *e;
    platen_job_t     job;
    unsigned         i;
    int              rc, written;

    for (i = 0; i < n; i++) {
        e = endings[i];
        e->rc = own(txn, &e->task->id, e->task->epoch, &e->verdict, &job, &written);
        if (e->rc == PLATEN_NOT_FOUND || (e->rc == PLATEN_OK && written)) {
            continue;
        }
        rc = e->rc == PLATEN_OK ? apply_quota(config, txn, &job, &e->verdict) : e->rc;
        if (rc == PLATEN_OK) {
            rc = write_verdict(txn, &job, &e->verdict);
        }
        if (rc != PLATEN_OK) {
            return rc;
        }
    }
    return PLATEN_OK;
}

static int
record(const platen_config_t *config, platen_store_t *store, platen_ending_t *const *endings,
       unsigned n)
{
    platen_txn_t txn;
    int          rc;

    rc = platen_txn_write(store, &txn);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = write_all(config, &txn, endings, n);
    if (rc == PLATEN_OK) {
        platen_crash_point(PLATEN_CRASH_FINISH_RECORDED);
        rc = platen_txn_commit(&txn);
        platen_crash_point(PLATEN_CRASH_FINISH_COMMITTED);
    }
    platen_txn_abort(&txn);
    return rc;
}

/* A result that no record names now. */
static void
tidy(const platen_config_t *config, platen_ending_t *e)
{
    if (e->verdict.published
        && (e->rc == PLATEN_NOT_FOUND
            || (e->rc == PLATEN_OK && e->verdict.state == PLATEN_STATE_FAILED))) {
        platen_finish_unpublish(config, e->task);
        e->verdict.published = 0;
    }
}

void
platen_finish_record(const platen_config_t *config, platen_store_t *store,
                     platen_ending_t *const *endings, unsigned n)
{
    unsigned i;
    int      rc, all;

    all = record(config, store, endings, n);
    for (i = 0; i < n; i++) {
        /* Whichever it was that could not be written: of one that is alone, it is known. */
        rc = all != PLATEN_OK && n > 1 ? record(config, store, &endings[i], 1) : all;
        if (rc != PLATEN_OK) {
            endings[i]->rc = rc;
        }
        tidy(config, endings[i]);
    }
}
