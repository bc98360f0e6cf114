
/*
 * Resumable uploads, their way to the disk; see tus/context.h.  The body is read
 * by http/body_reader.c: a piece at a time, each of them a step.
 *
 * A client that vanishes, or is too slow, ends its request, and what has come
 * until then is kept: the last piece is written and synced all the same, unless
 * it is under a checksum, which then cannot be compared.
 */


#include "tus/body.h"

#include "conf.h"
#include "ctx.h"
#include "task.h"
#include "base/digest.h"
#include "base/platen.h"
#include "commit/commit.h"
#include "commit/op.h"
#include "commit/operation.h"
#include "disk/layout.h"
#include "disk/upload_file.h"
#include "http/body_reader.h"
#include "http/given.h"
#include "http/problem.h"
#include "http/respond.h"
#include "ingest/receive.h"

#include <errno.h>


#define PLATEN_TUS_HASH  (64 * 1024 * 1024)  /* bytes, and then others' turn */


static ngx_int_t platen_tus_piece_read(ngx_http_request_t *r);
static void platen_tus_broken(ngx_http_request_t *r, ngx_int_t status);
static void platen_tus_reserved(platen_commit_op_t *op);
static void platen_tus_thread(void *data, ngx_log_t *log);
static int platen_tus_write(ngx_http_platen_ctx_t *ctx, platen_tus_t *tus);
static int platen_tus_piece(void *data, const u_char *p, size_t n);
static int platen_tus_end(platen_tus_t *tus);
static int platen_tus_finish(ngx_http_platen_ctx_t *ctx, platen_tus_t *tus);
static void platen_tus_done(ngx_event_t *ev);


static const platen_body_reader_t  platen_tus_reader = {
    platen_tus_piece_read,
    platen_tus_broken
};


ngx_int_t
platen_tus_post(ngx_http_request_t *r, platen_tus_step_t step)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (ctx->task == NULL
        && platen_task_init(r, platen_tus_thread, platen_tus_done)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ctx->tus->step = step;

    if (platen_task_post(r) != NGX_OK) {
        return NGX_ERROR;
    }

    r->write_event_handler = platen_body_reader_event;

    return NGX_OK;
}


void
platen_tus_read(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = platen_body_reader_start(r, &platen_tus_reader);

    if (rc != NGX_AGAIN) {
        /* the count that reading has taken; ours stays */
        ngx_http_finalize_request(r, rc);
    }
}


/* The piece is the last, and shorter than it was to be. */

static void
platen_tus_broken(ngx_http_request_t *r, ngx_int_t status)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    ctx->last = 1;
    ctx->tus->gone = 1;
    ctx->tus->status = status;

    (void) platen_tus_piece_read(r);
}


/* To the disk with it, once there is room for it. */

static ngx_int_t
platen_tus_piece_read(ngx_http_request_t *r)
{
    uint64_t                size;
    ngx_int_t               rc;
    ngx_chain_t            *cl;
    platen_tus_t           *tus;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    tus = ctx->tus;
    size = tus->file.offset;

    for (cl = ctx->in; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    /* what is beyond its limit will be refused for that */

    if (tus->file.meta.deferred && size > tus->room && size <= tus->limit) {
        rc = platen_tus_reserve(r, size,
                                ngx_min(size + PLATEN_TUS_ROOM, tus->limit),
                                PLATEN_TUS_WRITE);
    } else {
        rc = platen_tus_post(r, PLATEN_TUS_WRITE);
    }

    if (rc == NGX_OK) {
        return NGX_AGAIN;
    }

    ngx_http_finalize_request(r, platen_respond_problem(r,
                                    PLATEN_PROBLEM_INTERNAL, NULL));
    return NGX_DONE;
}


ngx_int_t
platen_tus_write_on(ngx_http_request_t *r)
{
    ngx_chain_t            *cl;
    platen_tus_t           *tus;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    tus = ctx->tus;

    if (tus->full) {

        /* what came before is kept, as if nothing more had come */

        for (cl = ctx->in; cl; cl = cl->next) {
            cl->buf->pos = cl->buf->last;
        }

        ctx->in = NULL;
        ctx->last = 1;
        tus->gone = 1;
    }

    return platen_tus_post(r, PLATEN_TUS_WRITE);
}


ngx_int_t
platen_tus_reserve(ngx_http_request_t *r, uint64_t need, uint64_t wish,
    platen_tus_step_t then)
{
    platen_tus_t                *tus;
    platen_commit_op_t          *op;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);
    tus = ctx->tus;

    if (tus->op == NULL) {
        tus->op = platen_operation_new(r, PLATEN_COMMIT_RESERVE);
        if (tus->op == NULL) {
            return NGX_ERROR;
        }
    }

    op = tus->op;
    op->kind = then == PLATEN_TUS_REMOVE ? PLATEN_COMMIT_RELEASE
                                         : PLATEN_COMMIT_RESERVE;
    op->job.input_size = need;
    op->wish = wish;
    op->done = platen_tus_reserved;
    op->data = r;

    /* what is there already is only said */

    op->quota.limit = then == PLATEN_TUS_SETTLE ? 0 : plcf->quota;
    op->quota.max_uploads = then == PLATEN_TUS_CREATE ? plcf->max_uploads : 0;

    tus->step = PLATEN_TUS_RESERVE;
    tus->then = then;

    if (platen_commit(op, r->connection->log) != NGX_OK) {
        return NGX_ERROR;
    }

    r->write_event_handler = platen_body_reader_event;
    platen_task_hold(r);

    return NGX_OK;
}


static void
platen_tus_reserved(platen_commit_op_t *op)
{
    platen_tus_t           *tus;
    ngx_connection_t       *c;
    ngx_http_request_t     *r;
    ngx_http_platen_ctx_t  *ctx;

    r = op->data;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    platen_task_release(r);

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    tus = ctx->tus;

    if (op->rc == PLATEN_OK && op->kind == PLATEN_COMMIT_RESERVE) {
        tus->room = op->granted;
        tus->made |= tus->then == PLATEN_TUS_CREATE;
    }

    if (platen_task_gone(r)) {
        /* nobody to do it for */

    } else if (r->write_event_handler == platen_body_reader_event) {
        tus->next(r);

    } else {
        /* terminated meanwhile: nginx waits to free it */

        if (tus->made && tus->then == PLATEN_TUS_CREATE) {
            platen_tus_forsake(r);
        }

        r->write_event_handler(r);
    }

    ngx_http_run_posted_requests(c);
}


void
platen_tus_forsake(ngx_http_request_t *r)
{
    platen_commit_op_t  *op;

    /* platend has a look, too */

    op = platen_operation_alone(r, PLATEN_COMMIT_RELEASE);

    if (op && platen_commit(op, r->connection->log) != NGX_OK) {
        ngx_free(op);
    }
}


/* In a thread: what the context has of the upload is this task's alone. */

static void
platen_tus_thread(void *data, ngx_log_t *log)
{
    ngx_http_request_t *r = *(ngx_http_request_t **) data;

    platen_tus_t           *tus;
    platen_upload_file_t   *p;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    tus = ctx->tus;
    p = &tus->file;

    errno = 0;

    switch (tus->step) {

    case PLATEN_TUS_CREATE:
        tus->rc = platen_upload_file_create(p, &tus->meta);
        break;

    case PLATEN_TUS_OPEN:
        tus->rc = platen_upload_file_open(p, (platen_str_t) {
                                             (char *) ctx->client.data,
                                             ctx->client.len
                                         });
        break;

    case PLATEN_TUS_SETTLE:
        tus->rc = platen_upload_file_settle(p);
        break;

    case PLATEN_TUS_LENGTH:
        tus->rc = platen_upload_file_set_length(p, tus->length);
        break;

    case PLATEN_TUS_WRITE:
        tus->rc = platen_tus_write(ctx, tus);
        break;

    case PLATEN_TUS_FINISH:
        tus->rc = platen_tus_finish(ctx, tus);
        break;

    case PLATEN_TUS_REMOVE:
        platen_upload_file_remove(p->root, &p->id);
        tus->rc = PLATEN_OK;
        break;

    case PLATEN_TUS_RESERVE: /* is none of a thread's */
        break;
    }

    tus->error = tus->rc == PLATEN_ERROR ? errno : 0;
}


/* Writes the piece, and with the last one ends what this request brought. */

static int
platen_tus_write(ngx_http_platen_ctx_t *ctx, platen_tus_t *tus)
{
    platen_upload_file_t  *p;

    p = &tus->file;

    if (p->offset == p->from && !p->checked
        && platen_upload_file_begin(p, tus->checksum.algorithm != NULL)
           != PLATEN_OK)
    {
        return PLATEN_ERROR;
    }

    if (platen_given_each(ctx->in, platen_tus_piece, tus) == PLATEN_ERROR) {
        return PLATEN_ERROR;
    }

    return ctx->last || tus->beyond ? platen_tus_end(tus) : PLATEN_OK;
}


/* PLATEN_INVALID: it is beyond what the upload may have. */

static int
platen_tus_piece(void *data, const u_char *buf, size_t n)
{
    platen_tus_t *tus = data;

    int                    saved;
    platen_upload_file_t  *p;

    p = &tus->file;

    if (n > tus->limit - p->offset) {
        tus->beyond = 1;
        return PLATEN_INVALID;
    }

    if (tus->md && EVP_DigestUpdate(tus->md, buf, n) != 1) {
        errno = ENOMEM;
        return PLATEN_ERROR;
    }

    if (platen_upload_file_write(p, buf, n) != PLATEN_OK) {

        /* a full disk: what has found room is kept */

        saved = errno;
        tus->gone = 1;
        (void) platen_tus_end(tus);
        errno = saved;

        return PLATEN_ERROR;
    }

    return PLATEN_OK;
}


/* All of this request is written; is it to stay? */

static int
platen_tus_end(platen_tus_t *tus)
{
    unsigned               n;
    u_char                 digest[EVP_MAX_MD_SIZE];
    platen_upload_file_t  *p;

    p = &tus->file;

    if (tus->md && !tus->gone && !tus->beyond) {
        if (EVP_DigestFinal_ex(tus->md, digest, &n) != 1) {
            errno = ENOMEM;
            return PLATEN_ERROR;
        }

        tus->mismatch = n != tus->checksum.len
                        || ngx_memcmp(digest, tus->checksum.digest, n) != 0;
    }

    if (tus->beyond || tus->mismatch || (tus->md && tus->gone)) {
        return platen_upload_file_rollback(p);
    }

    return platen_upload_file_end(p);
}


/* Hashes on; when all is hashed, the bytes are the file of a submission. */

static int
platen_tus_finish(ngx_http_platen_ctx_t *ctx, platen_tus_t *tus)
{
    int                    rc;
    uint8_t                sha256[PLATEN_SHA256_LEN];
    platen_upload_file_t  *p;
    char                   path[PLATEN_PATH_MAX];

    p = &tus->file;

    rc = platen_upload_file_hash(p, PLATEN_TUS_HASH);
    tus->more = rc == 1;

    if (rc != 0) {
        return rc == 1 ? PLATEN_OK : rc;
    }

    if (platen_upload_file_digest(p, sha256) != PLATEN_OK) {
        errno = EIO;
        return PLATEN_ERROR;
    }

    platen_upload_file_path(p->root, &p->id, path);

    /* a refusal is the receiver's, and told from there */

    (void) platen_receive_adopt(ctx->rx, path, p->fd, p->offset, sha256);

    return PLATEN_OK;
}


static void
platen_tus_done(ngx_event_t *ev)
{
    ngx_http_request_t *r = ev->data;

    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    platen_task_done(ev, platen_body_reader_event, ctx->tus->next);
}
