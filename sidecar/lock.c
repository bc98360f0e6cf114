/* See lock.h; any thread, but each lock once in a process. */

#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "disk/layout.h"

int
platen_lock_take(const char *dir, const char *name, pid_t *holder, char *err, size_t errlen)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    char         path[PLATEN_PATH_MAX + 64];
    int          fd;

    *holder = 0;
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0660);
    if (fd < 0) {
        snprintf(err, errlen, "cannot open %s: %s", path, strerror(errno));
        return -1;
    }

    if (fcntl(fd, F_SETLK, &lock) == 0) {
        return 0; /* and fd stays open, on purpose */
    }
    if (errno == EACCES || errno == EAGAIN) {
        if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0) {
            *holder = lock.l_pid;
        }
        close(fd);
        return 1;
    }
    snprintf(err, errlen, "cannot lock %s: %s", path, strerror(errno));
    close(fd);
    return -1;
}
