/*
 * The scheduler: takes jobs from the queue as workers become idle, hands them
 * to the pool, and writes down how they ended.
 */

#ifndef PLATEN_SCHEDULER_H
#define PLATEN_SCHEDULER_H

#include "sandbox/confine.h"
#include "crew.h"
#include "engine/engine.h"
#include "store/service.h"
#include "store/store.h"

typedef struct platen_scheduler_s platen_scheduler_t;

/* All arguments must outlive the scheduler.  NULL: no memory. */
platen_scheduler_t *platen_scheduler_new(const platen_config_t *config, platen_store_t *store,
                                         platen_engines_t       *engines,
                                         const platen_confine_t *confine, platen_crew_t *crew);

/*
 * Starts the warm LibreOffice, if it is one of the engines; what needs it is not
 * claimed before it is ready, or cannot be.  Then LibreOffice in a process of its
 * own does its work, where it can, and it is tried again.  Returns 0, or -1 with a sentence in
 * `err`.
 */
int platen_scheduler_warm(platen_scheduler_t *scheduler, char *err, size_t errlen);

/* A descriptor for the loop, -1 if there is none; call _read() when it is readable. */
int  platen_scheduler_fd(const platen_scheduler_t *scheduler);
void platen_scheduler_read(platen_scheduler_t *scheduler);

/* `changed(data)` is called as soon as something of a job is committed. */
void
platen_scheduler_tell(platen_scheduler_t *scheduler, void (*changed)(void *data), void *data);

/* Stops the crew and kills what still runs; those jobs are found by the next start. */
void platen_scheduler_destroy(platen_scheduler_t **scheduler);

/*
 * Begins to claim as many jobs as there are idle workers, which start when that is
 * committed; and goes on with batches.  Call it when something has come, or when _again()
 * says so, which it may whenever the crew was read.
 */
void platen_scheduler_scan(platen_scheduler_t *scheduler);
int  platen_scheduler_again(const platen_scheduler_t *scheduler);

/*
 * Compares what runs with the records: a run whose job is gone, or the batch that
 * it is a file of, or is another claim's, is killed and its result discarded.
 */
void platen_scheduler_check(platen_scheduler_t *scheduler);

/* Whether that claim is one that this scheduler still has in hand. */
int platen_scheduler_holds(const platen_scheduler_t *scheduler, const platen_id_t *id,
                           uint32_t epoch);

/*
 * Restarts and renewals of LibreOffice, jobs whose time has come, the canary: call
 * once a second.
 */
void platen_scheduler_second(platen_scheduler_t *scheduler);

/* Children may have ended, or orphans of theirs: call on SIGCHLD, and scan afterwards. */
void platen_scheduler_reap(platen_scheduler_t *scheduler);

/* Wall-clock limits: call a few times a second, and scan if it returns 1. */
int platen_scheduler_tick(platen_scheduler_t *scheduler);

/* Tries again to write the ends that the store did not take: once a second. */
void platen_scheduler_retry(platen_scheduler_t *scheduler);

/* Claims nothing more. */
void platen_scheduler_stop(platen_scheduler_t *scheduler);

/* Kills what runs; those jobs go back to the queue. */
void platen_scheduler_interrupt(platen_scheduler_t *scheduler);

/*
 * Whether nginx puts documents where they are looked for: if not, a job whose
 * document is missing waits, and does not fail.
 */
void platen_scheduler_expect(platen_scheduler_t *scheduler, int there);

/* What keeps jobs that could be converted from it, for people: a sentence; "": nothing. */
const char *platen_scheduler_condition(const platen_scheduler_t *scheduler);

/* The last conversion of platend's own that says something; `at` 0: there is none. */
const platen_canary_record_t *platen_scheduler_canary(const platen_scheduler_t *scheduler);

/* What is not as it should be, though jobs are converted: a sentence; "": nothing. */
const char *platen_scheduler_note(const platen_scheduler_t *scheduler);

/* Whether a warm LibreOffice serves. */
int platen_scheduler_is_warm(const platen_scheduler_t *scheduler);

/* How many tasks run, or have ended and are dealt with still. */
unsigned platen_scheduler_running(const platen_scheduler_t *scheduler);

/* Whether there are any, or something is being claimed or written. */
int platen_scheduler_busy(const platen_scheduler_t *scheduler);

/* Whether there are ends that the store did not take. */
int platen_scheduler_keeps(const platen_scheduler_t *scheduler);

#endif
