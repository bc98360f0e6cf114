/*
 * What a submission's body becomes while it arrives: a temporary file with its
 * digest, and the form's fields.  Free of nginx types; constant in memory.
 *
 * Owned by the request (in its pool).  platen_receive_feed() and _finish()
 * write to disk and sync, so they run in a thread; one call at a time, and
 * nobody else touches the object meanwhile.  On failure `problem` and `detail`
 * say what to answer, and its owner removes the file.
 */

#ifndef PLATEN_RECEIVE_H
#define PLATEN_RECEIVE_H

#include <openssl/evp.h>

#include "format/filename.h"
#include "format/format.h"
#include "job/job.h"
#include "disk/layout.h"
#include "ingest/multipart.h"
#include "http/params.h"
#include "http/problem.h"
#include "ingest/receive_files.h"
#include "format/zip_check.h"

#define PLATEN_RECEIVE_PARTS 100       /* parts of a form */
#define PLATEN_RECEIVE_UNKNOWN_MAX 65536 /* bytes of one that is not */
#define PLATEN_RECEIVE_DETAIL_MAX 384

typedef struct platen_receive_s  platen_receive_t;

struct platen_receive_s {
    const char       *root;     /* the data directory */
    uint64_t          max_file; /* bytes */
    int               unsafe;   /* nothing is synced; 0 from _init() on */

    /* these two: NULL, 0 from _init() on */
    const platen_zip_limits_t *archive; /* of a batch; NULL: there are none */
    int               only_archive; /* it has to be one */

    int               multipart;
    platen_multipart_t parser;
    platen_tmp_t      tmp;
    EVP_MD_CTX       *md;

    int               in_file;  /* the current part is the file */
    int               field;    /* else the known field that it is, or -1 */
    int               have_file;
    size_t            part_len; /* bytes of the current field so far, */
    char              value[PLATEN_PARAM_VALUE_MAX]; /* is here, if known */
    uint64_t          unsynced; /* bytes since write-back was last started */
    platen_receive_files_t files; /* those before the current one */

    platen_params_t   params;
    char              content_type[128]; /* the file's, as the client says */

    /* results */
    char              filename[PLATEN_FILENAME_MAX + 1];
    size_t            filename_len;
    uint64_t          size;
    uint8_t           sha256[PLATEN_SHA256_LEN];
    const platen_format_t *source;
    const platen_format_t *target;
    int               batch;    /* the file is an archive of documents, and */
    uint64_t          contents; /* some are named as platen_formats[bit] */

    platen_problem_t  problem; /* PLATEN_PROBLEM_NONE while all is well */
    char              detail[PLATEN_RECEIVE_DETAIL_MAX]; /* "" for the usual */
    int               error;   /* errno behind it, for the log, or 0 */
};

/*
 * Prepares for one body.  `root` must outlive the object.  `content_type`: of
 * the request, may be empty; multipart/form-data is parsed as a form, anything
 * else is the file itself.  Returns PLATEN_OK; PLATEN_INVALID with `problem`
 * set; or PLATEN_ERROR when out of memory.  Destroy it in any case.
 */
int platen_receive_init(platen_receive_t *rx, const char *root,
    uint64_t max_file, const char *content_type, size_t len);

/*
 * Takes one parameter (of the query, or a field of the form) by any of its
 * names; an unknown name is passed over.  Returns PLATEN_OK, or PLATEN_INVALID
 * with `problem` set if the value is none that the parameter takes.
 */
int platen_receive_param(platen_receive_t *rx, const char *name,
    size_t name_len, const char *value, size_t len);

/* Takes the next bytes of the body.  Returns PLATEN_OK or PLATEN_INVALID. */
int platen_receive_feed(platen_receive_t *rx, const unsigned char *p, size_t n);

/*
 * Ends the body: checks it, decides the formats by content, and syncs the
 * file.  Afterwards rx->tmp.path is durable but for its directory entry.  Both
 * formats may be the same if there are options: whether that is a conversion,
 * and whether it takes those options, is the matrix's to say.
 * Returns PLATEN_OK, or PLATEN_INVALID with `problem` set.
 */
int platen_receive_finish(platen_receive_t *rx);

/*
 * Instead of _feed() and _finish(): the file is at `path`, open as `fd`, which
 * stays the caller's, complete, synced and hashed.  Decides the formats; set
 * rx->params and rx->content_type before.  Returns as _finish() does.
 */
int platen_receive_adopt(platen_receive_t *rx, const char *path, int fd,
    uint64_t size, const uint8_t sha256[PLATEN_SHA256_LEN]);

/*
 * Closes the file's descriptor, and frees the digest and all other files; keeps
 * the file.
 */
void platen_receive_close(platen_receive_t *rx);

#endif
