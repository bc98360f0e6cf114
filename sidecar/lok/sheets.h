/*
 * What the package of a workbook (OOXML) says of its sheets that LibreOffice does not
 * do as Excel does: which are hidden, although one of them is the active one; which
 * rows are as high as their text, as they have no height of their own; and which
 * formulas it cannot compute.
 */

#ifndef PLATEN_LOK_SHEETS_H
#define PLATEN_LOK_SHEETS_H

#include <stddef.h>

#define PLATEN_LOK_SHEETS_RUNS 256

/* Rows from 1, the last one included. */
typedef struct {
    unsigned first, last;
} platen_lok_rows_t;

typedef struct {
    char             *name;
    char             *path; /* in the package; NULL: it is no table */
    int               hidden;
    platen_lok_rows_t rows[PLATEN_LOK_SHEETS_RUNS]; /* that may be higher than one line */
    unsigned          nrows;
} platen_lok_sheet_t;

/* Cells by their names, for a sentence; more than fit are counted. */
typedef struct {
    char     names[160];
    char     function[32]; /* the first one that is lacked */
    unsigned n;
} platen_lok_cells_t;

typedef struct {
    platen_lok_sheet_t *sheet;
    size_t              n;
    unsigned            formulas; /* that have a value */
    platen_lok_cells_t  lacking;  /* formulas with functions that LibreOffice lacks */
    platen_lok_cells_t  empty;    /* and those of them that have no value */
} platen_lok_sheets_t;

/*
 * Reads a workbook.  Returns NULL if it is none that can be read; else
 * platen_lok_sheets_destroy() frees it.
 */
platen_lok_sheets_t *platen_lok_sheets_new(const char *path);

void platen_lok_sheets_destroy(platen_lok_sheets_t **self);

#endif
