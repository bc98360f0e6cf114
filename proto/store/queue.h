/* Who is next. */

#ifndef PLATEN_STORE_QUEUE_H
#define PLATEN_STORE_QUEUE_H

#include "store/env.h"

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

#endif
