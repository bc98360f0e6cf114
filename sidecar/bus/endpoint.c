/*
 * Socket files; see bus/endpoint.h.  Runs in the loop's thread, at start and
 * end.  Whatever fails at start keeps the process from starting.
 */

#include "bus/endpoint.h"

#include <errno.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME 6 /* bytes of "ipc://" */

/* Removes a socket file that is in the way; it is nobody's: we hold the lock. */
static int
remove_stale(const char *path, char *err, size_t errlen)
{
    struct stat st;

    if (lstat(path, &st) != 0) {
        if (errno == ENOENT) {
            return 0;
        }
        snprintf(err, errlen, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(err, errlen, "%s: is in the way and is not a socket", path);
        return -1;
    }
    if (unlink(path) != 0) {
        snprintf(err, errlen, "%s: cannot be removed: %s", path, strerror(errno));
        return -1;
    }
    return 0;
}

/* ZeroMQ leaves the mode to the umask, and the web server could not connect. */
int
platen_endpoint_access(const platen_config_t *config, const char *path, char *err,
                       size_t errlen)
{
    struct group *group;

    if (*config->queue_group != '\0') {
        errno = 0;
        group = getgrnam(config->queue_group);
        if (group == NULL) {
            snprintf(err, errlen, "queue/group: no such group: %s", config->queue_group);
            return -1;
        }
        if (chown(path, (uid_t) -1, group->gr_gid) != 0) {
            snprintf(err, errlen, "%s: cannot be given to group %s: %s", path,
                     config->queue_group, strerror(errno));
            return -1;
        }
    }
    if (chmod(path, (mode_t) config->queue_mode) != 0) {
        snprintf(err, errlen, "%s: %s", path, strerror(errno));
        return -1;
    }
    return 0;
}

char *
platen_endpoint_bind(zsock_t *socket, const char *endpoint, const platen_config_t *config,
                     char *err, size_t errlen)
{
    char *path;

    path = strdup(endpoint + SCHEME);
    if (path == NULL) {
        snprintf(err, errlen, "out of memory");
        return NULL;
    }

    if (remove_stale(path, err, errlen) != 0) {
        free(path);
        return NULL;
    }
    if (zsock_bind(socket, "%s", endpoint) < 0) {
        snprintf(err, errlen, "cannot bind %s: %s", endpoint, zmq_strerror(zmq_errno()));
        free(path);
        return NULL;
    }
    if (platen_endpoint_access(config, path, err, errlen) != 0) {
        platen_endpoint_remove(&path);
    }
    return path;
}

void
platen_endpoint_remove(char **path)
{
    if (*path != NULL && unlink(*path) != 0 && errno != ENOENT) {
        platen_log(PLATEN_LOG_WARN, "cannot remove the socket file",
                   json_pack("{s:s, s:s}", "path", *path, "error", strerror(errno)));
    }
    free(*path);
    *path = NULL;
}
