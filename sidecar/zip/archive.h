/*
 * The archives that platen-zip writes, and how it says what it cannot: for those of
 * its files that do one thing each.
 */

#ifndef PLATEN_ZIP_ARCHIVE_H
#define PLATEN_ZIP_ARCHIVE_H

#include <zip.h>

#include "engine/exit_code.h"

/* Says "platen-zip: what: why"; always PLATEN_ZIP_EXIT_CANNOT_WRITE. */
int platen_zip_fail(const char *what, const char *why);

/* An archive that must not be there yet.  NULL, with *code set, if it cannot be made. */
zip_t *platen_zip_create(const char *path, int *code);

/*
 * Entry `i` without anything that would tell two runs apart: the same times for
 * all; deflated or stored.
 */
int platen_zip_plain(zip_t *zip, zip_uint64_t i, int deflate);

/*
 * Writes the archive; or, with a `code` from before, or without entries, leaves
 * none.  `zip` may be NULL.
 */
int platen_zip_end(zip_t *zip, const char *path, int code);

#endif
