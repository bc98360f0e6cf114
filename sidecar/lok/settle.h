/* What of a text is taken out before the result is made of it, and what is told of that. */

#ifndef PLATEN_LOK_SETTLE_H
#define PLATEN_LOK_SETTLE_H

#include "lok/kit.h"

/* Whether nobody will update fields of the result. */
int platen_lok_settle_final(const platen_lok_document_t *document);

/* What of a text is not in the result, by what is known of it (lok/package.h). */
void platen_lok_settle_warn(const platen_lok_document_t *document, unsigned found);

/* What of an OOXML document is taken out of it before it is loaded: PLATEN_LOK_MEND_*. */
unsigned platen_lok_settle_mend(const platen_lok_document_t *document, unsigned found);

/*
 * The same for a loaded text of another format, where there is something to take out: a
 * copy in its place.  Returns the document, or NULL.
 */
LibreOfficeKitDocument *
platen_lok_settle(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document,
                  platen_lok_exit_t *result);

#endif
