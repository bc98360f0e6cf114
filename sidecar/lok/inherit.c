/*
 * Descriptors across the fork; see lok/inherit.h.  A descriptor that a
 * child shares with the zygote shares its offset and, for a pipe, its bytes:
 * one child could read or write what another one sees.  LibreOffice keeps the
 * numbers in its memory, so they cannot just be closed: the next file that is
 * opened would get such a number, and a late write of its library would go
 * into the document.  Files open for reading stay; LibreOffice, SQLite and
 * fontconfig read them by position (pread, mmap).
 */

#include "lok/inherit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEEP, READ_ONLY, PIPE, PIPE_END, NOTHING };

static int
classify(int fd)
{
    struct stat st;
    int         flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fstat(fd, &st) != 0) {
        return -1;
    }
    if (S_ISFIFO(st.st_mode)) {
        return PIPE_END;
    }
    if (S_ISREG(st.st_mode)) {
        return (flags & O_ACCMODE) == O_RDONLY ? KEEP : READ_ONLY;
    }
    return S_ISCHR(st.st_mode) || S_ISDIR(st.st_mode) ? KEEP : NOTHING;
}

/* Finds the two ends of each pipe. */
static void
pair_pipes(platen_lok_inherit_t *inherit)
{
    platen_lok_descriptor_t *a, *b;
    struct stat              sa, sb;
    size_t                   i, j;

    for (i = 0; i < inherit->n; i++) {
        a = &inherit->descriptors[i];
        for (j = i + 1; a->what == PIPE_END && j < inherit->n; j++) {
            b = &inherit->descriptors[j];
            if (b->what == PIPE_END && fstat(a->fd, &sa) == 0 && fstat(b->fd, &sb) == 0
                && sa.st_ino == sb.st_ino && sa.st_dev == sb.st_dev) {
                if ((fcntl(a->fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
                    a->other = b->fd;
                } else {
                    a->other = a->fd;
                    a->fd = b->fd;
                }
                a->what = PIPE;
                b->what = KEEP;
                b->fd = a->other;
            }
        }
    }
    for (i = 0; i < inherit->n; i++) {
        if (inherit->descriptors[i].what == PIPE_END) {
            inherit->descriptors[i].what = NOTHING;
        }
    }
}

int
platen_lok_inherit_scan(platen_lok_inherit_t *inherit, int first, char *err, size_t errlen)
{
    platen_lok_descriptor_t *d;
    struct dirent           *entry;
    DIR                     *dir;
    int                      fd, what;

    memset(inherit, 0, sizeof(*inherit));
    inherit->first = first;
    dir = opendir("/proc/self/fd");
    if (dir == NULL) {
        snprintf(err, errlen, "cannot list /proc/self/fd: %s", strerror(errno));
        return -1;
    }

    while ((entry = readdir(dir)) != NULL) {
        fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd < first || fd == dirfd(dir)) {
            continue;
        }
        what = classify(fd);
        if (what < 0 || inherit->n == PLATEN_LOK_INHERIT_MAX) {
            closedir(dir);
            snprintf(err, errlen, "LibreOffice holds too many descriptors");
            return -1;
        }
        d = &inherit->descriptors[inherit->n++];
        d->fd = fd;
        d->other = -1;
        d->what = what;
    }

    closedir(dir);
    pair_pipes(inherit);
    return 0;
}

static int
replace(int fd, int by)
{
    int rc, saved;

    if (by < 0) {
        return -1;
    }
    rc = dup3(by, fd, O_CLOEXEC);
    saved = errno;
    close(by);
    errno = saved;
    return rc < 0 ? -1 : 0;
}

static int
renew(const platen_lok_descriptor_t *d)
{
    char path[64];
    int  ends[2];

    switch (d->what) {
    case READ_ONLY:
        snprintf(path, sizeof(path), "/proc/self/fd/%d", d->fd);
        return replace(d->fd, open(path, O_RDONLY | O_CLOEXEC));
    case PIPE:
        if (pipe2(ends, O_CLOEXEC | (fcntl(d->fd, F_GETFL) & O_NONBLOCK)) != 0) {
            return -1;
        }
        if (replace(d->fd, ends[0]) != 0) {
            close(ends[1]);
            return -1;
        }
        return replace(d->other, ends[1]);
    case NOTHING:
        return replace(d->fd, open("/dev/null", O_RDWR | O_CLOEXEC));
    default:
        return 0;
    }
}

static int
noted(const platen_lok_inherit_t *inherit, int fd)
{
    size_t i;

    for (i = 0; i < inherit->n; i++) {
        if (inherit->descriptors[i].fd == fd || inherit->descriptors[i].other == fd) {
            return 1;
        }
    }
    return 0;
}

int
platen_lok_inherit_renew(const platen_lok_inherit_t *inherit)
{
    size_t i;
    int    fd, highest = inherit->first - 1;

    for (i = 0; i < inherit->n; i++) {
        highest = inherit->descriptors[i].fd > highest ? inherit->descriptors[i].fd : highest;
        highest =
            inherit->descriptors[i].other > highest ? inherit->descriptors[i].other : highest;
    }
    for (fd = inherit->first; fd <= highest; fd++) {
        if (!noted(inherit, fd)) {
            close(fd);
        }
    }
    closefrom(highest + 1);

    for (i = 0; i < inherit->n; i++) {
        if (renew(&inherit->descriptors[i]) != 0) {
            return -1;
        }
    }
    return 0;
}
