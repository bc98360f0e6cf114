/*
 * The zygote at work; see lok/serve.h.  One thread, which waits for
 * packets and for SIGCHLD and otherwise does nothing: it never reads a document
 * after the warm-up, and it waits for no child, but for one that learns while it is idle.
 *
 * A run is a child in a process group of its own.  With children forked ahead
 * (lok/populate.h) a request goes to one of them over its socket;
 * they are made only while there is a core for them and nothing else has happened
 * for a moment, because they cost the CPU time that they save.
 *
 * To take down the memory of a child takes the kernel as long as a tenth of a small
 * document's conversion.  Nobody waits for that: a child says on its socket that it is
 * done, is killed, and counts as ended when nothing of it can run (lok/leave.h).
 *
 * Whatever is wrong with the socket to platend, its end included, ends the
 * zygote, and the kernel kills the children with it.
 */

#include "lok/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lok/heap.h"
#include "lok/leave.h"
#include "lok/office.h"
#include "lok/populate.h"
#include "lok/profile.h"
#include "lok/ready.h"
#include "lok/trim.h"
#include "lok/warm.h"

#define RUNS_MAX PLATEN_LOK_RUNS_MAX
#define IDLE_MS 20    /* without an event, before a child is forked ahead */
#define REST_MS 30000 /* without a request, before those forked ahead are let go */

#define AHEAD_PAUSE_MS 1000

#define LEARN_MS 100 /* without an event, before more is learned, which takes as long */

#define LEAVE_NS 200000 /* between two looks at one that is done */

enum { PLATEND, SIGNALS, CHILDREN }; /* what is waited for */

/* What is known of a child. */
typedef enum {
    WAITS,   /* forked ahead, for a request on its socket */
    ASKED,   /* it has a document */
    LEAVES,  /* it has said that it is done, and was killed */
    TOLD,    /* platend has heard of its end; the kernel is still taking it down */
    UNWANTED /* killed before it had a document */
} state_t;

typedef struct {
    pid_t    pid; /* 0: free */
    state_t  state;
    uint32_t tag;
    int      socket; /* -1: closed */
} run_t;

static platen_lok_serve_t  *serve;
static run_t                runs[RUNS_MAX];
static platen_lok_errors_t *errors; /* shared with children that have opened nothing yet */
static int                  signals = -1;
static uint64_t             asked_ms; /* when the last request came */
static uint64_t             ahead_at; /* not earlier: there was no process to be had */
static int                  resting;
static unsigned             cores;  /* that children may use */
static unsigned             step;   /* of what is learned */
static int                  learns; /* there is more to be learned, for those ahead */
static uint8_t              packet[PLATEN_LOK_WIRE_MAX];

static _Noreturn void
fail(const char *err)
{
    dprintf(STDERR_FILENO, "platen-lok: %s\n", err);
    _exit(EXIT_FAILURE);
}

static void
kill_run(const run_t *run)
{
    (void) kill(-run->pid, SIGKILL);
}

static void
close_socket(run_t *run)
{
    if (run->socket >= 0) {
        close(run->socket);
        run->socket = -1;
    }
}

static _Noreturn void
stop(int code)
{
    size_t i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (runs[i].pid != 0) {
            kill_run(&runs[i]);
        }
    }
    _exit(code);
}

static void
tell(const platen_lok_message_t *message)
{
    static uint8_t out[PLATEN_LOK_WIRE_MAX];
    size_t         len = platen_lok_wire_encode(message, out);

    if (send(PLATEN_LOK_WIRE_FD, out, len, MSG_NOSIGNAL) != (ssize_t) len) {
        stop(EXIT_FAILURE);
    }
}

static void
refuse(uint32_t tag, int error)
{
    platen_lok_message_t message = { .kind = PLATEN_LOK_REFUSED,
                                     .tag = tag,
                                     .error = (uint32_t) error };

    tell(&message);
}

static run_t *
find(pid_t pid)
{
    size_t i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (runs[i].pid == pid) {
            return &runs[i];
        }
    }
    return NULL;
}

static run_t *
find_tag(uint32_t tag)
{
    size_t i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (runs[i].pid != 0 && (runs[i].state == ASKED || runs[i].state == LEAVES)
            && runs[i].tag == tag) {
            return &runs[i];
        }
    }
    return NULL;
}

/* Forks a child, bound to the zygote's life and out of its group. */
static pid_t
fork_child(const run_t *run)
{
    int   error;
    pid_t pid = platen_sandbox_fork(serve->world.layers, SIGKILL, &error);

    if (pid != 0) {
        /* Here too, so that the group exists before anyone may kill it. */
        if (pid > 0) {
            (void) setpgid(pid, pid);
        }
        return pid;
    }
    if (error == 0 && setpgid(0, 0) != 0) {
        error = errno;
    }
    if (error != 0) {
        errors->of[run - runs] = error;
        _exit(PLATEN_LOK_EXIT_SETUP);
    }
    return 0;
}

/*
 * Waits for the one request; its end of file is the zygote's.  The socket is where the
 * zygote's own was, and all that a child keeps of the zygote's (lok/inherit.h).
 */
static _Noreturn void
run_when_asked(const run_t *run, int socket, int early)
{
    static const int     keeper = PLATEN_LOK_WIRE_FD;
    platen_lok_message_t request;
    ssize_t              len;
    size_t               i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (runs[i].pid != 0) {
            close_socket(&runs[i]); /* another one's */
        }
    }
    if (dup3(socket, keeper, O_CLOEXEC) < 0) {
        _exit(PLATEN_LOK_EXIT_SETUP);
    }
    close(socket);
    if (early) {
        platen_lok_populate_early();
    }
    len = recv(keeper, packet, sizeof(packet), 0);
    if (len <= 0 || platen_lok_wire_decode(packet, (size_t) len, &request) != PLATEN_OK) {
        _exit(0);
    }
    platen_lok_child_run(&serve->world, &request, errors, (size_t) (run - runs), keeper);
}

/* A child that waits for a request, `early` if there is none yet.  NULL with errno. */
static run_t *
fork_waiting(int early)
{
    run_t *run = find(0);
    int    ends[2], error;

    if (run == NULL) {
        errno = EAGAIN;
        return NULL;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return NULL;
    }
    errors->of[run - runs] = 0;
    run->pid = fork_child(run);
    if (run->pid == 0) {
        close(ends[0]);
        run_when_asked(run, ends[1], early);
    }
    error = errno;
    close(ends[1]);
    if (run->pid < 0) {
        run->pid = 0;
        close(ends[0]);
        errno = error;
        return NULL;
    }
    run->state = WAITS;
    run->socket = ends[0];
    return run;
}

static void
fork_ahead(void)
{
    if (fork_waiting(1) == NULL) {
        ahead_at =
            platen_boottime_ms() + AHEAD_PAUSE_MS; /* forked when asked for, until then */
    }
}

static run_t *
find_waiting(void)
{
    size_t i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (runs[i].pid != 0 && runs[i].state == WAITS) {
            return &runs[i];
        }
    }
    return NULL;
}

/*
 * platend hears of the process before that hears of the document: should the zygote
 * end in between, whoever has a document is known by number, and is waited for.
 */
static int
give(run_t *run, const platen_lok_message_t *request, size_t len)
{
    platen_lok_message_t started = { .kind = PLATEN_LOK_STARTED, .tag = request->tag };
    int                  given;

    started.pid = (uint32_t) run->pid;
    tell(&started);
    given = send(run->socket, packet, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t) len;
    /* One in a cgroup is waited for: that can only be removed when nobody is in it. */
    if (!given || request->cgroup.len != 0) {
        close_socket(run);
    }
    run->state = ASKED;
    run->tag = request->tag;
    return given;
}

static void
convert(const platen_lok_message_t *request, size_t len)
{
    run_t *run;

    if (find_tag(request->tag) != NULL) {
        refuse(request->tag, EEXIST);
        return;
    }
    while ((run = find_waiting()) != NULL) {
        if (give(run, request, len)) {
            return;
        }
        kill_run(run); /* it has ended while it waited: the next one */
        run->state = UNWANTED;
    }
    run = fork_waiting(0);
    if (run == NULL) {
        refuse(request->tag, errno);
        return;
    }
    (void) give(run, request, len); /* one that has failed by now says why at its end */
}

static void
receive(void)
{
    platen_lok_message_t message;
    run_t               *run;
    ssize_t              len;

    len = recv(PLATEN_LOK_WIRE_FD, packet, sizeof(packet), MSG_DONTWAIT);
    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (len <= 0) {
        stop(len == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    if (platen_lok_wire_decode(packet, (size_t) len, &message) != PLATEN_OK) {
        dprintf(STDERR_FILENO, "platen-lok: a packet that is none of this version's\n");
        stop(EXIT_FAILURE);
    }

    switch (message.kind) {
    case PLATEN_LOK_CONVERT:
        asked_ms = platen_boottime_ms();
        convert(&message, (size_t) len);
        break;
    case PLATEN_LOK_KILL:
        run = find_tag(message.tag);
        if (run != NULL) {
            kill_run(run);
        }
        break;
    case PLATEN_LOK_STOP:
        stop(EXIT_SUCCESS);
    default:
        break;
    }
    explicit_bzero(packet, (size_t) len); /* it may hold a password */
}

/*
 * A child has said something, or has closed its socket.  It says that it is done, and
 * whoever has taken it over may say so, too, and go on: so it is killed.
 */
static void
hear(run_t *run)
{
    char    done = 1;
    ssize_t n = recv(run->socket, &done, sizeof(done), MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    close_socket(run);
    if (n == 1 && done == PLATEN_LOK_EXIT_DONE && kill(run->pid, SIGKILL) == 0) {
        kill_run(run);
        run->state = LEAVES;
    }
}

/* Those that are done are told of as soon as nothing of them can run any more. */
static void
tell_of_leavers(void)
{
    platen_lok_message_t message = { .kind = PLATEN_LOK_EXITED };
    size_t               i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (runs[i].pid != 0 && runs[i].state == LEAVES
            && platen_lok_leave_is_over(runs[i].pid)) {
            runs[i].state = TOLD;
            message.tag = runs[i].tag;
            message.wait_status = PLATEN_LOK_EXIT_DONE;
            message.cpu_ms = platen_lok_leave_cpu_ms(runs[i].pid);
            tell(&message);
        }
    }
}

static uint32_t
milliseconds(const struct timeval *a, const struct timeval *b)
{
    return (uint32_t) ((a->tv_sec + b->tv_sec) * 1000 + (a->tv_usec + b->tv_usec) / 1000);
}

/* Reaps what has ended, with what may be left of its group. */
static void
reap(void)
{
    platen_lok_message_t    message = { .kind = PLATEN_LOK_EXITED };
    struct signalfd_siginfo signal;
    struct rusage           usage;
    siginfo_t               info;
    run_t                  *run;
    int                     status;

    while (read(signals, &signal, sizeof(signal)) == sizeof(signal)) {
        if (signal.ssi_signo != SIGCHLD) {
            stop(EXIT_SUCCESS);
        }
    }

    for (;;) {
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
            return;
        }
        run = find(info.si_pid);
        if (run != NULL) {
            kill_run(run); /* as long as it is not reaped, no other group has its number */
        }
        if (wait4(info.si_pid, &status, 0, &usage) != info.si_pid || run == NULL) {
            continue;
        }

        run->pid = 0;
        close_socket(run);
        if (run->state != ASKED && run->state != LEAVES) {
            continue;
        }
        message.tag = run->tag;
        message.error = (uint32_t) errors->of[run - runs];
        message.wait_status = run->state == LEAVES ? PLATEN_LOK_EXIT_DONE : (uint32_t) status;
        message.cpu_ms = milliseconds(&usage.ru_utime, &usage.ru_stime);
        message.max_rss = (uint64_t) usage.ru_maxrss * 1024;
        tell(&message);
    }
}

/* Lets go of what is only there to be quick: while nobody asks, it costs memory. */
static void
rest(void)
{
    size_t i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (runs[i].pid != 0 && runs[i].state == WAITS) {
            close_socket(&runs[i]);
            runs[i].state = UNWANTED;
            kill_run(&runs[i]);
        }
    }
    platen_lok_trim();
    resting = 1;
}

static int
converts(void)
{
    size_t i;

    for (i = 0; i < RUNS_MAX; i++) {
        if (runs[i].pid != 0 && (runs[i].state == ASKED || runs[i].state == LEAVES)) {
            return 1;
        }
    }
    return 0;
}

/* Whether one more is to be ahead: it takes no core from those that convert. */
static int
lacks_ahead(void)
{
    unsigned n = 0, waiting = 0;
    size_t   i;

    for (i = 0; serve->ahead != 0 && i < RUNS_MAX; i++) {
        n += runs[i].pid != 0;
        waiting += runs[i].pid != 0 && runs[i].state == WAITS;
    }
    return (!learns || converts()) && waiting < serve->ahead && (n < serve->ahead || n < cores);
}

/* Milliseconds until there is something to do without an event; -1: nothing. */
static int
idle_for(void)
{
    uint64_t now = platen_boottime_ms(), quiet = now - asked_ms, left = REST_MS - quiet + 1;

    if (quiet >= REST_MS) {
        return resting ? -1 : 0;
    }
    if (!resting && learns && !converts()) {
        return LEARN_MS;
    }
    if (!resting && !lacks_ahead()) {
        return (int) left;
    }
    /* There was no process to be had: not sooner. */
    if (!resting && now < ahead_at) {
        return (int) (ahead_at - now < left ? ahead_at - now : left);
    }
    return IDLE_MS;
}

/* Nothing has happened for as long as that. */
static void
be_idle(void)
{
    if (platen_boottime_ms() - asked_ms >= REST_MS) {
        rest();
    } else if (resting) {
        platen_lok_untrim();
        resting = 0;
    } else if (learns && !converts()) {
        learns = platen_lok_warm_learn(serve->world.state, step++);
        if (!learns) {
            (void) platen_lok_populate_begin(0);
        }
    } else if (lacks_ahead() && platen_boottime_ms() >= ahead_at) {
        fork_ahead();
    }
}

static void
get_ready(void)
{
    const struct timespec pause = { .tv_nsec = 20000000 };
    platen_lok_message_t  ready = { .kind = PLATEN_LOK_READY,
                                    .pid = (uint32_t) getpid(),
                                    .layers = serve->world.layers };
    platen_lok_cost_t     cost;
    sigset_t              set;
    char                  err[512];
    int                   tries;

    if (platen_lok_warm_up(serve->world.state, err, sizeof(err)) != 0) {
        fail(err);
    }

    /* Threads of the warm-up may still be about to end. */
    for (tries = 0; platen_lok_ready_alone(err, sizeof(err)) != 0; tries++) {
        if (tries == 100) {
            fail(err);
        }
        (void) nanosleep(&pause, NULL);
    }
    if (platen_lok_profile_end(serve->world.state, err, sizeof(err)) != 0
        || platen_lok_ready_temporary(&serve->world, err, sizeof(err)) != 0
        || platen_lok_inherit_scan(&serve->world.inherit, PLATEN_LOK_WIRE_FD + 1, err,
                                   sizeof(err))
               != 0) {
        fail(err);
    }

    platen_lok_heap_close();

    /*
     * Renewed with the zygote: another has other addresses.  Those that only children
     * forked ahead need are learned when nobody waits for READY.
     */
    if (strcmp(serve->populate, "off") != 0) {
        platen_lok_populate_costs(&cost);
        ready.populates = strcmp(serve->populate, "on") == 0 || platen_lok_populate_pays(&cost);
        while (ready.populates && platen_lok_warm_learn(serve->world.state, step)) {
            step++;
        }
        learns = !ready.populates && serve->ahead != 0;
        ready.populated_pages = platen_lok_populate_begin(ready.populates);
        ready.fault_ns = cost.fault_ns;
        ready.bulk_ns = cost.bulk_ns;
    }

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    signals = sigprocmask(SIG_BLOCK, &set, NULL) == 0
                  ? signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)
                  : -1;
    errors =
        mmap(NULL, sizeof(*errors), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (signals < 0 || errors == MAP_FAILED) {
        fail(strerror(errno));
    }

    ready.version = platen_str(platen_lok_office_version());
    ready.warm_ms = (uint32_t) (platen_boottime_ms() - serve->start_ms);
    tell(&ready);
}

void
platen_lok_serve(void *data)
{
    static struct pollfd  fds[CHILDREN + RUNS_MAX];
    static run_t         *of[CHILDREN + RUNS_MAX];
    const struct timespec soon = { .tv_nsec = LEAVE_NS };
    cpu_set_t             set;
    nfds_t                nfds, i;
    int                   n, leaving;

    serve = data;
    cores = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned) CPU_COUNT(&set) : 1;
    get_ready();
    asked_ms = platen_boottime_ms();

    for (;;) {
        leaving = 0;
        nfds = CHILDREN;
        fds[PLATEND] = (struct pollfd){ .fd = PLATEN_LOK_WIRE_FD, .events = POLLIN };
        fds[SIGNALS] = (struct pollfd){ .fd = signals, .events = POLLIN };
        for (i = 0; i < RUNS_MAX; i++) {
            leaving |= runs[i].pid != 0 && runs[i].state == LEAVES;
            if (runs[i].pid != 0 && runs[i].state == ASKED && runs[i].socket >= 0) {
                of[nfds] = &runs[i];
                fds[nfds++] = (struct pollfd){ .fd = runs[i].socket, .events = POLLIN };
            }
        }
        if (leaving) {
            n = ppoll(fds, nfds, &soon, NULL);
        } else {
            n = poll(fds, nfds, idle_for());
        }
        if (n < 0 && errno != EINTR) {
            stop(EXIT_FAILURE);
        }
        if (n == 0 && !leaving) {
            be_idle();
            continue;
        }
        for (i = CHILDREN; n > 0 && i < nfds; i++) {
            if (fds[i].revents != 0) {
                hear(of[i]);
            }
        }
        tell_of_leavers();
        if (n > 0 && fds[SIGNALS].revents != 0) {
            reap();
        }
        if (n > 0 && fds[PLATEND].revents != 0) {
            receive();
        }
    }
}
