/*
 * What the slices of a batch have in common: whose the claim is, and files that the program
 * which read an archive has left; see batch/internal.h.
 */

#include "batch/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/crash.h"

int
platen_batches_open(const char *path, struct stat *st)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, st) != 0 || !S_ISREG(st->st_mode) || st->st_nlink != 1)) {
        close(fd);
        errno = ENOENT;
        return -1;
    }
    return fd;
}

int
platen_batches_own(platen_txn_t *txn, const platen_batch_item_t *item, platen_job_t *job)
{
    int rc;

    rc = platen_store_get(txn, &item->task->id, job);
    if (rc == PLATEN_NOT_FOUND) {
        return PLATEN_STALE;
    }
    return rc == PLATEN_OK
                   && (job->state != PLATEN_STATE_PROCESSING || job->epoch != item->task->epoch)
               ? PLATEN_STALE
               : rc;
}

int
platen_batches_let_go(const platen_batch_item_t *item)
{
    platen_txn_t txn;
    platen_job_t job;
    int          rc;

    rc = platen_txn_write(item->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_batches_own(&txn, item, &job);
    }
    if (rc == PLATEN_OK) {
        job.batch = PLATEN_BATCH_WORK;
        job.unpacked = 1;
        rc = platen_store_rephase(&txn, &job, platen_now_us());
    }
    if (rc == PLATEN_OK) {
        platen_crash_point(PLATEN_CRASH_BATCH_LISTED);
        rc = platen_txn_commit(&txn);
        platen_crash_point(PLATEN_CRASH_BATCH_LET_GO);
    }
    platen_txn_abort(&txn);
    return rc;
}
