
/*
 * The module itself: its configuration (directives.c), variables, and what a
 * worker opens and closes.  Everything that a request does is in the rooms.
 */


#include "conf.h"
#include "directives.h"
#include "log.h"
#include "turn.h"
#include "worker.h"
#include "access/auth.h"
#include "access/variables.h"
#include "base/crash.h"
#include "base/platen.h"
#include "commit/commit.h"
#include "commit/hint_push.h"
#include "http/route.h"
#include "live/event_sub.h"
#include "live/subscribers.h"
#include "counts.h"
#include "store/store.h"
#include "view/health.h"


static ngx_int_t ngx_http_platen_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_platen_init_process(ngx_cycle_t *cycle);
static void ngx_http_platen_exit_process(ngx_cycle_t *cycle);


/* For platenctl doctor, and what(1): that all of Platen is of one version. */

static const char  ngx_http_platen_what[] __attribute__((used)) =
    "@(#)platen " PLATEN_VERSION;


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
    platen_directives,                     /* module directives */
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
