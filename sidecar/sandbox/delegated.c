/*
 * The cgroup that platend was started in; see sandbox/delegated.h.  Files of the cgroup
 * file system, each of them small; used once, at the start, before there is a child.
 */

#include "sandbox/delegated.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GROUP_MAX 3500 /* bytes of a group's directory: a file in it is within 4096 */

int
platen_delegated_memory(const char *controllers)
{
    static const char word[] = "memory";
    const char       *p = controllers;

    while ((p = strstr(p, word)) != NULL) {
        if ((p == controllers || p[-1] == ' ')
            && strchr(" \n", p[sizeof(word) - 1]) != NULL) { /* or the end */
            return 1;
        }
        p += sizeof(word) - 1;
    }
    return 0;
}

/* The file's beginning as text; -1 with errno. */
static int
text_of(const char *dir, const char *name, char *out, size_t size)
{
    char    path[4096];
    ssize_t n;
    int     fd, saved;

    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int) sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    n = read(fd, out, size - 1);
    saved = errno;
    close(fd);
    errno = saved;
    out[n < 0 ? 0 : n] = '\0';
    return n < 0 ? -1 : 0;
}

static int
put(const char *dir, const char *name, const char *text)
{
    char    path[4096];
    size_t  len = strlen(text);
    ssize_t n;
    int     fd, saved;

    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int) sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    n = write(fd, text, len);
    saved = errno;
    close(fd);
    errno = n < 0 ? saved : EIO;
    return n == (ssize_t) len ? 0 : -1;
}

/* The directory of the group of version 2, whose line is "0::/name". */
static int
group_of(const char *mount, const char *of, char *path, size_t size)
{
    char  line[GROUP_MAX];
    FILE *in = fopen(of, "re");
    int   found = 0;

    if (in == NULL) {
        return -1;
    }
    while (!found && fgets(line, sizeof(line), in) != NULL) {
        found = strncmp(line, "0::/", 4) == 0;
    }
    fclose(in);
    if (!found || strchr(line, '\n') == NULL) {
        errno = ENOENT;
        return -1;
    }
    line[strcspn(line, "\n")] = '\0';
    if (snprintf(path, size, "%s%s", mount, line[4] == '\0' ? "" : line + 3)
        >= (int) (size < GROUP_MAX ? size : GROUP_MAX)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

/* What is missing for runs to have groups in there, or NULL. */
static const char *
missing(const char *path)
{
    static const char *const files[] = { "cgroup.procs", "cgroup.subtree_control" };
    char                     text[4096], self[32], file[4096];
    size_t                   i;

    if (text_of(path, "cgroup.controllers", text, sizeof(text)) != 0) {
        return "there is no cgroup of version 2 here";
    }
    if (!platen_delegated_memory(text)) {
        return "its cgroup is without the memory controller";
    }
    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        snprintf(file, sizeof(file), "%.*s/%s", GROUP_MAX, path, files[i]);
        if (access(file, W_OK) != 0) {
            return "its cgroup is not delegated to its user";
        }
    }
    if (access(path, W_OK | X_OK) != 0) {
        return "its cgroup is not delegated to its user";
    }
    snprintf(self, sizeof(self), "%d\n", (int) getpid());
    if (text_of(path, "cgroup.procs", text, sizeof(text)) != 0 || strcmp(text, self) != 0) {
        return "it is not the only process in its cgroup";
    }
    return NULL;
}

int
platen_delegated_take(const char *mount, const char *of, char *path, size_t size,
                      const char **why)
{
    char own[4096];

    *why = "there is no cgroup of version 2 here";
    if (group_of(mount, of, path, size) != 0) {
        return -1;
    }
    *why = missing(path);
    if (*why != NULL) {
        return -1;
    }
    snprintf(own, sizeof(own), "%.*s/" PLATEN_DELEGATED_SELF, GROUP_MAX, path);
    if (mkdir(own, 0755) != 0 && errno != EEXIST) {
        *why = "no group can be made in its cgroup";
        return -1;
    }
    if (put(own, "cgroup.procs", "0") != 0) {
        *why = "it cannot go into a group of its cgroup";
        (void) rmdir(own);
        return -1;
    }
    if (put(path, "cgroup.subtree_control", "+memory") != 0) {
        *why = "its cgroup gives no memory controller to groups within";
        (void) put(path, "cgroup.procs", "0");
        (void) rmdir(own);
        return -1;
    }
    return 0;
}

int
platen_delegated_taken(const char *mount, const char *of, char *path, size_t size)
{
    char  text[4096];
    char *slash;

    if (group_of(mount, of, path, size) != 0) {
        return 0;
    }
    slash = strrchr(path, '/');
    if (slash == NULL || strcmp(slash + 1, PLATEN_DELEGATED_SELF) != 0) {
        return 0;
    }
    *slash = '\0';
    return text_of(path, "cgroup.subtree_control", text, sizeof(text)) == 0
           && platen_delegated_memory(text);
}
