/*
 * The results of a batch for its one ZIP file; see batch/batches.h.  Each is a
 * link below the batch's directory, which platen-zip may read and nothing else
 * of the results; the list says what becomes of every entry
 * (zip/batch.c).
 */

#include "batch/internal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "job/skip.h"
#include "base/bytes.h"
#include "base/crash.h"
#include "format/filename.h"
#include "run/tree.h"

#define SLICE 64

static json_t *
text(platen_str_t s)
{
    return s.len == 0 ? json_null() : platen_log_text(s.data, s.len);
}

static json_t *
digest(platen_str_t s)
{
    char hex[2 * PLATEN_SHA256_LEN + 1];

    if (s.len != PLATEN_SHA256_LEN) {
        return json_null();
    }
    platen_bytes_hex(s.data, s.len, hex);
    return json_string(hex);
}

/* "a/b.docx", or with another extension. */
static json_t *
entry_name(const platen_job_t *job, const char *ext)
{
    char   path[PLATEN_RECORD_MAX];
    size_t n;

    n = (size_t) snprintf(path, sizeof(path), "%.*s%s", (int) job->folder.len,
                          job->folder.len == 0 ? "" : job->folder.data,
                          job->folder.len == 0 ? "" : "/");
    if (n + PLATEN_FILENAME_MAX + 1 >= sizeof(path)) {
        n = 0;
    }
    if (ext == NULL) {
        snprintf(path + n, sizeof(path) - n, "%.*s", (int) job->input_filename.len,
                 job->input_filename.len == 0 ? "" : job->input_filename.data);
    } else {
        (void) platen_filename_replace_ext(job->input_filename.data, job->input_filename.len,
                                           ext, path + n, sizeof(path) - n);
    }
    return platen_log_text(path, strlen(path));
}

static json_t *
skipped_line(const platen_file_t *file)
{
    return json_pack("{s:i, s:o, s:s, s:o, s:s}", "id", (int) file->number, "entry",
                     text(file->name), "status", "SKIPPED", "error_code", text(file->code),
                     "error", platen_batch_sentence(file->code.data, file->code.len));
}

static json_t *
job_line(const platen_job_t *job, int lost)
{
    platen_str_t name = job->output_format.len != 0 ? job->output_format : job->target_format;
    const platen_format_t *format = platen_format_find(name.data, name.len);
    json_t                *line;

    line = json_pack("{s:i, s:o, s:s, s:o, s:o, s:o}", "id", (int) job->file, "entry",
                     entry_name(job, NULL), "status",
                     platen_state_name((platen_state_t) job->state), "error_code",
                     text(job->error_code), "error", text(job->error), "input_sha256",
                     digest(job->input_sha256));
    if (line != NULL && lost) {
        (void) json_object_set_new(line, "status", json_string("FAILED"));
        (void) json_object_set_new(line, "error_code", json_string("result_missing"));
        (void) json_object_set_new(line, "error",
                                   json_string("The result was lost on the server's disk."));
    } else if (line != NULL && job->state == PLATEN_STATE_SUCCESS && format != NULL) {
        (void) json_object_set_new(line, "result", entry_name(job, format->name));
        (void) json_object_set_new(line, "size", json_integer((json_int_t) job->output_size));
        (void) json_object_set_new(line, "sha256", digest(job->output_sha256));
        (void) json_object_set_new(line, "deflate",
                                   json_boolean(format->family == PLATEN_FAMILY_TEXT));
    }
    return line;
}

static int
link_result(const platen_batches_t *b, const platen_batch_item_t *item, const platen_job_t *job)
{
    char from[PLATEN_PATH_MAX], to[2 * PLATEN_PATH_MAX];

    platen_layout_path(b->config->data_path, PLATEN_DIR_OUTPUT, &job->id, job->epoch, from);
    snprintf(to, sizeof(to), "%s/%u", item->dir, job->file);
    return link(from, to) == 0 ? PLATEN_OK : PLATEN_ERROR;
}

/* One entry: its line, and its result if it has one. */
static int
gather(const platen_batches_t *b, platen_txn_t *txn, const platen_batch_item_t *item,
       const platen_file_t *file)
{
    platen_job_t job;
    platen_id_t  id;
    json_t      *line;
    int          rc, lost = 0;

    if (file->id.len != sizeof(id.b)) {
        line = skipped_line(file);
    } else {
        memcpy(id.b, file->id.data, sizeof(id.b));
        rc = platen_store_get(txn, &id, &job);
        if (rc == PLATEN_OK && job.state == PLATEN_STATE_SUCCESS) {
            rc = link_result(b, item, &job);
            lost = rc == PLATEN_ERROR && errno == ENOENT;
        }
        /* What is damaged of one file is no fault of the others. */
        if (rc == PLATEN_CORRUPT || rc == PLATEN_TOO_NEW || rc == PLATEN_NOT_FOUND) {
            job = (platen_job_t){ .file = file->number, .state = PLATEN_STATE_FAILED };
            lost = 1;
        }
        if (rc != PLATEN_OK && !lost) {
            return rc;
        }
        line = job_line(&job, lost);
    }
    if (line == NULL) {
        errno = ENOMEM;
        return PLATEN_ERROR;
    }
    rc = json_dumpf(line, item->list, JSON_COMPACT) == 0 && fputc('\n', item->list) != EOF
             ? PLATEN_OK
             : PLATEN_ERROR;
    json_decref(line);
    return rc;
}

static int
open_list(platen_batch_item_t *item)
{
    char path[2 * PLATEN_PATH_MAX];

    if (platen_tree_reset(item->dir) == 0) {
        snprintf(path, sizeof(path), "%s/list", item->dir);
        item->list = fopen(path, "wxe");
    }
    return item->list == NULL ? PLATEN_ERROR : PLATEN_OK;
}

int
platen_batches_collect_slice(const platen_batches_t *b, platen_batch_item_t *item)
{
    platen_file_t files[SLICE];
    platen_job_t  job;
    platen_txn_t  txn;
    int           rc, i, n;

    rc = item->list == NULL ? open_list(item) : PLATEN_OK;
    if (rc == PLATEN_OK) {
        rc = platen_txn_read(item->store, &txn);
    }
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = platen_batches_own(&txn, item, &job);
    n = rc == PLATEN_OK ? platen_store_files(&txn, &item->task->id, item->at, files, SLICE)
                        : rc;
    rc = n < 0 ? n : PLATEN_OK;
    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        rc = gather(b, &txn, item, &files[i]);
        item->at = files[i].number + 1;
    }
    platen_txn_abort(&txn);
    if (rc != PLATEN_OK || n > 0) {
        return rc;
    }

    rc = fclose(item->list);
    item->list = NULL;
    if (rc != 0) {
        return PLATEN_ERROR;
    }
    item->ready = 1;
    platen_crash_point(PLATEN_CRASH_BATCH_GATHERED);
    return PLATEN_NOT_FOUND;
}
