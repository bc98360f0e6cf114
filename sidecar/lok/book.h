/* A workbook as Excel would show it: hidden sheets, heights of rows, values of formulas. */

#ifndef PLATEN_LOK_BOOK_H
#define PLATEN_LOK_BOOK_H

#include "lok/kit.h"
#include "lok/sheets.h"

/* Whether the result shows what cells come to, and has no formulas. */
int platen_lok_book_values(const platen_lok_document_t *document);

/* Which formulas are taken out of it before it is loaded: PLATEN_LOK_MEND_*; warns. */
unsigned platen_lok_book_believe(const platen_lok_document_t *document,
                                 const platen_lok_sheets_t *book, unsigned found);

/* What Excel does when it opens it. */
void platen_lok_book_open(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document,
                          const platen_lok_sheets_t *book);

/* Whether a sheet is hidden. */
int platen_lok_book_hides(LibreOfficeKitDocument *loaded);

/* Saves one sheet as CSV, as its cells show their values. */
platen_lok_exit_t
platen_lok_book_table(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document);

#endif
