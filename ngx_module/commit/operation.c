
/*
 * One operation of a request: made, committed with others, and answered when
 * that is done.  DELETE of a job is nothing more.  Runs in the event loop.
 */


#include "commit/operation.h"

#include "ctx.h"
#include "log.h"
#include "task.h"
#include "access/quota.h"
#include "base/crash.h"
#include "base/platen.h"
#include "base/wire.h"
#include "commit/commit.h"
#include "commit/hint_push.h"
#include "counts.h"
#include "http/problem.h"
#include "http/respond.h"


static void platen_operation_over(platen_commit_op_t *op);
static void platen_operation_event(ngx_http_request_t *r);
static void platen_operation_committed(platen_commit_op_t *op);
static ngx_int_t platen_operation_answer(ngx_http_request_t *r,
    platen_commit_op_t *op);
static ngx_int_t platen_operation_removed(ngx_http_request_t *r,
    platen_commit_op_t *op);


platen_commit_op_t *
platen_operation_new(ngx_http_request_t *r, platen_commit_kind_t kind)
{
    platen_commit_op_t     *op;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    op = ngx_pcalloc(r->pool, sizeof(platen_commit_op_t));
    if (op == NULL) {
        return NULL;
    }

    ctx->op = op;
    op->kind = kind;
    op->job.id = ctx->id;
    op->job.client = (platen_str_t) { (char *) ctx->client.data,
                                      ctx->client.len };

    return op;
}


platen_commit_op_t *
platen_operation_alone(ngx_http_request_t *r, platen_commit_kind_t kind)
{
    u_char                 *name;
    platen_commit_op_t     *op;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    op = ngx_calloc(sizeof(platen_commit_op_t) + ctx->client.len,
                    r->connection->log);
    if (op == NULL) {
        return NULL;
    }

    name = (u_char *) (op + 1);
    ngx_memcpy(name, ctx->client.data, ctx->client.len);

    op->kind = kind;
    op->job.id = ctx->id;
    op->job.client = (platen_str_t) { (char *) name, ctx->client.len };
    op->done = platen_operation_over;

    return op;
}


static void
platen_operation_over(platen_commit_op_t *op)
{
    ngx_free(op);
}


ngx_int_t
platen_operation_start(ngx_http_request_t *r, platen_commit_op_t *op)
{
    if (platen_operation_commit(r, op) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INTERNAL, NULL);
    }

    r->main->count++;

    return NGX_DONE;
}


ngx_int_t
platen_operation_commit(ngx_http_request_t *r, platen_commit_op_t *op)
{
    op->done = platen_operation_committed;
    op->data = r;

    /* From here on the job is made whether or not the client waits for it. */

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = platen_operation_event;

    if (platen_commit(op, r->connection->log) != NGX_OK) {
        return NGX_ERROR;
    }

    platen_task_hold(r);

    return NGX_OK;
}


/* Nothing to do before the commit is done. */

static void
platen_operation_event(ngx_http_request_t *r)
{
    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "platen event during commit");
}


static void
platen_operation_committed(platen_commit_op_t *op)
{
    ngx_connection_t       *c;
    ngx_http_request_t     *r;
    ngx_http_platen_ctx_t  *ctx;

    r = op->data;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    platen_task_release(r);

    if (op->rc == PLATEN_OK && op->kind == PLATEN_COMMIT_SUBMIT) {
        ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
        ctx->id = op->stored ? op->existing : op->job.id;
    }

    if (op->published) {
        /* the temporary file has another name now, or is gone */
        op->tmp[0] = '\0';
    }

    if (op->rc == PLATEN_OK && !op->replayed
        && op->kind != PLATEN_COMMIT_INITIATE
        && op->kind != PLATEN_COMMIT_STORE)
    {
        platen_hint_send(op->kind == PLATEN_COMMIT_REMOVE
                         ? PLATEN_HINT_REMOVED : PLATEN_HINT_SUBMITTED,
                         &op->job.id, c->log);
        platen_crash_point(PLATEN_CRASH_ACCEPT_HINTED);
    }

    if (platen_task_gone(r)) {
        /* done, and nobody to tell */

    } else if (r->write_event_handler == platen_operation_event) {
        ngx_http_finalize_request(r, platen_operation_answer(r, op));

    } else {

        if (op->left && op->rc == PLATEN_OK) {
            op->left(r, op);
        }

        /* terminated meanwhile: nginx waits to free it */
        r->write_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
platen_operation_answer(ngx_http_request_t *r, platen_commit_op_t *op)
{
    ngx_str_t  value;

    if (op->error) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, op->error,
                      "platen: %s failed", op->what);

        return platen_respond_problem(r, platen_problem_of_errno(op->error),
                                      NULL);
    }

    if (op->rc != PLATEN_OK) {
        return op->refused ? op->refused(r, op)
                           : platen_operation_refused(r, op);
    }

    if (op->kind == PLATEN_COMMIT_SUBMIT) {
        platen_metrics_accepted(r);
    }

    if (op->replayed) {
        ngx_str_set(&value, "true");

        if (platen_respond_header(r, "Idempotent-Replayed", &value) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return op->answer(r, op);
}


ngx_int_t
platen_operation_refused(ngx_http_request_t *r, platen_commit_op_t *op)
{
    return op->rc == PLATEN_OVER_QUOTA
           ? platen_quota_refused(r, &op->quota)
           : platen_respond_store(r, op->rc, op->what, op->errstr);
}


ngx_int_t
platen_operation_remove(ngx_http_request_t *r)
{
    ngx_int_t            rc;
    platen_commit_op_t  *op;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    op = platen_operation_new(r, PLATEN_COMMIT_REMOVE);
    if (op == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    op->answer = platen_operation_removed;

    return platen_operation_start(r, op);
}


static ngx_int_t
platen_operation_removed(ngx_http_request_t *r, platen_commit_op_t *op)
{
    ngx_log_error(NGX_LOG_NOTICE, r->connection->log, 0,
                  PLATEN_LOG_AUDIT "job %s",
                  platen_state_final((platen_state_t) op->job.state)
                  ? "deleted" : "cancelled");

    return platen_respond_send(r, NGX_HTTP_NO_CONTENT, NULL, NULL, -1);
}
