/* Characters of a document that no font has which is installed here. */

#ifndef PLATEN_LOK_GLYPHS_H
#define PLATEN_LOK_GLYPHS_H

/* In the zygote: finds what is needed in `library`, LibreOffice's handle. */
void platen_lok_glyphs_open(void *library);

/* In a child: forgets what was asked for before. */
void platen_lok_glyphs_begin(void);

/* Adds to the warnings of the step, for each script, what was asked for and is nowhere. */
void platen_lok_glyphs_end(void);

#endif
