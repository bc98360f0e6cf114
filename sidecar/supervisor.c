/*
 * sd_notify(3); see supervisor.h.  One datagram for each state, to a socket
 * that is connected once.  libsystemd would bring five more libraries into a
 * process that handles what clients send, for these lines.
 */

#include "supervisor.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fd = -1;
static int watched;

void
platen_supervisor_open(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char        *path = getenv("NOTIFY_SOCKET");
    size_t             len = path == NULL ? 0 : strlen(path);

    if (len > 1 && len < sizeof(address.sun_path) && (path[0] == '/' || path[0] == '@')) {
        memcpy(address.sun_path, path, len);
        if (path[0] == '@') {
            address.sun_path[0] = '\0'; /* of the abstract namespace */
        }
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0
            && connect(fd, (struct sockaddr *) &address,
                       (socklen_t) (offsetof(struct sockaddr_un, sun_path) + len))
                   != 0) {
            close(fd);
            fd = -1;
        }
    }
    watched = getenv("WATCHDOG_USEC") != NULL;
    (void) unsetenv("NOTIFY_SOCKET");
    (void) unsetenv("WATCHDOG_USEC");
    (void) unsetenv("WATCHDOG_PID");
}

void
platen_supervisor_tell(const char *state)
{
    if (fd >= 0) {
        (void) send(fd, state, strlen(state), MSG_NOSIGNAL);
    }
}

void
platen_supervisor_tick(void)
{
    if (watched) {
        platen_supervisor_tell("WATCHDOG=1");
    }
}
