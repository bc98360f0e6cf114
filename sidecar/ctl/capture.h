/*
 * Other programs, asked for what they know: executed without a shell, able to
 * read files and to write none.
 */

#ifndef PLATEN_CTL_CAPTURE_H
#define PLATEN_CTL_CAPTURE_H

#include <stddef.h>

/* What is captured; a mask. */
#define PLATEN_CTL_CAPTURE_OUT 1
#define PLATEN_CTL_CAPTURE_ERR 2

/* For a program that does not go without: it may open files to write to that are there. */
#define PLATEN_CTL_CAPTURE_OPEN 4

/* The first bytes that are kept; the rest is read and dropped. */
#define PLATEN_CTL_CAPTURE_MAX ((size_t) 16 << 20)

/*
 * Runs argv[0], an absolute path, and waits for its end.  Returns its exit code
 * (128 and the signal if one ended it), with the output in *text, which ends
 * with '\0' and is the caller's to free; or -1 with errno.
 */
int platen_ctl_capture(const char *const *argv, unsigned which, char **text);

/* The contents of a file, up to `max` bytes and a '\0', to be freed; NULL with errno. */
char *platen_ctl_capture_file(const char *path, size_t max, size_t *len);

/* The first of the paths (NULL-terminated) that can be executed; NULL: none. */
const char *platen_ctl_capture_find(const char *const *paths);

#endif
