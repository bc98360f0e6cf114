/*
 * Numbers that are wider than their columns: a spreadsheet's pages show ### in their
 * place, in LibreOffice as in Excel.
 */

#ifndef PLATEN_LOK_NARROW_H
#define PLATEN_LOK_NARROW_H

#include <stddef.h>

#define PLATEN_LOK_NARROW_NAMES 300

/* In a child: forgets what was drawn before. */
void platen_lok_narrow_begin(void);

/* Whether ### has been drawn since. */
int platen_lok_narrow_seen(void);

/*
 * Which cells of a workbook (flat ODF) these are most likely, by what they show and how
 * wide their columns are: "Sheet!B2, Sheet!C4", as many as fit.  Returns how many there are;
 * `literal` says whether ### is the text of a cell, which is drawn likewise.
 */
size_t
platen_lok_narrow_cells(const char *path, char names[PLATEN_LOK_NARROW_NAMES], int *literal);

#endif
