/*
 * LibreOffice's own descriptors (its settings, its certificate store, the pipe
 * of its event loop) as a child inherits them: at the same numbers, but with
 * nothing through which children could reach one another or the zygote.
 */

#ifndef PLATEN_LOK_INHERIT_H
#define PLATEN_LOK_INHERIT_H

#include <stddef.h>

#define PLATEN_LOK_INHERIT_MAX 64

typedef struct {
    int fd;
    int other; /* a pipe's second end, -1 if this is not a pipe's first */
    int what;
} platen_lok_descriptor_t;

typedef struct {
    platen_lok_descriptor_t descriptors[PLATEN_LOK_INHERIT_MAX];
    size_t                  n;
    int                     first; /* what is below it is the caller's affair */
} platen_lok_inherit_t;

/*
 * In the zygote, after the warm-up: notes what is open from `first` on.  Returns
 * 0, or -1 with a sentence in `err`.
 */
int platen_lok_inherit_scan(platen_lok_inherit_t *inherit, int first, char *err, size_t errlen);

/*
 * In a child: replaces pipes by new ones, reopens for reading what was open for
 * writing, puts /dev/null in place of whatever else could be shared, and closes
 * all from `first` on that was not noted.  Returns 0, or -1 with errno.
 */
int platen_lok_inherit_renew(const platen_lok_inherit_t *inherit);

#endif
