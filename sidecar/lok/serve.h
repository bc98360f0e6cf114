/* The zygote at work: requests from platend, children, their ends. */

#ifndef PLATEN_LOK_SERVE_H
#define PLATEN_LOK_SERVE_H

#include "lok/child.h"

typedef struct {
    platen_lok_world_t world;
    unsigned           ahead;    /* children to keep forked ahead; 0 for none */
    const char        *populate; /* "auto", "on" or "off" (lok/populate.h) */
    uint64_t           start_ms; /* CLOCK_BOOTTIME, of the process */
} platen_lok_serve_t;

/*
 * Warms up, says READY and serves until platend goes; ends the process.  Runs
 * inside platen_lok_office_run(), `data` is a platen_lok_serve_t.
 */
void platen_lok_serve(void *data);

#endif
