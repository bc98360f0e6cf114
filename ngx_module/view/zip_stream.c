
/*
 * GET /jobs/{id}/download?partial=1 of a batch that is at work: a ZIP file of
 * the results that are there, made while it is sent (APPNOTE 6.3.10, stored
 * entries only).  Files go by sendfile; what each one's checksum is, the record
 * says.  Memory does not grow with the results, but for a table of the hashes of
 * their names.
 *
 * A file that ends while the archive is sent is in it, if it is not past its
 * place.  Nothing that is in it can change; but the batch may be deleted, and
 * then the connection is closed before the archive's directory, so that nobody
 * takes it for whole.  Runs in the event loop, a file at a time; each turn has a
 * read transaction of its own.
 */


#include "view/zip_stream.h"

#include "conf.h"
#include "ctx.h"
#include "worker.h"
#include "access/owned.h"
#include "base/id.h"
#include "base/platen.h"
#include "disk/layout.h"
#include "format/filename.h"
#include "format/zip_check.h"
#include "http/problem.h"
#include "http/respond.h"
#include "http/sender.h"
#include "job/job.h"
#include "store/store.h"
#include "view/download.h"


#define PLATEN_ZIP_STREAM_LOCAL       30       /* bytes of a local header, */
#define PLATEN_ZIP_STREAM_CENTRAL     46       /* of one in the directory, */
#define PLATEN_ZIP_STREAM_NAME        2048     /* and of the longest name */
#define PLATEN_ZIP_STREAM_SLICE       32       /* entries looked at at once */
#define PLATEN_ZIP_STREAM_TURN        16       /* results sent in one turn, */
#define PLATEN_ZIP_STREAM_SCAN        512      /* and entries passed over */
#define PLATEN_ZIP_STREAM_MAX         0xf0000000  /* bytes: no ZIP64 */
#define PLATEN_ZIP_STREAM_DATE        0x21     /* 1 January 1980 */
#define PLATEN_ZIP_STREAM_UTF8        0x0800   /* general purpose bit 11 */


/* A result on its way into the archive. */

typedef struct {
    platen_id_t          id;
    uint32_t             epoch;
    uint32_t             number;
    uint32_t             crc;
    uint32_t             size;
    uint32_t             hash;      /* of the name */
    size_t               len;
    u_char               name[PLATEN_ZIP_STREAM_NAME];
} platen_zip_stream_result_t;


/* Owned by the request. */

typedef struct {
    ngx_http_request_t  *request;
    platen_sender_t      sender;
    uint32_t             next;      /* number of the next entry */
    uint64_t             offset;    /* bytes of the archive so far, */
    uint64_t             directory; /* where its directory begins, */
    uint64_t             listed;    /* and how long that is */
    ngx_uint_t           count;     /* results in it */
    ngx_uint_t           nlisted;   /* and in its directory so far */
    uint32_t            *names;     /* hashes of their names, none of them 0 */
    ngx_uint_t           mask;      /* size of that table, less one */
    ngx_uint_t           turn;      /* results sent in this turn */
    u_char               in[PLATEN_ZIP_ENTRIES / 8 + 1];  /* bit n: entry n */
    ngx_buf_t            head;
    ngx_buf_t            body;
    ngx_file_t           file;
    u_char               text[PLATEN_ZIP_STREAM_CENTRAL
                              + PLATEN_ZIP_STREAM_NAME];
    unsigned             listing:1; /* the directory is being written */
    unsigned             ended:1;
} platen_zip_stream_t;


static ngx_int_t platen_zip_stream_header(ngx_http_request_t *r,
    const platen_job_t *job);
static ngx_int_t platen_zip_stream_go(platen_zip_stream_t *z);
static ngx_int_t platen_zip_stream_next(platen_zip_stream_t *z,
    platen_zip_stream_result_t *e);
static ngx_int_t platen_zip_stream_read(platen_zip_stream_t *z,
    platen_txn_t *txn, const platen_file_t *file,
    platen_zip_stream_result_t *e);
static void platen_zip_stream_name(platen_zip_stream_t *z,
    const platen_job_t *job, platen_zip_stream_result_t *e);
static uint32_t *platen_zip_stream_slot(platen_zip_stream_t *z,
    uint32_t hash);
static ngx_int_t platen_zip_stream_file(platen_zip_stream_t *z,
    const platen_zip_stream_result_t *e);
static ngx_int_t platen_zip_stream_entry(platen_zip_stream_t *z,
    const platen_zip_stream_result_t *e);
static ngx_int_t platen_zip_stream_end(platen_zip_stream_t *z);
static ngx_int_t platen_zip_stream_send(platen_zip_stream_t *z, u_char *last);
static ngx_int_t platen_zip_stream_sent(platen_zip_stream_t *z,
    ngx_int_t rc);
static void platen_zip_stream_writer(ngx_http_request_t *r);
static void platen_zip_stream_close(void *data);
static u_char *platen_zip_stream_fields(u_char *p,
    const platen_zip_stream_result_t *e);
static u_char *platen_zip_stream_16(u_char *p, ngx_uint_t n);
static u_char *platen_zip_stream_32(u_char *p, uint32_t n);


ngx_int_t
platen_zip_stream_download(ngx_http_request_t *r)
{
    ngx_int_t               rc, status;
    ngx_str_t               value;
    platen_job_t            job;
    platen_txn_t            txn;
    ngx_pool_cleanup_t     *cln;
    platen_zip_stream_t   *z;
    ngx_http_platen_ctx_t  *ctx;

    if (ngx_http_arg(r, (u_char *) "partial", 7, &value) != NGX_OK
        || value.len != 1 || value.data[0] != '1')
    {
        return platen_download_job(r);
    }

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    if (platen_owned_read(r, &txn, &job, &status) != NGX_OK) {
        return status;
    }

    if (job.batch == PLATEN_BATCH_NONE || platen_state_has_result(job.state)
        || job.success == 0)
    {
        return platen_download_result(r, &txn, &job);
    }

    if (r != r->main) {
        platen_txn_abort(&txn);
        return platen_respond_problem(r, PLATEN_PROBLEM_NOT_IMPLEMENTED,
                                      "An archive that is not whole is not to "
                                      "be had in a subrequest of nginx; let "
                                      "the client ask for it.");
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(platen_zip_stream_t));

    if (cln == NULL) {
        platen_txn_abort(&txn);
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    z = cln->data;
    ngx_memzero(z, sizeof(platen_zip_stream_t));
    z->request = r;
    z->sender.request = r;
    z->sender.what = "archive";
    z->file.fd = NGX_INVALID_FILE;
    cln->handler = platen_zip_stream_close;
    ctx->live = z;

    for (z->mask = 64; z->mask < 2 * (ngx_uint_t) job.files; z->mask *= 2) {
        /* void */
    }

    z->names = ngx_pcalloc(r->pool, z->mask * sizeof(uint32_t));
    z->mask--;

    rc = z->names ? platen_zip_stream_header(r, &job) : NGX_ERROR;
    platen_txn_abort(&txn);

    if (rc == NGX_OK) {
        rc = ngx_http_discard_request_body(r);
    }

    if (rc != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = platen_zip_stream_writer;
    r->main->count++;

    rc = platen_zip_stream_go(z);

    if (rc != NGX_AGAIN) {
        ngx_http_finalize_request(r, rc);
    }

    return NGX_DONE;
}


static ngx_int_t
platen_zip_stream_header(ngx_http_request_t *r, const platen_job_t *job)
{
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);

    r->headers_out.status = NGX_HTTP_OK;
    ngx_str_set(&r->headers_out.content_type, "application/zip");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    r->disable_not_modified = 1;

    if (platen_download_named(r, job, "zip") != NGX_OK) {
        return NGX_ERROR;
    }

    return platen_respond_header(r, "X-Request-ID", &ctx->request_id);
}


/* Writes until the socket is full: NGX_AGAIN; else how the request ends. */

static ngx_int_t
platen_zip_stream_go(platen_zip_stream_t *z)
{
    ngx_int_t               rc;
    platen_zip_stream_result_t  entry;

    for ( ;; ) {
        if (z->turn++ == PLATEN_ZIP_STREAM_TURN) {
            /* others have their turn, however fast this client is */
            z->turn = 0;
            z->sender.busy = 1;
            ngx_post_event(z->request->connection->write,
                           &ngx_posted_next_events);
            return NGX_AGAIN;
        }

        if (z->ended) {
            rc = ngx_http_send_special(z->request, NGX_HTTP_LAST);

            /* what is not sent yet, nginx sends */
            return rc == NGX_AGAIN ? NGX_OK : rc;
        }

        rc = platen_zip_stream_next(z, &entry);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_AGAIN) {
            z->turn = PLATEN_ZIP_STREAM_TURN;
            continue;
        }

        if (rc == NGX_OK) {
            rc = z->listing ? platen_zip_stream_entry(z, &entry)
                            : platen_zip_stream_file(z, &entry);

        } else if (z->listing) {
            rc = platen_zip_stream_end(z);

        } else {
            z->listing = 1;
            z->next = 0;
            z->directory = z->offset;
            z->offset = 0;
            ngx_memzero(z->names, (z->mask + 1) * sizeof(uint32_t));
            continue;
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }
}


/*
 * The next result: NGX_OK; NGX_DONE: there is no more; NGX_AGAIN: there may be,
 * but that is enough for one turn; NGX_ERROR.
 */

static ngx_int_t
platen_zip_stream_next(platen_zip_stream_t *z, platen_zip_stream_result_t *e)
{
    int                     i, n;
    ngx_int_t               rc;
    ngx_uint_t              seen;
    platen_txn_t            txn;
    platen_store_t         *store;
    platen_file_t           files[PLATEN_ZIP_STREAM_SLICE];
    ngx_http_platen_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(z->request, ngx_http_platen_module);
    store = ngx_http_platen_store(z->request->connection->log);

    if (store == NULL || platen_txn_read(store, &txn) != PLATEN_OK) {
        return NGX_ERROR;
    }

    rc = NGX_DONE;
    seen = 0;

    do {
        n = platen_store_files(&txn, &ctx->id, z->next, files,
                               PLATEN_ZIP_STREAM_SLICE);

        for (i = 0; i < n && rc == NGX_DONE; i++) {
            z->next = files[i].number + 1;
            rc = platen_zip_stream_read(z, &txn, &files[i], e);
        }

        seen += i;

    } while (rc == NGX_DONE && n > 0 && seen < PLATEN_ZIP_STREAM_SCAN);

    platen_txn_abort(&txn);

    if (n < 0) {
        return NGX_ERROR;
    }

    return rc == NGX_DONE && n > 0 ? NGX_AGAIN : rc;
}


/* NGX_OK; NGX_DONE: it is not in the archive; NGX_ERROR: it is no more. */

static ngx_int_t
platen_zip_stream_read(platen_zip_stream_t *z, platen_txn_t *txn,
    const platen_file_t *file, platen_zip_stream_result_t *e)
{
    platen_job_t  job;
    ngx_uint_t    in;

    in = file->number < PLATEN_ZIP_ENTRIES
         && (z->in[file->number / 8] & (1 << file->number % 8));

    if (z->listing && !in) {
        return NGX_DONE;
    }

    if (file->id.len != sizeof(e->id.b) || file->number >= PLATEN_ZIP_ENTRIES) {
        return z->listing ? NGX_ERROR : NGX_DONE;
    }

    ngx_memcpy(e->id.b, file->id.data, sizeof(e->id.b));

    if (platen_store_get(txn, &e->id, &job) != PLATEN_OK
        || job.state != PLATEN_STATE_SUCCESS)
    {
        return z->listing ? NGX_ERROR : NGX_DONE;
    }

    if (!z->listing
        && (job.output_size > PLATEN_ZIP_STREAM_MAX
            || z->offset + job.output_size > PLATEN_ZIP_STREAM_MAX
            || z->count > z->mask / 2))
    {
        return NGX_DONE;
    }

    e->number = file->number;
    e->epoch = job.epoch;
    e->crc = job.output_crc;
    e->size = (uint32_t) job.output_size;
    platen_zip_stream_name(z, &job, e);

    return NGX_OK;
}


/* As in the archive at the end; one that is taken has its number in it. */

static void
platen_zip_stream_name(platen_zip_stream_t *z, const platen_job_t *job,
    platen_zip_stream_result_t *e)
{
    u_char              *p, *last, *stem;
    ngx_uint_t           tries;
    const platen_str_t  *format;
    char                 name[PLATEN_FILENAME_MAX + 1], ext[32];
    size_t               len, ext_len;

    format = job->output_format.len ? &job->output_format
                                    : &job->target_format;
    ngx_snprintf((u_char *) ext, sizeof(ext), "%*s%Z", format->len,
                 format->data);
    ext[sizeof(ext) - 1] = '\0';
    len = platen_filename_replace_ext(job->input_filename.data,
                                      job->input_filename.len, ext, name,
                                      sizeof(name));
    ext_len = ngx_min(ngx_strlen(ext) + 1, len);

    last = e->name + sizeof(e->name);
    p = e->name;

    if (job->folder.len && job->folder.len < sizeof(e->name) / 2) {
        p = ngx_snprintf(p, last - p, "%*s/", job->folder.len,
                         job->folder.data);
    }

    stem = p;

    for (tries = 0; /* void */ ; tries++) {
        p = ngx_cpymem(stem, name, len - ext_len);

        if (tries) {
            p = ngx_snprintf(p, last - p, " (%ui)", job->file + tries);
        }

        p = ngx_cpymem(p, name + len - ext_len, ext_len);
        e->len = p - e->name;

        /* FNV-1a; two names that share a hash are taken for one, harmlessly */

        e->hash = 2166136261U;
        for (p = e->name; p < e->name + e->len; p++) {
            e->hash = (e->hash ^ ngx_tolower(*p)) * 16777619U;
        }

        e->hash += e->hash == 0;

        if (*platen_zip_stream_slot(z, e->hash) == 0) {
            break;
        }
    }
}


/* Where the hash is in the table, or would be. */

static uint32_t *
platen_zip_stream_slot(platen_zip_stream_t *z, uint32_t hash)
{
    ngx_uint_t  i;

    for (i = hash & z->mask; z->names[i] && z->names[i] != hash;
         i = (i + 1) & z->mask)
    {
        /* void */
    }

    return &z->names[i];
}


/* A local header, and the bytes.  As platen_zip_stream_send(). */

static ngx_int_t
platen_zip_stream_file(platen_zip_stream_t *z,
    const platen_zip_stream_result_t *e)
{
    u_char                       *p;
    ngx_file_info_t               fi;
    ngx_http_platen_main_conf_t  *pmcf;

    pmcf = ngx_http_get_module_main_conf(z->request, ngx_http_platen_module);

    z->file.name.data = z->text + PLATEN_ZIP_STREAM_CENTRAL;
    z->file.name.len = platen_layout_path((char *) pmcf->data.data,
                                          PLATEN_DIR_OUTPUT, &e->id, e->epoch,
                                          (char *) z->file.name.data);
    z->file.fd = ngx_open_file(z->file.name.data, NGX_FILE_RDONLY,
                               NGX_FILE_OPEN, 0);

    if (z->file.fd == NGX_INVALID_FILE
        || ngx_fd_info(z->file.fd, &fi) == NGX_FILE_ERROR
        || ngx_file_size(&fi) != (off_t) e->size)
    {
        /* deleted since; not one that has been promised */
        platen_zip_stream_close(z);
        return NGX_OK;
    }

    z->in[e->number / 8] |= 1 << e->number % 8;
    *platen_zip_stream_slot(z, e->hash) = e->hash;
    z->count++;

    p = platen_zip_stream_32(z->text, 0x04034b50);
    p = platen_zip_stream_fields(p, e);
    p = ngx_cpymem(p, e->name, e->len);
    z->offset += (p - z->text) + e->size;

    ngx_memzero(&z->body, sizeof(ngx_buf_t));
    z->body.in_file = 1;
    z->body.file = &z->file;
    z->body.file_last = e->size;
    z->file.log = z->request->connection->log;

    return platen_zip_stream_send(z, p);
}


/* An entry of the directory. */

static ngx_int_t
platen_zip_stream_entry(platen_zip_stream_t *z,
    const platen_zip_stream_result_t *e)
{
    u_char  *p;

    p = platen_zip_stream_32(z->text, 0x02014b50);
    p = platen_zip_stream_16(p, 0x0314);           /* made by Unix */
    p = platen_zip_stream_fields(p, e);
    p = platen_zip_stream_16(p, 0);                /* comment */
    p = platen_zip_stream_16(p, 0);                /* disk */
    p = platen_zip_stream_16(p, 0);
    p = platen_zip_stream_32(p, 0100644u << 16);   /* a plain file */
    p = platen_zip_stream_32(p, (uint32_t) z->offset);
    p = ngx_cpymem(p, e->name, e->len);

    z->offset += PLATEN_ZIP_STREAM_LOCAL + e->len + e->size;
    z->listed += p - z->text;
    *platen_zip_stream_slot(z, e->hash) = e->hash;
    z->nlisted++;

    return platen_zip_stream_send(z, p);
}


/* The end; or none, if what was sent and what is listed are two things. */

static ngx_int_t
platen_zip_stream_end(platen_zip_stream_t *z)
{
    u_char  *p;

    if (z->offset != z->directory || z->nlisted != z->count) {
        ngx_log_error(NGX_LOG_INFO, z->request->connection->log, 0,
                      "platen: a batch was changed while what there is of it "
                      "was sent");
        return NGX_ERROR;
    }

    p = platen_zip_stream_32(z->text, 0x06054b50);
    p = platen_zip_stream_32(p, 0);                /* disks */
    p = platen_zip_stream_16(p, z->count);
    p = platen_zip_stream_16(p, z->count);
    p = platen_zip_stream_32(p, (uint32_t) z->listed);
    p = platen_zip_stream_32(p, (uint32_t) z->directory);
    p = platen_zip_stream_16(p, 0);

    z->ended = 1;

    return platen_zip_stream_send(z, p);
}


/* The fields that both headers of an entry have in common (section 4.3.7). */

static u_char *
platen_zip_stream_fields(u_char *p, const platen_zip_stream_result_t *e)
{
    p = platen_zip_stream_16(p, 20);               /* version needed */
    p = platen_zip_stream_16(p, PLATEN_ZIP_STREAM_UTF8);
    p = platen_zip_stream_16(p, 0);                /* stored */
    p = platen_zip_stream_16(p, 0);
    p = platen_zip_stream_16(p, PLATEN_ZIP_STREAM_DATE);
    p = platen_zip_stream_32(p, e->crc);
    p = platen_zip_stream_32(p, e->size);
    p = platen_zip_stream_32(p, e->size);
    p = platen_zip_stream_16(p, e->len);

    return platen_zip_stream_16(p, 0);             /* extra field */
}


/*
 * Sends z->text up to `last`, and z->body if it is a file.  NGX_OK: all of it
 * has gone; NGX_AGAIN: the socket is full; NGX_ERROR.
 */

static ngx_int_t
platen_zip_stream_send(platen_zip_stream_t *z, u_char *last)
{
    ngx_chain_t  out[2];

    ngx_memzero(&z->head, sizeof(ngx_buf_t));
    z->head.start = z->text;
    z->head.pos = z->text;
    z->head.last = last;
    z->head.end = last;
    z->head.memory = 1;

    out[0].buf = &z->head;
    out[0].next = NULL;

    if (z->file.fd != NGX_INVALID_FILE && z->body.file_last) {
        out[0].next = &out[1];
        out[1].buf = &z->body;
        out[1].next = NULL;
        z->body.flush = 1;

    } else {
        z->head.flush = 1;
    }

    return platen_zip_stream_sent(z, platen_sender_send(&z->sender, out));
}


static ngx_int_t
platen_zip_stream_sent(platen_zip_stream_t *z, ngx_int_t rc)
{
    if (rc == NGX_OK) {
        platen_zip_stream_close(z);
    }

    return rc;
}


static void
platen_zip_stream_writer(ngx_http_request_t *r)
{
    ngx_int_t                rc;
    platen_zip_stream_t  *z;
    ngx_http_platen_ctx_t   *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_platen_module);
    z = ctx->live;

    if (!z->sender.busy) {
        return;
    }

    rc = platen_zip_stream_sent(z, platen_sender_event(&z->sender));

    if (rc == NGX_OK) {
        rc = platen_zip_stream_go(z);
    }

    if (rc != NGX_AGAIN) {
        ngx_http_finalize_request(r, rc);
    }
}


static void
platen_zip_stream_close(void *data)
{
    platen_zip_stream_t *z = data;

    if (z->file.fd != NGX_INVALID_FILE) {
        (void) ngx_close_file(z->file.fd);
        z->file.fd = NGX_INVALID_FILE;
    }
}


static u_char *
platen_zip_stream_16(u_char *p, ngx_uint_t n)
{
    *p++ = (u_char) n;
    *p++ = (u_char) (n >> 8);

    return p;
}


static u_char *
platen_zip_stream_32(u_char *p, uint32_t n)
{
    p = platen_zip_stream_16(p, n & 0xffff);

    return platen_zip_stream_16(p, n >> 16);
}
