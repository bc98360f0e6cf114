
/*
 * Operations on jobs, in the group's transaction.
 */

#ifndef _PLATEN_COMMIT_JOB_H_INCLUDED_
#define _PLATEN_COMMIT_JOB_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/op.h"


/* Of a job's first claim, and the only one that is made here. */
#define PLATEN_COMMIT_EPOCH  1

/*
 * Submits, retries or removes a job, inside the group's
 * transaction: what is refused is so before the first write.
 */
int platen_commit_job(platen_txn_t *txn, platen_commit_op_t *op, uint64_t now);

/* For commit/document.c: whether one more may wait, and be PLATEN_OK. */
int platen_commit_room(platen_txn_t *txn, platen_commit_op_t *op);

/* Before it: links an earlier result that may answer for a submission. */
void platen_commit_link(platen_txn_t *txn, platen_commit_op_t *op,
    const char *data, uint64_t now);


#endif /* _PLATEN_COMMIT_JOB_H_INCLUDED_ */
