
/*
 * The files of a batch as a client sees them: in the job, page by page
 * (GET /jobs/{id}/files), one by one (GET /jobs/{id}/files/{n}), and in the
 * words of /api/v1.  Straight from the store, in the event loop; each request
 * has one read transaction, which ends before anything is sent.
 */


#include "view/files.h"

#include "conf.h"
#include "ctx.h"
#include "access/owned.h"
#include "base/id.h"
#include "base/platen.h"
#include "format/zip_check.h"
#include "http/problem.h"
#include "http/query.h"
#include "http/respond.h"
#include "job/json.h"
#include "job/skip.h"
#include "view/download.h"


#define PLATEN_BATCH_SLICE  32
#define PLATEN_BATCH_PAGE   1000
#define PLATEN_BATCH_TURN   256    /* entries written in one turn, and */
#define PLATEN_BATCH_PAUSE  1      /* milliseconds until the next */
#define PLATEN_BATCH_LAST   UINT64_MAX  /* there is no further entry */
#define PLATEN_BATCH_PATH   2048   /* bytes of folders and name, as shown */


/* What is told of one entry. */

typedef struct {
    uint32_t               number;
    u_char                 name[PLATEN_BATCH_PATH];
    size_t                 len;
    const char            *status;
    platen_str_t           code;
    platen_str_t           error;
    platen_job_t           job;     /* if it is a file, */
    unsigned               is_file:1; /* and was not skipped */
} platen_files_entry_t;


/* GET /api/v1/jobs/{id}, which has no pages: written slice by slice. */

typedef struct {
    ngx_http_request_t    *request;
    ngx_event_t            event;   /* the next slice is due */
    platen_json_t          json;
    uint64_t               next;    /* number of an entry */
    unsigned               result:1;
} platen_files_status_t;


static int platen_files_status_slice(platen_files_status_t *s,
    platen_txn_t *txn, const platen_job_t *job);
static void platen_files_status_turn(ngx_event_t *ev);
static void platen_files_status_cleanup(void *data);
static ngx_int_t platen_files_status_end(platen_files_status_t *s, int rc,
    platen_txn_t *txn);
static void platen_files_of_job(const platen_job_t *job,
    platen_files_entry_t *e);
static int platen_files_of_file(platen_txn_t *txn, const platen_file_t *file,
    platen_files_entry_t *e);
static void platen_files_write_one(platen_json_t *j, ngx_str_t *prefix,
    const char *id, const platen_files_entry_t *e);
static void platen_files_write_v1(platen_json_t *j, ngx_str_t *prefix,
    const char *id, const platen_files_entry_t *e);
static ngx_int_t platen_files_answer(ngx_http_request_t *r, int rc,
    platen_txn_t *txn, platen_json_t *j);
static int platen_files_each(platen_txn_t *txn, const platen_job_t *job,
    uint64_t *from, ngx_uint_t max, platen_json_t *j, ngx_str_t *prefix,
    void (*write)(platen_json_t *j, ngx_str_t *prefix, const char *id,
                  const platen_files_entry_t *e));


/* A file that is a job; also that of a job that is no batch. */

static void
platen_files_of_job(const platen_job_t *job, platen_files_entry_t *e)
{
    u_char  *p, *last;

    p = e->name;
    last = e->name + sizeof(e->name);

    if (job->folder.len) {
        p = ngx_snprintf(p, last - p, "%*s/", job->folder.len,
                         job->folder.data);
    }

    p = ngx_snprintf(p, last - p, "%*s", job->input_filename.len,
                     job->input_filename.data);

    e->len = p - e->name;
    e->number = job->file;
    e->status = platen_state_name(job->state);
    e->code = job->error_code;
    e->error = job->error;
    e->job = *job;
    e->is_file = 1;
}


/* A PLATEN_ code. */

static int
platen_files_of_file(platen_txn_t *txn, const platen_file_t *file,
    platen_files_entry_t *e)
{
    int           rc;
    platen_id_t   id;
    platen_job_t  job;

    if (file->id.len == sizeof(id.b)) {
        ngx_memcpy(id.b, file->id.data, sizeof(id.b));

        rc = platen_store_get(txn, &id, &job);
        if (rc == PLATEN_OK) {
            platen_files_of_job(&job, e);
            return PLATEN_OK;
        }

        if (rc != PLATEN_CORRUPT && rc != PLATEN_TOO_NEW
            && rc != PLATEN_NOT_FOUND)
        {
            return rc;
        }

        /* one that is damaged does not hide the others */

        e->len = ngx_snprintf(e->name, sizeof(e->name), "file %uD",
                              file->number)
                 - e->name;
        e->number = file->number;
        e->status = "FAILED";
        e->code = platen_str("server_failed");
        e->error = platen_str("The record of this file cannot be read. Tell "
                              "the server's operator the id of the job.");
        e->is_file = 0;

        return PLATEN_OK;
    }

    e->len = ngx_min(file->name.len, sizeof(e->name));
    ngx_memcpy(e->name, file->name.data, e->len);
    e->number = file->number;
    e->status = "SKIPPED";
    e->code = file->code;
    e->error = platen_str(platen_batch_sentence(file->code.data,
                                                file->code.len));
    e->is_file = 0;

    return PLATEN_OK;
}


static void
platen_files_write_one(platen_json_t *j, ngx_str_t *prefix, const char *id,
    const platen_files_entry_t *e)
{
    platen_json_open(j, NULL, '{');
    platen_json_uint(j, "id", e->number);
    platen_json_string(j, "filename", e->name, e->len);
    platen_json_word(j, "status", e->status, ngx_strlen(e->status));
    platen_json_string(j, "error", e->error.len ? e->error.data : NULL,
                       e->error.len);
    platen_json_word(j, "error_code", e->code.len ? e->code.data : NULL,
                     e->code.len);

    if (e->is_file && e->job.source_format.len) {
        platen_json_word(j, "source_format", e->job.source_format.data,
                         e->job.source_format.len);

    } else {
        platen_json_null(j, "source_format");
    }

    if (e->is_file && platen_state_has_result(e->job.state)) {
        platen_json_uint(j, "output_size", e->job.output_size);
        platen_job_json_download(j, (platen_str_t) { (char *) prefix->data,
                                                     prefix->len },
                                 id, &e->number);

    } else {
        platen_json_null(j, "output_size");
        platen_json_null(j, "download_url");
    }

    platen_json_close(j, '}');
}


/*
 * Entries from *from on, which becomes what is next, `max` of them at most; a
 * PLATEN_ code.
 */

static int
platen_files_each(platen_txn_t *txn, const platen_job_t *job, uint64_t *from,
    ngx_uint_t max, platen_json_t *j, ngx_str_t *prefix,
    void (*write)(platen_json_t *j, ngx_str_t *prefix, const char *id,
                  const platen_files_entry_t *e))
{
    int                   rc, i, n;
    ngx_uint_t            left;
    platen_file_t         files[PLATEN_BATCH_SLICE];
    platen_files_entry_t  entry;
    char                  id[PLATEN_ID_TEXT + 1];

    platen_id_format(&job->id, id);

    if (job->batch == PLATEN_BATCH_NONE) {

        if (*from == 0) {
            platen_files_of_job(job, &entry);
            write(j, prefix, id, &entry);
        }

        *from = PLATEN_BATCH_LAST;

        return PLATEN_OK;
    }

    left = max;

    while (left > 0) {
        n = platen_store_files(txn, &job->id, (uint32_t) *from, files,
                               (int) ngx_min(left, PLATEN_BATCH_SLICE));
        if (n <= 0) {
            *from = PLATEN_BATCH_LAST;
            return n;
        }

        for (i = 0; i < n; i++) {
            rc = platen_files_of_file(txn, &files[i], &entry);
            if (rc != PLATEN_OK) {
                return rc;
            }

            write(j, prefix, id, &entry);
        }

        left -= n;
        *from = (uint64_t) files[n - 1].number + 1;
    }

    return PLATEN_OK;
}


int
platen_files_write(platen_json_t *j, ngx_str_t *prefix,
    platen_txn_t *txn, const platen_job_t *job)
{
    int       rc;
    uint64_t  from;

    rc = PLATEN_OK;
    from = 0;
    platen_json_open(j, "files", '[');

    if (txn || job->batch == PLATEN_BATCH_NONE) {
        rc = platen_files_each(txn, job, &from, PLATEN_BATCH_PAGE, j, prefix,
                               platen_files_write_one);
    }

    platen_json_close(j, ']');

    return rc;
}


/* What was written of files in `txn`, which ends; `rc` is what reading them said. */

static ngx_int_t
platen_files_answer(ngx_http_request_t *r, int rc, platen_txn_t *txn,
    platen_json_t *j)
{
    ngx_str_t  value;

    platen_txn_abort(txn);

    if (rc != PLATEN_OK) {
        return platen_respond_store(r, rc, "reading files",
                                    platen_txn_errstr(txn));
    }

    ngx_str_set(&value, "private, no-cache");

    if (platen_respond_header(r, "Cache-Control", &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return platen_respond_json(r, NGX_HTTP_OK, j);
}


/* GET /jobs/{id}/files */

ngx_int_t
platen_files_list(ngx_http_request_t *r)
{
    int                          rc;
    uint64_t                     total, from;
    ngx_int_t                    status;
    ngx_uint_t                   offset, limit;
    platen_txn_t                 txn;
    platen_job_t                 job;
    platen_json_t                j;
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(r, ngx_http_platen_module);

    offset = 0;
    limit = 100;

    if (platen_query_number(r, "limit", PLATEN_BATCH_PAGE, &limit) != NGX_OK
        || limit == 0)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "limit takes a number from 1 to 1000.");
    }

    if (platen_query_number(r, "offset", PLATEN_ZIP_ENTRIES, &offset)
        != NGX_OK)
    {
        return platen_respond_problem(r, PLATEN_PROBLEM_INVALID_PARAMETER,
                                      "offset takes a number from 0 to 10000: "
                                      "that of a file.");
    }

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    total = job.batch == PLATEN_BATCH_NONE ? 1 : job.files;

    platen_json_chain_init(&j, r->pool, 4096);
    platen_json_open(&j, NULL, '{');
    platen_json_open(&j, "files", '[');
    from = offset;
    rc = platen_files_each(&txn, &job, &from, limit, &j, &plcf->prefix,
                           platen_files_write_one);
    platen_json_close(&j, ']');
    platen_job_json_counts(&j, &job);
    platen_json_uint(&j, "total", total);
    platen_json_uint(&j, "limit", limit);
    platen_json_uint(&j, "offset", offset);

    if (offset + limit < total) {
        platen_json_uint(&j, "next_offset", offset + limit);

    } else {
        platen_json_null(&j, "next_offset");
    }

    platen_json_close(&j, '}');

    return platen_files_answer(r, rc, &txn, &j);
}


/* GET /jobs/{id}/files/{n} */

ngx_int_t
platen_files_download(ngx_http_request_t *r)
{
    int                     rc;
    ngx_int_t               status;
    platen_id_t             id;
    platen_txn_t            txn;
    platen_job_t            job;
    platen_file_t           file;
    ngx_http_platen_ctx_t  *ctx;
    u_char                  detail[256];

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    if (job.batch == PLATEN_BATCH_NONE) {

        if (ctx->number == 0) {
            return platen_download_result(r, &txn, &job);
        }

        rc = PLATEN_NOT_FOUND;

    } else {
        rc = ctx->number < 0 || ctx->number >= PLATEN_ZIP_ENTRIES
             ? PLATEN_NOT_FOUND
             : platen_store_file(&txn, &job.id, (uint32_t) ctx->number, &file);
    }

    if (rc == PLATEN_OK && file.id.len != sizeof(id.b)) {
        ngx_snprintf(detail, sizeof(detail), "It was skipped: %s%Z",
                     platen_batch_sentence(file.code.data, file.code.len));
        platen_txn_abort(&txn);
        return platen_respond_problem(r, PLATEN_PROBLEM_FILE_NOT_FOUND,
                                      (char *) detail);
    }

    if (rc == PLATEN_OK) {
        ngx_memcpy(id.b, file.id.data, sizeof(id.b));
        rc = platen_store_get(&txn, &id, &job);
    }

    if (rc == PLATEN_OK) {
        return platen_download_result(r, &txn, &job);
    }

    platen_txn_abort(&txn);

    return rc == PLATEN_NOT_FOUND
           ? platen_respond_problem(r, PLATEN_PROBLEM_FILE_NOT_FOUND, NULL)
           : platen_respond_store(r, rc, "reading a file",
                                  platen_txn_errstr(&txn));
}


/* States in the words of /api/v1. */

static const char *
platen_files_v1_state(const char *name)
{
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        const char  *v1;
    } states[] = {
        { "PROCESSING", "processing" },
        { "SUCCESS", "completed" },
        { "PARTIAL_SUCCESS", "partial_success" },
        { "FAILED", "failed" },
        { "CANCELLED", "failed" },
        { "SKIPPED", "skipped" }
    };

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (ngx_strcmp(states[i].name, name) == 0) {
            return states[i].v1;
        }
    }

    return "pending";
}


static void
platen_files_write_v1(platen_json_t *j, ngx_str_t *prefix, const char *id,
    const platen_files_entry_t *e)
{
    const char  *state;

    state = platen_files_v1_state(e->status);

    platen_json_open(j, NULL, '{');
    platen_json_uint(j, "id", e->number);
    platen_json_string(j, "filename", e->name, e->len);
    platen_json_word(j, "status", state, ngx_strlen(state));
    platen_json_string(j, "error_message",
                       e->error.len ? e->error.data : NULL, e->error.len);
    platen_json_close(j, '}');
}


/* GET /api/v1/jobs/{id} */

ngx_int_t
platen_files_status(ngx_http_request_t *r)
{
    int                     rc;
    ngx_int_t               status;
    const char             *state;
    platen_txn_t            txn;
    platen_job_t            job;
    ngx_http_cleanup_t     *cln;
    platen_files_status_t  *s;
    char                    id[PLATEN_ID_TEXT + 1];

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    s = ngx_pcalloc(r->pool, sizeof(platen_files_status_t));

    if (s == NULL) {
        platen_txn_abort(&txn);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    s->request = r;
    s->result = platen_state_has_result(job.state);

    platen_id_format(&job.id, id);
    state = platen_files_v1_state(platen_state_name(job.state));

    platen_json_chain_init(&s->json, r->pool, 4096);
    platen_json_open(&s->json, NULL, '{');
    platen_json_word(&s->json, "id", id, PLATEN_ID_TEXT);
    platen_json_word(&s->json, "status", state, ngx_strlen(state));
    platen_json_time(&s->json, "created_at", job.created_at);
    platen_json_open(&s->json, "files", '[');

    rc = platen_files_status_slice(s, &txn, &job);

    if (rc != PLATEN_OK || s->next == PLATEN_BATCH_LAST) {
        return platen_files_status_end(s, rc, &txn);
    }

    platen_txn_abort(&txn);

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return platen_respond_problem(r, platen_problem_of_status(rc), NULL);
    }

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cln->handler = platen_files_status_cleanup;
    cln->data = s;

    s->event.handler = platen_files_status_turn;
    s->event.data = r->connection;
    s->event.log = r->connection->log;

    r->write_event_handler = ngx_http_request_empty_handler;
    r->main->count++;

    ngx_add_timer(&s->event, PLATEN_BATCH_PAUSE);

    return NGX_DONE;
}


static int
platen_files_status_slice(platen_files_status_t *s, platen_txn_t *txn,
    const platen_job_t *job)
{
    ngx_http_platen_loc_conf_t  *plcf;

    plcf = ngx_http_get_module_loc_conf(s->request, ngx_http_platen_module);

    return platen_files_each(txn, job, &s->next, PLATEN_BATCH_TURN, &s->json,
                             &plcf->prefix, platen_files_write_v1);
}


/* The next slice; in between others have had their turn. */

static void
platen_files_status_turn(ngx_event_t *ev)
{
    int                     rc;
    ngx_int_t               status;
    platen_job_t            job;
    platen_txn_t            txn;
    ngx_connection_t       *c;
    ngx_http_request_t     *r;
    platen_files_status_t  *s;

    s = (platen_files_status_t *) ((u_char *) ev
                                   - offsetof(platen_files_status_t, event));
    r = s->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        /* deleted meanwhile */
        ngx_http_finalize_request(r, status);
        ngx_http_run_posted_requests(c);
        return;
    }

    rc = platen_files_status_slice(s, &txn, &job);

    if (rc == PLATEN_OK && s->next != PLATEN_BATCH_LAST) {
        platen_txn_abort(&txn);
        ngx_add_timer(ev, PLATEN_BATCH_PAUSE);
        return;
    }

    ngx_http_finalize_request(r, platen_files_status_end(s, rc, &txn));
    ngx_http_run_posted_requests(c);
}


static void
platen_files_status_cleanup(void *data)
{
    platen_files_status_t *s = data;

    if (s->event.timer_set) {
        ngx_del_timer(&s->event);
    }
}


static ngx_int_t
platen_files_status_end(platen_files_status_t *s, int rc, platen_txn_t *txn)
{
    u_char                      *p;
    ngx_http_platen_ctx_t       *ctx;
    ngx_http_platen_loc_conf_t  *plcf;
    char                         id[PLATEN_ID_TEXT + 1];
    u_char                       url[PLATEN_PREFIX_MAX + 96];

    ctx = ngx_http_get_module_ctx(s->request, ngx_http_platen_module);
    plcf = ngx_http_get_module_loc_conf(s->request, ngx_http_platen_module);

    platen_json_close(&s->json, ']');

    if (s->result) {
        platen_id_format(&ctx->id, id);
        p = ngx_snprintf(url, sizeof(url), "%V/api/v1/jobs/%s/download",
                         &plcf->prefix, id);
        platen_json_string(&s->json, "download_url", url, p - url);

    } else {
        platen_json_null(&s->json, "download_url");
    }

    platen_json_close(&s->json, '}');

    return platen_files_answer(s->request, rc, txn, &s->json);
}
