/* Model test of platen_store: thousands of random operations, every index checked after each.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store_model.h"

#define BATCHES 2500

static model_t saved;
static char    keys[4 * BATCHES][PLATEN_SHA256_LEN]; /* Idempotency-Keys, each used once */
static int     nkeys;

/* What entering a state does, said once more and in another way than the store's. */
static void
model_enter(platen_job_t *job, const platen_job_t *given, platen_state_t to)
{
    int final = to == PLATEN_STATE_SUCCESS || to == PLATEN_STATE_PARTIAL_SUCCESS
                || to == PLATEN_STATE_FAILED || to == PLATEN_STATE_CANCELLED;

    if (job->state == PLATEN_STATE_NONE) {
        job->created_at = model.now;
    }
    job->updated_at = model.now;
    job->queue_key = to == PLATEN_STATE_PENDING ? given->queue_key : 0;
    if (to != PLATEN_STATE_PENDING) {
        job->not_before = 0;
    }
    if (job->state >= PLATEN_STATE_SUCCESS && to == PLATEN_STATE_PENDING) {
        job->attempts = job->crashes = job->lost_attempts = job->host_failures = 0;
        job->output_size = 0;
    }
    job->expires_at = final ? model.now + job->ttl * 1000000 : 0;
    if (final) {
        job->completed_at = model.now;
        job->lease_until = 0;
        job->secrets = (platen_str_t){ NULL, 0 };
    }
    if (to == PLATEN_STATE_PROCESSING) {
        job->epoch++;
        job->attempts++;
        job->started_at = model.now;
    }
    if (to == PLATEN_STATE_PENDING) {
        job->started_at = job->completed_at = job->lease_until = 0;
        job->owner = job->error = job->error_code = (platen_str_t){ NULL, 0 };
        job->warnings = job->output_format = (platen_str_t){ NULL, 0 };
        job->cached = 0;
    }
    job->state = (uint8_t) to;
}

/* Tries a transition of `job` (in the model, or about to be) as a caller would. */
static void
transition(platen_txn_t *txn, platen_job_t *job, platen_state_t to, int stale)
{
    platen_job_t given = *job;
    int          rc, expected = PLATEN_OK;

    if (job->state != PLATEN_STATE_NONE) {
        assert_int_equal(platen_store_get(txn, &job->id, &given), PLATEN_OK);
        assert_record(&given, job);
    }
    if (to == PLATEN_STATE_PROCESSING) {
        given.owner = job->owner = PLATEN_STR("boot/17");
        given.lease_until = job->lease_until = 1 + chance(1000000);
    } else if (to == PLATEN_STATE_FAILED) {
        given.error_code = job->error_code = PLATEN_STR("timeout");
        given.error = job->error = (platen_str_t){ filler, chance(sizeof(filler)) };
    } else if (to == PLATEN_STATE_SUCCESS) {
        given.output_size = job->output_size = chance((uint64_t) 1 << 40);
        given.output_format = job->output_format = PLATEN_STR("zip");
    } else if (to == PLATEN_STATE_PARTIAL_SUCCESS) {
        given.warnings = job->warnings = PLATEN_STR("A page is empty.");
        given.cached = job->cached = (uint8_t) chance(2);
    } else if (to == PLATEN_STATE_PENDING && chance(4) == 0) {
        given.not_before = job->not_before = 1 + chance(1000);
        given.host_failures = job->host_failures = 1;
    } else if (to == PLATEN_STATE_PENDING) {
        given.not_before = job->not_before = 0;
    }
    given.epoch += (uint32_t) stale;

    if (!platen_state_allows((platen_state_t) job->state, to)) {
        expected = PLATEN_INVALID_TRANSITION;
    } else if (stale != 0 && job->state != PLATEN_STATE_NONE) {
        expected = PLATEN_STALE;
    }

    rc = platen_store_transition(txn, &given, to, model.now);
    assert_int_equal(rc, expected);
    if (rc != PLATEN_OK) {
        return;
    }
    if (to == PLATEN_STATE_PENDING) {
        assert_int_equal(given.queue_key,
                         given.not_before != 0 ? 0 : model_last_place(job) + 1);
    }
    model_enter(job, &given, to);
    model_event(job, (uint8_t) to);
    model_hook(job, (uint8_t) to);
    job->change_seq = model.seq;
    assert_int_equal(given.change_seq, model.seq);
    assert_int_equal(given.epoch, job->epoch);
    assert_int_equal(given.state, job->state);
    assert_int_equal(given.expires_at, job->expires_at);
    assert_int_equal(given.updated_at, job->updated_at);
}

static void
submit(platen_txn_t *txn)
{
    platen_job_t *job;
    size_t        i;

    if (model.njobs == JOBS) {
        return;
    }
    job = &model.jobs[model.njobs];
    memset(job, 0, sizeof(*job));
    for (i = 0; i < 16; i++) {
        job->id.b[i] = (uint8_t) chance(256);
    }
    job->client = platen_str(clients[chance(CLIENTS)]);
    job->ttl = chance(30);
    job->input_size = chance((uint64_t) 1 << 40);
    job->priority = (uint8_t) chance(PLATEN_PRIORITIES);
    if (chance(3) == 0) {
        assert_true(nkeys < 4 * BATCHES);
        for (i = 0; i < sizeof(keys[0]); i++) {
            keys[nkeys][i] = (char) chance(256);
        }
        job->idem_key = (platen_str_t){ keys[nkeys++], sizeof(keys[0]) };
    }
    job->source_format = PLATEN_STR("docx");
    job->target_format = PLATEN_STR("pdf");
    job->input_filename = (platen_str_t){ filler, chance(256) };
    if (chance(3) == 0) {
        job->options = PLATEN_STR("pages=1-3\n");
        job->secrets = PLATEN_STR("\1 sealed already: it is kept as it is");
    }
    if (chance(3) == 0) {
        job->webhook_url = PLATEN_STR("https://example.com/hook");
    }
    transition(txn, job, chance(5) == 0 ? PLATEN_STATE_INITIATED : PLATEN_STATE_PENDING, 0);
    model.njobs++;
}

static void
change(platen_txn_t *txn)
{
    platen_job_t  *job, copy;
    platen_state_t to;
    platen_id_t    id;
    int            tries = 20, stale = 0;

    if (model.njobs == 0) {
        return;
    }
    job = &model.jobs[chance((uint64_t) model.njobs)];
    to = (platen_state_t) chance(PLATEN_STATES);
    while (!platen_state_allows((platen_state_t) job->state, to) && tries-- > 0) {
        to = (platen_state_t) chance(PLATEN_STATES);
    }
    if (to == PLATEN_STATE_PROCESSING && chance(3) != 0) {
        platen_queue_cursor_t at = { .turn_len = 0 };

        if (platen_store_queue_next(txn, &at, 0, &id) == PLATEN_OK) {
            job = model_find(id.b);
            assert_non_null(job);
        }
    }
    if (chance(8) == 0) {
        to = (platen_state_t) chance(PLATEN_STATES + 2); /* also edges that are none */
    }
    if (chance(8) == 0) {
        stale = chance(2) == 0 ? 1 : -1;
    }

    /* A refused one leaves no trace in the model. */
    copy = *job;
    transition(txn, &copy, to, stale);
    if (copy.change_seq != job->change_seq) {
        *job = copy;
    }
}

static void
remove_one(platen_txn_t *txn, platen_job_t *job)
{
    platen_str_t owner = job->client, other;
    platen_id_t  id = job->id;
    platen_job_t removed;
    uint8_t      state;

    other = platen_str(clients[(client_of(owner) + 1) % CLIENTS]);
    assert_int_equal(platen_store_remove(txn, &id, &other, model.now, NULL), PLATEN_NOT_FOUND);
    other.len = 0;
    assert_int_equal(platen_store_remove(txn, &id, &other, model.now, NULL), PLATEN_NOT_FOUND);

    assert_int_equal(
        platen_store_remove(txn, &id, chance(2) == 0 ? &owner : NULL, model.now, &removed),
        PLATEN_OK);
    assert_memory_equal(removed.id.b, id.b, 16);
    assert_int_equal(removed.state, job->state);
    assert_int_equal(removed.epoch, job->epoch);
    assert_int_equal(removed.input_size, job->input_size);
    assert_null(removed.client.data);
    assert_null(removed.error.data);
    assert_int_equal(platen_store_remove(txn, &id, NULL, model.now, NULL), PLATEN_NOT_FOUND);
    assert_int_equal(platen_store_get(txn, &id, &removed), PLATEN_NOT_FOUND);

    state = job->state < PLATEN_STATE_SUCCESS ? PLATEN_STATE_CANCELLED : PLATEN_STATE_NONE;
    model_event(job, state);
    model_hook(job, state);
    *job = model.jobs[--model.njobs];
}

static void
touch(platen_txn_t *txn)
{
    platen_job_t *job;
    uint32_t      epoch;
    uint64_t      until = 1 + chance(UINT64_MAX);

    if (model.njobs == 0) {
        return;
    }
    job = &model.jobs[chance((uint64_t) model.njobs)];
    epoch = job->epoch + (chance(4) == 0 ? 1 : 0);
    if (job->state == PLATEN_STATE_PROCESSING && epoch == job->epoch) {
        assert_int_equal(platen_store_touch(txn, &job->id, epoch, until), PLATEN_OK);
        job->lease_until = until;
    } else {
        assert_int_equal(platen_store_touch(txn, &job->id, epoch, until), PLATEN_STALE);
    }
}

/* The time of some that wait has come: in order of their times, into their queues. */
static void
release(platen_txn_t *txn)
{
    platen_job_t *job;
    uint64_t      now = chance(1200), due;
    int           max = (int) chance(6), n = 0;

    for (;;) {
        int i, first = -1;

        for (i = 0; i < model.njobs; i++) {
            job = &model.jobs[i];
            if (job->not_before != 0
                && (first < 0 || job->not_before < model.jobs[first].not_before
                    || (job->not_before == model.jobs[first].not_before
                        && memcmp(job->id.b, model.jobs[first].id.b, 16) < 0))) {
                first = i;
            }
        }
        if (n == 0) {
            assert_int_equal(platen_store_next_due(txn, &due), PLATEN_OK);
            assert_int_equal(due, first < 0 ? 0 : model.jobs[first].not_before);
        }
        if (n == max || first < 0 || model.jobs[first].not_before > now) {
            break;
        }
        job = &model.jobs[first];
        job->queue_key = model_last_place(job) + 1;
        job->not_before = 0;
        n++;
    }
    assert_int_equal(platen_store_release(txn, now, max), n);
}

/* A key finds its job, for its own client only. */
static void
look_up(platen_txn_t *txn)
{
    platen_job_t *job, found;
    int           c;

    if (model.njobs == 0) {
        return;
    }
    job = &model.jobs[chance((uint64_t) model.njobs)];
    if (job->idem_key.len == 0) {
        return;
    }
    for (c = 0; c < CLIENTS; c++) {
        if (c == client_of(job->client)) {
            assert_int_equal(platen_store_idempotent(txn, job->client, job->idem_key, &found),
                             PLATEN_OK);
            assert_memory_equal(found.id.b, job->id.b, 16);
        } else {
            assert_int_equal(
                platen_store_idempotent(txn, platen_str(clients[c]), job->idem_key, &found),
                PLATEN_NOT_FOUND);
        }
    }
}

static void
trim(platen_txn_t *txn)
{
    uint64_t before = model.now - chance(3000000) + 1;
    int      max = (int) chance(EVENTS), n = 0;

    if (model.nevents > EVENTS - 50) {
        before = UINT64_MAX;
        max = EVENTS;
    }
    while (n < max && n < model.nevents - 1 && model.events[n].time < before) {
        n++;
    }
    assert_int_equal(platen_store_trim_events(txn, before, UINT64_MAX, max), n);
    model.nevents -= n;
    memmove(model.events, model.events + n, (size_t) model.nevents * sizeof(model.events[0]));
}

/* The delivery that is due first is tried. */
static void
deliver(platen_txn_t *txn)
{
    platen_hook_at_t     at = { .len = 0 };
    platen_hook_result_t result = { .status = 200, .failure = PLATEN_STR("a failure") };
    platen_hook_t        hook;
    uint64_t             next;
    int                  i, first = -1;

    for (i = 0; i < model.nhooks; i++) {
        if (model.hooks[i].due != 0
            && (first < 0 || model.hooks[i].due < model.hooks[first].due
                || (model.hooks[i].due == model.hooks[first].due
                    && memcmp(model.hooks[i].id.b, model.hooks[first].id.b, 16) < 0))) {
            first = i;
        }
    }
    assert_int_equal(platen_store_hook_next(txn, &next), PLATEN_OK);
    assert_int_equal(next, first < 0 ? 0 : model.hooks[first].due);
    if (first < 0) {
        assert_int_equal(platen_store_hook_due(txn, UINT64_MAX, &at, &hook), PLATEN_NOT_FOUND);
        return;
    }
    assert_int_equal(platen_store_hook_due(txn, next - 1, &at, &hook), PLATEN_NOT_FOUND);
    assert_int_equal(platen_store_hook_due(txn, next, &at, &hook), PLATEN_OK);
    assert_int_equal(hook.seq, model.hooks[first].seq);

    result.id = hook.id;
    result.seq = hook.seq;
    result.kind = (platen_hook_kind_t) chance(PLATEN_HOOK_KINDS);
    result.due = model.now + 1 + chance(1000000);
    assert_int_equal(platen_store_hook_end(txn, &result, model.now), PLATEN_OK);
    model.hooks[first].tries++;
    model.hooks[first].kind = result.kind;
    model.hooks[first].due = result.kind == PLATEN_HOOK_PENDING ? result.due : 0;
    if (result.kind != PLATEN_HOOK_PENDING) {
        assert_int_equal(platen_store_hook_end(txn, &result, model.now), PLATEN_NOT_FOUND);
        i = model_first_hook(&result.id);
        if (i >= 0) {
            model.hooks[i].due = model.now;
        }
    }
}

/* One that was given up is to be made after all. */
static void
revive(platen_txn_t *txn)
{
    platen_id_t id;
    int         i, first;

    for (i = 0; i < model.nhooks && model.hooks[i].kind != PLATEN_HOOK_DEAD; i++) {
    }
    if (i == model.nhooks) {
        return;
    }
    id = model.hooks[i].id;
    assert_int_equal(platen_store_hook_revive(txn, &id, model.hooks[i].seq + 100000, model.now),
                     PLATEN_NOT_FOUND);
    first = model_first_hook(&id);
    assert_int_equal(platen_store_hook_revive(txn, &id, model.hooks[i].seq, model.now),
                     PLATEN_OK);
    model.hooks[i].kind = PLATEN_HOOK_PENDING;
    model.hooks[i].due = first < 0 ? model.now : 0;
    model.hooks[i].tries = 0;
}

static void
forget(platen_txn_t *txn, platen_hook_kind_t kind)
{
    int i, n = 0;

    assert_true(platen_store_hook_trim(txn, kind, 0, UINT64_MAX, HOOKS) == 0);
    n = platen_store_hook_trim(txn, kind, chance(2) == 0 ? UINT64_MAX : 0, 0, HOOKS);
    assert_true(n >= 0);
    for (i = 0; i < model.nhooks; i++) {
        if (model.hooks[i].kind == kind) {
            model.hooks[i--] = model.hooks[--model.nhooks];
            n--;
        }
    }
    assert_int_equal(n, 0);
}

static void
reap(platen_txn_t *txn)
{
    platen_id_t ids[4];
    int         n, i;

    n = platen_store_expired(txn, model.now, ids, 4);
    assert_true(n >= 0);
    for (i = 0; i < n; i++) {
        remove_one(txn, model_find(ids[i].b));
    }
}

static void
operate(platen_txn_t *txn)
{
    uint64_t what = chance(100);

    model.now += chance(3) == 0 ? 0 : chance(300000);
    if (model.nevents > EVENTS - 50) {
        trim(txn);
    }
    while (model.nhooks > HOOKS - 50) {
        deliver(txn);
        forget(txn, PLATEN_HOOK_DELIVERED);
        forget(txn, PLATEN_HOOK_DEAD);
    }
    if (chance(3) == 0) {
        deliver(txn);
    }
    if (chance(12) == 0) {
        revive(txn);
    }
    if (what < 24) {
        submit(txn);
    } else if (what < 76) {
        change(txn);
    } else if (what < 84 && model.njobs > 0) {
        remove_one(txn, &model.jobs[chance((uint64_t) model.njobs)]);
    } else if (what < 88) {
        touch(txn);
    } else if (what < 90) {
        release(txn);
        look_up(txn);
    } else if (what < 96) {
        reap(txn);
    } else {
        trim(txn);
    }
}

static char scratch[SCRATCH_MAX], path[SCRATCH_MAX + 8];

static int
setup(void **state)
{
    (void) state;
    if (scratch_make(scratch) != 0) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/store", scratch);
    return 0;
}

static int
teardown(void **state)
{
    (void) state;
    platen_store_close(&store);
    scratch_remove(scratch);
    return 0;
}

static void
test_model(void **state)
{
    char         err[256];
    platen_txn_t txn;
    int          i, n;

    (void) state;

    memset(filler, 'f', sizeof(filler));
    seed = getenv("PLATEN_TEST_SEED") == NULL ? 0x5eed
                                              : strtoull(getenv("PLATEN_TEST_SEED"), NULL, 0);
    print_message("PLATEN_TEST_SEED=%llu\n", (unsigned long long) seed);
    assert_int_not_equal(seed, 0);
    model.now = platen_now_us();

    assert_int_equal(platen_store_open(&store, path, 64 << 20, err, sizeof(err)), PLATEN_OK);
    check_all();

    for (i = 0; i < BATCHES; i++) {
        saved = model;
        assert_int_equal(platen_txn_write(store, &txn), PLATEN_OK);
        for (n = 1 + (int) chance(3); n > 0; n--) {
            operate(&txn);
            check_databases(&txn);
        }
        if (chance(7) == 0) {
            platen_txn_abort(&txn);
            model = saved;
        } else {
            assert_int_equal(platen_txn_commit(&txn), PLATEN_OK);
        }
        check_all();

        if (i % 500 == 499) {
            platen_store_close(&store);
            assert_int_equal(platen_store_open(&store, path, 64 << 20, err, sizeof(err)),
                             PLATEN_OK);
            check_all();
        }
    }

    /* The random walk has been somewhere. */
    assert_true(model.seq > BATCHES / 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_model, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
