/*
 * The store: one LMDB environment that is queue, record and outbox at once.
 * Every process opens it once, after its last fork, and keeps it open.
 *
 * Rules that LMDB sets and callers keep:
 *  - a write transaction belongs to one thread from begin to commit, and all
 *    processes share one writer lock: never begin one in an event loop;
 *  - no read transaction stays open across a turn of an event loop, as it
 *    would pin every page that is freed meanwhile;
 *  - strings of a job read in a transaction point into the map: they are gone
 *    with the transaction, and in a write transaction with the next write;
 *  - MDB_MAP_FULL aborts the transaction; readers go on.
 *
 * Databases (keys are big-endian, so that byte order is the order wanted):
 *   meta    name                          -> schema, conversion matrix
 *   jobs    id                            -> record (platen_codec)
 *   queue   n client priority place u64   -> id           PENDING jobs that are due
 *   turn    time u64, n client            -> (empty)      clients that have such jobs
 *   flow    n client                      -> time u64     their place in "turn"
 *   later   time u64, id                  -> (empty)      PENDING jobs that are not due
 *   client  n client id                   -> (empty)      listing
 *   state   n client state id             -> (empty)      listing by state
 *   count   n client state                -> u64          "total" of a listing
 *   expiry  time u64, id                  -> (empty)      what the reaper takes
 *   running id                            -> (empty)      PROCESSING jobs
 *   outbox  seq u64                       -> event        every change, once
 *   cache   cache key                     -> id           results that answer again
 *   idem    n client SHA-256              -> id           Idempotency-Key
 *   usage   n client                      -> u64          bytes of inputs and results
 *   uploads n client id                   -> u64          bytes kept for an upload under way
 *   files   batch id, number u32          -> platen_file  entries of its archive
 *   backlog id                            -> (empty)      PENDING files of batches
 *   remains batch id                      -> (empty)      gone, and its files are to go
 *   hook, hook_due, hook_dead, hook_log: see store/hook.h
 *
 * A file of a batch is in no listing, and its states are counted apart
 * (PLATEN_COUNT_FILE); the queue, turns and usage make no difference.  Its events
 * are the batch's.  A thumbnail is the same to the job that it shows, but for its events.
 *
 * Functions return PLATEN_OK or a negative PLATEN_ code; after PLATEN_ERROR
 * platen_txn_errstr() has LMDB's words.
 */

#ifndef PLATEN_STORE_H
#define PLATEN_STORE_H

#include <lmdb.h>

#include "job/job.h"
#include "job/option.h"

#define PLATEN_STORE_SCHEMA 2
#define PLATEN_STORE_MAP_SIZE ((size_t) 8 << 30) /* address space, not disk */
#define PLATEN_STORE_READERS 1024
#define PLATEN_COUNT_IDLE 0x20  /* in "count", added to that of a batch in no one's hand */
#define PLATEN_COUNT_FILE 0x40  /* in "count", added to the state of a batch's file */
#define PLATEN_RECORD_MAX 12288 /* bytes of an encoded record */

typedef struct platen_store_s platen_store_t;

/* A transaction; lives where the caller puts it (mostly on its stack). */
typedef struct {
    platen_store_t *store;
    MDB_txn        *mdb;
    int             write;
    int             own; /* its handle is not the one that is kept */
    int             rc;  /* LMDB's last return code that was not expected */
} platen_txn_t;

/*
 * Opens the environment in directory `path`, creating both (0750) if needed.
 * `map_size` in bytes, 0 for the default; it must be the same in all processes.
 * On failure *store is NULL and `err` has a sentence.
 */
int platen_store_open(platen_store_t **store, const char *path, size_t map_size, char *err,
                      size_t errlen);

void platen_store_close(platen_store_t **store);

/*
 * The same environment with a read transaction of its own, for another thread.  NULL: no
 * memory.  To be freed, by any thread, while the store is open and the view not in use.
 */
platen_store_t *platen_store_view(platen_store_t *store);
void            platen_store_view_free(platen_store_t **view);

/*
 * This process's commits are not synced from now on: they survive the end of
 * any process, and after a power failure the store may be lost altogether.
 */
void platen_store_unsynced(platen_store_t *store);

/*
 * Whether LMDB has given this environment up: its last page could not be
 * written, and every transaction is refused from then on.  What was committed
 * is there; the store has to be closed and opened again.  Not while it is read, and
 * for one who has no write transaction of it under way in another thread.
 */
int platen_store_failed(const platen_store_t *store);

/* Frees the reader slots of processes that died.  Call now and then. */
void platen_store_check_readers(platen_store_t *store);

/* A read transaction that someone has open on a state that is no longer the last. */
typedef struct {
    long     pid;      /* whose */
    uint64_t snapshot; /* number of the transaction that it sees */
    uint64_t behind;   /* transactions since; their pages cannot be used again */
} platen_reader_t;

/* The one that sees the oldest state.  PLATEN_NOT_FOUND if all see the last. */
int platen_store_oldest_reader(platen_store_t *store, platen_reader_t *oldest);

/*
 * A read transaction.  One handle is kept and renewed, so this is for one
 * thread per process (the event loop), and others have a view each; they are refused
 * with PLATEN_INVALID while it is in use.  End with platen_txn_abort().
 */
int platen_txn_read(platen_store_t *store, platen_txn_t *txn);

/*
 * Another read transaction, with a handle of its own, for a thread beside that one:
 * a short look, as every process of the machine together has PLATEN_STORE_READERS.
 */
int platen_txn_look(platen_store_t *store, platen_txn_t *txn);

/* A write transaction; blocks until no other process or thread has one. */
int platen_txn_write(platen_store_t *store, platen_txn_t *txn);

/* Makes it durable (fdatasync).  On any failure nothing of it is visible. */
int platen_txn_commit(platen_txn_t *txn);

/* Ends a read transaction, or discards a write transaction; harmless twice. */
void platen_txn_abort(platen_txn_t *txn);

const char *platen_txn_errstr(const platen_txn_t *txn);

/* Values by name; *value points into the map.  PLATEN_NOT_FOUND if absent. */
int platen_store_meta_get(platen_txn_t *txn, const char *name, platen_str_t *value);
int platen_store_meta_put(platen_txn_t *txn, const char *name, platen_str_t value);

/* The record of that id.  PLATEN_NOT_FOUND, PLATEN_CORRUPT, PLATEN_TOO_NEW. */
int platen_store_get(platen_txn_t *txn, const platen_id_t *id, platen_job_t *job);

/*
 * Reads the key of secrets, or makes it: for who serves, before there are threads.
 * PLATEN_OK, or PLATEN_ERROR with errno: it is tried again when it is needed.
 */
int platen_store_key(platen_store_t *store);

/*
 * The secret options of a record that was read: they are sealed when it is written
 * (store/seal.h), and stay so where they are copied to another one.  Their text form is
 * written to `out`, for the caller to wipe.  PLATEN_NOT_FOUND: the key is gone;
 * PLATEN_CORRUPT: it is another one; PLATEN_ERROR.
 */
int platen_store_secrets(platen_txn_t *txn, const platen_job_t *job,
                         char out[PLATEN_OPTIONS_TEXT_MAX], size_t *len);

/*
 * The one way in which a job changes state: checks that the lifecycle has the
 * edge from the stored state (PLATEN_INVALID_TRANSITION) and that job->epoch is
 * the stored epoch (PLATEN_STALE), then writes the record, every index, the
 * counters and one outbox event.  `job` holds the whole new record and is
 * updated: state, times (`now`: microseconds since the Unix epoch; when an INITIATED
 * one expires is the caller's to say), queue_key, change_seq, and on entering PROCESSING epoch
 * and attempts, each raised by one. One that enters PENDING with not_before set waits for that
 * time; one that does so after its end begins anew, with no attempts.  PLATEN_INVALID if a
 * field is longer than it may be, or the client, priority or idem_key another.
 */
int
platen_store_transition(platen_txn_t *txn, platen_job_t *job, platen_state_t to, uint64_t now);

/*
 * A batch that is PROCESSING goes on to the phase that job->batch has (at work
 * with no open file: it is due), with what else `job` says of it; no event tells of that.  What
 * is due waits for job->not_before, if that is set; packing is a claim, and raises the epoch.
 * PLATEN_INVALID_TRANSITION, PLATEN_STALE.
 */
int platen_store_rephase(platen_txn_t *txn, platen_job_t *job, uint64_t now);

/*
 * An entry of a batch's archive that is no file of it, with its name and reason.
 * One that is there already is left alone.
 */
int platen_store_skip(platen_txn_t *txn, const platen_id_t *batch, const platen_file_t *file,
                      uint64_t now);

/* Entry `number` of a batch.  PLATEN_NOT_FOUND. */
int platen_store_file(platen_txn_t *txn, const platen_id_t *batch, uint32_t number,
                      platen_file_t *file);

/*
 * Entries of a batch from `number` on, in order; strings point into the map.
 * Returns how many, or a negative code.
 */
int platen_store_files(platen_txn_t *txn, const platen_id_t *batch, uint32_t number,
                       platen_file_t *files, int max);

/* Whether a batch that is gone has left something: 1, 0, or a negative code. */
int platen_store_any_remains(platen_txn_t *txn);

/*
 * Removes at most `max` files and skipped entries of batches that are gone.
 * *removed (room for `max`) gets the numbers of the files' records and no strings,
 * *n how many; returns 1 if there is more to do, 0, or a negative code.
 */
int
platen_store_remains(platen_txn_t *txn, uint64_t now, platen_job_t *removed, int max, int *n);

/*
 * The job whose result answers for that key (platen_cache_key()): in SUCCESS,
 * and not expired at `now`.  PLATEN_NOT_FOUND if there is none.
 */
int platen_store_cached(platen_txn_t *txn, platen_str_t key, uint64_t now, platen_job_t *job);

/*
 * Removes the record of `id` and its indexes, whatever its state, with one
 * outbox event: CANCELLED if it was not final, else "gone".  A `client` that is
 * not the owner gets PLATEN_NOT_FOUND; NULL asks for no owner.  The files of a
 * batch go with platen_store_remains().  *removed (may be
 * NULL) gets the numbers of the record and no strings.
 */
int platen_store_remove(platen_txn_t *txn, const platen_id_t *id, const platen_str_t *client,
                        uint64_t now, platen_job_t *removed);

/* Extends the lease of a job that `epoch` still owns; else PLATEN_STALE. */
int platen_store_touch(platen_txn_t *txn, const platen_id_t *id, uint32_t epoch,
                       uint64_t lease_until);

/* Another request was told of the job, which so goes with no client's leaving. */
int platen_store_promise(platen_txn_t *txn, platen_job_t *job);

/*
 * The client's job that was submitted with that key (SHA-256).  PLATEN_NOT_FOUND
 * if there is none.
 */
int platen_store_idempotent(platen_txn_t *txn, platen_str_t client, platen_str_t key,
                            platen_job_t *job);

/* Bytes that the job counts for in its client's usage: input, and result if it has one. */
uint64_t platen_store_bytes(const platen_job_t *job);

/* What the client's jobs count for, in bytes. */
int platen_store_usage(platen_txn_t *txn, platen_str_t client, uint64_t *bytes);

/*
 * Room that is kept for an upload that is not complete, under the id of the job that
 * it will be: set or changed; and given back, which is harmless twice.  The
 * submission gives it back in the transaction in which the job begins to count.
 */
int platen_store_reserve(platen_txn_t *txn, platen_str_t client, const platen_id_t *id,
                         uint64_t bytes);
int platen_store_unreserve(platen_txn_t *txn, platen_str_t client, const platen_id_t *id);

/* What is kept for one.  PLATEN_NOT_FOUND: nothing was ever asked for. */
int platen_store_reservation(platen_txn_t *txn, platen_str_t client, const platen_id_t *id,
                             uint64_t *bytes);

/* What is kept for the client's uploads without that one (NULL: all), and how many they are. */
int platen_store_reserved(platen_txn_t *txn, platen_str_t client, const platen_id_t *but,
                          uint64_t *bytes, uint64_t *uploads);

/*
 * What is kept for anyone, after `after` (NULL: from the first), in any order.
 * Returns how many, or a negative code.
 */
typedef struct {
    platen_id_t id;
    uint64_t    bytes;
    size_t      client_len;
    char        client[PLATEN_CLIENT_MAX];
} platen_reservation_t;

int platen_store_reservations(platen_txn_t *txn, const platen_reservation_t *after,
                              platen_reservation_t *out, int max);

/*
 * How much of the map is in use, in per cent; walks the free pages when it is
 * over half.  In a read transaction.
 */
int platen_store_fullness(platen_txn_t *txn, unsigned *percent);

/* Pages that hold nothing any more, and are taken first.  A code of LMDB. */
int platen_store_free_pages(MDB_txn *txn, uint64_t *pages);

/* What is in the queue, due or not: jobs, and files of batches. */
int platen_store_queue_length(platen_txn_t *txn, uint64_t *length);

/* The same without files of batches: what is held against those who submit. */
int platen_store_queue_jobs(platen_txn_t *txn, uint64_t *length);

/*
 * The place of a PENDING job that is due: 1 is next; at most, as earlier ones
 * may go.  0 for any other job.  With one client it is exact but for jobs that
 * were removed; others may each have a turn before each of the client's.
 */
int platen_store_queue_position(platen_txn_t *txn, const platen_job_t *job, uint64_t *position);

/* Where a look through the queue is; all zero to begin with. */
typedef struct {
    uint8_t  turn[8 + 1 + PLATEN_CLIENT_MAX];
    size_t   turn_len;
    int      inside; /* the client's own queue, at: */
    uint8_t  band;
    uint64_t place;
} platen_queue_cursor_t;

/*
 * The next job in the order in which they are due: clients take turns, and of
 * one client's jobs the priority decides, then the time.  Clients with
 * `max_running` jobs or more in PROCESSING are passed over (0: no limit).  After
 * a transition, the look begins anew.  PLATEN_NOT_FOUND: there are no more.
 */
int platen_store_queue_next(platen_txn_t *txn, platen_queue_cursor_t *cursor,
                            uint64_t max_running, platen_id_t *id);

/* The two halves of it: to the next client, before its first job; and its next job. */
int platen_store_queue_client(platen_txn_t *txn, platen_queue_cursor_t *cursor,
                              uint64_t max_running);
int
platen_store_queue_within(platen_txn_t *txn, platen_queue_cursor_t *cursor, platen_id_t *id);

/* The time of the client at which the cursor is: who has the least is next. */
uint64_t platen_store_queue_time(const platen_queue_cursor_t *cursor);

/*
 * Sets the time of a client whose turn in a cursor's was that to `time`, unless it
 * is later or the client is gone: turns that it could not use are not owed to it.
 */
int platen_store_queue_lift(platen_txn_t *txn, const uint8_t *turn, size_t len, uint64_t time);

/* When the first of those that are not due is, CLOCK_BOOTTIME milliseconds; 0: none is. */
int platen_store_next_due(platen_txn_t *txn, uint64_t *time);

/*
 * Puts at most `max` jobs whose time is not after `now` into their queues.
 * Returns how many, or a negative code.
 */
int platen_store_release(platen_txn_t *txn, uint64_t now, int max);

typedef struct {
    platen_str_t       client;
    platen_state_t     state;  /* PLATEN_STATE_NONE for all */
    const platen_id_t *before; /* cursor: only jobs older than this id, or NULL */
    uint64_t           offset; /* jobs to skip; costs a step each */
} platen_list_t;

/*
 * Newest-first ids of a client's jobs.  Returns how many (0..max), or a
 * negative code.  *more says whether older ones follow.
 */
int platen_store_list(platen_txn_t *txn, const platen_list_t *query, platen_id_t *ids, int max,
                      int *more);

/* How many jobs the client has in that state (PLATEN_STATE_NONE: in any). */
int platen_store_count(platen_txn_t *txn, platen_str_t client, platen_state_t state,
                       uint64_t *count);

/* Ids of the jobs that are PROCESSING, oldest first, those after `after` (or NULL). */
int
platen_store_running(platen_txn_t *txn, const platen_id_t *after, platen_id_t *ids, int max);

/* Ids of jobs that expired at or before `now`, earliest first. */
int platen_store_expired(platen_txn_t *txn, uint64_t now, platen_id_t *ids, int max);

/*
 * Events after number `seq`, in order; strings point into the map.  Returns how
 * many, or a negative code.
 */
int platen_store_events(platen_txn_t *txn, uint64_t seq, platen_event_t *events, int max);

/*
 * The numbers of the oldest and the newest event that are there.  Both are 0 as
 * long as nothing has ever happened.
 */
int platen_store_events_span(platen_txn_t *txn, uint64_t *first, uint64_t *last);

/*
 * Drops at most `max` events older than `before`, never the newest one.  What one
 * says of a time after `now` is nothing: a clock was wrong.  It is as old as the
 * next that says something, or as one that PLATEN_EVENTS_AHEAD others came after.
 */
#define PLATEN_EVENTS_AHEAD 4096
int platen_store_trim_events(platen_txn_t *txn, uint64_t before, uint64_t now, int max);

#endif
