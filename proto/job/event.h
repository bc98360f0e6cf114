/*
 * What an event of the outbox is called wherever it is told: Server-Sent
 * Events, WebSocket, socket.io, webhooks.
 */

#ifndef PLATEN_EVENT_H
#define PLATEN_EVENT_H

#include "job/job.h"

/*
 * The name of the event that a job has entered that state: "job_processing",
 * "job_done", "job_failed"; "job_removed" for PLATEN_STATE_NONE.  Never NULL:
 * a state that this version does not know is "job_changed".
 */
const char *platen_event_name(uint8_t state);

/*
 * The name of that very event: as above, or that of a file of a batch:
 * "file_processing", "file_done".
 */
const char *platen_event_title(const platen_event_t *event);

/* Whether no other event of the job follows by itself. */
int platen_event_last(const platen_event_t *event);

#endif
