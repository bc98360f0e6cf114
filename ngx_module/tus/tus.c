
/*
 * Resumable uploads: tus 1.0.0 (https://tus.io/protocols/resumable-upload) with
 * creation, creation-with-upload, creation-defer-length, expiration, checksum
 * and termination.  See tus/context.h for how a request goes.
 *
 * An upload has the id of the job that it becomes, and its last byte makes the
 * job, on the way of every submission.  From then on the store answers for it:
 * HEAD says all is there, and Platen-Job which job it is.
 *
 * A document that is refused for what it is takes its upload with it.  A
 * refusal that will pass (a full queue) takes back the last byte only: the
 * client, which finds it missing, sends it again.
 */


#include "tus/tus.h"

#include "conf.h"
#include "ctx.h"
#include "access/capacity.h"
#include "access/quota.h"
#include "base/id.h"
#include "base/platen.h"
#include "disk/upload_file.h"
#include "http/problem.h"
#include "http/respond.h"
#include "ingest/receive.h"
#include "tus/answer.h"
#include "tus/body.h"
#include "tus/context.h"
#include "tus/header.h"
#include "tus/request.h"
#include "tus/steps.h"


#define PLATEN_TUS_UNPROCESSABLE  422


static ngx_int_t platen_tus_start(ngx_http_request_t *r);
static void platen_tus_cleanup(void *data);
static ngx_int_t platen_tus_go(ngx_http_request_t *r, platen_tus_step_t step);
static void platen_tus_refused(ngx_http_request_t *r, ngx_int_t status);


ngx_int_t
platen_tus_prepare(ngx_http_request_t *r, ngx_str_t *path)
{
    ngx_str_t              *method;
    ngx_uint_t              i;
    ngx_http_platen_ctx_t  *ctx;

    static const struct {
        ngx_str_t    name;
        ngx_uint_t   method;
    } overrides[] = {
        { ngx_string("PATCH"), NGX_HTTP_PATCH },
        { ngx_string("DELETE"), NGX_HTTP_DELETE },
        { ngx_string("HEAD"), NGX_HTTP_HEAD },
        { ngx_null_string, 0 }
    };

    if (path->len < 7 || ngx_strncmp(path->data, "uploads", 7) != 0
        || (path->len > 7 && path->data[7] != '/'))
    {
        return NGX_OK;
    }

    method = platen_tus_request_header(r, "x-http-method-override");

    for (i = 0; r->method == NGX_HTTP_POST && method && overrides[i].method;
         i++)
    {
        if (method->len == overrides[i].name.len
            && ngx_strncasecmp(method->data, overrides[i].name.data,
                               method->len)
               == 0)
        {
            r->method = overrides[i].method;
            r->method_name = overrides[i].name;

            ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
            ctx->posted = 1;
            break;
        }
    }

    return platen_tus_answer_literal(r, "Tus-Resumable", PLATEN_TUS_VERSION);
}


/* The version, and the request's state.  NGX_DECLINED: go on. */

static ngx_int_t
platen_tus_start(ngx_http_request_t *r)
{
    ngx_str_t                    *version;
    platen_tus_t                 *tus;
    ngx_pool_cleanup_t           *cln;
    ngx_http_platen_ctx_t        *ctx;
    ngx_http_platen_main_conf_t  *pmcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    pmcf = ngx_http_get_module_main_conf(r, ngx_http_platen_module);

    version = platen_tus_request_header(r, "tus-resumable");

    if (version == NULL || version->len != sizeof(PLATEN_TUS_VERSION) - 1
        || ngx_strncmp(version->data, PLATEN_TUS_VERSION, version->len) != 0)
    {
        if (platen_tus_answer_literal(r, "Tus-Version", PLATEN_TUS_VERSION)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return platen_respond_problem(r, PLATEN_PROBLEM_UNSUPPORTED_VERSION,
                                      NULL);
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(platen_tus_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    tus = cln->data;
    ngx_memzero(tus, sizeof(platen_tus_t));

    platen_upload_file_init(&tus->file, (char *) pmcf->data.data, &ctx->id,
                            !pmcf->sync);

    cln->handler = platen_tus_cleanup;
    ctx->tus = tus;
    ctx->discard = platen_tus_refused;
    tus->next = platen_tus_next;

    tus->body = r->headers_in.content_length_n > 0 || r->headers_in.chunked;

    return NGX_DECLINED;
}


static void
platen_tus_cleanup(void *data)
{
    platen_tus_t *tus = data;

    platen_tus_release(tus);
    EVP_MD_CTX_free(tus->md);
}


ngx_int_t
platen_tus_create(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_id_new(&ctx->id) != PLATEN_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
    }

    rc = platen_tus_start(r);

    if (rc == NGX_DECLINED) {
        rc = platen_tus_request_create(r, ctx->tus);
    }

    if (rc == NGX_DECLINED) {
        rc = platen_admit_room(r);
    }

    if (rc == NGX_DECLINED) {
        rc = platen_quota_room(r, ctx->tus->length);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    if (platen_tus_reserve(r, ctx->tus->length, ctx->tus->length,
                           PLATEN_TUS_CREATE)
        != NGX_OK)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
    }

    r->main->count++;

    return NGX_DONE;
}


ngx_int_t
platen_tus_open(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    ngx_str_t              *offset;
    platen_tus_t           *tus;
    ngx_http_platen_ctx_t  *ctx;

    rc = platen_tus_start(r);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    tus = ctx->tus;

    if (r->method == NGX_HTTP_PATCH) {

        rc = platen_tus_request_body(r, tus);
        if (rc != NGX_DECLINED) {
            return rc;
        }

        offset = platen_tus_request_header(r, "upload-offset");

        if (offset == NULL
            || platen_tus_header_number((char *) offset->data, offset->len,
                                        &tus->said)
               != PLATEN_OK)
        {
            return platen_tus_answer_invalid(r,
                       "Upload-Offset takes the number of bytes that are "
                       "there already.");
        }

        rc = platen_tus_request_length(r, tus);
        if (rc != NGX_DECLINED) {
            return rc;
        }

        rc = platen_admit_storage(r);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    return platen_tus_go(r, PLATEN_TUS_OPEN);
}


/* The first step; the request lives on. */

static ngx_int_t
platen_tus_go(ngx_http_request_t *r, platen_tus_step_t step)
{
    if (platen_tus_post(r, step) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
    }

    r->main->count++;

    return NGX_DONE;
}


/*
 * A problem with that status is about to be told: lets go of the upload, and
 * removes it if no job can ever come of it.
 */

static void
platen_tus_refused(ngx_http_request_t *r, ngx_int_t status)
{
    platen_tus_t           *tus;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    tus = ctx->tus;

    if (r->method == NGX_HTTP_POST) {
        /* its client does not know where it is */
        platen_tus_drop(r, tus);

    } else if (ctx->rx
               && (status == NGX_HTTP_BAD_REQUEST
                   || status == PLATEN_TUS_UNPROCESSABLE))
    {
        /* it will never be a job */
        platen_tus_drop(r, tus);
    }

    if (ctx->rx) {
        platen_receive_close(ctx->rx);
    }

    platen_tus_release(tus);
}
