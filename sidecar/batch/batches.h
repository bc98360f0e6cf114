/*
 * The batches: what is done for one before its files are converted, and after,
 * beside the runs of platen-zip.  An archive that has been taken apart becomes
 * files of the batch, each a job of its own; results are gathered for the one
 * ZIP file; and what a batch that was removed has left is taken away.
 *
 * All of it in slices, as a batch may have ten thousand files, and by the crew: none
 * holds the loop at all, nor the store's lock for long.
 */

#ifndef PLATEN_BATCHES_H
#define PLATEN_BATCHES_H

#include "crew.h"
#include "config.h"
#include "job/matrix.h"
#include "store/store.h"
#include "run/task.h"

typedef struct platen_batches_s platen_batches_t;

/* How a task that was in hand has ended. */
typedef enum {
    PLATEN_BATCHES_DONE,    /* its files are at work, or nobody wants it any more */
    PLATEN_BATCHES_CORRUPT, /* what there is of it cannot be read, nor could it the next time */
    PLATEN_BATCHES_LATER    /* a fault of this machine */
} platen_batches_end_t;

/*
 * A task has gone as far as it could.  `why`: of LATER, what the store or the disk said.
 * The task is the callee's.
 */
typedef void platen_batches_done_t(void *data, platen_task_t *task, platen_batches_end_t end,
                                   const char *why);

/* Something has changed: call platen_batches_slice() when it suits, and look at _ready(). */
typedef void platen_batches_more_t(void *data);

/* All arguments must outlive the result.  NULL: no memory. */
platen_batches_t *
platen_batches_new(const platen_config_t *config, platen_store_t *store,
                   const platen_matrix_t *matrix, platen_crew_t *crew,
                   platen_batches_done_t *done, platen_batches_more_t *more, void *data);

/* Tasks in hand are dropped: the next start finds them.  The crew has been stopped. */
void platen_batches_destroy(platen_batches_t **batches);

/* Tasks in hand; each has a file open. */
unsigned platen_batches_count(const platen_batches_t *batches);

/*
 * Takes the archive that lies unpacked in <work>/out (zip/unpack.c) over, from where
 * another run would remove it.  From any thread.  0, or -1 with errno.
 */
int platen_batches_fetch(const platen_config_t *config, const platen_task_t *task,
                         const char *work);

/*
 * Takes a task: one whose archive has been fetched, one whose failed files are to be done
 * again, or one whose results are to be packed.  Returns 0, the task being theirs; or -1
 * with errno.
 */
int platen_batches_add(platen_batches_t *batches, platen_task_t *task);

/* A task whose results are gathered in task->files_dir: the caller's again.  NULL: none. */
platen_task_t *platen_batches_ready(platen_batches_t *batches);

/* Hands a bit of everything to the crew, but for what it has in hand still. */
void platen_batches_slice(platen_batches_t *batches);

/* Whether that claim is in hand here. */
int
platen_batches_holds(const platen_batches_t *batches, const platen_id_t *id, uint32_t epoch);

#endif
