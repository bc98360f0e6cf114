/* Results; see fetch.h.  Any thread, with a handle of its own. */

#include "fetch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "output.h"

#define LOST_MAX 5 /* how often a download is begun again */

/* The bytes, from where they are on if a line breaks.  An exit code. */
static int
bytes_to(platen_http_t *http, const char *id, int fd, const platen_fetch_t *f, char *err,
         size_t errlen)
{
    char                  path[128], range[64], match[200];
    platen_http_request_t request = {
        .method = "GET", .path = path, .out = fd, .progress = f->progress, .data = f->data
    };
    platen_http_response_t r;
    int                    n, code = PLATEN_CLI_FAILED;

    snprintf(path, sizeof(path), "/jobs/%s/download", id);
    for (n = 0; n < LOST_MAX; n++) {
        if (request.have > 0) {
            snprintf(range, sizeof(range), "Range: bytes=%llu-",
                     (unsigned long long) request.have);
            request.headers[0] = range;
            request.headers[1] = match;
        }
        if (platen_http_do(http, &request, &r) / 100 == 2) {
            platen_http_free(&r);
            return PLATEN_CLI_DONE;
        }
        code = platen_http_exit(&r);
        snprintf(err, errlen, "%s", r.error);
        request.have += r.written;
        platen_http_free(&r);
        if (r.written == 0 || *r.etag == '\0' || r.out_errno != 0 || platen_cli_stopped) {
            return code;
        }
        snprintf(match, sizeof(match), "If-Range: %s", r.etag);
    }
    return code;
}

/* Where it goes: directory and name of it. */
static const char *
target(const platen_fetch_t *f, const json_t *job, char dir[PATH_MAX],
       char name[PLATEN_OUTPUT_NAME])
{
    const char *sent = json_string_value(json_object_get(job, "output_file")), *slash;

    if (f->is_file) {
        slash = strrchr(f->out, '/');
        snprintf(dir, PATH_MAX, "%.*s", slash == NULL ? 1 : (int) (slash - f->out + 1),
                 slash == NULL ? "." : f->out);
        return slash == NULL ? f->out : slash + 1;
    }
    snprintf(dir, PATH_MAX, "%s", f->out);
    return platen_output_name(sent == NULL ? "" : sent, name);
}

int
platen_fetch(platen_http_t *http, const char *id, const json_t *job,
             const platen_fetch_t *fetch, char path[PATH_MAX], char *err, size_t errlen)
{
    platen_output_t o = { .fd = -1 };
    char            dir[PATH_MAX], own[PLATEN_OUTPUT_NAME];
    const char     *name;
    int             code;

    if (strcmp(fetch->out, "-") == 0) {
        code = bytes_to(http, id, STDOUT_FILENO, fetch, err, errlen);
        /* A file; what is none has nothing to sync. */
        if (code == PLATEN_CLI_DONE && fsync(STDOUT_FILENO) != 0 && errno != EINVAL) {
            snprintf(err, errlen, "cannot write: %s", strerror(errno));
            code = PLATEN_CLI_OUTPUT;
        }
        return code;
    }
    name = target(fetch, job, dir, own);
    if (platen_output_open(&o, dir) != 0) {
        snprintf(err, errlen, "cannot write in %.800s: %s", dir, strerror(errno));
        return PLATEN_CLI_OUTPUT;
    }
    code = bytes_to(http, id, o.fd, fetch, err, errlen);
    if (code != PLATEN_CLI_DONE) {
        platen_output_drop(&o);
        return code;
    }
    if (platen_output_keep(&o, dir, name, fetch->force) != 0) {
        snprintf(err, errlen,
                 errno == EEXIST ? "%.900s is there already: --force overwrites it"
                                 : "cannot write %.900s: %s",
                 o.path, strerror(errno));
        return PLATEN_CLI_OUTPUT;
    }
    snprintf(path, PATH_MAX, "%s", o.path);
    return PLATEN_CLI_DONE;
}
