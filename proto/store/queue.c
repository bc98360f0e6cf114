/*
 * Who is next; see store/store.h.  Clients take turns: each has a time of its
 * own, that of its turns so far (start-time fair queueing, Goyal, Vin and Cheng,
 * 1996, with jobs of one length), and the one with the least is next.  Thus a
 * thousand jobs of one client and one job of another are done in turns, and
 * finding the next one costs as little with a million waiting as with one.
 *
 * A client is in "turn" and "flow" for as long as it has a job in "queue".  One
 * that comes, or comes back, goes behind everyone who is there: by going away
 * and coming back nobody gets more than a turn.
 *
 * Runs in the caller's transaction; a failure half-way is undone by its abort.
 */

#include "store/internal.h"
#include "store/queue.h"

#define QUEUE_KEY_MAX (1 + PLATEN_CLIENT_MAX + 1 + 8)
#define TURN_KEY_MAX (8 + 1 + PLATEN_CLIENT_MAX)

/* The order of the priorities in a client's queue. */
static const uint8_t bands[PLATEN_PRIORITIES] = {
    [PLATEN_PRIORITY_HIGH] = 0,
    [PLATEN_PRIORITY_NORMAL] = 1,
    [PLATEN_PRIORITY_LOW] = 2,
};

static size_t
queue_key(uint8_t *k, const uint8_t *ck, size_t prefix, uint8_t band, uint64_t place)
{
    memcpy(k, ck, prefix);
    k[prefix] = band;
    platen_put_be64(k + prefix + 1, place);
    return prefix + 9;
}

static size_t
turn_key(uint8_t *k, uint64_t time, const uint8_t *ck, size_t prefix)
{
    platen_put_be64(k, time);
    memcpy(k + 8, ck, prefix);
    return 8 + prefix;
}

/*
 * The first entry of a band of the client's queue, or of the bands behind it: *band becomes
 * its own, *place is 0 if there is none.
 */
static int
first_from(platen_txn_t *txn, const uint8_t *ck, size_t prefix, uint8_t *band, uint64_t *place)
{
    uint8_t k[QUEUE_KEY_MAX];
    size_t  len = queue_key(k, ck, prefix, *band, 0);
    MDB_val key, val;
    int     rc;

    *place = 0;
    rc = platen_store_seek(txn, PLATEN_DB_QUEUE, k, len, 0, &key, &val);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }
    if (key.mv_size == len && memcmp(key.mv_data, ck, prefix) == 0) {
        *band = ((const uint8_t *) key.mv_data)[prefix];
        *place = platen_get_be64((const uint8_t *) key.mv_data + len - 8);
    }
    return PLATEN_OK;
}

/* The last place of a band of the client's queue, 0 if that is empty. */
static int
band_end(platen_txn_t *txn, const uint8_t *ck, size_t prefix, uint8_t band, uint64_t *place)
{
    uint8_t k[QUEUE_KEY_MAX];
    size_t  len = queue_key(k, ck, prefix, band, UINT64_MAX);
    MDB_val key, val;
    int     rc;

    *place = 0;
    rc = platen_store_seek(txn, PLATEN_DB_QUEUE, k, len, 1, &key, &val);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }
    if (key.mv_size == len && memcmp(key.mv_data, k, len - 8) == 0) {
        *place = platen_get_be64((const uint8_t *) key.mv_data + len - 8);
    }
    return PLATEN_OK;
}

int
platen_queue_next_place(platen_txn_t *txn, platen_job_t *job)
{
    uint8_t ck[1 + PLATEN_CLIENT_MAX];
    int     rc;

    if (job->client.len > PLATEN_CLIENT_MAX || job->priority >= PLATEN_PRIORITIES) {
        return PLATEN_CORRUPT;
    }
    rc = band_end(txn, ck, platen_key_client(ck, job->client), bands[job->priority],
                  &job->queue_key);
    job->queue_key++;
    return rc;
}

size_t
platen_queue_place(uint8_t *k, const uint8_t *ck, size_t prefix, uint8_t priority,
                   uint64_t place)
{
    uint8_t key[QUEUE_KEY_MAX];
    size_t  len = queue_key(key, ck, prefix, bands[priority], place);

    memcpy(k, key, len);
    return len;
}

int
platen_queue_prefix(platen_txn_t *txn, int db, const uint8_t *ck, size_t prefix)
{
    MDB_val key, val;
    int     rc;

    rc = platen_store_seek(txn, db, ck, prefix, 0, &key, &val);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND ? 0 : rc;
    }
    return key.mv_size >= prefix && memcmp(key.mv_data, ck, prefix) == 0;
}

/* The client's time; PLATEN_NOT_FOUND if it takes no turns now. */
static int
get_flow(platen_txn_t *txn, const uint8_t *ck, size_t prefix, uint64_t *time)
{
    MDB_val key = { prefix, (void *) ck }, val;
    int     rc;

    rc = mdb_get(txn->mdb, txn->store->dbi[PLATEN_DB_FLOW], &key, &val);
    if (rc != MDB_SUCCESS) {
        return platen_store_rc(txn, rc);
    }
    if (val.mv_size != 8) {
        return PLATEN_CORRUPT;
    }
    *time = platen_get_be64(val.mv_data);
    return PLATEN_OK;
}

static int
set_flow(platen_txn_t *txn, const uint8_t *ck, size_t prefix, uint64_t time)
{
    uint8_t k[TURN_KEY_MAX], v[8];
    int     rc;

    platen_put_be64(v, time);
    rc = platen_store_put(txn, PLATEN_DB_FLOW, ck, prefix, v, sizeof(v), 0);
    if (rc == PLATEN_OK) {
        rc = platen_store_put(txn, PLATEN_DB_TURN, k, turn_key(k, time, ck, prefix), "", 0, 0);
    }
    return rc;
}

/* Behind everyone: one more than the least, which those who wait are at or near. */
int
platen_queue_join(platen_txn_t *txn, const uint8_t *ck, size_t prefix)
{
    MDB_val  key, val;
    uint64_t time;
    int      rc;

    rc = get_flow(txn, ck, prefix, &time);
    if (rc != PLATEN_NOT_FOUND) {
        return rc;
    }
    rc = platen_store_seek(txn, PLATEN_DB_TURN, "", 1, 0, &key, &val);
    if (rc == PLATEN_NOT_FOUND) {
        return set_flow(txn, ck, prefix, 0);
    }
    if (rc == PLATEN_OK && key.mv_size < 8) {
        return PLATEN_CORRUPT;
    }
    return rc == PLATEN_OK ? set_flow(txn, ck, prefix, platen_get_be64(key.mv_data) + 1) : rc;
}

int
platen_queue_leave(platen_txn_t *txn, const uint8_t *ck, size_t prefix)
{
    uint8_t  k[TURN_KEY_MAX];
    uint64_t time;
    int      rc, more;

    more = platen_queue_prefix(txn, PLATEN_DB_QUEUE, ck, prefix);
    if (more != 0) {
        return more < 0 ? more : PLATEN_OK;
    }
    rc = get_flow(txn, ck, prefix, &time);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }
    rc = platen_store_del(txn, PLATEN_DB_TURN, k, turn_key(k, time, ck, prefix));
    return rc == PLATEN_OK ? platen_store_del(txn, PLATEN_DB_FLOW, ck, prefix) : rc;
}

int
platen_queue_charge(platen_txn_t *txn, const uint8_t *ck, size_t prefix)
{
    uint8_t  k[TURN_KEY_MAX];
    uint64_t time;
    int      rc;

    rc = get_flow(txn, ck, prefix, &time);
    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc; /* it was the last one */
    }
    rc = platen_store_del(txn, PLATEN_DB_TURN, k, turn_key(k, time, ck, prefix));
    return rc == PLATEN_OK ? set_flow(txn, ck, prefix, time + 1) : rc;
}

static int
entries(platen_txn_t *txn, int db, uint64_t *n)
{
    MDB_stat stat;
    int      rc;

    rc = mdb_stat(txn->mdb, txn->store->dbi[db], &stat);
    *n = rc == MDB_SUCCESS ? stat.ms_entries : 0;
    return platen_store_rc(txn, rc);
}

int
platen_store_queue_length(platen_txn_t *txn, uint64_t *length)
{
    uint64_t later = 0;
    int      rc;

    rc = entries(txn, PLATEN_DB_QUEUE, length);
    if (rc == PLATEN_OK) {
        rc = entries(txn, PLATEN_DB_LATER, &later);
    }
    *length += later;
    return rc;
}

int
platen_store_queue_jobs(platen_txn_t *txn, uint64_t *length)
{
    uint64_t files = 0;
    int      rc;

    rc = platen_store_queue_length(txn, length);
    if (rc == PLATEN_OK) {
        rc = entries(txn, PLATEN_DB_BACKLOG, &files);
    }
    *length -= files < *length ? files : *length;
    return rc;
}

/*
 * How many turns each of the others may have at most before the client's next
 * one: as far as it is behind the one that is next, which with equal times is
 * the one whose name comes first.
 */
static int
turns_ahead(platen_txn_t *txn, const uint8_t *ck, size_t prefix, uint64_t *turns)
{
    MDB_val  key, val;
    uint64_t time;
    int      rc;

    *turns = 0;
    rc = get_flow(txn, ck, prefix, &time);
    if (rc == PLATEN_OK) {
        rc = platen_store_seek(txn, PLATEN_DB_TURN, "", 1, 0, &key, &val);
    }
    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }
    if (key.mv_size < 9) {
        return PLATEN_CORRUPT;
    }
    *turns = time - platen_get_be64(key.mv_data);
    if (key.mv_size != 8 + prefix || memcmp((uint8_t *) key.mv_data + 8, ck, prefix) != 0) {
        (*turns)++;
    }
    return PLATEN_OK;
}

int
platen_store_queue_position(platen_txn_t *txn, const platen_job_t *job, uint64_t *position)
{
    uint8_t  ck[1 + PLATEN_CLIENT_MAX], band;
    uint64_t own, first, last, clients, length, ahead;
    size_t   prefix;
    int      rc;

    *position = 0;
    if (job->queue_key == 0) {
        return PLATEN_OK;
    }
    if (job->client.len > PLATEN_CLIENT_MAX || job->priority >= PLATEN_PRIORITIES) {
        return PLATEN_CORRUPT;
    }
    prefix = platen_key_client(ck, job->client);

    /* The bands before the job's that have any, one after the other, and then its own. */
    for (band = 0, ahead = 0;; band++) {
        rc = first_from(txn, ck, prefix, &band, &first);
        if (rc != PLATEN_OK || first == 0 || band >= bands[job->priority]) {
            break;
        }
        rc = band_end(txn, ck, prefix, band, &last);
        if (rc != PLATEN_OK) {
            break;
        }
        ahead += last - first + 1;
    }
    own = first != 0 && band == bands[job->priority] && job->queue_key >= first
              ? job->queue_key - first + 1
              : 1;
    own += ahead;
    if (rc == PLATEN_OK) {
        rc = entries(txn, PLATEN_DB_TURN, &clients);
    }
    if (rc == PLATEN_OK) {
        rc = entries(txn, PLATEN_DB_QUEUE, &length);
    }
    if (rc != PLATEN_OK) {
        return rc;
    }

    if (clients > 1) {
        rc = turns_ahead(txn, ck, prefix, &ahead);
        own += (clients - 1) * (own - 1 + ahead);
    }
    *position = own > length && length != 0 ? length : own;
    return rc;
}

/* To the first client after the cursor's that may have a job taken. */
int
platen_store_queue_client(platen_txn_t *txn, platen_queue_cursor_t *at, uint64_t max_running)
{
    uint8_t  k[PLATEN_KEY_MAX], after[sizeof(at->turn) + 1];
    uint64_t running = 0, files = 0;
    MDB_val  key, val;
    int      rc;

    do {
        /* A zero octet more is the least key after it. */
        memcpy(after, at->turn, at->turn_len);
        after[at->turn_len] = 0;
        rc = platen_store_seek(txn, PLATEN_DB_TURN, after, at->turn_len + 1, 0, &key, &val);
        if (rc != PLATEN_OK) {
            return rc;
        }
        if (key.mv_size < 9 || key.mv_size > sizeof(at->turn)) {
            return PLATEN_CORRUPT;
        }
        memcpy(at->turn, key.mv_data, key.mv_size);
        at->turn_len = key.mv_size;

        if (max_running != 0) {
            memcpy(k, at->turn + 8, at->turn_len - 8);
            k[at->turn_len - 8] = PLATEN_STATE_PROCESSING;
            rc = platen_store_number(txn, PLATEN_DB_COUNT, k, at->turn_len - 7, &running);
            k[at->turn_len - 8] += PLATEN_COUNT_FILE;
            if (rc == PLATEN_OK) {
                rc = platen_store_number(txn, PLATEN_DB_COUNT, k, at->turn_len - 7, &files);
            }
            if (rc != PLATEN_OK) {
                return rc;
            }
        }
    } while (max_running != 0 && running + files >= max_running);

    at->inside = 1;
    at->band = 0;
    at->place = 0;
    return PLATEN_OK;
}

int
platen_store_queue_within(platen_txn_t *txn, platen_queue_cursor_t *at, platen_id_t *id)
{
    uint8_t k[QUEUE_KEY_MAX];
    size_t  len, prefix = at->turn_len - 8;
    MDB_val key, val;
    int     rc;

    len = queue_key(k, at->turn + 8, prefix, at->band, at->place + 1);
    rc = platen_store_seek(txn, PLATEN_DB_QUEUE, k, len, 0, &key, &val);
    if (rc != PLATEN_OK) {
        return rc;
    }
    if (key.mv_size < prefix || memcmp(key.mv_data, k, prefix) != 0) {
        return PLATEN_NOT_FOUND;
    }
    if (key.mv_size != len || val.mv_size != sizeof(id->b)) {
        return PLATEN_CORRUPT;
    }
    at->band = ((const uint8_t *) key.mv_data)[prefix];
    at->place = platen_get_be64((const uint8_t *) key.mv_data + prefix + 1);
    memcpy(id->b, val.mv_data, sizeof(id->b));
    return PLATEN_OK;
}

int
platen_store_queue_next(platen_txn_t *txn, platen_queue_cursor_t *at, uint64_t max_running,
                        platen_id_t *id)
{
    int rc;

    for (;;) {
        if (!at->inside) {
            rc = platen_store_queue_client(txn, at, max_running);
            if (rc != PLATEN_OK) {
                return rc;
            }
        }
        rc = platen_store_queue_within(txn, at, id);
        if (rc != PLATEN_NOT_FOUND) {
            return rc;
        }
        at->inside = 0;
    }
}

uint64_t
platen_store_queue_time(const platen_queue_cursor_t *at)
{
    return platen_get_be64(at->turn);
}

int
platen_store_queue_lift(platen_txn_t *txn, const uint8_t *turn, size_t len, uint64_t time)
{
    uint8_t  k[TURN_KEY_MAX];
    uint64_t now;
    size_t   prefix = len - 8;
    int      rc;

    rc = get_flow(txn, turn + 8, prefix, &now);
    if (rc != PLATEN_OK || now >= time) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }
    rc = platen_store_del(txn, PLATEN_DB_TURN, k, turn_key(k, now, turn + 8, prefix));
    return rc == PLATEN_OK ? set_flow(txn, turn + 8, prefix, time) : rc;
}
