
/*
 * nginx writes its lines to each log that it has; one with a writer is given the
 * text.  Here that is taken apart again, and put into a line of JSON, which is
 * written at once, so that no two lines mix.  Runs wherever nginx logs, threads
 * of its pool among them: nothing is kept between two lines.
 */


#include "log.h"

#include "ctx.h"
#include "module.h"
#include "base/id.h"
#include "base/json.h"


/* A byte is six characters of JSON at most. */

#define PLATEN_LOG_LINE  (6 * NGX_MAX_ERROR_STR + 512)


static void platen_log_insert(ngx_log_t *head, ngx_log_t *log);
static void platen_log_write(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len);
static const char *platen_log_tail(const char *at, const char *end);
static void platen_log_word(platen_json_t *j, const char **at,
    const char *end, const char *name, const char *member);
static u_char *platen_log_handler(ngx_http_request_t *r,
    ngx_http_request_t *sr, u_char *buf, size_t len);


static const struct {
    const char  *name;
    const char  *level;       /* of four that all logs have */
} platen_log_levels[] = {
    { "stderr", "error" },
    { "emerg",  "error" },
    { "alert",  "error" },
    { "crit",   "error" },
    { "error",  "error" },
    { "warn",   "warn" },
    { "notice", "info" },
    { "info",   "info" },
    { "debug",  "debug" },
};


/* nginx's own, which adds server, request and host. */

static ngx_http_log_handler_pt  platen_log_next;


char *
platen_log_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t        *value;
    ngx_log_t        *log;
    ngx_uint_t        level;
    ngx_open_file_t  *file;

    value = cf->args->elts;

    level = NGX_LOG_NOTICE;

    if (cf->args->nelts == 3) {
        for (level = NGX_LOG_EMERG; level <= NGX_LOG_INFO; level++) {
            if (ngx_strcmp(value[2].data, platen_log_levels[level].name) == 0) {
                break;
            }
        }

        if (level > NGX_LOG_INFO) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid level \"%V\" of platen_log, it takes "
                               "one of emerg, alert, crit, error, warn, "
                               "notice, info", &value[2]);
            return NGX_CONF_ERROR;
        }
    }

    for (log = &cf->cycle->new_log; log; log = log->next) {
        if (log->writer == platen_log_write) {
            return "is duplicate";
        }
    }

    file = ngx_conf_open_file(cf->cycle, &value[1]);
    if (file == NULL) {
        return NGX_CONF_ERROR;
    }

    log = &cf->cycle->new_log;

    if (log->log_level != 0) {
        log = ngx_pcalloc(cf->pool, sizeof(ngx_log_t));
        if (log == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    log->log_level = level;
    log->writer = platen_log_write;
    log->wdata = file;

    if (log != &cf->cycle->new_log) {
        platen_log_insert(&cf->cycle->new_log, log);
    }

    return NGX_CONF_OK;
}


/* As nginx has it: the list is sorted, the highest level first. */

static void
platen_log_insert(ngx_log_t *head, ngx_log_t *log)
{
    ngx_log_t  tmp, *at;

    if (log->log_level > head->log_level) {

        /* the head stays where it is, as others point to it */

        tmp = *head;
        *head = *log;
        *log = tmp;

        head->next = log;
        return;
    }

    for (at = head; at->next; at = at->next) {
        if (log->log_level > at->next->log_level) {
            break;
        }
    }

    log->next = at->next;
    at->next = log;
}


/*
 * "2026/11/30 17:28:59 [error] 7#7: *5 what, client: ..., request_id: ...,
 * job_id: ..., server: ..., request: ..." and a line feed.  The ids are said
 * right behind the client, before anything that a client has chosen.
 */

static void
platen_log_write(ngx_log_t *log, ngx_uint_t level, u_char *buf, size_t len)
{
    char              line[PLATEN_LOG_LINE];
    size_t            n, audit;
    ssize_t           written;
    const char       *at, *end, *p;
    platen_json_t     j;
    ngx_open_file_t  *file;

    file = log->wdata;
    at = (const char *) buf;
    end = at + len;

    while (end > at && (end[-1] == '\n' || end[-1] == '\r')) {
        end--;
    }

    level = ngx_min(level, NGX_LOG_DEBUG);

    platen_json_fixed(&j, line, sizeof(line) - 1);
    platen_json_open(&j, NULL, '{');
    platen_json_time(&j, "ts", platen_now_us());
    platen_json_word(&j, "level", platen_log_levels[level].level,
                     strlen(platen_log_levels[level].level));
    platen_json_word(&j, "source", "nginx", 5);

    /* the time and the level are said; process and connection are numbers */

    p = memmem(at, end - at, "] ", 2);
    at = p ? p + 2 : at;

    platen_json_uint(&j, "pid", strtoul(at, NULL, 10));

    p = memmem(at, end - at, ": ", 2);
    at = p ? p + 2 : at;

    if (end - at > 1 && *at == '*' && at[1] >= '0' && at[1] <= '9') {
        platen_json_uint(&j, "connection", strtoull(at + 1, NULL, 10));

        p = memchr(at, ' ', end - at);
        at = p ? p + 1 : end;
    }

    n = sizeof(PLATEN_LOG_AUDIT) - 1;
    audit = (size_t) (end - at) > n && memcmp(at, PLATEN_LOG_AUDIT, n) == 0;

    if (audit) {
        platen_json_raw(&j, "audit", "true");
        at += n;
    }

    p = platen_log_tail(at, end);

    platen_json_string(&j, "msg", at, p - at);

    if (p < end) {
        at = p + 2;
        platen_log_word(&j, &at, end, "client: ", "remote_addr");
        platen_log_word(&j, &at, end, "request_id: ", "request_id");
        platen_log_word(&j, &at, end, "job_id: ", "job_id");
        platen_log_word(&j, &at, end, "trace_id: ", "trace_id");

        if (at < end) {
            platen_json_string(&j, "context", at, end - at);
        }
    }

    platen_json_close(&j, '}');

    if (j.failed) {
        return;
    }

    *j.last++ = '\n';

    /* a log that cannot be written is no reason to stop serving */

    do {
        written = write(file->fd, line, j.last - line);
    } while (written < 0 && errno == EINTR);
}


/* Where what was said ends, and of what it was said begins. */

static const char *
platen_log_tail(const char *at, const char *end)
{
    size_t       n;
    const char  *p;

    static const char  *const tails[] = {
        ", client: ", ", request_id: ", ", job_id: "
    };

    for (n = 0; n < sizeof(tails) / sizeof(tails[0]); n++) {
        p = memmem(at, end - at, tails[n], strlen(tails[n]));
        if (p) {
            return p;
        }
    }

    return end;
}


/* "name: value, " at *at: a member of that, and *at behind it. */

static void
platen_log_word(platen_json_t *j, const char **at, const char *end,
    const char *name, const char *member)
{
    size_t       n;
    const char  *p;

    n = strlen(name);

    if ((size_t) (end - *at) < n || memcmp(*at, name, n) != 0) {
        return;
    }

    *at += n;

    p = memmem(*at, end - *at, ", ", 2);
    p = p ? p : end;

    platen_json_string(j, member, *at, p - *at);

    *at = p == end ? end : p + 2;
}


void
platen_log_request(ngx_http_request_t *r)
{
    if (r->log_handler != platen_log_handler) {
        platen_log_next = r->log_handler;
        r->log_handler = platen_log_handler;
    }
}


static u_char *
platen_log_handler(ngx_http_request_t *r, ngx_http_request_t *sr, u_char *buf,
    size_t len)
{
    u_char                 *p;
    char                    id[PLATEN_ID_TEXT + 1];
    platen_id_t             none;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(sr ? sr : r, ngx_http_platen_module);

    if (ctx == NULL) {
        ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    }

    p = buf;

    if (ctx && ctx->request_id.len) {
        p = ngx_snprintf(buf, len, ", request_id: %V", &ctx->request_id);
        len -= p - buf;
        buf = p;

        ngx_memzero(&none, sizeof(platen_id_t));

        if (ngx_memcmp(&ctx->id, &none, sizeof(platen_id_t)) != 0) {
            platen_id_format(&ctx->id, id);
            p = ngx_snprintf(buf, len, ", job_id: %s", id);
            len -= p - buf;
            buf = p;
        }

        if (ctx->trace_id.len) {
            p = ngx_snprintf(buf, len, ", trace_id: %V", &ctx->trace_id);
            len -= p - buf;
            buf = p;
        }
    }

    return platen_log_next ? platen_log_next(r, sr, buf, len) : p;
}


ngx_int_t
platen_log_loaded(ngx_cycle_t *cycle)
{
    /* not for nginx -t, nor in each worker */

    if (!ngx_test_config) {
        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      PLATEN_LOG_AUDIT "configuration loaded: %V",
                      &cycle->conf_file);
    }

    return NGX_OK;
}
