
/*
 * What a client may have stored.
 */

#ifndef _PLATEN_ACCESS_QUOTA_H_INCLUDED_
#define _PLATEN_ACCESS_QUOTA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "commit/commit.h"
#include "store/store.h"


/* The directive platen_quota. */
char *platen_quota_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Whether op->job.client may have so many bytes more, in the transaction that
 * adds them; what is reserved for op->job.id itself is not counted.
 * PLATEN_OVER_QUOTA: no, with op->used, op->reserved and op->needed set.
 */
int platen_quota_fits(platen_txn_t *txn, platen_commit_op_t *op,
    uint64_t bytes);

/*
 * The same before a body is read, `bytes` being what is known of it.
 * NGX_DECLINED: yes, as far as can be told; else what a content handler returns.
 */
ngx_int_t platen_quota_room(ngx_http_request_t *r, uint64_t bytes);

/* Answers for ctx->op that it was over the quota. */
ngx_int_t platen_quota_refused(ngx_http_request_t *r);

/* GET /usage. */
ngx_int_t platen_quota_usage(ngx_http_request_t *r);


#endif /* _PLATEN_ACCESS_QUOTA_H_INCLUDED_ */
