/* The events: every change, once. */

#ifndef PLATEN_STORE_OUTBOX_H
#define PLATEN_STORE_OUTBOX_H

#include "store/env.h"

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
