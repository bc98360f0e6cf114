
/*
 * The page at the location's root, its styles and scripts, and the reference at
 * docs.  web/embed makes them part of the module, as they are and compressed, so
 * that they cannot go missing or differ from the code that they speak to; no
 * request opens a file.  Runs in the event loop.
 *
 * All of them name each other by relative paths, and so work below any prefix.
 */


#include "view/page.h"

#include "conf.h"
#include "ctx.h"
#include "http/accept.h"
#include "http/json_chain.h"
#include "http/problem.h"
#include "http/respond.h"


typedef struct {
    const char    *name;
    const char    *type;
    const char    *digest;  /* of the bytes, as text */
    const u_char  *bytes;   /* to `gzip` */
    const u_char  *gzip;    /* to `end` */
    const u_char  *end;
} platen_page_file_t;


#include "platen_web.h"


/*
 * Scripts, styles and connections are of this origin alone.  What a page shows of
 * a result is in a blob: of its own making.
 */

#define PLATEN_PAGE_POLICY                                                    \
    "default-src 'none'; script-src 'self'; style-src 'self'; "               \
    "img-src 'self' blob: data:; connect-src 'self'; frame-src blob:; "       \
    "object-src blob:; base-uri 'none'; form-action 'none'; "                 \
    "frame-ancestors 'none'"


static ngx_uint_t platen_page_wanted(ngx_http_request_t *r);
static ngx_int_t platen_page_moved(ngx_http_request_t *r, const char *path);
static ngx_int_t platen_page_send(ngx_http_request_t *r, u_char *name,
    size_t len);
static ngx_int_t platen_page_headers(ngx_http_request_t *r,
    const platen_page_file_t *file, ngx_uint_t gzip);


ngx_int_t
platen_page_root(ngx_http_request_t *r)
{
    ngx_str_t      vary;
    ngx_uint_t     wanted;
    platen_json_t  j;

    wanted = platen_page_wanted(r);

    if (wanted && r->uri.data[r->uri.len - 1] == '/') {
        return platen_page_send(r, (u_char *) "index.html",
                                sizeof("index.html") - 1);
    }

    ngx_str_set(&vary, "Accept");

    if (platen_respond_header(r, "Vary", &vary) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (wanted) {
        return platen_page_moved(r, "/");
    }

    /* Word for word what clients of the bulk converter look for. */

    platen_json_chain_init(&j, r->pool, 64);
    platen_json_open(&j, NULL, '{');
    platen_json_word(&j, "message", "Service is running successfully",
                     sizeof("Service is running successfully") - 1);
    platen_json_close(&j, '}');

    return platen_respond_json(r, NGX_HTTP_OK, &j);
}


/* Browsers name text/html; others take anything, or would rather have JSON. */

static ngx_uint_t
platen_page_wanted(ngx_http_request_t *r)
{
    ngx_uint_t  weight;

    weight = platen_accept_weight(r, "text/html");

    return weight && weight >= platen_accept_weight(r, "application/json");
}


/* Relative names need the address as it is meant. */

static ngx_int_t
platen_page_moved(ngx_http_request_t *r, const char *path)
{
    ngx_str_t                    location;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    location.len = plcf->prefix.len + ngx_strlen(path);
    location.data = ngx_pnalloc(r->pool, location.len);
    if (location.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(ngx_cpymem(location.data, plcf->prefix.data, plcf->prefix.len),
               path, ngx_strlen(path));

    if (platen_respond_header(r, "Location", &location) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_send(r, NGX_HTTP_MOVED_PERMANENTLY, NULL, NULL, 0);
}


ngx_int_t
platen_page_docs(ngx_http_request_t *r)
{
    return r->uri.data[r->uri.len - 1] == '/'
           ? platen_page_moved(r, "/docs")
           : platen_page_send(r, (u_char *) "docs.html",
                              sizeof("docs.html") - 1);
}


ngx_int_t
platen_page_file(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    return platen_page_send(r, ctx->path.data + sizeof("web/") - 1,
                            ctx->path.len - (sizeof("web/") - 1));
}


static ngx_int_t
platen_page_send(ngx_http_request_t *r, u_char *name, size_t len)
{
    ngx_buf_t                 *b;
    ngx_uint_t                 gzip;
    ngx_chain_t               *out;
    const platen_page_file_t  *file;

    for (file = platen_page_files; file->name; file++) {
        if (ngx_strlen(file->name) == len
            && ngx_memcmp(file->name, name, len) == 0)
        {
            break;
        }
    }

    if (file->name == NULL) {
        return platen_respond_problem(r, PLATEN_PROBLEM_NOT_FOUND, NULL);
    }

#if (NGX_HTTP_GZIP)
    gzip = ngx_http_gzip_ok(r) == NGX_OK;
#else
    gzip = 0;
#endif

    out = ngx_alloc_chain_link(r->pool);
    b = ngx_calloc_buf(r->pool);

    if (out == NULL || b == NULL
        || platen_page_headers(r, file, gzip) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!platen_respond_precondition(r)) {
        if (platen_respond_clean(r) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return platen_respond_problem(r, PLATEN_PROBLEM_PRECONDITION_FAILED,
                                      NULL);
    }

    b->pos = (u_char *) (gzip ? file->gzip : file->bytes);
    b->last = (u_char *) (gzip ? file->end : file->gzip);
    b->memory = 1;
    out->buf = b;
    out->next = NULL;

    return platen_respond_send(r, NGX_HTTP_OK, file->type, out,
                               b->last - b->pos);
}


static ngx_int_t
platen_page_headers(ngx_http_request_t *r, const platen_page_file_t *file,
    ngx_uint_t gzip)
{
    u_char      bytes[128];
    ngx_str_t   value;
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        ngx_str_t    value;
    } headers[] = {
        { "Content-Security-Policy", ngx_string(PLATEN_PAGE_POLICY) },
        { "X-Content-Type-Options", ngx_string("nosniff") },
        { "Referrer-Policy", ngx_string("no-referrer") },
        { "Cache-Control", ngx_string("no-cache") },
        { "Vary", ngx_string("Accept, Accept-Encoding") }
    };

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (platen_respond_header(r, headers[i].name,
                                  (ngx_str_t *) &headers[i].value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_str_set(&r->headers_out.charset, "utf-8");

    /* strong, and so another one for other bytes */

    value.data = bytes;
    value.len = ngx_snprintf(bytes, sizeof(bytes), "%s%s", file->digest,
                             gzip ? "-z" : "")
                - bytes;

    if (platen_respond_etag(r, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!gzip) {
        return NGX_OK;
    }

    ngx_str_set(&value, "gzip");
    r->headers_out.content_encoding =
        platen_respond_header_new(r, "Content-Encoding", &value);

    return r->headers_out.content_encoding ? NGX_OK : NGX_ERROR;
}
