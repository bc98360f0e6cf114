/*
 * Characters that LibreOffice keeps for itself in a text: where a content control, a field of
 * a form or a note is.  Its HTML has them, and nobody who reads that knows them.
 */

#ifndef PLATEN_LOK_CONTROLS_H
#define PLATEN_LOK_CONTROLS_H

/* Takes the control characters that HTML cannot have out of a file.  0, or -1 with errno. */
int platen_lok_controls_remove(const char *path);

#endif
