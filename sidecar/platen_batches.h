/*
 * The batches: what is done for one before its files are converted, and after,
 * beside the runs of platen-zip.  An archive that has been taken apart becomes
 * files of the batch, each a job of its own; results are gathered for the one
 * ZIP file; and what a batch that was removed has left is taken away.
 *
 * All of it in slices, as a batch may have ten thousand files: none holds the
 * loop, or the store's lock, for long.
 */

#ifndef PLATEN_BATCHES_H
#define PLATEN_BATCHES_H

#include "platen_finish.h"
#include "platen_store.h"
#include "platen_task.h"

typedef struct platen_batches_s platen_batches_t;

/*
 * A task has gone as far as it could.  `verdict` is NULL for one that is done
 * with (its files are at work), or that nobody wants any more; else what is to
 * be recorded.  The task is the callee's.
 */
typedef void
platen_batches_done_t(void *data, platen_task_t *task, const platen_verdict_t *verdict);

/* All arguments must outlive the result.  NULL: no memory. */
platen_batches_t *
platen_batches_new(const platen_config_t *config, platen_store_t *store,
                   const platen_matrix_t *matrix, platen_batches_done_t *done, void *data);

/* Tasks in hand are dropped: the next start finds them. */
void platen_batches_destroy(platen_batches_t **batches);

/* Tasks in hand; each has a file open. */
unsigned platen_batches_count(const platen_batches_t *batches);

/*
 * Takes a task whose archive lies unpacked in <work>/out (platen_zip_unpack.c);
 * or, with NULL, one whose failed files are to be done again.  Returns 0, the
 * task being theirs; or -1 with errno.
 */
int platen_batches_spread(platen_batches_t *batches, platen_task_t *task, const char *work);

/* Takes a task whose results are to be packed; likewise. */
int platen_batches_gather(platen_batches_t *batches, platen_task_t *task);

/* A task whose results are gathered in task->files_dir: the caller's again.  NULL: none. */
platen_task_t *platen_batches_ready(platen_batches_t *batches);

/* Does a bit of everything.  Returns 1 if there is more to do at once. */
int platen_batches_slice(platen_batches_t *batches);

/* Whether that claim is in hand here. */
int
platen_batches_holds(const platen_batches_t *batches, const platen_id_t *id, uint32_t epoch);

#endif
