/* The byte order mark that LibreOffice writes before plain text. */

#ifndef PLATEN_LOK_MARK_H
#define PLATEN_LOK_MARK_H

/* Removes it from the UTF-8 file `path`, if there is one.  0, or -1 with errno. */
int platen_lok_mark_remove(const char *path);

#endif
