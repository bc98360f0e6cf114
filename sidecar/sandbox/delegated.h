/*
 * The cgroup that platend was started in, where systemd or a container has delegated it:
 * what conversions get their limit of memory from (cgroup = "auto").
 *
 * In version 2 of cgroups no process may be beside groups that have limits: so platend
 * goes into a group of its own in there, PLATEN_DELEGATED_SELF, with all that it starts,
 * and each conversion into another one beside it (sandbox.h, platen_sandbox_cgroup_make).
 */

#ifndef PLATEN_DELEGATED_H
#define PLATEN_DELEGATED_H

#include <stddef.h>

#define PLATEN_DELEGATED_MOUNT "/sys/fs/cgroup"
#define PLATEN_DELEGATED_SELF "platend"

/*
 * Takes the group of this process: of `mount`, by what `of` ("/proc/self/cgroup") says.
 * It must have the memory controller, be this user's to write, and have no other process.
 * Returns 0 with its directory in `path`; or -1 with what is missing in `why`, a constant,
 * and all as it was.
 */
int platen_delegated_take(const char *mount, const char *of, char *path, size_t size,
                          const char **why);

/* Whether the process of which `of` tells has taken one: 1 with its directory in `path`. */
int platen_delegated_taken(const char *mount, const char *of, char *path, size_t size);

/* Whether a list of controllers, with blanks between them, has that of memory. */
int platen_delegated_memory(const char *controllers);

#endif
