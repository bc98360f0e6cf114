/*
 * What a client should know about a result that is there all the same: fonts
 * that were replaced.
 */

#ifndef PLATEN_WARNING_H
#define PLATEN_WARNING_H

#include <stddef.h>

#define PLATEN_WARNING_FONTS 20 /* fonts told of; more are counted */
#define PLATEN_WARNINGS_MAX 4096

/*
 * Turns "wanted<TAB>used" lines, any bytes, into sentences with a line feed
 * between them.  A font is told of once; a line that is not printable UTF-8 is
 * left out.  Returns the length; `out` is NUL-terminated.
 */
size_t platen_warning_fonts(const char *lines, char out[PLATEN_WARNINGS_MAX]);

#endif
