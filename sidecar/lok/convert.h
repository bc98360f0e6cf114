/* One conversion, from the document that lies there to the result. */

#ifndef PLATEN_LOK_CONVERT_H
#define PLATEN_LOK_CONVERT_H

#include "lok/office.h"

/*
 * Converts; only inside `serve` of platen_lok_office_run(), or in a child forked there.
 * Whatever C++ throws where nobody catches it ends the process.
 */
platen_lok_exit_t platen_lok_convert(const platen_lok_document_t *document);

#endif
