/*
 * Charsets of texts: their names, and what the bytes of a text say of the one
 * that it is in.  Pure functions, free of iconv, any thread.
 */

#ifndef PLATEN_CHARSET_H
#define PLATEN_CHARSET_H

#include "base/platen.h"

#define PLATEN_CHARSET_NAME_MAX 24 /* bytes of a name given out here */

/*
 * The usual name, in lower case, of what iconv, browsers or Windows call so;
 * case, blanks, `-` and `_` do not matter.  NULL: no such charset here.
 */
const char *platen_charset_find(const char *name, size_t len);

/*
 * What iconv(3) decodes it by.  As in browsers (WHATWG Encoding) that is the
 * larger one where a text is often named by the smaller (latin1: windows-1252).
 * `name`: as platen_charset_find() gave it.
 */
const char *platen_charset_iconv(const char *name);

/*
 * What iconv(3) encodes to it by: of one byte to a character, nothing that its name
 * does not have, since whoever wants us-ascii may read no more than that.
 */
const char *platen_charset_iconv_to(const char *name);

/*
 * The charset that a byte order mark at the beginning says, and its length;
 * NULL without one (RFC 3629, RFC 2781).
 */
const char *platen_charset_mark(const void *data, size_t len, size_t *mark);

/*
 * Whether bytes without a mark are of two or four to a character: "utf-16le",
 * "utf-16be", "utf-32le", "utf-32be"; NULL if not.  By what stands in nearly
 * every text: blanks and line ends, or letters of one script.
 */
const char *platen_charset_wide(const void *data, size_t len);

/* Whether it can be text of such a charset; the end may be cut off. */
int platen_charset_is_wide(const char *name, const void *data, size_t len);

/*
 * Where the beginning of an HTML or XML text names its charset: by the XML
 * declaration, or the first <meta> that has one.  Returns the name's length and
 * sets `at`; 0 if there is none.
 */
size_t platen_charset_declared(const char *data, size_t len, size_t *at);

#endif
