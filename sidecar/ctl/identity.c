/* Users and what they may do; see ctl/identity.h.  Owns nothing. */

#include "ctl/identity.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
name_user(platen_ctl_identity_t *identity)
{
    const struct passwd *user = getpwuid(identity->uid);

    if (user != NULL) {
        snprintf(identity->name, sizeof(identity->name), "%s", user->pw_name);
        snprintf(identity->home, sizeof(identity->home), "%s", user->pw_dir);
    } else {
        snprintf(identity->name, sizeof(identity->name), "%u", (unsigned) identity->uid);
        snprintf(identity->home, sizeof(identity->home), "/");
    }
}

int
platen_ctl_identity_named(platen_ctl_identity_t *identity, const char *name, const char *also)
{
    const struct passwd *user = getpwnam(name);
    const struct group  *group = NULL;
    int                  n = PLATEN_CTL_GROUPS - 1;

    memset(identity, 0, sizeof(*identity));
    if (user == NULL) {
        errno = ENOENT;
        return -1;
    }
    identity->uid = user->pw_uid;
    identity->gid = user->pw_gid;
    if (getgrouplist(name, identity->gid, identity->groups, &n) < 0) {
        errno = E2BIG;
        return -1;
    }
    if (*also != '\0') {
        group = getgrnam(also);
        if (group == NULL) {
            errno = ENOENT;
            return -1;
        }
        identity->groups[n++] = group->gr_gid;
    }
    identity->ngroups = (size_t) n;
    name_user(identity);
    return 0;
}

int
platen_ctl_identity_self(platen_ctl_identity_t *identity)
{
    int n;

    memset(identity, 0, sizeof(*identity));
    identity->uid = geteuid();
    identity->gid = getegid();
    n = getgroups(PLATEN_CTL_GROUPS - 1, identity->groups);
    if (n < 0) {
        return -1;
    }
    identity->groups[n++] = identity->gid;
    identity->ngroups = (size_t) n;
    name_user(identity);
    return 0;
}

/* The numbers of a line "Name:\t1\t2 3"; returns how many. */
static size_t
numbers(const char *status, const char *name, gid_t *out, size_t max)
{
    const char   *p = strstr(status, name);
    char         *end;
    unsigned long number;
    size_t        n = 0;

    if (p == NULL) {
        return 0;
    }
    p += strlen(name);
    while (n < max) {
        p += strspn(p, " \t");
        if (*p < '0' || *p > '9') {
            break;
        }
        number = strtoul(p, &end, 10);
        out[n++] = (gid_t) number;
        p = end;
    }
    return n;
}

int
platen_ctl_identity_parse(platen_ctl_identity_t *identity, const char *status)
{
    gid_t ids[4];

    /* Real, effective, saved and that of the file system, which is what counts. */
    memset(identity, 0, sizeof(*identity));
    if (numbers(status, "\nUid:", ids, 4) != 4) {
        return -1;
    }
    identity->uid = ids[3];
    if (numbers(status, "\nGid:", ids, 4) != 4) {
        return -1;
    }
    identity->gid = ids[3];
    identity->ngroups = numbers(status, "\nGroups:", identity->groups, PLATEN_CTL_GROUPS - 1);
    identity->groups[identity->ngroups++] = identity->gid;
    name_user(identity);
    return 0;
}

int
platen_ctl_identity_become(const platen_ctl_identity_t *identity)
{
    return setgroups(identity->ngroups, identity->groups) != 0 || setgid(identity->gid) != 0
                   || setuid(identity->uid) != 0
               ? -1
               : 0;
}

int
platen_ctl_identity_may(const platen_ctl_identity_t *identity, const struct stat *st, int want)
{
    mode_t bits = st->st_mode & 07;
    size_t i;

    if (identity->uid == 0) {
        return !(want & X_OK) || S_ISDIR(st->st_mode) || (st->st_mode & 0111) != 0;
    }
    for (i = 0; i < identity->ngroups; i++) {
        if (identity->groups[i] == st->st_gid) {
            bits = st->st_mode >> 3 & 07;
        }
    }
    if (identity->uid == st->st_uid) { /* and then the group counts no more, even if it may */
        bits = st->st_mode >> 6 & 07;
    }
    return ((int) bits & want) == want;
}

int
platen_ctl_identity_reach(const platen_ctl_identity_t *identity, const char *path, int want,
                          char *where, size_t size)
{
    struct stat st;
    char        part[PATH_MAX];
    size_t      i, len = strlen(path);

    if (len >= sizeof(part)) {
        snprintf(where, size, "%s", path);
        errno = ENAMETOOLONG;
        return -1;
    }
    for (i = 0; i <= len; i++) {
        if (i != 0 && i != len && path[i] != '/') {
            continue;
        }
        /* "/" itself, then every part up to a slash, then the whole. */
        memcpy(part, path, i == 0 ? 1 : i);
        part[i == 0 ? 1 : i] = '\0';
        if (stat(part, &st) != 0) {
            errno = errno == EACCES ? EPERM : errno;
            snprintf(where, size, "%s", part);
            return -1;
        }
        if (!platen_ctl_identity_may(identity, &st, i == len ? want : X_OK)) {
            snprintf(where, size, "%s", part);
            errno = EACCES;
            return -1;
        }
    }
    return 0;
}
