
/*
 * The query of a request: its parameters, and what of them no log is to have.
 * Runs in the event loop.
 */


#include "http/query.h"

#include "ctx.h"
#include "base/platen.h"


static ngx_uint_t platen_query_is_secret(ngx_str_t *name);
static ngx_uint_t platen_query_mask(u_char *p, u_char *last,
    ngx_uint_t overwrite);


/* The next "name=value" of a query, as it stands there; 0: no more. */

static ngx_uint_t
platen_query_next(u_char **p, u_char *last, ngx_str_t *name,
    ngx_str_t *value)
{
    u_char  *end, *eq;

    while (*p < last) {
        end = ngx_strlchr(*p, last, '&');
        if (end == NULL) {
            end = last;
        }

        eq = ngx_strlchr(*p, end, '=');

        name->data = *p;
        *p = end + 1;

        if (eq) {
            name->len = eq - name->data;
            value->data = eq + 1;
            value->len = end - value->data;
            return 1;
        }
    }

    return 0;
}


ngx_int_t
platen_query_hide(ngx_http_request_t *r)
{
    u_char                 *p, *last;
    ngx_uint_t              i;
    ngx_http_platen_ctx_t  *ctx, *main;
    ngx_str_t              *lines[] = { &r->request_line, &r->unparsed_uri };

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ctx->hidden) {
        return NGX_OK;
    }

    ctx->hidden = 1;

    main = ngx_http_get_module_ctx(r->main, ngx_http_platen_module);

    if (r != r->main && main && main->args.len
        && r->args.data == r->main->args.data)
    {
        /* a mirror of a request whose secrets are out of sight already */
        ctx->args = main->args;
        return NGX_OK;
    }

    if (r->args.len == 0
        || !platen_query_mask(r->args.data, r->args.data + r->args.len, 0))
    {
        return NGX_OK;
    }

    ctx->args.data = ngx_pstrdup(r->pool, &r->args);
    if (ctx->args.data == NULL) {
        return NGX_ERROR;
    }

    ctx->args.len = r->args.len;

    if (r != r->main) {

        /* the bytes are the main request's, which may need them as they are */

        r->args.data = ngx_pstrdup(r->pool, &ctx->args);
        if (r->args.data == NULL) {
            return NGX_ERROR;
        }

        (void) platen_query_mask(r->args.data, r->args.data + r->args.len, 1);

        return NGX_OK;
    }

    (void) platen_query_mask(r->args.data, r->args.data + r->args.len, 1);

    /* one buffer with HTTP/1.x, but not with HTTP/2 or after a rewrite */

    for (i = 0; i < 2; i++) {
        last = lines[i]->data + lines[i]->len;
        p = ngx_strlchr(lines[i]->data, last, '?');

        if (p) {
            (void) platen_query_mask(p + 1, last, 1);
        }
    }

    return NGX_OK;
}


/*
 * A password, or what makes a URL good for its resource: also where the name is
 * in capitals, encoded, or a slip of the right one.
 */

static ngx_uint_t
platen_query_is_secret(ngx_str_t *name)
{
    u_char       c, *p, *src, *dst, text[64];
    ngx_uint_t   i;

    static char  *parts[] = { "pass", "webhook", "callback", "token", "secret",
                              "signature", "apikey", NULL };

    dst = text;
    src = name->data;
    ngx_unescape_uri(&dst, &src, ngx_min(name->len, sizeof(text) - 1), 0);

    p = text;

    for (src = text; src < dst; src++) {
        c = ngx_tolower(*src);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            *p++ = c;
        }
    }

    *p = '\0';

    for (i = 0; parts[i]; i++) {
        if (ngx_strstr(text, parts[i])) {
            return 1;
        }
    }

    return 0;
}


/* Whether there are secrets from p to last; overwrites them with asterisks. */

static ngx_uint_t
platen_query_mask(u_char *p, u_char *last, ngx_uint_t overwrite)
{
    size_t      n;
    ngx_str_t   name, value;
    ngx_uint_t  any, rest;

    any = 0;
    rest = 0;

    while (platen_query_next(&p, last, &name, &value)) {

        if (platen_query_is_secret(&name)) {

            /* a URL that was not encoded goes on in what seems parameters */

            rest = rest || ngx_strlchr(value.data, value.data + value.len, '?');

        } else if (!rest
                   || platen_params_find((char *) name.data, name.len) >= 0)
        {
            continue;
        }

        any = 1;

        if (overwrite) {
            /* a request line goes on behind the query */
            for (n = 0; n < value.len && value.data[n] != ' '; n++) {
                value.data[n] = '*';
            }
        }
    }

    return any;
}


ngx_int_t
platen_query_params(ngx_http_request_t *r, platen_params_t *params,
    char *detail, size_t size)
{
    int                     field;
    u_char                 *p, *last, *dst, *src, *copy;
    ngx_str_t               args, name, value;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    args = ctx->args.len ? ctx->args : r->args;
    p = args.data;
    last = p + args.len;

    while (platen_query_next(&p, last, &name, &value)) {
        field = platen_params_find((char *) name.data, name.len);
        if (field < 0) {
            if (platen_params_unknown(params, (char *) name.data, name.len,
                                      detail, size)
                != PLATEN_OK)
            {
                return NGX_DECLINED;
            }

            continue;
        }

        copy = ngx_pnalloc(r->pool, value.len + 1);
        if (copy == NULL) {
            return NGX_ERROR;
        }

        dst = ngx_cpymem(copy, value.data, value.len);

        for (src = copy; src < dst; src++) {
            if (*src == '+') {
                *src = ' ';
            }
        }

        dst = copy;
        src = copy;
        ngx_unescape_uri(&dst, &src, value.len, 0);

        if (platen_params_set(params, field, (char *) copy, dst - copy,
                              detail, size)
            != PLATEN_OK)
        {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


ngx_int_t
platen_query_number(ngx_http_request_t *r, const char *name, ngx_uint_t max,
    ngx_uint_t *number)
{
    ngx_int_t  n;
    ngx_str_t  value;

    if (ngx_http_arg(r, (u_char *) name, ngx_strlen(name), &value) != NGX_OK
        || value.len == 0)
    {
        return NGX_OK;
    }

    n = ngx_atoi(value.data, value.len);
    if (n == NGX_ERROR || n > (ngx_int_t) max) {
        return NGX_DECLINED;
    }

    *number = n;

    return NGX_OK;
}
