/* What speakers have written below their slides, of which no page of slides has anything. */

#ifndef PLATEN_LOK_NOTES_H
#define PLATEN_LOK_NOTES_H

/* How many slides of a PPTX or ODP have notes with text in them; 0 of anything else. */
unsigned platen_lok_notes(const char *path);

#endif
