
/*
 * GET /jobs: a page of the client's jobs, newest first, each as view/job.c
 * writes it.  Runs in the event loop, in one read transaction.
 */


#include "view/list.h"

#include "ctx.h"
#include "base/id.h"
#include "base/platen.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/respond.h"
#include "job/job.h"
#include "view/job.h"


#define PLATEN_LIST_LIMIT       50
#define PLATEN_LIST_LIMIT_MAX   1000
#define PLATEN_LIST_OFFSET_MAX  10000


typedef struct {
    ngx_str_t            client;
    platen_state_t       state;
    ngx_uint_t           limit;
    ngx_uint_t           offset;
    platen_id_t          cursor;
    unsigned             has_cursor:1;
} platen_list_query_t;


static ngx_int_t platen_list_query(ngx_http_request_t *r,
    platen_list_query_t *q, const char **wrong);
static ngx_int_t platen_list_write(ngx_http_request_t *r,
    platen_txn_t *txn, platen_list_query_t *q, platen_json_t *j);


ngx_int_t
platen_list_jobs(ngx_http_request_t *r)
{
    int                     rc;
    ngx_int_t               status;
    const char             *wrong;
    platen_txn_t            txn;
    platen_json_t           j;
    platen_list_query_t     q;

    if (platen_list_query(r, &q, &wrong) != NGX_OK) {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      wrong);
    }

    if (platen_respond_read(r, &txn, &status) != NGX_OK) {
        return status;
    }

    platen_json_chain_init(&j, r->pool, 16384);

    rc = platen_list_write(r, &txn, &q, &j);
    platen_txn_abort(&txn);

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "listing jobs",
                                    platen_txn_errstr(&txn));
    }

    return platen_respond_json(r, NGX_HTTP_OK, &j);
}


ngx_int_t
platen_list_first(ngx_http_request_t *r, platen_txn_t *txn, platen_json_t *j)
{
    platen_list_query_t     q;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    ngx_memzero(&q, sizeof(platen_list_query_t));
    q.client = ctx->client;
    q.limit = PLATEN_LIST_LIMIT;

    return platen_list_write(r, txn, &q, j);
}


/* Writes one page of jobs; a PLATEN_ code. */

static ngx_int_t
platen_list_write(ngx_http_request_t *r, platen_txn_t *txn,
    platen_list_query_t *q, platen_json_t *j)
{
    int                          i, n, rc, more;
    uint64_t                     total, position;
    platen_job_t                 job;
    platen_list_t                list;
    char                         cursor[PLATEN_ID_TEXT + 1];

    static platen_id_t  ids[PLATEN_LIST_LIMIT_MAX];

    list.client.data = (char *) q->client.data;
    list.client.len = q->client.len;
    list.state = q->state;
    list.before = q->has_cursor ? &q->cursor : NULL;
    list.offset = q->offset;

    rc = platen_store_count(txn, list.client, list.state, &total);
    if (rc != PLATEN_OK) {
        return rc;
    }

    n = platen_store_list(txn, &list, ids, (int) q->limit, &more);
    if (n < 0) {
        return n;
    }

    platen_json_open(j, NULL, '{');
    platen_json_open(j, "jobs", '[');

    for (i = 0; i < n; i++) {
        rc = platen_store_get(txn, &ids[i], &job);
        if (rc == PLATEN_OK) {
            rc = platen_store_queue_position(txn, &job, &position);
        }
        if (rc != PLATEN_OK) {
            return rc;
        }

        platen_view_write(r, j, NULL, &job, position);
    }

    platen_json_close(j, ']');
    platen_json_uint(j, "total", total);
    platen_json_uint(j, "limit", q->limit);
    platen_json_uint(j, "offset", q->offset);

    if (more) {
        platen_id_format(&ids[n - 1], cursor);
        platen_json_string(j, "next_cursor", cursor, PLATEN_ID_TEXT);

    } else {
        platen_json_null(j, "next_cursor");
    }

    platen_json_close(j, '}');

    return PLATEN_OK;
}


static ngx_int_t
platen_list_query(ngx_http_request_t *r, platen_list_query_t *q,
    const char **wrong)
{
    ngx_str_t               value;
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    ngx_memzero(q, sizeof(platen_list_query_t));
    q->client = ctx->client;
    q->limit = PLATEN_LIST_LIMIT;

    if (platen_query_number(r, "limit", PLATEN_LIST_LIMIT_MAX, &q->limit)
        != NGX_OK || q->limit == 0)
    {
        *wrong = "limit takes a number from 1 to 1000.";
        return NGX_DECLINED;
    }

    if (platen_query_number(r, "offset", PLATEN_LIST_OFFSET_MAX, &q->offset)
        != NGX_OK)
    {
        *wrong = "offset takes a number from 0 to 10000; go further with "
                 "cursor, which next_cursor of each page names.";
        return NGX_DECLINED;
    }

    if (ngx_http_arg(r, (u_char *) "status", 6, &value) == NGX_OK
        && value.len)
    {
        q->state = platen_state_parse((char *) value.data, value.len);

        if (q->state == PLATEN_STATE_NONE) {
            *wrong = "status takes one of INITIATED, PENDING, PROCESSING, "
                     "SUCCESS, PARTIAL_SUCCESS, FAILED and CANCELLED.";
            return NGX_DECLINED;
        }
    }

    if (ngx_http_arg(r, (u_char *) "cursor", 6, &value) == NGX_OK
        && value.len)
    {
        if (platen_id_parse((char *) value.data, value.len, &q->cursor)
            != PLATEN_OK)
        {
            *wrong = "cursor takes the next_cursor of an earlier page.";
            return NGX_DECLINED;
        }

        q->has_cursor = 1;
    }

    return NGX_OK;
}


