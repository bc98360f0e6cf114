/*
 * Files of keys; see ctl/key_file.h.  The lock is on the file itself: who has waited for one
 * that was replaced meanwhile opens the new one.
 */

#include "ctl/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/bytes.h"
#include "disk/layout.h"
#include "job/job.h"

#define BYTES_MAX ((size_t) 4 << 20) /* as the module has it */

static int
fail(char *err, size_t errlen, const char *path, const char *why)
{
    snprintf(err, errlen, "%s: %s", path, why);
    return -1;
}

static int
open_locked(platen_ctl_key_file_t *f, int write)
{
    struct stat now;
    int         saved;

    for (;;) {
        f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
        if (f->fd < 0 && errno == ENOENT && write) {
            f->fd = open(f->path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            f->made = f->fd >= 0;
            if (f->fd < 0 && errno == EEXIST) {
                continue;
            }
        }
        if (f->fd < 0) {
            return -1;
        }
        if (fstat(f->fd, &f->st) == 0
            && (!write
                || (flock(f->fd, LOCK_EX) == 0 && stat(f->path, &now) == 0
                    && now.st_dev == f->st.st_dev && now.st_ino == f->st.st_ino))) {
            return 0;
        }
        saved = errno;
        close(f->fd);
        f->fd = -1;
        if (write && (saved == 0 || saved == ENOENT || saved == EINTR)) {
            continue; /* another one took its place while it was waited for */
        }
        errno = saved;
        return -1;
    }
}

int
platen_ctl_key_file_open(platen_ctl_key_file_t *f, const char *path, int write, char *err,
                         size_t errlen)
{
    char   *whole = realpath(path, NULL);
    ssize_t n;

    *f = (platen_ctl_key_file_t){ .fd = -1 };
    snprintf(f->path, sizeof(f->path), "%s", whole == NULL ? path : whole);
    free(whole);
    errno = 0;
    if (open_locked(f, write) != 0) {
        return fail(err, errlen, f->path, strerror(errno));
    }
    if (!S_ISREG(f->st.st_mode) || (size_t) f->st.st_size > BYTES_MAX) {
        platen_ctl_key_file_close(f);
        return fail(err, errlen, f->path, "it is no regular file of at most 4 MiB");
    }
    f->text = malloc((size_t) f->st.st_size + 1);
    while (f->text != NULL && f->len < (size_t) f->st.st_size) {
        n = read(f->fd, f->text + f->len, (size_t) f->st.st_size - f->len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        f->len += (size_t) n;
    }
    if (f->text == NULL || f->len != (size_t) f->st.st_size) {
        platen_ctl_key_file_close(f);
        return fail(err, errlen, f->path, "it cannot be read whole");
    }
    f->text[f->len] = '\0';
    return 0;
}

void
platen_ctl_key_file_close(platen_ctl_key_file_t *f)
{
    free(f->text);
    f->text = NULL;
    if (f->fd >= 0) {
        /* One that was made and got no key is no file of keys. */
        if (f->made && f->len == 0) {
            (void) unlink(f->path);
        }
        close(f->fd);
        f->fd = -1;
    }
}

int
platen_ctl_key_name(const char *name)
{
    size_t n =
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@");

    return n > 0 && n <= PLATEN_CLIENT_MAX && name[n] == '\0';
}

/* "name:64 hex digits" in p..end; 0, or -1. */
static int
read_line(const char *p, const char *end, platen_ctl_key_t *key)
{
    char   name[PLATEN_CLIENT_MAX + 1];
    size_t i, n;

    while (end > p && strchr("\r\n \t", end[-1]) != NULL) {
        end--;
    }
    key->name.data = p;
    while (p < end && *p != ':') {
        p++;
    }
    n = (size_t) (p - key->name.data);
    key->name.len = n;
    if (p == end || n > PLATEN_CLIENT_MAX || end - ++p != PLATEN_CTL_KEY_DIGEST) {
        return -1;
    }
    memcpy(name, key->name.data, n);
    name[n] = '\0';
    if (!platen_ctl_key_name(name)) {
        return -1;
    }
    for (i = 0; i < PLATEN_CTL_KEY_DIGEST; i++) {
        if (strchr("0123456789abcdefABCDEF", p[i]) == NULL) {
            return -1;
        }
        key->digest[i] = (char) (p[i] >= 'A' && p[i] <= 'F' ? p[i] + 'a' - 'A' : p[i]);
    }
    key->digest[i] = '\0';
    return 0;
}

int
platen_ctl_key_file_next(platen_ctl_key_file_t *f, const char **at, platen_ctl_key_t *key)
{
    const char *end = f->text + f->len, *p, *eol;

    if (*at == NULL) {
        *at = f->text;
        f->line = 0;
    }
    while (*at < end) {
        f->line++;
        key->start = *at;
        eol = memchr(*at, '\n', (size_t) (end - *at));
        key->end = eol == NULL ? end : eol + 1;
        *at = key->end;
        for (p = key->start; p < key->end && (*p == ' ' || *p == '\t'); p++) {
        }
        if (p == key->end || *p == '\n' || *p == '#' || *p == '\r') {
            continue;
        }
        key->line = f->line;
        return read_line(p, key->end, key) == 0 ? 1 : -1;
    }
    return 0;
}

int
platen_ctl_key_file_write(platen_ctl_key_file_t *f, const char *text, size_t len, char *err,
                          size_t errlen)
{
    char        tmp[PATH_MAX + 16], dir[PATH_MAX];
    const char *slash;
    int         fd, bad, saved;

    snprintf(tmp, sizeof(tmp), "%s.XXXXXX", f->path);
    fd = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0) {
        return fail(err, errlen, tmp, strerror(errno));
    }
    /* Owner first: a change of it may take bits of the mode away. */
    bad = fchown(fd, f->st.st_uid, f->st.st_gid) != 0 || fchmod(fd, f->st.st_mode & 07777) != 0
          || platen_bytes_write(fd, text, len) != 0 || fsync(fd) != 0
          || rename(tmp, f->path) != 0;
    saved = errno;
    if (bad) {
        (void) unlink(tmp);
    } else {
        f->made = 0;
    }
    close(fd);
    slash = strrchr(f->path, '/');
    snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 : (int) (slash + 1 - f->path),
             slash == NULL ? "." : f->path);
    if (!bad && platen_layout_sync_dir(dir) != 0) {
        return fail(err, errlen, f->path, "it is written, and may be lost with the power");
    }
    return bad ? fail(err, errlen, f->path, strerror(saved)) : 0;
}

int
platen_ctl_key_make(char key[PLATEN_CTL_KEY_TEXT + 1], char digest[PLATEN_CTL_KEY_DIGEST + 1])
{
    uint8_t bytes[PLATEN_CTL_KEY_RANDOM], sum[PLATEN_SHA256_LEN];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes)) {
        return -1;
    }
    platen_bytes_hex(bytes, sizeof(bytes), key);
    if (EVP_Digest(key, PLATEN_CTL_KEY_TEXT, sum, NULL, EVP_sha256(), NULL) != 1) {
        errno = ENOMEM;
        return -1;
    }
    platen_bytes_hex(sum, sizeof(sum), digest);
    return 0;
}
