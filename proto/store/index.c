/*
 * Indexes and counters; see store/index.h.  Runs inside the caller's write transaction, so
 * a failure half-way is undone by its abort.
 */

#include "store/index.h"
#include "store/read.h"

const platen_db_t platen_dbs[PLATEN_DBS] = {
    { PLATEN_DB_META, "meta", 0, 0 },         { PLATEN_DB_OUTBOX, "outbox", 0, 0 },
    { PLATEN_DB_JOBS, "jobs", 0, 0 },         { PLATEN_DB_CLIENT, "client", 1, 16 },
    { PLATEN_DB_STATE, "state", 1, 16 },      { PLATEN_DB_QUEUE, "queue", 1, 0 },
    { PLATEN_DB_LATER, "later", 1, 16 },      { PLATEN_DB_RUNNING, "running", 1, 16 },
    { PLATEN_DB_EXPIRY, "expiry", 1, 16 },    { PLATEN_DB_IDEM, "idem", 1, 0 },
    { PLATEN_DB_CACHE, "cache", 1, 0 },       { PLATEN_DB_TURN, "turn", 1, 0 },
    { PLATEN_DB_FLOW, "flow", 1, 0 },         { PLATEN_DB_FILES, "files", 0, 0 },
    { PLATEN_DB_BACKLOG, "backlog", 1, 16 },  { PLATEN_DB_TOMBSTONES, "remains", 0, 16 },
    { PLATEN_DB_COUNT, "count", 1, 0 },       { PLATEN_DB_USAGE, "usage", 1, 0 },
    { PLATEN_DB_UPLOADS, "uploads", 0, 16 },  { PLATEN_DB_HOOK, "hook", 0, 0 },
    { PLATEN_DB_HOOK_DUE, "hook_due", 0, 0 }, { PLATEN_DB_HOOK_DEAD, "hook_dead", 0, 0 },
    { PLATEN_DB_HOOK_LOG, "hook_log", 0, 0 },
};

int
platen_store_sound(const platen_job_t *job)
{
    return job->client.len != 0 && job->client.len <= PLATEN_CLIENT_MAX
           && job->state > PLATEN_STATE_NONE && job->state < PLATEN_STATES
           && job->priority < PLATEN_PRIORITIES;
}

/* A thumbnail's document is another job's result, which counts there. */
uint64_t
platen_store_bytes(const platen_job_t *job)
{
    return (platen_job_is_thumbnail(job) ? 0 : job->input_size)
           + (platen_state_has_result((platen_state_t) job->state) ? job->output_size : 0);
}

/* A batch in no one's hand takes nothing of what its client may have running. */
uint8_t
platen_index_count(const platen_job_t *job)
{
    if (platen_job_is_file(job)) {
        return (uint8_t) (job->state + PLATEN_COUNT_FILE);
    }
    return job->state == PLATEN_STATE_PROCESSING && !platen_job_held(job)
               ? PLATEN_STATE_PROCESSING + PLATEN_COUNT_IDLE
               : job->state;
}

void
platen_key_file(uint8_t key[PLATEN_FILE_KEY], const void *batch, uint32_t number)
{
    int i;

    memcpy(key, batch, 16);
    for (i = PLATEN_FILE_KEY - 1; i >= 16; i--) {
        key[i] = (uint8_t) number;
        number >>= 8;
    }
}

int
platen_index_file(const platen_file_t *file, uint8_t *out, size_t max, size_t *size)
{
    *size = platen_codec_write(platen_file_fields, platen_file_nfields, file, out, max);
    return *size == 0 ? PLATEN_INVALID : PLATEN_OK;
}

/* The next entry, whose key begins with `len` bytes of `key`. */
static platen_entry_t *
add(platen_index_t *out, int db, const void *key, size_t len)
{
    platen_entry_t *e = &out->entries[out->n++];

    e->db = db;
    memcpy(e->key, key, len);
    e->klen = len;
    e->vlen = 0;
    return e;
}

static void
append(platen_entry_t *e, const void *bytes, size_t len)
{
    memcpy(e->key + e->klen, bytes, len);
    e->klen += len;
}

/* One whose key is a time, and the id. */
static void
add_time(platen_index_t *out, int db, uint64_t time, const platen_id_t *id)
{
    uint8_t be[8];

    platen_put_be64(be, time);
    append(add(out, db, be, sizeof(be)), id->b, sizeof(id->b));
}

static void
set_id(platen_entry_t *e, const platen_id_t *id)
{
    memcpy(e->val, id->b, sizeof(id->b));
    e->vlen = sizeof(id->b);
}

/* The entry of its batch's archive that a file is. */
static int
add_file(platen_index_t *out, const platen_job_t *job)
{
    platen_file_t   file = { .id = { (const char *) job->id.b, sizeof(job->id.b) } };
    platen_entry_t *e;
    uint8_t         k[PLATEN_FILE_KEY];

    platen_key_file(k, job->parent.data, job->file);
    e = add(out, PLATEN_DB_FILES, k, sizeof(k));
    return platen_index_file(&file, e->val, sizeof(e->val), &e->vlen);
}

int
platen_index_of(const platen_job_t *job, platen_index_t *out)
{
    platen_entry_t *e;
    int             rc = PLATEN_OK;

    if (job->client.len > PLATEN_CLIENT_MAX
        || (platen_job_waits(job) && job->priority >= PLATEN_PRIORITIES)) {
        return PLATEN_CORRUPT;
    }
    out->n = 0;
    out->prefix = platen_key_client(out->client, job->client);
    out->count = platen_index_count(job);
    out->bytes = platen_store_bytes(job);

    if (!platen_job_is_file(job)) {
        append(add(out, PLATEN_DB_CLIENT, out->client, out->prefix), job->id.b, 16);
        e = add(out, PLATEN_DB_STATE, out->client, out->prefix);
        append(e, &job->state, 1);
        append(e, job->id.b, 16);
    } else {
        rc = add_file(out, job);
        if (job->state == PLATEN_STATE_PENDING) {
            (void) add(out, PLATEN_DB_BACKLOG, job->id.b, 16);
        }
    }
    if (job->idem_key.len == PLATEN_SHA256_LEN) {
        e = add(out, PLATEN_DB_IDEM, out->client, out->prefix);
        append(e, job->idem_key.data, job->idem_key.len);
        set_id(e, &job->id);
    }
    if (platen_job_held(job)) {
        (void) add(out, PLATEN_DB_RUNNING, job->id.b, 16);
    }
    if (platen_job_waits(job) && job->not_before == 0) {
        e = add(out, PLATEN_DB_QUEUE, "", 0);
        e->klen =
            platen_queue_place(e->key, out->client, out->prefix, job->priority, job->queue_key);
        set_id(e, &job->id);
    } else if (platen_job_waits(job)) {
        add_time(out, PLATEN_DB_LATER, job->not_before, &job->id);
    }
    if (job->expires_at != 0) {
        add_time(out, PLATEN_DB_EXPIRY, job->expires_at, &job->id);
    }
    return rc;
}

/* Whether it is among them, with the same value. */
static int
has(const platen_index_t *index, const platen_entry_t *e)
{
    const platen_entry_t *other;
    size_t                i;

    for (i = 0; index != NULL && i < index->n; i++) {
        other = &index->entries[i];
        if (other->db == e->db && other->klen == e->klen && other->vlen == e->vlen
            && memcmp(other->key, e->key, e->klen) == 0
            && memcmp(other->val, e->val, e->vlen) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Adds to a number that is there only while it is not 0. */
static int
add_number(platen_txn_t *txn, int db, const void *k, size_t klen, int64_t delta)
{
    uint8_t  v[8];
    uint64_t number;
    int      rc;

    if (delta == 0) {
        return PLATEN_OK;
    }
    rc = platen_store_number(txn, db, k, klen, &number);
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (delta < 0 && number < (uint64_t) -delta) {
        return PLATEN_CORRUPT;
    }
    number += (uint64_t) delta;
    if (number == 0) {
        return platen_store_del(txn, db, k, klen);
    }
    platen_put_be64(v, number);
    return platen_store_put(txn, db, k, klen, v, sizeof(v), 0);
}

static int
add_count(platen_txn_t *txn, const platen_index_t *index, int delta)
{
    uint8_t k[PLATEN_KEY_MAX];

    memcpy(k, index->client, index->prefix);
    k[index->prefix] = index->count;
    return add_number(txn, PLATEN_DB_COUNT, k, index->prefix + 1, delta);
}

/* What was and is not any more, before what is new: so that a turn may be given up. */
static int
take_out(platen_txn_t *txn, const platen_index_t *from, const platen_index_t *to)
{
    const platen_entry_t *e;
    size_t                i;
    int                   rc = PLATEN_OK;

    for (i = 0; rc == PLATEN_OK && i < from->n; i++) {
        e = &from->entries[i];
        if (has(to, e)) {
            continue;
        }
        rc = platen_store_del(txn, e->db, e->key, e->klen);
        if (rc == PLATEN_OK && e->db == PLATEN_DB_QUEUE) {
            rc = platen_queue_leave(txn, from->client, from->prefix);
        }
    }
    return rc == PLATEN_OK ? add_count(txn, from, -1) : rc;
}

static int
put_in(platen_txn_t *txn, const platen_index_t *from, const platen_index_t *to)
{
    const platen_entry_t *e;
    size_t                i;
    int                   rc = PLATEN_OK;

    for (i = 0; rc == PLATEN_OK && i < to->n; i++) {
        e = &to->entries[i];
        if (has(from, e)) {
            continue;
        }
        rc = platen_store_put(txn, e->db, e->key, e->klen, e->val, e->vlen, 0);
        if (rc == PLATEN_OK && e->db == PLATEN_DB_QUEUE) {
            rc = platen_queue_join(txn, to->client, to->prefix);
        }
    }
    return rc == PLATEN_OK ? add_count(txn, to, 1) : rc;
}

int
platen_index_change(platen_txn_t *txn, const platen_index_t *from, const platen_index_t *to)
{
    const platen_index_t *any = to != NULL ? to : from;
    int                   rc = PLATEN_OK;

    if (from != NULL) {
        rc = take_out(txn, from, to);
    }
    if (rc == PLATEN_OK && to != NULL) {
        rc = put_in(txn, from, to);
    }
    if (rc == PLATEN_OK) {
        rc = add_number(
            txn, PLATEN_DB_USAGE, any->client, any->prefix,
            (int64_t) ((to == NULL ? 0 : to->bytes) - (from == NULL ? 0 : from->bytes)));
    }
    return rc;
}
