/*
 * Functions of spreadsheets that LibreOffice lacks: a formula with one of them is an
 * error there, whatever its document says that it comes to.
 */

#ifndef PLATEN_LOK_FUNCTIONS_H
#define PLATEN_LOK_FUNCTIONS_H

#include <stddef.h>

/* Which LibreOffice it is: "LibreOffice 7.4.7.2".  Before that it is one that has none. */
void platen_lok_functions_of(const char *version);

/*
 * The first function in a formula of OOXML or ODF that it lacks; static storage, NULL if
 * there is none.
 */
const char *platen_lok_functions_lacked(const char *formula, size_t len);

#endif
