
/*
 * Resumable uploads, the answers; see tus/context.h.  Whatever says that the
 * request is over lets go of the upload first: the next one may come to another
 * worker before this answer is out.
 */


#include "tus/answer.h"

#include "conf.h"
#include "ctx.h"
#include "base/id.h"
#include "base/platen.h"
#include "disk/upload_file.h"
#include "http/problem.h"
#include "http/respond.h"
#include "tus/header.h"

#include <errno.h>


#define PLATEN_TUS_EXTENSIONS  "creation,creation-with-upload,"               \
                               "creation-defer-length,expiration,checksum,"   \
                               "termination"


static ngx_int_t platen_tus_answer_number(ngx_http_request_t *r,
    const char *name, uint64_t number);
static ngx_int_t platen_tus_answer_metadata(ngx_http_request_t *r,
    const platen_job_t *job);
static ngx_int_t platen_tus_answer_expires(ngx_http_request_t *r, time_t when);
static ngx_int_t platen_tus_answer_location(ngx_http_request_t *r);
static ngx_int_t platen_tus_answer_job_id(ngx_http_request_t *r);


ngx_int_t
platen_tus_answer_literal(ngx_http_request_t *r, const char *name,
    const char *text)
{
    ngx_str_t  value;

    value.data = (u_char *) text;
    value.len = ngx_strlen(text);

    return platen_respond_header(r, name, &value);
}


static ngx_int_t
platen_tus_answer_number(ngx_http_request_t *r, const char *name,
    uint64_t number)
{
    ngx_str_t  value;

    value.data = ngx_pnalloc(r->pool, NGX_INT64_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%uL", number) - value.data;

    return platen_respond_header(r, name, &value);
}


ngx_int_t
platen_tus_options(ngx_http_request_t *r)
{
    u_char                      *p;
    size_t                       i;
    ngx_int_t                    rc;
    ngx_str_t                    value;
    ngx_http_platen_loc_conf_t  *plcf;
    u_char                       names[64];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    p = names;

    for (i = 0; platen_tus_header_algorithm(i); i++) {
        if (EVP_get_digestbyname(platen_tus_header_algorithm(i))) {
            p = ngx_snprintf(p, names + sizeof(names) - p, "%s%s",
                             p == names ? "" : ",",
                             platen_tus_header_algorithm(i));
        }
    }

    value.data = names;
    value.len = p - names;
    value.data = ngx_pstrdup(r->pool, &value);

    rc = value.data ? NGX_OK : NGX_ERROR;
    rc |= platen_tus_answer_literal(r, "Tus-Version", PLATEN_TUS_VERSION);
    rc |= platen_tus_answer_literal(r, "Tus-Extension", PLATEN_TUS_EXTENSIONS);
    rc |= platen_tus_answer_number(r, "Tus-Max-Size",
                                   platen_tus_max(plcf));
    rc |= platen_respond_header(r, "Tus-Checksum-Algorithm", &value);

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_send(r, NGX_HTTP_NO_CONTENT, NULL, NULL, -1);
}


ngx_int_t
platen_tus_answer_invalid(ngx_http_request_t *r, const char *detail)
{
    return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_HEADER, detail);
}


ngx_int_t
platen_tus_answer_too_large(ngx_http_request_t *r, uint64_t limit)
{
    u_char  detail[128];

    ngx_snprintf(detail, sizeof(detail),
                 "The upload would be larger than its limit of %uL bytes.%Z",
                 limit);

    return platen_respond_problem(r, PLATEN_PROBLEM_FILE_TOO_LARGE,
                                  (char *) detail);
}


ngx_int_t
platen_tus_answer_too_many(ngx_http_request_t *r, uint64_t uploads)
{
    ngx_http_platen_loc_conf_t  *plcf;
    u_char                       detail[256];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    ngx_snprintf(detail, sizeof(detail),
                 "You have %uL uploads that are not complete, and "
                 "platen_max_uploads lets a client have %i. Nothing was "
                 "stored; complete or DELETE one of them, or wait until one "
                 "expires.%Z", uploads, plcf->max_uploads);

    return platen_respond_problem(r, PLATEN_PROBLEM_TOO_MANY_UPLOADS,
                                  (char *) detail);
}


/* A step has not done what it was to do. */

ngx_int_t
platen_tus_answer_failed(ngx_http_request_t *r, platen_tus_t *tus)
{
    switch (tus->rc) {

    case PLATEN_NOT_FOUND:
        return platen_respond_problem(r, PLATEN_PROBLEM_UPLOAD_NOT_FOUND,
                                      NULL);

    case PLATEN_LOCKED:
        return platen_respond_problem(r, PLATEN_PROBLEM_UPLOAD_LOCKED, NULL);

    default:
        break;
    }

    ngx_log_error(NGX_LOG_ALERT, r->connection->log, tus->error,
                  "platen: an upload in \"%s\": %s (%s)",
                  tus->file.root, platen_strerror(tus->rc),
                  tus->file.call);

    if (tus->error == NGX_ENOSPC || tus->error == EDQUOT) {
        return platen_respond_problem(r, PLATEN_PROBLEM_STORAGE_FULL,
                                      "What has found room is kept; the "
                                      "operator has to free space. Ask for "
                                      "the offset and go on from there.");
    }

    return platen_respond_problem(r, platen_problem_of_errno(tus->error),
                                  "What was stored before is kept; ask for "
                                  "the offset and go on from there. The "
                                  "server's log has the reason under this "
                                  "request id.");
}


/* Nothing more can come; what was there is what the job has. */

ngx_int_t
platen_tus_answer_job(ngx_http_request_t *r, const platen_job_t *job)
{
    ngx_uint_t              status;
    platen_tus_t           *tus;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    tus = ctx->tus;

    platen_tus_release(tus);

    if (r->method == NGX_HTTP_PATCH
        && (tus->body || tus->said != job->input_size))
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_OFFSET_MISMATCH,
                                      "The upload is complete, and a job.");
    }

    if (platen_tus_answer_number(r, "Upload-Offset", job->input_size) != NGX_OK
        || platen_tus_answer_job_id(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    status = NGX_HTTP_NO_CONTENT;

    if (r->method == NGX_HTTP_HEAD) {
        status = NGX_HTTP_OK;

        if (platen_tus_answer_number(r, "Upload-Length", job->input_size)
            != NGX_OK
            || platen_tus_answer_literal(r, "Cache-Control", "no-store")
               != NGX_OK
            || platen_tus_answer_metadata(r, job) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return platen_respond_send(r, status, NULL, NULL, -1);
}


/* What the client said went with the upload; the record has its essence. */

static ngx_int_t
platen_tus_answer_metadata(ngx_http_request_t *r, const platen_job_t *job)
{
    ngx_str_t    value, src, dst;
    ngx_uint_t   i;

    const struct {
        const char    *key;
        platen_str_t   value;
    } pairs[] = {
        { "filename ", job->input_filename },
        { ",target_format ", job->target_format }
    };

    value.len = 0;
    value.data = ngx_pnalloc(r->pool, sizeof("filename ,target_format ")
                             + ngx_base64_encoded_length(pairs[0].value.len)
                             + ngx_base64_encoded_length(pairs[1].value.len));
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < 2; i++) {
        src.data = (u_char *) pairs[i].value.data;
        src.len = pairs[i].value.len;
        dst.data = ngx_cpymem(value.data + value.len, pairs[i].key,
                              ngx_strlen(pairs[i].key));
        ngx_encode_base64(&dst, &src);
        value.len = dst.data + dst.len - value.data;
    }

    return platen_respond_header(r, "Upload-Metadata", &value);
}


ngx_int_t
platen_tus_answer_submitted(ngx_http_request_t *r, platen_commit_op_t *op)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_tus_answer_job_id(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_tus_answer_offset(r, ctx->tus);
}


/* 201 or 204, with the offset. */

ngx_int_t
platen_tus_answer_offset(ngx_http_request_t *r, platen_tus_t *tus)
{
    ngx_uint_t  status;

    platen_tus_release(tus);

    status = NGX_HTTP_NO_CONTENT;

    if (r->method == NGX_HTTP_POST) {
        status = NGX_HTTP_CREATED;

        if (platen_tus_answer_location(r) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (platen_tus_answer_number(r, "Upload-Offset", tus->file.offset)
        != NGX_OK
        || (!platen_upload_file_whole(&tus->file)
            && platen_tus_answer_expires(r, tus->file.expires) != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_send(r, status, NULL, NULL,
                               status == NGX_HTTP_CREATED ? 0 : -1);
}


ngx_int_t
platen_tus_answer_head(ngx_http_request_t *r, platen_tus_t *tus)
{
    ngx_int_t              rc;
    ngx_str_t              value;
    platen_upload_file_t  *p;

    p = &tus->file;
    platen_tus_release(tus);

    rc = p->meta.deferred
         ? platen_tus_answer_literal(r, "Upload-Defer-Length", "1")
         : platen_tus_answer_number(r, "Upload-Length", p->meta.length);

    value.data = ngx_pnalloc(r->pool, p->meta.metadata.len + 1);
    if (value.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    value.len = platen_tus_header_public(p->meta.metadata.data,
                                         p->meta.metadata.len,
                                         (char *) value.data);

    if (rc != NGX_OK
        || platen_tus_answer_number(r, "Upload-Offset", p->offset) != NGX_OK
        || platen_respond_header(r, "Upload-Metadata", &value) != NGX_OK
        || platen_tus_answer_literal(r, "Cache-Control", "no-store") != NGX_OK
        || platen_tus_answer_expires(r, p->expires) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_send(r, NGX_HTTP_OK, NULL, NULL, -1);
}


static ngx_int_t
platen_tus_answer_expires(ngx_http_request_t *r, time_t when)
{
    ngx_str_t  value;

    value.data = ngx_pnalloc(r->pool,
                             sizeof("Mon, 28 Sep 1970 06:00:00 GMT") - 1);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_http_time(value.data, when) - value.data;

    return platen_respond_header(r, "Upload-Expires", &value);
}


static ngx_int_t
platen_tus_answer_location(ngx_http_request_t *r)
{
    ngx_str_t                    location;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         id[PLATEN_ID_TEXT + 1];

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    location.data = ngx_pnalloc(r->pool, plcf->prefix.len + sizeof("/uploads/")
                                         + PLATEN_ID_TEXT);
    if (location.data == NULL) {
        return NGX_ERROR;
    }

    platen_id_format(&ctx->id, id);
    location.len = ngx_sprintf(location.data, "%V/uploads/%s", &plcf->prefix,
                               id)
                   - location.data;

    return platen_respond_header(r, "Location", &location);
}


/* Which job it is: of the same id. */

static ngx_int_t
platen_tus_answer_job_id(ngx_http_request_t *r)
{
    ngx_str_t               value;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    value.data = ngx_pnalloc(r->pool, PLATEN_ID_TEXT + 1);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    platen_id_format(&ctx->id, (char *) value.data);
    value.len = PLATEN_ID_TEXT;

    return platen_respond_header(r, "Platen-Job", &value);
}
