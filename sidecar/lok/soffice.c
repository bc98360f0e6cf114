/*
 * platen-soffice.so: what platend loads into the LibreOffice that it starts for one
 * document (LD_PRELOAD), so that the document's links lead to no file there either;
 * see lok/links.h.  It works before main(), and ends a process in which it
 * cannot.
 *
 * LibreOffice insists on a socket in /tmp, by which a second one would find it.  In a
 * container there is no namespace, so no /tmp of its own, and the sandbox does not let
 * it into the one of all: here the socket is in the run's own tmp/ wherever it runs.
 *
 *   PLATEN_ROOM       the run's directory
 *   PLATEN_DOCUMENT   the document
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/platen.h"
#include "lok/links.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

/* Of any thread.  The working directory is the run's. */
int
bind(int fd, const struct sockaddr *address, socklen_t len)
{
    const struct sockaddr_un *wanted = (const void *) address;
    struct sockaddr_un        own = { .sun_family = AF_UNIX };
    const char               *slash;
    char                      path[sizeof(own.sun_path) + 1] = "";

    if (len > offsetof(struct sockaddr_un, sun_path) && wanted->sun_family == AF_UNIX
        && len <= sizeof(own)) {
        memcpy(path, wanted->sun_path, len - offsetof(struct sockaddr_un, sun_path));
    }
    slash = strrchr(path, '/');
    if (slash != NULL) {
        if (snprintf(own.sun_path, sizeof(own.sun_path), "tmp%s", slash)
            >= (int) sizeof(own.sun_path)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        address = (const struct sockaddr *) &own;
        len = sizeof(own);
    }
    return (int) syscall(SYS_bind, fd, address, len);
}

/* LibreOffice asks whether it may write to /tmp before it asks for its socket there. */
int
access(const char *path, int mode)
{
    return strcmp(path, "/tmp") == 0 ? 0 : (int) syscall(SYS_faccessat, AT_FDCWD, path, mode);
}

__attribute__((constructor)) static void
begin(void)
{
    const char *const rooms[] = { getenv("PLATEN_ROOM"), getenv("PLATEN_DOCUMENT"), "/tmp" };
    char              program[PATH_MAX];
    ssize_t           n = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char             *slash;

    program[n < 0 ? 0 : n] = '\0';
    slash = strrchr(program, '/');
    if (slash != NULL && rooms[0] != NULL && rooms[1] != NULL) {
        *slash = '\0';
        if (platen_lok_links_open(program) == 0
            && platen_lok_links_cut(rooms, sizeof(rooms) / sizeof(rooms[0])) == 0) {
            return;
        }
    }
    fprintf(stderr, "platen-soffice: it cannot be set up: %s\n", strerror(errno));
    _exit(EXIT_FAILURE);
}
