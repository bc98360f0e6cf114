/* A directory that is watched; see watch.h.  Owns nothing: the descriptor is the caller's. */

#include "watch.h"
#include "output.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether a file of the directory is to be converted: no hidden one, and no result of ours. */
static int
is_wanted(const platen_watch_t *w, const char *name)
{
    const char *dot = strrchr(name, '.');
    struct stat st, out;
    char        path[PATH_MAX];
    int         same;

    snprintf(path, sizeof(path), "%s/%s", w->dir, name);
    if (*name == '.' || stat(path, &st) != 0 || !S_ISREG(st.st_mode)) {
        return 0;
    }
    same = stat(w->dir, &st) == 0 && stat(w->out, &out) == 0 && st.st_dev == out.st_dev
           && st.st_ino == out.st_ino;
    snprintf(path, sizeof(path), "%s/%s", w->out, name);
    return !same
           || (!platen_output_is_given(path)
               && (dot == NULL || w->to == NULL || strcasecmp(dot + 1, w->to) != 0));
}

/* Whether an earlier run has converted it: there is a result that is not older. */
static int
is_done(const platen_watch_t *w, const char *name)
{
    const char *dot = strrchr(name, '.');
    struct stat document, result;
    char        path[2 * PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", w->dir, name);
    if (w->to == NULL || stat(path, &document) != 0) {
        return 0;
    }
    snprintf(path, sizeof(path), "%s/%.*s.%s", w->out,
             (int) (dot == NULL ? strlen(name) : (size_t) (dot - name)), name, w->to);
    return stat(path, &result) == 0 && result.st_mtime >= document.st_mtime;
}

static void
tell(const platen_watch_t *w, const char *name, int fresh)
{
    char path[PATH_MAX];

    if (is_wanted(w, name) && (fresh || !is_done(w, name))) {
        snprintf(path, sizeof(path), "%s/%s", w->dir, name);
        w->found(w->data, path);
    }
}

int
platen_watch_start(const platen_watch_t *w)
{
    struct dirent *entry;
    DIR           *dir;
    int            fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

    if (fd < 0 || inotify_add_watch(fd, w->dir, IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR) < 0
        || (dir = opendir(w->dir)) == NULL) {
        fprintf(stderr, "platen: cannot watch %s: %s\n", w->dir, strerror(errno));
        return -1;
    }
    while ((entry = readdir(dir)) != NULL) {
        tell(w, entry->d_name, 0);
    }
    closedir(dir);
    return fd;
}

void
platen_watch_read(const platen_watch_t *w, int fd)
{
    char                        bytes[16384] __attribute__((aligned(8)));
    const struct inotify_event *event;
    ssize_t                     n, at;

    while ((n = read(fd, bytes, sizeof(bytes))) > 0) {
        for (at = 0; at < n; at += (ssize_t) (sizeof(*event) + event->len)) {
            event = (const struct inotify_event *) (const void *) (bytes + at);
            if (event->len > 0) {
                tell(w, event->name, 1);
            }
        }
    }
}
