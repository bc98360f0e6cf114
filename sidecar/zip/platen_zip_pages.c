/*
 * platen-zip OUTPUT FILE|DIRECTORY...: puts the page images of a document into
 * one ZIP file under their own names, files in the order given and those of a
 * directory in the order of their numbers.  Executed in the sandbox after a
 * conversion that gave several files; one thread, no other process.
 *
 * PNG and JPEG are compressed already, so the contents are stored as they are.
 * All times are the same, so that the same pages give the same bytes.
 *
 * Exits with 0; or with 13 and a sentence on standard error, and then leaves no
 * output.
 */

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zip.h>

#include "platen.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

#define EXIT_CANNOT_WRITE 13

/* 1 January 1980, 00:00: the first time that ZIP knows (APPNOTE 4.4.6). */
#define DOS_DATE (1 << 5 | 1)
#define DOS_TIME 0

static int
fail(const char *what, const char *why)
{
    fprintf(stderr, "platen-zip: %s: %s\n", what, why);
    return EXIT_CANNOT_WRITE;
}

/* Adds one file, which libzip reads when the archive is closed.  0, or its exit code. */
static int
add_file(zip_t *zip, char *path)
{
    zip_source_t *source;
    zip_int64_t   i;

    source = zip_source_file(zip, path, 0, -1);
    if (source == NULL) {
        return fail(path, zip_strerror(zip));
    }
    i = zip_file_add(zip, basename(path), source, ZIP_FL_ENC_UTF_8);
    if (i < 0) {
        zip_source_free(source);
        return fail(path, zip_strerror(zip));
    }
    if (zip_set_file_compression(zip, (zip_uint64_t) i, ZIP_CM_STORE, 0) != 0
        || zip_file_set_dostime(zip, (zip_uint64_t) i, DOS_TIME, DOS_DATE, 0) != 0) {
        return fail(path, zip_strerror(zip));
    }
    return 0;
}

static int
is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Adds the plain files of a directory: in-2 before in-10. */
static int
add_directory(zip_t *zip, const char *dir)
{
    struct dirent **names;
    struct stat     st;
    char            path[PATH_MAX];
    int             i, n, code = 0;

    n = scandir(dir, &names, is_shown, versionsort);
    if (n < 0) {
        return fail(dir, strerror(errno));
    }
    for (i = 0; i < n; i++) {
        if (code == 0
            && snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name)
                   >= (int) sizeof(path)) {
            code = fail(dir, strerror(ENAMETOOLONG));
        }
        if (code == 0 && lstat(path, &st) != 0) {
            code = fail(path, strerror(errno));
        }
        if (code == 0 && S_ISREG(st.st_mode)) {
            code = add_file(zip, path);
        }
        free(names[i]);
    }
    free(names);
    return code;
}

static int
add(zip_t *zip, char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return fail(path, strerror(errno));
    }
    return S_ISDIR(st.st_mode) ? add_directory(zip, path) : add_file(zip, path);
}

int
main(int argc, char **argv)
{
    zip_error_t error;
    zip_t      *zip;
    int         i, code;

    if (argc < 3) {
        return fail("usage", "platen-zip OUTPUT FILE|DIRECTORY...");
    }
    zip = zip_open(argv[1], ZIP_CREATE | ZIP_EXCL, &code);
    if (zip == NULL) {
        zip_error_init_with_code(&error, code);
        code = fail(argv[1], zip_error_strerror(&error));
        zip_error_fini(&error);
        return code;
    }

    for (i = 2, code = 0; i < argc && code == 0; i++) {
        code = add(zip, argv[i]);
    }
    if (code == 0 && zip_get_num_entries(zip, 0) == 0) {
        code = fail(argv[1], "there is nothing to put into it");
    }
    if (code == 0 && zip_close(zip) != 0) {
        code = fail(argv[1], zip_strerror(zip));
    }
    if (code != 0) {
        zip_discard(zip);
    }
    return code;
}
