/*
 * durable: makes nginx's own dav PUT durable, for bench/run.  Preloaded into an nginx
 * (LD_PRELOAD), it has each rename() that publishes a file write the file to the disk before
 * and its new directory after, which is what a service must do before it may say "created".
 *
 * It is fair to the peer: no module of ours, no second copy, the fewest calls that make a
 * PUT survive a loss of power.  The worker waits for both syncs, so bench/run gives
 * that nginx a worker for each connection, and syncs of several meet in the file system.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
sync_path(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags), rc;

    if (fd < 0) {
        return -1;
    }
    rc = fsync(fd);
    (void) close(fd);
    return rc;
}

int
rename(const char *from, const char *to)
{
    static int (*next)(const char *, const char *);
    char  directory[PATH_MAX];
    char *slash;

    if (next == NULL) {
        *(void **) &next = dlsym(RTLD_NEXT, "rename");
        if (next == NULL) {
            return -1;
        }
    }
    if (sync_path(from, 0) != 0 || next(from, to) != 0) {
        return -1;
    }
    snprintf(directory, sizeof(directory), "%s", to);
    slash = strrchr(directory, '/');
    if (slash == NULL) {
        return 0;
    }
    *slash = '\0';
    return sync_path(directory, O_DIRECTORY);
}
