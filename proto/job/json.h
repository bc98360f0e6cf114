/*
 * A job and an event as JSON: what a client is answered, what streams and
 * webhooks tell.  Pure, any thread.
 */

#ifndef PLATEN_JOB_JSON_H
#define PLATEN_JOB_JSON_H

#include "base/json.h"
#include "job/event.h"
#include "job/job.h"

typedef enum {
    PLATEN_JOB_JSON_CLIENT, /* who asks, or has a stream open */
    PLATEN_JOB_JSON_WEBHOOK /* not what changes without an event, nor options or files */
} platen_job_json_for_t;

/*
 * The members of a job, into an object that the caller opens and closes.  `base`
 * is what the paths of its downloads begin with; `position` its place in the
 * queue, 0: it has none.
 */
void platen_job_json(platen_json_t *j, const platen_job_t *job, platen_str_t base,
                     uint64_t position, platen_job_json_for_t reader);

/* The same of an event. */
void platen_job_json_event(platen_json_t *j, const platen_event_t *event, platen_str_t base,
                           platen_job_json_for_t reader);

/* The member "counts": how many of a batch's files are in which state. */
void platen_job_json_counts(platen_json_t *j, const platen_job_t *job);

/* Where the result of a job is, by its id; with `file`, that of one of its files. */
void platen_job_json_download(platen_json_t *j, platen_str_t base, const char *id,
                              const uint32_t *file);

#endif /* PLATEN_JOB_JSON_H */
