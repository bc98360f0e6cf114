
/*
 * Documents: a job in two phases.  Its upload is announced, and gets a URL
 * that takes the bytes once, of one type and up to a size, without a key; then
 * it is enqueued.  A document is a job record from the beginning, so that every
 * other view shows it, too.  Runs in the event loop; records change in
 * commit/document.c.
 */


#include "ingest/document.h"

#include "conf.h"
#include "ctx.h"
#include "access/capacity.h"
#include "access/owned.h"
#include "access/quota.h"
#include "access/signed.h"
#include "access/webhook_conf.h"
#include "base/id.h"
#include "base/platen.h"
#include "base/sign.h"
#include "commit/op.h"
#include "commit/operation.h"
#include "format/filename.h"
#include "format/format.h"
#include "http/body.h"
#include "http/json_chain.h"
#include "http/link.h"
#include "http/problem.h"
#include "http/respond.h"
#include "ingest/batch.h"
#include "ingest/receive.h"
#include "ingest/submit.h"
#include "ingest/upload.h"
#include "job/job.h"
#include "job/webhook_url.h"
#include "store/store.h"
#include "view/document.h"
#include "view/formats.h"


#define PLATEN_DOCUMENT_TYPE_MAX  127   /* RFC 6838: 127 before the slash */


static ngx_int_t platen_document_announce(ngx_http_request_t *r,
    json_t *object);
static ngx_uint_t platen_document_type(ngx_str_t *value, u_char *type,
    platen_str_t *out);
static const platen_format_t *platen_document_source(ngx_http_request_t *r,
    platen_str_t type, ngx_str_t *filename);
static ngx_int_t platen_document_initiated(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_document_base(ngx_http_request_t *r, ngx_str_t *path,
    ngx_str_t *url);
static ngx_int_t platen_document_check(ngx_http_request_t *r,
    const platen_job_t *job);
static void platen_document_received(ngx_http_request_t *r);
static ngx_int_t platen_document_stored(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_document_not_stored(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_document_enqueued(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_document_not_enqueued(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_document_refused(ngx_http_request_t *r,
    platen_commit_op_t *op, const char *what);


ngx_int_t
platen_document_initiate(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (plcf->signing == NULL) {
        return platen_respond_problem(r, PLATEN_PROBLEM_SIGNING_OFF, NULL);
    }

    rc = platen_admit_room(r);

    if (rc == NGX_DECLINED) {
        rc = platen_quota_room(r, 0);
    }

    if (rc != NGX_DECLINED) {
        return rc;
    }

    return platen_body_json(r, platen_document_announce);
}


/* A member that is a string, in the request's pool; len 0: there is none. */

static ngx_int_t
platen_document_member(ngx_http_request_t *r, json_t *object,
    const char *name, ngx_str_t *value)
{
    json_t     *member;
    ngx_str_t   text;

    ngx_str_null(value);

    member = json_object_get(object, name);

    if (!json_is_string(member)) {
        return member == NULL || json_is_null(member) ? NGX_OK : NGX_DECLINED;
    }

    text.data = (u_char *) json_string_value(member);
    text.len = json_string_length(member);

    value->data = ngx_pstrdup(r->pool, &text);
    value->len = value->data ? text.len : 0;

    return value->data ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
platen_document_announce(ngx_http_request_t *r, json_t *object)
{
    u_char                       *p, detail[160];
    ngx_str_t                     values[4];
    ngx_uint_t                    i;
    const char                   *wrong;
    platen_job_t                 *job;
    platen_commit_op_t           *op;
    const platen_format_t        *source, *target;
    ngx_http_platen_ctx_t        *ctx;
    ngx_http_platen_loc_conf_t   *plcf;

    static const char  *names[] = { "filename", "content_type",
                                    "target_format", "webhook_url" };

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    for (i = 0; i < 4; i++) {
        switch (platen_document_member(r, object, names[i], &values[i])) {

        case NGX_OK:
            break;

        case NGX_DECLINED:
            ngx_snprintf(detail, sizeof(detail), "%s takes a string.%Z",
                         names[i]);
            return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                          (char *) detail);

        default:
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (values[0].len == 0) {
        return platen_respond_problem(r, PLATEN_PROBLEM_MISSING_PARAMETER,
                                      "Send the document's filename; it is "
                                      "missing.");
    }

    if (values[3].len && !platen_webhook_conf_allows(r)) {
        return platen_respond_problem(r, PLATEN_PROBLEM_WEBHOOKS_OFF, NULL);
    }

    wrong = values[3].len == 0
            ? NULL : platen_webhook_url_wrong((char *) values[3].data,
                                              values[3].len);
    if (wrong) {
        ngx_snprintf(detail, sizeof(detail), "webhook_url %s.%Z", wrong);
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      (char *) detail);
    }

    op = platen_operation_new(r, PLATEN_COMMIT_INITIATE);
    p = ngx_pnalloc(r->pool, PLATEN_FILENAME_MAX + 1
                             + PLATEN_DOCUMENT_TYPE_MAX);

    if (op == NULL || p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    job = &op->job;

    if (values[1].len
        && !platen_document_type(&values[1], p + PLATEN_FILENAME_MAX + 1,
                                 &job->content_type))
    {
        return platen_respond_problem(r,
                                      PLATEN_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                                      NULL);
    }

    source = platen_document_source(r, job->content_type, &values[0]);

    if (source == NULL) {
        return values[1].len
               ? platen_respond_problem(r,
                                        PLATEN_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                                        NULL)
               : platen_respond_problem(r, PLATEN_PROBLEM_MISSING_PARAMETER,
                                        "Send the document's content_type: "
                                        "no format of this server has the "
                                        "extension of that filename.");
    }

    if (values[2].len == 0) {
        /* what is a PDF already is asked for its text */
        ngx_str_set(&values[2], "pdf");

        if (ngx_strcmp(source->name, "pdf") == 0) {
            ngx_str_set(&values[2], "txt");
        }
    }

    target = platen_format_named((char *) values[2].data, values[2].len);

    if (target == NULL) {
        return platen_respond_problem(r, PLATEN_PROBLEM_UNSUPPORTED_FORMAT,
                                      "target_format names no known format; "
                                      "GET /formats lists them.");
    }

    if (platen_id_new(&job->id) != PLATEN_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
    }

    ctx->id = job->id;

    job->input_filename.data = (char *) p;
    job->input_filename.len = platen_filename_clean((char *) values[0].data,
                                                    values[0].len, (char *) p,
                                                    PLATEN_FILENAME_MAX + 1);
    job->source_format = platen_str(source->name);
    job->target_format = platen_str(target->name);
    job->request_id = (platen_str_t) { (char *) ctx->request_id.data,
                                       ctx->request_id.len };
    platen_respond_trace(r, job);
    job->webhook_url = (platen_str_t) { (char *) values[3].data,
                                        values[3].len };
    platen_webhook_conf_default(r, &job->webhook_url);

    if (job->webhook_url.len
        && platen_link_base(r, &job->link_base) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    job->ttl = platen_admit_job_ttl(r, 0);
    job->expires_at = platen_now_us()
                      + (uint64_t) (plcf->upload_ttl + PLATEN_SIGN_SKEW)
                        * 1000000;

    op->max_queue = plcf->max_queue;
    op->answer = platen_document_initiated;

    return platen_operation_start(r, op);
}


/*
 * Type and subtype, in lower case and without parameters (RFC 9110, section
 * 8.3.1); `type` is room for PLATEN_DOCUMENT_TYPE_MAX.  0: it is none.
 */

static ngx_uint_t
platen_document_type(ngx_str_t *value, u_char *type, platen_str_t *out)
{
    size_t  len;

    for (len = 0; len < value->len; len++) {
        if (value->data[len] == ';' || value->data[len] == ' '
            || value->data[len] == '\t')
        {
            break;
        }
    }

    if (len == 0 || len > PLATEN_DOCUMENT_TYPE_MAX) {
        return 0;
    }

    ngx_strlow(type, value->data, len);
    *out = (platen_str_t) { (char *) type, len };

    return 1;
}


/*
 * The format of that type, if there is anything that it may be converted to.
 * No type, or one that says nothing but "bytes", leaves it to the extension.
 */

static const platen_format_t *
platen_document_source(ngx_http_request_t *r, platen_str_t type,
    ngx_str_t *filename)
{
    u_char                      *ext, *last;
    size_t                       i;
    const platen_format_t       *source;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (type.len == 0
        || platen_str_eq(type, platen_str("application/octet-stream")))
    {
        last = filename->data + filename->len;

        for (ext = last; ext > filename->data && ext[-1] != '.'; ext--) {
            /* void */
        }

        source = ext > filename->data
                 ? platen_format_find((char *) ext, last - ext) : NULL;

    } else {
        source = platen_format_by_mime(type.data, type.len);
    }

    for (i = 0; source && i < platen_nformats; i++) {
        if (platen_formats_allowed(plcf, source, &platen_formats[i])) {
            return source;
        }
    }

    return NULL;
}


static ngx_int_t
platen_document_initiated(ngx_http_request_t *r, platen_commit_op_t *op)
{
    off_t                        max;
    ngx_str_t                    path, put, url, location;
    platen_json_t                j;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         id[PLATEN_ID_TEXT + 1];
    u_char                       text[sizeof("/documents//content")
                                      + PLATEN_ID_TEXT];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    platen_id_format(&op->job.id, id);
    max = plcf->max_file_size;

    path.data = text;
    path.len = ngx_sprintf(text, "/documents/%s/content", id) - text;

    if (platen_signed_url(r, "PUT", &path, op->job.content_type, max,
                          ngx_time() + plcf->upload_ttl, &put)
        != NGX_OK
        || platen_document_base(r, &put, &url) != NGX_OK)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
    }

    location.len = plcf->prefix.len + sizeof("/documents/") - 1
                   + PLATEN_ID_TEXT;
    location.data = put.data;

    if (platen_respond_header(r, "Location", &location) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    platen_json_chain_init(&j, r->pool, 1024);
    platen_json_open(&j, NULL, '{');
    platen_json_word(&j, "document_id", id, PLATEN_ID_TEXT);
    platen_document_key(&j, "object_key", id, op->job.input_filename);
    platen_json_string(&j, "upload_url", url.data, url.len);
    platen_json_close(&j, '}');

    return platen_respond_json(r, NGX_HTTP_CREATED, &j);
}


/* A presigned URL is given to others as it is, so it is a whole one. */

static ngx_int_t
platen_document_base(ngx_http_request_t *r, ngx_str_t *path, ngx_str_t *url)
{
    ngx_int_t  rc;

    rc = platen_link_whole(r, path, 0, url);

    if (rc == NGX_DECLINED) {
        *url = *path;
        return NGX_OK;
    }

    return rc;
}


ngx_int_t
platen_document_store(ngx_http_request_t *r)
{
    off_t                        max;
    ngx_int_t                    rc, status;
    ngx_str_t                    type;
    platen_job_t                 job;
    platen_txn_t                 txn;
    platen_receive_t            *rx;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         filename[PLATEN_FILENAME_MAX];
    u_char                       target[16], mime[PLATEN_DOCUMENT_TYPE_MAX];
    size_t                       filename_len, target_len;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    /* Its strings are gone with the transaction. */

    filename_len = ngx_min(job.input_filename.len, sizeof(filename));
    ngx_memcpy(filename, job.input_filename.data, filename_len);
    target_len = ngx_min(job.target_format.len, sizeof(target));
    ngx_memcpy(target, job.target_format.data, target_len);
    type.len = ngx_min(job.content_type.len, sizeof(mime));
    type.data = ngx_cpymem(mime, job.content_type.data, type.len) - type.len;

    platen_txn_abort(&txn);

    job.content_type = (platen_str_t) { (char *) type.data, type.len };

    rc = platen_document_check(r, &job);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rc = platen_admit_room(r);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    max = plcf->max_file_size;

    if (ctx->max_length && ctx->max_length < (uint64_t) max) {
        max = ctx->max_length;
    }

    rc = platen_upload_open(r, &type, max);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    rx = ctx->rx;

    if (platen_receive_param(rx, "target_format", 13, (char *) target,
                             target_len)
        != PLATEN_OK
        || platen_receive_param(rx, "filename", 8, filename, filename_len)
           != PLATEN_OK)
    {
        return platen_respond_problem(r, rx->problem, rx->detail);
    }

    return platen_upload_read(r, platen_document_received);
}


/*
 * Whether the bytes may come, before any of them is read: the record has the
 * last word on that.  NGX_DECLINED, or what a content handler returns.
 */

static ngx_int_t
platen_document_check(ngx_http_request_t *r, const platen_job_t *job)
{
    ngx_str_t            value;
    platen_str_t         type;
    platen_commit_op_t   op;
    u_char               mime[PLATEN_DOCUMENT_TYPE_MAX], detail[256];

    if (job->state != PLATEN_STATE_INITIATED || job->input_sha256.len) {
        op.rc = PLATEN_INVALID_TRANSITION;
        op.found = job->state;
        return platen_document_refused(r, &op, "takes no upload any more");
    }

    ngx_str_set(&value, "");
    if (r->headers_in.content_type) {
        value = r->headers_in.content_type->value;
    }

    if (job->content_type.len
        && (!platen_document_type(&value, mime, &type)
            || !platen_str_eq(type, job->content_type)))
    {
        ngx_snprintf(detail, sizeof(detail),
                     "The upload was announced as %*s; send that as its "
                     "Content-Type.%Z",
                     job->content_type.len, job->content_type.data);
        return platen_respond_problem(r,
                                      PLATEN_PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                                      (char *) detail);
    }

    return NGX_DECLINED;
}


static void
platen_document_received(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    platen_receive_t            *rx;
    platen_commit_op_t          *op;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);
    rx = ctx->rx;

    rc = platen_submit_admit(r);

    if (rc != NGX_DECLINED) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    op = platen_operation_new(r, PLATEN_COMMIT_STORE);

    if (op) {
        op->tmp = rx->tmp.path;
        op->answer = platen_document_stored;
        op->refused = platen_document_not_stored;
        op->quota.limit = plcf->quota;
        op->job.input_size = rx->size;
        op->job.input_sha256 = (platen_str_t) { (char *) rx->sha256,
                                                sizeof(rx->sha256) };
        op->job.source_format = platen_str(rx->source->name);
        op->job.expires_at = platen_now_us()
                             + (uint64_t) plcf->upload_ttl * 1000000;
    }

    if (op == NULL
        || (rx->batch
            && platen_batch_sources(r, rx->target, &op->job.sources) != NGX_OK)
        || platen_operation_commit(r, op) != NGX_OK)
    {
        ngx_http_finalize_request(r, platen_respond_problem(r,
                                         PLATEN_PROBLEM_INTERNAL, NULL));
    }
}


static ngx_int_t
platen_document_stored(ngx_http_request_t *r, platen_commit_op_t *op)
{
    return platen_respond_send(r, NGX_HTTP_NO_CONTENT, NULL, NULL, -1);
}


static ngx_int_t
platen_document_not_stored(ngx_http_request_t *r, platen_commit_op_t *op)
{
    return platen_document_refused(r, op,
                                   op->busy
                                   ? "is being uploaded by another request"
                                   : "takes no upload any more");
}


ngx_int_t
platen_document_enqueue(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    platen_commit_op_t          *op;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    op = platen_operation_new(r, PLATEN_COMMIT_ENQUEUE);
    if (op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->max_queue = plcf->max_queue;
    op->max_client_queue = plcf->max_client_queue;
    op->answer = platen_document_enqueued;
    op->refused = platen_document_not_enqueued;

    return platen_operation_start(r, op);
}


static ngx_int_t
platen_document_enqueued(ngx_http_request_t *r, platen_commit_op_t *op)
{
    platen_json_t  j;
    char           id[PLATEN_ID_TEXT + 1];

    platen_id_format(&op->job.id, id);

    platen_json_chain_init(&j, r->pool, 64);
    platen_json_open(&j, NULL, '{');
    platen_json_word(&j, "job_id", id, PLATEN_ID_TEXT);
    platen_json_close(&j, '}');

    return platen_respond_json(r, NGX_HTTP_ACCEPTED, &j);
}


static ngx_int_t
platen_document_not_enqueued(ngx_http_request_t *r, platen_commit_op_t *op)
{
    return platen_document_refused(r, op,
                                   op->found == PLATEN_STATE_INITIATED
                                   ? "has to be uploaded first: PUT it to "
                                     "its upload_url"
                                   : "cannot be enqueued again");
}


/* The state that is in the way, and what follows from it. */

static ngx_int_t
platen_document_refused(ngx_http_request_t *r, platen_commit_op_t *op,
    const char *what)
{
    u_char  detail[160];

    if (op->rc != PLATEN_INVALID_TRANSITION) {
        return platen_operation_refused(r, op);
    }

    ngx_snprintf(detail, sizeof(detail), "The document is %s and %s.%Z",
                 platen_document_state(op->found), what);

    return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_TRANSITION,
                                  (char *) detail);
}
