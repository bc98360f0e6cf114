/*
 * The byte order mark; see lok/mark.h.  In a child, on its own output.
 * LibreOffice has an option against it, but no way through LibreOfficeKit.
 */

#include "lok/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MARK "\xef\xbb\xbf"
#define MARK_LEN ((off_t) sizeof(MARK) - 1)

static int
move_down(int fd)
{
    static char buffer[65536];
    off_t       at = MARK_LEN;
    ssize_t     n;

    while ((n = pread(fd, buffer, sizeof(buffer), at)) > 0) {
        if (pwrite(fd, buffer, (size_t) n, at - MARK_LEN) != n) {
            return -1;
        }
        at += n;
    }
    return n == 0 ? ftruncate(fd, at - MARK_LEN) : -1;
}

int
platen_lok_mark_remove(const char *path)
{
    char start[MARK_LEN];
    int  fd, rc = 0, saved;

    fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    if (pread(fd, start, sizeof(start), 0) == MARK_LEN && memcmp(start, MARK, MARK_LEN) == 0) {
        rc = move_down(fd);
    }
    saved = errno;
    close(fd);
    errno = saved;
    return rc;
}
