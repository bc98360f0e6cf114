/*
 * What nginx uses, compared with what platend does: store, data and map.  Each
 * says so in its store (store/service.h); of an nginx with another store platend
 * hears through the queue, and says of itself beside the queue's socket.
 */

#ifndef PLATEN_COMPARE_H
#define PLATEN_COMPARE_H

#include "condition.h"
#include "config.h"

typedef struct platen_compare_s platen_compare_t;

/*
 * Writes down what platend uses.  Both arguments must outlive it.  NULL on
 * failure, with a sentence in `err`.
 */
platen_compare_t *platen_compare_new(const platen_config_t *config, platen_store_t *store,
                                     char *err, size_t errlen);

/* Says it beside the queue's socket, too, which must be there. */
void platen_compare_publish(platen_compare_t *compare);

/* Removes what is beside the socket. */
void platen_compare_destroy(platen_compare_t **compare);

/* A worker of nginx has said what it uses. */
void platen_compare_hear(platen_compare_t *compare, const platen_uses_t *nginx);

/* Compares, and says what is not the same. */
void platen_compare_say(platen_compare_t *compare, platen_condition_t *condition);

/*
 * Whether nginx puts documents where platend does not find them: one that is
 * missing is no fault of its job.
 */
int platen_compare_elsewhere(const platen_compare_t *compare);

#endif
