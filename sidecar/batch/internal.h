/* What the files of the batches share; for no one else. */

#ifndef PLATEN_BATCHES_INT_H
#define PLATEN_BATCHES_INT_H

#include <stdio.h>
#include <sys/stat.h>

#include "batch/batches.h"
#include "disk/layout.h"

/* A batch in hand. */
typedef struct platen_batch_item_s platen_batch_item_t;

struct platen_batch_item_s {
    platen_batch_item_t *next;
    platen_batches_t    *batches;
    platen_task_t       *task;
    int (*slice)(const platen_batches_t *b, platen_batch_item_t *item); /* as below */
    platen_work_t   work;
    int             busy;  /* a slice is the crew's: what follows is, too */
    platen_store_t *store; /* a view of it */
    int             rc;    /* of the last slice */
    int             error;
    FILE           *list;                 /* of the archive's entries, or of the results */
    uint32_t        at;                   /* number of the next entry */
    int             ready;                /* to be packed */
    char            dir[PLATEN_PATH_MAX]; /* its own, below runs/ */
};

struct platen_batches_s {
    const platen_config_t *config;
    platen_store_t        *store;
    const platen_matrix_t *matrix; /* what this machine can convert */
    platen_crew_t         *crew;
    platen_batches_done_t *done;
    platen_batches_more_t *more;
    void                  *data;
    platen_batch_item_t   *items;      /* the loop's */
    platen_work_t          tombstones; /* what batches that were removed have left */
    int                    removing;
    int                    left; /* there may be more of it */
    platen_store_t        *view;
};

/*
 * A slice, in a thread of the crew, returns PLATEN_OK; PLATEN_NOT_FOUND at the end;
 * PLATEN_STALE if nobody wants it any more; or what the store or the disk said (PLATEN_ERROR:
 * errno).
 */
int platen_batches_expand_slice(const platen_batches_t *b, platen_batch_item_t *item);
int platen_batches_again_slice(const platen_batches_t *b, platen_batch_item_t *item);
int platen_batches_collect_slice(const platen_batches_t *b, platen_batch_item_t *item);

/*
 * Opens a plain file that the program which read an archive has left, to be read; in its
 * place may be a link, or a pipe, and a second name would let someone change it later.
 * The descriptor, with *st; or -1 with errno, ENOENT if it is no such file.
 */
int platen_batches_open(const char *path, struct stat *st);

/* The batch's record, if the claim still is what it was; else PLATEN_STALE. */
int platen_batches_own(platen_txn_t *txn, const platen_batch_item_t *item, platen_job_t *job);

/* All entries are there: the files are at work, and the batch is in no one's hand. */
int platen_batches_let_go(const platen_batch_item_t *item);

#endif
