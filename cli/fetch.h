/* Results from the server to where they are kept. */

#ifndef PLATEN_FETCH_H
#define PLATEN_FETCH_H

#include <limits.h>
#include <stddef.h>

#include "http.h"

typedef struct {
    const char            *out; /* "-": standard output; a file, or a directory that is there */
    int                    is_file;
    int                    force; /* over what is there */
    platen_http_progress_t progress;
    void                  *data;
} platen_fetch_t;

/*
 * The result of a job: `job` says under which name it is kept in a directory.  It goes on
 * where it was if a line breaks.  An exit code, with where it is in `path`, or a sentence in
 * `err`.
 */
int platen_fetch(platen_http_t *http, const char *id, const json_t *job,
                 const platen_fetch_t *fetch, char path[PATH_MAX], char *err, size_t errlen);

#endif
