/*
 * Directories that an engine has written to: whatever lies in them is taken
 * for hostile, so they are emptied without following links, in constant depth.
 */

#ifndef PLATEN_TREE_H
#define PLATEN_TREE_H

#include <stdint.h>

/*
 * Makes `path` an empty directory, mode 0700: creates it, or empties what is
 * there.  Returns 0, or -1 with errno.
 */
int platen_tree_reset(const char *path);

/* Removes everything below `path`, which stays; absent is fine.  0, or -1 with errno. */
int platen_tree_clear(const char *path);

/* The same, and removes `path` itself. */
int platen_tree_remove(const char *path);

/*
 * Gives a directory, relative to `parent`, the mode 0700 again, which its user may have
 * taken away.  0, or -1 with errno: ENOTDIR if it is a link, or anything else.
 */
int platen_tree_unlock(int parent, const char *name);

/*
 * Bytes of the largest plain file below `path`, as far as it can be read and is
 * not absurdly deep.
 */
uint64_t platen_tree_largest(const char *path);

/* Entries that platen_tree_total() looks at. */
#define PLATEN_TREE_ENTRIES 10100

/*
 * Bytes of disk that plain files below `path` take; UINT64_MAX if there are more entries
 * than that, or any that cannot be looked at: deeper than 32 directories, say.  May be called
 * while an engine works there.
 */
uint64_t platen_tree_total(const char *path);

#endif
