
/*
 * Resumable uploads, what the headers of a request say; see tus/context.h.
 * Each check returns NGX_DECLINED if all is well, else what a content handler does.
 */


#include "tus/request.h"

#include "conf.h"
#include "ctx.h"
#include "access/webhook_conf.h"
#include "base/platen.h"
#include "disk/upload_file.h"
#include "format/format.h"
#include "http/params.h"
#include "http/problem.h"
#include "http/respond.h"
#include "ingest/receive.h"
#include "tus/answer.h"
#include "tus/header.h"


#define PLATEN_TUS_TYPE  "application/offset+octet-stream"


static ngx_int_t platen_tus_request_what(ngx_http_request_t *r,
    platen_tus_t *tus);
static ngx_int_t platen_tus_request_checksum(ngx_http_request_t *r,
    platen_tus_t *tus);


/* The request's header of that name in lower case; NULL: none. */

ngx_str_t *
platen_tus_request_header(ngx_http_request_t *r, const char *name)
{
    return platen_respond_request_header(r, name, ngx_strlen(name));
}


/* What the headers of a creation say.  NGX_DECLINED: all is well. */

ngx_int_t
platen_tus_request_create(ngx_http_request_t *r, platen_tus_t *tus)
{
    ngx_int_t                    rc;
    ngx_str_t                   *deferred;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (platen_tus_request_header(r, "upload-concat")) {
        return platen_tus_answer_invalid(r,
                   "Upload-Concat is not offered here; send the file as one "
                   "upload.");
    }

    rc = platen_tus_request_length(r, tus);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    deferred = platen_tus_request_header(r, "upload-defer-length");

    if ((deferred == NULL) != tus->length_said
        || (deferred && (deferred->len != 1 || deferred->data[0] != '1')))
    {
        return platen_tus_answer_invalid(r,
                   "Send either Upload-Length, or Upload-Defer-Length: 1.");
    }

    if (tus->length_said && tus->length == 0) {
        return platen_respond_problem(r, PLATEN_PROBLEM_EMPTY_FILE, NULL);
    }

    tus->limit = tus->length_said ? tus->length
                                  : platen_tus_max(plcf);

    tus->meta.client = (platen_str_t) { (char *) ctx->client.data,
                                        ctx->client.len };
    tus->meta.length = tus->length;
    tus->meta.deferred = !tus->length_said;
    tus->meta.ttl = (plcf->resumable_ttl + 999) / 1000;

    rc = platen_tus_request_what(r, tus);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    return tus->body ? platen_tus_request_body(r, tus) : NGX_DECLINED;
}


ngx_int_t
platen_tus_request_length(ngx_http_request_t *r, platen_tus_t *tus)
{
    ngx_str_t                   *length;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    length = platen_tus_request_header(r, "upload-length");
    if (length == NULL) {
        return NGX_DECLINED;
    }

    if (platen_tus_header_number((char *) length->data, length->len,
                                 &tus->length)
        != PLATEN_OK)
    {
        return platen_tus_answer_invalid(r,
                   "Upload-Length takes a number of bytes.");
    }

    tus->length_said = 1;

    if (tus->length > platen_tus_max(plcf)) {
        return platen_tus_answer_too_large(r, platen_tus_max(plcf));
    }

    return NGX_DECLINED;
}


/*
 * What cannot become a job is better refused now than after its last byte.
 */

static ngx_int_t
platen_tus_request_what(ngx_http_request_t *r, platen_tus_t *tus)
{
    ngx_str_t                   *metadata;
    platen_params_t              params;
    platen_problem_t             problem;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         type[PLATEN_TUS_TYPE_MAX + 1];
    char                         detail[PLATEN_RECEIVE_DETAIL_MAX];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    metadata = platen_tus_request_header(r, "upload-metadata");
    if (metadata) {
        tus->meta.metadata = (platen_str_t) { (char *) metadata->data,
                                              metadata->len };
    }

    if (tus->meta.metadata.len > PLATEN_UPLOAD_FILE_METADATA_MAX) {
        ngx_snprintf((u_char *) detail, sizeof(detail),
                     "Upload-Metadata is longer than %d bytes.%Z",
                     PLATEN_UPLOAD_FILE_METADATA_MAX);
        return platen_tus_answer_invalid(r, detail);
    }

    ngx_memzero(&params, sizeof(platen_params_t));

    problem = platen_tus_header_metadata(tus->meta.metadata.data,
                                         tus->meta.metadata.len, &params,
                                         type, detail, sizeof(detail));

    if (problem != PLATEN_PROBLEM_NONE) {
        return platen_respond_problem(r, problem, detail);
    }

    if (params.lens[PLATEN_PARAM_TARGET] == 0) {
        return platen_respond_problem(r, PLATEN_PROBLEM_MISSING_PARAMETER,
                                      "Say what to convert to as "
                                      "target_format in Upload-Metadata.");
    }

    if (platen_format_named(params.values[PLATEN_PARAM_TARGET],
                            params.lens[PLATEN_PARAM_TARGET])
        == NULL)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_UNSUPPORTED_FORMAT,
                                      "target_format names no known format; "
                                      "GET /formats lists them.");
    }

    if (params.webhook_len && !platen_webhook_conf_allows(r)) {
        return platen_respond_problem(r, PLATEN_PROBLEM_WEBHOOKS_OFF, NULL);
    }

    if (params.ttl > (uint64_t) plcf->max_ttl) {
        ngx_snprintf((u_char *) detail, sizeof(detail),
                     "ttl takes at most %T seconds on this server.%Z",
                     plcf->max_ttl);
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      detail);
    }

    return NGX_DECLINED;
}


/* Type and checksum of the body. */

ngx_int_t
platen_tus_request_body(ngx_http_request_t *r, platen_tus_t *tus)
{
    ngx_table_elt_t  *type;

    type = r->headers_in.content_type;

    if (type == NULL || type->value.len != sizeof(PLATEN_TUS_TYPE) - 1
        || ngx_strncasecmp(type->value.data, (u_char *) PLATEN_TUS_TYPE,
                           type->value.len)
           != 0)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                                      "Send the bytes of an upload as "
                                      PLATEN_TUS_TYPE ".");
    }

    return platen_tus_request_checksum(r, tus);
}


static ngx_int_t
platen_tus_request_checksum(ngx_http_request_t *r, platen_tus_t *tus)
{
    int            rc;
    ngx_str_t     *checksum;
    const EVP_MD  *md;

    checksum = platen_tus_request_header(r, "upload-checksum");
    if (checksum == NULL) {
        return NGX_DECLINED;
    }

    rc = platen_tus_header_checksum((char *) checksum->data, checksum->len,
                                    &tus->checksum);

    if (rc == PLATEN_INVALID) {
        return platen_tus_answer_invalid(r,
                   "Upload-Checksum takes an algorithm and a digest of its "
                   "length in base64.");
    }

    md = rc == PLATEN_OK ? EVP_get_digestbyname(tus->checksum.algorithm)
                         : NULL;

    if (md == NULL) {
        return platen_tus_answer_invalid(r,
                   "Upload-Checksum takes the algorithms that "
                   "Tus-Checksum-Algorithm names in the answer to OPTIONS.");
    }

    tus->md = EVP_MD_CTX_new();

    if (tus->md == NULL || EVP_DigestInit_ex(tus->md, md, NULL) != 1) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
    }

    return NGX_DECLINED;
}
