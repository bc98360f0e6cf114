/*
 * A page of HTML that LibreOffice's Calc has written: its pictures are files beside it,
 * whatever it is asked for, and comments of cells are among their text for whoever does
 * not know the style that hides them.
 */

#ifndef PLATEN_LOK_EMBED_H
#define PLATEN_LOK_EMBED_H

/*
 * Rewrites the page with its pictures as data URIs (RFC 2397), and without comments, of
 * which *comments gets the number.  Returns 0, or -1 with errno.
 */
int platen_lok_embed(const char *page, unsigned *comments);

#endif
