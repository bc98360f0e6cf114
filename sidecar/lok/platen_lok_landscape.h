/*
 * Pages turned: the page layouts of a flat OpenDocument file (ODF 1.3 part 3,
 * 16.5 and 17.2), edited as text.
 */

#ifndef PLATEN_LOK_LANDSCAPE_H
#define PLATEN_LOK_LANDSCAPE_H

/*
 * Copies `from`, as LibreOffice has written it, to the new file `to`, with each
 * page layout that is higher than wide turned.  Without `objects` what is
 * embedded in it is left out, and its pictures stay.  Returns 0, or -1 with errno.
 */
int platen_lok_landscape(const char *from, const char *to, int objects);

#endif
