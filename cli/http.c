/*
 * Requests by libcurl; see http.h.  A handle is one thread's.  A request that the server
 * refuses for now (429, 502, 503, 504) or that does not get through is made again, after what
 * Retry-After says, or a second, two, four, up to half a minute.
 */

#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/platen.h"
#include "cli.h"

#define TRIES 6
#define BODY_MAX ((size_t) 64 << 20) /* of an answer that is kept */
#define PAUSE_MAX 30                 /* seconds */

struct platen_http_s {
    const platen_settings_t *settings;
    CURL                    *curl;
};

typedef struct {
    const platen_http_request_t *request;
    platen_http_response_t      *response;
    CURL                        *curl;
    uint64_t                     at; /* in the file, for the body */
    char                         curl_error[CURL_ERROR_SIZE];
} call_t;

platen_http_t *
platen_http_new(const platen_settings_t *settings)
{
    platen_http_t *http = calloc(1, sizeof(*http));

    if (http != NULL) {
        http->settings = settings;
        http->curl = curl_easy_init();
        if (http->curl == NULL) {
            free(http);
            http = NULL;
        }
    }
    return http;
}

void
platen_http_destroy(platen_http_t **http)
{
    if (*http != NULL) {
        curl_easy_cleanup((*http)->curl);
        free(*http);
        *http = NULL;
    }
}

void
platen_http_free(platen_http_response_t *response)
{
    free(response->body);
    response->body = NULL;
}

void
platen_http_pause(unsigned seconds)
{
    unsigned i;

    for (i = 0; i < seconds * 10 && !platen_cli_stopped; i++) {
        (void) poll(NULL, 0, 100);
    }
}

/* Whether it is not what was asked for: a whole result, or the rest of one, from there on. */
static int
is_another(const call_t *call, long status)
{
    const platen_http_request_t *q = call->request;

    return q->out > 0 && status / 100 == 2
           && (q->have == 0 ? status != 200 : status != 206 || call->response->from != q->have);
}

static size_t
on_body(char *bytes, size_t one, size_t n, void *data)
{
    call_t                 *call = data;
    platen_http_response_t *r = call->response;
    char                   *grown;
    long                    status = 0;

    (void) one;
    (void) curl_easy_getinfo(call->curl, CURLINFO_RESPONSE_CODE, &status);
    if (call->request->out > 0 && status >= 200 && status < 300) {
        if (is_another(call, status)) {
            r->changed = 1;
            return 0;
        }
        if (platen_bytes_write(call->request->out, bytes, n) != 0) {
            r->out_errno = errno;
            return 0;
        }
        r->written += n;
        return n;
    }
    if (r->len + n > BODY_MAX) {
        return 0;
    }
    grown = realloc(r->body, r->len + n + 1);
    if (grown == NULL) {
        return 0;
    }
    r->body = grown;
    memcpy(r->body + r->len, bytes, n);
    r->len += n;
    r->body[r->len] = '\0';
    return n;
}

static void
take(const char *line, size_t n, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);

    if (n > len && line[len] == ':' && strncasecmp(line, name, len) == 0) {
        line += len + 1;
        n -= len + 1;
        while (n > 0 && *line == ' ') {
            line++;
            n--;
        }
        while (n > 0 && strchr("\r\n ", line[n - 1]) != NULL) {
            n--;
        }
        snprintf(out, size, "%.*s", (int) n, line);
    }
}

static size_t
on_header(char *line, size_t one, size_t n, void *data)
{
    platen_http_response_t *r = ((call_t *) data)->response;
    char                    after[16] = "", range[64] = "";

    (void) one;
    take(line, n, "ETag", r->etag, sizeof(r->etag));
    take(line, n, "Location", r->location, sizeof(r->location));
    take(line, n, "Platen-Job", r->job, sizeof(r->job));
    take(line, n, "Upload-Offset", r->offset, sizeof(r->offset));
    take(line, n, "Retry-After", after, sizeof(after));
    if (*after != '\0') {
        r->retry_after = (unsigned) strtoul(after, NULL, 10);
    }
    take(line, n, "Content-Range", range, sizeof(range));
    if (strncasecmp(range, "bytes ", 6) == 0) {
        r->from = strtoull(range + 6, NULL, 10);
    }
    return n;
}

static size_t
on_read(char *out, size_t one, size_t n, void *data)
{
    call_t                      *call = data;
    const platen_http_request_t *q = call->request;
    uint64_t                     left = q->offset + q->size - call->at;
    ssize_t                      got;

    (void) one;
    if (n > left) {
        n = (size_t) left;
    }
    do {
        got = n == 0 ? 0 : pread(q->fd, out, n, (off_t) call->at);
    } while (got < 0 && errno == EINTR);
    if (got < 0 || (got == 0 && n > 0)) {
        return CURL_READFUNC_ABORT; /* the file has become shorter meanwhile */
    }
    call->at += (uint64_t) got;
    return (size_t) got;
}

static int
on_seek(void *data, curl_off_t offset, int origin)
{
    call_t *call = data;

    if (origin != SEEK_SET) {
        return CURL_SEEKFUNC_CANTSEEK;
    }
    call->at = call->request->offset + (uint64_t) offset;
    return CURL_SEEKFUNC_OK;
}

static int
on_progress(void *data, curl_off_t dlall, curl_off_t dl, curl_off_t ulall, curl_off_t ul)
{
    const platen_http_request_t *q = ((call_t *) data)->request;

    if (q->progress != NULL && q->fd > 0 && ulall > 0) {
        q->progress(q->data, 1, q->offset + (uint64_t) ul, q->offset + (uint64_t) ulall);
    } else if (q->progress != NULL && q->out > 0) {
        q->progress(q->data, 0, (uint64_t) dl, (uint64_t) (dlall > 0 ? dlall : 0));
    }
    return platen_cli_stopped != 0;
}

static curl_mime *
make_form(call_t *call, CURL *curl)
{
    const platen_http_request_t *q = call->request;
    curl_mime                   *form = curl_mime_init(curl);
    curl_mimepart               *part;
    size_t                       i;

    for (i = 0; q->fields != NULL && q->fields[i] != NULL; i += 2) {
        part = curl_mime_addpart(form);
        curl_mime_name(part, q->fields[i]);
        curl_mime_data(part, q->fields[i + 1], CURL_ZERO_TERMINATED);
    }
    part = curl_mime_addpart(form);
    curl_mime_name(part, "file");
    curl_mime_filename(part, q->filename);
    curl_mime_type(part, "application/octet-stream");
    curl_mime_data_cb(part, (curl_off_t) q->size, on_read, on_seek, NULL, call);
    return form;
}

/* What went wrong, in a sentence: the server's own, if it has one. */
static void
explain(const platen_http_t *http, call_t *call, CURLcode rc)
{
    platen_http_response_t *r = call->response;
    json_t                 *problem;
    const char             *detail, *title;

    if (r->out_errno != 0) {
        snprintf(r->error, sizeof(r->error), "cannot write: %s", strerror(r->out_errno));
    } else if (r->changed) {
        snprintf(r->error, sizeof(r->error), "%s",
                 call->request->have > 0 ? "the result has changed"
                                         : "the server's answer is no result");
    } else if (platen_cli_stopped) {
        snprintf(r->error, sizeof(r->error), "stopped");
    } else if (rc != CURLE_OK) {
        snprintf(r->error, sizeof(r->error), "%.200s cannot be reached: %s",
                 http->settings->url,
                 *call->curl_error != '\0' ? call->curl_error : curl_easy_strerror(rc));
    } else if (r->status == 401) {
        snprintf(r->error, sizeof(r->error),
                 *http->settings->key == '\0'
                     ? "the server wants a key: set PLATEN_KEY, or key in the config file"
                     : "the server does not take this key: ask who runs it for another");
    } else if (r->status >= 300 && r->status != 304) {
        problem = platen_http_json(r);
        detail = json_string_value(json_object_get(problem, "detail"));
        title = json_string_value(json_object_get(problem, "title"));
        if (detail != NULL || title != NULL) {
            snprintf(r->error, sizeof(r->error), "%s", detail != NULL ? detail : title);
        } else {
            snprintf(r->error, sizeof(r->error),
                     "the server answers %ld, and is no Platen as it seems", r->status);
        }
        json_decref(problem);
    }
}

static void
once(platen_http_t *http, call_t *call)
{
    const platen_http_request_t *q = call->request;
    platen_http_response_t      *r = call->response;
    struct curl_slist           *headers = NULL;
    curl_mime                   *form = NULL;
    CURL                        *curl = http->curl;
    CURLcode                     rc;
    char                         url[4096], key[600];
    size_t                       i;

    curl_easy_reset(curl);
    call->curl = curl;
    call->at = q->offset;
    call->curl_error[0] = '\0';
    snprintf(url, sizeof(url), "%s%s", http->settings->url, q->path);
    if (*http->settings->key != '\0') {
        snprintf(key, sizeof(key), "X-API-Key: %s", http->settings->key);
        headers = curl_slist_append(headers, key);
    }
    for (i = 0; i < sizeof(q->headers) / sizeof(q->headers[0]) && q->headers[i] != NULL; i++) {
        headers = curl_slist_append(headers, q->headers[i]);
    }
    headers = curl_slist_append(headers, "Expect:");
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, q->method);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "platen/" PLATEN_VERSION);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 15L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 120L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, call->curl_error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, call);
    if (strcmp(q->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    }
    if (q->text != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, q->text);
    } else if (q->fd > 0 && q->filename != NULL) {
        form = make_form(call, curl);
        curl_easy_setopt(curl, CURLOPT_MIMEPOST, form);
    } else if (q->fd > 0) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t) q->size);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(curl, CURLOPT_READDATA, call);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, call);
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);

    rc = curl_easy_perform(curl);
    if (rc == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &r->status);
        r->changed = is_another(call, r->status);
    }
    if (rc != CURLE_OK || r->changed) {
        r->status = 0;
    }
    explain(http, call, rc);
    curl_mime_free(form);
    curl_slist_free_all(headers);
}

static int
may_pass(const platen_http_response_t *r)
{
    return r->out_errno == 0 && !r->changed
           && (r->status == 0 || r->status == 429 || r->status == 502 || r->status == 503
               || r->status == 504);
}

long
platen_http_do(platen_http_t *http, const platen_http_request_t *request,
               platen_http_response_t *response)
{
    call_t   call = { .request = request, .response = response };
    unsigned pause = 1, wait;
    int      n, tries = request->tries == 0 ? TRIES : request->tries;

    *response = (platen_http_response_t){ .status = 0 };
    for (n = 1;; n++) {
        once(http, &call);
        /* What has gone into the output cannot be taken back: that is the caller's. */
        if (!may_pass(response) || n >= tries || platen_cli_stopped || response->written > 0) {
            return response->status;
        }
        wait = response->retry_after > 0 && response->retry_after <= PAUSE_MAX
                   ? response->retry_after
                   : pause;
        platen_http_free(response);
        *response = (platen_http_response_t){ .status = 0 };
        platen_http_pause(wait);
        pause = pause * 2 > PAUSE_MAX ? PAUSE_MAX : pause * 2;
        if (platen_cli_stopped) {
            snprintf(response->error, sizeof(response->error), "stopped");
            return 0;
        }
    }
}

json_t *
platen_http_json(const platen_http_response_t *response)
{
    return response->body == NULL ? NULL : json_loadb(response->body, response->len, 0, NULL);
}

int
platen_http_exit(const platen_http_response_t *r)
{
    if (r->status >= 200 && r->status < 300) {
        return PLATEN_CLI_DONE;
    }
    if (r->out_errno != 0) {
        return PLATEN_CLI_OUTPUT;
    }
    if (r->status == 401 || r->status == 403) {
        return PLATEN_CLI_REFUSED;
    }
    if (platen_cli_stopped) {
        return PLATEN_CLI_STOPPED;
    }
    return may_pass(r) || r->status == 507 ? PLATEN_CLI_AWAY : PLATEN_CLI_FAILED;
}
