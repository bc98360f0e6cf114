
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
#define PLATEN_SNAPSHOT_TEXT  (512 + 6 * PLATEN_ERROR_CODE_MAX)


static void platen_snapshot_decide(platen_snapshot_t *snapshot,
    const platen_job_t *job, uint64_t first, uint64_t last);
static ngx_int_t platen_snapshot_state(ngx_http_request_t *r, platen_txn_t *txn,
    const platen_job_t *job, platen_snapshot_t *snapshot);


ngx_int_t
platen_snapshot_since(ngx_http_request_t *r, const char *arg,
    platen_snapshot_t *snapshot)
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

    snapshot->since = n;
    snapshot->given = 1;

    return NGX_OK;
}


ngx_int_t
platen_snapshot_open(ngx_http_request_t *r, const platen_id_t *id,
    platen_snapshot_t *snapshot, ngx_int_t *status)
{
    int             rc;
    uint64_t        first, last;
    ngx_int_t       ignored;
    platen_job_t    job;
    platen_txn_t    txn;
    platen_store_t  *store;

    snapshot->pool = NULL;
    snapshot->state = NULL;
    snapshot->final = 0;

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
        platen_snapshot_decide(snapshot, id ? &job : NULL, first, last);

        if (snapshot->kind != PLATEN_SNAPSHOT_RESUME
            && snapshot->kind != PLATEN_SNAPSHOT_OVER)
        {
            rc = platen_snapshot_state(r, &txn, id ? &job : NULL, snapshot);
        }
    }

    platen_txn_abort(&txn);

    if (rc == PLATEN_OK) {
        return NGX_OK;
    }

    platen_snapshot_close(snapshot);

    if (status != &ignored) {
        *status = platen_respond_store(r, rc, "beginning a stream",
                                       platen_txn_errstr(&txn));
    }

    return NGX_ERROR;
}


void
platen_snapshot_close(platen_snapshot_t *snapshot)
{
    if (snapshot->pool) {
        ngx_destroy_pool(snapshot->pool);
        snapshot->pool = NULL;
        snapshot->state = NULL;
    }
}


static void
platen_snapshot_decide(platen_snapshot_t *snapshot, const platen_job_t *job,
    uint64_t first, uint64_t last)
{
    snapshot->seq = last;

    if (!snapshot->given) {
        snapshot->kind = PLATEN_SNAPSHOT_BEGIN;
        return;
    }

    if (snapshot->since > last) {
        snapshot->kind = PLATEN_SNAPSHOT_FUTURE;
        return;
    }

    if (job && job->change_seq <= snapshot->since && !snapshot->lost) {

        /* Nothing of it has happened since, whatever the log still has. */

        snapshot->kind = platen_state_final(job->state) ? PLATEN_SNAPSHOT_OVER
                                                    : PLATEN_SNAPSHOT_RESUME;
        return;
    }

    if (snapshot->lost || snapshot->since + 1 < first
        || last - snapshot->since > PLATEN_SUBSCRIBERS_REPLAY)
    {
        snapshot->kind = PLATEN_SNAPSHOT_EXPIRED;
        return;
    }

    snapshot->kind = PLATEN_SNAPSHOT_RESUME;
    snapshot->seq = snapshot->since;
}


/* A PLATEN_ code. */

static ngx_int_t
platen_snapshot_state(ngx_http_request_t *r, platen_txn_t *txn,
    const platen_job_t *job, platen_snapshot_t *snapshot)
{
    int            rc;
    off_t          len;
    uint64_t       position;
    platen_json_t  j;

    snapshot->pool = ngx_create_pool(4096, r->connection->log);
    if (snapshot->pool == NULL) {
        return PLATEN_ERROR;
    }

    platen_json_chain_init(&j, snapshot->pool, 2048);

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

    snapshot->state = platen_json_chain(&j, &len);
    if (snapshot->state == NULL) {
        return PLATEN_ERROR;
    }

    snapshot->len = len;

    if (job && platen_state_final(job->state)) {
        snapshot->final = 1;
        ngx_memzero(&snapshot->last, sizeof(platen_event_t));
        snapshot->last.seq = job->change_seq;
        snapshot->last.time = job->completed_at;
        snapshot->last.state = job->state;

        if (platen_snapshot_copy(snapshot->pool, &snapshot->last.id,
                                 (const char *) job->id.b, sizeof(job->id.b))
            != NGX_OK)
        {
            return PLATEN_ERROR;
        }

        if (job->error_code.len <= PLATEN_ERROR_CODE_MAX
            && platen_snapshot_copy(snapshot->pool, &snapshot->last.error_code,
                                    job->error_code.data, job->error_code.len)
               != NGX_OK)
        {
            return PLATEN_ERROR;
        }
    }

    return PLATEN_OK;
}


ngx_int_t
platen_snapshot_copy(ngx_pool_t *pool, platen_str_t *dst, const char *data,
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
platen_snapshot_size(ngx_str_t *prefix)
{
    return PLATEN_SNAPSHOT_TEXT + prefix->len
           + ngx_escape_json(NULL, prefix->data, prefix->len);
}


u_char *
platen_snapshot_text(u_char *p, const platen_event_t *event, ngx_str_t *prefix)
{
    platen_json_t  j;

    platen_json_fixed(&j, (char *) p, platen_snapshot_size(prefix));
    platen_json_open(&j, NULL, '{');
    platen_job_json_event(&j, event, (platen_str_t) { (char *) prefix->data,
                                                      prefix->len },
                          PLATEN_JOB_JSON_CLIENT);
    platen_json_close(&j, '}');

    return (u_char *) j.last;
}
