/*
 * Paragraphs of a plain text that are written from the right: Hebrew, Arabic and so on.
 * LibreOffice sets each from the left, so that a full stop stands at its wrong end.
 */

#ifndef PLATEN_LOK_DIRECTION_H
#define PLATEN_LOK_DIRECTION_H

#include <stddef.h>

/*
 * Whether a paragraph goes from the right by its first character that has a direction, but
 * for those within isolates (Unicode Standard Annex 9, P2 and P3).
 */
int platen_lok_direction_is_right(const char *text, size_t len);

/* Whether the file is a plain text (.txt, in UTF-8) with such a paragraph. */
int platen_lok_direction_asked(const char *path);

/*
 * The content of an ODF text in which these paragraphs go from the right, and its length, to
 * be freed; NULL: there are none, or no memory.  `text` ends with a NUL.
 */
char *platen_lok_direction_write(const char *text, size_t len, size_t *out_len);

#endif
