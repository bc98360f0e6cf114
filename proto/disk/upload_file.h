/*
 * An upload that arrives in several requests, as it lies on disk meanwhile:
 *
 *   uploads/<id>.part   the bytes so far; its length is the offset
 *   uploads/<id>.meta   whose it is, its length, and what the client said
 *   uploads/<id>.sum    how far the bytes are hashed, and trusted
 *
 * The id is that of the job which it becomes.  So the name of the job's input is
 * known beforehand, and nothing has to be written to tell which job it was.
 *
 * Who has it open holds flock() on the bytes: one writer across all workers, and
 * the kernel lets go of it at kill -9.  An offset is answered after fdatasync()
 * of what it counts.  Bytes under a checksum that was not compared yet are not
 * trusted: .sum says so before the first of them is written, and the next one to
 * open the upload cuts them off.
 *
 * The running SHA-256 is kept in .sum, so the end of a long upload need not read
 * it all again.  It is written after the bytes that it covers are synced, is not
 * synced itself, and carries a digest of its own: lost, torn or another version's,
 * the bytes are hashed again from the start.
 *
 * The caller owns the object.  Everything but platen_upload_file_close() works on
 * the disk, so it runs in a thread; one call at a time.
 */

#ifndef PLATEN_UPLOAD_FILE_H
#define PLATEN_UPLOAD_FILE_H

#include <nettle/sha2.h>
#include <time.h>

#include "base/platen.h"
#include "job/job.h"
#include "disk/layout.h"

#define PLATEN_UPLOAD_FILE_METADATA_MAX 4096 /* bytes of what the client says */
#define PLATEN_UPLOAD_FILE_RECORD_MAX (PLATEN_UPLOAD_FILE_METADATA_MAX + 1024)

typedef struct {
    platen_str_t client;
    platen_str_t metadata; /* Upload-Metadata, word for word */
    uint64_t     length;   /* bytes, if not deferred */
    uint8_t      deferred; /* the client does not know it yet */
    uint64_t     ttl;      /* seconds from the last byte on */
} platen_upload_file_meta_t;

typedef struct {
    const char               *root;
    platen_id_t               id;
    int                       unsafe; /* nothing is synced */
    int                       fd;     /* of the bytes, and the lock; -1: closed */
    int                       sum_fd; /* -1: not open */
    int                       placed; /* the bytes lie where the job's input would */
    platen_upload_file_meta_t meta;   /* its strings are in `record` */
    uint8_t                   record[PLATEN_UPLOAD_FILE_RECORD_MAX];
    uint64_t                  offset;  /* bytes there */
    uint64_t                  from;    /* of them when this writer began */
    uint64_t                  synced;  /* of them at the last checkpoint */
    uint64_t                  hashed;  /* of them in `sha` */
    int                       checked; /* what comes is under a checksum */
    time_t                    expires;
    struct sha256_ctx         sha;
    uint64_t                  mark_hashed; /* the same where .sum has it */
    struct sha256_ctx         mark_sha;
    const char               *call; /* that failed, with errno */
} platen_upload_file_t;

/* A closed object, which platen_upload_file_close() may be called on. */
void platen_upload_file_init(platen_upload_file_t *p, const char *root, const platen_id_t *id,
                             int unsafe);

/*
 * Makes the upload, durable and empty, and opens it.  PLATEN_OK; PLATEN_INVALID:
 * the metadata or the client's name is too long; PLATEN_ERROR with errno.
 */
int platen_upload_file_create(platen_upload_file_t *p, const platen_upload_file_meta_t *meta);

/*
 * Opens the client's upload, and syncs what is there.  PLATEN_OK;
 * PLATEN_NOT_FOUND: there is none, or it has expired, or is another client's;
 * PLATEN_LOCKED: it is open elsewhere; PLATEN_CORRUPT; PLATEN_ERROR with errno.
 *
 * When platen_upload_file_whole() says so the job may have been made already, and a
 * look at the store, under the lock, decides.  If it is there the bytes are the
 * job's and not to be touched.  If not, platen_upload_file_settle().
 */
int platen_upload_file_open(platen_upload_file_t *p, platen_str_t client);

/* Whether no byte is missing. */
int platen_upload_file_whole(const platen_upload_file_t *p);

/*
 * A crash, or a refusal that will pass, came between the last byte and the job:
 * takes the last byte back, for the client to send it, and so to try, again.
 */
int platen_upload_file_settle(platen_upload_file_t *p);

/* Says the length that was deferred. */
int platen_upload_file_set_length(platen_upload_file_t *p, uint64_t length);

/* Before a request's first byte: whether its bytes are under a checksum. */
int platen_upload_file_begin(platen_upload_file_t *p, int checked);

/* Appends.  PLATEN_OK or PLATEN_ERROR with errno; what was written counts. */
int platen_upload_file_write(platen_upload_file_t *p, const unsigned char *bytes, size_t n);

/* After its last byte, checksum compared: all of it is durable, and trusted. */
int platen_upload_file_end(platen_upload_file_t *p);

/* Takes back what came since platen_upload_file_begin(). */
int platen_upload_file_rollback(platen_upload_file_t *p);

/*
 * Hashes at most `max` bytes of what is not hashed yet.  1: there are more;
 * 0: all are; PLATEN_ERROR with errno.
 */
int platen_upload_file_hash(platen_upload_file_t *p, uint64_t max);

/* The digest of all bytes, after platen_upload_file_hash() has returned 0. */
int platen_upload_file_digest(platen_upload_file_t *p, uint8_t out[PLATEN_SHA256_LEN]);

/* Writes the path of the bytes of an upload. */
void
platen_upload_file_path(const char *root, const platen_id_t *id, char out[PLATEN_PATH_MAX]);

/* Removes all of an upload whose lock the caller has, or nobody needs. */
void platen_upload_file_remove(const char *root, const platen_id_t *id);

/* The bytes are a job's input: forgets the rest. */
void platen_upload_file_forget(const char *root, const platen_id_t *id);

/* The commit failed: moves the bytes back from the input's place.  0 or -1. */
int platen_upload_file_take_back(const char *root, const platen_id_t *id);

/* Gives up the lock and the descriptors.  Harmless twice. */
void platen_upload_file_close(platen_upload_file_t *p);

/*
 * Locks an upload, whosever and however old it is, and looks no further than its
 * metadata and where its bytes lie.  Returns as platen_upload_file_open().
 */
int platen_upload_file_lock(platen_upload_file_t *p);

/* When any file of it was last written to; 0: there is none. */
time_t platen_upload_file_written(const char *root, const platen_id_t *id);

/*
 * Whether the job of that id exists: 1, 0, or less than 0 if it cannot be told.
 */
typedef int platen_upload_file_is_job_t(void *data, const platen_id_t *id);

/* An upload under its lock: the bytes that room is to be kept for, or that it is gone now. */
typedef void platen_upload_file_seen_t(void *data, platen_str_t client, const platen_id_t *id,
                                       uint64_t bytes, int gone);

/*
 * Removes uploads that have expired and that nobody has open; also an input that
 * was moved into place for a job which a crash then prevented.  Tells of each one
 * whose bytes are not in such a place (`seen` may be NULL).  Returns how many were
 * removed.
 */
int platen_upload_file_sweep(const char *root, platen_upload_file_is_job_t *is_job,
                             platen_upload_file_seen_t *seen, void *data);

#endif
