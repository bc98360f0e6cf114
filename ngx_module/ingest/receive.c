/*
 * Body to file; see ingest/receive.h.  Reads nothing from the network: the
 * caller feeds it whatever has come.
 */

#include "ingest/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/platen.h"
#include "job/skip.h"
#include "base/crash.h"
#include "format/inspect.h"
#include "format/zip_check.h"

/*
 * Write-back of a large file begins while the rest still arrives, so that the
 * sync at its end has little left to do.
 */
#define WRITEBACK_EVERY (8 * 1024 * 1024)

static int part_begin(void *data, const platen_multipart_part_t *part);
static int part_data(void *data, const unsigned char *p, size_t n);
static int part_end(void *data);

static const platen_multipart_handler_t handler = {
    part_begin, part_data, part_end
};


/* Notes the first problem; always PLATEN_INVALID. */
static int __attribute__((format(printf, 3, 4)))
fail(platen_receive_t *rx, platen_problem_t problem, const char *format, ...)
{
    va_list args;

    if (rx->problem == PLATEN_PROBLEM_NONE) {
        rx->problem = problem;
        va_start(args, format);
        vsnprintf(rx->detail, sizeof(rx->detail), format, args);
        va_end(args);
    }
    return PLATEN_INVALID;
}


/* A failed system call: some are the operator's to mend, the rest a fault. */
static int
fail_errno(platen_receive_t *rx, const char *call)
{
    platen_problem_t problem = platen_problem_of_errno(errno);

    rx->error = errno;

    return problem != PLATEN_PROBLEM_INTERNAL
           ? fail(rx, problem, "%s", "")
           : fail(rx, problem,
                  "The upload could not be stored (%s failed). Nothing was "
                  "kept; try again.", call);
}


/* A value of that field; its sentence if it is none. */
static int
set_param(platen_receive_t *rx, int field, const char *value, size_t len)
{
    char detail[PLATEN_RECEIVE_DETAIL_MAX];

    return platen_params_set(&rx->params, field, value, len, detail,
                             sizeof(detail)) == PLATEN_OK
           ? PLATEN_OK
           : fail(rx, PLATEN_PROBLEM_INVALID_PARAMETER, "%s", detail);
}


static int
unknown_param(platen_receive_t *rx, const char *name, size_t len)
{
    char detail[PLATEN_RECEIVE_DETAIL_MAX];

    return platen_params_unknown(&rx->params, name, len, detail,
                                 sizeof(detail)) == PLATEN_OK
           ? PLATEN_OK
           : fail(rx, PLATEN_PROBLEM_INVALID_PARAMETER, "%s", detail);
}


int
platen_receive_init(platen_receive_t *rx, const char *root, uint64_t max_file,
    const char *content_type, size_t len)
{
    static const platen_multipart_limits_t limits = {
        PLATEN_RECEIVE_PARTS, PLATEN_MULTIPART_HEADER_MAX
    };
    char   boundary[PLATEN_MULTIPART_BOUNDARY_MAX + 1];
    size_t n;
    int    rc;

    /* The parser's buffer is most of the object and needs no zeros. */
    memset(rx, 0, offsetof(platen_receive_t, parser));
    memset(&rx->tmp, 0, sizeof(*rx) - offsetof(platen_receive_t, tmp));
    rx->root = root;
    rx->max_file = max_file;
    rx->tmp.fd = -1;
    rx->field = -1;

    rc = platen_multipart_boundary(content_type, len, boundary, &n);
    if (rc == PLATEN_MULTIPART_OK) {
        rx->multipart = 1;
        platen_multipart_init(&rx->parser, boundary, n, &handler, rx, &limits);

    } else if (rc != PLATEN_MULTIPART_NOT_FORM_DATA) {
        return fail(rx, PLATEN_PROBLEM_MALFORMED_MULTIPART, "%s",
                    platen_multipart_strerror(rc));

    } else if (len >= 10 && strncasecmp(content_type, "multipart/", 10) == 0) {
        return fail(rx, PLATEN_PROBLEM_MALFORMED_MULTIPART,
                    "Of the multipart types only multipart/form-data is taken.");

    } else {
        snprintf(rx->content_type, sizeof(rx->content_type), "%.*s", (int) len,
                 content_type);
    }

    rx->md = EVP_MD_CTX_new();
    if (rx->md == NULL || EVP_DigestInit_ex(rx->md, EVP_sha256(), NULL) != 1) {
        return PLATEN_ERROR;
    }
    return PLATEN_OK;
}


int
platen_receive_param(platen_receive_t *rx, const char *name, size_t name_len,
    const char *value, size_t len)
{
    int field = platen_params_find(name, name_len);

    return field < 0 ? unknown_param(rx, name, name_len)
                     : set_param(rx, field, value, len);
}


static int
open_file(platen_receive_t *rx)
{
    rx->have_file = 1;
    if (platen_layout_tmp(rx->root, &rx->tmp) == 0) {
        platen_crash_point(PLATEN_CRASH_ACCEPT_OPENED);
        return PLATEN_OK;
    }

    /* Not of bytes: there is no inode left, and bytes freed will not help. */
    if (errno == ENOSPC) {
        rx->error = errno;
        return fail(rx, PLATEN_PROBLEM_STORE_UNAVAILABLE, "%s", "");
    }
    return fail_errno(rx, "open");
}


static int
write_file(platen_receive_t *rx, const unsigned char *p, size_t n)
{
    ssize_t written;

    rx->size += n;
    if (rx->size > rx->max_file) {
        return fail(rx, PLATEN_PROBLEM_FILE_TOO_LARGE,
                    "The file is larger than the limit of %llu bytes.",
                    (unsigned long long) rx->max_file);
    }
    if (EVP_DigestUpdate(rx->md, p, n) != 1) {
        return fail(rx, PLATEN_PROBLEM_INTERNAL, "%s", "");
    }

    rx->unsynced += n;
    while (n > 0) {
        written = write(rx->tmp.fd, p, n);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return fail_errno(rx, "write");
        }
        p += written;
        n -= (size_t) written;
    }
    platen_crash_point(PLATEN_CRASH_ACCEPT_WRITTEN);

    if (rx->unsynced >= WRITEBACK_EVERY && !rx->unsafe) {
        rx->unsynced = 0;
        /* Advice: what it misses, the sync at the end does. */
        (void) sync_file_range(rx->tmp.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    }
    return PLATEN_OK;
}


/* One more file comes: the one before is the first of several. */
static int
set_aside(platen_receive_t *rx)
{
    char name[PLATEN_FILENAME_MAX + 1];

    snprintf(name, sizeof(name), "%.*s",
             rx->filename_len == 0 ? 8 : (int) rx->filename_len,
             rx->filename_len == 0 ? "document" : rx->filename);
    return platen_receive_files_add(&rx->files, &rx->tmp, name) == 0
           ? PLATEN_OK : fail_errno(rx, "close");
}


static int
part_begin(void *data, const platen_multipart_part_t *part)
{
    platen_receive_t *rx = data;
    int               named_file;

    named_file = (part->name_len == 4 && memcmp(part->name, "file", 4) == 0)
                 || (part->name_len == 5
                     && memcmp(part->name, "files", 5) == 0);

    rx->part_len = 0;
    rx->in_file = part->has_filename || named_file;

    if (rx->in_file) {
        if (rx->have_file && rx->archive == NULL) {
            return fail(rx, PLATEN_PROBLEM_TOO_MANY_FILES, "%s", "");
        }
        if (!named_file) {
            return fail(rx, PLATEN_PROBLEM_INVALID_PARAMETER,
                        "A file came in a field of another name; send it in "
                        "the field file.");
        }
        if (rx->have_file && set_aside(rx) != PLATEN_OK) {
            return PLATEN_INVALID;
        }
        rx->filename_len = part->filename_len == 0
            ? 0 : platen_filename_clean(part->filename, part->filename_len,
                                        rx->filename, sizeof(rx->filename));
        snprintf(rx->content_type, sizeof(rx->content_type), "%.*s",
                 (int) part->content_type_len,
                 part->content_type_len == 0 ? "" : part->content_type);
        return open_file(rx);
    }

    rx->field = platen_params_find(part->name, part->name_len);
    return rx->field >= 0
           ? 0 : unknown_param(rx, part->name, part->name_len);
}


static int
part_data(void *data, const unsigned char *p, size_t n)
{
    platen_receive_t *rx = data;

    if (rx->in_file) {
        return write_file(rx, p, n);
    }

    if (rx->field < 0) {
        rx->part_len += n;
        return rx->part_len <= PLATEN_RECEIVE_UNKNOWN_MAX
               ? 0 : fail(rx, PLATEN_PROBLEM_TOO_MANY_PARTS,
                          "A form field is longer than %d bytes.",
                          PLATEN_RECEIVE_UNKNOWN_MAX);
    }

    if (n > sizeof(rx->value) - rx->part_len) {
        return set_param(rx, rx->field, NULL, rx->part_len + n);
    }
    memcpy(rx->value + rx->part_len, p, n);
    rx->part_len += n;
    return 0;
}


static int
part_end(void *data)
{
    platen_receive_t *rx = data;
    int               field = rx->field;

    rx->in_file = 0;
    rx->field = -1;
    return field < 0 ? 0 : set_param(rx, field, rx->value, rx->part_len);
}


/* What the parser ended with, unless a callback had a better word for it. */
static int
parser_failed(platen_receive_t *rx, int rc)
{
    platen_problem_t problem = PLATEN_PROBLEM_MALFORMED_MULTIPART;

    if (rc == PLATEN_MULTIPART_TOO_MANY_PARTS
        || rc == PLATEN_MULTIPART_HEADER_TOO_LARGE)
    {
        problem = PLATEN_PROBLEM_TOO_MANY_PARTS;
    }
    return fail(rx, problem, "%s", platen_multipart_strerror(rc));
}


int
platen_receive_feed(platen_receive_t *rx, const unsigned char *p, size_t n)
{
    int rc;

    if (rx->problem != PLATEN_PROBLEM_NONE) {
        return PLATEN_INVALID;
    }

    if (!rx->multipart) {
        if (n > 0 && !rx->have_file && open_file(rx) != PLATEN_OK) {
            return PLATEN_INVALID;
        }
        return n == 0 ? PLATEN_OK : write_file(rx, p, n);
    }

    rc = platen_multipart_feed(&rx->parser, p, n);
    return rc == PLATEN_MULTIPART_OK ? PLATEN_OK : parser_failed(rx, rc);
}


/* The format that the client names for the source, and whether it guessed. */
static int
source_hint(platen_receive_t *rx, const platen_format_t **hint, int *weak)
{
    *weak = 0;
    if (rx->params.lens[PLATEN_PARAM_SOURCE] > 0) {
        *hint = platen_format_named(rx->params.values[PLATEN_PARAM_SOURCE],
                                    rx->params.lens[PLATEN_PARAM_SOURCE]);
        return *hint != NULL
               ? PLATEN_OK
               : fail(rx, PLATEN_PROBLEM_UNSUPPORTED_FORMAT,
                      "source_format names no known format; GET /formats "
                      "lists them.");
    }

    *hint = platen_inspect_name(rx->filename, rx->filename_len);
    if (*hint == NULL) {
        *weak = 1;
        *hint = platen_format_by_mime(rx->content_type,
                                      strlen(rx->content_type));
    }
    return PLATEN_OK;
}


/* An entry of a batch's archive: what its name says that it is. */
static int
see_entry(void *data, const platen_zip_entry_t *e)
{
    platen_receive_t      *rx = data;
    const platen_format_t *format;

    if (platen_batch_folder(e->name, e->name_len)
        || platen_batch_skip(e->name, e->name_len, e->size) != NULL)
    {
        return 0;
    }
    format = platen_inspect_name(e->name, e->name_len);
    if (format != NULL && strcmp(format->name, "zip") != 0) {
        rx->contents |= UINT64_C(1) << (format - platen_formats);
    }
    return 0;
}


/* An archive of documents, before anything of it is unpacked. */
static int
check_batch(platen_receive_t *rx)
{
    platen_zip_verdict_t verdict;
    uint8_t             *buf;
    int                  rc;

    rx->batch = 1;
    if (platen_zip_check(rx->tmp.fd, (off_t) rx->size, rx->archive, &verdict)
        == PLATEN_ERROR)
    {
        return fail_errno(rx, "reading the file back");
    }
    if (verdict.rule != PLATEN_ZIP_SAFE) {
        return fail(rx, PLATEN_PROBLEM_UNSAFE_ARCHIVE, "%s", verdict.sentence);
    }

    buf = malloc(PLATEN_ZIP_BUFFER);
    if (buf == NULL) {
        errno = ENOMEM;
        return fail_errno(rx, "malloc");
    }
    rc = platen_zip_walk(rx->tmp.fd, (off_t) rx->size, buf, see_entry, rx);
    free(buf);
    if (rc != 0) {
        return fail(rx, PLATEN_PROBLEM_NOT_AN_ARCHIVE, "%s", "");
    }
    return rx->contents != 0
           ? PLATEN_OK : fail(rx, PLATEN_PROBLEM_NOTHING_TO_CONVERT, "%s", "");
}


static int
check_archive(platen_receive_t *rx)
{
    char sentence[PLATEN_ZIP_SENTENCE];
    int  safe;

    if (rx->archive != NULL && strcmp(rx->source->name, "zip") == 0) {
        return check_batch(rx);
    }
    if (rx->only_archive) {
        return fail(rx, PLATEN_PROBLEM_NOT_AN_ARCHIVE, "%s", "");
    }
    safe = platen_inspect_container(rx->tmp.fd, (off_t) rx->size, rx->source,
                                    sentence);
    if (safe < 0) {
        return fail_errno(rx, "reading the file back");
    }
    return safe ? PLATEN_OK
                : fail(rx, PLATEN_PROBLEM_UNSAFE_ARCHIVE, "%s", sentence);
}


/* No target: what the body is taken for may be why. */
static int
no_target(platen_receive_t *rx)
{
    static const char *const types[] = {
        "application/json", "application/x-www-form-urlencoded"
    };
    size_t i, n;

    for (i = 0; !rx->multipart && i < 2; i++) {
        n = strlen(types[i]);
        if (strncasecmp(rx->content_type, types[i], n) == 0) {
            return fail(rx, PLATEN_PROBLEM_MISSING_PARAMETER,
                        "A body of %s is taken for the document itself. Send "
                        "a form (multipart/form-data) with the fields file "
                        "and target_format, or the document as it is with "
                        "?to=pdf&filename=NAME in the URL.", types[i]);
        }
    }
    return fail(rx, PLATEN_PROBLEM_MISSING_PARAMETER, "%s", "");
}


/* What the file is, by its content and what the client says of it. */
static int
decide_source(platen_receive_t *rx, const platen_format_t *hint, int weak)
{
    platen_inspect_t             is;
    const platen_inspect_file_t  file = {
        .name = rx->filename,
        .name_len = rx->filename_len,
        .claimed = hint,
        .weak = weak,
        .told = rx->params.lens[PLATEN_PARAM_SOURCE] > 0,
    };

    if (platen_inspect(rx->tmp.fd, (off_t) rx->size, &file, &is) != PLATEN_OK) {
        return fail_errno(rx, "reading the file back");
    }
    rx->source = is.format;

    if (rx->source == NULL && rx->only_archive) {
        return fail(rx, PLATEN_PROBLEM_NOT_AN_ARCHIVE, "%s", "");
    }
    if (rx->source == NULL) {
        return fail(rx, is.verdict == PLATEN_INSPECT_MISMATCH
                        ? PLATEN_PROBLEM_CONTENT_MISMATCH
                        : PLATEN_PROBLEM_UNKNOWN_CONTENT, "%s", is.sentence);
    }
    if (is.sentence[0] != '\0') {
        platen_params_note(&rx->params, "%s", is.sentence);
    }
    return PLATEN_OK;
}


static int
decide_formats(platen_receive_t *rx)
{
    const platen_format_t *hint;
    int                    weak;

    if (rx->params.lens[PLATEN_PARAM_TARGET] == 0) {
        return no_target(rx);
    }
    rx->target = platen_format_named(rx->params.values[PLATEN_PARAM_TARGET],
                                    rx->params.lens[PLATEN_PARAM_TARGET]);
    if (rx->target == NULL) {
        return fail(rx, PLATEN_PROBLEM_UNSUPPORTED_FORMAT,
                    "target_format names no known format; GET /formats lists "
                    "them.");
    }

    if (source_hint(rx, &hint, &weak) != PLATEN_OK) {
        return PLATEN_INVALID;
    }
    if (hint == rx->target && !weak
        && platen_inspect_inner_name(rx->filename, rx->filename_len) == NULL
        && rx->params.options.given == 0
        && !rx->only_archive)
    {
        return fail(rx, PLATEN_PROBLEM_IDENTICAL_FORMATS, "%s", "");
    }

    if (decide_source(rx, hint, weak) != PLATEN_OK) {
        return PLATEN_INVALID;
    }
    if (rx->source == rx->target && rx->params.options.given == 0
        && !rx->only_archive)
    {
        return fail(rx, PLATEN_PROBLEM_IDENTICAL_FORMATS, "%s", "");
    }
    return check_archive(rx);
}


/* A name to show for a file that came without one. */
static void
name_file(platen_receive_t *rx)
{
    const platen_params_t *params = &rx->params;

    if (params->lens[PLATEN_PARAM_FILENAME] > 0) {
        rx->filename_len = platen_filename_clean(
            params->values[PLATEN_PARAM_FILENAME],
            params->lens[PLATEN_PARAM_FILENAME], rx->filename,
            sizeof(rx->filename));
    }
}


/* Everything that content and parameters say about the file. */
static int
understand(platen_receive_t *rx)
{
    if (rx->size == 0) {
        return fail(rx, PLATEN_PROBLEM_EMPTY_FILE, "%s", "");
    }

    name_file(rx);
    if (decide_formats(rx) != PLATEN_OK) {
        return PLATEN_INVALID;
    }
    if (rx->filename_len == 0) {
        rx->filename_len = platen_filename_replace_ext("document", 8,
                                                       rx->source->name,
                                                       rx->filename,
                                                       sizeof(rx->filename));
    }
    return PLATEN_OK;
}


int
platen_receive_adopt(platen_receive_t *rx, const char *path, int fd,
    uint64_t size, const uint8_t sha256[PLATEN_SHA256_LEN])
{
    snprintf(rx->tmp.path, sizeof(rx->tmp.path), "%s", path);
    rx->size = size;
    memcpy(rx->sha256, sha256, sizeof(rx->sha256));

    rx->tmp.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (rx->tmp.fd < 0) {
        return fail_errno(rx, "fcntl");
    }
    if (understand(rx) != PLATEN_OK) {
        return PLATEN_INVALID;
    }
    platen_receive_close(rx);
    return PLATEN_OK;
}


/* The digest is the archive's, and not that of the files that went by. */
static int
hash_again(platen_receive_t *rx)
{
    unsigned char buf[16384];
    ssize_t       n;
    off_t         at = 0;

    if (EVP_DigestInit_ex(rx->md, EVP_sha256(), NULL) != 1) {
        errno = ENOMEM;
        return -1;
    }
    while ((n = pread(rx->tmp.fd, buf, sizeof(buf), at)) > 0) {
        if (EVP_DigestUpdate(rx->md, buf, (size_t) n) != 1) {
            errno = ENOMEM;
            return -1;
        }
        at += n;
    }
    rx->size = (uint64_t) at;
    return n == 0 ? 0 : -1;
}


/* Several files become one archive of them. */
static int
pack(platen_receive_t *rx)
{
    if (set_aside(rx) != PLATEN_OK) {
        return PLATEN_INVALID;
    }
    if (platen_receive_files_pack(&rx->files, rx->root, &rx->tmp) != 0
        || hash_again(rx) != 0)
    {
        return fail_errno(rx, "packing the files");
    }
    platen_receive_files_clear(&rx->files);
    rx->filename_len = platen_filename_clean("documents.zip", 13, rx->filename,
                                             sizeof(rx->filename));
    rx->content_type[0] = '\0';
    return PLATEN_OK;
}


int
platen_receive_finish(platen_receive_t *rx)
{
    unsigned n = 0;
    int      rc;

    if (rx->problem != PLATEN_PROBLEM_NONE) {
        return PLATEN_INVALID;
    }

    if (rx->multipart) {
        rc = platen_multipart_end(&rx->parser);
        if (rc != PLATEN_MULTIPART_OK) {
            return parser_failed(rx, rc);
        }
        if (!rx->have_file) {
            return fail(rx, PLATEN_PROBLEM_MISSING_FILE, "%s", "");
        }
    }
    if (rx->files.n != 0 && pack(rx) != PLATEN_OK) {
        return PLATEN_INVALID;
    }
    if (understand(rx) != PLATEN_OK) {
        return PLATEN_INVALID;
    }

    if (EVP_DigestFinal_ex(rx->md, rx->sha256, &n) != 1) {
        return fail(rx, PLATEN_PROBLEM_INTERNAL, "%s", "");
    }
    if (!rx->unsafe && fdatasync(rx->tmp.fd) != 0) {
        return fail_errno(rx, "fdatasync");
    }
    platen_crash_point(PLATEN_CRASH_ACCEPT_SYNCED);
    platen_receive_close(rx);
    return PLATEN_OK;
}


void
platen_receive_close(platen_receive_t *rx)
{
    if (rx->tmp.fd >= 0) {
        close(rx->tmp.fd);
        rx->tmp.fd = -1;
    }
    EVP_MD_CTX_free(rx->md);
    rx->md = NULL;
    platen_receive_files_clear(&rx->files);
}
