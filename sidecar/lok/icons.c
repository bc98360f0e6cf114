/* Icons; see lok/icons.h.  By libzip, before LibreOffice begins. */

#include "lok/icons.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#define PICTURE_MAX (1u << 20)

static int
is_drawn(const char *name)
{
    static const char *const drawn[] = { "vcl/res/check", "vcl/res/radio" };
    size_t                   i;

    for (i = 0; name != NULL && i < sizeof(drawn) / sizeof(drawn[0]); i++) {
        if (strncmp(name, drawn[i], strlen(drawn[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

static int
add(zip_t *to, zip_t *from, zip_uint64_t i)
{
    zip_source_t *source;
    zip_stat_t    st;
    zip_file_t   *file;
    char         *bytes;

    if (zip_stat_index(from, i, 0, &st) != 0 || st.size == 0 || st.size > PICTURE_MAX) {
        return 0;
    }
    bytes = malloc((size_t) st.size);
    file = bytes == NULL ? NULL : zip_fopen_index(from, i, 0);
    if (file == NULL || zip_fread(file, bytes, st.size) != (zip_int64_t) st.size) {
        if (file != NULL) {
            zip_fclose(file);
        }
        free(bytes);
        return -1;
    }
    zip_fclose(file);
    source = zip_source_buffer(to, bytes, st.size, 1);
    if (source == NULL) {
        free(bytes);
        return -1;
    }
    if (zip_file_add(to, st.name, source, 0) < 0) {
        zip_source_free(source);
        return -1;
    }
    return 0;
}

/* One archive; what cannot be read of LibreOffice's has nothing in it. */
static int
copy(const char *path, const char *dir)
{
    char         name[PATH_MAX];
    zip_t       *from = zip_open(path, ZIP_RDONLY, NULL), *to;
    zip_uint64_t i;
    int          rc = 0;

    if (from == NULL) {
        return 0;
    }
    snprintf(name, sizeof(name), "%s%s", dir, strrchr(path, '/'));
    to = zip_open(name, ZIP_CREATE | ZIP_EXCL, NULL);
    for (i = 0; to != NULL && rc == 0 && i < (zip_uint64_t) zip_get_num_entries(from, 0); i++) {
        if (is_drawn(zip_get_name(from, i, 0))) {
            rc = add(to, from, i);
        }
    }
    if (to == NULL || rc != 0 || zip_close(to) != 0) {
        if (to != NULL) {
            zip_discard(to);
        }
        errno = EIO;
        rc = -1;
    }
    zip_discard(from);
    return rc;
}

int
platen_lok_icons_write(const char *program, const char *dir)
{
    char   pattern[PATH_MAX];
    glob_t found;
    size_t i;
    int    rc = 0;

    if (snprintf(pattern, sizeof(pattern), "%s/../share/config/images_*.zip", program)
        >= (int) sizeof(pattern)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (mkdir(dir, 0700) != 0) {
        return -1;
    }
    if (glob(pattern, 0, NULL, &found) != 0) {
        return 0; /* it has none */
    }
    for (i = 0; rc == 0 && i < found.gl_pathc; i++) {
        rc = copy(found.gl_pathv[i], dir);
    }
    globfree(&found);
    return rc;
}
