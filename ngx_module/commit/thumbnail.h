
/*
 * The record of a thumbnail.
 */

#ifndef _PLATEN_COMMIT_THUMBNAIL_H_INCLUDED_
#define _PLATEN_COMMIT_THUMBNAIL_H_INCLUDED_


#include "commit/op.h"
#include "store/store.h"


/*
 * PLATEN_COMMIT_THUMBNAIL in a group's transaction: one that is there already is
 * op->existing, and op->stored is set; PLATEN_NOT_FOUND: what it was to show is
 * gone; PLATEN_CLIENT_FULL: the job has as many as it may.
 */
int platen_commit_thumbnail(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);


#endif /* _PLATEN_COMMIT_THUMBNAIL_H_INCLUDED_ */
