/*
 * What a client should know about a result that is there all the same: fonts
 * that were replaced, and what of the document is not in it.
 */

#ifndef PLATEN_WARNING_H
#define PLATEN_WARNING_H

#include <stddef.h>

#define PLATEN_WARNING_FONTS 20 /* fonts told of; more are counted */
#define PLATEN_WARNING_LINES 16 /* sentences of engines */
#define PLATEN_WARNING_LINE_MAX 600
#define PLATEN_WARNINGS_MAX 8192

#define PLATEN_WARNINGS_FILE "warnings" /* of a step, in its working directory */

/*
 * For a program that runs as a step: adds a sentence to its file of warnings (NULL:
 * there is none), in the form that platen_warning_lines() takes: U+FFFD stands for
 * what is not printable UTF-8, and a sentence that is too long ends with an ellipsis.
 * What cannot be written there is lost, and the result is not.
 */
void platen_warning_add(const char *file, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Turns "wanted<TAB>used" lines, any bytes, into sentences with a line feed
 * between them.  A font is told of once; a line that is not printable UTF-8 is
 * left out.  Returns the length; `out` is NUL-terminated.
 */
size_t platen_warning_fonts(const char *lines, char out[PLATEN_WARNINGS_MAX]);

/*
 * Adds the lines to the `n` bytes that are in `out`, any bytes: a sentence to a
 * line, each once, at most PLATEN_WARNING_LINES of them.  One that is not
 * printable UTF-8, or is too long, is left out.  Returns the length.
 */
size_t platen_warning_lines(const char *lines, size_t n, char out[PLATEN_WARNINGS_MAX]);

#endif
