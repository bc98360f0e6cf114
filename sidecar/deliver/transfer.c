/*
 * One request to one webhook; see deliver/main.h.  libcurl is told to do no
 * more than asked: no redirect, proxy, user or file of the environment, and
 * nothing but HTTP.  Where it leads is judged when a socket is made for an
 * address, after every resolution, so that no name and no spelling of an address
 * gets past.
 */

#include "deliver/main.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "job/event.h"
#include "webhook/event.h"

#define BODY_MAX 4096    /* bytes of an answer that are read, and dropped */
#define ANSWER_MAX 65536 /* the same with its header */
#define REFUSALS_MAX 3   /* tries at addresses that may not be told: names change */
#define STATUS_GONE 410

static curl_socket_t
on_socket(void *data, curlsocktype purpose, struct curl_sockaddr *address)
{
    platen_transfer_t *t = data;
    const char        *wrong;
    char               text[INET6_ADDRSTRLEN] = "?";

    (void) purpose;
    wrong =
        platen_webhook_address_wrong(&t->deliver->allowed, &address->addr, address->addrlen);
    if (wrong == NULL) {
        t->opened = 1;
        return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    }

    t->refused = 1;
    if (address->family == AF_INET) {
        inet_ntop(AF_INET, &((struct sockaddr_in *) (void *) &address->addr)->sin_addr, text,
                  sizeof(text));
    } else if (address->family == AF_INET6) {
        inet_ntop(AF_INET6, &((struct sockaddr_in6 *) (void *) &address->addr)->sin6_addr, text,
                  sizeof(text));
    }
    snprintf(t->why, sizeof(t->why), "refused: %s %s; webhook/allow lets networks in", text,
             wrong);
    return CURL_SOCKET_BAD;
}

static size_t
on_header(char *bytes, size_t size, size_t n, void *data)
{
    platen_transfer_t *t = data;

    (void) bytes;
    t->received += size * n;
    return t->received > ANSWER_MAX ? 0 : size * n;
}

/* What is said is of no use here; a short end of the transfer is no failure. */
static size_t
on_body(char *bytes, size_t size, size_t n, void *data)
{
    platen_transfer_t *t = data;
    curl_off_t         read = 0;

    (void) bytes;
    (void) curl_easy_getinfo(t->easy, CURLINFO_SIZE_DOWNLOAD_T, &read);
    return (uint64_t) read + size * n > BODY_MAX ? 0 : size * n;
}

static int
add_header(platen_transfer_t *t, const char *name, const char *value)
{
    struct curl_slist *longer;
    char               line[PLATEN_WEBHOOK_SIGNATURE_TEXT + 64];

    snprintf(line, sizeof(line), "%s%s", name, value);
    longer = curl_slist_append(t->headers, line);
    if (longer == NULL) {
        return -1;
    }
    t->headers = longer;
    return 0;
}

/* Header fields that say what it is, and who sent it. */
static int
add_headers(platen_transfer_t *t, const platen_hook_t *hook)
{
    char delivery[PLATEN_WEBHOOK_DELIVERY_TEXT], stamp[24];
    char signature[PLATEN_WEBHOOK_SIGNATURE_TEXT];

    platen_webhook_event_delivery(hook, delivery);
    snprintf(stamp, sizeof(stamp), "%llu", (unsigned long long) (platen_now_us() / 1000000));
    if (platen_webhook_event_sign(&t->deliver->secrets, stamp, t->body, signature) != 0
        || add_header(t, "Content-Type: application/json", "") != 0
        || add_header(t, "Expect:", "") != 0 || add_header(t, "X-Platen-Event: ", t->event) != 0
        || add_header(t, "X-Platen-Delivery: ", delivery) != 0
        || add_header(t, "X-Platen-Timestamp: ", stamp) != 0) {
        return -1;
    }
    return *signature == '\0' ? 0 : add_header(t, "X-Platen-Signature: ", signature);
}

static int
set_up(platen_transfer_t *t, const char *url)
{
    const platen_webhook_settings_t *c = t->deliver->settings;
    CURL                            *e = t->easy;
    int                              ok = 1;

#define SET(option, value) ok &= curl_easy_setopt(e, option, value) == CURLE_OK
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    if (*c->ca != '\0') {
        SET(CURLOPT_CAINFO, c->ca);
    }
    SET(CURLOPT_NOSIGNAL, 1L);
    /* A name server that does not answer must not hold the others up. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long) c->connect_timeout * 1000);
    SET(CURLOPT_TIMEOUT_MS, (long) c->timeout * 1000);
    SET(CURLOPT_USERAGENT, "Platen/" PLATEN_VERSION);
    SET(CURLOPT_HTTPHEADER, t->headers);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) strlen(t->body));
    SET(CURLOPT_POSTFIELDS, t->body);
    SET(CURLOPT_OPENSOCKETFUNCTION, on_socket);
    SET(CURLOPT_OPENSOCKETDATA, t);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_ERRORBUFFER, t->error);
    SET(CURLOPT_PRIVATE, t);
#undef SET
    return ok ? 0 : -1;
}

static void
copy(char *out, size_t size, platen_str_t s)
{
    snprintf(out, size, "%.*s", (int) s.len, s.len == 0 ? "" : s.data);
}

platen_transfer_t *
platen_deliver_transfer_new(const platen_deliver_t *deliver, const platen_hook_t *hook,
                            const char **wrong)
{
    platen_transfer_t *t;
    platen_job_t       job = { .id = hook->id };
    char               url[PLATEN_WEBHOOK_URL_MAX + 1];

    *wrong = NULL;
    if (platen_codec_decode(platen_job_fields, platen_job_nfields, &job,
                            (const uint8_t *) hook->job.data, hook->job.len)
        != PLATEN_OK) {
        *wrong = "what it is to tell cannot be read";
        return NULL;
    }
    *wrong = platen_webhook_url_wrong(job.webhook_url.data, job.webhook_url.len);
    if (*wrong != NULL) {
        return NULL;
    }

    t = calloc(1, sizeof(*t));
    if (t == NULL) {
        return NULL;
    }
    t->deliver = deliver;
    t->id = hook->id;
    t->seq = hook->seq;
    t->since = hook->since;
    t->tries = hook->tries;
    t->refusals = hook->refusals;
    platen_webhook_origin(job.webhook_url.data, job.webhook_url.len, t->origin);
    copy(t->client, sizeof(t->client), job.client);
    copy(t->request_id, sizeof(t->request_id), job.request_id);
    copy(t->trace_id, sizeof(t->trace_id), job.trace_id);
    copy(url, sizeof(url), job.webhook_url);
    platen_trace_of(&t->trace, &job);
    t->began = platen_now_us();
    snprintf(t->event, sizeof(t->event), "%s", platen_event_name(hook->state));

    t->body = platen_webhook_event_body(hook, &job, deliver->settings->base);
    if (t->body == NULL) {
        /* Those behind it must not wait for it. */
        *wrong = "what it is to tell cannot be said in JSON; is webhook/base a URL?";
    }
    t->easy = t->body == NULL ? NULL : curl_easy_init();
    if (t->easy == NULL || add_headers(t, hook) != 0 || set_up(t, url) != 0) {
        platen_deliver_transfer_destroy(&t);
    }
    return t;
}

void
platen_deliver_transfer_destroy(platen_transfer_t **transfer)
{
    platen_transfer_t *t = *transfer;

    if (t == NULL) {
        return;
    }
    if (t->easy != NULL) {
        curl_easy_cleanup(t->easy);
    }
    curl_slist_free_all(t->headers);
    free(t->body);
    free(t);
    *transfer = NULL;
}

/* What went wrong, in t->failure; "" if nothing did. */
static void
explain(platen_transfer_t *t, CURLcode code, long status)
{
    t->failure[0] = '\0';
    if (status >= 200 && status < 300) {
        return;
    }
    if (status != 0) {
        snprintf(t->failure, sizeof(t->failure), "HTTP %ld%s", status,
                 status == STATUS_GONE            ? ": it wants no more"
                 : status >= 300 && status < 400  ? ": redirects are not followed"
                 : status == 401 || status == 403 ? ": it does not accept the signature, or us"
                                                  : "");
    } else if (t->refused && !t->opened) {
        snprintf(t->failure, sizeof(t->failure), "%s", t->why);
    } else {
        t->refused = 0;
        snprintf(t->failure, sizeof(t->failure), "%s",
                 *t->error != '\0'  ? t->error
                 : code == CURLE_OK ? "no status in the answer"
                                    : curl_easy_strerror(code));
    }
}

static uint64_t
random_number(void)
{
    uint64_t n = 0;

    /* Without, it is a time all the same. */
    (void) !getrandom(&n, sizeof(n), GRND_NONBLOCK);
    return n;
}

static void
log_failure(const platen_transfer_t *t, const platen_hook_result_t *result, uint64_t now)
{
    char id[PLATEN_ID_TEXT + 1];

    platen_id_format(&t->id, id);
    platen_log(result->kind == PLATEN_HOOK_DEAD ? PLATEN_LOG_ERROR : PLATEN_LOG_WARN,
               result->kind == PLATEN_HOOK_DEAD
                   ? "webhook given up: platenctl webhooks --retry sends it once more"
                   : "webhook not delivered",
               json_pack("{s:s, s:I, s:s, s:s, s:s*, s:s, s:s, s:s, s:i, s:i, s:I}", "job_id",
                         id, "seq", (json_int_t) t->seq, "event", t->event, "request_id",
                         t->request_id, "trace_id", *t->trace_id == '\0' ? NULL : t->trace_id,
                         "client", t->client, "to", t->origin, "error", t->failure, "status",
                         (int) result->status, "tries", (int) t->tries + 1, "next_in_s",
                         result->kind == PLATEN_HOOK_DEAD
                             ? (json_int_t) 0
                             : (json_int_t) ((result->due - now) / 1000000)));
}

/* One try, however it has ended, of a trace. */
static void
trace_try(const platen_transfer_t *t, const platen_hook_result_t *result, uint64_t now)
{
    char                status[16];
    const platen_span_t span = {
        .kind = PLATEN_SPAN_WEBHOOK,
        .name = "webhook",
        .epoch = (uint32_t) t->seq,
        .n = t->tries,
        .start = t->began,
        .end = now,
        .failed = *t->failure == '\0'   ? NULL
                  : result->status != 0 ? status
                  : result->refused     ? "address_refused"
                                        : "no_answer",
    };

    if (platen_trace_on(&t->trace)) {
        snprintf(status, sizeof(status), "%u", result->status);
        platen_trace_span(&t->trace, &span,
                          json_pack("{s:s, s:s, s:s, s:I, s:i, s:i}", "http.request.method",
                                    "POST", "server.address", t->origin, "platen.event",
                                    t->event, "platen.event.number", (json_int_t) t->seq,
                                    "http.response.status_code", (int) result->status,
                                    "http.request.resend_count", (int) t->tries));
    }
}

void
platen_deliver_transfer_judge(platen_transfer_t *t, CURLcode code, uint64_t now,
                              platen_hook_result_t *result)
{
    long       status = 0;
    curl_off_t asked = 0;

    memset(result, 0, sizeof(*result));
    (void) curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    (void) curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &asked);
    /* 100 and the like are no answer yet. */
    status = status < 200 || status > 999 ? 0 : status;
    explain(t, code, status);

    result->id = t->id;
    result->seq = t->seq;
    result->status = (uint32_t) status;
    result->failure = platen_str(t->failure);
    result->refused = status == 0 && t->refused;
    trace_try(t, result, now);
    if (*t->failure == '\0') {
        result->kind = PLATEN_HOOK_DELIVERED;
        return;
    }
    result->due =
        now
        + platen_deliver_retry_delay(t->deliver->settings, t->tries + 1,
                                     asked < 0 ? 0 : (uint64_t) asked, random_number());
    result->kind = status == STATUS_GONE || (result->refused && t->refusals + 1 >= REFUSALS_MAX)
                           || result->due > t->since + t->deliver->settings->give_up * 1000000
                       ? PLATEN_HOOK_DEAD
                       : PLATEN_HOOK_PENDING;
    log_failure(t, result, now);
}
