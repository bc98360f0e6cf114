
/*
 * GET /metrics: what nginx has counted, what the store has, and the page that
 * platend writes each second beside its socket (sidecar/metrics_page.c), which
 * is a small file, and in the page cache.  The cost does not grow with jobs.
 */


#include "view/metrics.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/exposition.h"
#include "conf.h"
#include "http/accept.h"
#include "http/problem.h"
#include "http/respond.h"
#include "counts.h"
#include "module.h"
#include "store/measure.h"
#include "store/service.h"
#include "worker.h"


#define PLATEN_METRICS_OWN  65536   /* bytes of nginx's part */
#define PLATEN_METRICS_OLD  10      /* seconds; then platend is not there */


_Static_assert(PLATEN_PROBLEMS <= PLATEN_METRICS_PROBLEMS,
               "each problem is counted");

static void platen_metrics_write_http(platen_exposition_t *x,
    const platen_metrics_t *m);
static void platen_metrics_write_workers(platen_exposition_t *x,
    const platen_metrics_t *m);
static void platen_metrics_write_store(ngx_http_request_t *r,
    platen_exposition_t *x);
static size_t platen_metrics_read(u_char *page);
static void platen_metrics_gauge(platen_exposition_t *x, const char *name,
    const char *help, uint64_t value);
static ngx_uint_t platen_metrics_open(ngx_http_request_t *r);


char *
platen_metrics_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t     *clcf;
    ngx_http_platen_main_conf_t  *pmcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler) {
        return "is beside another directive that answers requests, such as "
               "platen_api; a location takes one of them";
    }

    clcf->handler = platen_metrics_page;

    pmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_platen_module);
    pmcf->api = 1;

    return NGX_CONF_OK;
}


ngx_int_t
platen_metrics_page(ngx_http_request_t *r)
{
    u_char                  *page;
    size_t                   len, n;
    ngx_buf_t               *b;
    ngx_uint_t               open;
    ngx_chain_t             *out;
    platen_exposition_t      x;
    const platen_metrics_t  *m;

    static ngx_str_t  methods = ngx_string("GET, HEAD");
    static ngx_str_t  vary = ngx_string("Accept");

    if (platen_respond_ctx(r) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return platen_respond_header(r, "Allow", &methods) == NGX_OK
               ? platen_respond_problem(r, PLATEN_PROBLEM_METHOD_NOT_ALLOWED,
                                        NULL)
               : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    out = ngx_alloc_chain_link(r->pool);
    b = ngx_calloc_buf(r->pool);
    page = ngx_pnalloc(r->pool, PLATEN_METRICS_OWN + PLATEN_METRICS_MAX + 6);

    if (out == NULL || b == NULL || page == NULL
        || platen_respond_header(r, "Vary", &vary) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    n = platen_metrics_read(page + PLATEN_METRICS_OWN);

    platen_exposition_init(&x, (char *) page, PLATEN_METRICS_OWN);

    platen_exposition_family(&x, "platen_build_info", "gauge",
                             "The version of the module.");
    platen_exposition_number(&x, "version=\"" PLATEN_VERSION "\"", 1);

    platen_metrics_gauge(&x, "platen_sidecar_up",
                         "1 if platend has told its numbers a moment ago, "
                         "else 0, and there are none of it.", n > 0);

    m = platen_metrics_counted();
    if (m) {
        platen_metrics_write_http(&x, m);
        platen_metrics_write_workers(&x, m);
    }

    platen_metrics_write_store(r, &x);

    if (x.full) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "platen: there is no room for all metrics of nginx");
    }

    len = x.at - x.start;
    ngx_memmove(page + len, page + PLATEN_METRICS_OWN, n);
    len += n;

    open = platen_metrics_open(r);
    if (open) {
        len = platen_exposition_open((char *) page, len);
        len = ngx_cpymem(page + len, "# EOF\n", 6) - page;

    } else {
        len = platen_exposition_classic((char *) page, len);
    }

    b->pos = page;
    b->last = page + len;
    b->memory = 1;
    out->buf = b;
    out->next = NULL;

    return platen_respond_send(r, NGX_HTTP_OK,
                               open
                               ? "application/openmetrics-text; "
                                 "version=1.0.0; charset=utf-8"
                               : "text/plain; version=0.0.4; charset=utf-8",
                               out, len);
}


/* Whether the scraper would rather have OpenMetrics. */

static ngx_uint_t
platen_metrics_open(ngx_http_request_t *r)
{
    ngx_uint_t  weight;

    weight = platen_accept_weight(r, "application/openmetrics-text");

    return weight && weight >= platen_accept_weight(r, "text/plain");
}


/* platend's page; 0: there is none, or it is of one that is gone. */

static size_t
platen_metrics_read(u_char *page)
{
    int              fd;
    size_t           len;
    ssize_t          n;
    struct stat      st;
    struct timespec  now;

    fd = platen_worker_beside(PLATEN_METRICS_SUFFIX);
    if (fd < 0) {
        return 0;
    }

    len = 0;
    (void) clock_gettime(CLOCK_REALTIME, &now);

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)
        && now.tv_sec - st.st_mtim.tv_sec <= PLATEN_METRICS_OLD)
    {
        while (len < PLATEN_METRICS_MAX) {
            n = read(fd, page + len, PLATEN_METRICS_MAX - len);
            if (n <= 0) {
                break;
            }

            len += n;
        }
    }

    (void) close(fd);

    return len;
}


static void
platen_metrics_write_http(platen_exposition_t *x, const platen_metrics_t *m)
{
    int           i;
    char          labels[PLATEN_EXPOSITION_LABELS], class[] = "0xx";
    uint64_t      n;
    ngx_uint_t    route, status;
    platen_str_t  name;

    platen_exposition_family(x, "platen_http_requests_total", "counter",
                             "Requests that were answered, by route and class "
                             "of status; 0xx: without an answer.");

    for (route = 0; route < PLATEN_METRICS_ROUTES; route++) {
        name = platen_str(platen_metrics_route(route));

        for (status = 0; status < PLATEN_METRICS_CLASSES; status++) {
            n = m->requests[route][status];
            if (n == 0) {
                continue;
            }

            class[0] = (char) ('0' + status);
            labels[0] = '\0';
            platen_exposition_label(labels, "route", name);
            platen_exposition_label(labels, "status",
                                    (platen_str_t) { class, 3 });
            platen_exposition_number(x, labels, n);
        }
    }

    platen_exposition_family(x, "platen_http_problems_total", "counter",
                             "Answers with a problem, by its code.");

    for (i = 0; i < PLATEN_PROBLEMS; i++) {
        if (m->problems[i]) {
            labels[0] = '\0';
            platen_exposition_label(labels, "code",
                                    platen_str(platen_problem_info(i)->code));
            platen_exposition_number(x, labels, m->problems[i]);
        }
    }

    platen_exposition_family(x, "platen_http_received_bytes_total", "counter",
                             "Bytes of requests.");
    platen_exposition_number(x, "", m->received);

    platen_exposition_family(x, "platen_http_sent_bytes_total", "counter",
                             "Bytes of answers.");
    platen_exposition_number(x, "", m->sent);

    platen_exposition_family(x, "platen_upload_seconds", "histogram",
                             "From the beginning of a submission until it is "
                             "on disk and in the store.");
    platen_exposition_histogram(x, "", &m->upload);

    platen_exposition_family(x, "platen_commit_seconds", "histogram",
                             "How long a group of submissions, retries and "
                             "deletions took to be durable.");
    platen_exposition_histogram(x, "", &m->commit);

    platen_exposition_family(x, "platen_committed_operations_total", "counter",
                             "What was committed in those groups.");
    platen_exposition_number(x, "", m->committed);
}


static void
platen_metrics_write_workers(platen_exposition_t *x, const platen_metrics_t *m)
{
    uint64_t                        subscribers, longest;
    ngx_uint_t                      i, n;
    ngx_core_conf_t                *ccf;
    const platen_metrics_worker_t  *worker;

    subscribers = 0;
    longest = 0;

    /* what one leaves that has no successor is nobody's */

    ccf = (ngx_core_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_core_module);
    n = ngx_min((ngx_uint_t) ccf->worker_processes, PLATEN_METRICS_WORKERS);

    for (i = 0; i < n; i++) {
        worker = &m->workers[i];
        subscribers += worker->subscribers;
        longest = ngx_max(longest, worker->longest_turn);
    }

    platen_metrics_gauge(x, "platen_subscribers",
                         "Requests that wait for events of jobs: streams, "
                         "sockets, long polls and conversions.", subscribers);

    platen_exposition_family(x, "platen_nginx_longest_turn_seconds", "gauge",
                             "The longest turn of a worker's event loop since "
                             "it began.");
    platen_exposition_seconds(x, "", longest);
}


static void
platen_metrics_gauge(platen_exposition_t *x, const char *name,
    const char *help, uint64_t value)
{
    platen_exposition_family(x, name, "gauge", help);
    platen_exposition_number(x, "", value);
}


/* That there is no store is a number as well. */

static void
platen_metrics_write_store(ngx_http_request_t *r, platen_exposition_t *x)
{
    int               rc;
    uint64_t          now;
    platen_txn_t      txn;
    platen_measure_t  s;

    ngx_http_platen_worker_t  *w = &ngx_http_platen_worker;

    rc = PLATEN_ERROR;

    if (ngx_http_platen_store(r->connection->log) != NULL) {
        rc = platen_txn_read(w->store, &txn);
        if (rc == PLATEN_OK) {
            rc = platen_store_measure(&txn, &s);

            if (rc != PLATEN_OK) {
                ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                              "platen: the store cannot be measured: %s",
                              platen_txn_errstr(&txn));
            }

            platen_txn_abort(&txn);
        }
    }

    platen_metrics_gauge(x, "platen_store_up",
                         "1 if the store can be read, else 0.",
                         rc == PLATEN_OK);

    if (rc != PLATEN_OK) {
        return;
    }

    now = platen_now_us();

    platen_metrics_gauge(x, "platen_jobs",
                         "Records in the store: jobs, and files of batches.",
                         s.jobs);

    platen_exposition_family(x, "platen_queue_length", "gauge",
                             "Jobs that wait, and can be claimed (yes), or "
                             "wait for a time (no).");
    platen_exposition_number(x, "due=\"yes\"", s.due);
    platen_exposition_number(x, "due=\"no\"", s.later);

    platen_metrics_gauge(x, "platen_jobs_processing",
                         "Jobs that are being converted.", s.processing);

    platen_exposition_family(x, "platen_queue_oldest_wait_seconds", "gauge",
                             "For how long the oldest of the jobs that are "
                             "next has waited.");
    platen_exposition_seconds(x, "", s.waiting_since && now > s.waiting_since
                                     ? now - s.waiting_since : 0);

    platen_metrics_gauge(x, "platen_uploads_open",
                         "Resumable uploads that are not complete.",
                         s.uploads);
    platen_metrics_gauge(x, "platen_webhooks_waiting",
                         "Deliveries of webhooks that wait.", s.webhooks);
    platen_metrics_gauge(x, "platen_webhooks_dead",
                         "Deliveries of webhooks that were given up, and are "
                         "kept for platenctl.", s.webhooks_dead);

    platen_exposition_family(x, "platen_events_total", "counter",
                             "Changes of jobs, ever.");
    platen_exposition_number(x, "", s.events);

    platen_metrics_gauge(x, "platen_events_kept",
                         "Changes of jobs that can be told again.",
                         s.events_kept);
    platen_metrics_gauge(x, "platen_store_map_bytes",
                         "What the store may have.", s.map);
    platen_metrics_gauge(x, "platen_store_used_bytes",
                         "What the store has, with pages that are free again.",
                         s.used);
    platen_metrics_gauge(x, "platen_store_readers",
                         "Slots of the store's readers that are taken.",
                         s.readers);

    platen_exposition_family(x, "platen_store_commits_total", "counter",
                             "Transactions of the store, ever.");
    platen_exposition_number(x, "", s.commits);
}
