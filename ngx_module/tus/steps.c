
/*
 * Resumable uploads, what comes after which step; see tus/context.h.  Runs in
 * the event loop, between the tasks of tus/body.c.
 */


#include "tus/steps.h"

#include "conf.h"
#include "ctx.h"
#include "task.h"
#include "access/owned.h"
#include "access/quota.h"
#include "base/platen.h"
#include "commit/op.h"
#include "commit/operation.h"
#include "disk/layout.h"
#include "disk/upload_file.h"
#include "http/body_reader.h"
#include "http/problem.h"
#include "http/respond.h"
#include "ingest/receive.h"
#include "ingest/submit.h"
#include "job/job.h"
#include "store/store.h"
#include "tus/answer.h"
#include "tus/body.h"
#include "tus/header.h"


static void platen_tus_step_on(ngx_http_request_t *r, platen_tus_step_t step);
static void platen_tus_ask(ngx_http_request_t *r, uint64_t need,
    uint64_t wish, platen_tus_step_t then);
static void platen_tus_reserve_done(ngx_http_request_t *r, platen_tus_t *tus);
static void platen_tus_opened(ngx_http_request_t *r, platen_tus_t *tus);
static ngx_int_t platen_tus_of_job(ngx_http_request_t *r);
static void platen_tus_ready(ngx_http_request_t *r, platen_tus_t *tus);
static ngx_int_t platen_tus_patch_check(ngx_http_request_t *r,
    platen_tus_t *tus);
static void platen_tus_arrived(ngx_http_request_t *r, platen_tus_t *tus);
static void platen_tus_read_from(ngx_http_request_t *r, platen_tus_t *tus);
static ngx_uint_t platen_tus_trim(ngx_http_request_t *r, platen_tus_t *tus);
static void platen_tus_written(ngx_http_request_t *r, platen_tus_t *tus);
static void platen_tus_complete(ngx_http_request_t *r, platen_tus_t *tus);


void
platen_tus_next(ngx_http_request_t *r)
{
    platen_tus_t           *tus;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    tus = ctx->tus;

    if (tus->step == PLATEN_TUS_OPEN) {
        platen_tus_opened(r, tus);
        return;
    }

    if (tus->step == PLATEN_TUS_WRITE) {
        platen_tus_written(r, tus);
        return;
    }

    if (tus->step == PLATEN_TUS_RESERVE) {
        platen_tus_reserve_done(r, tus);
        return;
    }

    if (tus->rc != PLATEN_OK) {
        ngx_http_finalize_request(r, platen_tus_answer_failed(r, tus));
        return;
    }

    switch (tus->step) {

    case PLATEN_TUS_CREATE:
        platen_tus_arrived(r, tus);
        break;

    case PLATEN_TUS_SETTLE:
        platen_tus_ready(r, tus);
        break;

    case PLATEN_TUS_LENGTH:
        tus->limit = tus->length;
        platen_tus_arrived(r, tus);
        break;

    case PLATEN_TUS_FINISH:

        if (tus->more) {
            platen_tus_step_on(r, PLATEN_TUS_FINISH);

        } else if (ctx->rx->problem != PLATEN_PROBLEM_NONE) {
            ngx_http_finalize_request(r, platen_respond_problem(r,
                                            ctx->rx->problem,
                                            ctx->rx->detail));

        } else {
            ctx->answer = platen_tus_answer_submitted;
            platen_submit_received(r);
        }

        break;

    default: /* PLATEN_TUS_REMOVE */
        platen_tus_ask(r, 0, 0, PLATEN_TUS_REMOVE);
    }
}


/* Another one. */

static void
platen_tus_step_on(ngx_http_request_t *r, platen_tus_step_t step)
{
    if (platen_tus_post(r, step) != NGX_OK) {
        ngx_http_finalize_request(r, platen_respond_problem(r,
                                        PLATEN_PROBLEM_INTERNAL, NULL));
    }
}


/* Room for it, or none any more, and then that step. */

static void
platen_tus_ask(ngx_http_request_t *r, uint64_t need, uint64_t wish,
    platen_tus_step_t then)
{
    if (platen_tus_reserve(r, need, wish, then) != NGX_OK) {
        ngx_http_finalize_request(r, platen_respond_problem(r,
                                        PLATEN_PROBLEM_INTERNAL, NULL));
    }
}


/* There is room, or there is not. */

static void
platen_tus_reserve_done(ngx_http_request_t *r, platen_tus_t *tus)
{
    platen_commit_op_t  *op;

    op = tus->op;

    switch (tus->then) {

    case PLATEN_TUS_REMOVE:

        if (op->rc != PLATEN_OK) {
            /* it is gone all the same, and platend gives its room back */
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "platen: store: giving back the room of an upload "
                          "failed: %s (%s)",
                          platen_strerror(op->rc), op->errstr);
        }

        platen_tus_release(tus);
        ngx_http_finalize_request(r, platen_respond_send(r,
                                        NGX_HTTP_NO_CONTENT, NULL, NULL, -1));
        return;

    case PLATEN_TUS_SETTLE: /* trimmed, or platend does it */
        platen_tus_written(r, tus);
        return;

    case PLATEN_TUS_WRITE:
        tus->full = op->rc == PLATEN_OVER_QUOTA;

        if (!tus->full && op->rc != PLATEN_OK) {
            break;
        }

        if (platen_tus_write_on(r) != NGX_OK) {
            ngx_http_finalize_request(r, platen_respond_problem(r,
                                            PLATEN_PROBLEM_INTERNAL, NULL));
        }

        return;

    default:

        if (op->rc != PLATEN_OK) {
            break;
        }

        if (tus->then == PLATEN_TUS_OPEN) {
            platen_tus_read(r);
            return;
        }

        platen_tus_step_on(r, tus->then);
        return;
    }

    ngx_http_finalize_request(r, op->rc == PLATEN_CLIENT_FULL
                                 ? platen_tus_answer_too_many(r,
                                              op->quota.uploads)
                                 : platen_operation_refused(r, op));
}


/*
 * Open, and locked.  Whether the bytes of a whole one are a job's already is
 * the store's to say; and under the lock, its word holds.
 */

static void
platen_tus_opened(ngx_http_request_t *r, platen_tus_t *tus)
{
    ngx_int_t  rc;

    if (tus->rc != PLATEN_NOT_FOUND
        && (tus->rc != PLATEN_OK || !platen_upload_file_whole(&tus->file)))
    {
        if (tus->rc == PLATEN_OK) {
            platen_tus_ready(r, tus);
            return;
        }

        ngx_http_finalize_request(r, platen_tus_answer_failed(r, tus));
        return;
    }

    rc = platen_tus_of_job(r);

    if (rc != NGX_DECLINED) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    if (tus->rc == PLATEN_NOT_FOUND) {
        ngx_http_finalize_request(r, platen_tus_answer_failed(r, tus));
        return;
    }

    platen_tus_step_on(r, PLATEN_TUS_SETTLE);
}


/* Answers for an upload that is a job.  NGX_DECLINED: it is none. */

static ngx_int_t
platen_tus_of_job(ngx_http_request_t *r)
{
    int                     rc;
    ngx_int_t               status;
    platen_job_t            job;
    platen_txn_t            txn;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_respond_read(r, &txn, &status) != NGX_OK) {
        return status;
    }

    rc = platen_owned_of_request(r, &txn, &job);

    /* a document that waits for its upload URL is another kind of upload */

    if (rc == PLATEN_OK && job.state == PLATEN_STATE_INITIATED) {
        rc = PLATEN_NOT_FOUND;
    }

    switch (rc) {

    case PLATEN_OK:
        status = r->method == NGX_HTTP_DELETE ? NGX_OK
                                              : platen_tus_answer_job(r, &job);
        break;

    case PLATEN_NOT_FOUND:
        status = NGX_DECLINED;
        break;

    default:
        status = platen_respond_store(r, rc, "reading a job",
                                      platen_txn_errstr(&txn));
    }

    platen_txn_abort(&txn);

    if (rc == PLATEN_OK && r->method == NGX_HTTP_DELETE) {
        platen_tus_release(ctx->tus);
        return platen_operation_remove(r);
    }

    return status;
}


/* There is an upload, and it is not whole. */

static void
platen_tus_ready(ngx_http_request_t *r, platen_tus_t *tus)
{
    ngx_int_t                    rc;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    if (r->method == NGX_HTTP_HEAD) {
        ngx_http_finalize_request(r, platen_tus_answer_head(r, tus));
        return;
    }

    if (r->method == NGX_HTTP_DELETE) {
        platen_tus_step_on(r, PLATEN_TUS_REMOVE);
        return;
    }

    tus->limit = tus->file.meta.deferred
                 ? platen_tus_max(plcf) : tus->file.meta.length;

    rc = platen_tus_patch_check(r, tus);
    if (rc != NGX_DECLINED) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    if (tus->length_said && tus->file.meta.deferred) {
        platen_tus_ask(r, tus->length, tus->length, PLATEN_TUS_LENGTH);
        return;
    }

    platen_tus_arrived(r, tus);
}


/* Whether these bytes go there.  NGX_DECLINED: they do. */

static ngx_int_t
platen_tus_patch_check(ngx_http_request_t *r, platen_tus_t *tus)
{
    uint64_t                     limit, max;
    ngx_http_platen_loc_conf_t  *plcf;
    u_char                       detail[128];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    /* its limit may have been lowered since, and no job would come of it */

    max = platen_tus_max(plcf);

    if (tus->file.offset > max || tus->limit > max) {
        return platen_tus_answer_too_large(r, max);
    }

    if (tus->said != tus->file.offset) {
        ngx_snprintf(detail, sizeof(detail),
                     "The upload has %uL bytes; go on from there.%Z",
                     tus->file.offset);
        return platen_respond_problem(r, PLATEN_PROBLEM_OFFSET_MISMATCH,
                                      (char *) detail);
    }

    limit = tus->limit;

    if (tus->length_said) {
        if (tus->file.meta.deferred ? tus->length < tus->file.offset
                                         || tus->length == 0
                                       : tus->length != limit)
        {
            return platen_tus_answer_invalid(r,
                       "Upload-Length does not go with what was said or sent "
                       "before.");
        }

        limit = tus->length;
    }

    if (r->headers_in.content_length_n > 0
        && (uint64_t) r->headers_in.content_length_n
           > limit - tus->file.offset)
    {
        return platen_tus_answer_too_large(r, limit);
    }

    return NGX_DECLINED;
}


/* All is said; now the body, if there is one. */

static void
platen_tus_arrived(ngx_http_request_t *r, platen_tus_t *tus)
{
    if (tus->body) {

        if (tus->step == PLATEN_TUS_CREATE
            && r->headers_in.content_length_n > 0
            && (uint64_t) r->headers_in.content_length_n > tus->limit)
        {
            ngx_http_finalize_request(r, platen_tus_answer_too_large(r,
                                             tus->limit));
            return;
        }

        platen_tus_read_from(r, tus);
        return;
    }

    platen_tus_complete(r, tus);
}


/* Reads the body, once there is room for what is known of it. */

static void
platen_tus_read_from(ngx_http_request_t *r, platen_tus_t *tus)
{
    uint64_t  offset;

    if (!tus->file.meta.deferred) {
        platen_tus_read(r);
        return;
    }

    offset = tus->file.offset;

    if (r->headers_in.content_length_n > 0) {
        offset += r->headers_in.content_length_n;
        platen_tus_ask(r, offset, offset, PLATEN_TUS_OPEN);
        return;
    }

    platen_tus_ask(r, offset, ngx_min(offset + PLATEN_TUS_ROOM, tus->limit),
                   PLATEN_TUS_OPEN);
}


/*
 * Room for what has not come is given back, while the upload is still locked.
 * Whether that is under way.
 */

static ngx_uint_t
platen_tus_trim(ngx_http_request_t *r, platen_tus_t *tus)
{
    uint64_t  offset;

    offset = tus->file.offset;

    if (!tus->file.meta.deferred || tus->room == offset || tus->trimmed) {
        return 0;
    }

    tus->trimmed = 1;

    return platen_tus_reserve(r, offset, offset, PLATEN_TUS_SETTLE) == NGX_OK;
}


static void
platen_tus_written(ngx_http_request_t *r, platen_tus_t *tus)
{
    ngx_int_t               rc;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if ((tus->rc != PLATEN_OK || tus->beyond || tus->mismatch || tus->gone
         || ctx->last)
        && platen_tus_trim(r, tus))
    {
        return;
    }

    if (tus->rc != PLATEN_OK) {
        rc = platen_tus_answer_failed(r, tus);

    } else if (tus->full) {
        /* what the quota said then: trimming has not asked it */
        rc = platen_quota_refused(r, &tus->op->quota);

    } else if (tus->beyond) {
        rc = platen_tus_answer_too_large(r, tus->limit);

    } else if (tus->mismatch) {
        rc = platen_respond_problem(r, PLATEN_PROBLEM_CHECKSUM_MISMATCH, NULL);

    } else if (tus->gone && r->connection->error) {
        /* there is nobody to answer, or to be told of a new one */

        if (r->method == NGX_HTTP_POST) {
            platen_tus_drop(r, tus);
        }

        rc = NGX_ERROR;

    } else if (tus->gone) {
        rc = platen_respond_problem(r, platen_problem_of_status(tus->status),
                                    NULL);

    } else if (ctx->last) {
        platen_tus_complete(r, tus);
        return;

    } else {
        platen_body_reader_on(r);
        return;
    }

    ngx_http_finalize_request(r, rc);
}


/* The request has brought what it has: more to come, or a job to make? */

static void
platen_tus_complete(ngx_http_request_t *r, platen_tus_t *tus)
{
    platen_receive_t             *rx;
    ngx_pool_cleanup_t           *cln;
    ngx_http_platen_ctx_t        *ctx;
    ngx_http_platen_loc_conf_t   *plcf;

    if (!platen_upload_file_whole(&tus->file)) {
        ngx_http_finalize_request(r, platen_tus_answer_offset(r, tus));
        return;
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    cln = ngx_pool_cleanup_add(r->pool, sizeof(platen_receive_t));

    if (cln == NULL
        || platen_receive_init(cln->data, tus->file.root,
                               platen_tus_max(plcf), "", 0)
           != PLATEN_OK)
    {
        ngx_http_finalize_request(r, platen_respond_problem(r,
                                        PLATEN_PROBLEM_INTERNAL, NULL));
        return;
    }

    /* it may close the file, but not remove it: that depends on the reason */

    cln->handler = (ngx_pool_cleanup_pt) platen_receive_close;

    rx = cln->data;
    rx->archive = plcf->batch;
    ctx->rx = rx;

    rx->problem = platen_tus_header_metadata(tus->file.meta.metadata.data,
                                             tus->file.meta.metadata.len,
                                             &rx->params, rx->content_type,
                                             rx->detail, sizeof(rx->detail));

    if (rx->problem != PLATEN_PROBLEM_NONE) {
        /* taken at its creation, by an earlier version */
        ngx_http_finalize_request(r, platen_respond_problem(r, rx->problem,
                                                            rx->detail));
        return;
    }

    platen_tus_step_on(r, PLATEN_TUS_FINISH);
}


void
platen_tus_drop(ngx_http_request_t *r, platen_tus_t *tus)
{
    platen_upload_file_t  *p;
    char                   path[PLATEN_PATH_MAX];

    p = &tus->file;

    if (p->fd != -1) {
        platen_upload_file_forget(p->root, &p->id);
        platen_upload_file_path(p->root, &p->id, path);
        platen_task_unlink(path, r->connection->log);

    } else if (!tus->made) {
        return;
    }

    tus->made = 0;
    platen_tus_forsake(r);
}
