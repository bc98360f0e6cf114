/* What the files of the sandbox share; nobody else includes this. */

#ifndef PLATEN_SANDBOX_INT_H
#define PLATEN_SANDBOX_INT_H

#include "sandbox/sandbox.h"

/* Landlock over the paths, as much of it as the kernel knows.  0, or -1 with errno. */
int platen_sandbox_landlock(const platen_sandbox_path_t *paths, size_t n);

/* Loads the filter for this process.  0, or -1 with errno. */
int platen_sandbox_filter_load(const platen_sandbox_filter_t *filter);

/* Keeps this process's user and group in its new user namespace.  0, or -1 with errno. */
int platen_sandbox_map_user(uid_t uid, gid_t gid);

#endif
