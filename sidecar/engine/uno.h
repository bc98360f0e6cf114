/*
 * Options in LibreOffice's words: the filter data of its PDF export
 * (https://wiki.documentfoundation.org/API/Tutorials/PDF_export), as JSON.
 */

#ifndef PLATEN_UNO_H
#define PLATEN_UNO_H

#include <stddef.h>

#include "job/option.h"

/* What the PDF export of text documents and presentations honours; of sheets, one more. */
#define PLATEN_UNO_PDF                                                                         \
    (PLATEN_OPTION_BIT(PLATEN_OPTION_PAGES) | PLATEN_OPTION_BIT(PLATEN_OPTION_PDFA)            \
     | PLATEN_OPTION_BIT(PLATEN_OPTION_PDFUA) | PLATEN_OPTION_BIT(PLATEN_OPTION_IMAGE_QUALITY) \
     | PLATEN_OPTION_BIT(PLATEN_OPTION_IMAGE_RESOLUTION))
#define PLATEN_UNO_SHEETS (PLATEN_UNO_PDF | PLATEN_OPTION_BIT(PLATEN_OPTION_SINGLE_PAGE_SHEETS))

/*
 * Writes the filter data.  Returns 0, or -1 with errno if it does not fit.
 */
int platen_uno_pdf(const platen_options_t *options, char *out, size_t size);

#endif
