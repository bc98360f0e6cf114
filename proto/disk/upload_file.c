/* Uploads in several requests; see disk/upload_file.h. */

#include "disk/upload_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/digest.h"

#define SUM_VERSION 2
#define SUM_VERSION_OPENSSL 1
#define OPENSSL_STATE 112                 /* bytes of a SHA256_CTX */
#define CHECKPOINT (64 * 1024 * 1024)     /* bytes from one to the next */
#define WRITEBACK_EVERY (8 * 1024 * 1024) /* as ingest/receive.c */
#define BLOCK (256 * 1024)

/* All that there may be of one; the first has the bytes. */
static const char *const exts[] = { "part", "meta", "sum", "new" };

/*
 * What .sum holds, in the machine's own form: it is a cache, never moved.  The state of EVP
 * digests cannot be kept; Nettle's is plain memory (its manual, "Hash functions").
 */
typedef struct {
    uint32_t version;
    uint32_t checked; /* bytes from `trusted` on are not to be trusted */
    uint64_t trusted;
    uint64_t hashed;
} sum_head_t;

typedef struct {
    sum_head_t        head;
    struct sha256_ctx sha;
    uint8_t           digest[PLATEN_SHA256_LEN]; /* of all above */
} sum_t;

/* The form before this one: of its state nothing is known but the length. */
typedef struct {
    sum_head_t head;
    uint8_t    state[OPENSSL_STATE];
    uint8_t    digest[PLATEN_SHA256_LEN];
} openssl_sum_t;

static const platen_field_t fields[] = {
    { 1, PLATEN_FIELD_STR, offsetof(platen_upload_file_meta_t, client) },
    { 2, PLATEN_FIELD_STR, offsetof(platen_upload_file_meta_t, metadata) },
    { 3, PLATEN_FIELD_U64, offsetof(platen_upload_file_meta_t, length) },
    { 4, PLATEN_FIELD_U8, offsetof(platen_upload_file_meta_t, deferred) },
    { 5, PLATEN_FIELD_U64, offsetof(platen_upload_file_meta_t, ttl) },
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static void
path_of(const char *root, const platen_id_t *id, const char *ext, char out[PLATEN_PATH_MAX])
{
    char text[PLATEN_ID_TEXT + 1];

    platen_id_format(id, text);
    snprintf(out, PLATEN_PATH_MAX, "%.*s/uploads/%s.%s", PLATEN_ROOT_MAX, root, text, ext);
}

void
platen_upload_file_path(const char *root, const platen_id_t *id, char out[PLATEN_PATH_MAX])
{
    path_of(root, id, "part", out);
}

/* A failed system call; always PLATEN_ERROR. */
static int
failed(platen_upload_file_t *p, const char *call)
{
    p->call = call;
    return PLATEN_ERROR;
}

void
platen_upload_file_init(platen_upload_file_t *p, const char *root, const platen_id_t *id,
                        int unsafe)
{
    memset(p, 0, sizeof(*p));
    p->root = root;
    p->id = *id;
    p->unsafe = unsafe;
    p->fd = -1;
    p->sum_fd = -1;
    p->call = "";
}

void
platen_upload_file_close(platen_upload_file_t *p)
{
    int saved = errno;

    if (p->fd >= 0) {
        close(p->fd);
        p->fd = -1;
    }
    if (p->sum_fd >= 0) {
        close(p->sum_fd);
        p->sum_fd = -1;
    }
    errno = saved;
}

static int
sync_uploads(platen_upload_file_t *p)
{
    char path[PLATEN_PATH_MAX];
    int  fd, rc;

    if (p->unsafe) {
        return PLATEN_OK;
    }
    snprintf(path, sizeof(path), "%.*s/uploads", PLATEN_ROOT_MAX, p->root);
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failed(p, "open of the directory");
    }
    rc = fsync(fd);
    close(fd);
    return rc == 0 ? PLATEN_OK : failed(p, "fsync of the directory");
}

static int
write_all(int fd, const void *bytes, size_t n, off_t at)
{
    const uint8_t *from = bytes;
    ssize_t        written;

    while (n > 0) {
        written = pwrite(fd, from, n, at);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return -1;
        }
        from += written;
        at += written;
        n -= (size_t) written;
    }
    return 0;
}

/* Up to n bytes from `at` on; how many, or -1. */
static ssize_t
read_some(int fd, void *out, size_t n, off_t at)
{
    ssize_t got;

    do {
        got = pread(fd, out, n, at);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* --- the metadata ------------------------------------------------------------------------- */

/* Writes p->meta as a whole: another file, synced, takes the name. */
static int
write_meta(platen_upload_file_t *p)
{
    uint8_t record[PLATEN_UPLOAD_FILE_RECORD_MAX];
    char    path[PLATEN_PATH_MAX], fresh[PLATEN_PATH_MAX];
    size_t  n = platen_codec_write(fields, FIELDS, &p->meta, record, sizeof(record));
    int     fd, ok;

    if (p->meta.metadata.len > PLATEN_UPLOAD_FILE_METADATA_MAX || n == 0) {
        return PLATEN_INVALID;
    }

    path_of(p->root, &p->id, "meta", path);
    path_of(p->root, &p->id, "new", fresh);
    fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0) {
        return failed(p, "open");
    }
    ok = write_all(fd, record, n, 0) == 0 && (p->unsafe || fdatasync(fd) == 0);
    close(fd);
    if (!ok || rename(fresh, path) != 0) {
        failed(p, "writing the metadata");
        unlink(fresh);
        return PLATEN_ERROR;
    }
    return sync_uploads(p);
}

static int
read_meta(platen_upload_file_t *p)
{
    char    path[PLATEN_PATH_MAX];
    ssize_t n;
    int     fd;

    path_of(p->root, &p->id, "meta", path);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? PLATEN_NOT_FOUND : failed(p, "open of the metadata");
    }
    n = read_some(fd, p->record, sizeof(p->record), 0);
    close(fd);
    if (n < 0) {
        return failed(p, "read of the metadata");
    }
    return platen_codec_decode(fields, FIELDS, &p->meta, p->record, (size_t) n) == PLATEN_OK
               ? PLATEN_OK
               : PLATEN_CORRUPT;
}

/* --- what is hashed and trusted ----------------------------------------------------------- */

static int
digest_of(const void *sum, size_t len, uint8_t out[PLATEN_SHA256_LEN])
{
    platen_str_t all = { sum, len };

    return platen_digest(&all, 1, out);
}

/* Whether `len` bytes and their digest are a sum of that version. */
static int
is_sum(const void *sum, ssize_t got, size_t len, uint32_t version)
{
    uint8_t    digest[PLATEN_SHA256_LEN];
    sum_head_t head;

    if (got < (ssize_t) (len + sizeof(digest))) {
        return 0;
    }
    memcpy(&head, sum, sizeof(head));
    return head.version == version && digest_of(sum, len, digest) == PLATEN_OK
           && memcmp(digest, (const uint8_t *) sum + len, sizeof(digest)) == 0;
}

static int
write_sum(platen_upload_file_t *p)
{
    sum_t sum;

    memset(&sum, 0, sizeof(sum)); /* holes are digested, too */
    sum.head.version = SUM_VERSION;
    sum.head.checked = (uint32_t) p->checked;
    sum.head.trusted = p->checked ? p->from : p->offset;
    sum.head.hashed = p->mark_hashed;
    sum.sha = p->mark_sha;
    if (digest_of(&sum, offsetof(sum_t, digest), sum.digest) != PLATEN_OK) {
        errno = ENOMEM;
        return failed(p, "hashing");
    }
    return write_all(p->sum_fd, &sum, sizeof(sum), 0) == 0 ? PLATEN_OK : failed(p, "pwrite");
}

static int
sync_sum(platen_upload_file_t *p)
{
    if (write_sum(p) != PLATEN_OK) {
        return PLATEN_ERROR;
    }
    return p->unsafe || fdatasync(p->sum_fd) == 0 ? PLATEN_OK : failed(p, "fdatasync");
}

/* Here the digest is taken up again, should what comes not stay. */
static void
mark(platen_upload_file_t *p)
{
    p->mark_hashed = p->hashed;
    p->mark_sha = p->sha;
}

static void
hash_anew(platen_upload_file_t *p)
{
    p->hashed = 0;
    sha256_init(&p->sha);
    mark(p);
}

/* Cuts off what is not to be trusted, and goes on hashing where it was left. */
static int
read_sum(platen_upload_file_t *p)
{
    union {
        sum_t         sum;
        openssl_sum_t openssl;
    } is;
    ssize_t got;
    int     known;

    hash_anew(p);
    got = read_some(p->sum_fd, &is, sizeof(is), 0);
    known = is_sum(&is, got, offsetof(sum_t, digest), SUM_VERSION);
    if (!known && !is_sum(&is, got, offsetof(openssl_sum_t, digest), SUM_VERSION_OPENSSL)) {
        return PLATEN_OK;
    }

    if (is.sum.head.checked && is.sum.head.trusted < p->offset) {
        if (ftruncate(p->fd, (off_t) is.sum.head.trusted) != 0) {
            return failed(p, "ftruncate");
        }
        p->offset = is.sum.head.trusted;
    }
    if (known && is.sum.head.hashed <= p->offset) {
        p->hashed = is.sum.head.hashed;
        p->sha = is.sum.sha;
        mark(p);
    }
    return PLATEN_OK;
}

static int
open_sum(platen_upload_file_t *p)
{
    char path[PLATEN_PATH_MAX];

    path_of(p->root, &p->id, "sum", path);
    p->sum_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    return p->sum_fd >= 0 ? PLATEN_OK : failed(p, "open of the digest");
}

/* --- opening ------------------------------------------------------------------------------ */

int
platen_upload_file_create(platen_upload_file_t *p, const platen_upload_file_meta_t *meta)
{
    char path[PLATEN_PATH_MAX];
    int  rc;

    p->meta = *meta;
    p->expires = time(NULL) + (time_t) meta->ttl;
    hash_anew(p);

    platen_upload_file_path(p->root, &p->id, path);
    p->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (p->fd < 0) {
        return failed(p, "open");
    }
    rc = flock(p->fd, LOCK_EX | LOCK_NB) == 0 ? open_sum(p) : failed(p, "flock");
    if (rc == PLATEN_OK) {
        rc = write_meta(p); /* last: with it, the upload is there */
    }
    if (rc != PLATEN_OK) {
        rc = rc == PLATEN_INVALID ? rc : failed(p, p->call);
        platen_upload_file_close(p);
        platen_upload_file_remove(p->root, &p->id);
    }
    return rc;
}

/* Opens the bytes, wherever they lie, and locks them under the name they have. */
static int
open_bytes(platen_upload_file_t *p)
{
    struct stat mine, named;
    char        path[PLATEN_PATH_MAX];
    int         tries;

    for (tries = 0; tries < 4; tries++) {
        p->placed = tries % 2;
        if (p->placed) {
            platen_layout_path(p->root, PLATEN_DIR_INPUT, &p->id, 0, path);
        } else {
            platen_upload_file_path(p->root, &p->id, path);
        }

        p->fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (p->fd < 0 && errno != ENOENT) {
            return failed(p, "open");
        }
        if (p->fd < 0) {
            continue;
        }
        if (flock(p->fd, LOCK_EX | LOCK_NB) != 0) {
            return errno == EWOULDBLOCK ? PLATEN_LOCKED : failed(p, "flock");
        }
        if (fstat(p->fd, &mine) != 0) {
            return failed(p, "fstat");
        }
        /* Whoever had the lock before may have moved or removed it. */
        if (stat(path, &named) == 0 && mine.st_dev == named.st_dev
            && mine.st_ino == named.st_ino) {
            p->offset = (uint64_t) mine.st_size;
            p->expires = mine.st_mtime + (time_t) p->meta.ttl;
            return PLATEN_OK;
        }
        close(p->fd);
        p->fd = -1;
    }
    return PLATEN_NOT_FOUND;
}

static int
open_locked(platen_upload_file_t *p, platen_str_t client)
{
    int rc;

    /* Whose it is comes first: to others it is not even locked. */
    rc = read_meta(p);
    if (rc == PLATEN_OK && !platen_str_eq(p->meta.client, client)) {
        rc = PLATEN_NOT_FOUND;
    }
    if (rc == PLATEN_OK) {
        rc = open_bytes(p);
    }
    if (rc == PLATEN_OK) {
        rc = read_meta(p); /* as it is now that it is ours */
    }
    if (rc == PLATEN_OK && p->placed) {
        return PLATEN_OK; /* perhaps a job's */
    }
    if (rc == PLATEN_OK && p->expires < time(NULL)) {
        rc = PLATEN_NOT_FOUND;
    }
    if (rc == PLATEN_OK) {
        rc = open_sum(p);
    }
    if (rc == PLATEN_OK) {
        rc = read_sum(p);
    }
    if (rc == PLATEN_OK && !p->unsafe && fdatasync(p->fd) != 0) {
        rc = failed(p, "fdatasync");
    }
    p->from = p->offset;
    p->synced = p->offset;
    return rc;
}

int
platen_upload_file_open(platen_upload_file_t *p, platen_str_t client)
{
    int rc = open_locked(p, client);

    if (rc != PLATEN_OK) {
        platen_upload_file_close(p);
    }
    return rc;
}

int
platen_upload_file_whole(const platen_upload_file_t *p)
{
    return p->placed || (!p->meta.deferred && p->offset >= p->meta.length);
}

/*
 * Cuts the bytes to `offset`.  What is known of the digest beyond it goes first:
 * other bytes may come in their place.
 */
static int
cut(platen_upload_file_t *p, uint64_t offset)
{
    if (p->hashed > offset && p->mark_hashed <= offset) {
        p->hashed = p->mark_hashed;
        p->sha = p->mark_sha;
    } else if (p->hashed > offset) {
        hash_anew(p);
    }
    if (sync_sum(p) != PLATEN_OK) {
        return PLATEN_ERROR;
    }
    if (ftruncate(p->fd, (off_t) offset) != 0) {
        return failed(p, "ftruncate");
    }
    p->offset = offset;
    p->synced = offset;
    return p->unsafe || fdatasync(p->fd) == 0 ? PLATEN_OK : failed(p, "fdatasync");
}

int
platen_upload_file_settle(platen_upload_file_t *p)
{
    int rc;

    if (p->placed) {
        if (platen_upload_file_take_back(p->root, &p->id) != 0) {
            return failed(p, "rename");
        }
        p->placed = 0;
        rc = open_sum(p);
        if (rc == PLATEN_OK) {
            rc = read_sum(p);
        }
        if (rc == PLATEN_OK) {
            rc = sync_uploads(p);
        }
        if (rc != PLATEN_OK) {
            return rc;
        }
    }
    if (p->meta.length > 0 && p->offset >= p->meta.length) {
        rc = cut(p, p->meta.length - 1);
        if (rc != PLATEN_OK) {
            return rc;
        }
    }
    p->from = p->offset;
    return PLATEN_OK;
}

int
platen_upload_file_set_length(platen_upload_file_t *p, uint64_t length)
{
    p->meta.length = length;
    p->meta.deferred = 0;
    return write_meta(p);
}

/* --- writing ------------------------------------------------------------------------------ */

int
platen_upload_file_begin(platen_upload_file_t *p, int checked)
{
    p->from = p->offset;
    p->checked = checked;
    mark(p);
    /* Before the bytes, also at a power failure. */
    return checked ? sync_sum(p) : PLATEN_OK;
}

/*
 * All so far is durable, and so then is how far it is hashed.  The last byte may
 * be taken back (platen_upload_file_settle()), so with it there is no mark.
 */
static int
checkpoint(platen_upload_file_t *p)
{
    if (!p->unsafe && fdatasync(p->fd) != 0) {
        return failed(p, "fdatasync");
    }
    p->synced = p->offset;
    if (!platen_upload_file_whole(p)) {
        mark(p);
    }
    return write_sum(p);
}

int
platen_upload_file_write(platen_upload_file_t *p, const unsigned char *bytes, size_t n)
{
    uint64_t before = p->offset;
    ssize_t  written;

    while (n > 0) {
        written = pwrite(p->fd, bytes, n, (off_t) p->offset);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return failed(p, "write");
        }
        if (p->hashed == p->offset) {
            sha256_update(&p->sha, (size_t) written, bytes);
            p->hashed += (uint64_t) written;
        }
        p->offset += (uint64_t) written;
        bytes += written;
        n -= (size_t) written;
    }

    /* Bytes under a checksum may go again, and the digest of them with them. */
    if (!p->checked && p->offset - p->synced >= CHECKPOINT) {
        return checkpoint(p);
    }
    if (!p->unsafe && before / WRITEBACK_EVERY != p->offset / WRITEBACK_EVERY) {
        /* Advice: what it misses, the sync at the end does. */
        (void) sync_file_range(p->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    }
    return PLATEN_OK;
}

int
platen_upload_file_end(platen_upload_file_t *p)
{
    int checked = p->checked;

    p->expires = time(NULL) + (time_t) p->meta.ttl;
    p->checked = 0;
    if (checkpoint(p) != PLATEN_OK) {
        return PLATEN_ERROR;
    }
    /* On disk they are still not to be trusted, and the offset would be a lie. */
    return checked ? sync_sum(p) : PLATEN_OK;
}

int
platen_upload_file_rollback(platen_upload_file_t *p)
{
    if (cut(p, p->from) != PLATEN_OK) {
        return PLATEN_ERROR;
    }
    p->checked = 0;
    return write_sum(p);
}

/* --- the end ------------------------------------------------------------------------------ */

int
platen_upload_file_hash(platen_upload_file_t *p, uint64_t max)
{
    unsigned char *block;
    uint64_t       end;
    ssize_t        n;

    if (p->hashed == p->offset) {
        return 0;
    }
    block = malloc(BLOCK);
    if (block == NULL) {
        return failed(p, "malloc");
    }
    end = p->offset - p->hashed > max ? p->hashed + max : p->offset;
    while (p->hashed < end) {
        n = read_some(p->fd, block,
                      end - p->hashed < BLOCK ? (size_t) (end - p->hashed) : BLOCK,
                      (off_t) p->hashed);
        if (n <= 0) {
            if (n == 0) {
                errno = EIO; /* shorter than it was under our lock */
            }
            failed(p, "read");
            free(block);
            return PLATEN_ERROR;
        }
        sha256_update(&p->sha, (size_t) n, block);
        p->hashed += (uint64_t) n;
    }
    free(block);
    return p->hashed < p->offset;
}

int
platen_upload_file_digest(platen_upload_file_t *p, uint8_t out[PLATEN_SHA256_LEN])
{
    struct sha256_ctx sha = p->sha;

    if (p->hashed != p->offset) {
        return PLATEN_INVALID;
    }
    sha256_digest(&sha, PLATEN_SHA256_LEN, out);
    return PLATEN_OK;
}

void
platen_upload_file_forget(const char *root, const platen_id_t *id)
{
    char   path[PLATEN_PATH_MAX];
    size_t i;

    for (i = 1; i < sizeof(exts) / sizeof(exts[0]); i++) {
        path_of(root, id, exts[i], path);
        unlink(path);
    }
}

void
platen_upload_file_remove(const char *root, const platen_id_t *id)
{
    char path[PLATEN_PATH_MAX];

    platen_upload_file_forget(root, id);
    platen_upload_file_path(root, id, path);
    unlink(path);
}

int
platen_upload_file_take_back(const char *root, const platen_id_t *id)
{
    char from[PLATEN_PATH_MAX], to[PLATEN_PATH_MAX];

    platen_layout_path(root, PLATEN_DIR_INPUT, id, 0, from);
    platen_upload_file_path(root, id, to);
    return rename(from, to);
}

time_t
platen_upload_file_written(const char *root, const platen_id_t *id)
{
    char        path[PLATEN_PATH_MAX];
    struct stat st;
    time_t      last = 0;
    size_t      i;

    for (i = 0; i < sizeof(exts) / sizeof(exts[0]); i++) {
        path_of(root, id, exts[i], path);
        if (stat(path, &st) == 0 && st.st_mtime > last) {
            last = st.st_mtime;
        }
    }
    return last;
}

int
platen_upload_file_lock(platen_upload_file_t *p)
{
    int rc = read_meta(p);

    if (rc == PLATEN_OK) {
        rc = open_bytes(p);
    }
    if (rc != PLATEN_OK) {
        platen_upload_file_close(p);
    }
    return rc;
}
