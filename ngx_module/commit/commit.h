
/*
 * Group commit: every change that this worker makes to the store goes through
 * one task at a time in the thread pool.  What arrives meanwhile waits, and
 * becomes the next transaction as one.
 */

#ifndef _PLATEN_COMMIT_COMMIT_H_INCLUDED_
#define _PLATEN_COMMIT_COMMIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/op.h"


/*
 * `sync`: nothing is answered before it is on disk.  `wake` is called when a
 * group is done, before it is answered.
 */
ngx_int_t platen_commit_init(ngx_cycle_t *cycle, const char *data,
    ngx_uint_t sync, void (*wake)(void));

/*
 * Queues the operation; op->done(op) comes later, from the event loop.
 * NGX_ERROR: the thread pool would not take it and nothing has happened.
 */
ngx_int_t platen_commit(platen_commit_op_t *op, ngx_log_t *log);


#endif /* _PLATEN_COMMIT_COMMIT_H_INCLUDED_ */
