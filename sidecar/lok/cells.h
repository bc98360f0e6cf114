/*
 * Cells of the tables of a page, before LibreOffice makes a workbook of them: it would
 * take "007" for 7, twenty digits for fifteen of them, and "=1+1" for 2.
 */

#ifndef PLATEN_LOK_CELLS_H
#define PLATEN_LOK_CELLS_H

#include <stddef.h>
#include <stdio.h>

/*
 * Writes the page (UTF-8) with each cell marked as text that is no number as it stands:
 * an optional minus, up to fifteen digits of which the first is 0 only before the point,
 * and perhaps a point with more of them.  A cell that says itself what its value is
 * (sdval, sdnum: LibreOffice's own) stays as it is.  `formulas` gets how much text outside of
 * the tables begins with "=", which is computed.  0, or -1 with errno.
 */
int platen_lok_cells_write(const char *page, size_t len, FILE *out, size_t *formulas);

/* The same from file to file. */
int platen_lok_cells_copy(const char *from, const char *to, size_t *formulas);

#endif
