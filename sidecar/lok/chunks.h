/*
 * Files of other formats in a DOCX (altChunk): LibreOffice puts those that are DOCX
 * where they belong, and passes over the others, so these become DOCX first.
 */

#ifndef PLATEN_LOK_CHUNKS_H
#define PLATEN_LOK_CHUNKS_H

/* Writes the document at `from` as DOCX to `to`; 0 or -1. */
typedef int platen_lok_convert_t(const char *from, const char *to);

/*
 * Changes the package, a copy, and adds to the warnings of the step what it has done and
 * what it has not.  `mend` is what is done to each DOCX in it (platen_lok_package_mend()).
 * Returns 0, or -1 if it cannot be written.
 */
int platen_lok_chunks_settle(const char *path, unsigned mend, platen_lok_convert_t *convert);

#endif
