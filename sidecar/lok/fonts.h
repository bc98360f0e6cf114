/*
 * Fonts that a document asks for and does not get: what LibreOffice used
 * instead, as it says itself.
 */

#ifndef PLATEN_LOK_FONTS_H
#define PLATEN_LOK_FONTS_H

#include <stddef.h>

/* Octets of a name; what is longer is cut. */
#define PLATEN_LOK_FONT_MAX 100

/* Lines; what more there are is not reported. */
#define PLATEN_LOK_FONTS_MAX 64

/*
 * In the zygote: finds what is needed in `library`, LibreOffice's handle.
 * Returns 0, or -1 if this LibreOffice has it not: then nothing is reported.
 */
int platen_lok_fonts_open(void *library);

/* In a child: notes from now on which fonts text is set in. */
void platen_lok_fonts_begin(void);

/*
 * Notes no more.  Writes a line "requested<TAB>used" into the new file `path`
 * for each family that was replaced; makes no file if none was.  Names are
 * UTF-8 without control characters; text is never empty.  Returns 0, or -1 with
 * errno.
 */
int platen_lok_fonts_end(const char *path);

#endif
