/*
 * Watching a run; see run/watch.h.  Used by the loop's thread a few times a second;
 * owns nothing, and no failure is one: what is not there any more has nothing.
 *
 * Processes are found from their parents.  What a process leaves behind comes to its
 * keeper, so nothing of a run is elsewhere.  A file that is mapped and open no more is
 * not seen; it is under the address-space limit, and the file system's space is watched
 * as well.
 */

#include "run/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES 512 /* of which it is known that they were counted */

typedef struct {
    pid_t           pids[PLATEN_WATCH_PROCESSES];
    size_t          npids;
    dev_t           devices[FILES];
    ino_t           files[FILES];
    size_t          nfiles;
    platen_watch_t *out;
} look_t;

/* Those that one thread has started. */
static void
add_children(look_t *look, int tasks, const char *thread)
{
    char    path[300], text[8192], *at = text, *end;
    ssize_t n;
    long    pid;
    int     fd;

    snprintf(path, sizeof(path), "%s/children", thread);
    fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[n < 0 ? 0 : n] = '\0';
    for (;;) {
        pid = strtol(at, &end, 10);
        if (end == at || *end != ' ') {
            return;
        }
        at = end;
        if (look->npids == PLATEN_WATCH_PROCESSES) {
            look->out->threads++; /* at least */
        } else {
            look->pids[look->npids++] = (pid_t) pid;
        }
    }
}

static int
is_new(look_t *look, const struct stat *st)
{
    size_t i;

    for (i = 0; i < look->nfiles; i++) {
        if (look->files[i] == st->st_ino && look->devices[i] == st->st_dev) {
            return 0;
        }
    }
    if (look->nfiles < FILES) {
        look->files[look->nfiles] = st->st_ino;
        look->devices[look->nfiles++] = st->st_dev;
    }
    return 1;
}

/* Files of one thread.  Returns whether it has any. */
static int
look_at_files(look_t *look, int tasks, const char *thread)
{
    char           path[300];
    struct dirent *entry;
    struct stat    st;
    DIR           *dir;
    int            fd, any = 0;

    snprintf(path, sizeof(path), "%s/fd", thread);
    fd = openat(tasks, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return 0;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        any = 1;
        if (fstatat(fd, entry->d_name, &st, 0) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 0
            && is_new(look, &st)) {
            look->out->unlinked += (uint64_t) st.st_blocks * 512;
        }
    }
    closedir(dir);
    return any;
}

/*
 * A process, whose threads have their descriptors in common (sandbox/filter.c).  The
 * first thread may have ended, and has none then.  What any has started is added.
 */
static void
look_at_process(look_t *look, pid_t pid, int keeper)
{
    struct dirent *entry;
    char           path[64];
    DIR           *dir;
    int            any = keeper;

    snprintf(path, sizeof(path), "/proc/%d/task", (int) pid);
    dir = opendir(path);
    if (dir == NULL) {
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        look->out->threads += !keeper;
        add_children(look, dirfd(dir), entry->d_name);
        any = any || look_at_files(look, dirfd(dir), entry->d_name);
    }
    closedir(dir);
}

void
platen_watch(pid_t top, int keeper, platen_watch_t *out)
{
    static look_t look;
    size_t        i;

    memset(out, 0, sizeof(*out));
    look.npids = 1;
    look.nfiles = 0;
    look.pids[0] = top;
    look.out = out;
    for (i = 0; i < look.npids; i++) {
        look_at_process(&look, look.pids[i], i == 0 && keeper);
    }
}
