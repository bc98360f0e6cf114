
/*
 * What a client may have stored.
 */

#ifndef _PLATEN_ACCESS_QUOTA_H_INCLUDED_
#define _PLATEN_ACCESS_QUOTA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "base/id.h"
#include "base/platen.h"
#include "store/store.h"


typedef struct {
    uint64_t   limit;       /* bytes that a client may have; 0: any */
    uint64_t   max_uploads; /* that it may have open; 0: any */

    /* results */
    uint64_t   used;        /* bytes that it has, */
    uint64_t   needed;      /* and those that this would add; */
    uint64_t   reserved;    /* those that its uploads will add, */
    uint64_t   uploads;     /* which are so many */
} platen_quota_t;


/* The directive platen_quota. */
char *platen_quota_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Whether the client may have so many bytes more, in the transaction that adds
 * them; what is reserved for `id` itself is not counted.  PLATEN_OVER_QUOTA:
 * no, and the quota's results say why.
 */
int platen_quota_fits(platen_txn_t *txn, platen_str_t client,
    const platen_id_t *id, uint64_t bytes, platen_quota_t *quota);

/*
 * The same before a body is read, `bytes` being what is known of it.
 * NGX_DECLINED: yes, as far as can be told; else what a content handler returns.
 */
ngx_int_t platen_quota_room(ngx_http_request_t *r, uint64_t bytes);

/* Answers for what has not fitted. */
ngx_int_t platen_quota_refused(ngx_http_request_t *r,
    const platen_quota_t *quota);

/* GET /usage. */
ngx_int_t platen_quota_usage(ngx_http_request_t *r);


#endif /* _PLATEN_ACCESS_QUOTA_H_INCLUDED_ */
