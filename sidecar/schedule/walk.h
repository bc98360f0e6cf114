/*
 * A walk through the queue that comes past jobs which cannot run at present: each
 * client is looked at in its turn, a few of its jobs at a time, and the next
 * claim goes on where this one has stopped.  So jobs that wait, however many,
 * hide neither another client's nor those behind them.
 */

#ifndef PLATEN_WALK_H
#define PLATEN_WALK_H

#include "store/store.h"

typedef struct platen_walk_s platen_walk_t;

/* NULL: no memory. */
platen_walk_t *platen_walk_new(void);
void           platen_walk_destroy(platen_walk_t **walk);

/* Forgets what could not run: something has changed. */
void platen_walk_forget(platen_walk_t *walk);

/* A transaction begins, at `now` (CLOCK_BOOTTIME milliseconds). */
void platen_walk_begin(platen_walk_t *walk, uint64_t now);

/*
 * The next job to be looked at.  PLATEN_OK; PLATEN_NOT_FOUND: there are no more,
 * or enough for one transaction; or what the store said.
 */
int
platen_walk_next(platen_walk_t *walk, platen_txn_t *txn, uint64_t max_running, platen_id_t *id);

/*
 * What stands behind the job that was found last, of its client and its priority: the next
 * one after `behind`, which begins as all zero, and at most `most` places away.  PLATEN_OK;
 * PLATEN_NOT_FOUND: there are no more; or what the store said.
 */
int platen_walk_behind(const platen_walk_t *walk, platen_txn_t *txn, unsigned most,
                       platen_queue_cursor_t *behind, platen_id_t *id);

/* The job that was found last cannot run at present. */
void platen_walk_pass(platen_walk_t *walk);

/*
 * It, or one behind it, has been taken, and its client's turn charged.  Who had a turn and
 * nothing that could run is not owed it for ever.  PLATEN_OK, or what the store said.
 */
int platen_walk_take(platen_walk_t *walk, platen_txn_t *txn);

/* How many were passed since _begin(). */
unsigned platen_walk_passed(const platen_walk_t *walk);

#endif
