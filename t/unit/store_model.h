/*
 * What a store should hold, and the comparison with what it does hold: the
 * records with the model's, every index with the records, read without the
 * store's own code; then what its public functions answer.  Included by one
 * test program, after cmocka.h; each check fails the running test.
 */

#ifndef PLATEN_TEST_STORE_MODEL_H
#define PLATEN_TEST_STORE_MODEL_H

#include "storeadmin/check.h"
#include "store/hook.h"
#include "scratch.h"

#define CLIENTS 3
#define JOBS 60    /* records at most */
#define EVENTS 400 /* before they are trimmed */
#define HOOKS 400  /* deliveries, before they are forgotten */
#define ROWS (JOBS + EVENTS)

/* One is the beginning of another, one is as long as may be. */
static const char *const clients[CLIENTS] = {
    "acme", "acme-2", "0123456789012345678901234567890123456789012345678901234567890123"
};

static char filler[3000]; /* strings of any length for records */

/* What the store should hold: records whose strings are ours, and the outbox. */
typedef struct {
    platen_job_t jobs[JOBS];
    int          njobs;
    struct {
        uint64_t    seq, time;
        platen_id_t id;
        uint8_t     state;
        int         client;
    } events[EVENTS];
    int nevents;
    struct {
        platen_id_t        id;
        uint64_t           seq, time, due;
        uint32_t           tries;
        uint8_t            state;
        platen_hook_kind_t kind;
    } hooks[HOOKS];
    int      nhooks;
    uint64_t now;
    uint64_t seq;
} model_t;

static model_t         model;
static platen_store_t *store;
static uint64_t        seed;

static uint64_t
chance(uint64_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % n;
}

static int
client_of(platen_str_t name)
{
    int c;

    for (c = 0; c < CLIENTS; c++) {
        if (platen_str_eq(name, platen_str(clients[c]))) {
            return c;
        }
    }
    fail_msg("a client of no test");
    return -1;
}

static platen_job_t *
model_find(const uint8_t *id)
{
    int i;

    for (i = 0; i < model.njobs; i++) {
        if (memcmp(model.jobs[i].id.b, id, 16) == 0) {
            return &model.jobs[i];
        }
    }
    return NULL;
}

static void
model_event(const platen_job_t *job, uint8_t state)
{
    assert_true(model.nevents < EVENTS);
    model.events[model.nevents].seq = ++model.seq;
    model.events[model.nevents].time = model.now;
    model.events[model.nevents].id = job->id;
    model.events[model.nevents].state = state;
    model.events[model.nevents].client = client_of(job->client);
    model.nevents++;
}

/* The first delivery of the job that is to be made; -1: there is none. */
static int
model_first_hook(const platen_id_t *id)
{
    int i, first = -1;

    for (i = 0; i < model.nhooks; i++) {
        if (model.hooks[i].kind == PLATEN_HOOK_PENDING
            && memcmp(model.hooks[i].id.b, id->b, 16) == 0
            && (first < 0 || model.hooks[i].seq < model.hooks[first].seq)) {
            first = i;
        }
    }
    return first;
}

/* What a change makes for those who are told of it; after model_event(). */
static void
model_hook(const platen_job_t *job, uint8_t state)
{
    int n = model.nhooks;

    if (job->webhook_url.len == 0 || state == PLATEN_STATE_INITIATED
        || state == PLATEN_STATE_PENDING) {
        return;
    }
    assert_true(n < HOOKS);
    memset(&model.hooks[n], 0, sizeof(model.hooks[n]));
    model.hooks[n].id = job->id;
    model.hooks[n].seq = model.seq;
    model.hooks[n].time = model.now;
    model.hooks[n].state = state;
    model.hooks[n].due = model_first_hook(&job->id) < 0 ? model.now : 0;
    model.nhooks++;
}

/* The last place in the client's queue of that priority. */
static uint64_t
model_last_place(const platen_job_t *of)
{
    uint64_t last = 0;
    int      i;

    for (i = 0; i < model.njobs; i++) {
        if (platen_str_eq(model.jobs[i].client, of->client)
            && model.jobs[i].priority == of->priority && model.jobs[i].queue_key > last) {
            last = model.jobs[i].queue_key;
        }
    }
    return last;
}

/* 0 goes first. */
static uint8_t
band_of(const platen_job_t *job)
{
    return job->priority == PLATEN_PRIORITY_HIGH  ? 0
           : job->priority == PLATEN_PRIORITY_LOW ? 2
                                                  : 1;
}

/* --- what the databases hold ------------------------------------------- */

typedef struct {
    uint8_t key[128], val[16];
    size_t  klen, vlen;
} row_t;

typedef struct {
    row_t rows[ROWS];
    int   n;
} rows_t;

static void
append(uint8_t *to, size_t *len, const void *p, size_t n)
{
    memcpy(to + *len, p, n);
    *len += n;
}

static void
append_be64(uint8_t *to, size_t *len, uint64_t v)
{
    int i;

    for (i = 56; i >= 0; i -= 8) {
        to[(*len)++] = (uint8_t) (v >> i);
    }
}

static row_t *
add_row(rows_t *rows)
{
    row_t *row;

    assert_true(rows->n < ROWS);
    row = &rows->rows[rows->n++];
    row->klen = row->vlen = 0;
    return row;
}

static int
compare_rows(const void *a, const void *b)
{
    const row_t *x = a, *y = b;
    int          d;

    d = memcmp(x->key, y->key, x->klen < y->klen ? x->klen : y->klen);
    return d != 0 ? d : (x->klen > y->klen) - (x->klen < y->klen);
}

static MDB_cursor *
open_raw(platen_txn_t *txn, const char *db)
{
    MDB_cursor *cursor;
    MDB_dbi     dbi;

    assert_int_equal(mdb_dbi_open(txn->mdb, db, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn->mdb, dbi, &cursor), 0);
    return cursor;
}

/* The database has these rows, in order, and no other. */
static void
check_rows(platen_txn_t *txn, const char *db, rows_t *rows)
{
    MDB_cursor *cursor = open_raw(txn, db);
    MDB_val     key, val;
    int         i;

    qsort(rows->rows, (size_t) rows->n, sizeof(rows->rows[0]), compare_rows);
    for (i = 0; mdb_cursor_get(cursor, &key, &val, MDB_NEXT) == 0; i++) {
        if (i >= rows->n || key.mv_size != rows->rows[i].klen
            || val.mv_size != rows->rows[i].vlen
            || memcmp(key.mv_data, rows->rows[i].key, key.mv_size) != 0
            || (val.mv_size != 0 && memcmp(val.mv_data, rows->rows[i].val, val.mv_size) != 0)) {
            fail_msg("%s: row %d of %d is another", db, i, rows->n);
        }
    }
    if (i != rows->n) {
        fail_msg("%s: %d rows, expected %d", db, i, rows->n);
    }
    mdb_cursor_close(cursor);
}

static void
assert_record(const platen_job_t *a, const platen_job_t *b)
{
    uint8_t bytes[2][PLATEN_RECORD_MAX];
    size_t  len = platen_codec_size(platen_job_fields, platen_job_nfields, a);

    assert_true(len <= PLATEN_RECORD_MAX);
    assert_int_equal(len, platen_codec_size(platen_job_fields, platen_job_nfields, b));
    platen_codec_encode(platen_job_fields, platen_job_nfields, a, bytes[0]);
    platen_codec_encode(platen_job_fields, platen_job_nfields, b, bytes[1]);
    assert_memory_equal(bytes[0], bytes[1], len);
}

/* Who has a job in the queue takes turns, and nobody else; "turn" and "flow" agree. */
static void
check_turns(platen_txn_t *txn, const rows_t *queue)
{
    MDB_cursor *turns = open_raw(txn, "turn");
    MDB_val     key, val, client, time;
    MDB_dbi     flow;
    int         waits[CLIENTS] = { 0 }, i, n = 0, expected = 0;

    for (i = 0; i < queue->n; i++) {
        waits[client_of((platen_str_t){ (const char *) queue->rows[i].key + 1,
                                        queue->rows[i].key[0] })] = 1;
    }
    assert_int_equal(mdb_dbi_open(txn->mdb, "flow", 0, &flow), 0);
    for (; mdb_cursor_get(turns, &key, &val, MDB_NEXT) == 0; n++) {
        client = (MDB_val){ key.mv_size - 8, (uint8_t *) key.mv_data + 8 };
        assert_int_equal(mdb_get(txn->mdb, flow, &client, &time), 0);
        assert_int_equal(time.mv_size, 8);
        assert_memory_equal(time.mv_data, key.mv_data, 8);
        assert_true(waits[client_of(
            (platen_str_t){ (char *) client.mv_data + 1, client.mv_size - 1 })]);
    }
    for (i = 0; i < CLIENTS; i++) {
        expected += waits[i];
    }
    assert_int_equal(n, expected);
    mdb_cursor_close(turns);
}

/* The records are the model's; all indexes are what the records say. */
static void
check_databases(platen_txn_t *txn)
{
    static rows_t queue, later, by_client, by_state, count, expiry, running, idem, usage;
    MDB_cursor   *cursor = open_raw(txn, "jobs");
    MDB_val       key, val;
    platen_job_t  job, *expected;
    uint64_t      counts[CLIENTS][PLATEN_STATES] = { { 0 } }, used[CLIENTS] = { 0 };
    uint8_t       octet;
    row_t        *row;
    int           n, c, s;

    queue.n = by_client.n = by_state.n = count.n = expiry.n = running.n = 0;
    later.n = idem.n = usage.n = 0;

    for (n = 0; mdb_cursor_get(cursor, &key, &val, MDB_NEXT) == 0; n++) {
        assert_int_equal(key.mv_size, 16);
        assert_int_equal(platen_codec_decode(platen_job_fields, platen_job_nfields, &job,
                                             val.mv_data, val.mv_size),
                         PLATEN_OK);
        memcpy(job.id.b, key.mv_data, 16);
        expected = model_find(key.mv_data);
        assert_non_null(expected);
        assert_record(&job, expected);
        counts[client_of(job.client)][job.state]++;
        used[client_of(job.client)] +=
            job.input_size
            + (job.state == PLATEN_STATE_SUCCESS || job.state == PLATEN_STATE_PARTIAL_SUCCESS
                   ? job.output_size
                   : 0);

        octet = (uint8_t) job.client.len;
        row = add_row(&by_client);
        append(row->key, &row->klen, &octet, 1);
        append(row->key, &row->klen, job.client.data, job.client.len);
        append(row->key, &row->klen, job.id.b, 16);
        row = add_row(&by_state);
        append(row->key, &row->klen, &octet, 1);
        append(row->key, &row->klen, job.client.data, job.client.len);
        append(row->key, &row->klen, &job.state, 1);
        append(row->key, &row->klen, job.id.b, 16);
        if (job.idem_key.len != 0) {
            row = add_row(&idem);
            append(row->key, &row->klen, &octet, 1);
            append(row->key, &row->klen, job.client.data, job.client.len);
            append(row->key, &row->klen, job.idem_key.data, job.idem_key.len);
            append(row->val, &row->vlen, job.id.b, 16);
        }
        if (job.state == PLATEN_STATE_PENDING && job.not_before != 0) {
            assert_int_equal(job.queue_key, 0);
            row = add_row(&later);
            append_be64(row->key, &row->klen, job.not_before);
            append(row->key, &row->klen, job.id.b, 16);
        } else if (job.state == PLATEN_STATE_PENDING) {
            row = add_row(&queue);
            append(row->key, &row->klen, &octet, 1);
            append(row->key, &row->klen, job.client.data, job.client.len);
            octet = band_of(&job);
            append(row->key, &row->klen, &octet, 1);
            append_be64(row->key, &row->klen, job.queue_key);
            append(row->val, &row->vlen, job.id.b, 16);
        } else {
            assert_int_equal(job.queue_key, 0);
            assert_int_equal(job.not_before, 0);
        }
        if (job.state == PLATEN_STATE_PROCESSING) {
            row = add_row(&running);
            append(row->key, &row->klen, job.id.b, 16);
        }
        if (platen_state_final((platen_state_t) job.state)) {
            assert_int_equal(job.expires_at, job.completed_at + job.ttl * 1000000);
            row = add_row(&expiry);
            append_be64(row->key, &row->klen, job.expires_at);
            append(row->key, &row->klen, job.id.b, 16);
        } else {
            assert_int_equal(job.expires_at, 0);
        }
    }
    mdb_cursor_close(cursor);
    assert_int_equal(n, model.njobs);

    for (c = 0; c < CLIENTS; c++) {
        for (s = 0; s < PLATEN_STATES; s++) {
            if (counts[c][s] != 0) {
                octet = (uint8_t) strlen(clients[c]);
                row = add_row(&count);
                append(row->key, &row->klen, &octet, 1);
                append(row->key, &row->klen, clients[c], octet);
                octet = (uint8_t) s;
                append(row->key, &row->klen, &octet, 1);
                append_be64(row->val, &row->vlen, counts[c][s]);
            }
        }
    }

    for (c = 0; c < CLIENTS; c++) {
        if (used[c] != 0) {
            octet = (uint8_t) strlen(clients[c]);
            row = add_row(&usage);
            append(row->key, &row->klen, &octet, 1);
            append(row->key, &row->klen, clients[c], octet);
            append_be64(row->val, &row->vlen, used[c]);
        }
    }

    check_turns(txn, &queue);
    check_rows(txn, "queue", &queue);
    check_rows(txn, "later", &later);
    check_rows(txn, "idem", &idem);
    check_rows(txn, "usage", &usage);
    check_rows(txn, "client", &by_client);
    check_rows(txn, "state", &by_state);
    check_rows(txn, "count", &count);
    check_rows(txn, "expiry", &expiry);
    check_rows(txn, "running", &running);
}

static void
check_outbox(platen_txn_t *txn)
{
    static platen_event_t events[EVENTS + 1];
    uint64_t              after;
    int                   n, i, skip;

    skip = model.nevents == 0 ? 0 : (int) chance((uint64_t) model.nevents + 1);
    after = skip == 0 ? 0 : model.events[skip - 1].seq;
    n = platen_store_events(txn, after, events, EVENTS + 1);
    assert_int_equal(n, model.nevents - skip);
    for (i = 0; i < n; i++) {
        assert_int_equal(events[i].seq, model.events[skip + i].seq);
        assert_int_equal(events[i].time, model.events[skip + i].time);
        assert_int_equal(events[i].state, model.events[skip + i].state);
        assert_int_equal(events[i].id.len, 16);
        assert_memory_equal(events[i].id.data, model.events[skip + i].id.b, 16);
        assert_int_equal(client_of(events[i].client), model.events[skip + i].client);
        assert_true(i == 0 || events[i].seq == events[i - 1].seq + 1);
    }
}

/* Each delivery is where it belongs, and as it was made. */
static void
check_hooks(platen_txn_t *txn)
{
    platen_hook_at_t at;
    platen_hook_t    hook;
    platen_job_t     job;
    uint64_t         counts[PLATEN_HOOK_KINDS];
    int              kind, i, n, rc, due = 0, expected = 0;

    assert_int_equal(platen_store_hook_count(txn, counts), PLATEN_OK);
    for (kind = 0; kind < PLATEN_HOOK_KINDS; kind++) {
        memset(&at, 0, sizeof(at));
        for (n = 0; (rc = platen_store_hook_list(txn, (platen_hook_kind_t) kind, &at, &hook))
                    == PLATEN_OK;
             n++) {
            for (i = 0; i < model.nhooks && model.hooks[i].seq != hook.seq; i++) {
            }
            assert_true(i < model.nhooks);
            assert_memory_equal(hook.id.b, model.hooks[i].id.b, 16);
            assert_int_equal(model.hooks[i].kind, kind);
            assert_int_equal(hook.time, model.hooks[i].time);
            assert_int_equal(hook.state, model.hooks[i].state);
            assert_int_equal(hook.due, model.hooks[i].due);
            assert_int_equal(hook.tries, model.hooks[i].tries);
            assert_int_equal(hook.ended_at == 0, kind == PLATEN_HOOK_PENDING);
            assert_int_equal(platen_codec_decode(platen_job_fields, platen_job_nfields, &job,
                                                 (const uint8_t *) hook.job.data, hook.job.len),
                             PLATEN_OK);
            assert_true(job.state == hook.state || hook.state == PLATEN_STATE_NONE);
            assert_int_equal(job.secrets.len + job.owner.len + job.idem_key.len, 0);
            assert_int_not_equal(job.webhook_url.len, 0);
        }
        assert_int_equal(rc, PLATEN_NOT_FOUND);
        assert_int_equal(n, counts[kind]);
        for (i = 0; i < model.nhooks; i++) {
            n -= (int) model.hooks[i].kind == kind;
        }
        assert_int_equal(n, 0);
    }

    /* Of those to be made, one of each job has its turn. */
    for (i = 0; i < model.nhooks; i++) {
        due += model.hooks[i].due != 0;
        expected += model.hooks[i].kind == PLATEN_HOOK_PENDING
                    && model_first_hook(&model.hooks[i].id) == i;
    }
    assert_int_equal(due, expected);
    memset(&at, 0, sizeof(at));
    while (platen_store_hook_due(txn, UINT64_MAX, &at, &hook) == PLATEN_OK) {
        due--;
    }
    assert_int_equal(due, 0);
}

static void
on_damage(void *data, const platen_damage_t *damage)
{
    (void) data;
    fail_msg("%s: damage %d", damage->db, (int) damage->kind);
}

/* --- what the public functions answer ---------------------------------- */

static int
newest_first(const void *a, const void *b)
{
    return -memcmp(a, b, 16);
}

static int
model_list(int client, platen_state_t state, platen_id_t *ids)
{
    int i, n = 0;

    for (i = 0; i < model.njobs; i++) {
        if (client_of(model.jobs[i].client) == client
            && (state == PLATEN_STATE_NONE || model.jobs[i].state == state)) {
            ids[n++] = model.jobs[i].id;
        }
    }
    qsort(ids, (size_t) n, sizeof(ids[0]), newest_first);
    return n;
}

static void
check_lists(platen_txn_t *txn)
{
    platen_id_t   expected[JOBS], ids[JOBS];
    platen_list_t query = { .state = (platen_state_t) chance(PLATEN_STATES) };
    uint64_t      count;
    int           client = (int) chance(CLIENTS), n, i, got, more, page;

    query.client = platen_str(clients[client]);
    n = model_list(client, query.state, expected);
    assert_int_equal(platen_store_count(txn, query.client, query.state, &count), PLATEN_OK);
    assert_int_equal(count, n);

    /* By cursor, page after page. */
    page = 1 + (int) chance(9);
    for (i = 0; i == 0 || i < n; i += got) {
        got = platen_store_list(txn, &query, ids, page, &more);
        assert_int_equal(got, n - i < page ? n - i : page);
        assert_memory_equal(ids, expected + i, (size_t) got * sizeof(ids[0]));
        assert_int_equal(more, i + got < n);
        query.before = &expected[i + got - (got > 0)];
        if (got == 0) {
            break;
        }
    }

    /* By offset, also beyond the end. */
    query.before = NULL;
    query.offset = chance((uint64_t) n + 3);
    got = platen_store_list(txn, &query, ids, page, &more);
    i = (int) query.offset < n ? n - (int) query.offset : 0;
    assert_int_equal(got, i < page ? i : page);
    assert_int_equal(more, i > page);
    assert_memory_equal(ids, expected + query.offset, (size_t) got * sizeof(ids[0]));
}

static void
check_queue(platen_txn_t *txn)
{
    platen_queue_cursor_t at = { .turn_len = 0 };
    platen_id_t           id;
    platen_job_t         *job, *last[CLIENTS] = { NULL };
    uint64_t              length, position, running[CLIENTS] = { 0 };
    int                   i, c, pending = 0, due = 0, seen = 0, within = 0;

    for (i = 0; i < model.njobs; i++) {
        pending += model.jobs[i].state == PLATEN_STATE_PENDING;
        due += model.jobs[i].queue_key != 0;
        running[client_of(model.jobs[i].client)] +=
            model.jobs[i].state == PLATEN_STATE_PROCESSING;
    }
    assert_int_equal(platen_store_queue_length(txn, &length), PLATEN_OK);
    assert_int_equal(length, pending);

    /* Each that is due comes once, a client's own in their order; no place is out of range. */
    while (platen_store_queue_next(txn, &at, 0, &id) == PLATEN_OK) {
        job = model_find(id.b);
        assert_non_null(job);
        assert_int_not_equal(job->queue_key, 0);
        c = client_of(job->client);
        assert_true(
            last[c] == NULL || band_of(last[c]) < band_of(job)
            || (band_of(last[c]) == band_of(job) && last[c]->queue_key < job->queue_key));
        last[c] = job;
        assert_int_equal(platen_store_queue_position(txn, job, &position), PLATEN_OK);
        assert_true(position >= 1 && position <= (uint64_t) due);
        seen++;
    }
    assert_int_equal(seen, due);

    /* Clients that have enough running are passed over. */
    memset(&at, 0, sizeof(at));
    while (platen_store_queue_next(txn, &at, 2, &id) == PLATEN_OK) {
        assert_true(running[client_of(model_find(id.b)->client)] < 2);
        within++;
    }
    for (i = 0; i < model.njobs; i++) {
        within -= model.jobs[i].queue_key != 0 && running[client_of(model.jobs[i].client)] < 2;
    }
    assert_int_equal(within, 0);
}

static void
check_sets(platen_txn_t *txn)
{
    platen_id_t   ids[JOBS + 1];
    platen_job_t *job;
    uint64_t      last = 0, now = model.now + chance(20000000);
    int           i, n, running = 0, expired = 0;

    for (i = 0; i < model.njobs; i++) {
        running += model.jobs[i].state == PLATEN_STATE_PROCESSING;
        expired += model.jobs[i].expires_at != 0 && model.jobs[i].expires_at <= now;
    }

    n = platen_store_running(txn, NULL, ids, JOBS + 1);
    assert_int_equal(n, running);
    for (i = 0; i < n; i++) {
        assert_int_equal(model_find(ids[i].b)->state, PLATEN_STATE_PROCESSING);
        assert_true(i == 0 || memcmp(ids[i - 1].b, ids[i].b, 16) < 0);
    }
    if (n > 1) {
        i = (int) chance((uint64_t) n);
        assert_int_equal(platen_store_running(txn, &ids[i], ids, JOBS + 1), n - i - 1);
    }

    n = platen_store_expired(txn, now, ids, JOBS + 1);
    assert_int_equal(n, expired);
    for (i = 0; i < n; i++) {
        job = model_find(ids[i].b);
        assert_true(job->expires_at >= last && job->expires_at <= now);
        last = job->expires_at;
    }
}

static void
check_all(void)
{
    platen_txn_t txn;

    assert_int_equal(platen_txn_read(store, &txn), PLATEN_OK);
    check_databases(&txn);
    check_outbox(&txn);
    check_hooks(&txn);
    if (chance(16) == 0) {
        platen_check_t check = { .found = on_damage };

        while (platen_store_check(&txn, &check, 1000) == 1) {
        }
    }
    check_lists(&txn);
    check_queue(&txn);
    check_sets(&txn);
    platen_txn_abort(&txn);
}

#endif
