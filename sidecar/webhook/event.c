/* What a webhook is sent; see webhook/event.h. */

#include "webhook/event.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "job/event.h"
#include "format/filename.h"
#include "disk/layout.h"
#include "log.h"

#define MAC_LEN 32

static json_t *
text(platen_str_t s)
{
    return s.len == 0 ? json_null() : platen_log_text(s.data, s.len);
}

static json_t *
time_text(uint64_t us)
{
    char out[PLATEN_TIMESTAMP_LEN + 1];

    return us == 0 ? json_null() : json_string(platen_timestamp(us, out));
}

static int
has_result(unsigned state)
{
    return state == PLATEN_STATE_SUCCESS || state == PLATEN_STATE_PARTIAL_SUCCESS;
}

/* `base` is the operator's word; without it, that of the submission. */
static json_t *
download_url(unsigned state, const char *base, const platen_job_t *job, const char *id)
{
    platen_str_t before = *base != '\0' ? platen_str(base) : job->link_base;

    while (before.len > 0 && before.data[before.len - 1] == '/') {
        before.len--;
    }
    return has_result(state) ? json_sprintf("%.*s/jobs/%s/download", (int) before.len,
                                            before.len == 0 ? "" : before.data, id)
                             : json_null();
}

static json_t *
output_file(const platen_job_t *job)
{
    platen_str_t format = job->output_format.len != 0 ? job->output_format : job->target_format;
    char         ext[32], name[PLATEN_FILENAME_MAX + 1];

    if (!has_result(job->state)) {
        return json_null();
    }
    snprintf(ext, sizeof(ext), "%.*s", (int) format.len, format.len == 0 ? "" : format.data);
    return platen_log_text(name, platen_filename_replace_ext(job->input_filename.data,
                                                             job->input_filename.len, ext, name,
                                                             sizeof(name)));
}

/* What was said of the submission, and then of the result. */
static json_t *
warnings(const platen_job_t *job)
{
    json_t *list = platen_log_lines(job->notes);
    json_t *more = platen_log_lines(job->warnings);

    json_array_extend(list, more);
    json_decref(more);
    return list;
}

static json_t *
job_object(const platen_job_t *job, const char *id, const char *base)
{
    json_t *o = json_object();

#define SET(key, value) json_object_set_new(o, key, value)
    SET("job_id", json_string(id));
    SET("status", json_string(platen_state_name((platen_state_t) job->state)));
    SET("source_format", text(job->source_format));
    SET("target_format", text(job->target_format));
    SET("input_filename", text(job->input_filename));
    SET("input_size", json_integer((json_int_t) job->input_size));
    SET("output_file", output_file(job));
    SET("output_size",
        has_result(job->state) ? json_integer((json_int_t) job->output_size) : json_null());
    SET("error", text(job->error));
    SET("error_code", text(job->error_code));
    SET("warnings", warnings(job));
    SET("engines", platen_log_lines(job->engines));
    SET("cached", json_boolean(job->cached));
    SET("attempts", json_integer(job->attempts));
    SET("priority", json_string(platen_priority_name(job->priority)));
    SET("created_at", time_text(job->created_at));
    SET("started_at", time_text(job->started_at));
    SET("completed_at", time_text(job->completed_at));
    SET("expires_at", time_text(job->expires_at));
    SET("download_url", download_url(job->state, base, job, id));
    SET("request_id", text(job->request_id));
#undef SET
    return o;
}

char *
platen_webhook_event_body(const platen_hook_t *hook, const platen_job_t *job, const char *base)
{
    char    id[PLATEN_ID_TEXT + 1], *body;
    json_t *o;

    platen_id_format(&hook->id, id);
    o = json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "seq", (json_int_t) hook->seq,
                  "event", platen_event_name(hook->state), "job_id", id, "status",
                  hook->state == PLATEN_STATE_NONE
                      ? json_null()
                      : json_string(platen_state_name((platen_state_t) hook->state)),
                  "time", time_text(hook->time), "error_code",
                  hook->state == PLATEN_STATE_FAILED ? text(job->error_code) : json_null(),
                  "download_url", download_url(hook->state, base, job, id), "job",
                  job_object(job, id, base));
    body = o == NULL ? NULL : json_dumps(o, JSON_COMPACT);
    json_decref(o);
    return body;
}

void
platen_webhook_event_delivery(const platen_hook_t *hook, char out[PLATEN_WEBHOOK_DELIVERY_TEXT])
{
    char id[PLATEN_ID_TEXT + 1];

    platen_id_format(&hook->id, id);
    snprintf(out, PLATEN_WEBHOOK_DELIVERY_TEXT, "%s.%llu", id, (unsigned long long) hook->seq);
}

static int
read_secret(const char *path, platen_sign_keys_t *keys, char *err, size_t errlen)
{
    char        bytes[PLATEN_SIGN_KEY_MAX + 64];
    const char *wrong;
    ssize_t     n;
    int         fd, saved;

    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
    saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (n < 0) {
        snprintf(err, errlen, "the secret of webhooks cannot be read: %s: %s", path,
                 strerror(saved));
        return -1;
    }
    wrong = platen_sign_key_add(keys, bytes, (size_t) n);
    OPENSSL_cleanse(bytes, sizeof(bytes));
    if (wrong != NULL) {
        snprintf(err, errlen, "%s: %s: openssl rand -hex 32 makes one", path, wrong);
        return -1;
    }
    return 0;
}

int
platen_webhook_event_secrets(const char *paths, platen_sign_keys_t *keys, char *err,
                             size_t errlen)
{
    char   path[PLATEN_PATH_MAX];
    size_t n;

    keys->n = 0;
    for (paths += strspn(paths, " \t"); *paths != '\0'; paths += strspn(paths, " \t")) {
        n = strcspn(paths, " \t");
        if (n >= sizeof(path)) {
            snprintf(err, errlen, "the path of a secret of webhooks is too long");
            return -1;
        }
        memcpy(path, paths, n);
        path[n] = '\0';
        if (read_secret(path, keys, err, errlen) != 0) {
            return -1;
        }
        paths += n;
    }
    return 0;
}

static int
mac_of(const platen_sign_key_t *key, const char *text, size_t len, unsigned char mac[MAC_LEN])
{
    unsigned n = 0;

    return HMAC(EVP_sha256(), key->bytes, (int) key->len, (const unsigned char *) text, len,
                mac,
                &n) == NULL
                   || n != MAC_LEN
               ? -1
               : 0;
}

int
platen_webhook_event_sign(const platen_sign_keys_t *keys, const char *timestamp,
                          const char *body, char out[PLATEN_WEBHOOK_SIGNATURE_TEXT])
{
    unsigned char mac[MAC_LEN];
    size_t        head = strlen(timestamp), len = head + 1 + strlen(body), i, n = 0;
    char         *signed_text = malloc(len + 1);
    int           b, rc = signed_text == NULL ? -1 : 0;

    if (rc == 0) {
        snprintf(signed_text, len + 1, "%s.%s", timestamp, body);
    }
    out[0] = '\0';
    for (i = 0; rc == 0 && i < keys->n; i++) {
        rc = mac_of(&keys->key[i], signed_text, len, mac);
        n += (size_t) sprintf(out + n, "%ssha256=", i == 0 ? "" : ", ");
        for (b = 0; b < MAC_LEN; b++) {
            n += (size_t) sprintf(out + n, "%02x", mac[b]);
        }
    }
    free(signed_text);
    return rc;
}
