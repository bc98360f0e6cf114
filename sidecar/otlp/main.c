/*
 * platen-otlp; see otlp/main.h.  One thread (libcurl's resolver has others) and one loop:
 * take the spans that have come, send a batch when it is due, wait for the network, platend
 * or the time.  One request at a time.
 *
 * The end of standard input says that platend has gone: then what waits gets a moment.
 */

#include "otlp/main.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "job/webhook_url.h"
#include "sandbox/child_setup.h"
#include "sandbox/sandbox.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

#define LAST_WORDS 3000 /* milliseconds for what waits, at the end */
#define TRIES_MAX 6
#define TURN_MAX 1024    /* spans read in one turn of the loop */
#define ANSWER_MAX 65536 /* bytes of an answer that are kept; the rest is passed over */
#define IDLE_MS 60000

enum { EXIT_STOPPED = 0, EXIT_FAILED = 1 };

typedef struct {
    platen_otlp_settings_t settings;
    platen_otlp_queue_t    queue;
    platen_trace_counts_t *counts;
    CURLM                 *multi;
    CURL                  *easy;
    int                    under_way;
    char                  *body;
    uint64_t               sending; /* spans of the request */
    unsigned               tries;   /* of it */
    uint64_t due;      /* these: CLOCK_BOOTTIME ms; when a batch goes that is not full */
    uint64_t again_at; /* not before */
    uint64_t leave_at; /* 0: not to leave */
    int      silent;   /* that it fails was said */
    char     answer[ANSWER_MAX];
    size_t   answered;
    char     error[CURL_ERROR_SIZE];
} loop_t;

static void
count(uint64_t *of, uint64_t n)
{
    __atomic_fetch_add(of, n, __ATOMIC_RELAXED);
}

static int
refuse(const char *what, const char *err)
{
    platen_log(PLATEN_LOG_ERROR, what, json_pack("{s:s}", "error", err));
    return EXIT_FAILED;
}

static size_t
on_body(char *bytes, size_t size, size_t n, void *data)
{
    loop_t *l = data;
    size_t  len = size * n, room = sizeof(l->answer) - l->answered;

    memcpy(l->answer + l->answered, bytes, len < room ? len : room);
    l->answered += len < room ? len : room;
    return len;
}

/* --- what comes -------------------------------------------------------------- */

static void
take(loop_t *l, uint64_t now)
{
    static char span[PLATEN_OTLP_SPAN_MAX];
    ssize_t     n;
    int         i;

    for (i = 0; i < TURN_MAX; i++) {
        n = recv(PLATEN_TRACE_FD, span, sizeof(span), MSG_DONTWAIT | MSG_TRUNC);
        if (n <= 0) {
            return;
        }
        count(&l->counts->taken, 1);
        if (l->queue.n == 0) {
            l->due = now + l->settings.delay;
        }
        if ((size_t) n > sizeof(span)
            || platen_otlp_queue_add(&l->queue, span, (size_t) n) != 0) {
            count(&l->counts->given_up, 1);
        }
    }
}

/* Whether platend is there. */
static int
there(void)
{
    char    bytes[64];
    ssize_t n = recv(STDIN_FILENO, bytes, sizeof(bytes), MSG_DONTWAIT);

    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

/* --- what goes --------------------------------------------------------------- */

static int
ready(const loop_t *l, uint64_t now)
{
    return !l->under_way && l->queue.n > 0 && now >= l->again_at
           && (l->tries > 0 || l->queue.n >= l->settings.batch || now >= l->due
               || l->leave_at != 0);
}

static void
send_batch(loop_t *l)
{
    /* What is tried again is what was tried. */
    if (l->tries == 0) {
        l->sending = l->queue.n < l->settings.batch ? l->queue.n : l->settings.batch;
    }
    l->body = platen_otlp_queue_body(&l->queue, l->sending, l->settings.resource);
    l->answered = 0;
    *l->error = '\0';
    if (l->body == NULL
        || curl_easy_setopt(l->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) strlen(l->body))
               != CURLE_OK
        || curl_easy_setopt(l->easy, CURLOPT_POSTFIELDS, l->body) != CURLE_OK
        || curl_multi_add_handle(l->multi, l->easy) != CURLM_OK) {
        free(l->body);
        l->body = NULL;
        l->again_at = platen_boottime_ms() + 1000;
        return;
    }
    l->under_way = 1;
}

/* The batch is done with, in one way or the other. */
static void
leave(loop_t *l, uint64_t now)
{
    platen_otlp_queue_drop(&l->queue, l->sending);
    l->tries = 0;
    l->sending = 0;
    l->due = now + l->settings.delay;
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
say(loop_t *l, const char *what, long status, CURLcode code)
{
    char text[32];

    snprintf(text, sizeof(text), "HTTP %ld", status);
    platen_log(PLATEN_LOG_WARN, what,
               json_pack("{s:s, s:I, s:i}", "error",
                         status != 0         ? text
                         : *l->error != '\0' ? l->error
                                             : curl_easy_strerror(code),
                         "spans", (json_int_t) l->sending, "tries", (int) l->tries));
}

static void
judge(loop_t *l, CURLcode code, uint64_t now)
{
    long       status = 0;
    curl_off_t asked = 0;
    uint64_t   rejected;

    (void) curl_easy_getinfo(l->easy, CURLINFO_RESPONSE_CODE, &status);
    (void) curl_easy_getinfo(l->easy, CURLINFO_RETRY_AFTER, &asked);
    status = code != CURLE_OK ? 0 : status;
    l->tries++;
    switch (platen_otlp_answer(status)) {
    case PLATEN_OTLP_TAKEN:
        rejected = platen_otlp_rejected(l->answer, l->answered, l->sending);
        count(&l->counts->rejected, rejected);
        count(&l->counts->exported, l->sending - rejected);
        l->silent = 0;
        leave(l, now);
        return;
    case PLATEN_OTLP_REFUSED:
        say(l, "the collector refuses traces: they are dropped", status, code);
        count(&l->counts->rejected, l->sending);
        leave(l, now);
        return;
    default:
        l->again_at =
            now + platen_otlp_wait(l->tries, asked < 0 ? 0 : (uint64_t) asked, random_number());
        if (l->tries < TRIES_MAX) {
            if (!l->silent) {
                say(l, "traces are not delivered: they are tried again", status, code);
            }
            l->silent = 1;
            return;
        }
        say(l, "traces are dropped: the collector does not take them", status, code);
        count(&l->counts->given_up, l->sending);
        leave(l, now);
        return;
    }
}

static void
end_request(loop_t *l, uint64_t now)
{
    CURLMsg *message;
    int      left;

    while ((message = curl_multi_info_read(l->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            CURLcode code = message->data.result;

            (void) curl_multi_remove_handle(l->multi, l->easy);
            l->under_way = 0;
            judge(l, code, now);
            free(l->body);
            l->body = NULL;
        }
    }
}

/* --- the loop ---------------------------------------------------------------- */

/* Milliseconds until something is to be done by the time. */
static int
patience(const loop_t *l, uint64_t now)
{
    uint64_t until = now + IDLE_MS;

    if (!l->under_way && l->queue.n > 0) {
        until = l->tries > 0 || l->queue.n >= l->settings.batch ? l->again_at : l->due;
        until = until < l->again_at ? l->again_at : until;
    }
    if (l->leave_at != 0 && l->leave_at < until) {
        until = l->leave_at;
    }
    return until > now ? (int) (until - now) : 0;
}

static int
run(loop_t *l)
{
    struct curl_waitfd fds[] = { { .fd = PLATEN_TRACE_FD, .events = CURL_WAIT_POLLIN },
                                 { .fd = STDIN_FILENO, .events = CURL_WAIT_POLLIN } };
    uint64_t           now;
    int                running;

    for (;;) {
        now = platen_boottime_ms();
        take(l, now);
        if (l->leave_at == 0 && !there()) {
            l->leave_at = now + LAST_WORDS;
        }
        if (l->leave_at != 0 && (l->queue.n == 0 || now >= l->leave_at)) {
            count(&l->counts->given_up, l->queue.n);
            return EXIT_STOPPED;
        }
        if (ready(l, now)) {
            send_batch(l);
        }
        if (curl_multi_perform(l->multi, &running) != CURLM_OK) {
            return refuse("traces stop", "libcurl cannot go on");
        }
        end_request(l, platen_boottime_ms());
        if (ready(l, platen_boottime_ms())) {
            continue;
        }
        if (curl_multi_poll(l->multi, fds, l->leave_at == 0 ? 2 : 1,
                            patience(l, platen_boottime_ms()), NULL)
            != CURLM_OK) {
            return refuse("traces stop", "libcurl cannot go on");
        }
    }
}

/* What resolves names and checks certificates, to read: nothing else is in reach. */
static void
confine(const platen_otlp_settings_t *s)
{
    const platen_sandbox_path_t paths[] = {
        PLATEN_SANDBOX_NETWORK_PATHS,
        { s->ca == NULL ? "" : s->ca, PLATEN_SANDBOX_R },
        { s->certificate == NULL ? "" : s->certificate, PLATEN_SANDBOX_R },
        { s->key == NULL ? "" : s->key, PLATEN_SANDBOX_R },
    };

    if (platen_sandbox_landlock_files(paths, sizeof(paths) / sizeof(paths[0])) != 0) {
        platen_log(PLATEN_LOG_WARN, "traces are sent without Landlock",
                   json_pack("{s:s, s:s}", "error", strerror(errno), "advice",
                             "platenctl doctor says what the layer landlock needs"));
    }
}

/* libcurl is told to do no more than asked; proxies are the environment's. */
static int
set_up(loop_t *l)
{
    const platen_otlp_settings_t *s = &l->settings;
    int                           ok = 1;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return -1;
    }
    l->multi = curl_multi_init();
    l->easy = curl_easy_init();
    if (l->multi == NULL || l->easy == NULL) {
        return -1;
    }
#define SET(option, value) ok &= curl_easy_setopt(l->easy, option, value) == CURLE_OK
    SET(CURLOPT_URL, s->url);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_TIMEOUT_MS, (long) s->timeout);
    SET(CURLOPT_USERAGENT, "OTel-OTLP-Exporter-C/" PLATEN_VERSION " Platen/" PLATEN_VERSION);
    SET(CURLOPT_HTTPHEADER, s->headers);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, l);
    SET(CURLOPT_ERRORBUFFER, l->error);
    if (s->ca != NULL) {
        SET(CURLOPT_CAINFO, s->ca);
    }
    if (s->certificate != NULL) {
        SET(CURLOPT_SSLCERT, s->certificate);
    }
    if (s->key != NULL) {
        SET(CURLOPT_SSLKEY, s->key);
    }
#undef SET
    return ok ? 0 : -1;
}

/* What an earlier one had in hand when it was killed is lost, and counted. */
static void
inherit(loop_t *l)
{
    platen_trace_counts_t *c = l->counts;

    count(&c->given_up, c->taken - c->exported - c->rejected - c->given_up);
}

int
main(int argc, char **argv)
{
    static loop_t l;
    char          err[512], origin[PLATEN_WEBHOOK_ORIGIN_MAX];

    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("platen-otlp " PLATEN_VERSION);
        return EXIT_STOPPED;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || platen_fork_limit(RLIMIT_CORE, 0) != 0
        || platen_trace_open(PLATEN_TRACE_FD, PLATEN_TRACE_COUNTS_FD) != 0) {
        return refuse("no traces: this is started by platend", strerror(errno));
    }
    l.counts = platen_trace_counts();
    if (platen_otlp_settings_read(&l.settings, err, sizeof(err)) != 0) {
        return refuse("no traces", err);
    }
    if (platen_otlp_queue_init(&l.queue, l.settings.queue) != 0 || set_up(&l) != 0) {
        return refuse("no traces", "libcurl cannot be set up");
    }
    confine(&l.settings);
    inherit(&l);
    /* A password in the address is nobody's affair. */
    platen_webhook_origin(l.settings.url, strlen(l.settings.url), origin);
    platen_log(PLATEN_LOG_INFO, "traces are sent",
               json_pack("{s:i, s:s}", "pid", (int) getpid(), "to", origin));
    return run(&l);
}
