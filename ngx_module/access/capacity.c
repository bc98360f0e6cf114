
/*
 * What lets a submission in: room in the queue, the store and on the disk, and
 * the key under which it may have come before.  Runs in the event loop; a look
 * at the disk is one statvfs() of a local file system, at most once a second.
 */


#include "access/capacity.h"

#include "conf.h"
#include "ctx.h"
#include "worker.h"
#include "base/digest.h"
#include "base/id.h"
#include "base/platen.h"
#include "http/respond.h"
#include "job/cache_key.h"

#include <sys/statvfs.h>


#define PLATEN_ADMIT_STORE_MAX  80   /* per cent of the map; reads go on */
#define PLATEN_ADMIT_STORE_LOOK 50   /* from here on, each submission looks */
#define PLATEN_ADMIT_KEY_MAX    255  /* bytes of an Idempotency-Key */


static ngx_int_t platen_admit_name(ngx_conf_t *cf, ngx_str_t *value,
    const char *name, ngx_str_t *rest);
static ngx_int_t platen_admit_check(ngx_http_request_t *r, ngx_str_t *key);
static int platen_admit_known(ngx_http_request_t *r, platen_txn_t *txn,
    ngx_str_t *key, platen_id_t *id, ngx_uint_t *known);
static ngx_int_t platen_admit_no_room(ngx_http_request_t *r,
    const platen_id_t *id);
static platen_problem_t platen_admit_look(platen_txn_t *txn, ngx_log_t *log);
static ngx_str_t *platen_admit_key(ngx_http_request_t *r);
static ngx_uint_t platen_admit_key_valid(const ngx_str_t *key);


/* What this worker last saw of store and disk. */

static struct {
    time_t             looked;
    platen_problem_t   problem;  /* what there is no room for */
    unsigned           tight:1;  /* the store is over half full */
} platen_admit_last;


/* "NAME=rest": NGX_OK, or NGX_ERROR with the error told. */

static ngx_int_t
platen_admit_name(ngx_conf_t *cf, ngx_str_t *value, const char *name,
    ngx_str_t *rest)
{
    size_t      len;
    ngx_str_t  *args;

    args = cf->args->elts;
    len = ngx_strlen(name);

    if (value->len <= len || ngx_strncmp(value->data, name, len) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid parameter \"%V\" of %V, it takes %s",
                           value, &args[0], name);
        return NGX_ERROR;
    }

    rest->data = value->data + len;
    rest->len = value->len - len;

    return NGX_OK;
}


char *
platen_admit_queue(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    ngx_int_t   n;
    ngx_str_t  *value, rest;

    if (plcf->max_queue != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR) {
        return "invalid number";
    }

    if (n == 0) {
        return "must be greater than zero";
    }

    plcf->max_queue = n;
    plcf->max_client_queue = 0;

    if (cf->args->nelts == 3) {

        if (platen_admit_name(cf, &value[2], "client=", &rest) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        n = ngx_atoi(rest.data, rest.len);

        if (n == NGX_ERROR || n == 0) {
            return "takes a number from 1 as client=";
        }

        plcf->max_client_queue = n;
    }

    return NGX_CONF_OK;
}


char *
platen_admit_ttl(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_platen_loc_conf_t *plcf = conf;

    ngx_str_t  *value, rest;

    if (plcf->job_ttl != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;
    plcf->job_ttl = ngx_parse_time(&value[1], 1);

    if (plcf->job_ttl == (time_t) NGX_ERROR) {
        plcf->job_ttl = NGX_CONF_UNSET;
        return "invalid value";
    }

    if (plcf->job_ttl == 0) {
        return "must be greater than zero";
    }

    plcf->max_ttl = plcf->job_ttl;

    if (cf->args->nelts == 3) {

        if (platen_admit_name(cf, &value[2], "max=", &rest) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        plcf->max_ttl = ngx_parse_time(&rest, 1);

        if (plcf->max_ttl == (time_t) NGX_ERROR
            || plcf->max_ttl < plcf->job_ttl)
        {
            return "takes a time as max=, and not a shorter one";
        }
    }

    return NGX_CONF_OK;
}


ngx_int_t
platen_admit_room(ngx_http_request_t *r)
{
    return platen_admit_check(r, NULL);
}


ngx_int_t
platen_admit_submission(ngx_http_request_t *r)
{
    return platen_admit_check(r, platen_admit_key(r));
}


static ngx_int_t
platen_admit_check(ngx_http_request_t *r, ngx_str_t *key)
{
    int                          rc;
    uint64_t                     length, waiting;
    ngx_int_t                    status;
    ngx_uint_t                   known;
    platen_id_t                  id;
    platen_txn_t                 txn;
    platen_problem_t             room;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (platen_respond_read(r, &txn, &status) != NGX_OK) {
        return status;
    }

    waiting = 0;
    rc = platen_store_queue_jobs(&txn, &length);

    if (rc == PLATEN_OK && plcf->max_client_queue) {
        rc = platen_store_count(&txn, (platen_str_t) {
                                    (char *) ctx->client.data,
                                    ctx->client.len
                                }, PLATEN_STATE_PENDING, &waiting);
    }

    room = platen_admit_full(&txn, r->connection->log);
    known = 0;

    if (rc == PLATEN_OK) {
        rc = platen_admit_known(r, &txn, key, &id, &known);
    }

    platen_txn_abort(&txn);

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "reading the queue",
                                    platen_txn_errstr(&txn));
    }

    if (known) {
        /* it waits already, or is done; what it says is still to be compared */
        return room == PLATEN_PROBLEM_STORAGE_FULL
               ? platen_admit_no_room(r, &id) : NGX_DECLINED;
    }

    if (room != PLATEN_PROBLEM_NONE) {
        return platen_respond_problem(r, room, NULL);
    }

    if (length >= plcf->max_queue) {
        return platen_respond_problem(r, PLATEN_PROBLEM_QUEUE_FULL, NULL);
    }

    if (plcf->max_client_queue && waiting >= plcf->max_client_queue) {
        return platen_respond_problem(r, PLATEN_PROBLEM_TOO_MANY_JOBS, NULL);
    }

    return NGX_DECLINED;
}


ngx_int_t
platen_admit_storage(ngx_http_request_t *r)
{
    ngx_int_t         status;
    platen_txn_t      txn;
    platen_problem_t  room;

    if (platen_respond_read(r, &txn, &status) != NGX_OK) {
        return status;
    }

    room = platen_admit_full(&txn, r->connection->log);
    platen_txn_abort(&txn);

    return room == PLATEN_PROBLEM_NONE
           ? NGX_DECLINED : platen_respond_problem(r, room, NULL);
}


/* Much may come in a second, and what makes room again needs some. */

platen_problem_t
platen_admit_full(platen_txn_t *txn, ngx_log_t *log)
{
    if (platen_admit_last.looked != ngx_time() || platen_admit_last.tight) {
        platen_admit_last.looked = ngx_time();
        platen_admit_last.problem = platen_admit_look(txn, log);
    }

    return platen_admit_last.problem;
}


/* Whether a job of that key is there, and its id; a PLATEN_ code. */

static int
platen_admit_known(ngx_http_request_t *r, platen_txn_t *txn, ngx_str_t *key,
    platen_id_t *id, ngx_uint_t *known)
{
    int                     rc;
    u_char                  digest[PLATEN_SHA256_LEN];
    platen_job_t            job;
    platen_str_t            client, part;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (key == NULL || !platen_admit_key_valid(key)) {
        return PLATEN_OK;
    }

    client = (platen_str_t) { (char *) ctx->client.data, ctx->client.len };
    part = (platen_str_t) { (char *) key->data, key->len };

    rc = platen_digest(&part, 1, digest);
    if (rc != PLATEN_OK) {
        return rc;
    }

    rc = platen_store_idempotent(txn, client, (platen_str_t) {
                                     (char *) digest, sizeof(digest)
                                 }, &job);

    if (rc != PLATEN_OK) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }

    *id = job.id;
    *known = 1;

    return PLATEN_OK;
}


/* There is no room for the bytes that would be compared. */

static ngx_int_t
platen_admit_no_room(ngx_http_request_t *r, const platen_id_t *id)
{
    u_char  detail[224];
    char    text[PLATEN_ID_TEXT + 1];

    platen_id_format(id, text);

    ngx_snprintf(detail, sizeof(detail),
                 "There is no room to compare this document with that of "
                 "its Idempotency-Key. What came first under that key is "
                 "stored, as job %s; ask for that.%Z", text);

    return platen_respond_problem(r, PLATEN_PROBLEM_STORAGE_FULL,
                                  (char *) detail);
}


/*
 * Refusing while there is some room left keeps what was accepted going:
 * conversions need the disk, and their ends the store.
 */

static platen_problem_t
platen_admit_look(platen_txn_t *txn, ngx_log_t *log)
{
    int                           rc;
    unsigned                      percent;
    struct statvfs                fs;
    ngx_http_platen_main_conf_t  *pmcf;

    pmcf = ngx_http_platen_worker.conf;

    rc = platen_store_fullness(txn, &percent);
    platen_admit_last.tight = rc == PLATEN_OK
                              && percent >= PLATEN_ADMIT_STORE_LOOK;

    if (rc != PLATEN_OK) {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "platen: cannot tell how full the store is: %s",
                      platen_strerror(rc));

    } else if (percent >= PLATEN_ADMIT_STORE_MAX) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "platen: the store \"%V\" is %ui%% full: no jobs are "
                      "taken in until some expire; enlarge map_size",
                      &pmcf->store, (ngx_uint_t) percent);
        return PLATEN_PROBLEM_STORE_FULL;
    }

    if (statvfs((char *) pmcf->data.data, &fs) != 0) {
        ngx_log_error(NGX_LOG_ALERT, log, ngx_errno,
                      "platen: statvfs(\"%V\") failed", &pmcf->data);

    } else if ((uint64_t) fs.f_bavail * fs.f_frsize
               < (uint64_t) pmcf->min_free)
    {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "platen: less than platen_min_free is left for \"%V\": "
                      "no jobs are taken in until there is more",
                      &pmcf->data);
        return PLATEN_PROBLEM_STORAGE_FULL;
    }

    return PLATEN_PROBLEM_NONE;
}


uint64_t
platen_admit_job_ttl(ngx_http_request_t *r, uint64_t asked)
{
    uint64_t                     ttl;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    ttl = asked ? asked : (uint64_t) plcf->job_ttl;

    if (ctx->client_until == 0) {
        return ttl;
    }

    return ngx_min(ttl, (uint64_t) ngx_max(ctx->client_until - ngx_time(), 1));
}


static ngx_str_t *
platen_admit_key(ngx_http_request_t *r)
{
    return platen_respond_request_header(r, "idempotency-key",
                                         sizeof("idempotency-key") - 1);
}


static ngx_uint_t
platen_admit_key_valid(const ngx_str_t *key)
{
    size_t  i;

    for (i = 0; i < key->len; i++) {
        if (key->data[i] < 0x20 || key->data[i] > 0x7e) {
            return 0;
        }
    }

    return key->len > 0 && key->len <= PLATEN_ADMIT_KEY_MAX;
}


ngx_int_t
platen_admit_idempotency(ngx_http_request_t *r, platen_job_t *job,
    uint64_t ttl, char *detail, size_t size)
{
    u_char        *digests;
    ngx_str_t     *key;
    platen_str_t   part;

    key = platen_admit_key(r);
    if (key == NULL) {
        return NGX_OK;
    }

    if (!platen_admit_key_valid(key)) {
        ngx_snprintf((u_char *) detail, size,
                     "Idempotency-Key takes 1 to %d printable ASCII "
                     "characters.%Z", PLATEN_ADMIT_KEY_MAX);
        return NGX_DECLINED;
    }

    digests = ngx_pnalloc(r->pool, 2 * PLATEN_SHA256_LEN);
    if (digests == NULL) {
        return NGX_ERROR;
    }

    part = (platen_str_t) { (char *) key->data, key->len };

    if (platen_digest(&part, 1, digests) != PLATEN_OK
        || platen_digest_submission(job, ttl, part,
                                    digests + PLATEN_SHA256_LEN)
           != PLATEN_OK)
    {
        return NGX_ERROR;
    }

    job->idem_key = (platen_str_t) { (char *) digests, PLATEN_SHA256_LEN };
    job->idem_print = (platen_str_t) { (char *) digests + PLATEN_SHA256_LEN,
                                       PLATEN_SHA256_LEN };

    return NGX_OK;
}
