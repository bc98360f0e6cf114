
/*
 * The module itself: directives, variables, and what a worker
 * opens and closes.  Everything that a request does is in the rooms.
 */


#include "conf.h"
#include "log.h"
#include "turn.h"
#include "worker.h"
#include "access/auth.h"
#include "access/capacity.h"
#include "access/client.h"
#include "access/quota.h"
#include "access/signed.h"
#include "access/variables.h"
#include "access/webhook_conf.h"
#include "base/crash.h"
#include "base/platen.h"
#include "commit/commit.h"
#include "commit/hint_push.h"
#include "http/cors.h"
#include "http/link.h"
#include "http/respond.h"
#include "http/route.h"
#include "ingest/batch.h"
#include "live/event_sub.h"
#include "live/stream.h"
#include "live/subscribers.h"
#include "counts.h"
#include "store/store.h"
#include "view/formats.h"
#include "view/metrics.h"
#include "view/health.h"


static char *ngx_http_platen_api(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_platen_problem(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_platen_store_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_platen_data_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_platen_positive_off(ngx_conf_t *cf, void *post,
    void *data);
static char *ngx_http_platen_positive_time(ngx_conf_t *cf, void *post,
    void *data);

static ngx_int_t ngx_http_platen_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_platen_init_process(ngx_cycle_t *cycle);
static void ngx_http_platen_exit_process(ngx_cycle_t *cycle);


static ngx_conf_post_t  ngx_http_platen_upload_ttl_post = {
    ngx_http_platen_positive_time
};


static ngx_conf_post_t  ngx_http_platen_max_file_post = {
    ngx_http_platen_positive_off
};


/* They are added up whenever one is begun. */

static ngx_conf_num_bounds_t  ngx_http_platen_max_uploads_bounds = {
    ngx_conf_check_num_bounds, 1, 10000
};


/* For platenctl doctor, and what(1): that all of Platen is of one version. */

static const char  ngx_http_platen_what[] __attribute__((used)) =
    "@(#)platen " PLATEN_VERSION;


static ngx_command_t  ngx_http_platen_commands[] = {

    /* serves the HTTP API below this location */
    { ngx_string("platen_api"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_platen_api,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* answers with the numbers of GET /metrics, without a key: guard it */
    { ngx_string("platen_metrics"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      platen_metrics_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* answers, as an error_page, nginx's own errors as problem+json */
    { ngx_string("platen_problem"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_platen_problem,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* nginx's log as lines of JSON */
    { ngx_string("platen_log"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      platen_log_directive,
      0,
      0,
      NULL },

    /* the LMDB directory, and the size of its map */
    { ngx_string("platen_store"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_http_platen_store_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /* the directory of uploads and results */
    { ngx_string("platen_data"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_platen_data_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    /* where the sidecar listens for hints; off: it polls */
    { ngx_string("platen_queue"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      platen_hint_endpoint,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, queue),
      NULL },

    /* where the sidecar says that something has changed; off: workers poll */
    { ngx_string("platen_events"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      platen_hint_endpoint,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, events),
      NULL },

    /* the thread pool that writes, syncs and commits */
    { ngx_string("platen_thread_pool"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_str_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, thread_pool),
      NULL },

    /* a file of name:sha256 lines, or off */
    { ngx_string("platen_api_keys"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_auth_keys,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* whose clients they are: names of one realm are nobody's of another */
    { ngx_string("platen_realm"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_client_realm,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* who a request without a key is: key (no one), cookie, or a variable */
    { ngx_string("platen_client"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_client_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* origins whose pages may use the API */
    { ngx_string("platen_cors"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      platen_cors_origins,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* files of secrets: the first signs URLs, all verify */
    { ngx_string("platen_signing_key"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      platen_signed_keys,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* how long an upload URL holds, and a document waits to be enqueued */
    { ngx_string("platen_upload_ttl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_sec_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, upload_ttl),
      &ngx_http_platen_upload_ttl_post },

    /* bytes of one file */
    { ngx_string("platen_max_file_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_off_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, max_file_size),
      &ngx_http_platen_max_file_post },

    /* what an archive of documents may claim, or that none is taken */
    { ngx_string("platen_batch"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      platen_batch_limits,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* jobs that may wait, in all and of one client */
    { ngx_string("platen_max_queue"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      platen_admit_queue,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* bytes that one client may have stored */
    { ngx_string("platen_quota"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_quota_size,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* the scheme that clients use, where TLS ends before nginx */
    { ngx_string("platen_scheme"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, scheme),
      NULL },

    /* what clients put before /jobs */
    { ngx_string("platen_public_url"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_link_public,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* disk space below which nothing is taken in */
    { ngx_string("platen_min_free"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_off_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, min_free),
      NULL },

    /* whether what was accepted survives a power failure */
    { ngx_string("platen_sync"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_MAIN_CONF_OFFSET,
      offsetof(ngx_http_platen_main_conf_t, sync),
      NULL },

    /* the conversions that clients may ask for */
    { ngx_string("platen_formats"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      platen_formats_rules,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* whether an earlier result answers for the same submission again */
    { ngx_string("platen_result_cache"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, result_cache),
      NULL },

    /* how often a silent stream of events gets a comment */
    { ngx_string("platen_events_keepalive"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, events_keepalive),
      NULL },

    /* how long POST /convert waits for the result */
    { ngx_string("platen_sync_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, sync_timeout),
      NULL },

    /* how long ?wait= may hold a request */
    { ngx_string("platen_wait_timeout"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, wait_timeout),
      NULL },

    /* how long a client is to wait before it opens a stream again */
    { ngx_string("platen_events_retry"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, events_retry),
      NULL },

    /* bytes of one resumable upload */
    { ngx_string("platen_upload_max_size"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_off_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, upload_max_size),
      &ngx_http_platen_max_file_post },

    /* resumable uploads that one client may have open */
    { ngx_string("platen_max_uploads"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, max_uploads),
      &ngx_http_platen_max_uploads_bounds },

    /* how long a resumable upload waits for its next byte */
    { ngx_string("platen_resumable_ttl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      platen_stream_period,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, resumable_ttl),
      NULL },

    /* whether clients may name a webhook_url with their jobs */
    { ngx_string("platen_webhooks"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_platen_loc_conf_t, webhooks),
      NULL },

    /* the URL that is told of a client's jobs when they name none */
    { ngx_string("platen_webhook"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE2,
      platen_webhook_conf_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    /* how long a finished job is kept, and may be if its client asks */
    { ngx_string("platen_job_ttl"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE12,
      platen_admit_ttl,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_platen_module_ctx = {
    platen_variables_add,                  /* preconfiguration */
    ngx_http_platen_postconfiguration,     /* postconfiguration */

    platen_conf_create_main,      /* create main configuration */
    platen_conf_init_main,        /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    platen_conf_create_location,       /* create location configuration */
    platen_conf_merge_location         /* merge location configuration */
};


ngx_module_t  ngx_http_platen_module = {
    NGX_MODULE_V1,
    &ngx_http_platen_module_ctx,           /* module context */
    ngx_http_platen_commands,              /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    platen_log_loaded,                     /* init module */
    ngx_http_platen_init_process,          /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_platen_exit_process,          /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static char *
ngx_http_platen_api(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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
ngx_http_platen_problem(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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
ngx_http_platen_store_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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
ngx_http_platen_data_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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
ngx_http_platen_positive_off(ngx_conf_t *cf, void *post, void *data)
{
    off_t  *op = data;

    return *op > 0 ? NGX_CONF_OK : "must be greater than zero";
}


static char *
ngx_http_platen_positive_time(ngx_conf_t *cf, void *post, void *data)
{
    time_t  *tp = data;

    return *tp > 0 ? NGX_CONF_OK : "must be greater than zero";
}


/* A module that is loaded has its handlers called before nginx's own. */

static ngx_int_t
ngx_http_platen_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = platen_route_preaccess;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = platen_metrics_log;

    return NGX_OK;
}


static ngx_int_t
ngx_http_platen_init_process(ngx_cycle_t *cycle)
{
    ngx_http_conf_ctx_t       *ctx;
    ngx_http_platen_worker_t  *w = &ngx_http_platen_worker;

    ngx_memzero(w, sizeof(ngx_http_platen_worker_t));
    platen_metrics_init(NULL, platen_route_pattern);

    ctx = (ngx_http_conf_ctx_t *) ngx_get_conf(cycle->conf_ctx,
                                               ngx_http_module);

    if (ctx == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    w->conf = ctx->main_conf[ngx_http_platen_module.ctx_index];

    if (!w->conf->api) {
        w->conf = NULL;
        return NGX_OK;
    }

    if (platen_crash_init() != 0) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "platen: PLATEN_CRASH_POINT names no crash point");
        return NGX_ERROR;
    }

    if (platen_auth_init(cycle->log) != NGX_OK
        || platen_commit_init(cycle, (char *) w->conf->data.data,
                              w->conf->sync, platen_subscribers_wake)
           != NGX_OK
        || platen_hint_init(&w->conf->queue, cycle->log) != NGX_OK
        || platen_subscribers_init(cycle) != NGX_OK
        || platen_event_sub_init(&w->conf->events, cycle->log) != NGX_OK)
    {
        return NGX_ERROR;
    }

    platen_metrics_init(w->conf->metrics, platen_route_pattern);

    platen_health_init(cycle->log);

    platen_turn_init();

    return NGX_OK;
}


static void
ngx_http_platen_exit_process(ngx_cycle_t *cycle)
{
    platen_turn_exit(cycle->log);
    platen_event_sub_exit();
    platen_hint_exit();
    platen_auth_exit();
    platen_store_close(&ngx_http_platen_worker.store);
}
