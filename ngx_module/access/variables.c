
/*
 * The variables of the module: who a request is from, and under which id its
 * log lines are.
 */


#include "access/variables.h"

#include "ctx.h"
#include "access/auth.h"


static ngx_int_t platen_variables_set(ngx_http_variable_value_t *v,
    const ngx_str_t *value);
static ngx_int_t platen_variables_string(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t platen_variables_job_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t platen_variables_client(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t platen_variables_limit(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  platen_variables[] = {

    { ngx_string("platen_request_id"), NULL, platen_variables_string,
      offsetof(ngx_http_platen_ctx_t, request_id),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("platen_trace_id"), NULL, platen_variables_string,
      offsetof(ngx_http_platen_ctx_t, trace_id),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("platen_job_id"), NULL, platen_variables_job_id, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("platen_client"), NULL, platen_variables_client, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("platen_limit"), NULL, platen_variables_limit, 0,
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
platen_variables_add(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = platen_variables; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


/* A string of the context; data is where it is in there. */

static ngx_int_t
platen_variables_string(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    return platen_variables_set(v, ctx ? (ngx_str_t *) ((char *) ctx + data)
                                       : NULL);
}


/* Of the path, or of the job that the request has brought. */

static ngx_int_t
platen_variables_job_id(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t               text;
    static platen_id_t      none;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ctx == NULL
        || ngx_memcmp(&ctx->id, &none, sizeof(platen_id_t)) == 0)
    {
        return platen_variables_set(v, NULL);
    }

    text.len = PLATEN_ID_TEXT;
    text.data = ngx_pnalloc(r->pool, PLATEN_ID_TEXT + 1);
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    platen_id_format(&ctx->id, (char *) text.data);

    return platen_variables_set(v, &text);
}


static ngx_int_t
platen_variables_set(ngx_http_variable_value_t *v, const ngx_str_t *value)
{
    if (value == NULL || value->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = value->data;
    v->len = value->len;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    return NGX_OK;
}


/*
 * The client's name.  Asked for before the request has come to its handler, as
 * limit_req does, it is that of the key, the variable or the cookie, if good.
 */

static ngx_int_t
platen_variables_client(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ctx && ctx->client.len == 0) {
        (void) platen_auth_lookup(r);
    }

    return platen_variables_set(v, ctx ? &ctx->client : NULL);
}


/*
 * What limits are counted by: the address of one whom nobody vouches for; empty,
 * which limit_req and limit_conn pass over, for one with a key or a variable.
 */

static ngx_int_t
platen_variables_limit(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t                   name;
    ngx_http_platen_ctx_t      *ctx;
    ngx_http_variable_value_t  *address;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    if (ctx && platen_auth_lookup(r) == NGX_OK && ctx->authentic) {
        v->len = 0;
        v->data = (u_char *) "";
        return NGX_OK;
    }

    ngx_str_set(&name, "binary_remote_addr");

    address = ngx_http_get_variable(r, &name,
                                    ngx_hash_key(name.data, name.len));
    if (address == NULL || address->not_found) {
        return NGX_ERROR;
    }

    v->len = address->len;
    v->data = address->data;

    return NGX_OK;
}
