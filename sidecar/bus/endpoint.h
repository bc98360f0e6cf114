/*
 * The socket files on which the sidecar and the web server's workers meet, and what is beside
 * them.
 */

#ifndef PLATEN_ENDPOINT_H
#define PLATEN_ENDPOINT_H

#include <czmq.h>

#include "config.h"

/*
 * Binds a socket to "ipc://" and a path, in place of a socket file that a dead
 * sidecar left, and sets the file's mode and group.  Returns the path, for
 * platen_endpoint_remove(); NULL on failure, with a sentence in `err`.
 */
char *platen_endpoint_bind(zsock_t *socket, const char *endpoint, const platen_config_t *config,
                           char *err, size_t errlen);

/*
 * What platend says beside the socket of hints, once that is bound: a file named as the socket
 * and `suffix`, for those who may use the socket, in place of the last one at once.  It is not
 * synced.  From any thread, for one suffix from one at a time.  Returns 0, or -1 with a
 * sentence in `err`.
 */
int platen_endpoint_say(const platen_config_t *config, const char *suffix, const char *text,
                        size_t len, char *err, size_t errlen);

/* Takes it away; harmless if there is none. */
void platen_endpoint_unsay(const platen_config_t *config, const char *suffix);

/* Removes the file, once the socket is closed; harmless if *path is NULL. */
void platen_endpoint_remove(char **path);

#endif
