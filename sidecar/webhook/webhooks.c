/*
 * The process that delivers; see webhook/webhooks.h.  It has one end of a pair of
 * sockets as its standard input: its settings come first, then a byte wakes it, and each side
 * learns from the end of the other's that it has gone.  Its pid is of no use here: whoever
 * reaps children reaps it, too.
 *
 * A process that ends is started again, after a second at first, then two, up to
 * BACKOFF_MAX; what it had under way is in the store.
 */

#include "webhook/webhooks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "disk/layout.h"
#include "helper.h"
#include "store/hook.h"
#include "trace.h"
#include "webhook/settings.h"

#define BACKOFF_MIN 1000
#define BACKOFF_MAX 60000
#define WELL_AFTER 60000 /* milliseconds after which it has not ended at its start */
#define REMIND_EVERY 600000
#define SLICE 64 /* deliveries given up in one transaction */

struct platen_webhooks_s {
    const platen_config_t *config;
    platen_store_t        *store;
    int                    fd;      /* -1: it does not run */
    uint64_t               started; /* these three: CLOCK_BOOTTIME milliseconds */
    uint64_t               start_at;
    uint64_t               remind_at;
    uint64_t               backoff; /* milliseconds */
};

platen_webhooks_t *
platen_webhooks_new(const platen_config_t *config, platen_store_t *store)
{
    platen_webhooks_t *w = calloc(1, sizeof(*w));

    if (w != NULL) {
        w->config = config;
        w->store = store;
        w->fd = -1;
        w->backoff = BACKOFF_MIN;
    }
    return w;
}

void
platen_webhooks_destroy(platen_webhooks_t **webhooks)
{
    platen_webhooks_t *w = *webhooks;

    if (w != NULL && w->fd >= 0) {
        close(w->fd);
    }
    free(w);
    *webhooks = NULL;
}

int
platen_webhooks_configured(const platen_config_t *config)
{
    return *config->webhook_secret != '\0' || config->webhook_unsigned;
}

/* Hands the settings over, before the process is there to read them.  0, or an errno. */
static int
hand_over(const platen_config_t *c, int fd)
{
    const platen_webhook_settings_t settings = {
        .store_path = c->store_path,
        .map_size = c->map_size,
        .log_level = c->log_level,
        .secret = c->webhook_secret,
        .traces = platen_trace_counts() != NULL,
        .without_secret = c->webhook_unsigned,
        .allow = c->webhook_allow,
        .ca = c->webhook_ca,
        .base = c->webhook_base,
        .connections = c->webhook_connections,
        .per_host = c->webhook_per_host,
        .connect_timeout = c->webhook_connect_timeout,
        .timeout = c->webhook_timeout,
        .backoff = c->webhook_backoff,
        .backoff_max = c->webhook_backoff_max,
        .give_up = c->webhook_give_up,
        .keep = c->webhook_keep,
        .keep_dead = c->webhook_keep_dead,
    };
    char   *text = platen_webhook_settings_write(&settings);
    ssize_t n;
    int     error;

    if (text == NULL) {
        return errno;
    }
    n = send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
    error = n < 0 ? errno : (size_t) n < strlen(text) ? EMSGSIZE : 0;
    free(text);
    return error;
}

static void
later(platen_webhooks_t *w, uint64_t now)
{
    w->start_at = now + w->backoff;
    w->backoff = w->backoff * 2 > BACKOFF_MAX ? BACKOFF_MAX : w->backoff * 2;
}

static void
start(platen_webhooks_t *w, uint64_t now)
{
    int fds[2], trace[PLATEN_HELPER_MORE], rc;

    rc = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0 ? errno
                                                                                      : 0;
    if (rc == 0) {
        rc = hand_over(w->config, fds[0]);
        platen_trace_fds(trace);
        rc = rc == 0 ? platen_helper_spawn(w->config->libexec_path, "platen-webhook", fds[1],
                                           trace, environ)
                     : rc;
        close(fds[1]);
        if (rc == 0) {
            w->fd = fds[0];
            w->started = now;
            return;
        }
        close(fds[0]);
    }
    platen_log(
        PLATEN_LOG_ERROR, "no webhooks: their process cannot be started",
        json_pack("{s:s, s:s}", "error", strerror(rc), "libexec", w->config->libexec_path));
    later(w, now);
}

/* What waits although nothing is told would wait unseen. */
static void
remind(platen_webhooks_t *w, uint64_t now)
{
    platen_txn_t txn;
    uint64_t     counts[PLATEN_HOOK_KINDS] = { 0 };

    if (now < w->remind_at || platen_txn_read(w->store, &txn) != PLATEN_OK) {
        return;
    }
    w->remind_at = now + REMIND_EVERY;
    (void) platen_store_hook_count(&txn, counts);
    platen_txn_abort(&txn);
    if (counts[PLATEN_HOOK_PENDING] > 0) {
        platen_log(PLATEN_LOG_ERROR, "webhooks wait, and none is sent",
                   json_pack("{s:I, s:s}", "waiting", (json_int_t) counts[PLATEN_HOOK_PENDING],
                             "advice", "set webhook/secret, and restart platend"));
    }
}

/* The one that is due first, if it is older than any may become.  1, or 0. */
static int
first_old(const platen_webhooks_t *w, platen_txn_t *txn, platen_hook_result_t *result)
{
    platen_hook_at_t at = { .len = 0 };
    platen_hook_t    hook;
    uint64_t         now = platen_now_us();

    if (platen_store_hook_due(txn, now, &at, &hook) != PLATEN_OK
        || hook.since + w->config->webhook_give_up * 1000000 >= now) {
        return 0;
    }
    *result = (platen_hook_result_t){
        .id = hook.id,
        .seq = hook.seq,
        .kind = PLATEN_HOOK_DEAD,
        .failure = PLATEN_STR("no secret was set to sign it with (webhook/secret)"),
    };
    return 1;
}

/* Where none is sent, what waits must not fill the store. */
static void
give_up_old(platen_webhooks_t *w)
{
    platen_hook_result_t result;
    platen_txn_t         txn;
    int                  rc, any, n;

    if (platen_txn_read(w->store, &txn) != PLATEN_OK) {
        return;
    }
    any = first_old(w, &txn, &result);
    platen_txn_abort(&txn);
    if (!any) {
        return;
    }
    rc = platen_txn_write(w->store, &txn);
    for (n = 0; rc == PLATEN_OK && n < SLICE && first_old(w, &txn, &result); n++) {
        rc = platen_store_hook_end(&txn, &result, platen_now_us());
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    platen_log(PLATEN_LOG_ERROR, "webhooks given up: no secret was set to sign them with",
               json_pack("{s:i, s:s}", "deliveries", n, "error", platen_strerror(rc)));
}

void
platen_webhooks_tick(platen_webhooks_t *w)
{
    uint64_t now = platen_boottime_ms();
    char     byte;
    ssize_t  n;

    if (!platen_webhooks_configured(w->config)) {
        remind(w, now);
        give_up_old(w);
        return;
    }
    if (w->fd >= 0) {
        n = recv(w->fd, &byte, 1, MSG_DONTWAIT);
        if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))) {
            return;
        }
        close(w->fd);
        w->fd = -1;
        if (now - w->started >= WELL_AFTER) {
            w->backoff = BACKOFF_MIN;
        }
        platen_log(PLATEN_LOG_ERROR, "the process of webhooks has ended, and is started again",
                   json_pack("{s:I}", "in_ms", (json_int_t) w->backoff));
        later(w, now);
    }
    if (now >= w->start_at) {
        start(w, now);
    }
}

void
platen_webhooks_renew(platen_webhooks_t *w)
{
    if (w->fd >= 0) {
        close(w->fd); /* at which it ends */
        w->fd = -1;
        w->start_at = 0;
    }
}

void
platen_webhooks_wake(platen_webhooks_t *w)
{
    if (w->fd >= 0) {
        /* One that is full has been woken; one that has gone is found by the tick. */
        (void) !send(w->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
}
