
/*
 * Whose job it is.  Another client's is as good as none, and so is a file of a
 * batch, which is found by way of its job alone.
 */


#include "access/owned.h"

#include "ctx.h"
#include "http/respond.h"


int
platen_owned_get(platen_txn_t *txn, const platen_id_t *id, platen_str_t client,
    platen_job_t *job)
{
    int  rc;

    rc = platen_store_get(txn, id, job);

    if (rc == PLATEN_OK
        && (platen_job_is_file(job) || !platen_str_eq(job->client, client)))
    {
        return PLATEN_NOT_FOUND;
    }

    return rc;
}


int
platen_owned_of_request(ngx_http_request_t *r, platen_txn_t *txn,
    platen_job_t *job)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    return platen_owned_get(txn, &ctx->id,
                            (platen_str_t) { (char *) ctx->client.data,
                                             ctx->client.len }, job);
}


ngx_int_t
platen_owned_read(ngx_http_request_t *r, platen_txn_t *txn, platen_job_t *job,
    ngx_int_t *status)
{
    int  rc;

    if (platen_respond_read(r, txn, status) != NGX_OK) {
        return NGX_DECLINED;
    }

    rc = platen_owned_of_request(r, txn, job);

    if (rc != PLATEN_OK) {
        platen_txn_abort(txn);
        *status = platen_respond_store(r, rc, "reading a job",
                                       platen_txn_errstr(txn));
        return NGX_DECLINED;
    }

    return NGX_OK;
}
