
/*
 * GET /jobs/{id}/download: the result, at the speed of a static file: nginx's
 * own open-file cache, sendfile and Range filter.
 *
 * SUCCESS in the store implies that the file is there.  Should the job be
 * deleted between the look into the store and the open, the answer is 404.
 * Once open, the file is sent whole, whatever happens to its name.
 */


#include "view/download.h"

#include "conf.h"
#include "ctx.h"
#include "access/owned.h"
#include "base/digest.h"
#include "base/platen.h"
#include "disk/layout.h"
#include "format/filename.h"
#include "format/format.h"
#include "http/problem.h"
#include "http/respond.h"
#include "job/option.h"


static ngx_int_t platen_download_headers(ngx_http_request_t *r,
    const platen_job_t *job, const platen_format_t *format);
static ngx_int_t platen_download_charset(ngx_http_request_t *r,
    const platen_job_t *job, const platen_format_t *format);
static ngx_int_t platen_download_send(ngx_http_request_t *r, ngx_str_t *path,
    const platen_job_t *job);
static ngx_int_t platen_download_unsatisfiable(ngx_http_request_t *r);


ngx_int_t
platen_download_job(ngx_http_request_t *r)
{
    ngx_int_t     status;
    platen_job_t  job;
    platen_txn_t  txn;

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    return platen_download_result(r, &txn, &job);
}


ngx_int_t
platen_download_result(ngx_http_request_t *r, platen_txn_t *txn,
    platen_job_t *job)
{
    char                          detail[160];
    ngx_str_t                     path;
    const platen_format_t        *format;
    ngx_http_platen_main_conf_t  *pmcf;

    pmcf = ngx_http_get_module_main_conf(r, ngx_http_platen_module);

    if (!platen_state_has_result(job->state)) {
        ngx_snprintf((u_char *) detail, sizeof(detail),
                     job->state == PLATEN_STATE_FAILED
                     ? "The job has FAILED and has no result; its error says "
                       "why.%Z"
                     : "The job is %s. Poll it until its status is SUCCESS, "
                       "then download.%Z",
                     platen_state_name(job->state));
        platen_txn_abort(txn);
        return platen_respond_problem(r, PLATEN_PROBLEM_NOT_READY, detail);
    }

    format = job->output_format.len
             ? platen_format_find(job->output_format.data,
                                  job->output_format.len)
             : platen_format_find(job->target_format.data,
                                  job->target_format.len);

    path.data = ngx_pnalloc(r->pool, PLATEN_PATH_MAX);
    if (path.data == NULL
        || platen_download_headers(r, job, format) != NGX_OK)
    {
        platen_txn_abort(txn);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    path.len = platen_layout_path((char *) pmcf->data.data, PLATEN_DIR_OUTPUT,
                                  &job->id, job->epoch, (char *) path.data);

    platen_txn_abort(txn);

    return platen_download_send(r, &path, job);
}


static ngx_int_t
platen_download_headers(ngx_http_request_t *r, const platen_job_t *job,
    const platen_format_t *format)
{
    u_char     bytes[2 * PLATEN_SHA256_LEN];
    ngx_str_t  digest;

    if (format == NULL) {
        /* a result of a later version; what it is, the name still says */
        ngx_str_set(&r->headers_out.content_type, "application/octet-stream");

    } else {
        r->headers_out.content_type.data = (u_char *) format->mime;
        r->headers_out.content_type.len = ngx_strlen(format->mime);
    }

    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    if (format && platen_download_charset(r, job, format) != NGX_OK) {
        return NGX_ERROR;
    }

    digest.data = bytes;
    digest.len = ngx_hex_dump(bytes, (u_char *) job->output_sha256.data,
                              ngx_min(job->output_sha256.len,
                                      PLATEN_SHA256_LEN))
                 - bytes;

    if (platen_respond_etag(r, &digest) != NGX_OK) {
        return NGX_ERROR;
    }

    return platen_download_named(r, job, format ? format->name : "bin");
}


/* Texts are UTF-8, unless one was asked for in another charset. */

static ngx_int_t
platen_download_charset(ngx_http_request_t *r, const platen_job_t *job,
    const platen_format_t *format)
{
    ngx_str_t          value;
    const char        *encoding;
    platen_options_t   options;

    const platen_format_t  *source;

    if (ngx_strncmp(format->mime, "text/", 5) != 0) {
        return NGX_OK;
    }

    ngx_str_set(&r->headers_out.charset, "utf-8");

    ngx_memzero(&options, sizeof(platen_options_t));

    source = platen_format_find(job->source_format.data,
                                job->source_format.len);

    if (source == NULL || platen_format_reads_charset(source, format)
        || platen_options_parse(&options, job->options.data,
                                job->options.len)
           != PLATEN_OK)
    {
        return NGX_OK;
    }

    encoding = platen_options_get(&options, PLATEN_OPTION_CHARSET);

    if (encoding) {
        value.data = (u_char *) encoding;
        value.len = ngx_strlen(encoding);

        r->headers_out.charset.data = ngx_pstrdup(r->pool, &value);
        r->headers_out.charset.len = value.len;
    }

    return r->headers_out.charset.data ? NGX_OK : NGX_ERROR;
}


ngx_int_t
platen_download_named(ngx_http_request_t *r, const platen_job_t *job,
    const char *ext)
{
    size_t     len;
    ngx_str_t  value;
    char       name[PLATEN_FILENAME_MAX + 1];

    len = platen_filename_replace_ext(job->input_filename.data,
                                      job->input_filename.len,
                                      ext, name, sizeof(name));

    value.data = ngx_pnalloc(r->pool, PLATEN_FILENAME_DISPOSITION_MAX);
    if (value.data == NULL) {
        return NGX_ERROR;
    }
    value.len = platen_filename_disposition(name, len, (char *) value.data,
                                            PLATEN_FILENAME_DISPOSITION_MAX);

    if (platen_respond_header(r, "Content-Disposition", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    /* A converted document is a stranger's: never a page of this origin. */

    ngx_str_set(&value, "nosniff");
    if (platen_respond_header(r, "X-Content-Type-Options", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_set(&value, "sandbox");
    if (platen_respond_header(r, "Content-Security-Policy", &value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&value, "private, no-cache");
    return platen_respond_header(r, "Cache-Control", &value);
}


static ngx_int_t
platen_download_send(ngx_http_request_t *r, ngx_str_t *path,
    const platen_job_t *job)
{
    ngx_int_t                  rc;
    ngx_buf_t                 *b;
    ngx_chain_t                out;
    ngx_open_file_info_t       of;
    ngx_http_platen_ctx_t     *ctx;
    ngx_http_core_loc_conf_t  *clcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_memzero(&of, sizeof(ngx_open_file_info_t));
    of.read_ahead = clcf->read_ahead;
    of.directio = clcf->directio;
    of.valid = clcf->open_file_cache_valid;
    of.min_uses = clcf->open_file_cache_min_uses;
    of.errors = clcf->open_file_cache_errors;
    of.events = clcf->open_file_cache_events;

    if (ngx_open_cached_file(clcf->open_file_cache, path, &of, r->pool)
        != NGX_OK)
    {
        if (platen_respond_clean(r) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        if (of.err == NGX_ENOENT) {
            return platen_respond_problem(r, PLATEN_PROBLEM_JOB_NOT_FOUND,
                                          NULL);
        }

        ngx_log_error(NGX_LOG_CRIT, r->connection->log, of.err,
                      "platen: %s \"%V\" failed", of.failed, path);
        return platen_respond_problem(r, platen_problem_of_errno(of.err),
                                      "The result could not be read; try "
                                      "again later.");
    }

    r->root_tested = !r->error_page;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        if (platen_respond_clean(r) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = of.size;
    r->headers_out.last_modified_time = (time_t) (job->completed_at / 1000000);

    if (r->method == NGX_HTTP_POST) {
        /* POST /convert: there is nothing that the client could have had */
        r->disable_not_modified = 1;

    } else {
        r->allow_ranges = 1;
    }

    if (r->allow_ranges && !platen_respond_precondition(r)) {
        if (platen_respond_clean(r) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return platen_respond_problem(r, PLATEN_PROBLEM_PRECONDITION_FAILED,
                                      NULL);
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->file = ngx_pcalloc(r->pool, sizeof(ngx_file_t));
    if (b->file == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (platen_respond_header(r, "X-Request-ID", &ctx->request_id) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_HTTP_RANGE_NOT_SATISFIABLE) {
        return platen_download_unsatisfiable(r);
    }

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->file_pos = 0;
    b->file_last = of.size;
    b->in_file = b->file_last ? 1 : 0;
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;
    b->sync = (b->last_buf || b->in_file) ? 0 : 1;
    b->file->fd = of.fd;
    b->file->name = *path;
    b->file->log = r->connection->log;
    b->file->directio = of.is_directio;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/* The Range filter has set Content-Range and sent nothing. */

static ngx_int_t
platen_download_unsatisfiable(ngx_http_request_t *r)
{
    ngx_str_t  range;

    range = r->headers_out.content_range->value;
    if (platen_respond_clean(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (platen_respond_header(r, "Content-Range", &range) != NGX_OK) {
        return NGX_ERROR;
    }

    return platen_respond_problem(r, PLATEN_PROBLEM_RANGE_NOT_SATISFIABLE,
                                  NULL);
}
