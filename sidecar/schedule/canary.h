/*
 * The canary: a small document of platend's own that is converted now and then,
 * by the way of any other and in a place of its own in the pool.  That it becomes
 * what was asked for proves that documents are converted here.  It has no record:
 * no list, count or quota knows of it.
 */

#ifndef PLATEN_CANARY_H
#define PLATEN_CANARY_H

#include "schedule/finish.h"
#include "store/service.h"

typedef struct platen_canary_s platen_canary_t;

/* Both arguments must outlive it.  NULL: no memory. */
platen_canary_t *platen_canary_new(const platen_config_t *config, platen_engines_t *engines);

void platen_canary_destroy(platen_canary_t **canary);

/*
 * The task that is due, if any is and there is a way for it at present; the
 * caller's.  It stays due until platen_canary_begin().
 */
platen_task_t *platen_canary_due(platen_canary_t *canary);

/*
 * Puts its document in its place, whose path is in `path` from then on: it is no
 * longer due.  Returns 0, or -1 with errno.
 */
int platen_canary_begin(platen_canary_t *canary, const platen_task_t *task,
                        char path[PLATEN_PATH_MAX]);

/* How it ended; it is due again after the interval, or sooner if it failed. */
void platen_canary_end(platen_canary_t *canary, const platen_task_t *task,
                       const platen_verdict_t *verdict);

/* The last one that says something; `at` 0: none does yet. */
const platen_canary_record_t *platen_canary_last(const platen_canary_t *canary);

/* That documents are not converted: a sentence; "" if they are, or it is not known. */
const char *platen_canary_condition(const platen_canary_t *canary);

#endif
