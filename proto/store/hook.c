/*
 * Deliveries in the store; see store/hook.h.  All in the caller's
 * transaction: a failure half-way is undone by its abort.  A record is copied
 * before it is changed, as the map changes under it.
 */

#include "store/hook.h"
#include "store/internal.h"

#define KEY_LEN (16 + 8)

#define FIELD(n, t, m)                                                                         \
    {                                                                                          \
        n, PLATEN_FIELD_##t, offsetof(platen_hook_t, m)                                        \
    }

/* In the order of the numbers; a number that has been released is never reused. */
const platen_field_t platen_hook_fields[] = {
    FIELD(1, U64, time),     FIELD(2, U8, state),     FIELD(3, STR, job),
    FIELD(4, U64, due),      FIELD(5, U64, since),    FIELD(6, U32, tries),
    FIELD(7, U32, refusals), FIELD(8, U64, tried_at), FIELD(9, U64, ended_at),
    FIELD(10, U32, status),  FIELD(11, STR, failure),
};
const size_t platen_hook_nfields = sizeof(platen_hook_fields) / sizeof(platen_hook_fields[0]);

static const struct {
    const char *name;
    int         db;
} kinds[PLATEN_HOOK_KINDS] = {
    [PLATEN_HOOK_PENDING] = { "pending", PLATEN_DB_HOOK },
    [PLATEN_HOOK_DELIVERED] = { "delivered", PLATEN_DB_HOOK_LOG },
    [PLATEN_HOOK_DEAD] = { "dead", PLATEN_DB_HOOK_DEAD },
};

const char *
platen_hook_kind_name(platen_hook_kind_t kind)
{
    return (unsigned) kind < PLATEN_HOOK_KINDS ? kinds[kind].name : "unknown";
}

/* KEY_LEN bytes. */
static void
put_key(uint8_t *k, const platen_id_t *id, uint64_t seq)
{
    memcpy(k, id->b, sizeof(id->b));
    platen_put_be64(k + sizeof(id->b), seq);
}

/* PLATEN_HOOK_KEY_MAX bytes. */
static void
put_timed(uint8_t *k, uint64_t time, const platen_id_t *id, uint64_t seq)
{
    platen_put_be64(k, time);
    put_key(k + 8, id, seq);
}

/* The last KEY_LEN bytes of a key. */
static void
get_key(MDB_val key, platen_hook_t *hook)
{
    const uint8_t *p = (const uint8_t *) key.mv_data + key.mv_size - KEY_LEN;

    memcpy(hook->id.b, p, sizeof(hook->id.b));
    hook->seq = platen_get_be64(p + sizeof(hook->id.b));
}

static int
decode(platen_hook_t *hook, const void *bytes, size_t len)
{
    return platen_codec_decode(platen_hook_fields, platen_hook_nfields, hook, bytes, len);
}

/* Reads a delivery into `record`, which its strings point into then. */
static int
load(platen_txn_t *txn, int db, const platen_id_t *id, uint64_t seq,
     uint8_t record[PLATEN_HOOK_RECORD_MAX], platen_hook_t *hook)
{
    uint8_t k[KEY_LEN];
    MDB_val key = { sizeof(k), k }, val;
    int     rc;

    put_key(k, id, seq);
    rc = mdb_get(txn->mdb, txn->store->dbi[db], &key, &val);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    if (val.mv_size > PLATEN_HOOK_RECORD_MAX) {
        return PLATEN_CORRUPT;
    }
    memcpy(record, val.mv_data, val.mv_size);
    hook->id = *id;
    hook->seq = seq;
    return decode(hook, record, val.mv_size);
}

/* Its strings must not be in the map, but for those that this is the first write after. */
static int
save(platen_txn_t *txn, int db, const void *k, size_t klen, const platen_hook_t *hook)
{
    uint8_t record[PLATEN_HOOK_RECORD_MAX];
    size_t  size = platen_codec_write(platen_hook_fields, platen_hook_nfields, hook, record,
                                      sizeof(record));

    return size == 0 ? PLATEN_INVALID : platen_store_put(txn, db, k, klen, record, size, 0);
}

static int
save_pending(platen_txn_t *txn, const platen_hook_t *hook)
{
    uint8_t k[PLATEN_HOOK_KEY_MAX];
    int     rc;

    put_timed(k, hook->due, &hook->id, hook->seq);
    rc = save(txn, PLATEN_DB_HOOK, k + 8, KEY_LEN, hook);
    return rc == PLATEN_OK && hook->due != 0
               ? platen_store_put(txn, PLATEN_DB_HOOK_DUE, k, sizeof(k), "", 0, 0)
               : rc;
}

static int
remove_due(platen_txn_t *txn, const platen_hook_t *hook)
{
    uint8_t k[PLATEN_HOOK_KEY_MAX];

    if (hook->due == 0) {
        return PLATEN_OK;
    }
    put_timed(k, hook->due, &hook->id, hook->seq);
    return platen_store_del(txn, PLATEN_DB_HOOK_DUE, k, sizeof(k));
}

/* The number of the first delivery of the job that is to be made, from `seq` on. */
static int
first_of(platen_txn_t *txn, const platen_id_t *id, uint64_t from, uint64_t *seq)
{
    uint8_t     k[KEY_LEN];
    MDB_val     key = { sizeof(k), k }, val;
    MDB_cursor *cursor;
    int         rc;

    put_key(k, id, from);
    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[PLATEN_DB_HOOK], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    rc = mdb_cursor_get(cursor, &key, &val, MDB_SET_RANGE);
    if (rc == MDB_SUCCESS
        && (key.mv_size != KEY_LEN || memcmp(key.mv_data, id->b, sizeof(id->b)) != 0)) {
        rc = MDB_NOTFOUND;
    }
    if (rc == MDB_SUCCESS) {
        *seq = platen_get_be64((const uint8_t *) key.mv_data + sizeof(id->b));
    }
    mdb_cursor_close(cursor);
    return platen_store_rc(txn, rc);
}

/* Whether there is one to be made: 1 or 0, or a negative code. */
static int
any_of(platen_txn_t *txn, const platen_id_t *id)
{
    uint64_t seq;
    int      rc = first_of(txn, id, 0, &seq);

    return rc == PLATEN_OK ? 1 : rc == PLATEN_NOT_FOUND ? 0 : rc;
}

/* The next one of the job has its turn. */
static int
start_next(platen_txn_t *txn, const platen_id_t *id, uint64_t now)
{
    uint8_t       record[PLATEN_HOOK_RECORD_MAX];
    platen_hook_t hook;
    uint64_t      seq = 0;
    int           rc;

    for (;;) {
        rc = first_of(txn, id, seq, &seq);
        if (rc != PLATEN_OK) {
            return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
        }
        rc = load(txn, PLATEN_DB_HOOK, id, seq, record, &hook);
        if (rc == PLATEN_OK) {
            break;
        }
        if (rc != PLATEN_CORRUPT && rc != PLATEN_TOO_NEW) {
            return rc;
        }
        seq++; /* fsck tells of it */
    }
    rc = remove_due(txn, &hook);
    hook.due = now;
    return rc == PLATEN_OK ? save_pending(txn, &hook) : rc;
}

int
platen_store_tell(platen_txn_t *txn, const platen_id_t *id, const uint8_t *record, size_t size,
                  platen_state_t state, uint64_t seq, uint64_t now)
{
    static const platen_str_t none = { NULL, 0 };
    platen_job_t              job = { .id = *id };
    platen_hook_t hook = { .id = *id, .seq = seq, .time = now, .state = state, .since = now };
    uint8_t       told[PLATEN_RECORD_MAX];
    int           rc;

    if (state == PLATEN_STATE_INITIATED || state == PLATEN_STATE_PENDING) {
        return PLATEN_OK;
    }
    rc = platen_codec_decode(platen_job_fields, platen_job_nfields, &job, record, size);
    if (rc != PLATEN_OK) {
        return rc;
    }

    job.secrets = none;
    job.owner = none;
    job.cache_key = none;
    job.idem_key = none;
    job.idem_print = none;
    hook.job.data = (const char *) told;
    hook.job.len =
        platen_codec_write(platen_job_fields, platen_job_nfields, &job, told, sizeof(told));

    rc = any_of(txn, id);
    if (rc < 0) {
        return rc;
    }
    hook.due = rc ? 0 : now;
    return save_pending(txn, &hook);
}

/* The entry of `db` behind the place, which moves on to it. */
static int
step(platen_txn_t *txn, int db, platen_hook_at_t *at, MDB_val *key, MDB_val *val)
{
    uint8_t     after[PLATEN_HOOK_KEY_MAX + 1];
    MDB_cursor *cursor;
    int         rc;

    /* A zero octet more is the least key after it. */
    memcpy(after, at->key, at->len);
    after[at->len] = 0;
    *key = (MDB_val){ at->len + 1, after };
    rc = mdb_cursor_open(txn->mdb, txn->store->dbi[db], &cursor);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    rc = mdb_cursor_get(cursor, key, val, MDB_SET_RANGE);
    mdb_cursor_close(cursor);
    if (rc == MDB_SUCCESS && (key->mv_size < KEY_LEN || key->mv_size > sizeof(at->key))) {
        rc = MDB_CORRUPTED;
    }
    if (rc == MDB_SUCCESS) {
        at->len = key->mv_size;
        memcpy(at->key, key->mv_data, at->len);
    }
    return platen_store_rc(txn, rc);
}

int
platen_store_hook_due(platen_txn_t *txn, uint64_t now, platen_hook_at_t *at,
                      platen_hook_t *hook)
{
    platen_hook_at_t next = *at;
    MDB_val          key, val, of;
    int              rc;

    rc = step(txn, PLATEN_DB_HOOK_DUE, &next, &key, &val);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_CORRUPT ? PLATEN_ERROR : rc;
    }
    if (platen_get_be64(key.mv_data) > now) {
        return PLATEN_NOT_FOUND;
    }
    *at = next;
    get_key(key, hook);
    of = (MDB_val){ KEY_LEN, (uint8_t *) key.mv_data + key.mv_size - KEY_LEN };
    rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_HOOK], &of, &val);
    if (rc != MDB_SUCCESS) {
        rc = platen_store_rc(txn, rc);
        return rc == PLATEN_NOT_FOUND ? PLATEN_CORRUPT : rc;
    }
    return decode(hook, val.mv_data, val.mv_size) == PLATEN_OK ? PLATEN_OK : PLATEN_CORRUPT;
}

int
platen_store_hook_next(platen_txn_t *txn, uint64_t *time)
{
    platen_hook_at_t at = { .len = 0 };
    MDB_val          key, val;
    int              rc;

    rc = step(txn, PLATEN_DB_HOOK_DUE, &at, &key, &val);
    *time = rc == PLATEN_OK ? platen_get_be64(key.mv_data) : 0;
    return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
}

int
platen_store_hook_list(platen_txn_t *txn, platen_hook_kind_t kind, platen_hook_at_t *at,
                       platen_hook_t *hook)
{
    MDB_val key, val;
    int     rc;

    rc = step(txn, kinds[kind].db, at, &key, &val);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_CORRUPT ? PLATEN_ERROR : rc;
    }
    get_key(key, hook);
    return decode(hook, val.mv_data, val.mv_size) == PLATEN_OK ? PLATEN_OK : PLATEN_CORRUPT;
}

int
platen_store_hook_count(platen_txn_t *txn, uint64_t counts[PLATEN_HOOK_KINDS])
{
    MDB_stat stat;
    int      kind, rc;

    for (kind = 0; kind < PLATEN_HOOK_KINDS; kind++) {
        rc = mdb_stat(txn->mdb, txn->store->dbi[kinds[kind].db], &stat);
        if (rc != MDB_SUCCESS) {
            return platen_store_rc(txn, rc);
        }
        counts[kind] = stat.ms_entries;
    }
    return PLATEN_OK;
}

/* It was made, or is given up. */
static int
finish(platen_txn_t *txn, platen_hook_t *hook, platen_hook_kind_t kind, uint64_t now)
{
    uint8_t k[PLATEN_HOOK_KEY_MAX];
    int     rc;

    hook->ended_at = now;
    hook->due = 0;
    put_timed(k, now, &hook->id, hook->seq);
    rc = platen_store_del(txn, PLATEN_DB_HOOK, k + 8, KEY_LEN);
    if (rc != PLATEN_OK) {
        return rc;
    }
    return kind == PLATEN_HOOK_DEAD ? save(txn, PLATEN_DB_HOOK_DEAD, k + 8, KEY_LEN, hook)
                                    : save(txn, PLATEN_DB_HOOK_LOG, k, sizeof(k), hook);
}

int
platen_store_hook_end(platen_txn_t *txn, const platen_hook_result_t *result, uint64_t now)
{
    uint8_t       record[PLATEN_HOOK_RECORD_MAX];
    platen_hook_t hook;
    int           rc, had_turn;

    rc = load(txn, PLATEN_DB_HOOK, &result->id, result->seq, record, &hook);
    if (rc != PLATEN_OK) {
        return rc;
    }

    had_turn = hook.due != 0;
    rc = remove_due(txn, &hook);
    if (rc != PLATEN_OK) {
        return rc;
    }
    hook.tries++;
    hook.tried_at = now;
    hook.status = result->status;
    hook.refusals += result->refused != 0;
    hook.failure = result->failure;
    if (hook.failure.len > PLATEN_HOOK_FAILURE_MAX) {
        hook.failure.len = PLATEN_HOOK_FAILURE_MAX;
    }
    if (result->kind == PLATEN_HOOK_PENDING) {
        hook.due = had_turn ? result->due : 0;
        return save_pending(txn, &hook);
    }
    rc = finish(txn, &hook, result->kind, now);
    return rc == PLATEN_OK && had_turn ? start_next(txn, &result->id, now) : rc;
}

int
platen_store_hook_drop(platen_txn_t *txn, const platen_id_t *id, uint64_t seq, uint64_t now)
{
    platen_hook_at_t at = { .len = 0 };
    uint8_t          k[KEY_LEN];
    MDB_val          key, val;
    int              rc;

    put_key(k, id, seq);
    rc = platen_store_del(txn, PLATEN_DB_HOOK, k, sizeof(k));

    /* Its record does not say any more when it was due. */
    while (rc == PLATEN_OK
           && (rc = step(txn, PLATEN_DB_HOOK_DUE, &at, &key, &val)) == PLATEN_OK) {
        if (memcmp(at.key + at.len - KEY_LEN, k, sizeof(k)) == 0) {
            rc = platen_store_del(txn, PLATEN_DB_HOOK_DUE, at.key, at.len);
            return rc == PLATEN_OK ? start_next(txn, id, now) : rc;
        }
    }
    return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
}

int
platen_store_hook_revive(platen_txn_t *txn, const platen_id_t *id, uint64_t seq, uint64_t now)
{
    uint8_t       record[PLATEN_HOOK_RECORD_MAX], k[KEY_LEN];
    platen_hook_t hook;
    int           rc;

    rc = load(txn, PLATEN_DB_HOOK_DEAD, id, seq, record, &hook);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = any_of(txn, id);
    if (rc < 0) {
        return rc;
    }
    hook.due = rc ? 0 : now;
    hook.since = now;
    hook.tries = 0;
    hook.refusals = 0;
    hook.ended_at = 0;
    put_key(k, id, seq);
    rc = platen_store_del(txn, PLATEN_DB_HOOK_DEAD, k, sizeof(k));
    return rc == PLATEN_OK ? save_pending(txn, &hook) : rc;
}

int
platen_store_hook_trim(platen_txn_t *txn, platen_hook_kind_t kind, uint64_t before,
                       uint64_t keep, int max)
{
    platen_hook_at_t at;
    platen_hook_t    hook;
    uint64_t         counts[PLATEN_HOOK_KINDS];
    int              rc, n;

    if (kind == PLATEN_HOOK_PENDING) {
        return PLATEN_INVALID;
    }
    rc = platen_store_hook_count(txn, counts);
    for (n = 0; rc == PLATEN_OK && n < max; n++) {
        at.len = 0;
        rc = platen_store_hook_list(txn, kind, &at, &hook);
        if (rc == PLATEN_OK && hook.ended_at >= before && counts[kind] - (uint64_t) n <= keep) {
            return n;
        }
        /* One that cannot be read is of no use to anyone. */
        if (rc == PLATEN_OK || rc == PLATEN_CORRUPT) {
            rc = platen_store_del(txn, kinds[kind].db, at.key, at.len);
        }
    }
    return rc == PLATEN_OK ? n : rc == PLATEN_NOT_FOUND ? n - 1 : rc;
}

int
platen_store_hook_rebuild(platen_txn_t *txn, uint64_t now)
{
    platen_hook_at_t at = { .len = 0 };
    uint8_t          record[PLATEN_HOOK_RECORD_MAX];
    platen_hook_t    hook;
    platen_id_t      last;
    MDB_val          key, val;
    int              rc, first = 1, is_first;

    rc = mdb_drop(txn->mdb, txn->store->dbi[PLATEN_DB_HOOK_DUE], 0);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    while ((rc = step(txn, PLATEN_DB_HOOK, &at, &key, &val)) == PLATEN_OK) {
        get_key(key, &hook);
        if (key.mv_size != KEY_LEN
            || load(txn, PLATEN_DB_HOOK, &hook.id, hook.seq, record, &hook) != PLATEN_OK) {
            continue;
        }
        is_first = first || memcmp(last.b, hook.id.b, sizeof(last.b)) != 0;
        first = 0;
        last = hook.id;
        hook.due = !is_first ? 0 : hook.due != 0 ? hook.due : now;
        rc = save_pending(txn, &hook);
        if (rc != PLATEN_OK) {
            return rc;
        }
    }
    return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
}
