
/*
 * A job as a document; see ingest/document.c.
 */


#include "view/document.h"

#include "access/owned.h"
#include "base/id.h"
#include "format/filename.h"
#include "format/format.h"
#include "http/respond.h"
#include "job/job.h"
#include "store/store.h"


const char *
platen_document_state(ngx_uint_t state)
{
    static const char  *names[PLATEN_STATES] = {
        [PLATEN_STATE_NONE] = "FAILED",
        [PLATEN_STATE_INITIATED] = "INITIATED",
        [PLATEN_STATE_PENDING] = "QUEUED",
        [PLATEN_STATE_PROCESSING] = "PROCESSING",
        [PLATEN_STATE_SUCCESS] = "COMPLETED",
        [PLATEN_STATE_PARTIAL_SUCCESS] = "COMPLETED",
        [PLATEN_STATE_FAILED] = "FAILED",
        [PLATEN_STATE_CANCELLED] = "FAILED"
    };

    return names[state < PLATEN_STATES ? state : PLATEN_STATE_NONE];
}


void
platen_document_key(platen_json_t *j, const char *name, const char *id,
    platen_str_t filename)
{
    u_char  *p, key[sizeof("documents//") + PLATEN_ID_TEXT
                    + PLATEN_FILENAME_MAX];

    p = ngx_sprintf(key, "documents/%s/", id);
    p = ngx_cpymem(p, filename.data,
                   ngx_min(filename.len, PLATEN_FILENAME_MAX));

    platen_json_string(j, name, key, p - key);
}


ngx_int_t
platen_document_view(ngx_http_request_t *r)
{
    ngx_int_t               status;
    ngx_str_t               value;
    const char             *state;
    platen_job_t            job;
    platen_txn_t            txn;
    platen_json_t           j;
    const platen_format_t  *format;
    char                    id[PLATEN_ID_TEXT + 1];

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    /* One that came by another door has the type of its format. */

    format = platen_format_find(job.source_format.data, job.source_format.len);

    if (job.content_type.len == 0 && format) {
        job.content_type = platen_str(format->mime);
    }

    platen_id_format(&job.id, id);
    state = platen_document_state(job.state);

    platen_json_chain_init(&j, r->pool, 1024);
    platen_json_open(&j, NULL, '{');
    platen_json_word(&j, "id", id, PLATEN_ID_TEXT);
    platen_json_string(&j, "filename", job.input_filename.data,
                       job.input_filename.len);
    platen_json_string(&j, "content_type",
                       job.content_type.len ? job.content_type.data : NULL,
                       job.content_type.len);
    platen_document_key(&j, "s3_key", id, job.input_filename);
    platen_json_word(&j, "status", state, ngx_strlen(state));
    platen_json_time(&j, "created_at", job.created_at);
    platen_json_time(&j, "updated_at",
                     job.updated_at ? job.updated_at : job.created_at);
    platen_json_string(&j, "last_error", job.error.len ? job.error.data : NULL,
                       job.error.len);
    platen_json_close(&j, '}');

    platen_txn_abort(&txn);

    ngx_str_set(&value, "private, no-cache");
    if (platen_respond_header(r, "Cache-Control", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_json(r, NGX_HTTP_OK, &j);
}
