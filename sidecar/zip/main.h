/*
 * platen-zip: everything that Platen does with the contents of ZIP files, each
 * in a process of its own in the sandbox: pages are packed, a batch's archive is
 * taken apart, and its results are packed.  One thread, no other process.
 *
 * Functions return an exit code, the sentence having been said.
 */

#ifndef PLATEN_ZIP_PROGRAM_H
#define PLATEN_ZIP_PROGRAM_H

int platen_zip_pages(const char *output, char **paths, int n);
int platen_zip_unpack(const char *archive, const char *dir);
int platen_zip_batch(const char *output, const char *dir);

#endif
