/*
 * Users, as the kernel sees them when it decides about a file: for checks of
 * what another user may do, without becoming that user.
 */

#ifndef PLATEN_CTL_IDENTITY_H
#define PLATEN_CTL_IDENTITY_H

#include <sys/stat.h>
#include <sys/types.h>

#define PLATEN_CTL_GROUPS 256

typedef struct {
    char   name[64]; /* "www-data", or the number */
    char   home[256];
    uid_t  uid;
    gid_t  gid;
    gid_t  groups[PLATEN_CTL_GROUPS]; /* all of them, `gid` included */
    size_t ngroups;
} platen_ctl_identity_t;

/*
 * The user of that name with its groups, and the group `also` if it is not "".
 * Returns 0, or -1 with errno: ENOENT if there is no such user or group.
 */
int
platen_ctl_identity_named(platen_ctl_identity_t *identity, const char *name, const char *also);

/* The user and groups that this process has.  Returns 0, or -1 with errno. */
int platen_ctl_identity_self(platen_ctl_identity_t *identity);

/* Those of a process, from the text of its /proc/<pid>/status.  0, or -1. */
int platen_ctl_identity_parse(platen_ctl_identity_t *identity, const char *status);

/* Becomes that user, from root, for good.  Returns 0, or -1 with errno. */
int platen_ctl_identity_become(const platen_ctl_identity_t *identity);

/*
 * Whether the permission bits of a file let the user do `want`, a mask of R_OK,
 * W_OK and X_OK.  Access lists and read-only mounts are not looked at.
 */
int
platen_ctl_identity_may(const platen_ctl_identity_t *identity, const struct stat *st, int want);

/*
 * The same for a path with all the directories that lead to it.  Returns 0; or
 * -1 with errno, and in `where` the first file or directory that refuses.  EPERM:
 * it cannot be told, as this process may not look there itself.
 */
int platen_ctl_identity_reach(const platen_ctl_identity_t *identity, const char *path, int want,
                              char *where, size_t size);

#endif
