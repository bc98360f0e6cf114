
/*
 * API keys: who is asking.
 *
 * The configuration holds SHA-256 digests, never keys.  A request's key is
 * hashed and compared with every digest, to the end and in constant time, so
 * that the time tells nothing about how near a guess came.  Keys are never
 * logged.
 */


#include "access/auth.h"

#include "conf.h"
#include "ctx.h"
#include "access/client.h"
#include "base/digest.h"
#include "http/respond.h"
#include "job/job.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>


#define PLATEN_KEY_LEN_MAX    512
#define PLATEN_KEYS_FILE_MAX  (4 * 1024 * 1024)


static const char *platen_auth_line(ngx_http_platen_key_t *key, u_char *p,
    u_char *last);
static char *platen_auth_shared(ngx_conf_t *cf, const ngx_array_t *keys,
    const ngx_str_t *file);
static int ngx_libc_cdecl platen_auth_compare(const void *one,
    const void *two);
static ngx_int_t platen_auth_check(ngx_http_request_t *r, ngx_str_t *value);
static ngx_str_t *platen_auth_key(ngx_http_request_t *r, ngx_str_t *bearer);


static EVP_MD      *platen_auth_md;
static EVP_MD_CTX  *platen_auth_md_ctx;


char *
platen_auth_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    u_char                 *p, *last, *eol;
    ngx_str_t              *value, text;
    ngx_uint_t              line;
    const char             *err;
    ngx_http_platen_key_t  *key;

    if (plcf->keys != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        plcf->keys = NULL;
        return NGX_CONF_OK;
    }

    if (platen_auth_file(cf, &value[1], &text) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    plcf->keys_file = value[1];
    plcf->keys = ngx_array_create(cf->pool, 4, sizeof(ngx_http_platen_key_t));
    if (plcf->keys == NULL) {
        return NGX_CONF_ERROR;
    }

    last = text.data + text.len;
    line = 0;

    for (p = text.data; p < last; p = eol + 1) {
        line++;

        eol = ngx_strlchr(p, last, '\n');
        if (eol == NULL) {
            eol = last;
        }

        while (p < eol && (*p == ' ' || *p == '\t')) {
            p++;
        }

        if (p == eol || *p == '#' || *p == '\r') {
            continue;
        }

        key = ngx_array_push(plcf->keys);
        if (key == NULL) {
            return NGX_CONF_ERROR;
        }

        err = platen_auth_line(key, p, eol);
        if (err) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s in \"%V\":%ui", err,
                               &value[1], line);
            return NGX_CONF_ERROR;
        }
    }

    if (plcf->keys->nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no key in \"%V\": add lines of name:sha256, or "
                           "say platen_api_keys off", &value[1]);
        return NGX_CONF_ERROR;
    }

    return platen_auth_shared(cf, plcf->keys, &value[1]);
}


/* Warns of a key that two clients have: the last of them is who comes with it. */

static char *
platen_auth_shared(ngx_conf_t *cf, const ngx_array_t *keys,
    const ngx_str_t *file)
{
    ngx_uint_t              i;
    ngx_http_platen_key_t  *key, **sorted;

    sorted = ngx_palloc(cf->temp_pool,
                        keys->nelts * sizeof(ngx_http_platen_key_t *));
    if (sorted == NULL) {
        return NGX_CONF_ERROR;
    }

    key = keys->elts;

    for (i = 0; i < keys->nelts; i++) {
        sorted[i] = &key[i];
    }

    ngx_qsort(sorted, keys->nelts, sizeof(ngx_http_platen_key_t *),
              platen_auth_compare);

    for (i = 1; i < keys->nelts; i++) {
        if (ngx_memcmp(sorted[i - 1]->sha256, sorted[i]->sha256,
                       PLATEN_SHA256_LEN)
            == 0
            && (sorted[i - 1]->name.len != sorted[i]->name.len
                || ngx_memcmp(sorted[i - 1]->name.data, sorted[i]->name.data,
                              sorted[i]->name.len)
                   != 0))
        {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"%V\" and \"%V\" have one key in \"%V\": "
                               "who comes with it is \"%V\"; give each a key "
                               "of its own", &sorted[i - 1]->name,
                               &sorted[i]->name, file, &sorted[i]->name);
        }
    }

    return NGX_CONF_OK;
}


/* By digest, and of one digest as the file has them. */

static int ngx_libc_cdecl
platen_auth_compare(const void *one, const void *two)
{
    int                     rc;
    ngx_http_platen_key_t  *first, *second;

    first = *(ngx_http_platen_key_t **) one;
    second = *(ngx_http_platen_key_t **) two;

    rc = ngx_memcmp(first->sha256, second->sha256, PLATEN_SHA256_LEN);

    return rc ? rc : (first > second) - (first < second);
}


ngx_int_t
platen_auth_file(ngx_conf_t *cf, ngx_str_t *name, ngx_str_t *text)
{
    ssize_t          n;
    ngx_file_t       file;
    ngx_int_t        rc;
    ngx_file_info_t  fi;

    if (ngx_conf_full_name(cf->cycle, name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));
    file.name = *name;
    file.log = cf->log;

    file.fd = ngx_open_file(name->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", name);
        return NGX_ERROR;
    }

    rc = NGX_ERROR;

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", name);
        goto done;
    }

    if (!ngx_is_file(&fi) || ngx_file_size(&fi) > PLATEN_KEYS_FILE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no regular file of at most 4m", name);
        goto done;
    }

    text->data = ngx_pnalloc(cf->pool, ngx_file_size(&fi) + 1);
    if (text->data == NULL) {
        goto done;
    }

    n = ngx_read_file(&file, text->data, ngx_file_size(&fi), 0);
    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_file_n " \"%V\" failed", name);
        goto done;
    }

    text->len = n;
    rc = NGX_OK;

done:

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", name);
    }

    return rc;
}


/* "name:64 hex digits"; NULL, or what is wrong with it. */

static const char *
platen_auth_line(ngx_http_platen_key_t *key, u_char *p, u_char *last)
{
    u_char      c;
    ngx_int_t   n;
    ngx_uint_t  i;

    while (last > p
           && (last[-1] == '\r' || last[-1] == ' ' || last[-1] == '\t'))
    {
        last--;
    }

    key->name.data = p;

    while (p < last && *p != ':') {
        c = *p++;

        if (!(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            && c != '.' && c != '_' && c != '-' && c != '@')
        {
            return "a client's name is of letters, digits and .-_@";
        }
    }

    key->name.len = p - key->name.data;

    if (key->name.len == 0 || key->name.len > PLATEN_CLIENT_MAX) {
        return "a client's name has 1 to 64 characters";
    }

    if (p == last || last - ++p != 2 * PLATEN_SHA256_LEN) {
        return "a key is given as name:sha256, the digest in 64 hex digits";
    }

    for (i = 0; i < PLATEN_SHA256_LEN; i++, p += 2) {
        n = ngx_hextoi(p, 2);
        if (n == NGX_ERROR) {
            return "a digest is of hex digits";
        }
        key->sha256[i] = (u_char) n;
    }

    return NULL;
}


ngx_int_t
platen_auth_init(ngx_log_t *log)
{
    platen_auth_md = EVP_MD_fetch(NULL, "SHA256", NULL);
    platen_auth_md_ctx = EVP_MD_CTX_new();

    if (platen_auth_md == NULL || platen_auth_md_ctx == NULL
        || EVP_DigestInit_ex2(platen_auth_md_ctx, platen_auth_md, NULL) != 1)
    {
        ngx_log_error(NGX_LOG_ALERT, log, 0, "platen: no SHA-256 in OpenSSL");
        return NGX_ERROR;
    }

    return NGX_OK;
}


void
platen_auth_exit(void)
{
    EVP_MD_CTX_free(platen_auth_md_ctx);
    EVP_MD_free(platen_auth_md);
    platen_auth_md_ctx = NULL;
    platen_auth_md = NULL;
}


ngx_int_t
platen_auth_request(ngx_http_request_t *r)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_auth_lookup(r) == NGX_AGAIN) {
        ctx->identity = platen_client_new(r);
    }

    return ctx->identity;
}


ngx_int_t
platen_auth_lookup(ngx_http_request_t *r)
{
    ngx_str_t                   *value, bearer;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (ctx->looked_up) {
        return ctx->identity;
    }

    /* an error page has no clients, whatever its log asks for */

    if (!plcf->api) {
        return NGX_DECLINED;
    }

    ctx->looked_up = 1;

    value = plcf->keys ? platen_auth_key(r, &bearer) : NULL;

    ctx->identity = value ? platen_auth_check(r, value) : NGX_DECLINED;

    /* A bearer's token may be a key, or what the variable was made from. */

    if (ctx->identity == NGX_DECLINED
        && (value == NULL || plcf->client_kind == PLATEN_CLIENT_BY_VARIABLE))
    {
        ctx->identity = platen_client_lookup(r);
    }

    return ctx->identity;
}


static ngx_int_t
platen_auth_check(ngx_http_request_t *r, ngx_str_t *value)
{
    u_char                       sha256[PLATEN_SHA256_LEN];
    ngx_uint_t                   i;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_key_t       *key, *found;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (value->len == 0 || value->len > PLATEN_KEY_LEN_MAX) {
        return NGX_DECLINED;
    }

    /* no type: that of platen_auth_init(), without a new state */

    if (EVP_DigestInit_ex2(platen_auth_md_ctx, NULL, NULL) != 1
        || EVP_DigestUpdate(platen_auth_md_ctx, value->data, value->len) != 1
        || EVP_DigestFinal_ex(platen_auth_md_ctx, sha256, NULL) != 1)
    {
        return NGX_ERROR;
    }

    found = NULL;
    key = plcf->keys->elts;

    for (i = 0; i < plcf->keys->nelts; i++) {
        if (CRYPTO_memcmp(key[i].sha256, sha256, PLATEN_SHA256_LEN) == 0) {
            found = &key[i];
        }
    }

    if (found == NULL) {
        return NGX_DECLINED;
    }

    ctx->authentic = 1;

    return platen_client_named(r, "", found->name.data, found->name.len);
}


static ngx_str_t *
platen_auth_key(ngx_http_request_t *r, ngx_str_t *bearer)
{
    ngx_str_t  *value;

    value = platen_respond_request_header(r, "x-api-key", 9);
    if (value) {
        return value;
    }

    if (r->headers_in.authorization == NULL) {
        return NULL;
    }

    value = &r->headers_in.authorization->value;

    if (value->len < 7
        || ngx_strncasecmp(value->data, (u_char *) "Bearer ", 7) != 0)
    {
        return NULL;
    }

    bearer->data = value->data + 7;
    bearer->len = value->len - 7;

    while (bearer->len && bearer->data[0] == ' ') {
        bearer->data++;
        bearer->len--;
    }

    return bearer;
}
