/* File URLs; see engine/lo_url.h. */

#include "engine/lo_url.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
platen_lo_url(const char *path, char *out, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-._~/";
    size_t            n;

    n = (size_t) snprintf(out, size, "file://");
    for (; *path != '\0'; path++) {
        if (n + 4 > size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        if (strchr(plain, *path) != NULL) {
            out[n++] = *path;
        } else {
            n += (size_t) snprintf(out + n, size - n, "%%%02X", (unsigned char) *path);
        }
    }
    out[n] = '\0';
    return 0;
}
