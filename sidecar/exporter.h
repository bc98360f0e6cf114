/*
 * Traces, as platend sees them: whether they are configured, and the process that sends
 * them on (platen-otlp), kept running.  Used by the loop's thread alone, which never waits
 * for it.
 *
 * The environment says what OpenTelemetry's specification has for it, and wins over the
 * configuration.  What it has of secrets goes to that process, and to no other child.
 */

#ifndef PLATEN_EXPORTER_H
#define PLATEN_EXPORTER_H

#include "config.h"

typedef struct platen_exporter_s platen_exporter_t;

/*
 * Before there are other threads: turns spans on if they are to be sent.  `config` must
 * outlive it.  NULL: no memory, or no sockets, with errno.
 */
platen_exporter_t *platen_exporter_new(const platen_config_t *config);

/* Lets the process end by itself: it sends what it has. */
void platen_exporter_destroy(platen_exporter_t **exporter);

/* Starts the process if it does not run and is due; to be called each second. */
void platen_exporter_tick(platen_exporter_t *exporter);

/* Has another process in place of the one that there is: its log is another file. */
void platen_exporter_renew(platen_exporter_t *exporter);

#endif
