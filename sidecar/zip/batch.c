/*
 * platen-zip --batch OUTPUT DIRECTORY: packs the results of a batch.  In the
 * directory, "list" has a line of JSON to a file of the batch, in their order:
 *
 *   {"id":0,"entry":"a/b.docx","status":"SUCCESS","result":"a/b.pdf",
 *    "deflate":false, ...}
 *
 * A line with "result" has its bytes in DIRECTORY/<id>.  Two that would have one
 * name both survive: the second becomes "a/b (2).pdf".  manifest.json, the first
 * entry, has all lines, with the names that the archive has.  The same results
 * give the same bytes.
 */

#include "zip/main.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "zip/archive.h"

#define MANIFEST "manifest.json"
#define NAME_MAX_BYTES 4096

/* A name of its own: "a/b.pdf", "a/b (2).pdf", ...; 0, or -1. */
static int
find_name(zip_t *zip, const char *wanted, char *name, size_t size)
{
    const char *slash = strrchr(wanted, '/');
    const char *dot = strrchr(slash == NULL ? wanted : slash, '.');
    size_t      stem = dot == NULL ? strlen(wanted) : (size_t) (dot - wanted);
    int         n;

    if (snprintf(name, size, "%s", wanted) >= (int) size) {
        return -1;
    }
    for (n = 2; zip_name_locate(zip, name, ZIP_FL_NOCASE | ZIP_FL_ENC_UTF_8) >= 0; n++) {
        if (snprintf(name, size, "%.*s (%d)%s", (int) stem, wanted, n, wanted + stem)
            >= (int) size) {
            return -1;
        }
    }
    return 0;
}

/* Adds the result of one line, which gets the name that it has. */
static int
add_result(zip_t *zip, const char *dir, json_t *line, const char *wanted)
{
    zip_source_t *source;
    zip_int64_t   i;
    char          path[PATH_MAX], name[NAME_MAX_BYTES];

    if (find_name(zip, wanted, name, sizeof(name)) != 0) {
        return platen_zip_fail(wanted, "the name is too long");
    }
    snprintf(path, sizeof(path), "%s/%lld", dir,
             (long long) json_integer_value(json_object_get(line, "id")));
    source = zip_source_file(zip, path, 0, -1);
    if (source == NULL) {
        return platen_zip_fail(path, zip_strerror(zip));
    }
    i = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    if (i < 0) {
        zip_source_free(source);
        return platen_zip_fail(path, zip_strerror(zip));
    }
    if (json_object_set_new(line, "result", json_string(name)) != 0) {
        return platen_zip_fail(path, "no memory");
    }
    return platen_zip_plain(zip, (zip_uint64_t) i,
                            json_is_true(json_object_get(line, "deflate")));
}

static int
add_line(zip_t *zip, const char *dir, const char *text, json_t *files)
{
    json_t     *line = json_loads(text, 0, NULL);
    const char *wanted;
    int         code = 0;

    if (!json_is_object(line)) {
        json_decref(line);
        return platen_zip_fail("the list", "a line is no object");
    }
    wanted = json_string_value(json_object_get(line, "result"));
    if (wanted != NULL) {
        code = add_result(zip, dir, line, wanted);
    }
    (void) json_object_del(line, "deflate");
    if (json_array_append_new(files, line) != 0 && code == 0) {
        code = platen_zip_fail("the list", "no memory");
    }
    return code;
}

/* Its place is the first, taken before any result could have its name. */
static int
add_manifest(zip_t *zip, zip_source_t *source)
{
    zip_int64_t i;

    if (source == NULL) {
        return platen_zip_fail(MANIFEST, zip_strerror(zip));
    }
    i = zip_file_add(zip, MANIFEST, source, ZIP_FL_ENC_UTF_8);
    if (i < 0) {
        zip_source_free(source);
        return platen_zip_fail(MANIFEST, zip_strerror(zip));
    }
    return platen_zip_plain(zip, (zip_uint64_t) i, 1);
}

static int
write_manifest(zip_t *zip, json_t *files)
{
    zip_source_t *source;
    json_t       *manifest = json_pack("{s:O}", "files", files);
    char         *text;

    text = manifest == NULL ? NULL : json_dumps(manifest, JSON_INDENT(2));
    json_decref(manifest);
    if (text == NULL) {
        return platen_zip_fail(MANIFEST, "no memory");
    }
    source = zip_source_buffer(zip, text, strlen(text), 1);
    if (source == NULL || zip_file_replace(zip, 0, source, 0) != 0) {
        zip_source_free(source);
        return platen_zip_fail(MANIFEST, zip_strerror(zip));
    }
    return 0;
}

int
platen_zip_batch(const char *output, const char *dir)
{
    json_t *files = json_array();
    zip_t  *zip;
    FILE   *list;
    char    path[PATH_MAX], *text = NULL;
    size_t  size = 0;
    int     code = 0;

    zip = platen_zip_create(output, &code);
    if (zip == NULL) {
        json_decref(files);
        return code;
    }
    snprintf(path, sizeof(path), "%s/list", dir);
    list = fopen(path, "re");
    if (list == NULL) {
        code = platen_zip_fail(path, strerror(errno));
    } else {
        code = add_manifest(zip, zip_source_buffer(zip, "", 0, 0));
        while (code == 0 && getline(&text, &size, list) > 0) {
            code = add_line(zip, dir, text, files);
        }
        free(text);
        fclose(list);
    }
    if (code == 0) {
        code = write_manifest(zip, files);
    }
    json_decref(files);
    return platen_zip_end(zip, output, code);
}
