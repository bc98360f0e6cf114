/*
 * Results on the disk: under a safe name, whole or not at all, and never in place of a file
 * that is there unless that is asked for.
 */

#ifndef PLATEN_CLI_OUTPUT_H
#define PLATEN_CLI_OUTPUT_H

#include <limits.h>
#include <stddef.h>

#define PLATEN_OUTPUT_NAME 256

typedef struct {
    int  fd;            /* to write to */
    char tmp[PATH_MAX]; /* "": there is none */
    char path[PATH_MAX];
} platen_output_t;

/*
 * A file name for a name that a server has sent: its last part, without invisible characters
 * and without a dot at its beginning; "result" for nothing.  Returns `out`.
 */
const char *platen_output_name(const char *name, char out[PLATEN_OUTPUT_NAME]);

/* Text for a terminal: what is invisible or malformed in it is '?'.  Returns `out`. */
const char *platen_output_text(const char *text, char *out, size_t size);

/* Prints what a server has said, as it is; on a terminal without what is invisible. */
void platen_output_body(const char *text);

/*
 * A document of this run: the server, which says what its results are called, has none of
 * them overwritten.
 */
void platen_output_spare(const char *path);

/* Whether this run has made a file of that name. */
int platen_output_is_given(const char *path);

/* Begins a file in `dir`.  0, or -1 with errno. */
int platen_output_open(platen_output_t *o, const char *dir);

/*
 * Syncs it and gives it its name in `dir`: that name must not be there unless `force`, and
 * is another one, with " (2)" before its ending, if this run has made a file of that name, or
 * would overwrite a document of its own.
 * 0, or -1 with errno: then it is gone.
 */
int platen_output_keep(platen_output_t *o, const char *dir, const char *name, int force);

/* Gives up what was begun; harmless after the other. */
void platen_output_drop(platen_output_t *o);

#endif
