/* Where a document lies that is loaded in the place of another. */

#ifndef PLATEN_LOK_PLACE_H
#define PLATEN_LOK_PLACE_H

#include "lok/kit.h"

/* The directory that a document and its result lie in, as LibreOffice sees it. */
#define PLATEN_LOK_CWD "/proc/self/cwd/"

/* The name that the document has for its client, else its own. */
const char *platen_lok_place_name(const platen_lok_document_t *document);

/* Where its result is made: beside it, under another name; 0 or -1. */
int platen_lok_place_result(const platen_lok_document_t *document, char path[PLATEN_LOK_PATH]);

/* A path with that name, in a directory of its own; 0 or -1. */
int platen_lok_place_named(const char *name, char path[PLATEN_LOK_PATH]);

/* Where a copy of it in that format is loaded from; 0 or -1. */
int platen_lok_place_copy(const platen_lok_document_t *document, const char *format,
                          char path[PLATEN_LOK_PATH]);

#endif
