/*
 * A file of clients' keys, as the module reads it (platen_api_keys): lines of
 * name:sha256, with comments.  It is changed under a lock, and replaced as a whole with the
 * owner and the mode that it had: nginx reads the old one or the new one.
 */

#ifndef PLATEN_CTL_KEY_FILE_H
#define PLATEN_CTL_KEY_FILE_H

#include <limits.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/platen.h"

#define PLATEN_CTL_KEY_DIGEST 64 /* hex digits */
#define PLATEN_CTL_KEY_RANDOM 24 /* bytes */
#define PLATEN_CTL_KEY_TEXT (2 * PLATEN_CTL_KEY_RANDOM)

typedef struct {
    char        path[PATH_MAX]; /* symbolic links followed */
    int         fd;             /* which holds the lock */
    int         made;           /* it was not there */
    struct stat st;
    char       *text;
    size_t      len;
    size_t      line; /* of what is wrong */
} platen_ctl_key_file_t;

/* A line that is a key; strings point into the text. */
typedef struct {
    const char  *start, *end; /* the whole line, its line feed included */
    platen_str_t name;
    char         digest[PLATEN_CTL_KEY_DIGEST + 1]; /* lower case */
    size_t       line;
} platen_ctl_key_t;

/*
 * Opens the file; `write` waits for the lock, and makes a file that is not there.
 * Returns 0, or -1 with a sentence.
 */
int platen_ctl_key_file_open(platen_ctl_key_file_t *f, const char *path, int write, char *err,
                             size_t errlen);

void platen_ctl_key_file_close(platen_ctl_key_file_t *f);

/*
 * The next key from *at on (NULL: the first).  1; 0: there are no more; -1: line f->line is
 * none that the module would take.
 */
int platen_ctl_key_file_next(platen_ctl_key_file_t *f, const char **at, platen_ctl_key_t *key);

/* Replaces the text.  Returns 0, or -1 with a sentence: the old one is there. */
int platen_ctl_key_file_write(platen_ctl_key_file_t *f, const char *text, size_t len, char *err,
                              size_t errlen);

/* Whether a client may be called so: 1 to 64 letters, digits and .-_@ */
int platen_ctl_key_name(const char *name);

/* A new key, and its SHA-256 in hex.  0, or -1 with errno. */
int
platen_ctl_key_make(char key[PLATEN_CTL_KEY_TEXT + 1], char digest[PLATEN_CTL_KEY_DIGEST + 1]);

#endif
