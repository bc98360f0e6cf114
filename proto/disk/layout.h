/*
 * Where files lie under the data directory.  Names are made of ids only: no
 * byte that a client chose is ever part of a path.
 *
 *   tmp/<16 hex>                   an upload under way
 *   input/<bucket>/<id>            the input of a job
 *   output/<bucket>/<id>.<epoch>   the result of one attempt
 *   uploads/                       resumable uploads, see disk/upload_file.h
 *   runs/                          the sidecar's own
 *
 * The bucket is the first seven characters of the id, about 17 minutes: jobs
 * that arrive together share a directory, so that one fsync of it makes a whole
 * group of renames durable.
 */

#ifndef PLATEN_LAYOUT_H
#define PLATEN_LAYOUT_H

#include <limits.h>
#include <stdint.h>

#include "base/id.h"

#define PLATEN_ROOT_MAX 1024 /* bytes of the data directory's own path */
#define PLATEN_PATH_MAX (PLATEN_ROOT_MAX + 80)

typedef enum { PLATEN_DIR_INPUT, PLATEN_DIR_OUTPUT } platen_dir_t;

/* A temporary file: its name and, while open, its descriptor. */
typedef struct {
    int  fd; /* -1 when closed */
    char path[PLATEN_PATH_MAX];
} platen_tmp_t;

/*
 * fsync of a directory and of the one that it is in, after which it and the
 * names in it are there whatever happens.  The latter may be closed to us, and
 * is then as whoever made it has left it.  Returns 0, or -1 with errno.
 */
int platen_layout_sync_dir(const char *path);

/*
 * Creates the data directory (if its parent exists) and what belongs below it,
 * all 0750.  Returns 0, or -1 with errno; PLATEN_ROOT_MAX is the longest root.
 */
int platen_layout_prepare(const char *root);

/* Writes a path; `epoch` is for PLATEN_DIR_OUTPUT.  Returns its length. */
size_t platen_layout_path(const char *root, platen_dir_t dir, const platen_id_t *id,
                          uint32_t epoch, char out[PLATEN_PATH_MAX]);

/*
 * What the name of a file in a bucket says; `epoch` is set for PLATEN_DIR_OUTPUT.
 * Returns PLATEN_OK, or PLATEN_INVALID for a name that is none of ours.
 */
int platen_layout_parse(platen_dir_t dir, const char *name, platen_id_t *id, uint32_t *epoch);

/*
 * Creates a temporary file (O_EXCL, O_NOFOLLOW, 0640), open for reading and
 * writing.  Returns 0, or -1 with errno, tmp->fd then being -1.
 */
int platen_layout_tmp(const char *root, platen_tmp_t *tmp);

/* Closes the file if open and removes it; harmless on one that is gone. */
void platen_layout_tmp_discard(platen_tmp_t *tmp);

/*
 * Moves `from`, whose bytes are already synced, to its place, making the bucket
 * if need be.  It is durable after platen_layout_sync().  Returns 0, or -1 with
 * errno.
 */
int platen_layout_publish(const char *root, const char *from, platen_dir_t dir,
                          const platen_id_t *id, uint32_t epoch);

/* Whether an input that is in place is no one's: the answer is about a file under its lock. */
typedef int platen_layout_is_free_t(void *data);

/*
 * The same for an input that several may want to be the first to bring: of one that
 * is there nothing is changed, unless whoever brought it has gone and `is_free` says
 * that it came to nothing.  *lock, a descriptor, has the place until it is closed,
 * which the kernel does for one who is killed.  Returns 0, or -1 with errno, *lock
 * then being -1: EBUSY: another one is about to; EEXIST: it is someone's.
 */
int platen_layout_claim(const char *root, const char *from, const platen_id_t *id,
                        platen_layout_is_free_t *is_free, void *data, int *lock);

/*
 * Removes a file that no record names, by a name in the directory `dir`: not one that
 * someone has the place of, whose record is to follow.  Returns 0, or -1 with errno,
 * EBUSY: someone has; ENOENT: it went.
 */
int platen_layout_remove_free(int dir, const char *name);

/*
 * Gives the output of one job to another as well, as a link: no bytes are
 * copied.  Durable after platen_layout_sync().  Returns 0, or -1 with errno
 * (ENOENT: there is no such output).
 */
int platen_layout_share(const char *root, const platen_id_t *from, uint32_t from_epoch,
                        const platen_id_t *to, uint32_t to_epoch);

/*
 * Makes the output of one job the input of another, as a link; else the same.
 */
int platen_layout_borrow(const char *root, const platen_id_t *from, uint32_t from_epoch,
                         const platen_id_t *to);

/* Whether two ids share a bucket, and so a sync. */
int platen_layout_same_bucket(const platen_id_t *a, const platen_id_t *b);

/* fsync of the bucket's directory.  Returns 0, or -1 with errno. */
int platen_layout_sync(const char *root, platen_dir_t dir, const platen_id_t *id);

/* Removes the input, and the output of `epoch` if it is not 0; absent is fine. */
void platen_layout_remove(const char *root, const platen_id_t *id, uint32_t epoch);

/*
 * Removes temporary files that nobody has written to for `age` seconds: what a
 * killed worker left.  Returns how many.
 */
int platen_layout_sweep_tmp(const char *root, unsigned age);

/* Bytes free for unprivileged users where `path` lies; UINT64_MAX if unknown. */
uint64_t platen_layout_space(const char *path);

/* A conversion must not start with less free space than this. */
#define PLATEN_SPACE_MIN (UINT64_C(64) << 20)

#endif
