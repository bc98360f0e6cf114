/*
 * Requests to the server, one at a time for each platen_http_t, which is one thread's.  What
 * may be tried again is: where the server is away, or says that it cannot take it now.
 */

#ifndef PLATEN_CLI_HTTP_H
#define PLATEN_CLI_HTTP_H

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

#include "settings.h"

typedef struct platen_http_s platen_http_t;

/* How far a request is; `up`: the body goes out. */
typedef void (*platen_http_progress_t)(void *data, int up, uint64_t done, uint64_t all);

typedef struct {
    const char *method; /* "GET" */
    const char *path;   /* below the server's URL: the key goes nowhere else */
    const char *headers[8];

    /* A body: text; or a file from `offset` on, as it is or as the part "file" of a form. */
    const char        *text;
    int                fd; /* 0: none */
    uint64_t           offset;
    uint64_t           size;
    const char        *filename; /* of the form */
    const char *const *fields;   /* of the form: name, value, ..., NULL */

    /* Where the answer's body goes if it is a 2xx; 0: into the response. */
    int      out;
    uint64_t have; /* bytes of it that are there: a 206 goes on there, any other has changed */

    platen_http_progress_t progress;
    void                  *data;
    int                    tries; /* at most; 0: as many as usual */
} platen_http_request_t;

typedef struct {
    long     status; /* 0: there was no answer */
    char    *body;   /* ends with '\0' */
    size_t   len;
    uint64_t written; /* bytes to `out` */
    int      out_errno;
    uint64_t from; /* of a 206: where the bytes begin */
    int      changed;
    char     etag[160];
    char     location[1024];
    char     job[64];    /* Platen-Job */
    char     offset[32]; /* Upload-Offset */
    unsigned retry_after;
    char     error[512]; /* a sentence, unless the status is 2xx or 304 */
} platen_http_response_t;

platen_http_t *platen_http_new(const platen_settings_t *settings);
void           platen_http_destroy(platen_http_t **http);

/* Makes the request; the response is to be freed in any case.  Returns its status, or 0. */
long platen_http_do(platen_http_t *http, const platen_http_request_t *request,
                    platen_http_response_t *response);

void platen_http_free(platen_http_response_t *response);

/* The JSON of a response; NULL: it is none. */
json_t *platen_http_json(const platen_http_response_t *response);

/* The exit code that says what a status says. */
int platen_http_exit(const platen_http_response_t *response);

/* Waits before another try, or until a signal. */
void platen_http_pause(unsigned seconds);

#endif
