/*
 * The trail of what an operator has changed by platenctl: keys, jobs that were cancelled,
 * deleted or retried.  A line of JSON each, in the form of the other logs (docs/operations.md),
 * at the end of the file log/audit; without one, to the system's log (LOG_AUTHPRIV).
 */

#ifndef PLATEN_CTL_AUDIT_H
#define PLATEN_CTL_AUDIT_H

#include <jansson.h>

#include "config.h"

/*
 * Opens the trail, as whoever started platenctl: to be called before it becomes platend's
 * user.  What cannot be opened is told when there is something to write.
 */
void platen_ctl_audit_open(const platen_config_t *config);

/* Writes that `msg` was done, with the members of `context`, which is taken over. */
void platen_ctl_audit(const char *msg, json_t *context);

#endif
