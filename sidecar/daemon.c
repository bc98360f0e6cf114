/*
 * The process's own set-up; see daemon.h.  Runs once, at start, with
 * one thread; any failure is told in a sentence and the process does not start.
 */

#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk/layout.h"
#include "lock.h"

typedef enum { PRIVATE, PUBLIC } access_t;

int
platen_process_check(const platen_config_t *config, const char *file, char *err, size_t errlen)
{
    if (*config->user != '\0' && getpwnam(config->user) == NULL) {
        snprintf(err, errlen, "%s: \"user\": there is no user %s", file, config->user);
        return -1;
    }
    if (*config->queue_group != '\0' && getgrnam(config->queue_group) == NULL) {
        snprintf(err, errlen, "%s: \"queue/group\": there is no group %s", file,
                 config->queue_group);
        return -1;
    }
    return 0;
}

/* Makes a directory and those above it; *made says whether the last was new. */
static int
make_path(const char *path, mode_t mode, int *made)
{
    char  parent[PLATEN_PATH_MAX];
    char *slash;

    *made = mkdir(path, mode) == 0;
    if (*made || errno == EEXIST) {
        return 0;
    }
    if (errno != ENOENT) {
        return -1;
    }

    snprintf(parent, sizeof(parent), "%s", path);
    for (slash = strchr(parent + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(parent, 0755) != 0 && errno != EEXIST) {
            return -1;
        }
        *slash = '/';
    }
    *made = mkdir(path, mode) == 0;
    return *made || errno == EEXIST ? 0 : -1;
}

/*
 * Makes a directory and, if `user` is given, makes it that user's.  A PUBLIC one
 * others pass through, and it keeps its owner if it was there already: it may be
 * /run or /tmp.
 */
static int
provide(const char *path, access_t access_to, const struct passwd *user, char *err,
        size_t errlen)
{
    mode_t mask;
    int    fd, rc, made;

    mask = umask(022); /* for the directories above, which others pass through */
    rc = make_path(path, access_to == PUBLIC ? 0755 : 0750, &made);
    umask(mask);
    if (rc != 0) {
        snprintf(err, errlen, "cannot create %s: %s", path, strerror(errno));
        return -1;
    }
    if (user == NULL || (access_to == PUBLIC && !made)) {
        return 0;
    }

    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = fd < 0 ? -1 : fchown(fd, user->pw_uid, user->pw_gid);
    if (rc != 0) {
        snprintf(err, errlen, "cannot give %s to %s: %s", path, user->pw_name, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
    return rc;
}

static int
provide_all(const platen_config_t *config, const struct passwd *user, char *err, size_t errlen)
{
    char socket[PLATEN_PATH_MAX];

    snprintf(socket, sizeof(socket), "%s", platen_config_socket(config));

    /* The socket has a mode of its own; who may use it must get there. */
    return provide(config->store_path, PRIVATE, user, err, errlen) != 0
                   || provide(config->data_path, PRIVATE, user, err, errlen) != 0
                   || provide(dirname(socket), PUBLIC, user, err, errlen) != 0
               ? -1
               : 0;
}

/* The user's groups, and the queue's. */
static int
set_groups(const platen_config_t *config, const struct passwd *user)
{
    struct group *group;
    gid_t         groups[256];
    int           n = 255;

    if (getgrouplist(user->pw_name, user->pw_gid, groups, &n) < 0) {
        errno = E2BIG;
        return -1;
    }
    if (*config->queue_group != '\0') {
        group = getgrnam(config->queue_group);
        if (group == NULL) {
            errno = ENOENT;
            return -1;
        }
        groups[n++] = group->gr_gid;
    }
    return setgroups((size_t) n, groups);
}

int
platen_process_become(const platen_config_t *config, char *err, size_t errlen)
{
    struct passwd *user = NULL;

    /* Files are shared with the web server by group, and with nobody else. */
    umask(007);

    if (geteuid() == 0 && *config->user != '\0') {
        user = getpwnam(config->user);
        if (user == NULL) {
            snprintf(err, errlen, "there is no user %s", config->user);
            return -1;
        }
    }
    if (provide_all(config, user, err, errlen) != 0) {
        return -1;
    }

    if (user != NULL
        && (set_groups(config, user) != 0 || setgid(user->pw_gid) != 0
            || setuid(user->pw_uid) != 0)) {
        snprintf(err, errlen, "cannot become %s: %s", config->user, strerror(errno));
        return -1;
    }
    return 0;
}

int
platen_process_lock(const platen_config_t *config, pid_t *holder, char *err, size_t errlen)
{
    return platen_lock_take(config->store_path, PLATEN_LOCK_SIDECAR, holder, err, errlen);
}

int
platen_process_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);

    /* SIGCHLD may have been left ignored by whoever started us. */
    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || signal(SIGCHLD, SIG_DFL) == SIG_ERR
        || sigprocmask(SIG_BLOCK, &set, NULL) != 0) {
        return -1;
    }
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}
