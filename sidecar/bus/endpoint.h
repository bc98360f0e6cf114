/*
 * The socket files on which the sidecar and the web server's workers meet.
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

/* Gives a file the mode and the group of sockets.  Returns 0, or -1 with a sentence in `err`.
 */
int platen_endpoint_access(const platen_config_t *config, const char *path, char *err,
                           size_t errlen);

/* Removes the file, once the socket is closed; harmless if *path is NULL. */
void platen_endpoint_remove(char **path);

#endif
