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

/* The line of a comment in Markdown that goes on to the end; 0: there is none. */
size_t platen_text_unclosed(const char *md, size_t len);

/* Writes RTF as LibreOffice reads it.  0, or an exit code. */
int platen_text_rtf(const char *rtf, size_t len, FILE *out);

/* A style sheet that a page names, of the caller, and its length; NULL: there is none. */
typedef char *(*platen_text_sheet_f)(void *data, const char *href, size_t n, size_t *len);

/*
 * Writes a page without what it does not show.  `sheet`: what knows style sheets in other
 * files, or NULL.  Returns a mask: some rules that hide something could not be followed;
 * something is shown on screens and not on paper; a comment goes on to the end.  -1: its
 * elements are too deep in each other to be followed.
 */
#define PLATEN_TEXT_UNCLEAR 1
#define PLATEN_TEXT_UNPRINTED 2
#define PLATEN_TEXT_UNCLOSED 16 /* a comment, of a page alone */
int platen_text_hide(const char *html, size_t len, platen_text_sheet_f sheet, void *data,
                     FILE *out);

/*
 * Writes a copy of an EPUB in which programs find all that it shows and nothing that it
 * hides.  Returns that mask, for all of its pages, and: some are left as they are, as they
 * are too deep; the book is locked, and no copy is written.  -1: it cannot be read or
 * written.
 */
#define PLATEN_TEXT_DEEP 4
#define PLATEN_TEXT_LOCKED_BOOK 8
int platen_text_book(const char *path, const char *copy);

/*
 * Writes a page whose tables have an element "col" to each of their columns, where they
 * have some, and a cell to each in one row.  Returns whether anything is other than it was.
 */
int platen_text_columns(const char *html, size_t len, FILE *out);

/* The same of a page of the heap, in whose place the other one is then. */
int platen_text_columns_of(char **html, size_t *len);

/* How wide the widest table of a page has to be, in points, or somewhat more; 0: it has none.
 */
unsigned platen_text_width(const char *html, size_t len);

#endif
