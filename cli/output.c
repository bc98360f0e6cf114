/*
 * Files of results; see output.h.  Written beside their place and moved there, so that no
 * other program sees half of one.  Names that this run has given, and the files that it has
 * been given, are kept under a lock until it ends.
 */

#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/utf8.h"

#define AGAIN_MAX 100000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char          **given;
static size_t          ngiven;
static void           *spared; /* a tree of file_t */

typedef struct {
    dev_t device;
    ino_t inode;
} file_t;

const char *
platen_output_text(const char *text, char *out, size_t size)
{
    (void) platen_utf8_show(text, strlen(text), '?', out, size);
    return out;
}

void
platen_output_body(const char *text)
{
    size_t   left = strlen(text), n;
    uint32_t code;
    int      shown = isatty(STDOUT_FILENO);

    for (; left > 0; text += n, left -= n) {
        n = platen_utf8_decode(text, left, &code);
        if (shown && *text != '\n' && *text != '\t'
            && (code == PLATEN_UTF8_MALFORMED || platen_utf8_invisible(code))) {
            putchar('?');
        } else {
            fwrite(text, 1, n, stdout);
        }
    }
    putchar('\n');
}

const char *
platen_output_name(const char *name, char out[PLATEN_OUTPUT_NAME])
{
    const char *slash;

    while ((slash = strpbrk(name, "/\\")) != NULL) {
        name = slash + 1;
    }
    (void) platen_output_text(name, out, PLATEN_OUTPUT_NAME - 16); /* room for " (2)" */
    if (*out == '.') {
        *out = '_';
    }
    if (*out == '\0') {
        snprintf(out, PLATEN_OUTPUT_NAME, "result");
    }
    return out;
}

int
platen_output_open(platen_output_t *o, const char *dir)
{
    mode_t mask;
    int    saved;

    *o = (platen_output_t){ .fd = -1 };
    if (snprintf(o->tmp, sizeof(o->tmp), "%s/.platen-XXXXXX", dir) >= (int) sizeof(o->tmp)) {
        errno = ENAMETOOLONG;
        *o->tmp = '\0';
        return -1;
    }
    o->fd = mkostemp(o->tmp, O_CLOEXEC);
    if (o->fd < 0) {
        saved = errno;
        *o->tmp = '\0';
        errno = saved;
        return -1;
    }
    pthread_mutex_lock(&lock); /* umask() is the process's */
    mask = umask(0);
    (void) umask(mask);
    pthread_mutex_unlock(&lock);
    (void) fchmod(o->fd, 0666 & ~mask);
    return 0;
}

static int
is_given(const char *path)
{
    size_t i;

    for (i = 0; i < ngiven; i++) {
        if (strcmp(given[i], path) == 0) {
            return 1;
        }
    }
    return 0;
}

static void
remember(const char *path)
{
    char **grown = realloc(given, (ngiven + 1) * sizeof(*given));

    if (grown != NULL) {
        given = grown;
        given[ngiven] = strdup(path);
        ngiven += given[ngiven] != NULL;
    }
}

static int
compare(const void *a, const void *b)
{
    const file_t *x = a, *y = b;

    return x->device != y->device ? (x->device > y->device) - (x->device < y->device)
                                  : (x->inode > y->inode) - (x->inode < y->inode);
}

void
platen_output_spare(const char *path)
{
    file_t     *file = malloc(sizeof(*file)), **found;
    struct stat st;

    if (file == NULL || stat(path, &st) != 0) {
        free(file);
        return;
    }
    *file = (file_t){ st.st_dev, st.st_ino };
    pthread_mutex_lock(&lock);
    found = tsearch(file, &spared, compare);
    pthread_mutex_unlock(&lock);
    if (found == NULL || *found != file) {
        free(file);
    }
}

static int
is_spared(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0
           && tfind(&(file_t){ st.st_dev, st.st_ino }, &spared, compare) != NULL;
}

int
platen_output_is_given(const char *path)
{
    int is;

    pthread_mutex_lock(&lock);
    is = is_given(path);
    pthread_mutex_unlock(&lock);
    return is;
}

/* "a.pdf", and "a (2).pdf" if this run has given that already, or has a document there. */
static int
choose(platen_output_t *o, const char *dir, const char *name, int force)
{
    const char *dot = strrchr(name, '.');
    int         stem = dot == NULL || dot == name ? (int) strlen(name) : (int) (dot - name);
    unsigned    n;
    int         len;

    for (n = 1; n < AGAIN_MAX; n++) {
        len = n == 1 ? snprintf(o->path, sizeof(o->path), "%s/%s", dir, name)
                     : snprintf(o->path, sizeof(o->path), "%s/%.*s (%u)%s", dir, stem, name, n,
                                name + stem);
        if (len >= (int) sizeof(o->path)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        if (!is_given(o->path) && !(force && is_spared(o->path))) {
            return 0;
        }
    }
    errno = EEXIST;
    return -1;
}

/* Gives a file its name, which another one has only if `force`. */
static int
place(const char *from, const char *to, int force)
{
    int rc =
        force ? rename(from, to) : renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

    if (rc != 0 && !force && (errno == EINVAL || errno == ENOSYS)) {
        /* Not on this file system; those without links have the other. */
        rc = link(from, to);
        if (rc == 0) {
            (void) unlink(from);
        }
    }
    return rc;
}

int
platen_output_keep(platen_output_t *o, const char *dir, const char *name, int force)
{
    int rc, saved;

    rc = fsync(o->fd);
    if (rc == 0) {
        pthread_mutex_lock(&lock);
        rc = choose(o, dir, name, force);
        if (rc == 0) {
            rc = place(o->tmp, o->path, force);
        }
        if (rc == 0) {
            remember(o->path);
        }
        pthread_mutex_unlock(&lock);
    }
    if (rc == 0) {
        *o->tmp = '\0';
        /* With its name, as its job may be deleted now.  Some directories are not to be read.
         */
        rc = platen_bytes_sync(dir, O_DIRECTORY);
        rc = rc != 0 && (errno == EINVAL || errno == EACCES) ? 0 : rc;
    }
    saved = errno;
    platen_output_drop(o);
    errno = saved;
    return rc;
}

void
platen_output_drop(platen_output_t *o)
{
    if (o->fd >= 0) {
        close(o->fd);
        o->fd = -1;
    }
    if (*o->tmp != '\0') {
        (void) unlink(o->tmp);
        *o->tmp = '\0';
    }
}
