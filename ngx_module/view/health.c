
/*
 * GET /health/ready: whether jobs are taken in and converted, and if not, why;
 * what is only not as it should be is in its warnings.  What platend knows of
 * itself it has written into the store (store/service.h).
 *
 * There, too, both sides say which directories and which map they use.  A store
 * that platend does not use has nothing of it: then what platend says beside its
 * socket tells where it is.
 */


#include "view/health.h"

#include "worker.h"
#include "access/capacity.h"
#include "base/platen.h"
#include "disk/layout.h"
#include "http/json_chain.h"
#include "http/problem.h"
#include "http/respond.h"
#include "store/service.h"
#include "store/store.h"

#include <fcntl.h>


#define PLATEN_HEALTH_SILENT  30  /* seconds */


/* What was found, in memory of the request's pool. */

typedef struct {
    const char              *condition;  /* platend's; NULL: none */
    platen_str_t             notes;      /* lines */
    const char              *elsewhere;  /* that nginx and platend use other
                                            data; NULL: they do not */
    const char              *map;        /* the same of their maps */
    platen_canary_record_t   canary;     /* at 0: there was none */
} platen_health_t;


static ngx_int_t platen_health_look(ngx_http_request_t *r,
    platen_health_t *found, const char **missing);
static ngx_int_t platen_health_read(ngx_http_request_t *r, platen_txn_t *txn,
    platen_health_t *found);
static ngx_int_t platen_health_text(ngx_http_request_t *r, platen_txn_t *txn,
    const char *name, platen_str_t *text);
static const char *platen_health_disk(ngx_http_request_t *r);
static const char *platen_health_sidecar(ngx_http_request_t *r);
static ngx_uint_t platen_health_silent(void);
static const char *platen_health_other(ngx_http_request_t *r,
    const char *otherwise);
static unsigned platen_health_compare(platen_txn_t *txn,
    platen_uses_t *platend);
static ngx_int_t platen_health_beside(platen_uses_t *platend);
static void platen_health_log(const platen_uses_t *platend, unsigned asked,
    unsigned differ, ngx_log_t *log);
static const char *platen_health_tell(ngx_http_request_t *r,
    const platen_uses_t *platend, unsigned what);
static ngx_int_t platen_health_send(ngx_http_request_t *r,
    const platen_health_t *found);


static unsigned  platen_health_logged;  /* of platen_uses_differ() */


/*
 * Says in the store what this worker uses, once for all workers of a
 * configuration.  Before the first turn of the event loop: it may wait for the
 * store's writer.
 */

void
platen_health_init(ngx_log_t *log)
{
    int                        rc;
    char                       text[PLATEN_USES_TEXT_MAX];
    size_t                     len;
    unsigned                   differ;
    platen_str_t               old;
    platen_txn_t               txn;
    platen_uses_t              platend;
    ngx_http_platen_worker_t  *w = &ngx_http_platen_worker;

    platen_health_logged = 0;
    platen_uses_look(&ngx_http_platen_worker.uses, (char *) w->conf->store.data,
                     (char *) w->conf->data.data, w->conf->map_size);

    if (ngx_http_platen_store(log) == NULL
        || platen_txn_read(w->store, &txn) != PLATEN_OK)
    {
        return;
    }

    len = platen_uses_write(&ngx_http_platen_worker.uses, text);
    rc = platen_store_meta_get(&txn, PLATEN_USES_NGINX_META, &old);

    if (rc == PLATEN_OK
        && !platen_str_eq(old, (platen_str_t) { text, len }))
    {
        rc = PLATEN_NOT_FOUND;
    }

    differ = platen_health_compare(&txn, &platend);
    platen_txn_abort(&txn);

    if (differ) {
        platen_health_log(&platend, differ, differ, log);

    } else if (platen_health_beside(&platend) == NGX_OK) {
        platen_health_log(&platend, PLATEN_USES_STORE,
                          platen_uses_differ(&ngx_http_platen_worker.uses,
                                             &platend),
                          log);
    }

    if (rc != PLATEN_NOT_FOUND) {
        return;
    }

    rc = platen_txn_write(w->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_meta_put(&txn, PLATEN_USES_NGINX_META,
                                   (platen_str_t) { text, len });
    }

    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }

    platen_txn_abort(&txn);

    if (rc != PLATEN_OK) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "platen: what nginx uses cannot be written into store "
                      "\"%V\", and platend cannot compare: %s",
                      &w->conf->store, platen_strerror(rc));
    }
}


ngx_int_t
platen_health(ngx_http_request_t *r)
{
    ngx_int_t       rc;
    const char     *missing;
    platen_health_t  found;

    missing = NULL;
    ngx_memzero(&found, sizeof(platen_health_t));

    rc = platen_health_look(r, &found, &missing);
    if (rc != NGX_OK) {
        return rc;
    }

    if (missing) {
        return platen_respond_problem(r, PLATEN_PROBLEM_SERVICE_NOT_READY,
                                      missing);
    }

    return platen_health_send(r, &found);
}


/* Sets what keeps jobs from being taken in and converted, if anything does. */

static ngx_int_t
platen_health_look(ngx_http_request_t *r, platen_health_t *found,
    const char **missing)
{
    int           rc;
    ngx_int_t     status;
    uint64_t      length;
    platen_txn_t  txn;

    platen_problem_t           full;
    ngx_log_t                 *log = r->connection->log;
    ngx_http_platen_worker_t  *w = &ngx_http_platen_worker;

    if (ngx_http_platen_store(log) == NULL) {
        *missing = "The job store cannot be opened; the server's error log "
                   "has the reason.";
        return NGX_OK;
    }

    rc = platen_txn_read(w->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_queue_length(&txn, &length);
    }

    full = PLATEN_PROBLEM_NONE;
    status = NGX_OK;

    if (rc == PLATEN_OK) {
        full = platen_admit_full(&txn, log);
        status = platen_health_read(r, &txn, found);
    }

    platen_txn_abort(&txn);

    if (status != NGX_OK) {
        return status;
    }

    if (rc != PLATEN_OK) {
        *missing = "The job store cannot be read.";

    } else if (full == PLATEN_PROBLEM_STORE_FULL) {
        *missing = "The job store is nearly full, and no job is taken in; "
                   "enlarge map_size, or wait until jobs expire.";

    } else if (full != PLATEN_PROBLEM_NONE) {
        *missing = "The data directory's disk has less than platen_min_free "
                   "left, and every upload is refused; make room on it.";

    } else {
        *missing = platen_health_disk(r);
    }

    if (*missing == NULL) {
        *missing = platen_health_sidecar(r);
    }

    if (*missing == NULL) {
        *missing = found->elsewhere ? found->elsewhere : found->condition;
    }

    return NGX_OK;
}


/* What the store has of platend. */

static ngx_int_t
platen_health_read(ngx_http_request_t *r, platen_txn_t *txn,
    platen_health_t *found)
{
    unsigned       differ;
    platen_str_t   text;
    platen_uses_t  platend;

    if (platen_health_text(r, txn, PLATEN_CONDITION_META, &text) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    found->condition = text.len ? text.data : NULL;

    if (platen_health_text(r, txn, PLATEN_NOTES_META, &found->notes) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (platen_store_meta_get(txn, PLATEN_CANARY_META, &text) == PLATEN_OK
        && text.len
        && platen_canary_parse(&found->canary, text.data, text.len)
           != PLATEN_OK)
    {
        ngx_memzero(&found->canary, sizeof(platen_canary_record_t));
    }

    differ = platen_health_compare(txn, &platend);
    platen_health_log(&platend, PLATEN_USES_DATA|PLATEN_USES_MAP, differ,
                      r->connection->log);

    if (differ & PLATEN_USES_DATA) {
        found->elsewhere = platen_health_tell(r, &platend, PLATEN_USES_DATA);
    }

    if (differ & PLATEN_USES_MAP) {
        found->map = platen_health_tell(r, &platend, PLATEN_USES_MAP);
    }

    return NGX_OK;
}


/* A copy that is ended by '\0'; empty if there is none. */

static ngx_int_t
platen_health_text(ngx_http_request_t *r, platen_txn_t *txn, const char *name,
    platen_str_t *text)
{
    char          *copy;
    platen_str_t   said;

    *text = (platen_str_t) { NULL, 0 };

    if (platen_store_meta_get(txn, name, &said) != PLATEN_OK
        || said.len == 0)
    {
        return NGX_OK;
    }

    copy = ngx_pnalloc(r->pool, said.len + 1);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(copy, said.data, said.len);
    copy[said.len] = '\0';
    *text = (platen_str_t) { copy, said.len };

    return NGX_OK;
}


static const char *
platen_health_disk(ngx_http_request_t *r)
{
    char  path[PLATEN_PATH_MAX];

    ngx_snprintf((u_char *) path, sizeof(path), "%V/tmp%Z",
                 &ngx_http_platen_worker.conf->data);

    return access(path, W_OK) == 0
           ? NULL : "The data directory cannot be written to.";
}


/* The sidecar holds a record lock on this file for as long as it lives. */

static const char *
platen_health_sidecar(ngx_http_request_t *r)
{
    int           fd, rc;
    char          path[PLATEN_PATH_MAX];
    struct flock  lock;

    ngx_snprintf((u_char *) path, sizeof(path), "%V/platend.lock%Z",
                 &ngx_http_platen_worker.conf->store);

    fd = open(path, O_RDWR|O_CLOEXEC);
    if (fd == -1) {
        return platen_health_other(r, "The sidecar has never run here; start "
                                      "platend.");
    }

    ngx_memzero(&lock, sizeof(struct flock));
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;

    rc = fcntl(fd, F_GETLK, &lock);
    (void) close(fd);

    if (rc == -1 || lock.l_type == F_UNLCK) {
        return platen_health_other(r, "The sidecar is not running; start "
                                      "platend. Jobs are accepted meanwhile, "
                                      "until the queue is full.");
    }

    platen_health_logged &= ~PLATEN_USES_STORE;

    return platen_health_silent()
           ? "The sidecar runs, and has told nothing for half a minute: it "
             "hangs, or a disk does; restart platend. Jobs are accepted "
             "meanwhile, until the queue is full."
           : NULL;
}


/* Whether it has stopped to write its numbers, as it does each second. */

static ngx_uint_t
platen_health_silent(void)
{
    int          fd;
    ngx_uint_t   silent;
    struct stat  st;

    fd = platen_worker_beside(PLATEN_METRICS_SUFFIX);
    if (fd < 0) {
        return 0;
    }

    silent = fstat(fd, &st) == 0
             && time(NULL) - st.st_mtime > PLATEN_HEALTH_SILENT;

    (void) close(fd);

    return silent;
}


/* Where platend is instead of here, if that is to be known. */

static const char *
platen_health_other(ngx_http_request_t *r, const char *otherwise)
{
    unsigned       differ;
    platen_uses_t  platend;

    differ = platen_health_beside(&platend) == NGX_OK
             ? platen_uses_differ(&ngx_http_platen_worker.uses, &platend) : 0;

    platen_health_log(&platend, PLATEN_USES_STORE, differ, r->connection->log);

    return differ & PLATEN_USES_STORE
           ? platen_health_tell(r, &platend, PLATEN_USES_STORE) : otherwise;
}


/* What is not the same as here, of the platend that has used this store. */

static unsigned
platen_health_compare(platen_txn_t *txn, platen_uses_t *platend)
{
    platen_str_t  text;

    ngx_memzero(platend, sizeof(platen_uses_t));

    if (platen_store_meta_get(txn, PLATEN_USES_PLATEND_META, &text)
        != PLATEN_OK
        || platen_uses_parse(platend, text.data, text.len) != PLATEN_OK)
    {
        return 0;
    }

    return platen_uses_differ(&ngx_http_platen_worker.uses, platend);
}


/* What platend says beside its socket: whoever reads it there has its queue. */

static ngx_int_t
platen_health_beside(platen_uses_t *platend)
{
    int      fd;
    char     text[PLATEN_USES_TEXT_MAX];
    ssize_t  n;

    fd = platen_worker_beside(PLATEN_USES_SUFFIX);
    if (fd == -1) {
        return NGX_DECLINED;
    }

    n = read(fd, text, sizeof(text));
    (void) close(fd);

    return n > 0 && platen_uses_parse(platend, text, n) == PLATEN_OK
           ? NGX_OK : NGX_DECLINED;
}


/* What was asked for, and differs: once, until it is the same again. */

static void
platen_health_log(const platen_uses_t *platend, unsigned asked,
    unsigned differ, ngx_log_t *log)
{
    char        text[PLATEN_SERVICE_SENTENCE];
    unsigned    what;
    ngx_uint_t  level;

    for (what = PLATEN_USES_STORE; what <= PLATEN_USES_MAP; what <<= 1) {
        level = what == PLATEN_USES_MAP ? NGX_LOG_WARN : NGX_LOG_ERR;

        if (differ & asked & ~platen_health_logged & what) {
            ngx_log_error(level, log, 0, "platen: %s",
                          platen_uses_tell(&ngx_http_platen_worker.uses,
                                           platend, what, text));
        }
    }

    platen_health_logged = (platen_health_logged & ~asked) | (differ & asked);
}


static const char *
platen_health_tell(ngx_http_request_t *r, const platen_uses_t *platend,
    unsigned what)
{
    char  *text;

    text = ngx_pnalloc(r->pool, PLATEN_SERVICE_SENTENCE);

    return text ? platen_uses_tell(&ngx_http_platen_worker.uses, platend,
                                   what, text)
                : "The server is out of memory.";
}


static ngx_int_t
platen_health_send(ngx_http_request_t *r, const platen_health_t *found)
{
    uint64_t                       now;
    platen_json_t                  j;
    const platen_canary_record_t  *c = &found->canary;

    platen_json_chain_init(&j, r->pool, 512);
    platen_json_open(&j, NULL, '{');
    platen_json_word(&j, "status", "ready", 5);
    platen_json_word(&j, "version", PLATEN_VERSION,
                     sizeof(PLATEN_VERSION) - 1);

    if (c->at) {
        now = platen_now_us();

        platen_json_open(&j, "canary", '{');
        platen_json_time(&j, "at", c->at);
        platen_json_uint(&j, "age", now > c->at ? (now - c->at) / 1000000 : 0);
        platen_json_uint(&j, "took_ms", c->took);
        platen_json_string(&j, "from", c->from, ngx_strlen(c->from));
        platen_json_string(&j, "to", c->to, ngx_strlen(c->to));
        platen_json_open(&j, "engines", '[');
        platen_json_parts(&j, platen_str(c->engines), '+');
        platen_json_close(&j, ']');
        platen_json_close(&j, '}');

    } else {
        platen_json_null(&j, "canary");
    }

    platen_json_open(&j, "warnings", '[');
    platen_json_parts(&j, found->notes, '\n');

    /* platend has seen the same, or has not looked yet */

    if (found->map
        && (found->notes.len == 0
            || ngx_strstr(found->notes.data, found->map) == NULL))
    {
        platen_json_string(&j, NULL, found->map, ngx_strlen(found->map));
    }

    platen_json_close(&j, ']');
    platen_json_close(&j, '}');

    return platen_respond_json(r, NGX_HTTP_OK, &j);
}
