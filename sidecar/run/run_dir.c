/*
 * The run directory; see run/run_dir.h.  Used by one thread at a time, while no
 * process of the engine runs.  It owns its directories; a failure is a fault of
 * this machine, unless it says that the engine left nothing of use.
 */

#include "run/run_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "run/tree.h"

#define PHRASE_MAX 64
#define LOOKED_AT (16 << 20) /* of a file; more is written by nothing that has an end */

void
platen_run_dir_init(platen_run_dir_t *s, const char *data_path, unsigned worker)
{
    memset(s, 0, sizeof(*s));
    snprintf(s->dir, sizeof(s->dir), "%.*s/runs/%u", PLATEN_ROOT_MAX, data_path, worker);
    snprintf(s->held, sizeof(s->held), "%s.held", s->dir);
    snprintf(s->output_dir, sizeof(s->output_dir), "%s/out", s->dir);
    snprintf(s->pages_dir, sizeof(s->pages_dir), "%s/pages", s->dir);
    snprintf(s->log, sizeof(s->log), "%s/log", s->dir);
}

/*
 * An empty run directory, with the paths of a step.  Its document is a link to where no
 * engine can write, so that a second start finds what the first one found.
 */
static int
lay_out(platen_run_dir_t *s, const char *from, const char *to)
{
    char tmp[PLATEN_PATH_MAX + 8];

    snprintf(s->input, sizeof(s->input), "%s/in.%s", s->dir, from);
    snprintf(s->output_name, sizeof(s->output_name), "in.%s", to);
    snprintf(s->output, sizeof(s->output), "%s/%s", s->output_dir, s->output_name);

    snprintf(tmp, sizeof(tmp), "%s/tmp", s->dir);
    if (platen_tree_reset(s->dir) != 0 || mkdir(s->output_dir, 0700) != 0
        || mkdir(tmp, 0700) != 0) {
        return -1;
    }
    return *s->document == '\0' ? 0 : symlink(s->document, s->input);
}

/* What is held may be a file or a directory, of a run that ended half-way. */
static int
drop_held(const platen_run_dir_t *s)
{
    if (unlink(s->held) == 0 || errno == ENOENT) {
        return 0;
    }
    if (platen_tree_clear(s->held) != 0) {
        return -1;
    }
    return rmdir(s->held);
}

int
platen_run_dir_open(platen_run_dir_t *s, const char *document, const char *from, const char *to)
{
    snprintf(s->document, sizeof(s->document), "%s", document);
    return access(document, R_OK) != 0 || drop_held(s) != 0 ? -1 : lay_out(s, from, to);
}

int
platen_run_dir_again(platen_run_dir_t *s, const char *from, const char *to)
{
    return lay_out(s, from, to);
}

/* Opens it again for us, who own it: an engine may have closed it. */
static int
reopen(const char *path)
{
    return platen_tree_unlock(AT_FDCWD, path);
}

static int
open_output(const platen_run_dir_t *s)
{
    if (reopen(s->dir) != 0 || reopen(s->output_dir) != 0) {
        return -1;
    }
    return open(s->output_dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int
platen_run_dir_advance(platen_run_dir_t *s, const char *from, const char *to)
{
    struct stat st;
    int         out, rc;

    out = open_output(s);
    if (out < 0) {
        return 1;
    }
    if (fstatat(out, s->output_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)
        || st.st_nlink != 1 || st.st_size == 0) {
        close(out);
        return 1;
    }
    rc = drop_held(s);
    if (rc == 0) {
        rc = renameat(out, s->output_name, AT_FDCWD, s->held);
    }
    close(out);
    snprintf(s->document, sizeof(s->document), "%s", s->held);
    return rc != 0 ? -1 : lay_out(s, from, to);
}

static int
is_page(const char *name, const char *to)
{
    size_t n = strlen(name), m = strlen(to);

    return strncmp(name, "in-", 3) == 0 && n > m + 4 && name[n - m - 1] == '.'
           && strcmp(name + n - m, to) == 0;
}

int
platen_run_dir_pages(platen_run_dir_t *s, const char *to)
{
    struct dirent *entry;
    char           page[256];
    DIR           *dir;
    int            fd, n = 0, rc = 0;

    fd = open_output(s);
    if (fd < 0) {
        return 0;
    }
    if (faccessat(fd, s->output_name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        close(fd);
        return 1;
    }
    dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return -1;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (is_page(entry->d_name, to)) {
            n++;
            snprintf(page, sizeof(page), "%s", entry->d_name);
        }
    }
    if (n == 1) {
        rc = renameat(dirfd(dir), page, dirfd(dir), s->output_name);
    }
    closedir(dir);
    return rc == 0 ? n : -1;
}

/* Whether it has the same extension. */
static int
ends_alike(const char *name, const char *as)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL && strcmp(dot, strrchr(as, '.')) == 0;
}

int
platen_run_dir_adopt(platen_run_dir_t *s)
{
    struct dirent *entry;
    char           name[256] = "";
    DIR           *dir;
    int            fd, n = 0, rc = 0;

    fd = open_output(s);
    if (fd < 0) {
        return 0;
    }
    dir = fdopendir(fd);
    if (dir == NULL) {
        close(fd);
        return -1;
    }
    while (n < 2 && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            n++;
            snprintf(name, sizeof(name), "%s", entry->d_name);
        }
    }
    if (n == 1 && ends_alike(name, s->output_name)) {
        rc = renameat(dirfd(dir), name, dirfd(dir), s->output_name);
    }
    closedir(dir);
    return rc;
}

int
platen_run_dir_pack(platen_run_dir_t *s)
{
    if (reopen(s->dir) != 0 || reopen(s->output_dir) != 0) {
        return 1;
    }
    *s->document = '\0';
    return drop_held(s) != 0 || rename(s->output_dir, s->held) != 0
                   || lay_out(s, "pages", "zip") != 0 || rename(s->held, s->pages_dir) != 0
               ? -1
               : 0;
}

/* A file of the engine's, which may be anything; -1: there is none. */
static int
open_file(const platen_run_dir_t *s, const char *name, struct stat *st)
{
    char path[PLATEN_PATH_MAX + 32];
    int  fd;

    snprintf(path, sizeof(path), "%s/%s", s->dir, name);
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, st) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void
platen_run_dir_read(const platen_run_dir_t *s, const char *name, char *out, size_t size)
{
    struct stat st;
    ssize_t     n = 0;
    off_t       most = (off_t) size - 1;
    int         fd = open_file(s, name, &st);

    *out = '\0';
    if (fd < 0) {
        return;
    }
    if (S_ISREG(st.st_mode)) {
        n = pread(fd, out, (size_t) most, st.st_size > most ? st.st_size - most : 0);
    }
    close(fd);
    out[n < 0 ? 0 : n] = '\0';
}

int
platen_run_dir_says(const platen_run_dir_t *s, const char *name, const char *const *phrases)
{
    struct stat st;
    char        buf[PHRASE_MAX + 8192];
    size_t      kept = 0, len, i;
    ssize_t     n;
    off_t       at = 0;
    int         fd = open_file(s, name, &st), found = 0;

    while (fd >= 0 && S_ISREG(st.st_mode) && !found && at < LOOKED_AT
           && (n = pread(fd, buf + kept, sizeof(buf) - kept, at)) > 0) {
        len = kept + (size_t) n;
        at += n;
        for (i = 0; phrases[i] != NULL && !found; i++) {
            found = memmem(buf, len, phrases[i], strlen(phrases[i])) != NULL;
        }
        kept = len < PHRASE_MAX ? len : PHRASE_MAX; /* one may be cut in two */
        memmove(buf, buf + len - kept, kept);
    }
    if (fd >= 0) {
        close(fd);
    }
    return found;
}

int
platen_run_dir_close(platen_run_dir_t *s)
{
    *s->document = '\0';
    return platen_tree_clear(s->dir) != 0 || drop_held(s) != 0 ? -1 : 0;
}
