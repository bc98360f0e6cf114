/*
 * The finish: from how a run ended to what the job's record says.  First the
 * verdict (which looks at the result and puts it in its place), then the one
 * transaction that makes it visible.
 */

#ifndef PLATEN_FINISH_H
#define PLATEN_FINISH_H

#include "run/pool.h"
#include "store/store.h"
#include "engine/warning.h"

typedef struct {
    platen_state_t state; /* to enter: SUCCESS, FAILED or PENDING; NONE: discard */
    enum {
        PLATEN_BLAME_NONE,     /* the attempt was taken back: it was not begun, or stopped */
        PLATEN_BLAME_DOCUMENT, /* it crashed, ran out of time or of memory */
        PLATEN_BLAME_SIDECAR,  /* platend, or its LibreOffice, died: anyone's */
        PLATEN_BLAME_MACHINE   /* disk full, no process to be had: later */
    } blame;
    int         pause;          /* this machine is in trouble: claim nothing for now */
    int         published;      /* the result is in its place */
    const char *error_code;     /* static; NULL if there is no error */
    char        error[256];     /* for the client: what happened, what to do */
    char        detail[256];    /* for the log only: why */
    char        last_line[256]; /* for the log only: the engine's last line */
    int         exit_code;      /* as in platen_run_result_t */
    int         signal;
    uint64_t    output_size; /* bytes */
    uint8_t     output_sha256[PLATEN_SHA256_LEN];
    uint32_t    output_crc;
    const char *output_format; /* static; NULL: the one asked for */
    char        warnings[PLATEN_WARNINGS_MAX];
    char engines[PLATEN_ROUTE_STEPS * (PLATEN_ENGINE_NAME_MAX + 1)]; /* as in the record */
} platen_verdict_t;

/* A task whose end is decided, and whether it is written. */
typedef struct {
    platen_task_t   *task;
    platen_verdict_t verdict;
    int              rc; /* as platen_finish_record() */
} platen_ending_t;

/*
 * Decides what becomes of the task.  A result that is what was asked for is
 * synced and published (disk/layout.h) before SUCCESS is said.  Takes as long as the
 * result is large.
 */
void platen_finish_judge(const platen_config_t *config, const platen_task_t *task,
                         const platen_run_result_t *result, platen_verdict_t *verdict);

/*
 * The verdict on a job that no route can do; `options`: it could without its
 * options, or with some of them.
 */
void platen_finish_unsupported(platen_str_t from, platen_str_t to, int options,
                               platen_verdict_t *verdict);

/*
 * The verdict on a job that has been tried as often as it may be: FAILED, or
 * nothing if it may be tried once more.
 */
void platen_finish_poison(const platen_config_t *config, const platen_job_t *job,
                          platen_verdict_t *verdict);

/* That on a job whose passwords cannot be read any more, as their key is gone: FAILED. */
void platen_finish_sealed(platen_verdict_t *v);

/* Back to the queue, later, for a fault of this machine: why `step` could not be done. */
void platen_finish_requeue(platen_verdict_t *verdict, const char *step, const char *why);

/* The verdict on what cannot be read: FAILED. */
void platen_finish_corrupt(platen_verdict_t *verdict);

/*
 * The verdict on a batch whose files have all ended, if not one of them has a
 * result: FAILED; else nothing.
 */
void platen_finish_no_results(const platen_job_t *job, platen_verdict_t *verdict);

/* That on a result with which its client would have more stored than it may have: FAILED. */
void platen_finish_over_quota(const platen_config_t *config, platen_verdict_t *verdict);

/* Removes a result that no record will name. */
void platen_finish_unpublish(const platen_config_t *config, const platen_task_t *task);

/* schedule/record.c, from here on. */

/*
 * Whom an attempt counts against, in the record; and when it may be tried
 * again: after host_failures, a time that doubles with each, up to a minute, of which
 * a random part is taken off, so that not all come back at once (not_before).
 */
void platen_finish_blame(platen_job_t *job, int blame);

/*
 * An attempt at the job is over, and was not its last: back to where it was
 * claimed from.  As platen_store_transition().
 */
int platen_finish_put_back(platen_txn_t *txn, platen_job_t *job, int blame);

/*
 * Writes the verdict into the open write transaction.  PLATEN_OK; or
 * PLATEN_NOT_FOUND if the job is gone or another claim owns it; or what the
 * store said, and the transaction must be aborted.
 */
int platen_finish_write(platen_txn_t *txn, const platen_id_t *id, uint32_t epoch,
                        const platen_verdict_t *verdict);

/*
 * The same for `n` of them, committed, in one transaction if that does, and sets `rc` of each:
 * one that cannot be written keeps none of the others from it.  A result with which its
 * client would have more stored than it may have makes the verdict a failure.
 * After that, and on PLATEN_NOT_FOUND, a published result has been removed again.  Any other
 * failure may pass: call again later.  Waits for the store's lock and the disk.
 */
void platen_finish_record(const platen_config_t *config, platen_store_t *store,
                          platen_ending_t *const *endings, unsigned n);

#endif
