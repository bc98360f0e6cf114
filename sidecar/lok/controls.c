/* Control characters in a result; see lok/controls.h.  What is left moves up, in place. */

#include "lok/controls.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#define PIECE 65536

static int
is_control(char c)
{
    return (unsigned char) c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f';
}

int
platen_lok_controls_remove(const char *path)
{
    static char buf[PIECE];
    off_t       from = 0, to = 0;
    ssize_t     n, i, kept;
    int         fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC), failed = fd < 0;

    while (!failed && (n = pread(fd, buf, sizeof(buf), from)) != 0) {
        if (n < 0) {
            failed = 1;
            break;
        }
        for (i = kept = 0; i < n; i++) {
            if (!is_control(buf[i])) {
                buf[kept++] = buf[i];
            }
        }
        failed =
            (kept < n || to < from) && kept > 0 && pwrite(fd, buf, (size_t) kept, to) != kept;
        from += n;
        to += kept;
    }
    failed = failed || (to < from && ftruncate(fd, to) != 0);
    if (fd >= 0) {
        failed |= close(fd) != 0;
    }
    return failed ? -1 : 0;
}
