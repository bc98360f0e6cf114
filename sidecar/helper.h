/*
 * Starting platend's helpers: programs of its own that live beside it.  Used by the loop's
 * thread.  A helper's pid is of no use here: whoever reaps children reaps it, too.
 */

#ifndef PLATEN_HELPER_H
#define PLATEN_HELPER_H

#include <spawn.h>

#define PLATEN_HELPER_MORE 2 /* descriptors behind the standard ones */

/* Signals as a program that is started expects them.  Returns 0, or an errno. */
int platen_helper_attributes(posix_spawnattr_t *attributes);

/*
 * Executes a program of `libexec` with `input` as its standard input, and `more` as the
 * descriptors from 3 on (-1: none; each above those numbers).  Returns 0, or an errno.
 */
int platen_helper_spawn(const char *libexec, const char *name, int input,
                        const int more[PLATEN_HELPER_MORE], char *const environment[]);

#endif
