
/*
 * The outgoing edge: headers, bodies and problem+json.  Every answer of the
 * module leaves through platen_respond_send(), which is also where NGX_ codes
 * end and HTTP statuses begin.  Runs in the event loop.
 */


#include "http/respond.h"

#include "counts.h"
#include "log.h"
#include "module.h"
#include "worker.h"
#include "base/platen.h"

#include <openssl/rand.h>


#define PLATEN_REQUEST_ID_MAX  128


/* A header that any answer has. */

typedef struct {
    const char   *name;
    ngx_str_t     value;
} platen_respond_always_t;


static void platen_respond_trace_id(ngx_http_request_t *r,
    ngx_http_platen_ctx_t *ctx);
static ngx_int_t platen_respond_request_id(ngx_http_request_t *r,
    ngx_http_platen_ctx_t *ctx);


ngx_http_platen_ctx_t *
platen_respond_ctx(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    if (ctx) {
        return ctx;
    }

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_platen_ctx_t));
    if (ctx == NULL || platen_respond_request_id(r, ctx) != NGX_OK) {
        return NULL;
    }

    platen_respond_trace_id(r, ctx);

    ngx_http_set_ctx(r, ctx, ngx_http_platen_module);

    platen_log_request(r);

    return ctx;
}


/*
 * W3C Trace Context: "00-", trace-id, "-", parent-id, "-", flags, all in lower
 * case hex; a later version may have more behind it.  What is malformed is
 * as good as none.
 */

static void
platen_respond_trace_id(ngx_http_request_t *r, ngx_http_platen_ctx_t *ctx)
{
    u_char       c;
    ngx_str_t   *given;
    ngx_uint_t   i, trace, parent;

    static const char  form[] =
        "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";

    given = platen_respond_request_header(r, "traceparent", 11);

    if (given == NULL || given->len < sizeof(form) - 1) {
        return;
    }

    trace = 0;
    parent = 0;

    for (i = 0; i < sizeof(form) - 1; i++) {
        c = given->data[i];

        if (form[i] == '-') {
            if (c != '-') {
                return;
            }

            continue;
        }

        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) {
            return;
        }

        trace |= i >= 3 && i < 35 && c != '0';
        parent |= i >= 36 && i < 52 && c != '0';
    }

    if (!trace || !parent || ngx_strncmp(given->data, "ff", 2) == 0
        || (given->len > i && (ngx_strncmp(given->data, "00", 2) == 0
                               || given->data[i] != '-')))
    {
        return;
    }

    ctx->trace_id.data = given->data + 3;
    ctx->trace_id.len = 32;
    ctx->trace_parent.data = given->data + 36;
    ctx->trace_parent.len = 19;
}


/* Where the job that the request makes belongs, and since when. */

void
platen_respond_trace(ngx_http_request_t *r, platen_job_t *job)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    job->trace_id = (platen_str_t) { (char *) ctx->trace_id.data,
                                     ctx->trace_id.len };
    job->trace_parent = (platen_str_t) { (char *) ctx->trace_parent.data,
                                         ctx->trace_parent.len };
    job->received_at = (uint64_t) r->start_sec * 1000000
                       + (uint64_t) r->start_msec * 1000;
}


/*
 * The client's X-Request-ID if it is harmless, else one of our own: random for
 * the worker and counted up from there.  It has to be unique, not secret, and
 * nginx's $request_id takes the time of a random generator for each.
 */

static ngx_int_t
platen_respond_request_id(ngx_http_request_t *r, ngx_http_platen_ctx_t *ctx)
{
    u_char       c;
    ngx_str_t   *given;
    ngx_uint_t   i;

    static struct {
        u_char      random[8];
        uint64_t    count;
        ngx_pid_t   pid;
    } next;

    given = platen_respond_request_header(r, "x-request-id", 12);

    if (given && given->len && given->len <= PLATEN_REQUEST_ID_MAX) {
        for (i = 0; i < given->len; i++) {
            c = given->data[i];

            if (!(c >= '0' && c <= '9')
                && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
                && c != '-' && c != '_' && c != '.' && c != ':' && c != '/'
                && c != '+' && c != '=')
            {
                break;
            }
        }

        if (i == given->len) {
            ctx->request_id = *given;
            return NGX_OK;
        }
    }

    if (next.pid != ngx_pid) {
        if (RAND_bytes((u_char *) &next, offsetof(typeof(next), pid)) != 1) {
            return NGX_ERROR;
        }
        next.pid = ngx_pid;
    }

    next.count++;

    ctx->request_id.len = 2 * offsetof(typeof(next), pid);
    ctx->request_id.data = ngx_pnalloc(r->pool, ctx->request_id.len);
    if (ctx->request_id.data == NULL) {
        return NGX_ERROR;
    }

    ngx_hex_dump(ctx->request_id.data, (u_char *) &next,
                 offsetof(typeof(next), pid));

    return NGX_OK;
}


ngx_str_t *
platen_respond_request_header(ngx_http_request_t *r, const char *name,
    size_t len)
{
    return platen_respond_request_header_after(r, NULL, name, len);
}


ngx_str_t *
platen_respond_request_header_after(ngx_http_request_t *r, ngx_str_t *last,
    const char *name, size_t len)
{
    ngx_uint_t        i, after;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    after = last == NULL;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (after && header[i].key.len == len && header[i].lowcase_key
                && ngx_memcmp(header[i].lowcase_key, name, len) == 0)
            {
                return &header[i].value;
            }

            if (&header[i].value == last) {
                after = 1;
            }
        }
    }

    return NULL;
}


ngx_uint_t
platen_respond_request_token(ngx_http_request_t *r, const char *name,
    const char *token)
{
    size_t      len, name_len;
    u_char     *p, *end, *comma, *last;
    ngx_str_t  *value;

    len = ngx_strlen(token);
    name_len = ngx_strlen(name);
    value = NULL;

    while ((value = platen_respond_request_header_after(r, value, name,
                                                        name_len))
           != NULL)
    {
        last = value->data + value->len;

        for (p = value->data; p < last; p = comma + 1) {
            comma = ngx_strlchr(p, last, ',');
            if (comma == NULL) {
                comma = last;
            }

            while (p < comma && (*p == ' ' || *p == '\t')) {
                p++;
            }

            for (end = comma; p < end; end--) {
                if (end[-1] != ' ' && end[-1] != '\t') {
                    break;
                }
            }

            if ((size_t) (end - p) == len
                && ngx_strncasecmp(p, (u_char *) token, len) == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


ngx_int_t
platen_respond_header(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    return platen_respond_header_new(r, name, value) ? NGX_OK : NGX_ERROR;
}


ngx_table_elt_t *
platen_respond_header_new(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value = *value;

    return h;
}


ngx_int_t
platen_respond_etag(ngx_http_request_t *r, ngx_str_t *value)
{
    ngx_str_t  quoted;

    quoted.data = ngx_pnalloc(r->pool, value->len + 2);
    if (quoted.data == NULL) {
        return NGX_ERROR;
    }

    quoted.len = value->len + 2;
    quoted.data[0] = '"';
    *ngx_cpymem(quoted.data + 1, value->data, value->len) = '"';

    r->headers_out.etag = platen_respond_header_new(r, "ETag", &quoted);

    return r->headers_out.etag ? NGX_OK : NGX_ERROR;
}


ngx_int_t
platen_respond_header_always(ngx_http_request_t *r, const char *name,
    ngx_str_t *value)
{
    platen_respond_always_t  *always;
    ngx_http_platen_ctx_t    *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ctx->always == NULL) {
        ctx->always = ngx_array_create(r->pool, 4,
                                       sizeof(platen_respond_always_t));
        if (ctx->always == NULL) {
            return NGX_ERROR;
        }
    }

    always = ngx_array_push(ctx->always);
    if (always == NULL) {
        return NGX_ERROR;
    }

    always->name = name;
    always->value = *value;

    return platen_respond_header(r, name, value);
}


ngx_int_t
platen_respond_clean(ngx_http_request_t *r)
{
    ngx_uint_t                i;
    platen_respond_always_t  *always;
    ngx_http_platen_ctx_t    *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    ngx_http_clean_header(r);

    if (ctx->always == NULL) {
        return NGX_OK;
    }

    always = ctx->always->elts;

    for (i = 0; i < ctx->always->nelts; i++) {
        if (platen_respond_header(r, always[i].name, &always[i].value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
platen_respond_send(ngx_http_request_t *r, ngx_uint_t status, const char *type,
    ngx_chain_t *out, off_t len)
{
    ngx_int_t               rc;
    ngx_chain_t            *cl;
    ngx_http_platen_ctx_t  *ctx;

    /* A body that is not being read yet is not going to be. */

    if (!r->request_body) {
        rc = ngx_http_discard_request_body(r);

        if (rc != NGX_OK) {
            r->keepalive = 0;

            if (status < NGX_HTTP_BAD_REQUEST) {
                return platen_respond_problem(r, platen_problem_of_status(rc),
                                              NULL);
            }
        }
    }

    /* No entity tag, no condition; nginx's filter would answer in HTML. */

    if (r->headers_out.etag == NULL) {
        r->disable_not_modified = 1;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_respond_header(r, "X-Request-ID", &ctx->request_id) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->posted && r->method == NGX_HTTP_HEAD) {

        /* to whoever reads the answer, to a POST, its end has to be told */

        r->method = NGX_HTTP_POST;
        ngx_str_set(&r->method_name, "POST");

        if (len < 0 && status != NGX_HTTP_NO_CONTENT) {
            len = 0;
        }
    }

    r->headers_out.status = status;
    r->headers_out.content_length_n = len;

    if (out) {
        r->headers_out.content_type.data = (u_char *) type;
        r->headers_out.content_type.len = ngx_strlen(type);
        r->headers_out.content_type_len = r->headers_out.content_type.len;
        r->headers_out.content_type_lowcase = NULL;

        for (cl = out; cl->next; cl = cl->next) { /* void */ }

        /* of a subrequest's answer, more of the main one's may follow */

        cl->buf->last_buf = r == r->main;
        cl->buf->last_in_chain = 1;

    } else {
        r->header_only = 1;
    }

    rc = ngx_http_send_header(r);
    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, out);
}


ngx_int_t
platen_respond_json(ngx_http_request_t *r, ngx_uint_t status,
    platen_json_t *j)
{
    off_t         len;
    ngx_chain_t  *out;

    out = platen_json_chain(j, &len);
    if (out == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_send(r, status, "application/json", out, len);
}


ngx_int_t
platen_respond_problem(ngx_http_request_t *r, platen_problem_t p,
    const char *detail)
{
    return platen_respond_info(r, platen_problem_info(p), detail);
}


ngx_int_t
platen_respond_info(ngx_http_request_t *r, const platen_problem_info_t *info,
    const char *detail)
{
    off_t                   len;
    ngx_int_t               rc;
    ngx_str_t               value;
    ngx_uint_t              level;
    ngx_chain_t            *out;
    platen_json_t           j;
    ngx_table_elt_t        *h;
    ngx_http_platen_ctx_t  *ctx;
    u_char                  type[128], seconds[NGX_INT_T_LEN];

    if (detail == NULL || detail[0] == '\0') {
        detail = info->detail;
    }

    ctx = platen_respond_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    platen_metrics_problem(platen_problem_of_code(info->code));

    /* Now, and not when the connection has lingered to its end. */

    if (ctx->discard && !ctx->busy) {
        ctx->discard(r, info->status);
    }

    level = info->status >= 500 ? NGX_LOG_ERR : NGX_LOG_INFO;

    ngx_log_error(level, r->connection->log, 0,
                  "platen: %d %s: %s, client_name: \"%V\"",
                  info->status, info->code, detail, &ctx->client);

    if (info->retry_after) {
        value.data = seconds;
        value.len = ngx_sprintf(seconds, "%d", info->retry_after) - seconds;
        value.data = ngx_pstrdup(r->pool, &value);

        if (value.data == NULL
            || platen_respond_header(r, "Retry-After", &value) != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (info->status == NGX_HTTP_UNAUTHORIZED) {
        ngx_str_set(&value, "Bearer realm=\"platen\"");

        if (platen_respond_header(r, "WWW-Authenticate", &value) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        /* auth_request passes it on from there */

        h = r->headers_out.headers.last->elts;
        r->headers_out.www_authenticate =
                                 &h[r->headers_out.headers.last->nelts - 1];
    }

    platen_json_chain_init(&j, r->pool, 512);
    platen_json_open(&j, NULL, '{');
    platen_json_string(&j, "type", type,
                       ngx_snprintf(type, sizeof(type),
                                    "urn:platen:problem:%s", info->code)
                       - type);
    platen_json_string(&j, "title", info->title, ngx_strlen(info->title));
    platen_json_uint(&j, "status", info->status);
    platen_json_string(&j, "detail", detail, ngx_strlen(detail));
    platen_json_string(&j, "code", info->code, ngx_strlen(info->code));
    platen_json_string(&j, "request_id", ctx->request_id.data,
                       ctx->request_id.len);
    platen_json_close(&j, '}');

    out = platen_json_chain(&j, &len);
    if (out == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->allow_ranges = 0;

    /* A refused body is not asked for, and a connection out of step ends. */

    r->expect_tested = 1;

    switch (info->status) {

    case NGX_HTTP_BAD_REQUEST:
    case NGX_HTTP_REQUEST_TIME_OUT:
    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
    case NGX_HTTP_INTERNAL_SERVER_ERROR:
        if (r->request_body || r->headers_in.content_length_n > 0
            || r->headers_in.chunked)
        {
            r->keepalive = 0;
        }
    }

    rc = platen_respond_send(r, info->status, "application/problem+json", out,
                             len);

    /* Should it fail, nginx is to close, not to answer a second time. */

    return rc > NGX_OK ? NGX_ERROR : rc;
}


ngx_int_t
platen_respond_store(ngx_http_request_t *r, int rc, const char *what,
    const char *errstr)
{
    switch (rc) {

    case PLATEN_NOT_FOUND:
        return platen_respond_problem(r, PLATEN_PROBLEM_JOB_NOT_FOUND, NULL);

    case PLATEN_QUEUE_FULL:
        return platen_respond_problem(r, PLATEN_PROBLEM_QUEUE_FULL, NULL);

    case PLATEN_CLIENT_FULL:
        return platen_respond_problem(r, PLATEN_PROBLEM_TOO_MANY_JOBS, NULL);

    case PLATEN_CONFLICT:
        return platen_respond_problem(r, PLATEN_PROBLEM_IDEMPOTENCY_KEY_REUSED,
                                      NULL);

    case PLATEN_INVALID_TRANSITION:
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_TRANSITION,
                                      NULL);

    default:
        break;
    }

    ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                  "platen: store: %s failed: %s (%s)", what,
                  platen_strerror(rc), errstr);

    return platen_respond_problem(r, rc == PLATEN_STORE_FULL
                                     ? PLATEN_PROBLEM_STORE_FULL
                                     : PLATEN_PROBLEM_STORE_UNAVAILABLE, NULL);
}


ngx_int_t
platen_respond_read(ngx_http_request_t *r, platen_txn_t *txn,
    ngx_int_t *status)
{
    int              rc;
    platen_store_t  *store;

    store = ngx_http_platen_store(r->connection->log);
    if (store == NULL) {
        *status = platen_respond_store(r, PLATEN_ERROR, "opening", "not open");
        return NGX_DECLINED;
    }

    rc = platen_txn_read(store, txn);
    if (rc != PLATEN_OK) {
        *status = platen_respond_store(r, rc, "beginning to read",
                                       platen_txn_errstr(txn));
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* Strong comparison: a quoted digest or sequence stands in no other tag. */

static ngx_uint_t
platen_respond_matches(ngx_str_t *list, ngx_str_t *etag)
{
    u_char  *p, *last;

    if (list->len == 1 && list->data[0] == '*') {
        return 1;
    }

    last = list->data + list->len;

    for (p = list->data; /* void */ ; p++) {
        p = memmem(p, last - p, etag->data, etag->len);

        if (p == NULL || p == list->data || p[-1] != '/') {
            return p != NULL;
        }
    }
}


ngx_uint_t
platen_respond_precondition(ngx_http_request_t *r)
{
    time_t            iums;
    ngx_table_elt_t  *match, *since;

    match = r->headers_in.if_match;
    since = r->headers_in.if_unmodified_since;
    r->headers_in.if_match = NULL;
    r->headers_in.if_unmodified_since = NULL;

    if (r != r->main) {
        /* they are about the page that this is a part of */
        return 1;
    }

    if (match) {
        return platen_respond_matches(&match->value,
                                      &r->headers_out.etag->value);
    }

    if (since && r->headers_out.last_modified_time != -1) {
        iums = ngx_parse_http_time(since->value.data, since->value.len);
        return iums == NGX_ERROR || r->headers_out.last_modified_time <= iums;
    }

    return 1;
}


ngx_uint_t
platen_respond_unchanged(ngx_http_request_t *r)
{
    ngx_str_t         tag;
    ngx_table_elt_t  *etag;

    etag = r->headers_out.etag;

    if (r != r->main || r->disable_not_modified
        || r->headers_in.if_none_match == NULL
        || r->headers_in.if_modified_since)
    {
        return 0;
    }

    /* of what was compressed, the tag is a weak one */

    tag = r->headers_in.if_none_match->value;

    if (tag.len > 2 && ngx_strncmp(tag.data, "W/", 2) == 0) {
        tag.data += 2;
        tag.len -= 2;
    }

    return tag.len == etag->value.len
           && ngx_memcmp(tag.data, etag->value.data, tag.len) == 0;
}


ngx_int_t
platen_respond_error_page(ngx_http_request_t *r)
{
    ngx_str_t         allow;
    platen_problem_t  p;

    p = platen_problem_of_status(r->err_status ? r->err_status
                                               : NGX_HTTP_NOT_FOUND);

    if (p == PLATEN_PROBLEM_METHOD_NOT_ALLOWED) {
        /* TRACE and the like, which nginx refuses before it looks for a path */
        ngx_str_set(&allow, "GET, HEAD, POST, PUT, DELETE");

        if (platen_respond_header(r, "Allow", &allow) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return platen_respond_problem(r, p, NULL);
}
