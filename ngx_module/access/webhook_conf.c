
/*
 * Whose jobs are told of to which URL: whether clients may name one with a job
 * (platen_webhooks), and those that the operator has given to clients
 * (platen_webhook).  The telling is the sidecar's.  Runs in the event loop.
 */


#include "access/webhook_conf.h"

#include "conf.h"
#include "ctx.h"
#include "job/job.h"
#include "job/webhook_url.h"


char *
platen_webhook_conf_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    ngx_str_t                  *value;
    ngx_uint_t                  i;
    const char                 *wrong;
    ngx_http_platen_webhook_t  *hook;

    value = cf->args->elts;

    if (plcf->webhook == NGX_CONF_UNSET_PTR) {
        plcf->webhook = ngx_array_create(cf->pool, 4,
                                         sizeof(ngx_http_platen_webhook_t));
        if (plcf->webhook == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    hook = plcf->webhook->elts;

    for (i = 0; i < plcf->webhook->nelts; i++) {
        if (hook[i].client.len == value[1].len
            && ngx_memcmp(hook[i].client.data, value[1].data, value[1].len)
               == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "client \"%V\" has a platen_webhook already",
                               &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    if (value[1].len == 0 || value[1].len > PLATEN_CLIENT_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the client of platen_webhook has 1 to %d "
                           "characters", PLATEN_CLIENT_MAX);
        return NGX_CONF_ERROR;
    }

    wrong = platen_webhook_url_wrong((char *) value[2].data, value[2].len);

    if (wrong) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the URL of platen_webhook for client \"%V\" %s",
                           &value[1], wrong);
        return NGX_CONF_ERROR;
    }

    hook = ngx_array_push(plcf->webhook);
    if (hook == NULL) {
        return NGX_CONF_ERROR;
    }

    hook->client = value[1];
    hook->url = value[2];

    return NGX_CONF_OK;
}


ngx_uint_t
platen_webhook_conf_allows(ngx_http_request_t *r)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    return plcf->webhooks;
}


void
platen_webhook_conf_default(ngx_http_request_t *r, platen_str_t *url)
{
    ngx_str_t                    name;
    ngx_uint_t                   i;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_webhook_t   *hook;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (url->len || plcf->webhook == NULL) {
        return;
    }

    /* by its name within the realm */

    name = ctx->client;

    if (name.len > plcf->realm.len
        && ngx_memcmp(name.data, plcf->realm.data, plcf->realm.len) == 0)
    {
        name.data += plcf->realm.len;
        name.len -= plcf->realm.len;
    }

    hook = plcf->webhook->elts;

    for (i = 0; i < plcf->webhook->nelts; i++) {
        if (hook[i].client.len == name.len
            && ngx_memcmp(hook[i].client.data, name.data, name.len) == 0)
        {
            *url = (platen_str_t) { (char *) hook[i].url.data,
                                    hook[i].url.len };
            return;
        }
    }
}
