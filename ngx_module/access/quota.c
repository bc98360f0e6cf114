
/*
 * What a client may have stored: its inputs and results, as the store counts
 * them with each change of a job.  The transaction that records an upload
 * decides, so that uploads in parallel, over all workers, never exceed it;
 * what is asked before a body is read only spares its transfer.
 *
 * A resumable upload counts before it is a job: what it is to have, as far as
 * that was said, is reserved, under the id of the job that it will be.
 *
 * A result counts when it is there; platend refuses it where limits/client_size
 * says so.  Else a client may be over its quota by results, and then gets
 * nothing more in.
 */


#include "access/quota.h"

#include "conf.h"
#include "ctx.h"
#include "http/json_chain.h"
#include "http/problem.h"
#include "http/respond.h"
#include "job/job.h"


static int platen_quota_look(platen_txn_t *txn, platen_str_t client,
    const platen_id_t *but, uint64_t *used, uint64_t *reserved,
    uint64_t *uploads);
static ngx_uint_t platen_quota_holds(uint64_t quota, uint64_t used,
    uint64_t reserved, uint64_t bytes);
static ngx_int_t platen_quota_problem(ngx_http_request_t *r, uint64_t used,
    uint64_t reserved, uint64_t needed);


char *
platen_quota_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    ngx_str_t  *value;

    if (plcf->quota != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->quota = 0;
        return NGX_CONF_OK;
    }

    plcf->quota = ngx_parse_offset(&value[1]);

    if (plcf->quota == NGX_ERROR) {
        plcf->quota = NGX_CONF_UNSET;
        return "takes a size or off";
    }

    return plcf->quota == 0 ? "must be greater than zero, or off"
                            : NGX_CONF_OK;
}


/* What a client has, and what its open uploads without that one are to have. */

static int
platen_quota_look(platen_txn_t *txn, platen_str_t client,
    const platen_id_t *but, uint64_t *used, uint64_t *reserved,
    uint64_t *uploads)
{
    int  rc;

    rc = platen_store_usage(txn, client, used);

    return rc == PLATEN_OK
           ? platen_store_reserved(txn, client, but, reserved, uploads) : rc;
}


static ngx_uint_t
platen_quota_holds(uint64_t quota, uint64_t used, uint64_t reserved,
    uint64_t bytes)
{
    return used <= quota && reserved <= quota - used
           && bytes <= quota - used - reserved;
}


int
platen_quota_fits(platen_txn_t *txn, platen_str_t client,
    const platen_id_t *id, uint64_t bytes, platen_quota_t *quota)
{
    int  rc;

    if (quota->limit == 0 && quota->max_uploads == 0) {
        return PLATEN_OK;
    }

    quota->needed = bytes;

    rc = platen_quota_look(txn, client, id, &quota->used, &quota->reserved,
                           &quota->uploads);

    if (rc != PLATEN_OK || quota->limit == 0) {
        return rc;
    }

    return platen_quota_holds(quota->limit, quota->used, quota->reserved,
                              bytes)
           ? PLATEN_OK : PLATEN_OVER_QUOTA;
}


ngx_int_t
platen_quota_room(ngx_http_request_t *r, uint64_t bytes)
{
    int                          rc;
    uint64_t                     used, reserved, uploads;
    ngx_int_t                    status;
    platen_txn_t                 txn;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (plcf->quota == 0) {
        return NGX_DECLINED;
    }

    /* What has a key may be there already, and then adds nothing. */

    if (platen_respond_request_header(r, "idempotency-key",
                                      sizeof("idempotency-key") - 1))
    {
        return NGX_DECLINED;
    }

    if (platen_respond_read(r, &txn, &status) != NGX_OK) {
        return status;
    }

    rc = platen_quota_look(&txn, (platen_str_t) { (char *) ctx->client.data,
                                                  ctx->client.len }, NULL,
                           &used, &reserved, &uploads);
    platen_txn_abort(&txn);

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "reading the usage",
                                    platen_txn_errstr(&txn));
    }

    /* Nothing is nothing, but no document is. */

    if (!platen_quota_holds(plcf->quota, used, reserved, ngx_max(bytes, 1))) {
        return platen_quota_problem(r, used, reserved, bytes);
    }

    return NGX_DECLINED;
}


ngx_int_t
platen_quota_refused(ngx_http_request_t *r, const platen_quota_t *quota)
{
    return platen_quota_problem(r, quota->used, quota->reserved,
                                quota->needed);
}


static ngx_int_t
platen_quota_problem(ngx_http_request_t *r, uint64_t used, uint64_t reserved,
    uint64_t needed)
{
    u_char                      *p, *last;
    ngx_http_platen_loc_conf_t  *plcf;
    u_char                       detail[384];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    last = detail + sizeof(detail) - 1;
    p = ngx_slprintf(detail, last, "Your documents and results take %uL of "
                     "%O bytes", used, plcf->quota);

    if (reserved) {
        p = ngx_slprintf(p, last, ", uploads that are not complete have "
                         "reserved %uL", reserved);
    }

    if (needed) {
        p = ngx_slprintf(p, last, ", and this needs %uL", needed);
    }

    p = ngx_slprintf(p, last, ". Nothing was stored; delete jobs%s that you "
                     "no longer need, or wait until some expire.",
                     reserved ? " and uploads" : "");
    *p = '\0';

    return platen_respond_problem(r, PLATEN_PROBLEM_QUOTA_EXCEEDED,
                                  (char *) detail);
}


ngx_int_t
platen_quota_usage(ngx_http_request_t *r)
{
    int                          rc;
    uint64_t                     used, reserved, uploads, jobs, quota;
    ngx_int_t                    status;
    platen_str_t                 client;
    platen_txn_t                 txn;
    platen_json_t                j;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (platen_respond_read(r, &txn, &status) != NGX_OK) {
        return status;
    }

    client = (platen_str_t) { (char *) ctx->client.data, ctx->client.len };

    rc = platen_quota_look(&txn, client, NULL, &used, &reserved, &uploads);

    if (rc == PLATEN_OK) {
        rc = platen_store_count(&txn, client, PLATEN_STATE_NONE, &jobs);
    }

    platen_txn_abort(&txn);

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "reading the usage",
                                    platen_txn_errstr(&txn));
    }

    platen_json_chain_init(&j, r->pool, 256);
    platen_json_open(&j, NULL, '{');
    platen_json_uint(&j, "used_bytes", used);
    platen_json_uint(&j, "reserved_bytes", reserved);

    if (plcf->quota) {
        quota = plcf->quota;
        platen_json_uint(&j, "limit_bytes", quota);
        platen_json_uint(&j, "free_bytes",
                         platen_quota_holds(quota, used, reserved, 0)
                         ? quota - used - reserved : 0);

    } else {
        platen_json_null(&j, "limit_bytes");
        platen_json_null(&j, "free_bytes");
    }

    platen_json_uint(&j, "jobs", jobs);
    platen_json_uint(&j, "uploads", uploads);
    platen_json_close(&j, '}');

    return platen_respond_json(r, NGX_HTTP_OK, &j);
}
