
/*
 * The module's configuration: made, defaulted, inherited and checked.  What its
 * directives take is said where they are (directives.c).
 */


#include "conf.h"
#include "counts.h"

#include "disk/layout.h"


#define PLATEN_CONF_COMPARED  1000   /* names of a file of keys */


static void platen_conf_error(ngx_conf_t *cf, const ngx_http_platen_at_t *at,
    const char *fmt, ...);
static ngx_int_t platen_conf_events(ngx_conf_t *cf,
    ngx_http_platen_main_conf_t *pmcf);
static ngx_int_t platen_conf_create_path(ngx_conf_t *cf, ngx_str_t *name,
    const ngx_http_platen_at_t *at);
static ngx_int_t platen_conf_names(ngx_conf_t *cf,
    ngx_http_platen_loc_conf_t *conf);
static ngx_str_t *platen_conf_common(ngx_array_t *keys, ngx_array_t *others);
static ngx_uint_t platen_conf_equal(const ngx_str_t *a, const ngx_str_t *b);
static ngx_uint_t platen_conf_inherit(ngx_http_core_loc_conf_t *clcf,
    ngx_http_platen_loc_conf_t *prev, ngx_http_platen_loc_conf_t *conf);


void
platen_conf_at(ngx_conf_t *cf, ngx_http_platen_at_t *at)
{
    if (cf->conf_file && cf->conf_file->file.fd != NGX_INVALID_FILE) {
        at->file = cf->conf_file->file.name;
        at->line = cf->conf_file->line;
    }
}


/* As ngx_conf_log_error(), but of a directive that was read before. */

static void
platen_conf_error(ngx_conf_t *cf, const ngx_http_platen_at_t *at,
    const char *fmt, ...)
{
    u_char   *p, errstr[NGX_MAX_CONF_ERRSTR];
    va_list   args;

    va_start(args, fmt);
    p = ngx_vslprintf(errstr, errstr + NGX_MAX_CONF_ERRSTR, fmt, args);
    va_end(args);

    if (at->file.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%*s", p - errstr, errstr);
        return;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%*s in %V:%ui", p - errstr,
                  errstr, &at->file, at->line);
}


void *
platen_conf_create_main(ngx_conf_t *cf)
{
    ngx_http_platen_main_conf_t  *conf;

    /* zeroed: no api, all strings unset, no pool */

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_platen_main_conf_t));

    if (conf) {
        conf->min_free = NGX_CONF_UNSET;
        conf->sync = NGX_CONF_UNSET;
    }

    return conf;
}


char *
platen_conf_init_main(ngx_conf_t *cf, void *conf)
{
    ngx_http_platen_main_conf_t *pmcf = conf;

    if (!pmcf->api) {
        return NGX_CONF_OK;
    }

    ngx_conf_init_value(pmcf->min_free, 256 * 1024 * 1024);
    ngx_conf_init_value(pmcf->sync, 1);

    if (pmcf->store.data == NULL) {
        ngx_str_set(&pmcf->store, "/var/lib/platen/store");
    }

    if (pmcf->data.data == NULL) {
        ngx_str_set(&pmcf->data, "/var/lib/platen/data");
    }

    if (pmcf->queue.data == NULL) {
        ngx_str_set(&pmcf->queue, "ipc:///run/platen/platend.sock");
    }

    if (pmcf->events.data == NULL
        && platen_conf_events(cf, pmcf) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (pmcf->thread_pool.data == NULL) {
        ngx_str_set(&pmcf->thread_pool, "default");
    }

    if (platen_conf_create_path(cf, &pmcf->store, &pmcf->store_at) != NGX_OK
        || platen_conf_create_path(cf, &pmcf->data, &pmcf->data_at) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (pmcf->data.len > PLATEN_ROOT_MAX) {
        platen_conf_error(cf, &pmcf->data_at,
                          "the path of platen_data is longer than %d "
                          "characters", PLATEN_ROOT_MAX);
        return NGX_CONF_ERROR;
    }

    pmcf->metrics = platen_metrics_zone(cf, &ngx_http_platen_module);
    if (pmcf->metrics == NULL) {
        return NGX_CONF_ERROR;
    }

    pmcf->pool = ngx_thread_pool_add(cf, &pmcf->thread_pool);

    return pmcf->pool ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* Where the sidecar publishes by default: beside the hints' socket. */

static ngx_int_t
platen_conf_events(ngx_conf_t *cf, ngx_http_platen_main_conf_t *pmcf)
{
    u_char  *p;

    ngx_str_set(&pmcf->events, "");

    if (pmcf->queue.len == 0) {
        return NGX_OK;
    }

    for (p = pmcf->queue.data + pmcf->queue.len; p[-1] != '/'; p--) {
        /* void */
    }

    pmcf->events.data = ngx_pnalloc(cf->pool, p - pmcf->queue.data
                                              + sizeof("events.sock"));
    if (pmcf->events.data == NULL) {
        return NGX_ERROR;
    }

    pmcf->events.len = ngx_sprintf(pmcf->events.data, "%*sevents.sock%Z",
                                   (size_t) (p - pmcf->queue.data),
                                   pmcf->queue.data)
                       - pmcf->events.data - 1;

    return NGX_OK;
}


/* Has nginx create it for the workers' user, unless it is there. */

static ngx_int_t
platen_conf_create_path(ngx_conf_t *cf, ngx_str_t *name,
    const ngx_http_platen_at_t *at)
{
    ngx_path_t       *path;
    ngx_file_info_t   fi;

    while (name->len > 1 && name->data[name->len - 1] == '/') {
        name->data[--name->len] = '\0';
    }

    if (ngx_file_info(name->data, &fi) != NGX_FILE_ERROR
        && !ngx_is_dir(&fi))
    {
        platen_conf_error(cf, at, "\"%V\" is a file, not a directory", name);
        return NGX_ERROR;
    }

    path = ngx_pcalloc(cf->pool, sizeof(ngx_path_t));
    if (path == NULL) {
        return NGX_ERROR;
    }

    path->name = *name;

    return ngx_add_path(cf, &path);
}


void *
platen_conf_create_location(ngx_conf_t *cf)
{
    ngx_http_platen_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_platen_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->api = NGX_CONF_UNSET;
    conf->keys = NGX_CONF_UNSET_PTR;
    conf->signing = NGX_CONF_UNSET_PTR;
    conf->client_kind = NGX_CONF_UNSET_UINT;
    conf->cors = NGX_CONF_UNSET_PTR;
    conf->formats = NGX_CONF_UNSET_PTR;
    conf->max_file_size = NGX_CONF_UNSET;
    conf->max_queue = NGX_CONF_UNSET_UINT;
    conf->max_client_queue = NGX_CONF_UNSET_UINT;
    conf->quota = NGX_CONF_UNSET;
    conf->batch = NGX_CONF_UNSET_PTR;
    conf->job_ttl = NGX_CONF_UNSET;
    conf->max_ttl = NGX_CONF_UNSET;
    conf->upload_ttl = NGX_CONF_UNSET;
    conf->result_cache = NGX_CONF_UNSET;
    conf->events_keepalive = NGX_CONF_UNSET_MSEC;
    conf->events_retry = NGX_CONF_UNSET_MSEC;
    conf->wait_timeout = NGX_CONF_UNSET_MSEC;
    conf->sync_timeout = NGX_CONF_UNSET_MSEC;
    conf->upload_max_size = NGX_CONF_UNSET;
    conf->max_uploads = NGX_CONF_UNSET;
    conf->resumable_ttl = NGX_CONF_UNSET_MSEC;
    conf->webhooks = NGX_CONF_UNSET;
    conf->webhook = NGX_CONF_UNSET_PTR;

    return conf;
}


char *
platen_conf_merge_location(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_platen_loc_conf_t *prev = parent;
    ngx_http_platen_loc_conf_t *conf = child;

    ngx_http_core_loc_conf_t  *clcf;

    ngx_conf_merge_off_value(conf->max_file_size, prev->max_file_size,
                             50 * 1024 * 1024);
    if (conf->scheme == NULL) {
        conf->scheme = prev->scheme;
    }

    ngx_conf_merge_uint_value(conf->max_queue, prev->max_queue, 1000);
    ngx_conf_merge_uint_value(conf->max_client_queue, prev->max_client_queue,
                              0);
    ngx_conf_merge_off_value(conf->quota, prev->quota, 0);
    ngx_conf_merge_ptr_value(conf->batch, prev->batch, &platen_zip_limits);
    ngx_conf_merge_sec_value(conf->job_ttl, prev->job_ttl, 24 * 60 * 60);
    ngx_conf_merge_sec_value(conf->upload_ttl, prev->upload_ttl, 60 * 60);
    ngx_conf_merge_sec_value(conf->max_ttl, prev->max_ttl, conf->job_ttl);
    ngx_conf_merge_value(conf->result_cache, prev->result_cache, 1);
    ngx_conf_merge_msec_value(conf->events_keepalive, prev->events_keepalive,
                              15000);
    ngx_conf_merge_msec_value(conf->events_retry, prev->events_retry, 2000);
    ngx_conf_merge_msec_value(conf->wait_timeout, prev->wait_timeout, 60000);
    ngx_conf_merge_msec_value(conf->sync_timeout, prev->sync_timeout, 30000);
    ngx_conf_merge_off_value(conf->upload_max_size, prev->upload_max_size, 0);
    ngx_conf_merge_str_value(conf->public_url, prev->public_url, "");
    ngx_conf_merge_value(conf->max_uploads, prev->max_uploads, 100);
    ngx_conf_merge_msec_value(conf->resumable_ttl, prev->resumable_ttl,
                              24 * 60 * 60 * 1000);
    ngx_conf_merge_value(conf->webhooks, prev->webhooks, 0);
    ngx_conf_merge_ptr_value(conf->webhook, prev->webhook, NULL);
    ngx_conf_merge_ptr_value(conf->formats, prev->formats, NULL);
    ngx_conf_merge_ptr_value(conf->signing, prev->signing, NULL);
    ngx_conf_merge_ptr_value(conf->cors, prev->cors, NULL);

    if (conf->client_kind == NGX_CONF_UNSET_UINT) {
        conf->client_value = prev->client_value;
    }

    ngx_conf_merge_uint_value(conf->client_kind, prev->client_kind,
                              PLATEN_CLIENT_BY_KEY);

    if (conf->keys == NGX_CONF_UNSET_PTR) {
        conf->keys = prev->keys;
        conf->keys_file = prev->keys_file;
    }

    ngx_conf_merge_str_value(conf->realm, prev->realm, "");

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->api == NGX_CONF_UNSET && !platen_conf_inherit(clcf, prev, conf))
    {
        conf->api = 0;
        return NGX_CONF_OK;
    }

    if (!clcf->noname && clcf->handler != conf->handler) {
        platen_conf_error(cf, &conf->api_at,
                          "location \"%V/\" has platen_api beside another "
                          "directive that answers requests, such as "
                          "proxy_pass; a location takes one of them",
                          &conf->prefix);
        return NGX_CONF_ERROR;
    }

    if (conf->keys == NGX_CONF_UNSET_PTR) {
        platen_conf_error(cf, &conf->api_at,
                          "location \"%V/\" has platen_api but no "
                          "platen_api_keys: name a file of keys, or say off "
                          "to let everyone in as one client", &conf->prefix);
        return NGX_CONF_ERROR;
    }

    if (conf->client_kind == PLATEN_CLIENT_BY_COOKIE
        && conf->signing == NULL)
    {
        platen_conf_error(cf, &conf->api_at,
                          "location \"%V/\" has platen_client cookie but no "
                          "platen_signing_key to sign it with",
                          &conf->prefix);
        return NGX_CONF_ERROR;
    }

    if (conf->keys && platen_conf_names(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    /*
     * platen_max_file_size rules here, and answers 413 as a problem; nginx's
     * own limit would count the form around the file and answer HTML.
     */

    clcf->client_max_body_size = 0;

    return NGX_CONF_OK;
}


/*
 * Names of keys: they have room beside the realm; and one that is in two files
 * of one realm is one client, which is told, as it may not be meant.
 */

static ngx_int_t
platen_conf_names(ngx_conf_t *cf, ngx_http_platen_loc_conf_t *conf)
{
    ngx_str_t                     *name;
    ngx_uint_t                     i, n;
    ngx_http_platen_key_t         *key;
    ngx_http_platen_loc_conf_t   **file;
    ngx_http_platen_main_conf_t   *pmcf;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_platen_module);
    key = conf->keys->elts;

    for (n = 0; n < conf->keys->nelts; n++) {
        if (conf->realm.len
            && conf->realm.len + key[n].name.len > PLATEN_CLIENT_MAX)
        {
            platen_conf_error(cf, &conf->api_at,
                              "with platen_realm \"%*s\" the name \"%V\" in "
                              "\"%V\" has more than %d characters",
                              conf->realm.len - 1, conf->realm.data,
                              &key[n].name, &conf->keys_file,
                              PLATEN_CLIENT_MAX);
            return NGX_ERROR;
        }
    }

    if (pmcf->key_files.elts == NULL
        && ngx_array_init(&pmcf->key_files, cf->pool, 4, sizeof(void *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    file = pmcf->key_files.elts;

    for (i = 0; i < pmcf->key_files.nelts; i++) {
        if (!platen_conf_equal(&file[i]->realm, &conf->realm)) {
            continue;
        }

        if (platen_conf_equal(&file[i]->keys_file, &conf->keys_file)) {
            return NGX_OK;
        }

        name = platen_conf_common(conf->keys, file[i]->keys);

        if (name) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"%V\" is in \"%V\" and in \"%V\", and "
                          "one client to both; if they are two, give "
                          "each its platen_realm in %V:%ui",
                          name, &file[i]->keys_file, &conf->keys_file,
                          &conf->api_at.file, conf->api_at.line);
        }
    }

    file = ngx_array_push(&pmcf->key_files);
    if (file == NULL) {
        return NGX_ERROR;
    }

    *file = conf;

    return NGX_OK;
}


/* The first name that the other file has as well; NULL: none. */

static ngx_str_t *
platen_conf_common(ngx_array_t *keys, ngx_array_t *others)
{
    ngx_uint_t              n, m;
    ngx_http_platen_key_t  *key, *other;

    key = keys->elts;
    other = others->elts;

    for (n = 0; n < keys->nelts; n++) {
        for (m = 0; m < ngx_min(others->nelts, PLATEN_CONF_COMPARED); m++) {
            if (platen_conf_equal(&key[n].name, &other[m].name)) {
                return &key[n].name;
            }
        }
    }

    return NULL;
}


static ngx_uint_t
platen_conf_equal(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len && ngx_memcmp(a->data, b->data, a->len) == 0;
}


/*
 * "if" and "limit_except" inside a location are, for the requests that they
 * catch, a location in its place: one with platen_api, as with proxy_pass,
 * unless they have a directive of their own that answers.  A named or nested
 * location with a path of its own is not one itself.
 */

static ngx_uint_t
platen_conf_inherit(ngx_http_core_loc_conf_t *clcf,
    ngx_http_platen_loc_conf_t *prev, ngx_http_platen_loc_conf_t *conf)
{
    if (!clcf->noname || prev->api != 1 || clcf->handler) {
        return 0;
    }

    conf->api = 1;
    conf->handler = prev->handler;
    conf->api_at = prev->api_at;
    conf->prefix = prev->prefix;

    if (clcf->lmt_excpt) {
        /* nginx takes the handler of what it enters, not of where it was */
        clcf->handler = conf->handler;
    }

    return 1;
}
