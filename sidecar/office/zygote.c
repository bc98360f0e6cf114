/*
 * The zygote's owner; see office/zygote.h.  Used by the loop's thread alone,
 * which never waits for platen-lok except when it is already dying.
 *
 * A zygote that dies takes its children along (PR_SET_PDEATHSIG), but after its
 * socket has said so: they are killed and waited for before anyone hears of it,
 * so that none of them writes into a directory that has another run by then.
 * That works because platend is the subreaper of what they leave behind.
 */

#include "office/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/child_setup.h"
#include "disk/layout.h"
#include "log.h"
#include "metrics.h"

#define RUNS_MAX (2 * PLATEN_WORKERS_MAX)
#define WARM_LIMIT 60000     /* milliseconds to get ready in */
#define BACKOFF_MAX 30000    /* milliseconds between two attempts to start */
#define BROKEN_AFTER 3       /* attempts in a row, of one that was ready before */
#define GROWTH (64ULL << 20) /* bytes that it may grow by */
#define KILL_LIMIT 10000     /* milliseconds for a killed run to end in */
#define LOOK_EVERY 10000     /* milliseconds between two looks at what may have changed */

/* One platen-lok. */
typedef struct {
    pid_t           pid; /* 0: none */
    int             fd;
    int             ready;
    unsigned        runs;
    uint64_t        documents;
    uint64_t        started_ms;
    uint64_t        memory; /* bytes, private, when it was ready */
    struct timespec installed;
} office_t;

typedef struct {
    uint32_t  tag;
    pid_t     pid;       /* 0 until STARTED */
    uint64_t  killed_ms; /* CLOCK_BOOTTIME, 0: it was not */
    office_t *office;    /* NULL: free */
} run_t;

struct platen_zygote_s {
    const platen_config_t   *config;
    unsigned                 required;
    platen_zygote_ended_t   *ended;
    platen_zygote_changed_t *changed;
    void                    *data;

    int       poll;
    office_t  offices[2];
    office_t *serving;  /* NULL: none is ready */
    int       warmed;   /* one was ready, once */
    unsigned  failures; /* starts in a row that did not get ready */
    uint64_t  start_at; /* CLOCK_BOOTTIME milliseconds, 0: no start is due */
    uint64_t  look_at;
    char      reason[256];
    run_t     runs[RUNS_MAX];
};

platen_zygote_t *
platen_zygote_new(const platen_config_t *config, unsigned required,
                  platen_zygote_ended_t *ended, platen_zygote_changed_t *changed, void *data)
{
    platen_zygote_t *z;

    z = calloc(1, sizeof(*z));
    if (z == NULL) {
        return NULL;
    }
    z->config = config;
    z->required = required;
    z->ended = ended;
    z->changed = changed;
    z->data = data;
    z->poll = epoll_create1(EPOLL_CLOEXEC);
    if (z->poll < 0) {
        free(z);
        return NULL;
    }
    return z;
}

static void
office_paths(const platen_zygote_t *z, const office_t *o, char state[PLATEN_PATH_MAX],
             char log[PLATEN_PATH_MAX])
{
    snprintf(state, PLATEN_PATH_MAX, "%.*s/runs/lok-%u", PLATEN_ROOT_MAX, z->config->data_path,
             (unsigned) (o - z->offices));
    snprintf(log, PLATEN_PATH_MAX, "%.*s/runs/lok-%u.log", PLATEN_ROOT_MAX,
             z->config->data_path, (unsigned) (o - z->offices));
}

/* In the child: becomes platen-lok, or ends. */
static _Noreturn void
become(const platen_zygote_t *z, const office_t *o, int socket)
{
    static const char *const names[] = { "auto", "on", "off" }; /* platen_populate_t */
    char  state[PLATEN_PATH_MAX], log[PLATEN_PATH_MAX], layers[16], ahead[24], populate[8];
    char  program[2 * PLATEN_PATH_MAX];
    char *argv[] = { program, "-i",     z->config->lok_program,
                     "-s",    state,    "-r",
                     layers,  "-a",     ahead,
                     "-p",    populate, NULL };
    char *envp[] = { "PATH=/nonexistent", "LANG=C.UTF-8", NULL };
    int   in, out;

    office_paths(z, o, state, log);
    snprintf(program, sizeof(program), "%s/platen-lok", z->config->libexec_path);
    snprintf(layers, sizeof(layers), "0x%x", z->required);
    snprintf(ahead, sizeof(ahead), "%llu", (unsigned long long) z->config->lok_ahead);
    snprintf(populate, sizeof(populate), "%s", names[z->config->lok_populate]);

    in = open("/dev/null", O_RDONLY);
    out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (in < 0 || out < 0 || platen_fork_signals() != 0 || setpgid(0, 0) != 0 || dup2(in, 0) < 0
        || dup2(out, 1) < 0 || dup2(out, 2) < 0) {
        _exit(126);
    }
    if (socket == PLATEN_LOK_WIRE_FD ? fcntl(socket, F_SETFD, 0) != 0
                                     : dup2(socket, PLATEN_LOK_WIRE_FD) < 0) {
        _exit(126);
    }
    closefrom(PLATEN_LOK_WIRE_FD + 1);
    platen_fork_nice((int) z->config->nice);
    execve(program, argv, envp);
    dprintf(2, "%s: %s\n", program, strerror(errno));
    _exit(127);
}

static void
installation(const platen_zygote_t *z, struct timespec *changed)
{
    struct stat st;
    char        path[PLATEN_PATH_MAX];

    snprintf(path, sizeof(path), "%.*s/versionrc", PLATEN_ROOT_MAX, z->config->lok_program);
    *changed = (struct timespec){ 0, 0 };
    if (stat(path, &st) == 0) {
        *changed = st.st_mtim;
    }
}

/* Bytes that are this process's alone, as far as the kernel counts them cheaply. */
static uint64_t
private_memory(pid_t pid)
{
    unsigned long long size, resident, shared;
    char               path[64];
    FILE              *in;
    int                n;

    snprintf(path, sizeof(path), "/proc/%d/statm", (int) pid);
    in = fopen(path, "re");
    if (in == NULL) {
        return 0;
    }
    n = fscanf(in, "%llu %llu %llu", &size, &resident, &shared);
    fclose(in);
    return n == 3 && resident > shared ? (resident - shared) * (uint64_t) sysconf(_SC_PAGESIZE)
                                       : 0;
}

/* Starts one in a free place; 0, or -1 with errno. */
static int
start_office(platen_zygote_t *z)
{
    struct epoll_event event = { .events = EPOLLIN };
    office_t          *o = z->offices[0].pid == 0 ? &z->offices[0] : &z->offices[1];
    int                ends[2], saved;

    if (o->pid != 0) {
        errno = EBUSY;
        return -1;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
        return -1;
    }
    memset(o, 0, sizeof(*o));
    event.data.ptr = o;
    if (epoll_ctl(z->poll, EPOLL_CTL_ADD, ends[0], &event) != 0) {
        goto failed;
    }
    installation(z, &o->installed);
    o->pid = fork();
    if (o->pid == 0) {
        /* The child waits on its end. */
        (void) fcntl(ends[1], F_SETFL, 0);
        become(z, o, ends[1]);
    }
    if (o->pid < 0) {
        goto failed;
    }
    (void) setpgid(o->pid, o->pid);
    close(ends[1]);
    o->fd = ends[0];
    o->started_ms = platen_boottime_ms();
    return 0;

failed:
    saved = errno;
    close(ends[0]);
    close(ends[1]);
    o->pid = 0;
    errno = saved;
    return -1;
}

int
platen_zygote_start(platen_zygote_t *z, char *err, size_t errlen)
{
    if (start_office(z) != 0) {
        snprintf(err, errlen, "cannot start platen-lok: %s", strerror(errno));
        return -1;
    }
    return 0;
}

platen_zygote_state_t
platen_zygote_state(const platen_zygote_t *z)
{
    /* One that never was may never be: a LibreOffice that cannot be forked, say. */
    unsigned most = z->warmed ? BROKEN_AFTER : 1;

    return z->serving != NULL    ? PLATEN_ZYGOTE_READY
           : z->failures >= most ? PLATEN_ZYGOTE_BROKEN
                                 : PLATEN_ZYGOTE_WARMING;
}

const char *
platen_zygote_reason(const platen_zygote_t *z)
{
    return z->reason;
}

int
platen_zygote_owns(const platen_zygote_t *z, pid_t pid)
{
    size_t i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (z->runs[i].office != NULL && z->runs[i].pid == pid) {
            return 1;
        }
    }
    return z->offices[0].pid == pid || z->offices[1].pid == pid;
}

static run_t *
find_run(platen_zygote_t *z, const office_t *office, uint32_t tag)
{
    size_t i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (z->runs[i].office == office && (office == NULL || z->runs[i].tag == tag)) {
            return &z->runs[i];
        }
    }
    return NULL;
}

/* To be killed as a group one day: never everyone's, nor our own. */
static void
set_pid(run_t *run, uint32_t pid)
{
    if (pid > 1 && pid <= INT_MAX) {
        run->pid = (pid_t) pid;
    }
}

static int
tell(const office_t *o, const platen_lok_message_t *message)
{
    static uint8_t out[PLATEN_LOK_WIRE_MAX];
    size_t         len;
    ssize_t        n;

    len = platen_lok_wire_encode(message, out);
    if (len == 0) {
        errno = EMSGSIZE;
        return -1;
    }
    n = send(o->fd, out, len, MSG_NOSIGNAL);
    explicit_bzero(out, len); /* it may hold a password */
    return n == (ssize_t) len ? 0 : -1;
}

int
platen_zygote_convert(platen_zygote_t *z, platen_lok_message_t *message)
{
    run_t *run = find_run(z, NULL, 0);

    if (z->serving == NULL || run == NULL) {
        errno = EAGAIN;
        return -1;
    }
    message->kind = PLATEN_LOK_CONVERT;
    if (tell(z->serving, message) != 0) {
        return -1;
    }
    *run = (run_t){ .tag = message->tag, .office = z->serving };
    z->serving->runs++;
    z->serving->documents++;
    return 0;
}

void
platen_zygote_kill(platen_zygote_t *z, uint32_t tag)
{
    platen_lok_message_t message = { .kind = PLATEN_LOK_KILL, .tag = tag };
    size_t               i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (z->runs[i].office == NULL || z->runs[i].tag != tag) {
            continue;
        }
        if (z->runs[i].killed_ms == 0) {
            z->runs[i].killed_ms = platen_boottime_ms();
        }
        (void) tell(z->runs[i].office, &message);
    }
}

pid_t
platen_zygote_pid(const platen_zygote_t *z, uint32_t tag)
{
    size_t i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (z->runs[i].office != NULL && z->runs[i].tag == tag) {
            return z->runs[i].pid;
        }
    }
    return 0;
}

static void
end_run(platen_zygote_t *z, run_t *run, const platen_zygote_result_t *result)
{
    uint32_t tag = run->tag;

    run->office->runs--;
    run->office = NULL;
    run->pid = 0;
    z->ended(z->data, tag, result);
}

/* The last line that it wrote, for the log. */
static void
read_reason(platen_zygote_t *z, const office_t *o)
{
    char  state[PLATEN_PATH_MAX], path[PLATEN_PATH_MAX], line[sizeof(z->reason)];
    FILE *in;

    office_paths(z, o, state, path);
    in = fopen(path, "re");
    if (in == NULL) {
        return;
    }
    while (fgets(line, sizeof(line), in) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (*line != '\0') {
            memcpy(z->reason, line, sizeof(line));
        }
    }
    fclose(in);
}

/* What a dead one has said and nobody has read yet: which processes it leaves, and which not.
 */
static void
read_children(platen_zygote_t *z, const office_t *o)
{
    static uint8_t       in[PLATEN_LOK_WIRE_MAX];
    platen_lok_message_t message;
    run_t               *run;
    ssize_t              len;

    while ((len = recv(o->fd, in, sizeof(in), MSG_DONTWAIT)) > 0
           && platen_lok_wire_decode(in, (size_t) len, &message) == PLATEN_OK) {
        run = find_run(z, o, message.tag);
        if (run != NULL && message.kind == PLATEN_LOK_STARTED) {
            set_pid(run, message.pid);
        } else if (run != NULL && message.kind == PLATEN_LOK_EXITED) {
            run->pid = 0;
        }
    }
}

/* Buries one that has ended or has to: its children first, then who asked for them. */
static void
bury(platen_zygote_t *z, office_t *o)
{
    static const platen_zygote_result_t lost = { .end = PLATEN_ZYGOTE_LOST };
    int                                 wstatus = 0, was_ready = o->ready;
    uint64_t                            age = platen_boottime_ms() - o->started_ms;
    size_t                              i;

    (void) kill(-o->pid, SIGKILL);
    (void) waitpid(o->pid, &wstatus, 0);
    read_children(z, o);
    close(o->fd);
    for (i = 0; i < RUNS_MAX; i++) {
        if (z->runs[i].office == o && z->runs[i].pid != 0) {
            (void) kill(-z->runs[i].pid, SIGKILL);
            (void) waitpid(z->runs[i].pid, NULL, 0);
        }
    }

    *z->reason = '\0';
    read_reason(z, o);
    if (o == z->serving || !was_ready) {
        platen_metric_add(PLATEN_METRIC_OFFICE_STARTS, 1, was_ready ? "died" : "failed", NULL,
                          NULL);
        platen_log(PLATEN_LOG_ERROR,
                   was_ready ? "LibreOffice has died" : "LibreOffice does not get ready",
                   json_pack("{s:i, s:i, s:i, s:i, s:o}", "pid", (int) o->pid, "exit",
                             WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : -1, "signal",
                             WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : 0, "runs",
                             (int) o->runs, "said",
                             platen_log_text(z->reason, strlen(z->reason))));
        z->failures = was_ready && age > WARM_LIMIT ? 0 : z->failures + 1;
        z->start_at = platen_boottime_ms();
        if (z->failures > 1) {
            z->start_at += z->failures > 5 ? BACKOFF_MAX : 1000u << (z->failures - 1);
        }
    }
    if (o == z->serving) {
        z->serving = NULL;
    }
    o->pid = 0;

    for (i = 0; i < RUNS_MAX; i++) {
        if (z->runs[i].office == o) {
            end_run(z, &z->runs[i], &lost);
        }
    }
    z->changed(z->data);
}

/* One that nobody will ask again is told to go when its last run is over. */
static void
retire(platen_zygote_t *z, office_t *o)
{
    static const platen_lok_message_t stop = { .kind = PLATEN_LOK_STOP };

    if (o->pid != 0 && o->ready && o != z->serving && o->runs == 0 && tell(o, &stop) != 0) {
        bury(z, o);
    }
}

static void
get_ready(platen_zygote_t *z, office_t *o, const platen_lok_message_t *message)
{
    office_t *old = z->serving;

    o->ready = 1;
    z->warmed = 1;
    o->memory = private_memory(o->pid);
    z->serving = o;
    z->failures = 0;
    platen_metric_add(PLATEN_METRIC_OFFICE_STARTS, 1, old == NULL ? "warm" : "renewed", NULL,
                      NULL);
    platen_log(PLATEN_LOG_INFO, old == NULL ? "LibreOffice is warm" : "LibreOffice is renewed",
               json_pack("{s:i, s:o, s:i, s:i, s:i, s:b, s:i, s:i, s:i}", "pid", (int) o->pid,
                         "version",
                         platen_log_text(message->version.data, message->version.len),
                         "warm_ms", (int) message->warm_ms, "layers", (int) message->layers,
                         "memory", (int) o->memory, "populates", (int) message->populates,
                         "populated_pages", (int) message->populated_pages, "fault_ns",
                         (int) message->fault_ns, "bulk_ns", (int) message->bulk_ns));
    if (old != NULL) {
        retire(z, old);
    }
    z->changed(z->data);
}

static void
take(platen_zygote_t *z, office_t *o, const platen_lok_message_t *message)
{
    platen_zygote_result_t result = { .end = PLATEN_ZYGOTE_EXITED };
    run_t                 *run = find_run(z, o, message->tag);

    switch (message->kind) {
    case PLATEN_LOK_READY:
        get_ready(z, o, message);
        return;
    case PLATEN_LOK_STARTED:
        if (run != NULL) {
            set_pid(run, message->pid);
        }
        return;
    case PLATEN_LOK_REFUSED:
        result.end = PLATEN_ZYGOTE_REFUSED;
        result.error = (int) message->error;
        break;
    case PLATEN_LOK_EXITED:
        if (message->error != 0) {
            result.end = PLATEN_ZYGOTE_REFUSED;
            result.error = (int) message->error;
        }
        result.wait_status = (int) message->wait_status;
        result.max_rss = message->max_rss;
        break;
    default:
        return;
    }
    if (run != NULL) {
        end_run(z, run, &result);
        retire(z, o);
    }
}

static void
read_office(platen_zygote_t *z, office_t *o)
{
    static uint8_t       in[PLATEN_LOK_WIRE_MAX];
    platen_lok_message_t message;
    ssize_t              len;

    while (o->pid != 0) {
        len = recv(o->fd, in, sizeof(in), MSG_DONTWAIT);
        if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            return;
        }
        if (len <= 0 || platen_lok_wire_decode(in, (size_t) len, &message) != PLATEN_OK) {
            bury(z, o);
            return;
        }
        take(z, o, &message);
    }
}

int
platen_zygote_fd(const platen_zygote_t *z)
{
    return z->poll;
}

void
platen_zygote_read(platen_zygote_t *z)
{
    struct epoll_event events[2];
    int                n, i;

    n = epoll_wait(z->poll, events, 2, 0);
    for (i = 0; i < n; i++) {
        read_office(z, events[i].data.ptr);
    }
}

/* Why the one that serves should be replaced; NULL if it should not. */
static const char *
outlived(const platen_zygote_t *z, uint64_t now)
{
    const office_t *o = z->serving;
    struct timespec changed;

    installation(z, &changed);
    return o->documents >= z->config->lok_renew_after ? "it has served its documents"
           : now - o->started_ms >= z->config->lok_renew_hours * 3600000
               ? "it has served its time"
           : private_memory(o->pid) > o->memory + GROWTH ? "it has grown"
           : changed.tv_sec != o->installed.tv_sec || changed.tv_nsec != o->installed.tv_nsec
               ? "LibreOffice was changed"
               : NULL;
}

/* Those that do not get ready, or do not even kill what they were told to. */
static void
bury_stuck(platen_zygote_t *z, uint64_t now)
{
    size_t i;

    for (i = 0; i < 2; i++) {
        if (z->offices[i].pid != 0 && !z->offices[i].ready
            && now - z->offices[i].started_ms > WARM_LIMIT) {
            bury(z, &z->offices[i]);
        }
    }
    for (i = 0; i < RUNS_MAX; i++) {
        if (z->runs[i].office != NULL && z->runs[i].killed_ms != 0
            && now - z->runs[i].killed_ms > KILL_LIMIT) {
            bury(z, z->runs[i].office);
        }
    }
}

void
platen_zygote_tick(platen_zygote_t *z)
{
    uint64_t    now = platen_boottime_ms();
    const char *why;

    bury_stuck(z, now);
    if (z->start_at != 0 && now >= z->start_at) {
        z->start_at = 0;
        if (start_office(z) != 0) {
            z->start_at = now + BACKOFF_MAX;
            platen_log(PLATEN_LOG_ERROR, "cannot start LibreOffice",
                       json_pack("{s:s}", "error", strerror(errno)));
        }
        return;
    }

    if (z->serving == NULL || z->start_at != 0 || now < z->look_at
        || (z->offices[0].pid != 0 && z->offices[1].pid != 0)) {
        return;
    }
    z->look_at = now + LOOK_EVERY;
    why = outlived(z, now);
    if (why != NULL) {
        platen_log(PLATEN_LOG_INFO, "LibreOffice is to be renewed",
                   json_pack("{s:s, s:I, s:I}", "reason", why, "documents",
                             (json_int_t) z->serving->documents, "memory",
                             (json_int_t) private_memory(z->serving->pid)));
        z->start_at = now;
    }
}

void
platen_zygote_destroy(platen_zygote_t **zygote)
{
    platen_zygote_t *z = *zygote;
    size_t           i;

    if (z == NULL) {
        return;
    }
    for (i = 0; i < 2; i++) {
        if (z->offices[i].pid != 0) {
            (void) kill(-z->offices[i].pid, SIGKILL);
            (void) waitpid(z->offices[i].pid, NULL, 0);
            close(z->offices[i].fd);
        }
    }
    for (i = 0; i < RUNS_MAX; i++) {
        if (z->runs[i].office != NULL && z->runs[i].pid != 0) {
            (void) kill(-z->runs[i].pid, SIGKILL);
            (void) waitpid(z->runs[i].pid, NULL, 0);
        }
    }
    close(z->poll);
    free(z);
    *zygote = NULL;
}
