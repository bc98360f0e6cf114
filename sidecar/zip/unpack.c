/*
 * platen-zip --unpack ARCHIVE DIRECTORY: takes a batch's archive apart.  Entry n
 * becomes DIRECTORY/<n>, so that no name of the archive is ever one on the disk;
 * and DIRECTORY/list says what they are, a line of JSON to an entry:
 *
 *   {"n":0,"name":"a/report.docx","sha256":"9f86…"}  unpacked
 *   {"n":1,"name":".DS_Store","skip":"hidden_file"}  not, as it is no document
 *   {"n":2,"name":"b.odt","fail":"corrupt_document"} not, as it cannot be
 *
 * Folders are no entries.  Whoever reads the list takes it for hostile: this
 * program has read the archive.  All is synced before it ends.
 */

#include "zip/main.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/evp.h>

#include "job/skip.h"
#include "base/utf8.h"
#include "zip/archive.h"

#define CHUNK 65536
#define SHA256_TEXT 65
#define NAME_MAX_BYTES 1024 /* of an entry's name; what is longer is cut off */
#define SYNC_EACH 256       /* files that are synced one by one */

/* Writes all of it, or what there is: 0; -1 with errno; 1: the archive is at fault. */
static int
copy(zip_file_t *in, int out, zip_uint64_t size, EVP_MD_CTX *md)
{
    static char buf[CHUNK];
    zip_int64_t n;
    ssize_t     w, at;

    while ((n = zip_fread(in, buf, sizeof(buf))) > 0) {
        if ((zip_uint64_t) n > size) {
            return 1; /* more than the archive said it would be */
        }
        size -= (zip_uint64_t) n;
        if (EVP_DigestUpdate(md, buf, (size_t) n) != 1) {
            errno = ENOMEM;
            return -1;
        }
        for (at = 0; at < n; at += w) {
            w = write(out, buf + at, (size_t) (n - at));
            if (w < 0 && errno == EINTR) {
                w = 0;
            } else if (w <= 0) {
                return -1;
            }
        }
    }
    return n < 0 || size != 0 ? 1 : 0;
}

/* The digest in hexadecimal digits. */
static int
write_digest(EVP_MD_CTX *md, char text[SHA256_TEXT])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned      n = 0, i;

    if (EVP_DigestFinal_ex(md, digest, &n) != 1 || 2 * n + 1 != SHA256_TEXT) {
        errno = ENOMEM;
        return -1;
    }
    for (i = 0; i < n; i++) {
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    }
    return 0;
}

/* One entry to one file.  0, and its digest; 1: it is damaged; -1 with errno. */
static int
unpack_entry(zip_t *zip, zip_uint64_t i, zip_uint64_t size, const char *path, EVP_MD_CTX *md,
             char digest[SHA256_TEXT])
{
    zip_file_t *in;
    int         out, rc;

    if (EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1) {
        errno = ENOMEM;
        return -1;
    }

    in = zip_fopen_index(zip, i, 0);
    if (in == NULL) {
        return 1;
    }
    out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (out < 0) {
        zip_fclose(in);
        return -1;
    }
    rc = copy(in, out, size, md);
    if (zip_fclose(in) != 0 && rc == 0) {
        rc = 1;
    }
    if (rc == 0) {
        /* Advice: what it misses, the sync at the end does. */
        (void) sync_file_range(out, 0, 0, SYNC_FILE_RANGE_WRITE);
    }
    if (close(out) != 0 && rc == 0) {
        rc = -1;
    }
    if (rc == 1) {
        (void) unlink(path);
    }
    return rc == 0 ? write_digest(md, digest) : rc;
}

/*
 * The entry's name as it can be said: libzip passes on what claims to be UTF-8
 * (also in the extra field 0x7075, which may be of any length) and is not.
 */
static const char *
sayable(const char *name, char out[NAME_MAX_BYTES + 1])
{
    size_t i, len = strlen(name);

    if (len <= NAME_MAX_BYTES && platen_utf8_valid(name, len)) {
        return name;
    }
    for (i = 0; i < len && i < NAME_MAX_BYTES; i++) {
        out[i] = (unsigned char) name[i] < 0x80 ? name[i] : '_';
    }
    out[i] = '\0';
    return out;
}

static int
write_line(FILE *list, zip_uint64_t n, const char *name, const char *word, const char *value)
{
    json_t *line;
    int     rc;

    line = json_pack("{s:I, s:s, s:s}", "n", (json_int_t) n, "name", name, word, value);
    if (line == NULL) {
        return -1;
    }
    rc = json_dumpf(line, list, JSON_COMPACT) != 0 || fputc('\n', list) == EOF ? -1 : 0;
    json_decref(line);
    return rc;
}

static int
unpack_all(zip_t *zip, const char *dir, FILE *list, EVP_MD_CTX *md, unsigned *count)
{
    const char  *name, *reason, *word;
    char         path[PATH_MAX], digest[SHA256_TEXT], plain[NAME_MAX_BYTES + 1];
    zip_stat_t   st;
    zip_uint64_t i, number = 0;
    zip_int64_t  n = zip_get_num_entries(zip, 0);
    int          rc;

    for (i = 0; i < (zip_uint64_t) n; i++) {
        name = zip_get_name(zip, i, ZIP_FL_ENC_GUESS); /* in UTF-8 */
        if (name == NULL || zip_stat_index(zip, i, 0, &st) != 0
            || (st.valid & ZIP_STAT_SIZE) == 0) {
            fprintf(stderr, "platen-zip: entry %llu: %s\n", (unsigned long long) i,
                    zip_strerror(zip));
            return PLATEN_ZIP_EXIT_CORRUPT;
        }
        name = sayable(name, plain);
        if (platen_batch_folder(name, strlen(name))) {
            continue;
        }
        word = "skip";
        reason = platen_batch_skip(name, strlen(name), st.size);
        if (reason == NULL) {
            snprintf(path, sizeof(path), "%s/%llu", dir, (unsigned long long) number);
            rc = unpack_entry(zip, i, st.size, path, md, digest);
            if (rc < 0) {
                return platen_zip_fail(path, strerror(errno));
            }
            word = rc == 0 ? "sha256" : "fail";
            reason = rc == 0 ? digest : "corrupt_document";
        }
        if (write_line(list, number, name, word, reason) != 0) {
            return platen_zip_fail("the list", strerror(errno));
        }
        *count = (unsigned) ++number;
    }
    return 0;
}

/* One file that was unpacked; that others were not is no failure. */
static int
sync_file(int dir, unsigned n)
{
    char name[16];
    int  fd, rc;

    snprintf(name, sizeof(name), "%u", n);
    fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? 0 : -1;
    }
    rc = fdatasync(fd);
    close(fd);
    return rc;
}

/*
 * The bytes of every file that was unpacked: they are the only copy that is
 * converted.  Of a few, each; of many, all that the file system has to write,
 * which on a busy one is more than is ours.
 */
static int
sync_all(const char *path, unsigned n)
{
    unsigned i;
    int      dir, rc = 0;

    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return -1;
    }
    if (n > SYNC_EACH) {
        rc = syncfs(dir);
    }
    for (i = 0; i < n && n <= SYNC_EACH && rc == 0; i++) {
        rc = sync_file(dir, i);
    }
    close(dir);
    return rc;
}

int
platen_zip_unpack(const char *archive, const char *dir)
{
    zip_error_t error;
    EVP_MD_CTX *md;
    zip_t      *zip;
    FILE       *list;
    char        path[PATH_MAX];
    unsigned    count = 0;
    int         code;

    zip = zip_open(archive, ZIP_RDONLY, &code);
    if (zip == NULL) {
        zip_error_init_with_code(&error, code);
        (void) platen_zip_fail(archive, zip_error_strerror(&error));
        zip_error_fini(&error);
        return PLATEN_ZIP_EXIT_CORRUPT;
    }

    snprintf(path, sizeof(path), "%s/list", dir);
    list = fopen(path, "wxe");
    if (list == NULL) {
        code = platen_zip_fail(path, strerror(errno));
        zip_discard(zip);
        return code;
    }
    md = EVP_MD_CTX_new();
    code = md == NULL ? platen_zip_fail(archive, strerror(ENOMEM))
                      : unpack_all(zip, dir, list, md, &count);
    EVP_MD_CTX_free(md);
    if (fclose(list) != 0 && code == 0) {
        code = platen_zip_fail(path, strerror(errno));
    }
    zip_discard(zip);
    if (code == 0 && sync_all(dir, count) != 0) {
        code = platen_zip_fail(dir, strerror(errno));
    }
    return code;
}
