/*
 * platen-zip: everything that Platen does with the contents of ZIP files, each
 * in a process of its own in the sandbox: pages are packed, a batch's archive is
 * taken apart, and its results are packed.  One thread, no other process.
 *
 * Functions return an exit code, the sentence having been said.
 */

#ifndef PLATEN_ZIP_PROGRAM_H
#define PLATEN_ZIP_PROGRAM_H

#include <zip.h>

#define PLATEN_ZIP_EXIT_CORRUPT 11
#define PLATEN_ZIP_EXIT_CANNOT_WRITE 13

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

int platen_zip_pages(const char *output, char **paths, int n);
int platen_zip_unpack(const char *archive, const char *dir);
int platen_zip_batch(const char *output, const char *dir);

#endif
