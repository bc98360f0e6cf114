
/*
 * Views of the job record: what a client sees of it, straight from the store.
 * What that is, job/json.c says.  Runs in the event loop; each request has one
 * read transaction, which ends before anything is sent.
 */


#include "view/job.h"

#include "conf.h"
#include "access/owned.h"
#include "base/id.h"
#include "base/platen.h"
#include "http/problem.h"
#include "http/respond.h"
#include "job/json.h"
#include "view/files.h"


void
platen_view_write(ngx_http_request_t *r, platen_json_t *j, platen_txn_t *txn,
    const platen_job_t *job, uint64_t position)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    platen_json_open(j, NULL, '{');
    platen_job_json(j, job, (platen_str_t) { (char *) plcf->prefix.data,
                                             plcf->prefix.len },
                    position, PLATEN_JOB_JSON_CLIENT);

    if (platen_files_write(j, &plcf->prefix, txn, job) != PLATEN_OK) {
        j->failed = 1;
    }

    platen_json_close(j, '}');
}


ngx_int_t
platen_view_job(ngx_http_request_t *r)
{
    int            rc;
    u_char         version[2 * NGX_INT64_LEN];
    uint64_t       position;
    ngx_int_t      status;
    ngx_str_t      value;
    ngx_uint_t     permitted, unchanged;
    platen_job_t   job;
    platen_txn_t   txn;
    platen_json_t  j;

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    rc = platen_store_queue_position(&txn, &job, &position);

    if (rc != PLATEN_OK) {
        platen_txn_abort(&txn);
        return platen_respond_store(r, rc, "reading the queue",
                                    platen_txn_errstr(&txn));
    }

    /*
     * Changes with the record, and with the one value that is not in it; of a
     * batch the files change more than its events tell.
     */

    value.data = version;
    value.len = ngx_sprintf(version, "%xL-%xL", job.change_seq,
                            job.batch != PLATEN_BATCH_NONE ? job.updated_at
                                                           : position)
                - version;

    if (platen_respond_etag(r, &value) != NGX_OK) {
        platen_txn_abort(&txn);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    permitted = platen_respond_precondition(r);
    unchanged = permitted && platen_respond_unchanged(r);

    if (permitted && !unchanged) {
        platen_json_chain_init(&j, r->pool, 1024);
        platen_view_write(r, &j, &txn, &job, position);
    }

    platen_txn_abort(&txn);

    if (!permitted) {
        if (platen_respond_clean(r) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return platen_respond_problem(r, PLATEN_PROBLEM_PRECONDITION_FAILED,
                                      NULL);
    }

    ngx_str_set(&value, "private, no-cache");
    if (platen_respond_header(r, "Cache-Control", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (unchanged) {
        return platen_respond_send(r, NGX_HTTP_OK, NULL, NULL, -1);
    }

    return platen_respond_json(r, NGX_HTTP_OK, &j);
}


/* Location, and the job as it is written; `txn`, if any, ends before it goes. */

static ngx_int_t
platen_view_accepted(ngx_http_request_t *r, ngx_uint_t status,
    const platen_job_t *job, uint64_t position, platen_txn_t *txn)
{
    ngx_str_t                    location;
    platen_json_t                j;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         id[PLATEN_ID_TEXT + 1];

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    platen_id_format(&job->id, id);

    platen_json_chain_init(&j, r->pool, 1024);
    platen_view_write(r, &j, txn, job, position);

    if (txn) {
        platen_txn_abort(txn);
    }

    location.data = ngx_pnalloc(r->pool, plcf->prefix.len + sizeof("/jobs/")
                                         + PLATEN_ID_TEXT);
    if (location.data == NULL || platen_json_chain(&j, NULL) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    location.len = ngx_sprintf(location.data, "%V/jobs/%s", &plcf->prefix, id)
                   - location.data;

    if (platen_respond_header(r, "Location", &location) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_json(r, status, &j);
}


ngx_int_t
platen_view_submitted(ngx_http_request_t *r, ngx_uint_t status,
    const platen_job_t *job, uint64_t position)
{
    return platen_view_accepted(r, status, job, position, NULL);
}


ngx_int_t
platen_view_stored(ngx_http_request_t *r, ngx_uint_t status)
{
    int           rc;
    uint64_t      position;
    ngx_int_t     problem;
    platen_job_t  job;
    platen_txn_t  txn;

    if (platen_owned_read(r, &txn, &job, &problem) != NGX_OK) {
        return problem;
    }

    rc = platen_store_queue_position(&txn, &job, &position);

    if (rc != PLATEN_OK) {
        platen_txn_abort(&txn);
        return platen_respond_store(r, rc, "reading the queue",
                                    platen_txn_errstr(&txn));
    }

    return platen_view_accepted(r, status, &job, position, &txn);
}
