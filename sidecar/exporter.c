/*
 * The process that sends traces; see exporter.h.  Its standard input is one end of a pair of
 * sockets, by whose end each side learns that the other has gone; spans come by another one,
 * both ends of which are open here: what waits in it when the process is killed, the next one
 * reads.  Whoever makes spans never waits for room there.
 */

#include "exporter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper.h"
#include "log.h"
#include "metrics.h"
#include "trace.h"

#define BACKOFF_MIN 1000
#define BACKOFF_MAX 60000
#define WELL_AFTER 60000    /* milliseconds after which it has not ended at its start */
#define ROOM (1024 * 1024)  /* bytes that wait in the socket; the kernel may grant less */
#define ABOVE 10            /* descriptors that no child needs under a number of its own */
#define ENVIRONMENT_MAX 512 /* variables */

struct platen_exporter_s {
    const platen_config_t *config;
    int                    on;
    int                    spans; /* the reading end */
    int                    counts;
    int                    fd;       /* -1: it does not run */
    int                    renewing; /* it is to end, and the next one to begin */
    uint64_t               started;  /* these: CLOCK_BOOTTIME milliseconds */
    uint64_t               start_at;
    uint64_t               backoff; /* milliseconds */
    platen_trace_counts_t  told;    /* to the metrics */
    char                  *environment[ENVIRONMENT_MAX + 1];
    unsigned               n;
};

/* Nothing and "" are the same, as the specification says. */
static const char *
given(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || *value == '\0' ? NULL : value;
}

static int
refuse(const char *name, const char *value)
{
    platen_log(PLATEN_LOG_ERROR, "no traces: the environment asks for what Platen has not",
               json_pack("{s:s, s:s}", "variable", name, "value", value));
    return 0;
}

/* Whether traces are to be sent. */
static int
wanted(const platen_config_t *config)
{
    const char *exporter = given("OTEL_TRACES_EXPORTER");
    const char *disabled = given("OTEL_SDK_DISABLED");
    const char *protocol = given("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL");
    int         there = *config->traces_endpoint != '\0'
                || given("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != NULL
                || given("OTEL_EXPORTER_OTLP_ENDPOINT") != NULL;

    if (disabled != NULL && strcasecmp(disabled, "true") == 0) {
        return 0;
    }
    if (exporter != NULL && strcmp(exporter, "none") == 0) {
        return 0;
    }
    if (exporter == NULL ? !there : strcmp(exporter, "otlp") != 0) {
        return exporter == NULL ? 0 : refuse("OTEL_TRACES_EXPORTER", exporter);
    }
    if (protocol == NULL) {
        protocol = given("OTEL_EXPORTER_OTLP_PROTOCOL");
    }
    /* Whoever takes protobuf over HTTP takes JSON at the same address. */
    if (protocol != NULL && strncmp(protocol, "http/", 5) != 0) {
        return refuse("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    }
    return 1;
}

static int
add(platen_exporter_t *x, const char *name, const char *value)
{
    char *both;

    if (x->n >= ENVIRONMENT_MAX || asprintf(&both, "%s=%s", name, value) < 0) {
        return -1;
    }
    x->environment[x->n++] = both;
    return 0;
}

/* The environment of that process; what is secret of it is no other child's. */
static int
take_environment(platen_exporter_t *x)
{
    static const char *const secret[] = { "OTEL_EXPORTER_OTLP_HEADERS",
                                          "OTEL_EXPORTER_OTLP_TRACES_HEADERS" };
    size_t                   i;

    for (i = 0; environ[i] != NULL && x->n < ENVIRONMENT_MAX - 2; i++) {
        x->environment[x->n] = strdup(environ[i]);
        if (x->environment[x->n] == NULL) {
            return -1;
        }
        x->n++;
    }
    for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++) {
        (void) unsetenv(secret[i]);
    }
    if (*x->config->traces_endpoint != '\0'
        && given("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == NULL
        && given("OTEL_EXPORTER_OTLP_ENDPOINT") == NULL
        && add(x, "OTEL_EXPORTER_OTLP_ENDPOINT", x->config->traces_endpoint) != 0) {
        return -1;
    }
    return *x->config->traces_service != '\0' && given("OTEL_SERVICE_NAME") == NULL
               ? add(x, "OTEL_SERVICE_NAME", x->config->traces_service)
               : 0;
}

/* The same above the numbers that children have for their own. */
static int
raise_fd(int fd)
{
    int higher = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, ABOVE), error = errno;

    if (fd >= 0) {
        close(fd);
    }
    errno = error;
    return higher;
}

static int
open_all(platen_exporter_t *x)
{
    int fds[2], room = ROOM, writer;

    x->counts = raise_fd(memfd_create("platen-traces", MFD_CLOEXEC));
    if (x->counts < 0 || ftruncate(x->counts, sizeof(platen_trace_counts_t)) != 0
        || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0) {
        return -1;
    }
    (void) setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    x->spans = raise_fd(fds[0]);
    writer = raise_fd(fds[1]);
    return x->spans < 0 || writer < 0 ? -1 : platen_trace_open(writer, x->counts);
}

platen_exporter_t *
platen_exporter_new(const platen_config_t *config)
{
    platen_exporter_t *x = calloc(1, sizeof(*x));

    if (x == NULL) {
        return NULL;
    }
    x->config = config;
    x->fd = x->spans = x->counts = -1;
    x->backoff = BACKOFF_MIN;
    x->on = wanted(config);
    if (take_environment(x) != 0 || (x->on && open_all(x) != 0)) {
        platen_exporter_destroy(&x);
    }
    return x;
}

void
platen_exporter_destroy(platen_exporter_t **exporter)
{
    platen_exporter_t *x = *exporter;
    int                error = errno;

    if (x != NULL) {
        if (x->fd >= 0) {
            close(x->fd);
        }
        while (x->n > 0) {
            free(x->environment[--x->n]);
        }
        free(x);
    }
    *exporter = NULL;
    errno = error;
}

static void
later(platen_exporter_t *x, uint64_t now)
{
    x->start_at = now + x->backoff;
    x->backoff = x->backoff * 2 > BACKOFF_MAX ? BACKOFF_MAX : x->backoff * 2;
}

static void
start(platen_exporter_t *x, uint64_t now)
{
    const int more[PLATEN_HELPER_MORE] = { x->spans, x->counts };
    int       fds[2], rc;

    rc = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0 ? errno
                                                                                      : 0;
    if (rc == 0) {
        rc = platen_helper_spawn(x->config->libexec_path, "platen-otlp", fds[1], more,
                                 x->environment);
        close(fds[1]);
        if (rc == 0) {
            x->fd = fds[0];
            x->started = now;
            return;
        }
        close(fds[0]);
    }
    platen_log(
        PLATEN_LOG_ERROR, "no traces: their process cannot be started",
        json_pack("{s:s, s:s}", "error", strerror(rc), "libexec", x->config->libexec_path));
    later(x, now);
}

static void
count_one(const uint64_t *of, uint64_t *told, const char *result)
{
    uint64_t now = __atomic_load_n(of, __ATOMIC_RELAXED);

    platen_metric_add(PLATEN_METRIC_SPANS, now - *told, result, NULL, NULL);
    *told = now;
}

/* What all processes have counted since the last time. */
static void
count(platen_exporter_t *x)
{
    const platen_trace_counts_t *all = platen_trace_counts();

    count_one(&all->exported, &x->told.exported, "exported");
    count_one(&all->rejected, &x->told.rejected, "rejected");
    count_one(&all->unsent, &x->told.unsent, "dropped");
    count_one(&all->given_up, &x->told.given_up, "dropped");
}

void
platen_exporter_tick(platen_exporter_t *x)
{
    uint64_t now = platen_boottime_ms();
    char     byte;
    ssize_t  n;

    if (!x->on) {
        return;
    }
    count(x);
    if (x->fd >= 0) {
        n = recv(x->fd, &byte, 1, MSG_DONTWAIT);
        if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))) {
            return;
        }
        close(x->fd);
        x->fd = -1;
        if (x->renewing) {
            x->renewing = 0;
            start(x, now);
            return;
        }
        if (now - x->started >= WELL_AFTER) {
            x->backoff = BACKOFF_MIN;
        }
        platen_log(PLATEN_LOG_ERROR, "the process of traces has ended, and is started again",
                   json_pack("{s:I}", "in_ms", (json_int_t) x->backoff));
        later(x, now);
    }
    if (now >= x->start_at) {
        start(x, now);
    }
}

void
platen_exporter_renew(platen_exporter_t *x)
{
    /* At which it ends; the next one is not to take what it has in hand for lost. */
    if (x->fd >= 0 && shutdown(x->fd, SHUT_WR) == 0) {
        x->renewing = 1;
    }
}
