/*
 * The news: the ZeroMQ PUB socket on which the sidecar tells the web server's
 * workers that the outbox has grown (base/wire.h).  They read it themselves.
 */

#ifndef PLATEN_PUBLISHER_H
#define PLATEN_PUBLISHER_H

#include <czmq.h>

#include "config.h"
#include "store/store.h"

typedef struct platen_publisher_s platen_publisher_t;

/*
 * Binds the endpoint; with none configured there are no news, and nothing fails.
 * The store must outlive it.  NULL on failure, with a sentence in `err`.
 */
platen_publisher_t *platen_publisher_new(const platen_config_t *config, platen_store_t *store,
                                         char *err, size_t errlen);

/* Closes the socket and removes its file. */
void platen_publisher_destroy(platen_publisher_t **publisher);

/*
 * Publishes, if the outbox has grown since the last time.  Never blocks.  Returns
 * whether it has grown.
 */
int platen_publisher_send(platen_publisher_t *publisher);

#endif
