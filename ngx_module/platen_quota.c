
/*
 * What a client may have stored: its inputs and results, as the store counts
 * them with each change of a job.  The transaction that records an upload
 * decides, so that uploads in parallel, over all workers, never exceed it;
 * what is asked before a body is read only spares its transfer.
 *
 * A result counts when it is there; platend refuses it where limits/client_size
 * says so.  Else a client may be over its quota by results, and then gets
 * nothing more in.
 */


#include "ngx_http_platen.h"
#include "platen_json.h"


static ngx_int_t platen_quota_problem(ngx_http_request_t *r, uint64_t used,
    uint64_t needed);


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


int
platen_quota_fits(platen_txn_t *txn, platen_commit_op_t *op, uint64_t bytes)
{
    int  rc;

    if (op->quota == 0) {
        return PLATEN_OK;
    }

    op->needed = bytes;

    rc = platen_store_usage(txn, op->job.client, &op->used);

    if (rc != PLATEN_OK) {
        return rc;
    }

    return op->used > op->quota || bytes > op->quota - op->used
           ? PLATEN_OVER_QUOTA : PLATEN_OK;
}


ngx_int_t
platen_quota_room(ngx_http_request_t *r, uint64_t bytes)
{
    int                          rc;
    uint64_t                     used;
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

    rc = platen_store_usage(&txn, (platen_str_t) { (char *) ctx->client.data,
                                                   ctx->client.len }, &used);
    platen_txn_abort(&txn);

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "reading the usage",
                                    platen_txn_errstr(&txn));
    }

    /* Nothing is nothing, but no document is. */

    if (used >= (uint64_t) plcf->quota
        || bytes > (uint64_t) plcf->quota - used)
    {
        return platen_quota_problem(r, used, bytes);
    }

    return NGX_DECLINED;
}


ngx_int_t
platen_quota_refused(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    return platen_quota_problem(r, ctx->op->used, ctx->op->needed);
}


static ngx_int_t
platen_quota_problem(ngx_http_request_t *r, uint64_t used, uint64_t needed)
{
    u_char                      *p, *last;
    ngx_http_platen_loc_conf_t  *plcf;
    u_char                       detail[320];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    last = detail + sizeof(detail) - 1;
    p = ngx_slprintf(detail, last, "Your documents and results take %uL of "
                     "%O bytes", used, plcf->quota);

    if (needed) {
        p = ngx_slprintf(p, last, ", and this needs %uL", needed);
    }

    p = ngx_slprintf(p, last, ". Nothing was stored; delete jobs that you no "
                     "longer need, or wait until some expire.");
    *p = '\0';

    return platen_respond_problem(r, PLATEN_PROBLEM_QUOTA_EXCEEDED,
                                  (char *) detail);
}


ngx_int_t
platen_quota_usage(ngx_http_request_t *r)
{
    int                          rc;
    uint64_t                     used, jobs;
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

    rc = platen_store_usage(&txn, client, &used);

    if (rc == PLATEN_OK) {
        rc = platen_store_count(&txn, client, PLATEN_STATE_NONE, &jobs);
    }

    platen_txn_abort(&txn);

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "reading the usage",
                                    platen_txn_errstr(&txn));
    }

    platen_json_init(&j, r->pool, 256);
    platen_json_open(&j, NULL, '{');
    platen_json_uint(&j, "used_bytes", used);

    if (plcf->quota) {
        platen_json_uint(&j, "limit_bytes", plcf->quota);
        platen_json_uint(&j, "free_bytes", used < (uint64_t) plcf->quota
                                           ? plcf->quota - used : 0);

    } else {
        platen_json_null(&j, "limit_bytes");
        platen_json_null(&j, "free_bytes");
    }

    platen_json_uint(&j, "jobs", jobs);
    platen_json_close(&j, '}');

    if (platen_json_end(&j) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_send(r, NGX_HTTP_OK, "application/json", j.out,
                               j.len);
}
