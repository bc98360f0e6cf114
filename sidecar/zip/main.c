/*
 * platen-zip OUTPUT FILE|DIRECTORY...
 * platen-zip --unpack ARCHIVE DIRECTORY
 * platen-zip --batch OUTPUT DIRECTORY
 *
 * Which of them; see zip/main.h.  Exits with 0;
 * with 11 if the archive cannot be read; or with 13 if the output cannot be
 * written.  Then a sentence is on standard error, and there is no output.
 */

#include <string.h>

#include "base/platen.h"
#include "zip/archive.h"
#include "zip/main.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

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
