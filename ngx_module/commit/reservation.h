
/*
 * Room for resumable uploads, in the group's transaction.
 */

#ifndef _PLATEN_COMMIT_RESERVATION_H_INCLUDED_
#define _PLATEN_COMMIT_RESERVATION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/op.h"


/*
 * Keeps room for a resumable upload, or gives it back,
 * inside the group's transaction: what is refused is so before the first write.
 */
int platen_commit_upload(platen_txn_t *txn, platen_commit_op_t *op);


#endif /* _PLATEN_COMMIT_RESERVATION_H_INCLUDED_ */
