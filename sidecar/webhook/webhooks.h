/*
 * Webhooks, as platend sees them: whether they are configured, and the process
 * that delivers them (platen-webhook), kept running and told when something may
 * be due.  Used by the loop's thread alone, which never waits for it.
 */

#ifndef PLATEN_WEBHOOKS_H
#define PLATEN_WEBHOOKS_H

#include "config.h"
#include "store/store.h"

typedef struct platen_webhooks_s platen_webhooks_t;

/* Both must outlive it.  NULL: no memory. */
platen_webhooks_t *platen_webhooks_new(const platen_config_t *config, platen_store_t *store);

/* Lets the process end by itself: it finishes what is under way. */
void platen_webhooks_destroy(platen_webhooks_t **webhooks);

/* Starts the process if it does not run and is due; to be called each second. */
void platen_webhooks_tick(platen_webhooks_t *webhooks);

/* Something has changed that may have to be told.  Never blocks. */
void platen_webhooks_wake(platen_webhooks_t *webhooks);

/* Has another process in place of the one that there is, if there is one, at the next tick. */
void platen_webhooks_renew(platen_webhooks_t *webhooks);

/* Whether the configuration says that anything is told at all. */
int platen_webhooks_configured(const platen_config_t *config);

#endif
