/*
 * A document to the server: a small one as a form, under an Idempotency-Key, so that trying
 * again makes no second job; a large one by tus 1.0.0, of which this machine remembers where
 * it is, so that a broken upload goes on, also after the end of this program.
 */

#ifndef PLATEN_CLI_SUBMIT_H
#define PLATEN_CLI_SUBMIT_H

#include <stdint.h>

#include "http.h"

#define PLATEN_SUBMIT_FIELDS 32
#define PLATEN_SUBMIT_RESUMABLE (UINT64_C(8) << 20) /* from there on by tus */

typedef struct {
    int                    fd;
    uint64_t               size;
    const char            *path; /* as the user has named it; NULL: standard input */
    const char            *name; /* what the server is told */
    const char            *fields[2 * PLATEN_SUBMIT_FIELDS + 1]; /* name, value, ..., NULL */
    uint64_t               resumable;                            /* bytes from which on */
    platen_http_progress_t progress;
    void                  *data;
} platen_submit_t;

/* Returns an exit code, with the job's id, or a sentence in `err`. */
int platen_submit(platen_http_t *http, const platen_settings_t *settings,
                  const platen_submit_t *submit, char id[64], char *err, size_t errlen);

/* The job has ended: what was remembered of its upload goes. */
void platen_submit_forget(const platen_settings_t *settings, const platen_submit_t *submit);

#endif
