/*
 * What an OOXML package says that LibreOffice does not tell, or does not do: read
 * in the child of the document, in some tenths of a millisecond for a small one.
 */

#ifndef PLATEN_LOK_PACKAGE_H
#define PLATEN_LOK_PACKAGE_H

/* What was found; a mask. */
#define PLATEN_LOK_DIRTY 1      /* tables of contents are to be updated, and cannot be */
#define PLATEN_LOK_TRACKED 2    /* insertions or deletions */
#define PLATEN_LOK_COMMENTED 4  /* comments */
#define PLATEN_LOK_CHUNKS 8     /* documents of other formats as parts of the text */
#define PLATEN_LOK_BOXES 16     /* text boxes */
#define PLATEN_LOK_NOTES 32     /* footnotes or endnotes */
#define PLATEN_LOK_CALCULATE 64 /* it wants to be computed when it is opened */
#define PLATEN_LOK_PACKAGE 128  /* it is one, and so the rest is known */
#define PLATEN_LOK_HIDDEN 256   /* hidden text, or a style for it */
#define PLATEN_LOK_HEADERS 512  /* headers or footers with text in them */
#define PLATEN_LOK_CHARTS 1024
#define PLATEN_LOK_DIAGRAMS 2048 /* SmartArt */
#define PLATEN_LOK_PICTURES 4096
#define PLATEN_LOK_FIELDS 8192
#define PLATEN_LOK_UPDATES 16384 /* tables of contents are to be updated, and can be */
#define PLATEN_LOK_BOOK 32768    /* it is a workbook */
#define PLATEN_LOK_LACKING 65536 /* an ODF document has functions of Excel, perhaps lacked */

#define PLATEN_LOK_SYMBOLS 131072 /* characters of symbol fonts */
#define PLATEN_LOK_RUBY 262144    /* text above other text */
#define PLATEN_LOK_EQUATIONS 524288

/* Looks at a text document or a workbook; 0 if it is no such package. */
unsigned platen_lok_package_look(const char *path);

/* What a copy is without; a mask. */
#define PLATEN_LOK_MEND_COMMENTS 1 /* comments: in headers LibreOffice 7.4 fails on them */
#define PLATEN_LOK_MEND_SCROLL 2   /* where sheets were scrolled to */
#define PLATEN_LOK_MEND_FINAL 4    /* tracked changes: they are accepted */
#define PLATEN_LOK_MEND_ORIGINAL 8 /* the same: they are rejected */
/* And what becomes plain text, or goes, in a rewritten part (docx/rewrite.h). */
#define PLATEN_LOK_MEND_BOXES 16
#define PLATEN_LOK_MEND_NOTES 32
#define PLATEN_LOK_MEND_HIDDEN 64
#define PLATEN_LOK_MEND_GRIDS 128
#define PLATEN_LOK_MEND_RUNS 256
#define PLATEN_LOK_MEND_FIELDS 512
#define PLATEN_LOK_MEND_INDEXES 1024
#define PLATEN_LOK_MEND_CHUNKS 2048 /* lok/chunks.h */
#define PLATEN_LOK_MEND_END 4096    /* comments become text, behind the document's own */
/* Formulas that have a value, which stays: all of them, or those with a function lacked. */
#define PLATEN_LOK_MEND_FORMULAS 8192
#define PLATEN_LOK_MEND_LACKING 16384
#define PLATEN_LOK_MEND_SYMBOLS 32768 /* in a rewritten part, too */
#define PLATEN_LOK_MEND_RUBY 131072
#define PLATEN_LOK_MEND_EQUATIONS 262144
#define PLATEN_LOK_MEND_DIRECTION 65536 /* of an ODF text: paragraphs from the right are so */

/* What is done to OOXML alone. */
#define PLATEN_LOK_MEND_OOXML                                                                  \
    (PLATEN_LOK_MEND_ORIGINAL | PLATEN_LOK_MEND_BOXES | PLATEN_LOK_MEND_NOTES                  \
     | PLATEN_LOK_MEND_HIDDEN | PLATEN_LOK_MEND_GRIDS | PLATEN_LOK_MEND_RUNS                   \
     | PLATEN_LOK_MEND_END | PLATEN_LOK_MEND_SYMBOLS | PLATEN_LOK_MEND_RUBY                    \
     | PLATEN_LOK_MEND_EQUATIONS)

/*
 * Writes a copy of an OOXML package, or an ODF text, without that.  Returns 1 if there was any,
 * 0 if not, -1 if the copy cannot be written.  Symbols that are not known are warned of.
 */
int platen_lok_package_mend(const char *path, const char *copy, unsigned what);

/*
 * Adds to the warnings of the step what a result that is only text lacks of what was
 * found.  `pictures`: it lacks these, too, and could have them.
 */
void platen_lok_package_warn(unsigned found, int pictures);

#endif
