/* What the parts of platen-text share: the guess at a charset, and what a page needs. */

#ifndef PLATEN_TEXT_H
#define PLATEN_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * What a text of bytes that is not UTF-8 is most like: a name of
 * base/charset.h, "windows-1252" if nothing is like it.
 */
const char *platen_text_guess(const char *text, size_t len);

/*
 * What a text of ASCII is by the escape sequences in it: "iso-2022-jp",
 * "iso-2022-kr", or NULL if it is what it seems.
 */
const char *platen_text_coded(const char *text, size_t len);

/*
 * How many files a page shows, or is shown by, that are not in it, and the first of
 * their names, cut to `size`.
 */
unsigned platen_text_outside(const char *html, size_t len, char *first, size_t size);

/*
 * Writes a page without what it does not show.  Returns a mask: some rules that hide
 * something could not be followed; something is shown on screens and not on paper.  -1: its
 * elements are too deep in each other to be followed.
 */
#define PLATEN_TEXT_UNCLEAR 1
#define PLATEN_TEXT_UNPRINTED 2
int platen_text_hide(const char *html, size_t len, FILE *out);

/* How wide the widest table of a page has to be, in points, or somewhat more; 0: it has none.
 */
unsigned platen_text_width(const char *html, size_t len);

#endif
