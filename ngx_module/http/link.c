
/*
 * URLs that go elsewhere, and so have to be whole: with the scheme, the host and
 * the prefix by which clients reach this location.
 *
 * platen_public_url says them, and wins.  Without it the scheme is the client's
 * (platen_scheme), and the host is what the request says, which anyone may have
 * made up: good enough for the answer to that request, if it can be a host at all.
 * What others are told, in a webhook, has it only if it is the server's own name.
 */


#include "http/link.h"

#include "conf.h"
#include "job/webhook_url.h"


#define PLATEN_LINK_HOST_MAX  262  /* with a port */


static ngx_int_t platen_link_host(ngx_http_request_t *r, ngx_str_t *host);
static ngx_uint_t platen_link_own(ngx_http_request_t *r);


char *
platen_link_public(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    size_t       len;
    ngx_str_t   *value;
    const char  *wrong;

    if (plcf->public_url.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    plcf->public_url = value[1];

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->public_url.len = 0;
        return NGX_CONF_OK;
    }

    wrong = platen_webhook_url_wrong((char *) value[1].data, value[1].len);

    if (wrong == NULL && ngx_strlchr(value[1].data,
                                     value[1].data + value[1].len, '?'))
    {
        wrong = "has a query";
    }

    if (wrong == NULL && value[1].len > PLATEN_LINK_BASE_MAX) {
        wrong = "is too long";
    }

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"platen_public_url\" takes off, or what clients "
                           "put before /jobs, as https://example.com/api: "
                           "\"%V\" %s", &value[1], wrong);
        return NGX_CONF_ERROR;
    }

    len = value[1].len;

    while (value[1].data[len - 1] == '/') {
        len--;
    }

    plcf->public_url.len = len;

    return NGX_CONF_OK;
}


ngx_uint_t
platen_link_https(ngx_http_request_t *r)
{
    ngx_str_t                    scheme;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (plcf->scheme) {
        return ngx_http_complex_value(r, plcf->scheme, &scheme) == NGX_OK
               && scheme.len == sizeof("https") - 1
               && ngx_strncasecmp(scheme.data, (u_char *) "https", scheme.len)
                  == 0;
    }

#if (NGX_HTTP_SSL)
    if (r->connection->ssl) {
        return 1;
    }
#endif

    return 0;
}


/* What the request says its host is.  NGX_DECLINED: nothing that could be one. */

static ngx_int_t
platen_link_host(ngx_http_request_t *r, ngx_str_t *host)
{
    size_t            i;
    u_char           *last;
    ngx_table_elt_t  *header;
    u_char            url[sizeof("http:///") + PLATEN_LINK_HOST_MAX];

    header = r->headers_in.host;

    if (header == NULL || header->value.len == 0
        || header->value.len > PLATEN_LINK_HOST_MAX)
    {
        return NGX_DECLINED;
    }

    *host = header->value;

    for (i = 0; i < host->len; i++) {
        if (host->data[i] == '/' || host->data[i] == '?') {
            return NGX_DECLINED;
        }
    }

    last = ngx_sprintf(url, "http://%V/", host);

    return platen_webhook_url_wrong((char *) url, last - url) == NULL
           ? NGX_OK : NGX_DECLINED;
}


/* Whether that is the first name of the server that has answered to it. */

static ngx_uint_t
platen_link_own(ngx_http_request_t *r)
{
    ngx_str_t                 *name;
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    name = &cscf->server_name;

    return name->len && name->len == r->headers_in.server.len
           && ngx_strncasecmp(name->data, r->headers_in.server.data, name->len)
              == 0;
}


ngx_int_t
platen_link_whole(ngx_http_request_t *r, ngx_str_t *path, ngx_uint_t ws,
    ngx_str_t *url)
{
    u_char                      *p, *from;
    ngx_int_t                    rc;
    ngx_str_t                    host, rest;
    const char                  *scheme;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);
    rest = *path;

    if (plcf->public_url.len) {
        from = ngx_strlchr(plcf->public_url.data,
                           plcf->public_url.data + plcf->public_url.len, ':');
        host.data = from + sizeof("://") - 1;
        host.len = plcf->public_url.data + plcf->public_url.len - host.data;
        scheme = from - plcf->public_url.data == sizeof("https") - 1
                 ? "https" : "http";

        rest.data += plcf->prefix.len;
        rest.len -= plcf->prefix.len;

    } else {
        rc = platen_link_host(r, &host);
        if (rc != NGX_OK) {
            return rc;
        }

        scheme = platen_link_https(r) ? "https" : "http";
    }

    if (ws) {
        scheme = scheme[4] ? "wss" : "ws";
    }

    url->data = ngx_pnalloc(r->pool, sizeof("https://") + host.len + rest.len);
    if (url->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(url->data, "%s://%V%V", scheme, &host, &rest);
    url->len = p - url->data;

    return NGX_OK;
}


ngx_int_t
platen_link_base(ngx_http_request_t *r, platen_str_t *base)
{
    ngx_int_t                    rc;
    ngx_str_t                    url;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);
    rc = NGX_DECLINED;

    if (plcf->public_url.len || platen_link_own(r)) {
        rc = platen_link_whole(r, &plcf->prefix, 0, &url);
    }

    if (rc != NGX_OK && rc != NGX_DECLINED) {
        return rc;
    }

    if (rc == NGX_DECLINED || url.len > PLATEN_LINK_BASE_MAX) {
        url = plcf->prefix;
    }

    *base = (platen_str_t) { (char *) url.data, url.len };

    return NGX_OK;
}
