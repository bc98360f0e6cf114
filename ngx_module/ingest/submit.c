
/*
 * From a file on disk to a job in the store and the answer; and once more,
 * retry.  Builds the operation that the group commit carries out.  Runs in the
 * event loop.
 */


#include "ingest/submit.h"

#include "conf.h"
#include "ctx.h"
#include "access/capacity.h"
#include "access/webhook_conf.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/platen.h"
#include "commit/operation.h"
#include "http/link.h"
#include "http/params.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/respond.h"
#include "ingest/batch.h"
#include "ingest/receive.h"
#include "job/cache_key.h"
#include "job/job.h"
#include "job/matrix.h"
#include "job/option.h"
#include "view/formats.h"
#include "view/job.h"


static platen_problem_t platen_submit_refusal(ngx_http_request_t *r,
    platen_receive_t *rx, ngx_int_t rc, const platen_matrix_route_t *route);
static ngx_int_t platen_submit_op(ngx_http_request_t *r);
static ngx_int_t platen_submit_options(ngx_http_request_t *r,
    const platen_options_t *options, uint32_t mask, platen_str_t *text);
static ngx_int_t platen_submit_cache(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_submit_not_retried(ngx_http_request_t *r,
    platen_commit_op_t *op);


void
platen_submit_received(ngx_http_request_t *r)
{
    ngx_int_t               rc;
    platen_receive_t       *rx;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    rx = ctx->rx;

    rc = platen_submit_admit(r);

    if (rc != NGX_DECLINED) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    rc = platen_submit_op(r);

    if (rc == NGX_OK) {
        rc = platen_operation_commit(r, ctx->op);
    }

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, platen_respond_problem(r,
                                        rc == NGX_DECLINED
                                        ? PLATEN_PROBLEM_INVALID_PARAMETER
                                        : PLATEN_PROBLEM_INTERNAL,
                                        rc == NGX_DECLINED ? rx->detail
                                                           : NULL));
    }
}


ngx_int_t
platen_submit_admit(ngx_http_request_t *r)
{
    ngx_int_t                     rc;
    platen_problem_t              problem;
    platen_receive_t             *rx;
    ngx_http_platen_ctx_t        *ctx;
    const platen_matrix_route_t  *route;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    rx = ctx->rx;

    rc = rx->batch ? platen_batch_admit(r, rx, &route)
                   : platen_formats_check(r, rx->source, rx->target, &route);

    if (rc == NGX_ERROR) {
        return platen_respond_store(r, PLATEN_ERROR, "reading the matrix",
                                    "see above");
    }

    problem = platen_submit_refusal(r, rx, rc, route);

    return problem == PLATEN_PROBLEM_NONE
           ? NGX_DECLINED : platen_respond_problem(r, problem, rx->detail);
}


/*
 * Why this pair, or these options of it, are refused; `rc` and `route` are what
 * platen_formats_check() has said.
 */

static platen_problem_t
platen_submit_refusal(ngx_http_request_t *r, platen_receive_t *rx,
    ngx_int_t rc, const platen_matrix_route_t *route)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (rx->params.ttl > (uint64_t) plcf->max_ttl) {
        ngx_snprintf((u_char *) rx->detail, sizeof(rx->detail),
                     "ttl takes at most %T seconds on this server.%Z",
                     plcf->max_ttl);
        return PLATEN_PROBLEM_INVALID_PARAMETER;
    }

    if (rx->batch && rc == NGX_DECLINED) {
        return PLATEN_PROBLEM_NOTHING_TO_CONVERT;
    }

    if (rx->params.webhook_len && !platen_webhook_conf_allows(r)) {
        return PLATEN_PROBLEM_WEBHOOKS_OFF;
    }

    /* one format is converted into itself only where that is known to work */

    if (rx->source == rx->target && route == NULL) {
        return PLATEN_PROBLEM_IDENTICAL_FORMATS;
    }

    if (rc == NGX_DECLINED) {
        ngx_snprintf((u_char *) rx->detail, sizeof(rx->detail),
                     "This server does not convert %s to %s; GET /formats "
                     "lists what it does.%Z",
                     rx->source->name, rx->target->name);
        return PLATEN_PROBLEM_UNSUPPORTED_CONVERSION;
    }

    if (route
        && !platen_params_allowed(&rx->params, route->options,
                                  rx->source->name, rx->target->name,
                                  rx->detail, sizeof(rx->detail)))
    {
        return PLATEN_PROBLEM_UNSUPPORTED_OPTION;
    }

    return PLATEN_PROBLEM_NONE;
}


/*
 * The record; its strings stay where they are, in the request's pool.  NGX_OK;
 * NGX_DECLINED with a sentence in rx->detail; NGX_ERROR.
 */

static ngx_int_t
platen_submit_op(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    platen_job_t                *job;
    platen_receive_t            *rx;
    platen_commit_op_t          *op;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);
    rx = ctx->rx;

    op = platen_operation_new(r, PLATEN_COMMIT_SUBMIT);
    if (op == NULL) {
        return NGX_ERROR;
    }

    op->tmp = rx->tmp.path;
    op->max_queue = plcf->max_queue;
    op->max_client_queue = plcf->max_client_queue;
    op->quota.limit = plcf->quota;
    op->answer = ctx->answer;
    op->left = ctx->left;

    job = &op->job;

    if (ctx->tus) {
        /* it has the upload's id, and what that was stays until it is there */
        op->resumable = 1;

    } else if (platen_id_new(&job->id) != PLATEN_OK) {
        return NGX_ERROR;
    }

    job->ttl = platen_admit_job_ttl(r, rx->params.ttl);
    job->priority = rx->params.priority;
    job->withheld = rx->params.options.given & platen_option_secrets();
    job->input_size = rx->size;
    job->request_id = (platen_str_t) { (char *) ctx->request_id.data,
                                       ctx->request_id.len };
    platen_respond_trace(r, job);
    job->source_format = platen_str(rx->source->name);
    job->target_format = platen_str(rx->target->name);
    job->notes = (platen_str_t) { rx->params.notes, rx->params.notes_len };
    job->input_filename = (platen_str_t) { rx->filename, rx->filename_len };
    job->input_sha256 = (platen_str_t) { (char *) rx->sha256,
                                         sizeof(rx->sha256) };

    if (platen_submit_options(r, &rx->params.options,
                              ~platen_option_secrets(), &job->options)
        != NGX_OK
        || platen_submit_options(r, &rx->params.options,
                                 platen_option_secrets(), &job->secrets)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    job->webhook_url = (platen_str_t) { rx->params.webhook,
                                        rx->params.webhook_len };

    /* a resumable upload is its own key */

    if (!ctx->tus) {
        rc = platen_admit_idempotency(r, job, rx->params.ttl, rx->detail,
                                      sizeof(rx->detail));
        if (rc != NGX_OK) {
            return rc;
        }
    }

    platen_webhook_conf_default(r, &job->webhook_url);

    if (job->webhook_url.len
        && platen_link_base(r, &job->link_base) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (rx->batch) {
        /* its files are asked for one by one, and an archive has none */
        return platen_batch_sources(r, rx->target, &job->sources);
    }

    return plcf->result_cache ? platen_submit_cache(r, op) : NGX_OK;
}


/* Lets the commit look for a result that is there already. */

static ngx_int_t
platen_submit_cache(ngx_http_request_t *r, platen_commit_op_t *op)
{
    int       rc;
    uint8_t  *key;

    key = ngx_pnalloc(r->pool, PLATEN_SHA256_LEN);
    if (key == NULL) {
        return NGX_ERROR;
    }

    rc = platen_cache_key(&op->job, key);
    if (rc == PLATEN_NOT_FOUND) {
        return NGX_OK;
    }

    if (rc != PLATEN_OK) {
        return NGX_ERROR;
    }

    /* its result is remembered in any case, and answers from then on */

    op->job.cache_key = (platen_str_t) { (char *) key, PLATEN_SHA256_LEN };

    if (platen_respond_request_token(r, "cache-control", "no-cache")) {
        /* it is to be converted anew (RFC 9111, section 5.2.1.4) */
        return NGX_OK;
    }

    op->earlier = ngx_palloc(r->pool, sizeof(platen_commit_result_t));

    return op->earlier ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
platen_submit_options(ngx_http_request_t *r, const platen_options_t *options,
    uint32_t mask, platen_str_t *text)
{
    size_t   len;
    u_char  *copy;
    char     buf[PLATEN_OPTIONS_TEXT_MAX];

    len = platen_options_text(options, mask, buf);

    if (len == 0) {
        return NGX_OK;
    }

    copy = ngx_pnalloc(r->pool, len);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(copy, buf, len);
    *text = (platen_str_t) { (char *) copy, len };

    return NGX_OK;
}


ngx_int_t
platen_submit_accepted(ngx_http_request_t *r, platen_commit_op_t *op)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (op->stored) {
        return platen_view_stored(r, ctx->accepted);
    }

    return platen_view_submitted(r, ctx->accepted, &op->job, op->position);
}


ngx_int_t
platen_submit_retry(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    platen_params_t             *params;
    platen_commit_op_t          *op;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         detail[256];

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    rc = platen_admit_room(r);
    if (rc != NGX_DECLINED) {
        return rc;
    }

    params = ngx_pcalloc(r->pool, sizeof(platen_params_t));
    op = platen_operation_new(r, PLATEN_COMMIT_RETRY);

    if (params == NULL || op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = platen_query_params(r, params, detail, sizeof(detail));

    if (rc == NGX_DECLINED) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      detail);
    }

    if (rc != NGX_OK
        || platen_submit_options(r, &params->options, platen_option_secrets(),
                                 &op->job.secrets)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->job.withheld = params->options.given & platen_option_secrets();
    op->max_queue = plcf->max_queue;
    op->max_client_queue = plcf->max_client_queue;
    op->answer = platen_submit_accepted;
    op->refused = platen_submit_not_retried;
    ctx->accepted = NGX_HTTP_ACCEPTED;

    return platen_operation_start(r, op);
}


/* It may be without the passwords that the job had been given. */

static ngx_int_t
platen_submit_not_retried(ngx_http_request_t *r, platen_commit_op_t *op)
{
    int     option;
    u_char  detail[256];

    if (op->missing == 0) {
        return platen_operation_refused(r, op);
    }

    for (option = 0; !(op->missing & PLATEN_OPTION_BIT(option)); option++) {
        /* the first */
    }

    ngx_snprintf(detail, sizeof(detail),
                 "The job was given %s, which is not kept; send it again with "
                 "the retry, as ?%s=.%Z", platen_option_name(option),
                 platen_option_name(option));

    return platen_respond_problem(r, PLATEN_PROBLEM_MISSING_PARAMETER,
                                  (char *) detail);
}
