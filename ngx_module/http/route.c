
/*
 * From method and path to a handler: one table, one loop.  The first pattern
 * that fits the path decides; its methods make the Allow header.
 */


#include "http/route.h"

#include "conf.h"
#include "ctx.h"
#include "access/auth.h"
#include "access/quota.h"
#include "access/signed.h"
#include "base/id.h"
#include "base/platen.h"
#include "commit/operation.h"
#include "http/cors.h"
#include "http/json_chain.h"
#include "http/openapi.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/respond.h"
#include "ingest/bulk.h"
#include "ingest/document.h"
#include "ingest/submit.h"
#include "ingest/upload.h"
#include "live/convert.h"
#include "live/longpoll.h"
#include "live/sse.h"
#include "live/thumbnail.h"
#include "view/metrics.h"
#include "tus/answer.h"
#include "tus/tus.h"
#include "view/document.h"
#include "view/files.h"
#include "view/formats.h"
#include "view/health.h"
#include "view/list.h"
#include "view/page.h"
#include "view/zip_stream.h"
#include "ws/socketio.h"
#include "ws/stream.h"


typedef ngx_int_t (*platen_route_handler_pt)(ngx_http_request_t *r);


typedef struct {
    ngx_uint_t                   methods;
    const char                  *pattern;  /* "{id}" is a job's id, "{n}" a
                                              number, "{name}" a word */
    ngx_uint_t                   access;   /* of PLATEN_ROUTE_...; 0: by key */
    platen_route_handler_pt      handler;
} platen_route_t;


static ngx_int_t platen_route_dispatch(ngx_http_request_t *r,
    ngx_http_platen_ctx_t *ctx);
static ngx_uint_t platen_route_match(const char *pattern, ngx_str_t *path,
    ngx_str_t *id, ngx_str_t *number);
static ngx_int_t platen_route_methods_of(ngx_http_request_t *r,
    const platen_route_t *fit, ngx_str_t *allow);
static ngx_int_t platen_route_not_allowed(ngx_http_request_t *r,
    const platen_route_t *route);
static ngx_int_t platen_route_health(ngx_http_request_t *r);


#define PLATEN_ROUTE_OPEN    1   /* to everyone */
#define PLATEN_ROUTE_SIGNED  2   /* by key or signed URL */
#define PLATEN_ROUTE_ALONE   4   /* holds its connection: no subrequest */

#define PLATEN_READ  (NGX_HTTP_GET|NGX_HTTP_HEAD)

/* Literal segments before {id}: the first fit wins. */

static const platen_route_t  platen_routes[] = {
    { PLATEN_READ,     "",                   1, platen_page_root },
    { PLATEN_READ,     "docs",               1, platen_page_docs },
    { PLATEN_READ,     "web/{name}",         1, platen_page_file },
    { PLATEN_READ,     "health",             1, platen_route_health },
    { PLATEN_READ,     "health/ready",       1, platen_health },
    { PLATEN_READ,     "metrics",            0, platen_metrics_page },
    { PLATEN_READ,     "formats",            1, platen_formats_list },
    { PLATEN_READ,     "openapi.json",       1, platen_static_openapi },
    { NGX_HTTP_POST,   "jobs",               0, platen_upload_job },
    { PLATEN_READ,     "jobs",               0, platen_list_jobs },
    { NGX_HTTP_POST,   "jobs/submit",        0, platen_upload_submit },
    { NGX_HTTP_POST,   "convert",            4, platen_convert },
    { PLATEN_READ,     "jobs/{id}",          0, platen_wait_job },
    { NGX_HTTP_DELETE, "jobs/{id}",          0, platen_operation_remove },
    { PLATEN_READ,     "jobs/{id}/download", 2, platen_zip_stream_download },
    { PLATEN_READ,     "jobs/{id}/files",    0, platen_files_list },
    { PLATEN_READ,     "jobs/{id}/files/{n}", 2, platen_files_download },
    { PLATEN_READ,     "jobs/{id}/thumbnail", 4, platen_thumbnail },
    { NGX_HTTP_POST,   "jobs/{id}/links",    0, platen_signed_links },
    { NGX_HTTP_POST,   "jobs/{id}/retry",    0, platen_submit_retry },
    { PLATEN_READ,     "jobs/{id}/events",   6, platen_events_job },
    { PLATEN_READ,     "events",             4, platen_events_client },
    { NGX_HTTP_GET,    "jobs/{id}/ws",       6, platen_ws_stream_job },
    { NGX_HTTP_GET,    "ws",                 4, platen_ws_stream_client },
    { NGX_HTTP_GET,    "socket.io",          4, platen_ws_io_open },
    { NGX_HTTP_POST,   "api/v1/jobs",        0, platen_bulk_create },
    { PLATEN_READ,     "api/v1/jobs/{id}",   0, platen_files_status },
    { PLATEN_READ,     "api/v1/jobs/{id}/download", 0,
      platen_zip_stream_download },
    { NGX_HTTP_POST,   "documents/initiate-upload", 0,
      platen_document_initiate },
    { PLATEN_READ,     "documents/{id}",     0, platen_document_view },
    { NGX_HTTP_PUT,    "documents/{id}/content", 2, platen_document_store },
    { NGX_HTTP_POST,   "documents/{id}/enqueue", 0, platen_document_enqueue },
    { PLATEN_READ,     "usage",              0, platen_quota_usage },
    { NGX_HTTP_OPTIONS, "uploads",           1, platen_tus_options },
    { NGX_HTTP_POST,   "uploads",            4, platen_tus_create },
    { NGX_HTTP_OPTIONS, "uploads/{id}",      1, platen_tus_options },
    { NGX_HTTP_HEAD,   "uploads/{id}",       4, platen_tus_open },
    { NGX_HTTP_PATCH,  "uploads/{id}",       4, platen_tus_open },
    { NGX_HTTP_DELETE, "uploads/{id}",       4, platen_tus_open },
    { 0, NULL, 0, NULL }
};


static const struct {
    ngx_uint_t   method;
    const char  *name;
} platen_route_methods[] = {
    { NGX_HTTP_GET, "GET" },
    { NGX_HTTP_HEAD, "HEAD" },
    { NGX_HTTP_POST, "POST" },
    { NGX_HTTP_PUT, "PUT" },
    { NGX_HTTP_PATCH, "PATCH" },
    { NGX_HTTP_DELETE, "DELETE" },
    { NGX_HTTP_OPTIONS, "OPTIONS" }
};


ngx_int_t
platen_route_preaccess(ngx_http_request_t *r)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (!plcf->api) {
        return NGX_DECLINED;
    }

    if (platen_respond_ctx(r) == NULL || platen_query_hide(r) != NGX_OK
        || platen_cors_headers(r) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


/* 0 is no route, so that a context is made without one. */

const char *
platen_route_pattern(ngx_uint_t route)
{
    if (route == 0
        || route >= sizeof(platen_routes) / sizeof(platen_routes[0]))
    {
        return "none";
    }

    return platen_routes[route - 1].pattern;
}


ngx_int_t
platen_route_handler(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    ctx = platen_respond_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (platen_query_hide(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /*
     * "location /api" fits /apihealth as well, and a rewrite that stays in the
     * location may have made anything of the path.
     */

    if (r->uri.len <= plcf->prefix.len
        ? r->uri.len < plcf->prefix.len
          || ngx_memcmp(r->uri.data, plcf->prefix.data, r->uri.len) != 0
        : r->uri.data[plcf->prefix.len] != '/'
          || ngx_memcmp(r->uri.data, plcf->prefix.data, plcf->prefix.len) != 0)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_NOT_FOUND, NULL);
    }

    ctx->path.data = r->uri.data + plcf->prefix.len;
    ctx->path.len = r->uri.len - plcf->prefix.len;

    if (ctx->path.len) {
        ctx->path.data++;
        ctx->path.len--;
    }

    if (ctx->path.len && ctx->path.data[ctx->path.len - 1] == '/') {
        ctx->path.len--;
    }

    if (platen_tus_prepare(r, &ctx->path) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_route_dispatch(r, ctx);
}


static ngx_int_t
platen_route_dispatch(ngx_http_request_t *r, ngx_http_platen_ctx_t *ctx)
{
    ngx_int_t              rc;
    ngx_str_t              id, number, methods;
    ngx_uint_t             signed_url;
    const platen_route_t  *route, *fit;

    ngx_str_null(&id);
    ngx_str_null(&number);

    for (fit = platen_routes; fit->pattern; fit++) {
        if (platen_route_match(fit->pattern, &ctx->path, &id, &number)) {
            break;
        }
    }

    if (fit->pattern == NULL) {
        return platen_respond_problem(r, PLATEN_PROBLEM_NOT_FOUND, NULL);
    }

    ctx->route = fit - platen_routes + 1;

    for (route = fit; route->pattern; route++) {
        if ((route->methods & r->method)
            && ngx_strcmp(route->pattern, fit->pattern) == 0)
        {
            break;
        }
    }

    if (platen_cors_is_preflight(r)) {
        return platen_route_methods_of(r, fit, &methods) == NGX_OK
               ? platen_cors_preflight(r, &methods)
               : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (route->pattern == NULL) {
        return platen_route_not_allowed(r, fit);
    }

    signed_url = (route->access & PLATEN_ROUTE_SIGNED)
                 && platen_signed_present(r);

    if (!(route->access & PLATEN_ROUTE_OPEN) && !signed_url) {
        switch (platen_auth_request(r)) {

        case NGX_OK:
            break;

        case NGX_DECLINED:
            return platen_respond_problem(r, PLATEN_PROBLEM_UNAUTHORIZED,
                                          NULL);

        default:
            return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
        }
    }

    if (id.data
        && platen_id_parse_any((char *) id.data, id.len, &ctx->id)
           != PLATEN_OK)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_ID, NULL);
    }

    ctx->number = number.len ? ngx_atoi(number.data, number.len) : NGX_ERROR;

    if (signed_url) {
        rc = platen_signed_admit(r);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }

    if ((route->access & PLATEN_ROUTE_ALONE) && r != r->main) {
        return platen_respond_problem(r, PLATEN_PROBLEM_NOT_IMPLEMENTED,
                                      "This is not to be had in a subrequest "
                                      "of nginx; let the client ask for it.");
    }

    return route->handler(r);
}


static ngx_uint_t
platen_route_match(const char *pattern, ngx_str_t *path, ngx_str_t *id,
    ngx_str_t *number)
{
    u_char     *p, *last;
    ngx_str_t  *value;

    p = path->data;
    last = path->data + path->len;

    for ( /* void */ ; *pattern; pattern++) {

        if (*pattern == '{') {
            value = pattern[1] == 'n' ? number : id;
            value->data = p;

            while (p < last && *p != '/') {
                p++;
            }

            value->len = p - value->data;

            if (value->len == 0) {
                break;
            }

            pattern = strchr(pattern, '}');
            continue;
        }

        if (p == last || *p != (u_char) *pattern) {
            break;
        }

        p++;
    }

    if (*pattern == '\0' && p == last) {
        return 1;
    }

    ngx_str_null(id);
    ngx_str_null(number);

    return 0;
}


/* The methods of a path, in the order of the table. */

static ngx_int_t
platen_route_methods_of(ngx_http_request_t *r, const platen_route_t *fit,
    ngx_str_t *allow)
{
    u_char                *p;
    ngx_uint_t             i, methods;
    const platen_route_t  *route;

    methods = 0;

    for (route = fit; route->pattern; route++) {
        if (ngx_strcmp(route->pattern, fit->pattern) == 0) {
            methods |= route->methods;
        }
    }

    p = ngx_pnalloc(r->pool,
                    sizeof("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    allow->data = p;

    for (i = 0; i < sizeof(platen_route_methods)
                    / sizeof(platen_route_methods[0]); i++)
    {
        if (methods & platen_route_methods[i].method) {
            p = ngx_sprintf(p, "%s%s", p == allow->data ? "" : ", ",
                            platen_route_methods[i].name);
        }
    }

    allow->len = p - allow->data;

    return NGX_OK;
}


static ngx_int_t
platen_route_not_allowed(ngx_http_request_t *r, const platen_route_t *fit)
{
    ngx_str_t  allow;

    if (platen_route_methods_of(r, fit, &allow) != NGX_OK
        || platen_respond_header(r, "Allow", &allow) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_problem(r, PLATEN_PROBLEM_METHOD_NOT_ALLOWED, NULL);
}


/* Whether an open connection still answers: the service itself. */

static ngx_int_t
platen_route_health(ngx_http_request_t *r)
{
    platen_json_t  j;

    platen_json_chain_init(&j, r->pool, 64);
    platen_json_open(&j, NULL, '{');
    platen_json_word(&j, "status", "ok", 2);
    platen_json_word(&j, "version", PLATEN_VERSION,
                     sizeof(PLATEN_VERSION) - 1);
    platen_json_close(&j, '}');

    return platen_respond_json(r, NGX_HTTP_OK, &j);
}
