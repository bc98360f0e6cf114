
/*
 * Clients without a key: each browser by a cookie of its own, or each user by
 * a variable that another module has checked (a JWT's claim, a TLS subject).
 *
 * The cookie is a random UUID, the time of its end, and a signature over both
 * (base/sign.h): what this server has not signed is nobody, and gets a new
 * identity, never someone's.  Nothing is stored for it; it is not renewed, and
 * its jobs end with it.  Runs in the event loop.
 */


#include "access/client.h"

#include "conf.h"
#include "ctx.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/platen.h"
#include "base/sign.h"
#include "http/link.h"
#include "http/respond.h"
#include "job/job.h"

#include <openssl/rand.h>


#define PLATEN_REALM_MAX  16


#define PLATEN_CLIENT_TTL  (24 * 60 * 60)

/* No name of a key has a colon: the three kinds are never one another. */

#define PLATEN_CLIENT_COOKIE    "cookie:"
#define PLATEN_CLIENT_VARIABLE  "var:"
#define PLATEN_CLIENT_DIGEST    "var:sha256:"

/* "UUID.EXPIRES.SIGNATURE" */

#define PLATEN_CLIENT_TEXT_MAX  (PLATEN_ID_TEXT + 1 + NGX_TIME_T_LEN + 1      \
                                 + PLATEN_SIGNATURE_LEN)


static ngx_int_t platen_client_of_cookie(ngx_http_request_t *r);
static ngx_uint_t platen_client_is_host_only(ngx_http_request_t *r);
static ngx_int_t platen_client_of_variable(ngx_http_request_t *r,
    ngx_http_complex_value_t *variable);


char *
platen_client_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    ngx_str_t                         *value;
    ngx_http_compile_complex_value_t   ccv;

    if (plcf->client_kind != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "key") == 0) {
        plcf->client_kind = PLATEN_CLIENT_BY_KEY;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "cookie") == 0) {
        plcf->client_kind = PLATEN_CLIENT_BY_COOKIE;
        return NGX_CONF_OK;
    }

    if (ngx_http_script_variables_count(&value[1]) == 0) {
        return "takes key, cookie, or a value with variables";
    }

    plcf->client_kind = PLATEN_CLIENT_BY_VARIABLE;
    plcf->client_value = ngx_palloc(cf->pool,
                                    sizeof(ngx_http_complex_value_t));
    if (plcf->client_value == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));
    ccv.cf = cf;
    ccv.value = &value[1];
    ccv.complex_value = plcf->client_value;

    return ngx_http_compile_complex_value(&ccv) == NGX_OK ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


ngx_int_t
platen_client_lookup(ngx_http_request_t *r)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    switch (plcf->client_kind) {

    case PLATEN_CLIENT_BY_COOKIE:
        return platen_client_of_cookie(r);

    case PLATEN_CLIENT_BY_VARIABLE:
        return platen_client_of_variable(r, plcf->client_value);

    default:
        if (plcf->keys) {
            return NGX_DECLINED;
        }

        return platen_client_named(r, "", "anonymous", 9);
    }
}


/*
 * A realm has no character that ends one: no name of a key has a slash, and
 * what a name without a realm begins with has a colon before any.
 */

char *
platen_client_realm(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    u_char      c, *p;
    size_t      i;
    ngx_str_t  *value;

    if (plcf->realm.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(&plcf->realm, "");
        return NGX_CONF_OK;
    }

    for (i = 0; i < value[1].len; i++) {
        c = value[1].data[i];

        if (!(c >= '0' && c <= '9')
            && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            && c != '.' && c != '_' && c != '-')
        {
            break;
        }
    }

    if (i < value[1].len || i == 0 || i > PLATEN_REALM_MAX) {
        return "takes off, or 1 to 16 letters, digits and .-_";
    }

    p = ngx_pnalloc(cf->pool, i + 1);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    plcf->realm.data = p;
    plcf->realm.len = i + 1;
    p = ngx_cpymem(p, value[1].data, i);
    *p = '/';

    return NGX_CONF_OK;
}


ngx_int_t
platen_client_named(ngx_http_request_t *r, const char *prefix,
    const void *name, size_t len)
{
    u_char                      *p;
    size_t                       n;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);
    n = ngx_strlen(prefix);

    p = ngx_pnalloc(r->pool, plcf->realm.len + n + len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ctx->client.data = p;
    ctx->client.len = plcf->realm.len + n + len;

    p = ngx_cpymem(p, plcf->realm.data, plcf->realm.len);
    p = ngx_cpymem(p, prefix, n);
    ngx_memcpy(p, name, len);

    return NGX_OK;
}


/* NGX_OK; NGX_AGAIN: there is none that is good, and a new one is due. */

static ngx_int_t
platen_client_of_cookie(ngx_http_request_t *r)
{
    int                          rc;
    time_t                       until;
    u_char                      *p, *last, *dot;
    ngx_str_t                    name;
    platen_str_t                 parts[3];
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_variable_value_t   *cookie;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    /* What another host of the same site has set does not come by this name. */

    if (platen_client_is_host_only(r)) {
        ngx_str_set(&name, "cookie___Host-client_id");

    } else {
        ngx_str_set(&name, "cookie_client_id");
    }

    cookie = ngx_http_get_variable(r, &name,
                                   ngx_hash_key(name.data, name.len));
    if (cookie == NULL) {
        return NGX_ERROR;
    }

    if (cookie->not_found || cookie->len > PLATEN_CLIENT_TEXT_MAX
        || cookie->len <= PLATEN_ID_TEXT
        || cookie->data[PLATEN_ID_TEXT] != '.')
    {
        return NGX_AGAIN;
    }

    p = cookie->data + PLATEN_ID_TEXT + 1;
    last = cookie->data + cookie->len;

    dot = ngx_strlchr(p, last, '.');
    if (dot == NULL) {
        return NGX_AGAIN;
    }

    until = ngx_atotm(p, dot - p);

    parts[0] = PLATEN_STR("platen-cookie-1");
    parts[1] = (platen_str_t) { (char *) cookie->data, PLATEN_ID_TEXT };
    parts[2] = (platen_str_t) { (char *) p, dot - p };

    rc = platen_sign_check(plcf->signing, parts, 3,
                           (platen_str_t) { (char *) dot + 1,
                                            last - dot - 1 });
    if (rc == PLATEN_ERROR) {
        return NGX_ERROR;
    }

    if (rc != PLATEN_OK || until == (time_t) NGX_ERROR || until <= ngx_time()) {
        return NGX_AGAIN;
    }

    ctx->client_until = until;

    return platen_client_named(r, PLATEN_CLIENT_COOKIE, cookie->data,
                               PLATEN_ID_TEXT);
}


/* Whether the cookie can be one that browsers take from this host alone. */

static ngx_uint_t
platen_client_is_host_only(ngx_http_request_t *r)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    return plcf->prefix.len == 0 && platen_link_https(r);
}


ngx_int_t
platen_client_new(ngx_http_request_t *r)
{
    u_char                      *p, expires[NGX_TIME_T_LEN];
    ngx_str_t                    value;
    platen_id_t                  id;
    platen_str_t                 parts[3];
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         text[PLATEN_ID_TEXT + 1];
    char                         signature[PLATEN_SIGNATURE_LEN + 1];

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    /* version 4 (RFC 9562, section 5.4) */

    if (RAND_bytes(id.b, sizeof(id.b)) != 1) {
        return NGX_ERROR;
    }

    id.b[6] = (id.b[6] & 0x0f) | 0x40;
    id.b[8] = (id.b[8] & 0x3f) | 0x80;
    platen_id_format(&id, text);

    ctx->client_until = ngx_time() + PLATEN_CLIENT_TTL;

    parts[0] = PLATEN_STR("platen-cookie-1");
    parts[1] = platen_str(text);
    parts[2].data = (char *) expires;
    parts[2].len = ngx_sprintf(expires, "%T", ctx->client_until) - expires;

    if (platen_sign_parts(plcf->signing, parts, 3, signature) != PLATEN_OK) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, sizeof("__Host-client_id=; Path=/; Max-Age=; "
                                    "HttpOnly; SameSite=Lax; Secure")
                             + PLATEN_CLIENT_TEXT_MAX + plcf->prefix.len
                             + NGX_TIME_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    value.data = p;
    p = ngx_sprintf(p, "%sclient_id=%s.%T.%s; Path=%V/; Max-Age=%d; "
                       "HttpOnly; SameSite=Lax",
                    platen_client_is_host_only(r) ? "__Host-" : "", text,
                    ctx->client_until, signature, &plcf->prefix,
                    PLATEN_CLIENT_TTL);

    if (platen_link_https(r)) {
        p = ngx_cpymem(p, "; Secure", sizeof("; Secure") - 1);
    }

    value.len = p - value.data;

    if (platen_respond_header_always(r, "Set-Cookie", &value) != NGX_OK) {
        return NGX_ERROR;
    }

    return platen_client_named(r, PLATEN_CLIENT_COOKIE, text, PLATEN_ID_TEXT);
}


/* Nothing in the variable is nobody; what is no name is known by its digest. */

static ngx_int_t
platen_client_of_variable(ngx_http_request_t *r,
    ngx_http_complex_value_t *variable)
{
    size_t                       i, max;
    ngx_int_t                    rc;
    ngx_str_t                    value;
    platen_str_t                 part;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;
    u_char                       sha256[PLATEN_SHA256_LEN];
    u_char                       hex[2 * PLATEN_SHA256_LEN];

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ngx_http_complex_value(r, variable, &value) != NGX_OK) {
        return NGX_ERROR;
    }

    if (value.len == 0) {
        return NGX_DECLINED;
    }

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    max = PLATEN_CLIENT_MAX - plcf->realm.len
          - (sizeof(PLATEN_CLIENT_VARIABLE) - 1);

    for (i = 0; i < value.len; i++) {
        if (value.data[i] <= 0x20 || value.data[i] >= 0x7f
            || value.data[i] == ':')
        {
            break;
        }
    }

    if (i == value.len && value.len <= max) {
        rc = platen_client_named(r, PLATEN_CLIENT_VARIABLE, value.data,
                                 value.len);

    } else {
        part = (platen_str_t) { (char *) value.data, value.len };

        if (platen_digest(&part, 1, sha256) != PLATEN_OK) {
            return NGX_ERROR;
        }

        ngx_hex_dump(hex, sha256, PLATEN_SHA256_LEN);
        max = PLATEN_CLIENT_MAX - plcf->realm.len
              - (sizeof(PLATEN_CLIENT_DIGEST) - 1);
        rc = platen_client_named(r, PLATEN_CLIENT_DIGEST, hex, max);
    }

    ctx->authentic = rc == NGX_OK;

    return rc;
}
