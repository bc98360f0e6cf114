
/*
 * The directives; see directives.h.  What each takes is said in its comment,
 * and nowhere else: docs/make-directives makes of it the table of
 * docs/directives.md, in this order, and of that is the page of the manual.
 * Where one may stand is read from its flags.
 */


#include "directives.h"

#include "conf.h"
#include "log.h"
#include "access/auth.h"
#include "access/capacity.h"
#include "access/client.h"
#include "access/quota.h"
#include "access/signed.h"
#include "access/webhook_conf.h"
#include "commit/hint_push.h"
#include "http/cors.h"
#include "http/link.h"
#include "http/respond.h"
#include "http/route.h"
#include "ingest/batch.h"
#include "live/stream.h"
#include "view/formats.h"
#include "view/metrics.h"


static char *platen_directives_api(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *platen_directives_problem(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *platen_directives_store_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *platen_directives_data_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *platen_directives_positive_off(ngx_conf_t *cf, void *post,
    void *data);
static char *platen_directives_positive_time(ngx_conf_t *cf, void *post,
    void *data);


static ngx_conf_post_t  platen_directives_upload_ttl_post = {
    platen_directives_positive_time
};


static ngx_conf_post_t  platen_directives_max_file_post = {
    platen_directives_positive_off
};


/* They are added up whenever one is begun. */

static ngx_conf_num_bounds_t  platen_directives_max_uploads_bounds = {
    ngx_conf_check_num_bounds, 1, 10000
};


ngx_command_t  platen_directives[] = {

    /*
     * `platen_api;`
     * Default: -
     *
     * serves the API below this prefix location, `/` or any other. `if` and
     * `limit_except` inside it inherit it, as with `proxy_pass`. Works in
     * subrequests (`mirror`, SSI, `auth_request`, addition), but for what
     * holds its connection (`/convert`, streams, resumable uploads), which is
     * 501 there
     */
    { ngx_string("platen_api"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      platen_directives_api,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_api_keys` *file* | `off;`
     * Default: none: must be said
     *
     * lines of `name:sha256` of the key (`printf %s KEY | sha256sum`); several
     * keys of one name are one client, so keys can be rotated. One key of two
     * names is the last one's, and warned of. `off`: everyone is the client
     * `anonymous`. Read at start and reload
     */
    { ngx_string("platen_api_keys"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_auth_keys,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_signing_key` *file …* | `off;`
     * Default: `off`
     *
     * secrets of 32 to 512 characters, one to a file: the first signs URLs,
     * all verify them. Read at start and reload; one that other users of the
     * machine can read is warned of
     */
    { ngx_string("platen_signing_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      platen_signed_keys,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_realm` *name* | `off;`
     * Default: `off`
     *
     * whose clients they are: `acme` of realm `shop` is the client `shop/acme`
     * (in `platenctl`, in `$platen_client`) and nobody of another realm or of
     * none. 1 to 16 letters, digits and `.-_`. Without it a name is one client
     * wherever its key file is; `nginx -t` warns of one that is in two files.
     * `platen_webhook` takes the name without its realm
     */
    { ngx_string("platen_realm"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_client_realm,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_client key` | `cookie` | *$variable*`;`
     * Default: `key`
     *
     * who a request without a key is: no one (401), a browser by its cookie,
     * or what the variable says
     */
    { ngx_string("platen_client"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_client_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_cors` *origin …* | `*` | `off;`
     * Default: `off`
     *
     * origins whose pages may use the API
     */
    { ngx_string("platen_cors"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      platen_cors_origins,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_scheme` *value*`;`
     * Default: of the connection
     *
     * the scheme that clients use, where TLS ends before NGINX: `https`, or
     * `$http_x_forwarded_proto` where nobody gets past the proxy that sets it.
     * For cookies, presigned URLs, and the origin of pages that open a
     * WebSocket
     */
    { ngx_string("platen_scheme"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, scheme),
      NULL },

    /*
     * `platen_public_url` *url* | `off;`
     * Default: `off`
     *
     * what clients put before `/jobs`, as `https://example.com/api`: whole
     * URLs (`upload_url`, `absolute` links, webhooks) begin with it, whatever
     * a request's `Host` says
     */
    { ngx_string("platen_public_url"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_link_public,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_upload_ttl` *time*`;`
     * Default: `1h`
     *
     * how long an `upload_url` holds, and then a document waits to be enqueued
     */
    { ngx_string("platen_upload_ttl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, upload_ttl),
      &platen_directives_upload_ttl_post },

    /*
     * `platen_resumable_ttl` *time*`;`
     * Default: `24h`
     *
     * how long a resumable upload waits for its next byte
     */
    { ngx_string("platen_resumable_ttl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, resumable_ttl),
      NULL },

    /*
     * `platen_upload_max_size` *size*`;`
     * Default: `platen_max_file_size`
     *
     * of one resumable upload; beyond it 413
     */
    { ngx_string("platen_upload_max_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_off_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, upload_max_size),
      &platen_directives_max_file_post },

    /*
     * `platen_max_uploads` *n*`;`
     * Default: `100`
     *
     * resumable uploads of one client that are not complete, 1 to 10000; then
     * 429 `too_many_uploads`
     */
    { ngx_string("platen_max_uploads"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, max_uploads),
      &platen_directives_max_uploads_bounds },

    /*
     * `platen_max_file_size` *size*`;`
     * Default: `50m`
     *
     * of one file; beyond it 413, as soon as it is known. In a location with
     * `platen_api` it replaces `client_max_body_size`
     */
    { ngx_string("platen_max_file_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_off_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, max_file_size),
      &platen_directives_max_file_post },

    /*
     * `platen_max_queue` *n* [`client=`*m*]`;`
     * Default: `1000`
     *
     * jobs that may be PENDING; then 503 `queue_full` with `Retry-After`. Of
     * one client at most *m*; then 429 `too_many_jobs`
     */
    { ngx_string("platen_max_queue"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      platen_admit_queue,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_quota` *size* | `off;`
     * Default: `off`
     *
     * what the documents and results of one client may take, with its
     * resumable uploads, in bytes; then 507 `quota_exceeded`
     */
    { ngx_string("platen_quota"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_quota_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_batch off` | [`entries=`*n*] [`size=`*size*] [`file=`*size*]
     * [`ratio=`*n*]`;`
     * Default: `entries=10000 size=1g file=512m ratio=200`
     *
     * what an archive of documents may claim: entries, bytes unpacked of all
     * and of one, and how many times its packed size (asked of what is over
     * 64m). `off`: archives and several files in a form are refused
     */
    { ngx_string("platen_batch"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      platen_batch_limits,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_min_free` *size*`;`
     * Default: `256m`
     *
     * with less room on the disk of `platen_data` nothing is taken in: 507
     * `storage_full`; what is there goes on. At 80 % of the store's
     * `map_size`, 503 `store_full`
     */
    { ngx_string("platen_min_free"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_off_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, min_free),
      NULL },

    /*
     * `platen_formats all` | *from*`:`*to* …`;`
     * Default: `all`
     *
     * the conversions that clients may ask for; `*` is any format:
     * `platen_formats docx:pdf *:txt;`
     */
    { ngx_string("platen_formats"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      platen_formats_rules,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_job_ttl` *time* [`max=`*time*]`;`
     * Default: `24h`
     *
     * how long a finished job and its files are kept, and how long at most if
     * the client says (`ttl`); without `max`, not longer
     */
    { ngx_string("platen_job_ttl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      platen_admit_ttl,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_result_cache on` | `off;`
     * Default: `on`
     *
     * whether an earlier result answers for the same submission again
     */
    { ngx_string("platen_result_cache"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, result_cache),
      NULL },

    /*
     * `platen_store` *dir* [`map_size=`*size*]`;`
     * Default: `/var/lib/platen/store`
     *
     * the LMDB environment, on a local disk; the size is address space (8g),
     * the same in `platend.cfg`
     */
    { ngx_string("platen_store"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      platen_directives_store_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_data` *dir*`;`
     * Default: `/var/lib/platen/data`
     *
     * uploads and results; the same in `platend.cfg`
     */
    { ngx_string("platen_data"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      platen_directives_data_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_queue` *ipc://path* | `off;`
     * Default: `ipc:///run/platen/platend.sock`
     *
     * where `platend` takes hints; without them it looks every second
     */
    { ngx_string("platen_queue"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      platen_hint_endpoint,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, queue),
      NULL },

    /*
     * `platen_sync on` | `off;`
     * Default: `on`
     *
     * `off` gives up the promise for power failures: nothing is synced, a 2xx
     * survives the death of any process, but after a loss of power accepted
     * jobs, and the store with all of them, may be gone. For stores that can
     * be thrown away
     */
    { ngx_string("platen_sync"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, sync),
      NULL },

    /*
     * `platen_events` *ipc://path* | `off;`
     * Default: `events.sock` beside `platen_queue`
     *
     * where `platend` says that jobs have changed; without it those who wait
     * are told up to a second later. The same as `queue/events` in
     * `platend.cfg`
     */
    { ngx_string("platen_events"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      platen_hint_endpoint,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, events),
      NULL },

    /*
     * `platen_sync_timeout` *time*`;`
     * Default: `30s`
     *
     * how long `POST /convert` waits for the result
     */
    { ngx_string("platen_sync_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, sync_timeout),
      NULL },

    /*
     * `platen_wait_timeout` *time*`;`
     * Default: `60s`
     *
     * how long `?wait=` may hold a request
     */
    { ngx_string("platen_wait_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, wait_timeout),
      NULL },

    /*
     * `platen_events_keepalive` *time*`;`
     * Default: `15s`
     *
     * how often a silent stream gets a comment, or a ping
     */
    { ngx_string("platen_events_keepalive"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, events_keepalive),
      NULL },

    /*
     * `platen_events_retry` *time*`;`
     * Default: `2s`
     *
     * when a browser is to open a broken stream again
     */
    { ngx_string("platen_events_retry"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, events_retry),
      NULL },

    /*
     * `platen_thread_pool` *name*`;`
     * Default: `default`
     *
     * NGINX's `thread_pool` that writes, syncs and commits
     */
    { ngx_string("platen_thread_pool"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, thread_pool),
      NULL },

    /*
     * `platen_webhooks on` | `off;`
     * Default: `off`
     *
     * whether clients may name a `webhook_url`; else 422 `webhooks_off`
     */
    { ngx_string("platen_webhooks"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, webhooks),
      NULL },

    /*
     * `platen_webhook` *client url*`;`
     * Default: -
     *
     * told of that client's jobs when they name none; one to a client
     */
    { ngx_string("platen_webhook"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      platen_webhook_conf_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_metrics;`
     * Default: -
     *
     * answers with the numbers of `GET /metrics` and asks for no key: guard it
     * by `allow` and `deny`
     */
    { ngx_string("platen_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      platen_metrics_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /*
     * `platen_log` *file* [*level*]`;`
     * Default: -
     *
     * nginx's own log as lines of JSON (`operations.md` has their members),
     * beside `error_log` of the main block; `notice` unless *level* says
     * another one. What is deleted and cancelled, and each configuration that
     * is loaded, is in it with `"audit":true`
     */
    { ngx_string("platen_log"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      platen_log_directive,
      0,
      0,
      NULL },

    /*
     * `platen_problem;`
     * Default: -
     *
     * for `error_page`: answers NGINX's own errors as problem+json
     */
    { ngx_string("platen_problem"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      platen_directives_problem,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static char *
platen_directives_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    ngx_str_t                     prefix;
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_platen_main_conf_t  *pmcf;

    if (plcf->api != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->name.len == 0 || clcf->name.data[0] != '/'
        || clcf->exact_match || clcf->named || clcf->noname
#if (NGX_PCRE)
        || clcf->regex
#endif
       )
    {
        return "works in a prefix location only, such as \"location /\"";
    }

    if (clcf->handler) {
        return "is beside another directive that answers requests, such as "
               "proxy_pass; a location takes one of them";
    }

    prefix = clcf->name;
    while (prefix.len && prefix.data[prefix.len - 1] == '/') {
        prefix.len--;
    }

    if (prefix.len > PLATEN_PREFIX_MAX) {
        return "is in a location whose name is too long";
    }

    plcf->api = 1;
    plcf->prefix = prefix;
    platen_conf_at(cf, &plcf->api_at);
    plcf->handler = platen_route_handler;
    clcf->handler = plcf->handler;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_platen_module);
    pmcf->api = 1;

    return NGX_CONF_OK;
}


static char *
platen_directives_problem(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "is beside another directive that answers requests, such as "
               "platen_api; a location takes one of them";
    }

    clcf->handler = platen_respond_error_page;

    return NGX_CONF_OK;
}


static char *
platen_directives_store_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_main_conf_t *pmcf = conf;

    off_t       size;
    ngx_str_t  *value, s;

    if (pmcf->store.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    pmcf->store = value[1];
    platen_conf_at(cf, &pmcf->store_at);

    if (value[1].data[0] != '/') {
        return "takes an absolute path";
    }

    if (cf->args->nelts == 3) {
        s = value[2];

        if (s.len < 9 || ngx_strncmp(s.data, "map_size=", 9) != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\" of platen_store, "
                               "it takes map_size=SIZE", &s);
            return NGX_CONF_ERROR;
        }

        s.data += 9;
        s.len -= 9;
        size = ngx_parse_offset(&s);

        if (size == NGX_ERROR || size < 1024 * 1024 || size % 4096 != 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid map_size \"%V\" of platen_store, it "
                               "takes whole pages and at least 1m", &s);
            return NGX_CONF_ERROR;
        }

        pmcf->map_size = (size_t) size;
    }

    return NGX_CONF_OK;
}


static char *
platen_directives_data_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_main_conf_t *pmcf = conf;

    ngx_str_t  *value;

    if (pmcf->data.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    pmcf->data = value[1];
    platen_conf_at(cf, &pmcf->data_at);

    if (value[1].data[0] != '/') {
        return "takes an absolute path";
    }

    return NGX_CONF_OK;
}


static char *
platen_directives_positive_off(ngx_conf_t *cf, void *post, void *data)
{
    off_t  *op = data;

    return *op > 0 ? NGX_CONF_OK : "must be greater than zero";
}


static char *
platen_directives_positive_time(ngx_conf_t *cf, void *post, void *data)
{
    time_t  *tp = data;

    return *tp > 0 ? NGX_CONF_OK : "must be greater than zero";
}


/* A module that is loaded has its handlers called before nginx's own. */
