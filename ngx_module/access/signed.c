
/*
 * Signed URLs: they stand in for a key on the one resource that they name, for
 * as long as they say, and act there for the owner of its job.  What is signed
 * and how is platen_sign's; here are the directive, the check and the URLs.
 * Runs in the event loop.  Keys and signatures are never logged.
 */


#include "access/signed.h"

#include "conf.h"
#include "ctx.h"
#include "access/auth.h"
#include "access/owned.h"
#include "base/id.h"
#include "base/sign.h"
#include "http/body.h"
#include "http/json_chain.h"
#include "http/link.h"
#include "http/problem.h"
#include "http/respond.h"
#include "job/job.h"
#include "store/store.h"


#define PLATEN_LINKS_EXPIRE      600              /* seconds */
#define PLATEN_LINKS_EXPIRE_MAX  (7 * 24 * 3600)


static ngx_int_t platen_signed_owner(ngx_http_request_t *r,
    platen_str_t *type, ngx_int_t *status);
static ngx_int_t platen_signed_links_of(ngx_http_request_t *r,
    json_t *object);
static ngx_int_t platen_signed_link(ngx_http_request_t *r, const char *below,
    uint64_t expires, ngx_str_t *url);


/* What POST /jobs/{id}/links makes. */

static const struct {
    const char  *name;
    const char  *below;  /* the job's path */
    ngx_uint_t   ws;
} platen_signed_below[] = {
    { "download_url", "download", 0 },
    { "events_url", "events", 0 },
    { "ws_url", "ws", 1 }
};

#define PLATEN_LINKS  (sizeof(platen_signed_below)                            \
                       / sizeof(platen_signed_below[0]))


char *
platen_signed_keys(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    ngx_str_t        *value, text;
    ngx_uint_t        i;
    const char       *err;
    ngx_file_info_t   fi;

    if (plcf->signing != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        plcf->signing = NULL;
        return NGX_CONF_OK;
    }

    plcf->signing = ngx_pcalloc(cf->pool, sizeof(platen_sign_keys_t));
    if (plcf->signing == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        if (platen_auth_file(cf, &value[i], &text) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        /* whoever can read it can sign as this server does */

        if (ngx_file_info(value[i].data, &fi) != NGX_FILE_ERROR
            && (ngx_file_access(&fi) & (S_IROTH|S_IWOTH)))
        {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"%V\", a key that signs URLs, is open to "
                               "every user of this machine: chmod o= it",
                               &value[i]);
        }

        err = platen_sign_key_add(plcf->signing, (char *) text.data, text.len);

        ngx_explicit_memzero(text.data, text.len);

        if (err) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s, which \"%V\" is not",
                               err, &value[i]);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
platen_signed_query(ngx_http_request_t *r, platen_sign_query_t *q)
{
    ngx_str_t               args;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    /* what was in the request, of which a part is asterisks by now */

    args = ctx->args.len ? ctx->args : r->args;

    return platen_sign_query((char *) args.data, args.len, q);
}


ngx_uint_t
platen_signed_present(ngx_http_request_t *r)
{
    platen_sign_query_t          q;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    return plcf->signing && platen_signed_query(r, &q) != PLATEN_NOT_FOUND;
}


ngx_int_t
platen_signed_admit(ngx_http_request_t *r)
{
    int                          rc;
    u_char                      *p;
    ngx_int_t                    found, status;
    ngx_str_t                    path;
    platen_sign_url_t            url;
    platen_sign_query_t          q;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (platen_signed_query(r, &q) != PLATEN_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_SIGNATURE_INVALID,
                                      NULL);
    }

    /* A slash at the end makes no difference, nor does HEAD. */

    path.len = plcf->prefix.len + 1 + ctx->path.len;
    path.data = ngx_pnalloc(r->pool, path.len);
    if (path.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_cpymem(path.data, plcf->prefix.data, plcf->prefix.len);
    *p++ = '/';
    ngx_memcpy(p, ctx->path.data, ctx->path.len);

    ngx_memzero(&url, sizeof(platen_sign_url_t));

    found = platen_signed_owner(r, &url.type, &status);
    if (found == NGX_ERROR) {
        return status;
    }

    url.path = (platen_str_t) { (char *) path.data, path.len };
    url.expires = q.expires;
    url.max_length = q.max_length;
    url.method = r->method == NGX_HTTP_HEAD
                 ? PLATEN_STR("GET")
                 : (platen_str_t) { (char *) r->method_name.data,
                                    r->method_name.len };

    rc = platen_sign_url_check(plcf->signing, &url, q.signature, ngx_time());

    if (rc != PLATEN_OK) {
        /* nobody is let in, and the log names no owner */
        ngx_str_null(&ctx->client);
    }

    switch (rc) {

    case PLATEN_OK:
        break;

    case PLATEN_STALE:
        return platen_respond_problem(r, PLATEN_PROBLEM_SIGNATURE_EXPIRED,
                                      NULL);

    case PLATEN_INVALID:
        return platen_respond_problem(r, PLATEN_PROBLEM_SIGNATURE_INVALID,
                                      NULL);

    default:
        return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
    }

    if (found == NGX_DECLINED) {
        return platen_respond_problem(r, PLATEN_PROBLEM_JOB_NOT_FOUND, NULL);
    }

    ctx->max_length = q.max_length;
    ctx->signed_url = 1;

    return NGX_DECLINED;
}


/*
 * Sets ctx->client to the owner of ctx->id, and *type to what an upload to it
 * has to be.  NGX_OK; NGX_DECLINED: there is no
 * such job; NGX_ERROR: a problem was sent, see *status.
 */

static ngx_int_t
platen_signed_owner(ngx_http_request_t *r, platen_str_t *type,
    ngx_int_t *status)
{
    int                     rc;
    ngx_str_t               text;
    platen_job_t            job;
    platen_txn_t            txn;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_respond_read(r, &txn, status) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = platen_store_get(&txn, &ctx->id, &job);

    if (rc == PLATEN_OK && platen_job_is_file(&job)) {
        rc = PLATEN_NOT_FOUND;
    }

    if (rc == PLATEN_OK) {
        text.data = (u_char *) job.client.data;
        text.len = job.client.len;
        ctx->client.data = ngx_pstrdup(r->pool, &text);
        ctx->client.len = text.len;
    }

    /* An upload is of the type that it was announced as. */

    if (rc == PLATEN_OK && r->method == NGX_HTTP_PUT
        && job.content_type.len)
    {
        text.data = (u_char *) job.content_type.data;
        text.len = job.content_type.len;
        type->data = (char *) ngx_pstrdup(r->pool, &text);
        type->len = type->data ? text.len : 0;
    }

    platen_txn_abort(&txn);

    if (rc == PLATEN_NOT_FOUND) {
        return NGX_DECLINED;
    }

    if (rc != PLATEN_OK) {
        *status = platen_respond_store(r, rc, "reading a job",
                                       platen_txn_errstr(&txn));
        return NGX_ERROR;
    }

    if (ctx->client.data == NULL) {
        ctx->client.len = 0;
        *status = NGX_HTTP_INTERNAL_SERVER_ERROR;
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
platen_signed_url(ngx_http_request_t *r, const char *method, ngx_str_t *path,
    platen_str_t type, uint64_t max_length, uint64_t expires, ngx_str_t *url)
{
    u_char                      *p;
    ngx_str_t                    whole;
    platen_sign_url_t            u;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         signature[PLATEN_SIGNATURE_LEN + 1];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    whole.len = plcf->prefix.len + path->len;

    url->data = ngx_pnalloc(r->pool, whole.len
                                     + sizeof("?expires=&max=&signature=")
                                     + 2 * NGX_INT64_LEN
                                     + PLATEN_SIGNATURE_LEN);
    if (url->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(url->data, plcf->prefix.data, plcf->prefix.len);
    p = ngx_cpymem(p, path->data, path->len);

    u.method = platen_str(method);
    u.path = (platen_str_t) { (char *) url->data, whole.len };
    u.expires = expires;
    u.type = type;
    u.max_length = max_length;

    if (platen_sign_url(plcf->signing, &u, signature) != PLATEN_OK) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(p, "?expires=%uL", expires);

    if (max_length) {
        p = ngx_sprintf(p, "&max=%uL", max_length);
    }

    p = ngx_sprintf(p, "&signature=%s", signature);
    url->len = p - url->data;

    return NGX_OK;
}


ngx_int_t
platen_signed_links(ngx_http_request_t *r)
{
    ngx_int_t                    status;
    platen_job_t                 job;
    platen_txn_t                 txn;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (plcf->signing == NULL) {
        return platen_respond_problem(r, PLATEN_PROBLEM_SIGNING_OFF, NULL);
    }

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    platen_txn_abort(&txn);

    return platen_body_json(r, platen_signed_links_of);
}


static ngx_int_t
platen_signed_links_of(ngx_http_request_t *r, json_t *object)
{
    size_t          i;
    json_t         *value;
    uint64_t        expires;
    ngx_int_t       rc;
    ngx_str_t       whole, urls[PLATEN_LINKS];
    platen_json_t   j;
    u_char          detail[128];

    expires = PLATEN_LINKS_EXPIRE;
    value = json_object_get(object, "expires_in");

    if (value) {
        if (!json_is_integer(value) || json_integer_value(value) < 1
            || json_integer_value(value) > PLATEN_LINKS_EXPIRE_MAX)
        {
            ngx_snprintf(detail, sizeof(detail),
                         "expires_in takes a whole number of seconds, from 1 "
                         "to %d.%Z", PLATEN_LINKS_EXPIRE_MAX);
            return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                          (char *) detail);
        }

        expires = json_integer_value(value);
    }

    expires += ngx_time();

    platen_json_chain_init(&j, r->pool, 2048);
    platen_json_open(&j, NULL, '{');

    ngx_memzero(urls, sizeof(urls));

    for (i = 0; i < PLATEN_LINKS; i++) {
        rc = platen_signed_link(r, platen_signed_below[i].below, expires,
                                &urls[i]);
        if (rc != NGX_OK) {
            return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
        }

        platen_json_string(&j, platen_signed_below[i].name, urls[i].data,
                           urls[i].len);
    }

    /* the same, for whoever has no URL of this server to complete them with */

    platen_json_open(&j, "absolute", '{');

    for (i = 0; i < PLATEN_LINKS; i++) {
        ngx_str_null(&whole);

        rc = urls[i].len ? platen_link_whole(r, &urls[i],
                                             platen_signed_below[i].ws, &whole)
                         : NGX_DECLINED;

        if (rc == NGX_ERROR) {
            return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
        }

        platen_json_string(&j, platen_signed_below[i].name, whole.data,
                           whole.len);
    }

    platen_json_close(&j, '}');
    platen_json_time(&j, "expires_at", expires * 1000000);
    platen_json_close(&j, '}');

    return platen_respond_json(r, NGX_HTTP_OK, &j);
}


/* A signed URL below the job's. */

static ngx_int_t
platen_signed_link(ngx_http_request_t *r, const char *below, uint64_t expires,
    ngx_str_t *url)
{
    ngx_str_t               path;
    ngx_http_platen_ctx_t  *ctx;
    char                    id[PLATEN_ID_TEXT + 1];
    u_char                  text[128];

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    platen_id_format(&ctx->id, id);

    path.data = text;
    path.len = ngx_snprintf(text, sizeof(text), "/jobs/%s/%s", id, below)
               - text;

    return platen_signed_url(r, "GET", &path, (platen_str_t) { NULL, 0 }, 0,
                             expires, url);
}
