/*
 * From an archive that has been taken apart to the files of a batch; see
 * batch/batches.h.  The list was written by a program that has read the archive
 * (zip/unpack.c): each line is looked at as if the client had sent it, and
 * each file as if it were an upload: what its digest is, and that it is on the disk, is not
 * believed but seen to here.
 *
 * The order is that of an upload: the file is synced, then renamed into place,
 * then its directory is synced, then the record is committed.  A kill in between
 * leaves files that nobody names, and entries that are found and passed over the
 * next time.
 */

#include "batch/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "job/skip.h"
#include "base/crash.h"
#include "base/digest.h"
#include "format/filename.h"
#include "format/inspect.h"
#include "format/zip_check.h"

#define SYNC_EACH 256 /* entries of a directory that are synced one by one */
#define SLICE 128     /* of an archive, written in one transaction */
#define AGAIN 32
#define LIST_LINE_MAX 70000 /* a name of ZIP has at most 65,535 bytes */
#define FOLDER_MAX 1024
#define FOLDERS 32 /* deeper ones are folded into the last */

/* An entry on its way to the store. */
typedef struct {
    uint32_t               number;
    char                   folder[FOLDER_MAX];
    char                   name[PLATEN_FILENAME_MAX + 1];
    uint8_t                sha256[PLATEN_SHA256_LEN];
    uint64_t               size;
    const platen_format_t *source; /* NULL: not known, and it has failed */
    const char            *skip;   /* the reason; NULL: it is a file of the batch */
    const char            *fail;   /* the code of its error; NULL: it is to be converted */
    char                   error[PLATEN_ZIP_SENTENCE];
    char                   note[PLATEN_INSPECT_SENTENCE]; /* "" for none */
    platen_id_t            id;
    int                    published;
} entry_t;

/* One part of a path, made harmless; that it is hidden stays to be seen. */
static size_t
clean_part(const char *in, size_t len, char *out, size_t size)
{
    size_t dot = len > 1 && in[0] == '.' && in[1] != '.' && size > 1;

    if (dot) {
        out[0] = '.';
    }
    return dot + platen_filename_clean(in, len, out + dot, size - dot);
}

/* The folders of a path, each made harmless, with one slash between two. */
static void
clean_folder(const char *path, size_t len, char out[FOLDER_MAX])
{
    char        part[PLATEN_FILENAME_MAX + 1];
    const char *end = path + len, *slash;
    size_t      n, at = 0;
    int         depth;

    out[0] = '\0';
    for (depth = 0; path < end && depth < FOLDERS; depth++) {
        slash = memchr(path, '/', (size_t) (end - path));
        if (slash == NULL) {
            slash = end;
        }
        n = clean_part(path, (size_t) (slash - path), part, sizeof(part));
        if (slash > path && at + n + 2 <= FOLDER_MAX) {
            at +=
                (size_t) snprintf(out + at, FOLDER_MAX - at, "%s%s", at == 0 ? "" : "/", part);
        }
        path = slash + 1;
    }
}

static void
set_name(entry_t *e, const char *name, size_t len)
{
    const char *slash = memrchr(name, '/', len);
    size_t      folder = slash == NULL ? 0 : (size_t) (slash - name);
    size_t      from = slash == NULL ? 0 : folder + 1;

    clean_folder(name, folder, e->folder);
    (void) clean_part(name + from, len - from, e->name, sizeof(e->name));
}

/* A code of ours that the list names; NULL: it is none. */
static const char *
known_skip(const char *code)
{
    const char *known;
    size_t      i;

    for (i = 0; (known = platen_batch_code(i)) != NULL; i++) {
        if (strcmp(known, code) == 0) {
            return known;
        }
    }
    return NULL;
}

static void
fail(entry_t *e, const char *code, const char *sentence)
{
    e->fail = code;
    snprintf(e->error, sizeof(e->error), "%s", sentence);
}

/* One line of the list.  0, or -1: it is not what platen-zip writes. */
static int
parse(entry_t *e, const char *text, size_t len, uint32_t number)
{
    json_t     *line = json_loadb(text, len, JSON_ALLOW_NUL, NULL);
    json_t     *name = json_object_get(line, "name");
    const char *skip = json_string_value(json_object_get(line, "skip"));
    int         rc = -1;

    memset(e, 0, sizeof(*e));
    e->number = number;
    if (json_is_string(name)
        && json_integer_value(json_object_get(line, "n")) == (json_int_t) number) {
        set_name(e, json_string_value(name), json_string_length(name));
        rc = 0;
        if (skip != NULL) {
            e->skip = known_skip(skip);
            rc = e->skip == NULL ? -1 : 0;
        } else if (json_object_get(line, "fail") != NULL) {
            fail(e, "corrupt_document",
                 "The file is damaged inside the archive, and cannot be taken out. Pack it "
                 "anew from the original.");
        }
    }
    json_decref(line);
    return rc;
}

/* Whether the format is among the words of the batch, or there are none. */
static int
is_allowed(const char *sources, const char *name)
{
    const char *p = sources;
    size_t      n = strlen(name);

    if (p == NULL || *p == '\0') {
        return 1;
    }
    while ((p = strstr(p, name)) != NULL) {
        if ((p == sources || p[-1] == ' ') && p[n] == ' ') {
            return 1;
        }
        p += n;
    }
    return 0;
}

/* What the file is, and what becomes of it.  0, or -1 with errno. */
static int
look(entry_t *e, int fd, const platen_task_t *task, const platen_matrix_t *matrix)
{
    platen_inspect_file_t file = {
        .name = e->name,
        .name_len = strlen(e->name),
        .claimed = platen_inspect_name(e->name, strlen(e->name)),
        .entry = 1,
    };
    const platen_matrix_route_t *route;
    platen_inspect_t             is;
    char                         text[PLATEN_ZIP_SENTENCE];
    int                          safe;

    if (platen_inspect(fd, (off_t) e->size, &file, &is) != PLATEN_OK) {
        return -1;
    }
    e->source = is.format;
    if (is.verdict == PLATEN_INSPECT_UNKNOWN) {
        e->skip = "unknown_content";
        return 0;
    }
    if (is.verdict == PLATEN_INSPECT_MISMATCH) {
        e->source = file.claimed;
        fail(e, "content_mismatch", is.sentence);
        return 0;
    }
    snprintf(e->note, sizeof(e->note), "%s", is.sentence);
    if (strcmp(e->source->name, "zip") == 0) {
        e->skip = "nested_archive";
        return 0;
    }

    route = task->to == NULL ? NULL : platen_matrix_route(matrix, e->source, task->to);
    if (e->source == task->to && (route == NULL || task->options.given == 0)) {
        e->skip = "identical_formats";
        return 0;
    }
    if (route == NULL || !is_allowed(task->sources, e->source->name)) {
        e->skip = "unsupported_conversion";
        return 0;
    }
    if (task->options.given & ~route->options) {
        snprintf(text, sizeof(text),
                 "The conversion from %s to %s does not take all of the options. GET /formats "
                 "lists those that it takes.",
                 e->source->name, task->to->name);
        fail(e, "unsupported_option", text);
        return 0;
    }
    safe = platen_inspect_container(fd, (off_t) e->size, e->source, text);
    if (safe < 0) {
        return -1;
    }
    if (!safe) {
        fail(e, "unsafe_archive", text);
    }
    return 0;
}

/* Looks at the unpacked file, and puts it where the input of its job is. */
static int
publish(const platen_batches_t *b, const platen_batch_item_t *item, entry_t *e)
{
    struct stat st;
    char        path[2 * PLATEN_PATH_MAX];
    int         fd, rc;

    snprintf(path, sizeof(path), "%s/%u", item->dir, e->number);
    fd = platen_batches_open(path, &st);
    if (fd < 0) {
        fail(e, "corrupt_document", "The file could not be taken out of the archive.");
        return 0;
    }
    e->size = (uint64_t) st.st_size;
    rc = look(e, fd, item->task, b->matrix);
    if (rc == 0 && e->skip == NULL) {
        rc = platen_digest_file(fd, e->sha256);
    }
    if (rc == 0 && e->skip == NULL && e->fail == NULL) {
        rc = fchmod(fd, 0640);
        if (rc == 0) {
            rc = platen_layout_publish(b->config->data_path, path, PLATEN_DIR_INPUT, &e->id, 0);
        }
        e->published = rc == 0;
    }
    close(fd);
    return rc;
}

/* A slice, and what its lines are read into. */
typedef struct {
    entry_t entries[SLICE];
    char    line[LIST_LINE_MAX];
} slice_t;

/*
 * The bytes of every file that was unpacked: they are the only copy that is converted.  Of a
 * few, each; of many, all that the file system has to write, which on a busy one is more than
 * is ours.  0, or -1 with errno.
 */
static int
sync_all(const char *path)
{
    struct dirent *entry;
    struct stat    st;
    DIR           *dir = NULL;
    char           name[2 * PLATEN_PATH_MAX + NAME_MAX + 2];
    int fd, rc = 0, n = 0, of = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (of < 0 || (dir = fdopendir(of)) == NULL) {
        rc = errno;
        if (of >= 0) {
            close(of);
        }
        errno = rc;
        return -1;
    }
    while (n <= SYNC_EACH && readdir(dir) != NULL) {
        n++;
    }
    if (n > SYNC_EACH) {
        rc = syncfs(of);
    } else {
        rewinddir(dir);
        while (rc == 0 && (entry = readdir(dir)) != NULL) {
            snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
            fd = platen_batches_open(name, &st);
            if (fd >= 0) {
                rc = fdatasync(fd);
                close(fd);
            }
        }
    }
    n = errno;
    closedir(dir);
    errno = n;
    return rc;
}

/* The program that took the archive apart may have left anything in its place, or nothing. */
static int
open_list(platen_batch_item_t *item)
{
    struct stat st;
    char        path[2 * PLATEN_PATH_MAX];
    int         fd;

    snprintf(path, sizeof(path), "%s/list", item->dir);
    fd = platen_batches_open(path, &st);
    item->list = fd < 0 ? NULL : fdopen(fd, "r");
    if (item->list == NULL && fd >= 0) {
        close(fd);
        return PLATEN_ERROR;
    }
    return item->list != NULL ? sync_all(item->dir) == 0 ? PLATEN_OK : PLATEN_ERROR
           : errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? PLATEN_CORRUPT
                                                                   : PLATEN_ERROR;
}

/* Reads up to SLICE lines.  Returns how many, or a negative code. */
static int
read_entries(platen_batch_item_t *item, slice_t *slice)
{
    size_t len;
    int    n = 0;

    while (n < SLICE && fgets(slice->line, sizeof(slice->line), item->list) != NULL) {
        len = strlen(slice->line);
        if (len == 0 || slice->line[len - 1] != '\n' || item->at >= PLATEN_ZIP_ENTRIES
            || parse(&slice->entries[n], slice->line, len, item->at) != 0) {
            return PLATEN_CORRUPT;
        }
        item->at++;
        n++;
    }
    return n;
}

/* Entries that an earlier attempt has written are passed over: their number is left. */
static int
drop_known(const platen_batch_item_t *item, entry_t *entries, int n)
{
    platen_txn_t  txn;
    platen_job_t  job;
    platen_file_t file;
    int           rc, i, left = 0;

    rc = platen_txn_read(item->store, &txn);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = platen_batches_own(&txn, item, &job);
    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        rc = platen_store_file(&txn, &item->task->id, entries[i].number, &file);
        if (rc == PLATEN_NOT_FOUND) {
            entries[left++] = entries[i];
            rc = PLATEN_OK;
        }
    }
    platen_txn_abort(&txn);
    return rc == PLATEN_OK ? left : rc;
}

static int
publish_all(const platen_batches_t *b, const platen_batch_item_t *item, entry_t *entries, int n)
{
    const platen_id_t *synced = NULL;
    int                i;

    for (i = 0; i < n; i++) {
        if (platen_id_new(&entries[i].id) != PLATEN_OK
            || (entries[i].skip == NULL && entries[i].fail == NULL
                && publish(b, item, &entries[i]) != 0)) {
            return PLATEN_ERROR;
        }
    }
    platen_crash_point(PLATEN_CRASH_BATCH_RENAMED);
    for (i = 0; i < n; i++) {
        if (!entries[i].published
            || (synced != NULL && platen_layout_same_bucket(synced, &entries[i].id))) {
            continue;
        }
        if (platen_layout_sync(b->config->data_path, PLATEN_DIR_INPUT, &entries[i].id) != 0) {
            return PLATEN_ERROR;
        }
        synced = &entries[i].id;
    }
    return PLATEN_OK;
}

/* A file that cannot be converted goes the way of every job, and ends. */
static int
end_failed(platen_txn_t *txn, const entry_t *e)
{
    platen_job_t job;
    int          rc;

    rc = platen_store_get(txn, &e->id, &job);
    if (rc == PLATEN_OK) {
        rc = platen_store_transition(txn, &job, PLATEN_STATE_PROCESSING, platen_now_us());
    }
    if (rc == PLATEN_OK) {
        rc = platen_store_get(txn, &e->id, &job);
    }
    if (rc == PLATEN_OK) {
        job.error_code = platen_str(e->fail);
        job.error = platen_str(e->error);
        rc = platen_store_transition(txn, &job, PLATEN_STATE_FAILED, platen_now_us());
    }
    return rc;
}

static int
record(platen_txn_t *txn, const platen_batch_item_t *item, const entry_t *e)
{
    char          name[FOLDER_MAX + PLATEN_FILENAME_MAX + 2];
    platen_file_t skipped = { .number = e->number };
    platen_job_t  batch, job = { .id = e->id };
    int           rc;

    if (e->skip != NULL) {
        snprintf(name, sizeof(name), "%s%s%s", e->folder, *e->folder == '\0' ? "" : "/",
                 e->name);
        skipped.name = platen_str(name);
        skipped.code = platen_str(e->skip);
        return platen_store_skip(txn, &item->task->id, &skipped, platen_now_us());
    }

    /* What every file has of its batch; its strings are good until the next write. */
    rc = platen_store_get(txn, &item->task->id, &batch);
    if (rc != PLATEN_OK) {
        return rc;
    }
    job.ttl = batch.ttl;
    job.priority = batch.priority;
    job.withheld = batch.withheld;
    job.client = batch.client;
    job.request_id = batch.request_id;
    job.trace_id = batch.trace_id;
    job.trace_parent = batch.trace_parent;
    job.target_format = batch.target_format;
    job.options = batch.options;
    job.secrets = batch.secrets;
    job.parent = (platen_str_t){ (const char *) item->task->id.b, sizeof(item->task->id.b) };
    job.file = e->number;
    job.folder = platen_str(e->folder);
    job.input_filename = platen_str(e->name);
    job.notes = platen_str(e->note);
    job.input_size = e->published ? e->size : 0;
    job.source_format = platen_str(e->source == NULL ? "" : e->source->name);
    if (e->size != 0) {
        job.input_sha256 = (platen_str_t){ (const char *) e->sha256, sizeof(e->sha256) };
    }
    rc = platen_store_transition(txn, &job, PLATEN_STATE_PENDING, platen_now_us());
    return rc == PLATEN_OK && e->fail != NULL ? end_failed(txn, e) : rc;
}

static int
record_all(const platen_batch_item_t *item, const entry_t *entries, int n, int *tried)
{
    platen_txn_t txn;
    platen_job_t job;
    int          rc, i;

    rc = platen_txn_write(item->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_batches_own(&txn, item, &job);
    }
    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        rc = record(&txn, item, &entries[i]);
    }
    if (rc == PLATEN_OK) {
        platen_crash_point(PLATEN_CRASH_BATCH_RECORDED);
        *tried = 1;
        rc = platen_txn_commit(&txn);
        platen_crash_point(PLATEN_CRASH_BATCH_COMMITTED);
    }
    platen_txn_abort(&txn);
    return rc;
}

int
platen_batches_expand_slice(const platen_batches_t *b, platen_batch_item_t *item)
{
    slice_t *slice;
    entry_t *entries;
    int      rc, n, i, saved, tried = 0;

    rc = item->list == NULL ? open_list(item) : PLATEN_OK;
    if (rc != PLATEN_OK) {
        return rc;
    }
    slice = malloc(sizeof(*slice));
    if (slice == NULL) {
        errno = ENOMEM;
        return PLATEN_ERROR;
    }
    entries = slice->entries;
    n = read_entries(item, slice);
    if (n == 0) {
        free(slice);
        rc = platen_batches_let_go(item);
        return rc == PLATEN_OK ? PLATEN_NOT_FOUND : rc;
    }
    if (n > 0) {
        n = drop_known(item, entries, n);
    }
    rc = n < 0 ? n : publish_all(b, item, entries, n);
    if (rc == PLATEN_OK && n > 0) {
        rc = record_all(item, entries, n, &tried);
    }
    saved = errno;
    /* A commit that seemed to fail may have been durable all the same. */
    for (i = 0; rc != PLATEN_OK && !tried && i < n; i++) {
        if (entries[i].published) {
            platen_layout_remove(b->config->data_path, &entries[i].id, 0);
        }
    }
    free(slice);
    errno = saved;
    return rc;
}

/* Back to the queue, with the passwords that came with the retry. */
static int
put_back(platen_txn_t *txn, const platen_batch_item_t *item, const platen_id_t *id)
{
    platen_job_t batch, job;
    int          rc;

    rc = platen_store_get(txn, id, &job);
    if (rc == PLATEN_OK) {
        rc = platen_batches_own(txn, item, &batch);
    }
    if (rc != PLATEN_OK || job.state != PLATEN_STATE_FAILED || job.input_size == 0) {
        return rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }
    job.secrets = batch.secrets;
    job.withheld = batch.withheld;
    return platen_store_transition(txn, &job, PLATEN_STATE_PENDING, platen_now_us());
}

int
platen_batches_again_slice(const platen_batches_t *b, platen_batch_item_t *item)
{
    platen_file_t files[AGAIN];
    platen_id_t   ids[AGAIN];
    platen_job_t  job;
    platen_txn_t  txn;
    int           rc, i, n, m = 0;

    (void) b;
    rc = platen_txn_write(item->store, &txn);
    if (rc != PLATEN_OK) {
        return rc;
    }
    rc = platen_batches_own(&txn, item, &job);
    n = rc == PLATEN_OK ? platen_store_files(&txn, &item->task->id, item->at, files, AGAIN)
                        : rc;
    for (i = 0; i < n; i++) {
        if (files[i].id.len == sizeof(ids[0].b)) {
            memcpy(ids[m++].b, files[i].id.data, sizeof(ids[0].b));
        }
        item->at = files[i].number + 1;
    }
    rc = n < 0 ? n : PLATEN_OK;
    for (i = 0; rc == PLATEN_OK && i < m; i++) {
        rc = put_back(&txn, item, &ids[i]);
    }
    if (rc == PLATEN_OK && m > 0) {
        platen_crash_point(PLATEN_CRASH_AGAIN_RECORDED);
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    if (rc == PLATEN_OK && n == 0) {
        rc = platen_batches_let_go(item);
        return rc == PLATEN_OK ? PLATEN_NOT_FOUND : rc;
    }
    return rc;
}
