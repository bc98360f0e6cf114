/* A part of an OOXML or ODF package, in memory.  Pure. */

#ifndef PLATEN_LOK_PART_H
#define PLATEN_LOK_PART_H

#include <stddef.h>

/*
 * A part that is edited in place: what is taken out becomes blanks, or in ODF, where
 * a blank in a paragraph is text, is gone when all is done.
 */
typedef struct {
    char    *text;
    size_t   len;
    unsigned n; /* of edits */
    char     filler;
} platen_lok_part_t;

/* Whether the part of that name is ODF's. */
int platen_lok_part_is_odf(const char *name);

/* Takes out of it what it is told to: PLATEN_LOK_MEND_*, as far as that is no rewriting. */
void platen_lok_part_edit(platen_lok_part_t *part, const char *name, unsigned what);

#endif
