/*
 * Submissions; see submit.h.  What is remembered of an upload is a file with its id, called by
 * the digest of everything that makes it this one: server, key, file, size, time, fields.
 */

#include "submit.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "cli.h"

#define TUS "Tus-Resumable: 1.0.0"
#define TRIES 8
#define METADATA_MAX 8192

static int
failed(const platen_http_response_t *r, char *err, size_t errlen)
{
    snprintf(err, errlen, "%s", r->error);
    return platen_http_exit(r);
}

static int
is_id(const char *id)
{
    return strlen(id) == 36 && strspn(id, "0123456789abcdefABCDEF-") == 36;
}

static int
submit_form(platen_http_t *http, const platen_submit_t *s, char id[64], char *err,
            size_t errlen)
{
    uint8_t               random[16];
    char                  header[64] = "Idempotency-Key: platen-";
    platen_http_request_t request = {
        .method = "POST",
        .path = "/jobs",
        .fd = s->fd,
        .size = s->size,
        .filename = s->name,
        .fields = s->fields,
        .progress = s->progress,
        .data = s->data,
        .headers = { header },
    };
    platen_http_response_t r;
    json_t                *job;
    const char            *sent;
    int                    code = PLATEN_CLI_DONE;

    if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random)) {
        snprintf(err, errlen, "no random numbers: %s", strerror(errno));
        return PLATEN_CLI_FAILED;
    }
    platen_bytes_hex(random, sizeof(random), header + strlen(header));
    if (platen_http_do(http, &request, &r) / 100 == 2) {
        job = platen_http_json(&r);
        sent = json_string_value(json_object_get(job, "job_id"));
        snprintf(id, 64, "%s", sent != NULL && is_id(sent) ? sent : "");
        json_decref(job);
        if (*id == '\0') {
            snprintf(err, errlen, "the server's answer has no job");
            code = PLATEN_CLI_FAILED;
        }
    } else {
        code = failed(&r, err, errlen);
    }
    platen_http_free(&r);
    return code;
}

/* --- resumable ---------------------------------------------------------------- */

/* Directories down to the file's.  0, or -1. */
static int
make_parents(char *path)
{
    char *slash;

    for (slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            *slash = '/';
            return -1;
        }
        *slash = '/';
    }
    return 0;
}

/* Where this upload is remembered.  0, or -1: it is not. */
static int
memory_path(const platen_settings_t *settings, const platen_submit_t *s, char out[PATH_MAX])
{
    const char  *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char         whole[PATH_MAX], number[96], hex[2 * PLATEN_SHA256_LEN + 1];
    uint8_t      sum[PLATEN_SHA256_LEN];
    platen_str_t parts[5 + 2 * PLATEN_SUBMIT_FIELDS];
    struct stat  st;
    size_t       n = 0, i;

    if (s->path == NULL || realpath(s->path, whole) == NULL || fstat(s->fd, &st) != 0) {
        return -1;
    }
    snprintf(number, sizeof(number), "%llu %lld.%09ld %llu", (unsigned long long) st.st_size,
             (long long) st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (unsigned long long) st.st_ino);
    parts[n++] = platen_str(settings->url);
    parts[n++] = platen_str(settings->key);
    parts[n++] = platen_str(whole);
    parts[n++] = platen_str(number);
    for (i = 0; s->fields[i] != NULL; i++) {
        parts[n++] = platen_str(s->fields[i]);
    }
    if (platen_digest(parts, n, sum) != PLATEN_OK) {
        return -1;
    }
    platen_bytes_hex(sum, sizeof(sum), hex);
    if (state != NULL && *state == '/') {
        i = (size_t) snprintf(out, PATH_MAX, "%s/platen/uploads/%s", state, hex);
    } else if (home != NULL && *home == '/') {
        i = (size_t) snprintf(out, PATH_MAX, "%s/.local/state/platen/uploads/%s", home, hex);
    } else {
        return -1;
    }
    return i < PATH_MAX ? 0 : -1;
}

void
platen_submit_forget(const platen_settings_t *settings, const platen_submit_t *s)
{
    char path[PATH_MAX];

    if (s->size >= s->resumable && memory_path(settings, s, path) == 0) {
        (void) unlink(path);
    }
}

static void
recall(const platen_settings_t *settings, const platen_submit_t *s, char id[64])
{
    char  path[PATH_MAX];
    FILE *in = memory_path(settings, s, path) == 0 ? fopen(path, "re") : NULL;

    *id = '\0';
    if (in != NULL) {
        if (fgets(id, 64, in) == NULL) {
            *id = '\0';
        }
        fclose(in);
        id[strcspn(id, "\n")] = '\0';
    }
    if (!is_id(id)) {
        *id = '\0';
    }
}

/* One that is not remembered begins anew next time: no reason to stop. */
static void
remember(const platen_settings_t *settings, const platen_submit_t *s, const char *id)
{
    char  path[PATH_MAX], tmp[PATH_MAX + 16];
    FILE *out;
    int   ok;

    if (memory_path(settings, s, path) != 0 || make_parents(path) != 0) {
        return;
    }
    snprintf(tmp, sizeof(tmp), "%s.%ld", path, (long) getpid());
    out = fopen(tmp, "we");
    if (out != NULL) {
        ok = fprintf(out, "%s\n", id) > 0;
        ok = fclose(out) == 0 && ok;
        if (!ok || rename(tmp, path) != 0) {
            (void) unlink(tmp);
        }
    }
}

/* Upload-Metadata: name and base64 of each, separated by commas.  0, or -1: too long. */
static int
metadata(const platen_submit_t *s, char *out, size_t size)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *name = "filename", *value = s->name;
    size_t      n = (size_t) snprintf(out, size, "Upload-Metadata: "), i = 0, k, len;
    uint32_t    w;

    for (;;) {
        len = strlen(value);
        if (n + strlen(name) + len * 4 / 3 + 8 > size) {
            return -1;
        }
        n += (size_t) sprintf(out + n, "%s%s ", i == 0 ? "" : ",", name);
        for (k = 0; k < len; k += 3) {
            w = (uint32_t) (unsigned char) value[k] << 16;
            w |= k + 1 < len ? (uint32_t) (unsigned char) value[k + 1] << 8 : 0;
            w |= k + 2 < len ? (unsigned char) value[k + 2] : 0;
            out[n++] = digits[w >> 18];
            out[n++] = digits[w >> 12 & 63];
            out[n++] = k + 1 < len ? digits[w >> 6 & 63] : '=';
            out[n++] = k + 2 < len ? digits[w & 63] : '=';
        }
        out[n] = '\0';
        if (s->fields[i] == NULL) {
            return 0;
        }
        name = s->fields[i++];
        value = s->fields[i++];
    }
}

/* The id at the end of Location. */
static void
location_id(const char *location, char id[64])
{
    const char *slash = strrchr(location, '/');

    snprintf(id, 64, "%.36s", slash == NULL ? "" : slash + 1);
    if (!is_id(id)) {
        *id = '\0';
    }
}

static int
create(platen_http_t *http, const platen_submit_t *s, char id[64], char *err, size_t errlen)
{
    char                   length[48], meta[METADATA_MAX];
    platen_http_response_t r;
    platen_http_request_t  request = {
         .method = "POST", .path = "/uploads/", .text = "", .headers = { TUS, length, meta }
    };
    int code = PLATEN_CLI_DONE;

    if (metadata(s, meta, sizeof(meta)) != 0) {
        snprintf(err, errlen, "its name and options are too long");
        return PLATEN_CLI_USAGE;
    }
    snprintf(length, sizeof(length), "Upload-Length: %llu", (unsigned long long) s->size);
    if (platen_http_do(http, &request, &r) == 201) {
        location_id(r.location, id);
    } else {
        *id = '\0';
        code = failed(&r, err, errlen);
    }
    if (*id == '\0' && code == PLATEN_CLI_DONE) {
        snprintf(err, errlen, "the server does not say where the upload goes");
        code = PLATEN_CLI_FAILED;
    }
    platen_http_free(&r);
    return code;
}

/*
 * Where the upload is: 1 with its offset, or with the job that it has become; 0: it is not
 * there any more; -1 with an exit code in *code.
 */
static int
look(platen_http_t *http, const char *id, uint64_t *offset, char job[64], int *code, char *err,
     size_t errlen)
{
    char                   path[96];
    platen_http_response_t r;
    platen_http_request_t  request = { .method = "HEAD", .path = path, .headers = { TUS } };
    long                   status;

    snprintf(path, sizeof(path), "/uploads/%s", id);
    status = platen_http_do(http, &request, &r);
    platen_http_free(&r);
    if (status == 200 || status == 204) {
        *offset = strtoull(r.offset, NULL, 10);
        snprintf(job, 64, "%s", is_id(r.job) ? r.job : "");
        return 1;
    }
    if (status == 404 || status == 410) {
        return 0;
    }
    *code = failed(&r, err, errlen);
    if (*err == '\0') {
        snprintf(err, errlen, "the server answers %ld to the upload", status);
    }
    return -1;
}

static int
submit_resumable(platen_http_t *http, const platen_settings_t *settings,
                 const platen_submit_t *s, char job[64], char *err, size_t errlen)
{
    char                   id[64], path[96], header[48];
    uint64_t               offset = 0;
    platen_http_response_t r;
    platen_http_request_t  request = { .method = "PATCH",
                                       .path = path,
                                       .fd = s->fd,
                                       .progress = s->progress,
                                       .data = s->data,
                                       .tries = 1,
                                       .headers = { TUS, header,
                                                    "Content-Type: application/"
                                                     "offset+octet-stream" } };
    int                    code = PLATEN_CLI_FAILED, found, n;

    recall(settings, s, id);
    for (n = 0; n < TRIES && !platen_cli_stopped; n++) {
        found = *id == '\0' ? 0 : look(http, id, &offset, job, &code, err, errlen);
        if (found < 0) {
            return code;
        }
        if (found > 0 && *job != '\0') {
            return PLATEN_CLI_DONE;
        }
        if (found == 0) {
            offset = 0;
            code = create(http, s, id, err, errlen);
            if (code != PLATEN_CLI_DONE) {
                return code;
            }
            remember(settings, s, id);
        }
        if (offset > s->size) {
            *id = '\0'; /* of another file */
            continue;
        }
        snprintf(path, sizeof(path), "/uploads/%s", id);
        snprintf(header, sizeof(header), "Upload-Offset: %llu", (unsigned long long) offset);
        request.offset = offset;
        request.size = s->size - offset;
        if (platen_http_do(http, &request, &r) == 204) {
            snprintf(job, 64, "%s", is_id(r.job) ? r.job : "");
            platen_http_free(&r);
            if (*job != '\0') {
                return PLATEN_CLI_DONE;
            }
            continue;
        }
        code = failed(&r, err, errlen);
        platen_http_free(&r);
        /* 409, 423: another one is at it, or it is further than was thought. */
        if (code != PLATEN_CLI_AWAY && r.status != 409 && r.status != 423) {
            if (r.status == 422 || r.status == 413 || r.status == 415) {
                platen_submit_forget(settings, s);
            }
            return code;
        }
        platen_http_pause(n < 5 ? 1u << n : 30);
    }
    if (platen_cli_stopped) {
        snprintf(err, errlen, "stopped; the same command goes on where it was");
        return PLATEN_CLI_STOPPED;
    }
    return code == PLATEN_CLI_DONE ? PLATEN_CLI_AWAY : code;
}

int
platen_submit(platen_http_t *http, const platen_settings_t *settings, const platen_submit_t *s,
              char id[64], char *err, size_t errlen)
{
    *id = *err = '\0';
    return s->size >= s->resumable ? submit_resumable(http, settings, s, id, err, errlen)
                                   : submit_form(http, s, id, err, errlen);
}
