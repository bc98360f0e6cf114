/*
 * platen-webhook; see deliver/main.h.  One thread (libcurl's resolver has
 * others) and one loop: start what is due, wait for the network, platend or the
 * time of the next, and note what has ended, all of it in one transaction.
 *
 * Standard input is platend's, whose user it has: first come the settings, then a
 * byte says that something may be due, its end
 * that platend has gone.  Then what is under way gets a moment, and what does not
 * end in it is made again by the next one.
 *
 * Exit codes as platend's.
 */

#include "deliver/main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "sandbox/child_setup.h"
#include "disk/layout.h"
#include "lock.h"
#include "sandbox/sandbox.h"
#include "webhook/event.h"

/* For platenctl doctor, and what(1): that all of Platen is of one version. */
static const char platen_what[] __attribute__((used)) = "@(#)platen " PLATEN_VERSION;

#define WAIT_MS 1000     /* what nobody has told of is found within this */
#define LOCKED_MS 200    /* between two tries to get the lock */
#define LAST_WORDS 3000  /* milliseconds for what is under way, at the end */
#define SLICE 256        /* deliveries looked at in one read transaction */
#define LOOKED_MAX 16384 /* in one turn of the loop */
#define TRIM_MS 60000
#define TRIM_MAX 1000 /* in one transaction */
#define LOG_MAX 10000 /* deliveries kept of each kind, those to be made aside */
#define ENDED_MAX 256 /* noted in one transaction */

enum { EXIT_STOPPED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef struct {
    platen_deliver_t          shared;
    platen_webhook_settings_t settings;
    platen_store_t           *store;
    CURLM                    *multi;
    platen_transfer_t        *active;
    unsigned                  nactive;
    platen_hook_at_t          at;       /* where the last look for what is due has ended */
    uint64_t                  trim_at;  /* CLOCK_BOOTTIME milliseconds */
    uint64_t                  look_at;  /* the same: when to look for what is due */
    uint64_t                  leave_at; /* the same; 0: not to leave */
} loop_t;

static volatile sig_atomic_t stop_asked;

static void
on_signal(int signo)
{
    (void) signo;
    stop_asked = 1;
}

static int
refuse(const char *what, const char *err, int code)
{
    platen_log(PLATEN_LOG_ERROR, what, json_pack("{s:s}", "error", err));
    return code;
}

/* --- what is due ------------------------------------------------------------ */

/* Whether a delivery is under way, or as many to its host, or of its client, as may be. */
static int
has_to_wait(const loop_t *l, const platen_hook_t *hook)
{
    const platen_transfer_t *t;
    platen_job_t             job;
    char                     origin[PLATEN_WEBHOOK_ORIGIN_MAX];
    unsigned                 host = 0, client = 0, most;

    if (platen_codec_decode(platen_job_fields, platen_job_nfields, &job,
                            (const uint8_t *) hook->job.data, hook->job.len)
        != PLATEN_OK) {
        return 0; /* it will be given up */
    }
    platen_webhook_origin(job.webhook_url.data, job.webhook_url.len, origin);
    for (t = l->active; t != NULL; t = t->next) {
        if (t->seq == hook->seq) {
            return 1;
        }
        host += strcmp(t->origin, origin) == 0;
        client += platen_str_eq(platen_str(t->client), job.client);
    }
    /* One client, with as many hosts as it likes, does not hold up all others. */
    most = (unsigned) l->settings.connections;
    return host >= l->settings.per_host || client >= (most + 1) / 2;
}

/* A delivery that can never be made. */
typedef struct {
    platen_id_t id;
    uint64_t    seq;     /* 0: there is none */
    const char *wrong;   /* NULL: it cannot be read */
    json_t     *context; /* for the log */
} bad_t;

/* While what it is of can be read, if it can. */
static void
set_bad(bad_t *bad, const platen_hook_t *hook, const char *wrong)
{
    platen_job_t job;

    if (wrong == NULL
        || platen_codec_decode(platen_job_fields, platen_job_nfields, &job,
                               (const uint8_t *) hook->job.data, hook->job.len)
               != PLATEN_OK) {
        job = (platen_job_t){ .priority = 0 };
    }
    job.id = hook->id;
    *bad = (bad_t){
        .id = hook->id, .seq = hook->seq, .wrong = wrong, .context = platen_log_job(&job)
    };
}

/* Notes that it can never be made. */
static void
give_up(loop_t *l, const bad_t *bad)
{
    const char          *wrong = bad->wrong;
    platen_hook_result_t result = { .id = bad->id, .seq = bad->seq, .kind = PLATEN_HOOK_DEAD };
    platen_txn_t         txn;
    int                  rc;

    json_object_set_new(bad->context, "seq", json_integer((json_int_t) bad->seq));
    json_object_set_new(bad->context, "error",
                        json_string(wrong == NULL ? "the delivery cannot be read" : wrong));
    platen_log(PLATEN_LOG_ERROR, "webhook given up", bad->context);
    rc = platen_txn_write(l->store, &txn);
    if (rc == PLATEN_OK && wrong != NULL) {
        result.failure = platen_str(wrong);
        rc = platen_store_hook_end(&txn, &result, platen_now_us());
    } else if (rc == PLATEN_OK) {
        rc = platen_store_hook_drop(&txn, &bad->id, bad->seq, platen_now_us());
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    if (rc != PLATEN_OK && rc != PLATEN_NOT_FOUND) {
        (void) refuse("webhook not noted", platen_strerror(rc), 0);
    }
}

static int
start(loop_t *l, platen_transfer_t *t)
{
    if (curl_multi_add_handle(l->multi, t->easy) != CURLM_OK) {
        platen_deliver_transfer_destroy(&t);
        return -1;
    }
    t->next = l->active;
    l->active = t;
    l->nactive++;
    return 0;
}

/*
 * Starts what is due among the next SLICE.  Returns how many it has looked at, 0
 * at the end, or up to one that can never be made.
 */
static int
start_slice(loop_t *l, bad_t *bad)
{
    platen_transfer_t *t;
    platen_hook_t      hook;
    platen_txn_t       txn;
    uint64_t           now = platen_now_us();
    const char        *wrong;
    int                rc, n, full = 0;

    bad->seq = 0;
    rc = platen_txn_read(l->store, &txn);
    for (n = 0; rc == PLATEN_OK && n < SLICE && l->nactive < l->settings.connections; n++) {
        rc = platen_store_hook_due(&txn, now, &l->at, &hook);
        wrong = NULL;
        if (rc == PLATEN_OK && !has_to_wait(l, &hook)) {
            t = platen_deliver_transfer_new(&l->shared, &hook, &wrong);
            full = t == NULL || start(l, t) != 0;
            rc = full ? PLATEN_ERROR : PLATEN_OK;
        }
        if (rc == PLATEN_CORRUPT || wrong != NULL) {
            set_bad(bad, &hook, wrong);
            break;
        }
    }
    platen_txn_abort(&txn);
    if (rc == PLATEN_ERROR && bad->seq == 0) {
        (void) refuse("webhooks cannot be started",
                      full ? "no memory for a request" : platen_txn_errstr(&txn), 0);
    }
    return rc == PLATEN_OK || bad->seq != 0 ? n + 1 : 0;
}

/* A look at all that is due, on from where the last one has ended. */
static void
start_due(loop_t *l)
{
    bad_t bad;
    int   n, looked = 0, whole = l->at.len == 0;

    while (l->nactive < l->settings.connections && looked < LOOKED_MAX) {
        n = start_slice(l, &bad);
        if (bad.seq != 0) {
            give_up(l, &bad);
        }
        looked += n;
        if (n == 0) {
            l->at.len = 0;
            if (whole) {
                return;
            }
            whole = 1; /* once from the beginning */
        }
    }
}

/* --- what has ended --------------------------------------------------------- */

static void
forget(loop_t *l, platen_transfer_t *t)
{
    platen_transfer_t **at = &l->active;

    while (*at != t) {
        at = &(*at)->next;
    }
    *at = t->next;
    l->nactive--;
    (void) curl_multi_remove_handle(l->multi, t->easy);
    platen_deliver_transfer_destroy(&t);
}

/* Returns a PLATEN_ code: on a failure, nothing is noted and all is tried again. */
static int
note(loop_t *l, const platen_hook_result_t *results, int n)
{
    platen_txn_t txn;
    uint64_t     now = platen_now_us();
    int          rc, i;

    rc = platen_txn_write(l->store, &txn);
    for (i = 0; rc == PLATEN_OK && i < n; i++) {
        rc = platen_store_hook_end(&txn, &results[i], now);
        /* Whoever took it away while it was told knows. */
        rc = rc == PLATEN_NOT_FOUND ? PLATEN_OK : rc;
    }
    if (rc == PLATEN_OK) {
        rc = platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    return rc;
}

static void
end_some(loop_t *l)
{
    platen_hook_result_t results[ENDED_MAX];
    platen_transfer_t   *ended[ENDED_MAX];
    CURLMsg             *message;
    int                  i, rc, left, n = 0;

    while (n < ENDED_MAX && (message = curl_multi_info_read(l->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE
            && curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &ended[n])
                   == CURLE_OK) {
            platen_deliver_transfer_judge(ended[n], message->data.result, platen_now_us(),
                                          &results[n]);
            n++;
        }
    }
    if (n == 0) {
        return;
    }
    rc = note(l, results, n);
    for (i = 0; i < n; i++) {
        forget(l, ended[i]);
    }
    if (rc != PLATEN_OK) {
        /* What was told will be told again: not at once, the disk may be full. */
        (void) refuse("webhooks not noted: they are sent again", platen_strerror(rc), 0);
        (void) usleep(WAIT_MS * 1000);
    }
    l->look_at = 0;
}

static void
trim(loop_t *l)
{
    platen_txn_t txn;
    uint64_t     now = platen_now_us();
    int          rc, log = 0, dead = 0;

    if (platen_boottime_ms() < l->trim_at) {
        return;
    }
    rc = platen_txn_write(l->store, &txn);
    if (rc == PLATEN_OK) {
        log = rc = platen_store_hook_trim(&txn, PLATEN_HOOK_DELIVERED,
                                          now - l->settings.keep * 1000000, LOG_MAX, TRIM_MAX);
    }
    if (rc >= 0) {
        dead = rc = platen_store_hook_trim(
            &txn, PLATEN_HOOK_DEAD, now - l->settings.keep_dead * 1000000, LOG_MAX, TRIM_MAX);
    }
    if (log > 0 || dead > 0) {
        rc = rc < 0 ? rc : platen_txn_commit(&txn);
    }
    platen_txn_abort(&txn);
    if (rc < 0) {
        (void) refuse("old webhooks not forgotten", platen_strerror(rc), 0);
    }
    l->trim_at =
        platen_boottime_ms() + (log == TRIM_MAX || dead == TRIM_MAX ? WAIT_MS : TRIM_MS);
}

/* --- the loop --------------------------------------------------------------- */

/* Milliseconds until something is due; at most WAIT_MS. */
static int
wait_for(loop_t *l)
{
    platen_txn_t txn;
    uint64_t     next = 0, now = platen_now_us();
    int          rc;

    if (l->leave_at != 0 || l->nactive >= l->settings.connections) {
        return WAIT_MS;
    }
    rc = platen_txn_read(l->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_hook_next(&txn, &next);
    }
    platen_txn_abort(&txn);
    /* What is due already waits for a host, or is under way. */
    if (rc != PLATEN_OK || next <= now || next - now > (uint64_t) WAIT_MS * 1000) {
        return WAIT_MS;
    }
    return (int) ((next - now) / 1000) + 1;
}

/* 1: platend says that something may be due; 0: it says nothing; -1: it has gone. */
static int
read_platend(void)
{
    char    bytes[256];
    ssize_t n;
    int     said = 0;

    for (;;) {
        n = read(STDIN_FILENO, bytes, sizeof(bytes));
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
            return -1;
        }
        if (n < (ssize_t) sizeof(bytes)) {
            return said || n > 0;
        }
        said = 1;
    }
}

/* Starts what is due, and does what is to be done now and then. */
static void
look(loop_t *l)
{
    start_due(l);
    trim(l);
    l->look_at = platen_boottime_ms() + (uint64_t) wait_for(l);
}

/* Milliseconds to wait for the network, or for what is to be done in time. */
static int
patience(const loop_t *l, uint64_t now)
{
    uint64_t until = l->leave_at != 0 ? l->leave_at : l->look_at;

    return until > now ? (int) (until - now) : 0;
}

static int
run(loop_t *l)
{
    struct curl_waitfd platend = { .fd = STDIN_FILENO, .events = CURL_WAIT_POLLIN };
    uint64_t           now;
    int                running, said;

    for (;;) {
        said = l->leave_at == 0 ? read_platend() : 0;
        now = platen_boottime_ms();
        if (l->leave_at == 0 && (stop_asked || said < 0)) {
            l->leave_at = now + LAST_WORDS;
        }
        if (l->leave_at != 0 && (l->nactive == 0 || now >= l->leave_at)) {
            return EXIT_STOPPED;
        }
        if (l->leave_at == 0 && (said > 0 || now >= l->look_at)) {
            look(l);
            now = platen_boottime_ms();
        }
        if (platen_store_failed(l->store)) {
            return refuse("the store cannot be used any more",
                          "its disk failed a write; platend starts this again", EXIT_FAILED);
        }
        if (curl_multi_perform(l->multi, &running) != CURLM_OK
            || (running == (int) l->nactive
                && curl_multi_poll(l->multi, &platend, l->leave_at == 0, patience(l, now), NULL)
                       != CURLM_OK)) {
            return refuse("webhooks stop", "libcurl cannot go on", EXIT_FAILED);
        }
        end_some(l);
    }
}

/* The lock, when whoever else has it lets go.  1: platend has gone meanwhile. */
static int
wait_for_lock(loop_t *l, char *err, size_t errlen)
{
    pid_t holder;
    int   rc;

    while ((rc = platen_lock_take(l->settings.store_path, PLATEN_LOCK_WEBHOOK, &holder, err,
                                  errlen))
           > 0) {
        if (stop_asked || read_platend() < 0) {
            return 1;
        }
        (void) usleep(LOCKED_MS * 1000);
    }
    return rc;
}

/*
 * The store to write, what resolves names and checks certificates to read: should
 * a host get hold of this process, it has no document in reach.
 */
static void
confine(const platen_webhook_settings_t *c)
{
    const platen_sandbox_path_t paths[] = {
        { c->store_path, PLATEN_SANDBOX_R | PLATEN_SANDBOX_W },
        PLATEN_SANDBOX_NETWORK_PATHS,
        { c->ca, PLATEN_SANDBOX_R },
    };

    if (platen_sandbox_landlock_files(paths, sizeof(paths) / sizeof(paths[0])) != 0) {
        platen_log(PLATEN_LOG_WARN, "webhooks are sent without Landlock",
                   json_pack("{s:s, s:s}", "error", strerror(errno), "advice",
                             "platenctl doctor says what the layer landlock needs"));
    }
}

static int
set_up(loop_t *l, char *err, size_t errlen)
{
    const platen_webhook_settings_t *c = &l->settings;

    l->shared.settings = c;
    if (c->traces && platen_trace_open(PLATEN_TRACE_FD, PLATEN_TRACE_COUNTS_FD) != 0) {
        snprintf(err, errlen, "no traces: %s", strerror(errno));
        return -1;
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || platen_fork_limit(RLIMIT_CORE, 0) != 0
        || fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) != 0) {
        snprintf(err, errlen, "%s", strerror(errno));
        return -1;
    }
    if (platen_webhook_address_networks(c->allow, &l->shared.allowed) != NULL
        || platen_webhook_event_secrets(c->secret, &l->shared.secrets, err, errlen) != 0) {
        return -1;
    }
    if (l->shared.secrets.n == 0 && !c->without_secret) {
        snprintf(err, errlen,
                 "webhook/secret names no file: nothing is told without a signature, unless"
                 " webhook/unsigned is 1");
        return -1;
    }
    if (platen_store_open(&l->store, c->store_path, (size_t) c->map_size, err, errlen)
        != PLATEN_OK) {
        return -1;
    }
    confine(c);
    snprintf(err, errlen, "libcurl cannot be set up");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return -1;
    }
    l->multi = curl_multi_init();
    return l->multi == NULL
                   || curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long) c->connections)
                          != CURLM_OK
               ? -1
               : 0;
}

/* What platend says first.  0; 1: it has gone, or this is to stop; -1 with `err`. */
static int
read_settings(platen_webhook_settings_t *settings, char *err, size_t errlen)
{
    static char   text[PLATEN_WEBHOOK_SETTINGS_MAX];
    struct pollfd platend = { .fd = STDIN_FILENO, .events = POLLIN };
    size_t        len = 0, whole = 0;
    ssize_t       n;

    while (whole == 0 && len < sizeof(text)) {
        (void) poll(&platend, 1, -1);
        if (stop_asked) {
            return 1;
        }
        n = read(STDIN_FILENO, text + len, sizeof(text) - len);
        if (n == 0) {
            return 1;
        }
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            snprintf(err, errlen, "the settings cannot be read: %s", strerror(errno));
            return -1;
        }
        len += (size_t) (n < 0 ? 0 : n);
        whole = platen_webhook_settings_whole(text, len);
    }
    /* Bytes behind it would only wake what is awake. */
    if (whole == 0 || platen_webhook_settings_parse(settings, text, whole) != PLATEN_OK) {
        snprintf(err, errlen,
                 "platend's settings cannot be understood: it is of another version than"
                 " platen-webhook; restart platend");
        return -1;
    }
    return 0;
}

int
main(int argc, char **argv)
{
    static loop_t    l;
    struct sigaction action = { .sa_handler = on_signal };
    char             err[1024] = "out of memory";
    int              rc;

    (void) argv;
    if (argc != 1 || isatty(STDIN_FILENO)) {
        fputs(
            "Usage: platen-webhook\n"
            "It is started by platend, for its webhooks, and reads its settings from there.\n",
            stderr);
        return EXIT_USAGE;
    }
    (void) sigaction(SIGTERM, &action, NULL);
    (void) sigaction(SIGINT, &action, NULL);
    (void) signal(SIGPIPE, SIG_IGN);
    (void) signal(SIGHUP, SIG_IGN);

    rc = read_settings(&l.settings, err, sizeof(err));
    if (rc != 0) {
        return rc > 0 ? EXIT_STOPPED : refuse("no webhooks", err, EXIT_USAGE);
    }
    platen_log_set_level((platen_log_level_t) l.settings.log_level);
    if (set_up(&l, err, sizeof(err)) != 0) {
        return refuse("no webhooks", err, EXIT_FAILED);
    }
    rc = wait_for_lock(&l, err, sizeof(err));
    if (rc != 0) {
        return rc > 0 ? EXIT_STOPPED : refuse("no webhooks", err, EXIT_FAILED);
    }

    platen_log(PLATEN_LOG_INFO, "webhooks are delivered",
               json_pack("{s:i, s:b, s:i}", "pid", (int) getpid(), "signed",
                         l.shared.secrets.n > 0, "connections", (int) l.settings.connections));
    /* The store and its lock go with the process: see tear_down() in platend.c. */
    return run(&l);
}
