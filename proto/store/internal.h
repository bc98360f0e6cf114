/* What the files of the store share; for no one else. */

#ifndef PLATEN_STORE_INT_H
#define PLATEN_STORE_INT_H

#include "store/env.h"
#include "store/seal.h"

enum {
    PLATEN_DB_META,
    PLATEN_DB_JOBS,
    PLATEN_DB_QUEUE,
    PLATEN_DB_CLIENT,
    PLATEN_DB_STATE,
    PLATEN_DB_COUNT,
    PLATEN_DB_EXPIRY,
    PLATEN_DB_RUNNING,
    PLATEN_DB_OUTBOX,
    PLATEN_DB_CACHE, /* cache_key: id of the job that has the result */
    PLATEN_DB_TURN,
    PLATEN_DB_FLOW,
    PLATEN_DB_LATER,
    PLATEN_DB_IDEM,
    PLATEN_DB_USAGE,
    PLATEN_DB_UPLOADS,
    PLATEN_DB_FILES,
    PLATEN_DB_BACKLOG,
    PLATEN_DB_TOMBSTONES,
    PLATEN_DB_HOOK,
    PLATEN_DB_HOOK_DUE,
    PLATEN_DB_HOOK_DEAD,
    PLATEN_DB_HOOK_LOG,
    PLATEN_DBS
};

struct platen_store_s {
    MDB_env        *env;
    platen_store_t *whole;   /* of a view; else itself */
    int             has_key; /* of the whole: `key`, of secrets, was read */
    uint8_t         key[PLATEN_SEAL_KEY_LEN];
    MDB_dbi         dbi[PLATEN_DBS];
    MDB_txn        *reader;  /* kept and renewed */
    int             reading; /* the reader is in use */
    int             failed;  /* MDB_PANIC: see platen_store_failed(); from any thread */
};

/*
 * store/secrets.c: the record of a job as it is stored, with its secrets sealed.
 * PLATEN_INVALID: it is too long; PLATEN_ERROR: the key cannot be read or made.
 */
int platen_store_encode(platen_txn_t *txn, const platen_job_t *job,
                        uint8_t record[PLATEN_RECORD_MAX], size_t *size);

/* Length octet, client, state octet, id: the longest index key. */
#define PLATEN_KEY_MAX (1 + PLATEN_CLIENT_MAX + 1 + 16)

/* Length octet, client, SHA-256: the longest key of all. */
#define PLATEN_IDEM_KEY_MAX (1 + PLATEN_CLIENT_MAX + PLATEN_SHA256_LEN)

/* LMDB's return code as ours; keeps it in txn->rc if it is an error. */
int platen_store_rc(platen_txn_t *txn, int mdb_rc);

void     platen_put_be64(uint8_t *p, uint64_t v);
uint64_t platen_get_be64(const void *p);

/* Writes the length octet and the client's name; returns the bytes written. */
size_t platen_key_client(uint8_t *key, platen_str_t client);

/* store/kv.c: one entry of one database; del of an absent one is fine. */
int platen_store_put(platen_txn_t *txn, int db, const void *k, size_t klen, const void *v,
                     size_t vlen, unsigned flags);
int platen_store_del(platen_txn_t *txn, int db, const void *k, size_t klen);

/*
 * The first key of `db` that is not before `bound`, or the last one before it.
 * PLATEN_NOT_FOUND if there is none.  The key points into the map.
 */
int platen_store_seek(platen_txn_t *txn, int db, const void *bound, size_t len, int before,
                      MDB_val *key, MDB_val *val);

/* The number under that key, 0 if it is absent; PLATEN_CORRUPT if it is none. */
int
platen_store_number(platen_txn_t *txn, int db, const void *k, size_t klen, uint64_t *number);

/*
 * store/queue.c: a client whose first job that is due has come takes turns from now on;
 * one whose last has gone does not.  `ck` is the client's key, `prefix` bytes of it.
 */
int platen_queue_join(platen_txn_t *txn, const uint8_t *ck, size_t prefix);
int platen_queue_leave(platen_txn_t *txn, const uint8_t *ck, size_t prefix);

/* Sets job->queue_key to the place behind the last of its client and priority. */
int platen_queue_next_place(platen_txn_t *txn, platen_job_t *job);

/* The key of a place in a client's queue; `k` has room for PLATEN_KEY_MAX.  Returns its length.
 */
size_t platen_queue_place(uint8_t *k, const uint8_t *ck, size_t prefix, uint8_t priority,
                          uint64_t place);

/* Whether `db` has a key that begins with the client's. */
int platen_queue_prefix(platen_txn_t *txn, int db, const uint8_t *ck, size_t prefix);

/* store/outbox.c: the number of the newest event, 0 if there has been none. */
int platen_outbox_last(platen_txn_t *txn, uint64_t *number);

/*
 * store/dedup.c: the job's result answers for the key from now on, if it
 * is one that may; or no longer.
 */
int platen_cache_put(platen_txn_t *txn, const platen_job_t *job, platen_str_t key);
int platen_cache_del(platen_txn_t *txn, const platen_job_t *job, platen_str_t key);

/* store/index.c: a batch's id and the number of one of its files. */
#define PLATEN_FILE_KEY (16 + 4)

void platen_key_file(uint8_t key[PLATEN_FILE_KEY], const void *batch, uint32_t number);

/*
 * store/batch.c: the batch of a file that has gone from one state to
 * another (PLATEN_STATE_NONE: it is new, or removed) counts it anew, and is due
 * when it was the last one.  The file's own record has been written.
 */
int platen_batch_count(platen_txn_t *txn, const platen_id_t *batch, platen_state_t from,
                       platen_state_t to, uint64_t seq, uint64_t now);

/* store/batch.c: whether the batch of a file is being filled. */
int platen_batch_open(platen_txn_t *txn, const platen_job_t *file);

/* store/secrets.c: the record, and no index. */
int platen_store_write(platen_txn_t *txn, const platen_job_t *job);

/*
 * store/hook.c: makes the delivery of a change of a job that has a
 * webhook_url; `record` is its encoded record, not in the map.  What webhooks do
 * not tell of makes none.
 */
int platen_store_tell(platen_txn_t *txn, const platen_id_t *id, const uint8_t *record,
                      size_t size, platen_state_t state, uint64_t seq, uint64_t now);

/* Makes "hook_due" again: of each job's deliveries, the first has its turn. */
int platen_store_hook_rebuild(platen_txn_t *txn, uint64_t now);

/* The client has had a turn: it is behind those who have not. */
int platen_queue_charge(platen_txn_t *txn, const uint8_t *ck, size_t prefix);

#endif
