/* The archives that platen-zip writes; see zip/archive.h. */

#include "zip/archive.h"

#include <stdio.h>

/* 1 January 1980, 00:00: the first time that ZIP knows (APPNOTE 4.4.6). */
#define DOS_DATE (1 << 5 | 1)
#define DOS_TIME 0

int
platen_zip_fail(const char *what, const char *why)
{
    fprintf(stderr, "platen-zip: %s: %s\n", what, why);
    return PLATEN_ZIP_EXIT_CANNOT_WRITE;
}

zip_t *
platen_zip_create(const char *path, int *code)
{
    zip_error_t error;
    zip_t      *zip;
    int         reason;

    zip = zip_open(path, ZIP_CREATE | ZIP_EXCL, &reason);
    if (zip == NULL) {
        zip_error_init_with_code(&error, reason);
        *code = platen_zip_fail(path, zip_error_strerror(&error));
        zip_error_fini(&error);
    }
    return zip;
}

int
platen_zip_plain(zip_t *zip, zip_uint64_t i, int deflate)
{
    if (zip_set_file_compression(zip, i, deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) != 0
        || zip_file_set_dostime(zip, i, DOS_TIME, DOS_DATE, 0) != 0) {
        return platen_zip_fail("an entry", zip_strerror(zip));
    }
    return 0;
}

int
platen_zip_end(zip_t *zip, const char *path, int code)
{
    if (zip == NULL) {
        return code;
    }
    if (code == 0 && zip_get_num_entries(zip, 0) == 0) {
        code = platen_zip_fail(path, "there is nothing to put into it");
    }
    if (code == 0 && zip_close(zip) != 0) {
        code = platen_zip_fail(path, zip_strerror(zip));
    }
    if (code != 0) {
        zip_discard(zip);
    }
    return code;
}
