
/*
 * Cross-origin requests of browsers (the Fetch standard, section 3.2), for the
 * origins of platen_cors and no others; off by default.  Headers are set before
 * other modules look at a request, so that refusals have them, too.
 *
 * Cookies go along only where clients have them and origins are named: with
 * "*" a browser sends none, and is told so by the lack of the header.
 */


#include "http/cors.h"

#include "conf.h"
#include "ctx.h"
#include "http/link.h"
#include "http/respond.h"


#define PLATEN_CORS_ALLOW                                                     \
    "Authorization, Cache-Control, Content-Type, Idempotency-Key, If-Match, " \
    "If-None-Match, Last-Event-ID, Prefer, Range, Tus-Resumable, "            \
    "Upload-Checksum, Upload-Defer-Length, Upload-Length, Upload-Metadata, "  \
    "Upload-Offset, X-API-Key, X-HTTP-Method-Override, X-Request-ID"

#define PLATEN_CORS_EXPOSE                                                    \
    "Allow, Content-Disposition, Content-Range, ETag, "                       \
    "Idempotent-Replayed, Location, Platen-Job, Retry-After, "                \
    "Tus-Checksum-Algorithm, Tus-Extension, Tus-Max-Size, Tus-Resumable, "    \
    "Tus-Version, Upload-Defer-Length, Upload-Expires, Upload-Length, "       \
    "Upload-Metadata, Upload-Offset, WWW-Authenticate, X-Request-ID"

#define PLATEN_CORS_MAX_AGE  "7200"   /* seconds; browsers cap it there */


static ngx_uint_t platen_cors_is_origin(ngx_str_t *value);
static ngx_str_t *platen_cors_allowed(ngx_http_request_t *r);


char *
platen_cors_origins(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    ngx_str_t   *value, *origin;
    ngx_uint_t   i;

    if (plcf->cors != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        plcf->cors = NULL;
        return NGX_CONF_OK;
    }

    plcf->cors = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                  sizeof(ngx_str_t));
    if (plcf->cors == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        if (!platen_cors_is_origin(&value[i])
            && !(cf->args->nelts == 2 && ngx_strcmp(value[1].data, "*") == 0))
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid origin \"%V\" of platen_cors, it takes "
                               "off, *, or origins such as "
                               "https://app.example.com", &value[i]);
            return NGX_CONF_ERROR;
        }

        origin = ngx_array_push(plcf->cors);
        if (origin == NULL) {
            return NGX_CONF_ERROR;
        }

        *origin = value[i];
    }

    return NGX_CONF_OK;
}


/* As a browser writes it (RFC 6454): scheme, host, port; lower case, no path. */

static ngx_uint_t
platen_cors_is_origin(ngx_str_t *value)
{
    u_char  *p, *last;

    p = value->data;
    last = p + value->len;

    if (value->len > 7 && ngx_strncmp(p, "http://", 7) == 0) {
        p += 7;

    } else if (value->len > 8 && ngx_strncmp(p, "https://", 8) == 0) {
        p += 8;

    } else {
        return 0;
    }

    for ( /* void */ ; p < last; p++) {
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9')
            && *p != '-' && *p != '.' && *p != ':' && *p != '['
            && *p != ']')
        {
            return 0;
        }
    }

    return 1;
}


/* The value of Access-Control-Allow-Origin, or NULL. */

static ngx_str_t *
platen_cors_allowed(ngx_http_request_t *r)
{
    ngx_str_t                   *origin, *list;
    ngx_uint_t                   i;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);
    origin = platen_respond_request_header(r, "origin", 6);

    if (origin == NULL) {
        return NULL;
    }

    list = plcf->cors->elts;

    for (i = 0; i < plcf->cors->nelts; i++) {
        if ((list[i].len == 1 && list[i].data[0] == '*')
            || (list[i].len == origin->len
                && ngx_memcmp(list[i].data, origin->data, origin->len) == 0))
        {
            return &list[i];
        }
    }

    return NULL;
}


ngx_uint_t
platen_cors_permits(ngx_http_request_t *r)
{
    u_char                      *p;
    ngx_str_t                   *origin, *allowed, *host;
    ngx_uint_t                   secure;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    origin = platen_respond_request_header(r, "origin", 6);

    if (origin == NULL) {
        return 1; /* no browser */
    }

    /*
     * A page of plain HTTP may be anyone's on the way, and is not of this
     * origin if that has TLS.  The other way round says nothing: TLS may have
     * ended before us.
     */

    secure = origin->len > 6
             && ngx_strncasecmp(origin->data, (u_char *) "https:", 6) == 0;

    host = r->headers_in.host ? &r->headers_in.host->value : NULL;
    p = ngx_strlcasestrn(origin->data, origin->data + origin->len,
                         (u_char *) "://", 3 - 1);

    if (p && host && (secure || !platen_link_https(r))
        && host->len == (size_t) (origin->data + origin->len - p - 3)
        && ngx_strncasecmp(p + 3, host->data, host->len) == 0)
    {
        return 1;
    }

    allowed = plcf->cors ? platen_cors_allowed(r) : NULL;

    if (allowed == NULL || allowed->data[0] != '*') {
        return allowed != NULL;
    }

    /*
     * "*" is for those who name themselves by a key or a signed URL: a cookie,
     * and what a variable is made of, a browser may send along for any page.
     */

    return ctx->signed_url || plcf->client_kind == PLATEN_CLIENT_BY_KEY
           || (plcf->client_kind == PLATEN_CLIENT_BY_COOKIE
               && ctx->authentic);
}


static ngx_int_t
platen_cors_always(ngx_http_request_t *r, const char *name, const char *value)
{
    ngx_str_t  text;

    text.data = (u_char *) value;
    text.len = ngx_strlen(value);

    return platen_respond_header_always(r, name, &text);
}


ngx_int_t
platen_cors_headers(ngx_http_request_t *r)
{
    ngx_str_t                   *allowed;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (plcf->cors == NULL) {
        return NGX_OK;
    }

    /* A cache must not give one origin the answer to another. */

    if (platen_cors_always(r, "Vary", "Origin") != NGX_OK) {
        return NGX_ERROR;
    }

    allowed = platen_cors_allowed(r);

    if (allowed == NULL) {
        return NGX_OK;
    }

    if (platen_respond_header_always(r, "Access-Control-Allow-Origin",
                                     allowed)
        != NGX_OK
        || platen_cors_always(r, "Access-Control-Expose-Headers",
                              PLATEN_CORS_EXPOSE)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (plcf->client_kind == PLATEN_CLIENT_BY_COOKIE
        && allowed->data[0] != '*')
    {
        return platen_cors_always(r, "Access-Control-Allow-Credentials",
                                  "true");
    }

    return NGX_OK;
}


ngx_uint_t
platen_cors_is_preflight(ngx_http_request_t *r)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    return r->method == NGX_HTTP_OPTIONS && plcf->cors
           && platen_respond_request_header(r, "access-control-request-method",
                                            29)
           && platen_cors_allowed(r);
}


ngx_int_t
platen_cors_preflight(ngx_http_request_t *r, ngx_str_t *methods)
{
    ngx_str_t  allow = ngx_string(PLATEN_CORS_ALLOW);
    ngx_str_t  age = ngx_string(PLATEN_CORS_MAX_AGE);

    if (platen_respond_header(r, "Access-Control-Allow-Methods", methods)
        != NGX_OK
        || platen_respond_header(r, "Access-Control-Allow-Headers", &allow)
           != NGX_OK
        || platen_respond_header(r, "Access-Control-Max-Age", &age) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_send(r, NGX_HTTP_NO_CONTENT, NULL, NULL, -1);
}
