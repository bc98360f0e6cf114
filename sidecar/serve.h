/*
 * The service of platend: one event loop that takes hints, starts conversions and tells of
 * them, from the lock of the store to the last child.  Run once, in the main thread.
 */

#ifndef PLATEN_SERVE_H
#define PLATEN_SERVE_H

#include "config.h"

/* How platend ends. */
enum {
    PLATEN_SERVE_STOPPED = 0, /* as asked */
    PLATEN_SERVE_FAILED = 1,  /* it could not start, or not go on */
    PLATEN_SERVE_USAGE = 2,   /* a mistake in the command line or the configuration */
    PLATEN_SERVE_LOCKED = 3   /* another one has the store */
};

/*
 * Serves until it is told to stop.  `file` is where the configuration, which it only reads,
 * comes from.  Returns the exit code; what is wrong is logged.
 */
int platen_serve(const platen_config_t *config, const char *file);

/* Logs what does not go, and why; returns `code`. */
int platen_refuse(const char *msg, const char *err, int code);

#endif
