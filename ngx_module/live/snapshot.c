
/*
 * The beginning of a stream of events; see live/snapshot.h.  One read transaction
 * gives both the state and the number of the event that it is as of, so that
 * nothing lies between them.  Runs in the event loop.
 *
 * The state is in a pool of its own: a stream lives for hours, and the
 * request's pool with it.
 */


#include "live/snapshot.h"

#include "worker.h"
#include "access/owned.h"
#include "base/platen.h"
#include "http/json_chain.h"
#include "http/respond.h"
#include "job/json.h"
#include "live/subscribers.h"
#include "store/store.h"
#include "view/job.h"
#include "view/list.h"


/*
 * Bytes of an event as JSON, without the prefix of its location.  An error code
 * needs no escape, but a damaged store may say anything.
 */
#define PLATEN_LIVE_TEXT  (512 + 6 * PLATEN_ERROR_CODE_MAX)


static void platen_live_decide(platen_live_t *live, const platen_job_t *job,
    uint64_t first, uint64_t last);
static ngx_int_t platen_live_state(ngx_http_request_t *r, platen_txn_t *txn,
    const platen_job_t *job, platen_live_t *live);


ngx_int_t
platen_live_since(ngx_http_request_t *r, const char *arg, platen_live_t *live)
{
    off_t       n;
    ngx_str_t  *header, value;

    header = platen_respond_request_header(r, "last-event-id", 13);

    if (header && header->len) {
        value = *header;

    } else if (ngx_http_arg(r, (u_char *) arg, ngx_strlen(arg), &value)
               != NGX_OK
               || value.len == 0)
    {
        return NGX_OK;
    }

    n = ngx_atoof(value.data, value.len);
    if (n == NGX_ERROR) {
        return NGX_DECLINED;
    }

    live->since = n;
    live->given = 1;

    return NGX_OK;
}


ngx_int_t
platen_live_open(ngx_http_request_t *r, const platen_id_t *id,
    platen_live_t *live, ngx_int_t *status)
{
    int             rc;
    uint64_t        first, last;
    ngx_int_t       ignored;
    platen_job_t    job;
    platen_txn_t    txn;
    platen_store_t  *store;

    live->pool = NULL;
    live->state = NULL;
    live->final = 0;

    if (status) {
        if (platen_respond_read(r, &txn, status) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        store = ngx_http_platen_store(r->connection->log);

        if (store == NULL || platen_txn_read(store, &txn) != PLATEN_OK) {
            return NGX_ERROR;
        }

        status = &ignored;
        ignored = NGX_ABORT;
    }

    rc = platen_store_events_span(&txn, &first, &last);

    if (rc == PLATEN_OK && id) {
        rc = platen_owned_of_request(r, &txn, &job);
    }

    if (rc == PLATEN_OK) {
        platen_live_decide(live, id ? &job : NULL, first, last);

        if (live->kind != PLATEN_LIVE_RESUME
            && live->kind != PLATEN_LIVE_OVER)
        {
            rc = platen_live_state(r, &txn, id ? &job : NULL, live);
        }
    }

    platen_txn_abort(&txn);

    if (rc == PLATEN_OK) {
        return NGX_OK;
    }

    platen_live_close(live);

    if (status != &ignored) {
        *status = platen_respond_store(r, rc, "beginning a stream",
                                       platen_txn_errstr(&txn));
    }

    return NGX_ERROR;
}


void
platen_live_close(platen_live_t *live)
{
    if (live->pool) {
        ngx_destroy_pool(live->pool);
        live->pool = NULL;
        live->state = NULL;
    }
}


static void
platen_live_decide(platen_live_t *live, const platen_job_t *job,
    uint64_t first, uint64_t last)
{
    live->seq = last;

    if (!live->given) {
        live->kind = PLATEN_LIVE_BEGIN;
        return;
    }

    if (live->since > last) {
        live->kind = PLATEN_LIVE_FUTURE;
        return;
    }

    if (job && job->change_seq <= live->since && !live->lost) {

        /* Nothing of it has happened since, whatever the log still has. */

        live->kind = platen_state_final(job->state) ? PLATEN_LIVE_OVER
                                                    : PLATEN_LIVE_RESUME;
        return;
    }

    if (live->lost || live->since + 1 < first
        || last - live->since > PLATEN_NOTIFY_REPLAY)
    {
        live->kind = PLATEN_LIVE_EXPIRED;
        return;
    }

    live->kind = PLATEN_LIVE_RESUME;
    live->seq = live->since;
}


/* A PLATEN_ code. */

static ngx_int_t
platen_live_state(ngx_http_request_t *r, platen_txn_t *txn,
    const platen_job_t *job, platen_live_t *live)
{
    int            rc;
    off_t          len;
    uint64_t       position;
    platen_json_t  j;

    live->pool = ngx_create_pool(4096, r->connection->log);
    if (live->pool == NULL) {
        return PLATEN_ERROR;
    }

    platen_json_chain_init(&j, live->pool, 2048);

    if (job) {
        rc = platen_store_queue_position(txn, job, &position);
        if (rc == PLATEN_OK) {
            platen_view_write(r, &j, txn, job, position);
        }

    } else {
        rc = platen_list_first(r, txn, &j);
    }

    if (rc != PLATEN_OK) {
        return rc;
    }

    live->state = platen_json_chain(&j, &len);
    if (live->state == NULL) {
        return PLATEN_ERROR;
    }

    live->len = len;

    if (job && platen_state_final(job->state)) {
        live->final = 1;
        ngx_memzero(&live->last, sizeof(platen_event_t));
        live->last.seq = job->change_seq;
        live->last.time = job->completed_at;
        live->last.state = job->state;

        if (platen_live_copy(live->pool, &live->last.id,
                             (const char *) job->id.b, sizeof(job->id.b))
            != NGX_OK)
        {
            return PLATEN_ERROR;
        }

        if (job->error_code.len <= PLATEN_ERROR_CODE_MAX
            && platen_live_copy(live->pool, &live->last.error_code,
                                job->error_code.data, job->error_code.len)
               != NGX_OK)
        {
            return PLATEN_ERROR;
        }
    }

    return PLATEN_OK;
}


ngx_int_t
platen_live_copy(ngx_pool_t *pool, platen_str_t *dst, const char *data,
    size_t len)
{
    char  *p;

    p = ngx_pnalloc(pool, len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, data, len);
    dst->data = p;
    dst->len = len;

    return NGX_OK;
}


size_t
platen_live_size(ngx_str_t *prefix)
{
    return PLATEN_LIVE_TEXT + prefix->len
           + ngx_escape_json(NULL, prefix->data, prefix->len);
}


u_char *
platen_live_text(u_char *p, const platen_event_t *event, ngx_str_t *prefix)
{
    platen_json_t  j;

    platen_json_fixed(&j, (char *) p, platen_live_size(prefix));
    platen_json_open(&j, NULL, '{');
    platen_job_json_event(&j, event, (platen_str_t) { (char *) prefix->data,
                                                      prefix->len },
                          PLATEN_JOB_JSON_CLIENT);
    platen_json_close(&j, '}');

    return (u_char *) j.last;
}
