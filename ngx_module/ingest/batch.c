
/*
 * Batches as they come in: what an archive may claim, and which of its entries
 * can be converted here.  Runs in the event loop; the archive itself was looked
 * at in a thread (ingest/receive.c).
 */


#include "ingest/batch.h"

#include "conf.h"
#include "base/platen.h"
#include "format/zip_check.h"
#include "view/formats.h"


#define PLATEN_BATCH_RATIO_MAX  100000


static char *platen_batch_limit(ngx_conf_t *cf, ngx_str_t *value,
    platen_zip_limits_t *limits);
static ngx_uint_t platen_batch_named(ngx_str_t *value, const char *name,
    ngx_str_t *rest);


char *
platen_batch_limits(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    char                 *rv;
    ngx_str_t            *value;
    ngx_uint_t            i;
    platen_zip_limits_t  *limits;

    if (plcf->batch != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        plcf->batch = NULL;
        return NGX_CONF_OK;
    }

    limits = ngx_palloc(cf->pool, sizeof(platen_zip_limits_t));
    if (limits == NULL) {
        return NGX_CONF_ERROR;
    }

    *limits = platen_zip_limits;
    plcf->batch = limits;

    for (i = 1; i < cf->args->nelts; i++) {
        rv = platen_batch_limit(cf, &value[i], limits);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
platen_batch_named(ngx_str_t *value, const char *name, ngx_str_t *rest)
{
    size_t  len;

    len = ngx_strlen(name);

    if (value->len <= len || ngx_strncmp(value->data, name, len) != 0) {
        return 0;
    }

    rest->data = value->data + len;
    rest->len = value->len - len;

    return 1;
}


static char *
platen_batch_limit(ngx_conf_t *cf, ngx_str_t *value,
    platen_zip_limits_t *limits)
{
    off_t      size;
    ngx_int_t  n;
    ngx_str_t  rest;

    if (platen_batch_named(value, "entries=", &rest)) {
        n = ngx_atoi(rest.data, rest.len);

        if (n < 1 || n > PLATEN_ZIP_ENTRIES) {
            return "takes a number from 1 to 10000 as entries=";
        }

        limits->entries = n;
        return NGX_CONF_OK;
    }

    if (platen_batch_named(value, "ratio=", &rest)) {
        n = ngx_atoi(rest.data, rest.len);

        if (n < 1 || n > PLATEN_BATCH_RATIO_MAX) {
            return "takes a number from 1 to 100000 as ratio=";
        }

        limits->ratio = n;
        return NGX_CONF_OK;
    }

    if (platen_batch_named(value, "size=", &rest)
        || platen_batch_named(value, "file=", &rest))
    {
        size = ngx_parse_offset(&rest);

        if (size < 1) {
            return "takes a size of at least 1 as size= and file=";
        }

        if (value->data[0] == 's') {
            limits->total = size;

        } else {
            limits->entry = size;
        }

        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" of platen_batch, it takes "
                       "off, or entries=, size=, file= and ratio=", value);
    return NGX_CONF_ERROR;
}


ngx_int_t
platen_batch_admit(ngx_http_request_t *r, platen_receive_t *rx,
    const platen_matrix_route_t **route)
{
    size_t                        i;
    ngx_int_t                     rc;
    const platen_matrix_route_t  *way;

    *route = NULL;

    for (i = 0; i < platen_nformats; i++) {
        if (!(rx->contents & (UINT64_C(1) << i))
            || (&platen_formats[i] == rx->target
                && rx->params.options.given == 0))
        {
            continue;
        }

        rc = platen_formats_check(r, &platen_formats[i], rx->target, &way);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc != NGX_OK || (way == NULL && &platen_formats[i] == rx->target)) {
            continue;
        }

        /* One that takes all of the options, or else any. */

        if (way == NULL
            || (rx->params.options.given & ~way->options) == 0)
        {
            *route = way;
            return NGX_OK;
        }

        if (*route == NULL) {
            *route = way;
        }
    }

    return *route ? NGX_OK : NGX_DECLINED;
}


ngx_int_t
platen_batch_sources(ngx_http_request_t *r, const platen_format_t *target,
    platen_str_t *sources)
{
    size_t                       i, len;
    u_char                      *p;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (plcf->formats == NULL) {
        return NGX_OK;
    }

    len = 0;
    for (i = 0; i < platen_nformats; i++) {
        len += ngx_strlen(platen_formats[i].name) + 1;
    }

    p = ngx_pnalloc(r->pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    sources->data = (char *) p;

    for (i = 0; i < platen_nformats; i++) {
        if (platen_formats_allowed(plcf, &platen_formats[i], target)) {
            p = ngx_sprintf(p, "%s ", platen_formats[i].name);
        }
    }

    sources->len = (char *) p - sources->data;

    return NGX_OK;
}


