/*
 * Socket files; see bus/endpoint.h.  They are made and removed in the loop's thread, at start
 * and end, and whatever fails at start keeps the process from starting.
 */

#include "bus/endpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEME 6       /* bytes of "ipc://" */
#define BESIDE_MAX 256 /* a socket's path has 107 bytes at most */

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
static int
give_access(const platen_config_t *config, const char *path, char *err, size_t errlen)
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
    if (give_access(config, path, err, errlen) != 0) {
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

/* The file alone, with the bytes and the access of the socket.  0, or -1 with errno. */
static int
write_beside(const char *socket, const char *path, const char *text, size_t len)
{
    struct stat st;
    int         fd, saved, rc = -1;

    if (stat(socket, &st) != 0 || (unlink(path) != 0 && errno != ENOENT)) {
        return -1;
    }
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -1;
    }
    errno = ENOSPC; /* of a part only */
    if (write(fd, text, len) == (ssize_t) len && fchown(fd, (uid_t) -1, st.st_gid) == 0) {
        rc = fchmod(fd, st.st_mode & 0777);
    }
    saved = errno;
    close(fd);
    errno = saved;
    return rc;
}

int
platen_endpoint_say(const platen_config_t *config, const char *suffix, const char *text,
                    size_t len, char *err, size_t errlen)
{
    const char *socket = platen_config_socket(config);
    char        path[BESIDE_MAX], fresh[BESIDE_MAX + 8];

    snprintf(path, sizeof(path), "%s%s", socket, suffix);
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    if (write_beside(socket, fresh, text, len) != 0 || rename(fresh, path) != 0) {
        snprintf(err, errlen, "%s: %s", path, strerror(errno));
        return -1;
    }
    return 0;
}

void
platen_endpoint_unsay(const platen_config_t *config, const char *suffix)
{
    char path[BESIDE_MAX];

    snprintf(path, sizeof(path), "%s%s", platen_config_socket(config), suffix);
    (void) unlink(path);
}
