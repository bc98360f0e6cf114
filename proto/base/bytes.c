/* Bytes to a descriptor and as text; see base/bytes.h.  Any thread. */

#include "base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
platen_bytes_write(int fd, const void *bytes, size_t n)
{
    const char *from = bytes;
    ssize_t     written;

    while (n > 0) {
        written = write(fd, from, n);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return -1;
        }
        from += written;
        n -= (size_t) written;
    }
    return 0;
}

int
platen_bytes_sync(const char *path, int flags)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags), rc, saved;

    if (fd < 0) {
        return -1;
    }
    rc = fsync(fd);
    saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

void
platen_bytes_hex(const void *bytes, size_t n, char *out)
{
    static const char    digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    size_t               i;

    for (i = 0; i < n; i++) {
        out[2 * i] = digits[from[i] >> 4];
        out[2 * i + 1] = digits[from[i] & 15];
    }
    out[2 * n] = '\0';
}
