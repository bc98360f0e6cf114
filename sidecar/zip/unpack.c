/*
 * platen-zip --unpack ARCHIVE DIRECTORY: takes a batch's archive apart.  Entry n
 * becomes DIRECTORY/<n>, so that no name of the archive is ever one on the disk;
 * and DIRECTORY/list says what they are, a line of JSON to an entry:
 *
 *   {"n":0,"name":"a/report.docx"}                   unpacked
 *   {"n":1,"name":".DS_Store","skip":"hidden_file"}  not, as it is no document
 *   {"n":2,"name":"b.odt","fail":"corrupt_document"} not, as it cannot be
 *
 * Folders are no entries.  Whoever reads the list takes it for hostile: this
 * program has read the archive; that it is on the disk, and what its digest is, that one
 * sees to itself (batch/expand.c).
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

#include "base/bytes.h"
#include "job/skip.h"
#include "base/utf8.h"
#include "zip/archive.h"

#define CHUNK 65536
#define NAME_MAX_BYTES 1024 /* of an entry's name; what is longer is cut off */

/* Writes all of it, or what there is: 0; -1 with errno; 1: the archive is at fault. */
static int
copy(zip_file_t *in, int out, zip_uint64_t size)
{
    static char buf[CHUNK];
    zip_int64_t n;

    while ((n = zip_fread(in, buf, sizeof(buf))) > 0) {
        if ((zip_uint64_t) n > size) {
            return 1; /* more than the archive said it would be */
        }
        size -= (zip_uint64_t) n;
        if (platen_bytes_write(out, buf, (size_t) n) != 0) {
            return -1;
        }
    }
    return n < 0 || size != 0 ? 1 : 0;
}

/* One entry to one file.  0; 1: it is damaged; -1 with errno. */
static int
unpack_entry(zip_t *zip, zip_uint64_t i, zip_uint64_t size, const char *path)
{
    zip_file_t *in;
    int         out, rc;

    in = zip_fopen_index(zip, i, 0);
    if (in == NULL) {
        return 1;
    }
    out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (out < 0) {
        zip_fclose(in);
        return -1;
    }
    rc = copy(in, out, size);
    if (zip_fclose(in) != 0 && rc == 0) {
        rc = 1;
    }
    if (rc == 0) {
        /* Advice, for who syncs it. */
        (void) sync_file_range(out, 0, 0, SYNC_FILE_RANGE_WRITE);
    }
    if (close(out) != 0 && rc == 0) {
        rc = -1;
    }
    if (rc == 1) {
        (void) unlink(path);
    }
    return rc;
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

/* Without a word it was unpacked. */
static int
write_line(FILE *list, zip_uint64_t n, const char *name, const char *word, const char *value)
{
    json_t *line;
    int     rc;

    line = json_pack("{s:I, s:s}", "n", (json_int_t) n, "name", name);
    if (line == NULL
        || (word != NULL && json_object_set_new(line, word, json_string(value)) != 0)) {
        json_decref(line);
        return -1;
    }
    rc = json_dumpf(line, list, JSON_COMPACT) != 0 || fputc('\n', list) == EOF ? -1 : 0;
    json_decref(line);
    return rc;
}

static int
unpack_all(zip_t *zip, const char *dir, FILE *list)
{
    const char  *name, *reason, *word;
    char         path[PATH_MAX], plain[NAME_MAX_BYTES + 1];
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
            rc = unpack_entry(zip, i, st.size, path);
            if (rc < 0) {
                return platen_zip_fail(path, strerror(errno));
            }
            word = rc == 0 ? NULL : "fail";
            reason = "corrupt_document";
        }
        if (write_line(list, number, name, word, reason) != 0) {
            return platen_zip_fail("the list", strerror(errno));
        }
        number++;
    }
    return 0;
}

int
platen_zip_unpack(const char *archive, const char *dir)
{
    zip_error_t error;
    zip_t      *zip;
    FILE       *list;
    char        path[PATH_MAX];
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
    code = unpack_all(zip, dir, list);
    if (fclose(list) != 0 && code == 0) {
        code = platen_zip_fail(path, strerror(errno));
    }
    zip_discard(zip);
    return code;
}
