/*
 * The service; see serve.h.
 *
 * One event loop (zloop): hints from the intake, signals, timers, and what its crew of
 * threads has done: whatever waits for a disk or the store's lock is done there
 * (crew.h).  Conversions are child processes.  Everything that matters is in the
 * store; this process may be killed at any instant and started again.
 */

#include "serve.h"

#include <czmq.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include "backup/backups.h"
#include "compare.h"
#include "condition.h"
#include "config.h"
#include "sandbox/confine.h"
#include "base/crash.h"
#include "crew.h"
#include "engine/engine.h"
#include "bus/intake.h"
#include "exporter.h"
#include "disk/layout.h"
#include "metrics.h"
#include "metrics_page.h"
#include "bus/publisher.h"
#include "daemon.h"
#include "schedule/reaper.h"
#include "schedule/scheduler.h"
#include "store/seal.h"
#include "supervisor.h"
#include "webhook/webhooks.h"

#define TICK_MS 200     /* wall-clock limits are kept to this */
#define SECOND_MS 1000  /* what no hint has told is found within this */
#define LEASES_S 5      /* seconds between two looks at leases */
#define LAST_WORDS 5000 /* milliseconds for killed children to be reaped */
#define BESIDE 3        /* threads beside those of runs and batches: the canary, what sweeps */

typedef struct {
    const char            *file; /* of the configuration */
    const platen_config_t *config;
    platen_store_t        *store;
    platen_confine_t      *confine;
    platen_engines_t      *engines;
    platen_crew_t         *crew;
    platen_scheduler_t    *scheduler;
    platen_reaper_t       *reaper;
    platen_intake_t       *intake;
    platen_publisher_t    *publisher;
    platen_backups_t      *backups;
    platen_webhooks_t     *webhooks;
    platen_exporter_t     *exporter;
    platen_condition_t    *condition;
    platen_compare_t      *compare;
    platen_metrics_page_t *metrics;
    zloop_t               *loop;
    int                    signals;
    int                    stopping;
    int                    tried;     /* the ends that the store did not take, at the stop */
    int                    more;      /* of the reaper's round */
    int                    returning; /* jobs are, whose lease has run out */
    platen_work_t          reaping;
    platen_work_t          leases;
    unsigned               seconds; /* since the start */
    uint64_t               turn_us; /* the longest turn of the loop, and what it did */
    const char            *turn;
    uint64_t converted_at; /* the last canary that was, microseconds since the Unix epoch */
    uint64_t kill_at;      /* CLOCK_BOOTTIME milliseconds; 0: done */
    uint64_t leave_at;
} platend_t;

/* When nothing else of the loop was done: kills and hints have waited for as long. */
static void
note_turn(platend_t *d, const char *turn, uint64_t start)
{
    uint64_t took = platen_monotonic_us() - start;

    platen_metric_time(PLATEN_METRIC_TURN, took, turn);
    if (took > d->turn_us) {
        d->turn_us = took;
        d->turn = turn;
        platen_metric_set(PLATEN_METRIC_LONGEST_TURN, took);
    }
}

/* A handler of the loop, measured. */
#define TURN(name, type, text)                                                                 \
    static int name##_turn(zloop_t *loop, type what, void *arg);                               \
                                                                                               \
    static int on_##name(zloop_t *loop, type what, void *arg)                                  \
    {                                                                                          \
        uint64_t start = platen_monotonic_us();                                                \
        int      rc;                                                                           \
                                                                                               \
        rc = name##_turn(loop, what, arg);                                                     \
        note_turn(arg, text, start);                                                           \
        return rc;                                                                             \
    }

TURN(wake, int, "scan")
TURN(intake, zsock_t *, "hints")
TURN(office, zmq_pollitem_t *, "LibreOffice")
TURN(crew, zmq_pollitem_t *, "crew")
TURN(signal, zmq_pollitem_t *, "signals")
TURN(tick, int, "limits")
TURN(second, int, "second")
TURN(reaper_slice, int, "reaper")

/* Tells those who are told, if anything has changed. */
static void
publish(platend_t *d)
{
    if (platen_publisher_send(d->publisher)) {
        platen_webhooks_wake(d->webhooks);
    }
}

static int
wake_turn(zloop_t *loop, int timer, void *arg)
{
    platend_t *d = arg;

    (void) timer;
    (void) loop;
    platen_scheduler_scan(d->scheduler);
    return 0;
}

/* Tells what has changed by now, and claims what can be claimed. */
static void
scan(platend_t *d)
{
    publish(d);
    platen_scheduler_scan(d->scheduler);
}

static void
on_hint(void *data, const platen_hint_t *hint)
{
    platend_t *d = data;

    platen_metric_add(PLATEN_METRIC_HINTS, 1, NULL, NULL, NULL);
    if (hint->kind == PLATEN_HINT_SUBMITTED) {
        scan(d);
    } else {
        /* Of all that runs: what is gone may be a batch, and then its files go, too. */
        platen_scheduler_check(d->scheduler);
        scan(d);
    }
}

/* Of one worker or another of nginx, now and then. */
static void
on_uses(void *data, const platen_uses_t *nginx)
{
    platend_t *d = data;

    platen_compare_hear(d->compare, nginx);
}

/* Something of a job is committed. */
static void
on_change(void *data)
{
    platend_t *d = data;

    publish(d);
}

static int
intake_turn(zloop_t *loop, zsock_t *socket, void *arg)
{
    platend_t *d = arg;

    (void) loop;
    (void) socket;
    platen_intake_read(d->intake);
    return 0;
}

/* News of the warm LibreOffice. */
static int
office_turn(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    platend_t *d = arg;

    (void) loop;
    (void) item;
    platen_scheduler_read(d->scheduler);
    scan(d);
    return 0;
}

/* What the crew has done. */
static int
crew_turn(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    platend_t *d = arg;

    (void) loop;
    (void) item;
    platen_crew_read(d->crew);
    if (platen_scheduler_again(d->scheduler)) {
        scan(d);
    }
    return 0;
}

static void
kill_running(platend_t *d)
{
    d->kill_at = 0;
    if (d->leave_at == 0) {
        d->leave_at = platen_boottime_ms() + LAST_WORDS;
    }
    platen_scheduler_interrupt(d->scheduler);
}

static void
stop(platend_t *d, uint32_t signo)
{
    if (d->stopping) {
        kill_running(d);
        return;
    }
    d->stopping = 1;
    platen_supervisor_tell("STOPPING=1");
    d->kill_at = platen_boottime_ms() + d->config->grace * 1000;
    platen_scheduler_stop(d->scheduler);
    platen_log(PLATEN_LOG_INFO, "stopping",
               json_pack("{s:s, s:i, s:i}", "signal", strsignal((int) signo), "running",
                         (int) platen_scheduler_running(d->scheduler), "grace",
                         (int) d->config->grace));
}

static int
signal_turn(zloop_t *loop, zmq_pollitem_t *item, void *arg)
{
    struct signalfd_siginfo info;
    platend_t              *d = arg;

    (void) loop;
    while (read(item->fd, &info, sizeof(info)) == sizeof(info)) {
        switch (info.ssi_signo) {
        case SIGCHLD:
            platen_scheduler_reap(d->scheduler);
            scan(d);
            break;
        case SIGHUP:
            platen_log(PLATEN_LOG_INFO, "SIGHUP ignored: restart to read the configuration",
                       NULL);
            break;
        default:
            stop(d, info.ssi_signo);
            break;
        }
    }
    return 0;
}

static int
tick_turn(zloop_t *loop, int timer, void *arg)
{
    platend_t *d = arg;
    uint64_t   now = platen_boottime_ms();

    (void) loop;
    (void) timer;
    if (platen_scheduler_tick(d->scheduler)) {
        scan(d);
    }
    if (!d->stopping) {
        return 0;
    }

    if (!platen_scheduler_busy(d->scheduler)) {
        if (d->tried || !platen_scheduler_keeps(d->scheduler)) {
            return -1;
        }
        d->tried = 1;
        platen_scheduler_retry(d->scheduler);
    }
    if (d->kill_at != 0 && now >= d->kill_at) {
        kill_running(d);
    }
    return d->leave_at != 0 && now >= d->leave_at ? -1 : 0;
}

static int
holds(const void *data, const platen_id_t *id, uint32_t epoch)
{
    return platen_scheduler_holds(data, id, epoch);
}

/* The same for GET /metrics. */
static void
count_condition(platend_t *d, const char *bad)
{
    const platen_canary_record_t *canary = platen_scheduler_canary(d->scheduler);
    uint64_t                      now = platen_now_us();

    platen_metric_set(PLATEN_METRIC_DISORDER, *bad != '\0');
    platen_metric_set(PLATEN_METRIC_BUSY, platen_scheduler_running(d->scheduler));
    platen_metric_set(PLATEN_METRIC_OFFICE, (uint64_t) platen_scheduler_is_warm(d->scheduler));
    if (canary->ok) {
        d->converted_at = canary->at;
    }
    if (d->converted_at != 0) {
        platen_metric_set(PLATEN_METRIC_CANARY,
                          now > d->converted_at ? now - d->converted_at : 0);
    }
}

/* What is out of order here, for GET /health/ready. */
static void
say_condition(platend_t *d)
{
    const char *bad = platen_scheduler_condition(d->scheduler);

    count_condition(d, bad);
    platen_condition_say(d->condition, 1, bad);
    platen_condition_say(d->condition, 0, platen_scheduler_note(d->scheduler));
    platen_compare_say(d->compare, d->condition);
    platen_condition_canary(d->condition, platen_scheduler_canary(d->scheduler));
    platen_scheduler_expect(d->scheduler, !platen_compare_elsewhere(d->compare));
}

static void
leases_run(void *arg)
{
    platend_t *d = arg;

    (void) platen_reaper_put_back(d->reaper);
}

static void
leases_done(void *arg)
{
    platend_t *d = arg;

    d->returning = 0;
    scan(d);
}

static void
look_at_leases(platend_t *d)
{
    if (!d->returning && platen_reaper_leases(d->reaper, holds, d->scheduler) > 0) {
        d->returning = 1;
        platen_crew_do(d->crew, PLATEN_CREW_STORE, &d->leases);
    }
}

static int
second_turn(zloop_t *loop, int timer, void *arg)
{
    platend_t *d = arg;

    (void) loop;
    (void) timer;
    platen_scheduler_second(d->scheduler);
    say_condition(d);
    platen_condition_write(d->condition);
    platen_metrics_page_tick(d->metrics, d->crew);
    platen_scheduler_retry(d->scheduler);
    platen_scheduler_check(d->scheduler);
    if (++d->seconds % LEASES_S == 0) {
        look_at_leases(d);
    }
    if (!d->stopping) {
        platen_backups_tick(d->backups);
        if (platen_log_look()) {
            platen_webhooks_renew(d->webhooks); /* they write into the earlier file */
            platen_exporter_renew(d->exporter);
        }
        platen_webhooks_tick(d->webhooks);
        platen_exporter_tick(d->exporter);
    }
    scan(d);
    platen_supervisor_tick();
    /* Nothing can be written or read here any more; the next start can. */
    return platen_store_failed(d->store) ? -1 : 0;
}

/* A slice of the reaper's round begins. */
static int
reaper_slice_turn(zloop_t *loop, int timer, void *arg)
{
    platend_t *d = arg;

    (void) loop;
    (void) timer;
    platen_crew_do(d->crew, PLATEN_CREW_DISK, &d->reaping);
    return 0;
}

static void
reaping_run(void *arg)
{
    platend_t *d = arg;

    d->more = platen_reaper_slice(d->reaper);
}

static void
reaping_done(void *arg)
{
    platend_t *d = arg;

    publish(d);
    if (d->more) {
        platen_crew_do(d->crew, PLATEN_CREW_DISK, &d->reaping);
    } else if (zloop_timer(d->loop, d->config->reaper_interval * 1000, 1, on_reaper_slice, d)
               < 0) {
        platen_log(PLATEN_LOG_ERROR, "no memory for a timer: the reaper stops", NULL);
    }
}

/* Tells the web server what this machine can convert. */
static int
write_matrix(platend_t *d, char *err, size_t errlen)
{
    platen_txn_t txn;
    platen_str_t old;
    size_t       len = 0;
    char        *text;
    int          rc;

    text = platen_matrix_text(platen_engines_matrix(d->engines), &len);
    if (text == NULL) {
        snprintf(err, errlen, "out of memory");
        return -1;
    }

    rc = platen_txn_write(d->store, &txn);
    if (rc == PLATEN_OK) {
        rc = platen_store_meta_get(&txn, PLATEN_MATRIX_META, &old);
        if (rc == PLATEN_OK && platen_str_eq(old, (platen_str_t){ text, len })) {
            platen_txn_abort(&txn);
        } else {
            rc = platen_store_meta_put(&txn, PLATEN_MATRIX_META, (platen_str_t){ text, len });
            if (rc == PLATEN_OK) {
                rc = platen_txn_commit(&txn);
            }
            platen_txn_abort(&txn);
        }
    }
    if (rc != PLATEN_OK) {
        snprintf(err, errlen, "cannot write the conversion matrix: %s", platen_strerror(rc));
    }
    free(text);
    return rc == PLATEN_OK ? 0 : -1;
}

/* All that serves, in the order in which it depends on each other. */
static int
build(platend_t *d, int *requeued, char *err, size_t errlen)
{
    snprintf(err, errlen, "out of memory");

    if (platen_layout_prepare(d->config->data_path) != 0) {
        snprintf(err, errlen, "cannot prepare %s: %s", d->config->data_path, strerror(errno));
        return -1;
    }
    if (platen_store_open(&d->store, d->config->store_path, (size_t) d->config->map_size, err,
                          errlen)
        != PLATEN_OK) {
        return -1;
    }
    if (platen_store_key(d->store) != PLATEN_OK) {
        snprintf(err, errlen, "cannot read or make %s/" PLATEN_SEAL_FILE ": %s",
                 d->config->store_path, strerror(errno));
        return -1;
    }

    d->metrics = platen_metrics_page_new(d->config);
    d->exporter = platen_exporter_new(d->config);
    if (d->exporter == NULL) {
        snprintf(err, errlen, "cannot prepare traces: %s", strerror(errno));
        return -1;
    }
    d->backups = platen_backups_new(d->config, d->file);
    d->webhooks = platen_webhooks_new(d->config, d->store);
    d->reaper = platen_reaper_new(d->config, d->store);
    if (d->backups == NULL || d->webhooks == NULL || d->reaper == NULL) {
        return -1;
    }
    d->compare = platen_compare_new(d->config, d->store, err, errlen);
    if (d->compare == NULL) {
        return -1;
    }
    *requeued = platen_reaper_recover(d->reaper, err, errlen);
    if (*requeued < 0) {
        return -1;
    }

    d->confine = platen_confine_new(d->config, err, errlen);
    if (d->confine == NULL) {
        return -1;
    }
    d->engines = platen_engines_new(d->config);
    if (d->engines == NULL || write_matrix(d, err, errlen) != 0) {
        return -1;
    }
    /* After all that is forked to be tried: see crew.c. */
    d->crew = platen_crew_new(
        (unsigned) (2 * d->config->workers + d->config->spare + d->config->standby + BESIDE));
    if (d->crew == NULL) {
        snprintf(err, errlen, "cannot make threads: %s", strerror(errno));
        return -1;
    }
    d->condition = platen_condition_new(d->store, d->crew);
    if (d->condition == NULL || d->metrics == NULL) {
        snprintf(err, errlen, "out of memory");
        return -1;
    }
    d->reaping = (platen_work_t){ .run = reaping_run, .done = reaping_done, .data = d };
    d->leases = (platen_work_t){ .run = leases_run, .done = leases_done, .data = d };
    d->scheduler = platen_scheduler_new(d->config, d->store, d->engines, d->confine, d->crew);
    if (d->scheduler == NULL || platen_scheduler_warm(d->scheduler, err, errlen) != 0) {
        return -1;
    }

    d->publisher = platen_publisher_new(d->config, d->store, err, errlen);
    if (d->publisher == NULL) {
        return -1;
    }
    platen_scheduler_tell(d->scheduler, on_change, d);
    d->intake = platen_intake_new(d->config, on_hint, d, err, errlen);
    if (d->intake == NULL) {
        return -1;
    }
    platen_intake_tell(d->intake, on_uses);
    platen_compare_publish(d->compare);
    return 0;
}

static int
watch(platend_t *d)
{
    zmq_pollitem_t signals = { .fd = d->signals, .events = ZMQ_POLLIN };
    zmq_pollitem_t office = { .fd = platen_scheduler_fd(d->scheduler), .events = ZMQ_POLLIN };
    zmq_pollitem_t crew = { .fd = platen_crew_fd(d->crew), .events = ZMQ_POLLIN };

    d->loop = zloop_new();
    if (d->loop == NULL) {
        return -1;
    }
    zloop_set_nonstop(d->loop, true);
    return zloop_reader(d->loop, platen_intake_socket(d->intake), on_intake, d) != 0
                   || zloop_poller(d->loop, &signals, on_signal, d) != 0
                   || zloop_poller(d->loop, &crew, on_crew, d) != 0
                   || (office.fd >= 0 && zloop_poller(d->loop, &office, on_office, d) != 0)
                   || zloop_timer(d->loop, TICK_MS, 0, on_tick, d) < 0
                   || zloop_timer(d->loop, SECOND_MS, 0, on_second, d) < 0
                   || zloop_timer(d->loop, 1, 1, on_reaper_slice, d) < 0
                   || zloop_timer(d->loop, 1, 1, on_wake, d) < 0
               ? -1
               : 0;
}

/*
 * The store is left to the end of the process: LMDB 0.9.27 to 0.9.31 break the
 * writers' lock of the other processes when one closes it.
 */
static void
tear_down(platend_t *d)
{
    if (d->crew != NULL) {
        platen_crew_stop(d->crew);
    }
    zloop_destroy(&d->loop);
    platen_intake_destroy(&d->intake);
    platen_publisher_destroy(&d->publisher);
    platen_scheduler_destroy(&d->scheduler);
    platen_crew_destroy(&d->crew);
    if (d->engines != NULL) {
        platen_engines_destroy(&d->engines);
    }
    platen_confine_destroy(&d->confine);
    platen_reaper_destroy(&d->reaper);
    platen_backups_destroy(&d->backups);
    platen_webhooks_destroy(&d->webhooks);
    platen_exporter_destroy(&d->exporter);
    platen_metrics_page_destroy(&d->metrics);
    platen_condition_destroy(&d->condition);
    platen_compare_destroy(&d->compare);
    if (d->signals >= 0) {
        close(d->signals);
    }
}

static void
log_ready(const platend_t *d, int requeued)
{
    json_t *engines = json_array();
    size_t  i;

    for (i = 0; i < platen_engines_count(d->engines); i++) {
        json_array_append_new(engines, json_string(platen_engines_name(d->engines, i)));
    }
    platen_log(PLATEN_LOG_INFO, "ready",
               json_pack("{s:s, s:i, s:i, s:o, s:i, s:s}", "version", PLATEN_VERSION, "pid",
                         (int) getpid(), "workers", (int) d->config->workers, "engines",
                         engines, "requeued", requeued, "endpoint", d->config->queue_endpoint));
}

int
platen_refuse(const char *msg, const char *err, int code)
{
    platen_log(PLATEN_LOG_ERROR, msg, json_pack("{s:s}", "error", err));
    return code;
}

/* As whoever starts us, and for the user that we become. */
static int
open_log(const platen_config_t *config, char *err, size_t errlen)
{
    const struct passwd *user =
        geteuid() == 0 && *config->user != '\0' ? getpwnam(config->user) : NULL;

    if (*config->log_file == '\0'
        || platen_log_file(config->log_file, user == NULL ? (gid_t) -1 : user->pw_gid) == 0) {
        return 0;
    }
    snprintf(err, errlen, "log/file: %s: %s", config->log_file, strerror(errno));
    return -1;
}

static int
serve(platend_t *d)
{
    char  err[1024];
    pid_t holder;
    int   rc, requeued = 0;

    platen_log_set_level((platen_log_level_t) d->config->log_level);
    if (platen_crash_init() != 0) {
        return platen_refuse("cannot start", "PLATEN_CRASH_POINT names no crash point",
                             PLATEN_SERVE_USAGE);
    }

    /* Before ZeroMQ has threads, which inherit the mask. */
    d->signals = platen_process_signals();
    if (d->signals < 0) {
        return platen_refuse("cannot start", strerror(errno), PLATEN_SERVE_FAILED);
    }
    platen_supervisor_open();
    if (open_log(d->config, err, sizeof(err)) != 0
        || platen_process_become(d->config, err, sizeof(err)) != 0) {
        return platen_refuse("cannot start", err, PLATEN_SERVE_FAILED);
    }
    platen_log(PLATEN_LOG_INFO, "configuration loaded",
               json_pack("{s:b, s:s}", "audit", 1, "file", d->file));
    platen_config_warn(d->config);
    /* What an engine leaves behind comes to us, to be waited for. */
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
        return platen_refuse("cannot start", strerror(errno), PLATEN_SERVE_FAILED);
    }

    rc = platen_process_lock(d->config, &holder, err, sizeof(err));
    if (rc > 0) {
        platen_log(
            PLATEN_LOG_ERROR, "another sidecar has this store",
            json_pack("{s:s, s:i}", "store", d->config->store_path, "pid", (int) holder));
        return PLATEN_SERVE_LOCKED;
    }
    if (rc < 0 || build(d, &requeued, err, sizeof(err)) != 0) {
        return platen_refuse("cannot start", err, PLATEN_SERVE_FAILED);
    }
    if (watch(d) != 0) {
        return platen_refuse("cannot start", "the event loop took no more handlers",
                             PLATEN_SERVE_FAILED);
    }

    say_condition(d);
    platen_condition_write_now(d->condition);
    log_ready(d, requeued);
    platen_supervisor_tell("READY=1");
    platen_webhooks_tick(d->webhooks);
    platen_exporter_tick(d->exporter);
    rc = zloop_start(d->loop);
    if (!d->stopping && platen_store_failed(d->store)) {
        return platen_refuse(
            "the store cannot be used any more",
            "its disk failed a write; what was committed is there: start platend again",
            PLATEN_SERVE_FAILED);
    }
    if (!d->stopping) {
        return platen_refuse("the event loop ended", strerror(errno), PLATEN_SERVE_FAILED);
    }
    platen_log(
        PLATEN_LOG_INFO, "stopped",
        json_pack("{s:I, s:s*}", "longest_turn_us", (json_int_t) d->turn_us, "turn", d->turn));
    return PLATEN_SERVE_STOPPED;
}

int
platen_serve(const platen_config_t *config, const char *file)
{
    static platend_t d = { .signals = -1 };
    int              rc;

    d.config = config;
    d.file = file;
    rc = serve(&d);
    tear_down(&d);
    return rc;
}
