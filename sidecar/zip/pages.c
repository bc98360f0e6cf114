/*
 * platen-zip OUTPUT FILE|DIRECTORY...: puts the page images of a document into
 * one ZIP file, files in the order given and those of a directory in the order of
 * their numbers.  "in-7.png" is "report-7.png" in there where PLATEN_NAME says that
 * the document is report.pdf; what is named otherwise has its own name.  Executed in
 * the sandbox after a conversion that gave several files.
 *
 * The name is in the environment because every user of the machine can read the
 * words of a command.
 *
 * PNG and JPEG are compressed already, so the contents are stored as they are.
 */

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/utf8.h"
#include "format/filename.h"
#include "zip/archive.h"
#include "zip/main.h"

#define STEM_MAX 180 /* bytes, so that file systems take the name with what follows it */

/* The name of an entry. */
static void
name_entry(char *path, char *name, size_t size)
{
    const char *own = basename(path), *document = getenv("PLATEN_NAME");
    const char *dot = document == NULL ? NULL : strrchr(document, '.');
    size_t      n = document == NULL ? 0 : strlen(document), i;

    n = dot != NULL && dot > document ? (size_t) (dot - document) : n;
    if (n == 0 || strncmp(own, "in-", 3) != 0) {
        snprintf(name, size, "%s", own);
        return;
    }
    n = platen_utf8_cut(document, n, STEM_MAX);
    for (i = 0; i < n; i++) {
        name[i] = document[i];
        if (!platen_filename_takes(name[i]) || (i == 0 && name[i] == '.')) {
            name[i] = '_';
        }
    }
    snprintf(name + n, size - n, "%s", own + 2);
}

/* Adds one file, which libzip reads when the archive is closed.  0, or its exit code. */
static int
add_file(zip_t *zip, char *path)
{
    zip_source_t *source;
    zip_int64_t   i;
    char          name[PATH_MAX];

    name_entry(path, name, sizeof(name));
    source = zip_source_file(zip, path, 0, -1);
    if (source == NULL) {
        return platen_zip_fail(path, zip_strerror(zip));
    }
    i = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (i < 0) {
        zip_source_free(source);
        return platen_zip_fail(path, zip_strerror(zip));
    }
    return platen_zip_plain(zip, (zip_uint64_t) i, 0);
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
        return platen_zip_fail(dir, strerror(errno));
    }
    for (i = 0; i < n; i++) {
        if (code == 0
            && snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name)
                   >= (int) sizeof(path)) {
            code = platen_zip_fail(dir, strerror(ENAMETOOLONG));
        }
        if (code == 0 && lstat(path, &st) != 0) {
            code = platen_zip_fail(path, strerror(errno));
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
        return platen_zip_fail(path, strerror(errno));
    }
    return S_ISDIR(st.st_mode) ? add_directory(zip, path) : add_file(zip, path);
}

int
platen_zip_pages(const char *output, char **paths, int n)
{
    zip_t *zip;
    int    i, code = 0;

    zip = platen_zip_create(output, &code);
    for (i = 0; i < n && code == 0; i++) {
        code = add(zip, paths[i]);
    }
    return platen_zip_end(zip, output, code);
}
