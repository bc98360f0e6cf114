
/*
 * GET /formats, and the check of a submission against it: what the sidecar
 * has said that this machine converts, less what platen_formats keeps out.
 * Runs in the event loop.
 */


#include "view/formats.h"

#include "module.h"
#include "worker.h"
#include "base/platen.h"
#include "http/json_chain.h"
#include "http/problem.h"
#include "http/respond.h"
#include "job/option.h"
#include "store/store.h"


static ngx_int_t platen_formats_rule(ngx_str_t *name,
    const platen_format_t **format);
static ngx_int_t platen_formats_load(platen_txn_t *txn, ngx_log_t *log);
static void platen_formats_write(platen_json_t *j,
    ngx_http_platen_loc_conf_t *plcf);
static void platen_formats_conversion(platen_json_t *j,
    const platen_format_t *to, const platen_matrix_route_t *route);


/* The store's, as this worker last read it. */

static struct {
    platen_matrix_t   parsed;
    ngx_str_t         text;
    unsigned          known:1;
} platen_formats_matrix;


static ngx_int_t
platen_formats_rule(ngx_str_t *name, const platen_format_t **format)
{
    *format = NULL;

    if (name->len == 1 && name->data[0] == '*') {
        return NGX_OK;
    }

    *format = platen_format_find((char *) name->data, name->len);

    return *format ? NGX_OK : NGX_DECLINED;
}


char *
platen_formats_rules(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    u_char                  *colon;
    ngx_str_t               *value, from, to;
    ngx_uint_t               i;
    ngx_http_platen_rule_t  *rule;

    if (plcf->formats != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "all") == 0) {
        plcf->formats = NULL;
        return NGX_CONF_OK;
    }

    plcf->formats = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                     sizeof(ngx_http_platen_rule_t));
    if (plcf->formats == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {
        rule = ngx_array_push(plcf->formats);

        colon = (u_char *) ngx_strchr(value[i].data, ':');
        if (colon == NULL) {
            goto invalid;
        }

        from.data = value[i].data;
        from.len = colon - from.data;
        to.data = colon + 1;
        to.len = value[i].data + value[i].len - to.data;

        if (platen_formats_rule(&from, &rule->from) != NGX_OK
            || platen_formats_rule(&to, &rule->to) != NGX_OK)
        {
            goto invalid;
        }
    }

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid conversion \"%V\" of platen_formats, it takes "
                       "all, or FROM:TO with names of formats or *",
                       &value[i]);
    return NGX_CONF_ERROR;
}


/* Takes the matrix out of the store; NGX_DECLINED: no sidecar ever ran. */

static ngx_int_t
platen_formats_load(platen_txn_t *txn, ngx_log_t *log)
{
    int            rc;
    u_char        *copy;
    platen_str_t   text;

    rc = platen_store_meta_get(txn, PLATEN_MATRIX_META, &text);

    if (rc == PLATEN_NOT_FOUND) {
        return NGX_DECLINED;
    }

    if (rc != PLATEN_OK) {
        return NGX_ERROR;
    }

    if (platen_formats_matrix.known
        && platen_formats_matrix.text.len == text.len
        && ngx_memcmp(platen_formats_matrix.text.data, text.data, text.len)
           == 0)
    {
        return NGX_OK;
    }

    /* It changes when the sidecar starts with other engines: hardly ever. */

    copy = ngx_alloc(text.len + 1, log);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    if (platen_matrix_parse(&platen_formats_matrix.parsed, text.data, text.len)
        != PLATEN_OK)
    {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "platen: the store's conversion matrix is malformed");
        ngx_free(copy);
        platen_formats_matrix.known = 0;
        return NGX_ERROR;
    }

    if (platen_formats_matrix.text.data) {
        ngx_free(platen_formats_matrix.text.data);
    }

    ngx_memcpy(copy, text.data, text.len);
    platen_formats_matrix.text.data = copy;
    platen_formats_matrix.text.len = text.len;
    platen_formats_matrix.known = 1;

    return NGX_OK;
}


ngx_uint_t
platen_formats_allowed(ngx_http_platen_loc_conf_t *plcf,
    const platen_format_t *from, const platen_format_t *to)
{
    ngx_uint_t               i;
    ngx_http_platen_rule_t  *rule;

    if (plcf->formats == NULL) {
        return 1;
    }

    rule = plcf->formats->elts;

    for (i = 0; i < plcf->formats->nelts; i++) {
        if ((rule[i].from == NULL || rule[i].from == from)
            && (rule[i].to == NULL || rule[i].to == to))
        {
            return 1;
        }
    }

    return 0;
}


ngx_int_t
platen_formats_check(ngx_http_request_t *r, const platen_format_t *from,
    const platen_format_t *to, const platen_matrix_route_t **route)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (!platen_formats_allowed(plcf, from, to)) {
        *route = NULL;
        return NGX_DECLINED;
    }

    return platen_formats_route(r, from, to, route);
}


ngx_int_t
platen_formats_route(ngx_http_request_t *r, const platen_format_t *from,
    const platen_format_t *to, const platen_matrix_route_t **route)
{
    ngx_int_t        rc;
    platen_txn_t     txn;
    platen_store_t  *store;

    *route = NULL;

    store = ngx_http_platen_store(r->connection->log);

    if (store == NULL || platen_txn_read(store, &txn) != PLATEN_OK) {
        return NGX_ERROR;
    }

    rc = platen_formats_load(&txn, r->connection->log);
    platen_txn_abort(&txn);

    /* No sidecar has run here yet: it will decide when it does. */

    if (rc == NGX_DECLINED) {
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        return rc;
    }

    *route = platen_matrix_route(&platen_formats_matrix.parsed, from, to);

    return *route ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
platen_formats_list(ngx_http_request_t *r)
{
    ngx_int_t                    status;
    platen_txn_t                 txn;
    platen_json_t                j;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (platen_respond_read(r, &txn, &status) != NGX_OK) {
        return status;
    }

    switch (platen_formats_load(&txn, r->connection->log)) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        platen_txn_abort(&txn);
        return platen_respond_problem(r, PLATEN_PROBLEM_SERVICE_NOT_READY,
                                      "The sidecar has never run here, so "
                                      "what it converts is not known yet; "
                                      "start platend.");

    default:
        platen_txn_abort(&txn);
        return platen_respond_store(r, PLATEN_ERROR, "reading the matrix",
                                    platen_txn_errstr(&txn));
    }

    platen_txn_abort(&txn);

    platen_json_chain_init(&j, r->pool, 8192);
    platen_formats_write(&j, plcf);

    return platen_respond_json(r, NGX_HTTP_OK, &j);
}


static void
platen_formats_write(platen_json_t *j, ngx_http_platen_loc_conf_t *plcf)
{
    size_t                        from, to;
    ngx_uint_t                    any, i;
    const char                   *text;
    const platen_format_t        *f, *t;
    const platen_matrix_route_t  *route;

    platen_json_open(j, NULL, '{');
    platen_json_open(j, "formats", '[');

    for (from = 0; from < platen_nformats; from++) {
        f = &platen_formats[from];

        platen_json_open(j, NULL, '{');
        platen_json_string(j, "name", f->name, ngx_strlen(f->name));
        platen_json_string(j, "title", f->title, ngx_strlen(f->title));
        platen_json_string(j, "content_type", f->mime, ngx_strlen(f->mime));
        platen_json_open(j, "aliases", '[');
        platen_json_parts(j, platen_str(f->aliases), ' ');
        platen_json_close(j, ']');
        platen_json_close(j, '}');
    }

    platen_json_close(j, ']');
    platen_json_open(j, "conversions", '[');

    for (from = 0; from < platen_nformats; from++) {
        f = &platen_formats[from];
        any = 0;

        for (to = 0; to < platen_nformats; to++) {
            t = &platen_formats[to];
            route = platen_matrix_route(&platen_formats_matrix.parsed, f, t);

            if (route == NULL || !platen_formats_allowed(plcf, f, t)) {
                continue;
            }

            if (!any) {
                any = 1;
                platen_json_open(j, NULL, '{');
                platen_json_string(j, "from", f->name, ngx_strlen(f->name));
                platen_json_open(j, "to", '[');
            }

            platen_formats_conversion(j, t, route);
        }

        if (any) {
            platen_json_close(j, ']');
            platen_json_close(j, '}');
        }
    }

    platen_json_close(j, ']');
    platen_json_open(j, "options", '[');

    for (i = 0; i < PLATEN_OPTIONS; i++) {
        platen_json_open(j, NULL, '{');
        text = platen_option_name(i);
        platen_json_string(j, "name", text, ngx_strlen(text));
        text = platen_option_allowed(i);
        platen_json_string(j, "values", text, ngx_strlen(text));
        platen_json_close(j, '}');
    }

    platen_json_close(j, ']');
    platen_json_close(j, '}');
}


static void
platen_formats_conversion(platen_json_t *j, const platen_format_t *to,
    const platen_matrix_route_t *route)
{
    ngx_uint_t   i;
    const char  *name;

    platen_json_open(j, NULL, '{');
    platen_json_string(j, "format", to->name, ngx_strlen(to->name));
    platen_json_string(j, "engine", route->engines,
                       ngx_strlen(route->engines));

    platen_json_open(j, "via", '[');
    platen_json_parts(j, platen_str(route->via), '+');
    platen_json_close(j, ']');

    platen_json_open(j, "options", '[');

    for (i = 0; i < PLATEN_OPTIONS; i++) {
        if (route->options & PLATEN_OPTION_BIT(i)) {
            name = platen_option_name(i);
            platen_json_word(j, NULL, name, ngx_strlen(name));
        }
    }

    platen_json_close(j, ']');
    platen_json_close(j, '}');
}
