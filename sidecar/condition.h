/*
 * What platend tells of its own state: written into the store when it changes,
 * for GET /health/ready and platenctl doctor, and into the log.
 */

#ifndef PLATEN_CONDITION_H
#define PLATEN_CONDITION_H

#include "crew.h"
#include "store/service.h"
#include "store/store.h"

typedef struct platen_condition_s platen_condition_t;

/* Both arguments must outlive it.  NULL: no memory. */
platen_condition_t *platen_condition_new(platen_store_t *store, platen_crew_t *crew);

/* The crew has been stopped. */
void platen_condition_destroy(platen_condition_t **condition);

/*
 * Says a sentence, or that there is nothing ("" or NULL): of what keeps jobs from
 * being converted (bad), or is only not as it should be.  They are collected until
 * platen_condition_write().
 */
void platen_condition_say(platen_condition_t *condition, int bad, const char *sentence);

/* How the last conversion of platend's own ended, to be written with the rest. */
void
platen_condition_canary(platen_condition_t *condition, const platen_canary_record_t *canary);

/*
 * Has the crew write down what was said since the last call, if that is something else than
 * what was written then.  What the store does not take is tried again.
 */
void platen_condition_write(platen_condition_t *condition);

/* The same, written when it returns: for the start, before anyone is told that it is over. */
void platen_condition_write_now(platen_condition_t *condition);

#endif
