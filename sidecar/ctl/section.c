/* Checks in processes of their own; see ctl/section.h. */

#include "ctl/section.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/platen.h"

#define LINE_BYTES 16384 /* of a finding in transit; report.c makes none so long */
#define REAP_MS 1000     /* for a killed child; one that waits for a dead disk does not end */

typedef struct {
    const char          *name;
    unsigned             seconds;
    platen_ctl_report_t *report;
    char                 line[LINE_BYTES];
    size_t               len;
} reader_t;

static void
run_child(void (*check)(const void *, platen_ctl_report_t *), const void *data,
          const platen_ctl_identity_t *user, int out)
{
    platen_ctl_report_t *report;
    int                  null = open("/dev/null", O_RDWR | O_CLOEXEC);

    /* A group: what the child starts is killed with it. */
    (void) setpgid(0, 0);

    /* Libraries that are tried may print; what platenctl prints is its own. */
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0) {
        _exit(1);
    }
    report = platen_ctl_report_new(out);
    if (report == NULL) {
        _exit(1);
    }
    if (user != NULL && platen_ctl_identity_become(user) != 0) {
        platen_ctl_report_add(report, PLATEN_CTL_FAIL, "user", "cannot become %s: %s",
                              user->name, strerror(errno));
        platen_ctl_report_advice(report, "run platenctl as root, with all capabilities");
        _exit(platen_ctl_report_flush(report) == 0 ? 0 : 1);
    }
    /* After that, as the call above undoes it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        _exit(1);
    }
    check(data, report);
    _exit(platen_ctl_report_flush(report) == 0 ? 0 : 1);
}

static void
take(reader_t *reader, const char *bytes, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            (void) platen_ctl_report_take(reader->report, reader->line, reader->len);
            reader->len = 0;
        } else if (reader->len < sizeof(reader->line)) {
            reader->line[reader->len++] = bytes[i];
        }
    }
}

/* Reads findings until the child's end; -1 if that does not come in time. */
static int
follow(reader_t *reader, int fd)
{
    struct pollfd pfd = { .fd = fd, .events = POLLIN };
    uint64_t      end = platen_boottime_ms() + (uint64_t) reader->seconds * 1000, now;
    char          bytes[4096];
    ssize_t       n;

    while ((now = platen_boottime_ms()) < end) {
        if (poll(&pfd, 1, (int) (end - now)) <= 0) {
            continue;
        }
        n = read(fd, bytes, sizeof(bytes));
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return 0;
        }
        take(reader, bytes, n < 0 ? 0 : (size_t) n);
    }
    return -1;
}

/* The child's wait status; -1 if it does not end even when killed. */
static int
reap(pid_t pid)
{
    int status, waited;

    for (waited = 0; waited < REAP_MS; waited += 10) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            return status;
        }
        (void) poll(NULL, 0, 10);
    }
    return -1;
}

static void
blame(const reader_t *reader, const char *format, const char *what, const char *advice)
{
    platen_ctl_report_add(reader->report, PLATEN_CTL_FAIL, reader->name, format, reader->name,
                          what);
    platen_ctl_report_advice(reader->report, "%s", advice);
}

void
platen_ctl_section_run(const char *name, void (*check)(const void *, platen_ctl_report_t *),
                       const void *data, const platen_ctl_identity_t *user, unsigned seconds,
                       platen_ctl_report_t *report)
{
    static reader_t reader;
    char            text[64];
    pid_t           pid;
    int             ends[2], status, late;

    reader.name = name;
    reader.seconds = seconds;
    reader.report = report;
    reader.len = 0;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        blame(&reader, "cannot check %s: %s", strerror(errno), "free memory, and try again");
        return;
    }
    pid = fork();
    if (pid == 0) {
        close(ends[0]);
        run_child(check, data, user, ends[1]);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        blame(&reader, "cannot check %s: %s", strerror(errno), "free memory, and try again");
        return;
    }

    late = follow(&reader, ends[0]) != 0;
    close(ends[0]);
    if (late && kill(-pid, SIGKILL) != 0) {
        (void) kill(pid, SIGKILL); /* it has not come as far as its group */
    }
    status = reap(pid);
    if (late) {
        snprintf(text, sizeof(text), "%u seconds", seconds);
        blame(&reader, "the check of %s took more than %s and was given up", text,
              "look for a disk or file server that does not answer (dmesg | tail)");
    } else if (status < 0) {
        blame(&reader, "the check of %s %s", "does not end", "look at: dmesg | tail");
    } else if (WIFSIGNALED(status)) {
        blame(&reader, "the check of %s was ended by: %s", strsignal(WTERMSIG(status)),
              "a file that it was reading is cut off or damaged: look at the lines above, and "
              "at: dmesg"
              " | tail");
    } else if (status != 0) {
        blame(&reader, "the check of %s %s", "could not tell what it found",
              "free memory, and try again");
    }
}
