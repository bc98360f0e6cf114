
/*
 * Counting; see counts.h.  In any worker's event loop, but for
 * commits, which a thread of its pool counts.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ctx.h"
#include "counts.h"
#include "module.h"


static ngx_int_t platen_metrics_zone_init(ngx_shm_zone_t *zone, void *data);
static platen_metrics_worker_t *platen_metrics_own(void);


static platen_metrics_t  *platen_metrics;

static const char      *(*platen_metrics_pattern)(ngx_uint_t route);


ngx_shm_zone_t *
platen_metrics_zone(ngx_conf_t *cf, void *tag)
{
    size_t           size;
    ngx_str_t        name = ngx_string("platen_metrics");
    ngx_shm_zone_t  *zone;

    /* as the slab allocator keeps pages of its own */

    size = ngx_align(sizeof(platen_metrics_t), ngx_pagesize)
           + 8 * ngx_pagesize;

    zone = ngx_shared_memory_add(cf, &name, size, tag);
    if (zone) {
        zone->init = platen_metrics_zone_init;
    }

    return zone;
}


static ngx_int_t
platen_metrics_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_slab_pool_t  *pool;

    if (data) {
        zone->data = data;

    } else {
        pool = (ngx_slab_pool_t *) zone->shm.addr;
        zone->data = zone->shm.exists
                     ? pool->data
                     : ngx_slab_calloc(pool, sizeof(platen_metrics_t));

        if (zone->data == NULL) {
            return NGX_ERROR;
        }

        pool->data = zone->data;
    }

    return NGX_OK;
}


void
platen_metrics_init(ngx_shm_zone_t *zone,
    const char *(*pattern)(ngx_uint_t route))
{
    platen_metrics_worker_t  *own;

    platen_metrics = zone ? zone->data : NULL;
    platen_metrics_pattern = pattern;

    if (platen_metrics == NULL) {
        return;
    }

    own = &platen_metrics->workers[ngx_worker % PLATEN_METRICS_WORKERS];

    own->subscribers = 0;
    own->longest_turn = 0;
    own->pid = (uint64_t) ngx_pid;
}


const char *
platen_metrics_route(ngx_uint_t route)
{
    return platen_metrics_pattern(route);
}


/* NULL once a worker of a newer configuration has the place. */

static platen_metrics_worker_t *
platen_metrics_own(void)
{
    platen_metrics_worker_t  *own;

    if (platen_metrics == NULL) {
        return NULL;
    }

    own = &platen_metrics->workers[ngx_worker % PLATEN_METRICS_WORKERS];

    return own->pid == (uint64_t) ngx_pid ? own : NULL;
}


const platen_metrics_t *
platen_metrics_counted(void)
{
    return platen_metrics;
}


static void
platen_metrics_add(uint64_t *counter, uint64_t n)
{
    __atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}


ngx_int_t
platen_metrics_log(ngx_http_request_t *r)
{
    ngx_uint_t              status;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ctx == NULL || platen_metrics == NULL) {
        return NGX_OK;
    }

    status = (r->err_status ? r->err_status : r->headers_out.status) / 100;

    platen_metrics_add(&platen_metrics->requests
                           [ngx_min(ctx->route, PLATEN_METRICS_ROUTES - 1)]
                           [status < PLATEN_METRICS_CLASSES ? status : 0], 1);
    platen_metrics_add(&platen_metrics->received, r->request_length);
    platen_metrics_add(&platen_metrics->sent, r->connection->sent);

    return NGX_OK;
}


void
platen_metrics_problem(ngx_uint_t problem)
{
    if (platen_metrics && problem < PLATEN_METRICS_PROBLEMS) {
        platen_metrics_add(&platen_metrics->problems[problem], 1);
    }
}


void
platen_metrics_accepted(ngx_http_request_t *r)
{
    ngx_time_t      *now;
    ngx_msec_int_t   ms;

    if (platen_metrics == NULL) {
        return;
    }

    now = ngx_timeofday();
    ms = (ngx_msec_int_t) ((now->sec - r->start_sec) * 1000
                           + (now->msec - r->start_msec));

    platen_histogram_add(&platen_metrics->upload,
                         (uint64_t) ngx_max(ms, 0) * 1000);
}


void
platen_metrics_commit(ngx_uint_t n, uint64_t us)
{
    if (platen_metrics) {
        platen_metrics_add(&platen_metrics->committed, n);
        platen_histogram_add(&platen_metrics->commit, us);
    }
}


void
platen_metrics_subscribers(ngx_int_t n)
{
    platen_metrics_worker_t  *own;

    own = platen_metrics_own();

    if (own) {
        own->subscribers += (uint64_t) n;
    }
}


void
platen_metrics_turn(uint64_t us)
{
    platen_metrics_worker_t  *own;

    own = platen_metrics_own();

    if (own) {
        own->longest_turn = us;
    }
}
