
/*
 * POST /api/v1/jobs: an archive of documents and nothing else, as clients of a
 * bulk converter send it.  Runs in the event loop.
 */


#include "ingest/bulk.h"

#include "conf.h"
#include "ctx.h"
#include "base/id.h"
#include "commit/op.h"
#include "http/json_chain.h"
#include "http/respond.h"
#include "ingest/upload.h"


static ngx_int_t platen_bulk_created(ngx_http_request_t *r,
    platen_commit_op_t *op);


ngx_int_t
platen_bulk_create(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    ctx->batch = 1;

    return platen_upload_start(r, NGX_HTTP_ACCEPTED, platen_bulk_created);
}


static ngx_int_t
platen_bulk_created(ngx_http_request_t *r, platen_commit_op_t *op)
{
    ngx_str_t                    location;
    platen_json_t                j;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         id[PLATEN_ID_TEXT + 1];

    static const char  message[] = "Job created successfully";

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    platen_id_format(&ctx->id, id);

    platen_json_chain_init(&j, r->pool, 256);
    platen_json_open(&j, NULL, '{');
    platen_json_word(&j, "job_id", id, PLATEN_ID_TEXT);
    platen_json_word(&j, "status", "pending", 7);
    platen_json_word(&j, "message", message, sizeof(message) - 1);
    platen_json_close(&j, '}');

    location.data = ngx_pnalloc(r->pool, plcf->prefix.len + PLATEN_ID_TEXT
                                         + sizeof("/api/v1/jobs/"));
    if (location.data == NULL || platen_json_chain(&j, NULL) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    location.len = ngx_sprintf(location.data, "%V/api/v1/jobs/%s",
                               &plcf->prefix, id)
                   - location.data;

    if (platen_respond_header(r, "Location", &location) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_json(r, NGX_HTTP_ACCEPTED, &j);
}
