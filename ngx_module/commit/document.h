
/*
 * Operations on documents, in the group's transaction.
 */

#ifndef _PLATEN_COMMIT_DOCUMENT_H_INCLUDED_
#define _PLATEN_COMMIT_DOCUMENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/op.h"


/*
 * Initiates, stores or enqueues a document, inside
 * the group's transaction: what is refused is so before the first write.
 */
int platen_commit_document(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t now);

/* Before it: the uploaded bytes get their place, or op->rc says why not. */
void platen_commit_claim(platen_store_t *store, platen_commit_op_t *op,
    const char *data);


#endif /* _PLATEN_COMMIT_DOCUMENT_H_INCLUDED_ */
