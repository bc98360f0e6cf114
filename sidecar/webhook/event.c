/* What a webhook is sent; see webhook/event.h. */

#include "webhook/event.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "disk/layout.h"
#include "job/json.h"

#define MAC_LEN 32

/* The operator's word is `base`; without it, that of the submission. */
static platen_str_t
link_base(const char *base, const platen_job_t *job)
{
    platen_str_t before = *base != '\0' ? platen_str(base) : job->link_base;

    while (before.len > 0 && before.data[before.len - 1] == '/') {
        before.len--;
    }
    return before;
}

char *
platen_webhook_event_body(const platen_hook_t *hook, const platen_job_t *job, const char *base)
{
    const platen_str_t   links = link_base(base, job);
    const platen_event_t event = {
        .seq = hook->seq,
        .time = hook->time,
        .state = hook->state,
        .id = { (const char *) hook->id.b, sizeof(hook->id.b) },
        .error_code =
            hook->state == PLATEN_STATE_FAILED ? job->error_code : (platen_str_t){ NULL, 0 },
    };
    platen_json_t j;

    platen_json_heap(&j);
    platen_json_open(&j, NULL, '{');
    platen_job_json_event(&j, &event, links, PLATEN_JOB_JSON_WEBHOOK);
    platen_json_open(&j, "job", '{');
    platen_job_json(&j, job, links, 0, PLATEN_JOB_JSON_WEBHOOK);
    platen_json_close(&j, '}');
    platen_json_close(&j, '}');
    return platen_json_heap_end(&j);
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
    int           rc = signed_text == NULL ? -1 : 0;

    if (rc == 0) {
        snprintf(signed_text, len + 1, "%s.%s", timestamp, body);
    }
    out[0] = '\0';
    for (i = 0; rc == 0 && i < keys->n; i++) {
        rc = mac_of(&keys->key[i], signed_text, len, mac);
        n += (size_t) sprintf(out + n, "%ssha256=", i == 0 ? "" : ", ");
        platen_bytes_hex(mac, MAC_LEN, out + n);
        n += 2 * MAC_LEN;
    }
    free(signed_text);
    return rc;
}
