/*
 * The intake: the ZeroMQ PULL socket on which the web server's workers say
 * "look at this job".  A hint is never more than that (base/wire.h).
 */

#ifndef PLATEN_INTAKE_H
#define PLATEN_INTAKE_H

#include <czmq.h>

#include "config.h"
#include "base/wire.h"
#include "store/service.h"

typedef void platen_intake_hint_t(void *data, const platen_hint_t *hint);
typedef void platen_intake_uses_t(void *data, const platen_uses_t *nginx);

typedef struct platen_intake_s platen_intake_t;

/*
 * Binds the endpoint, in place of a socket file that a dead sidecar left, and
 * sets the file's mode and group.  NULL on failure, with a sentence in `err`.
 */
platen_intake_t *platen_intake_new(const platen_config_t *config, platen_intake_hint_t *hint,
                                   void *data, char *err, size_t errlen);

/* Who is told what a worker of nginx uses, with the `data` of the hints. */
void platen_intake_tell(platen_intake_t *intake, platen_intake_uses_t *uses);

/* Closes the socket and removes its file. */
void platen_intake_destroy(platen_intake_t **intake);

/* The socket, for the loop to watch. */
zsock_t *platen_intake_socket(platen_intake_t *intake);

/* Reads what has come, a bounded number of hints at a time. */
void platen_intake_read(platen_intake_t *intake);

#endif
