/*
 * platen-zip OUTPUT FILE|DIRECTORY...
 * platen-zip --unpack ARCHIVE DIRECTORY
 * platen-zip --batch OUTPUT DIRECTORY
 *
 * Which of them, and what they share; see zip/main.h.  Exits with 0;
 * with 11 if the archive cannot be read; or with 13 if the output cannot be
 * written.  Then a sentence is on standard error, and there is no output.
 */

#include "zip/main.h"

#include <stdio.h>
#include <string.h>

#include "base/platen.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

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

int
main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--unpack") == 0) {
        return platen_zip_unpack(argv[2], argv[3]);
    }
    if (argc == 4 && strcmp(argv[1], "--batch") == 0) {
        return platen_zip_batch(argv[2], argv[3]);
    }
    if (argc >= 3 && argv[1][0] != '-') {
        return platen_zip_pages(argv[1], argv + 2, argc - 2);
    }
    return platen_zip_fail("usage", "platen-zip OUTPUT FILE|DIRECTORY... | --unpack ARCHIVE "
                                    "DIRECTORY | --batch OUTPUT DIRECTORY");
}
