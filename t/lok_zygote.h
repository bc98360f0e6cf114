/* A platen-lok as platend would hold it, and what tests of it need; for t/lok_driver.c. */

#ifndef PLATEN_TEST_LOK_ZYGOTE_H
#define PLATEN_TEST_LOK_ZYGOTE_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "office/wire.h"
#include "run/tree.h"
#include "unit/scratch.h"

static char     scratch[SCRATCH_MAX];
static unsigned count, failures;

static inline int __attribute__((format(printf, 2, 3))) ok(int is, const char *format, ...)
{
    va_list args;

    count++;
    failures += !is;
    printf("%sok %u - ", is ? "" : "not ", count);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    return is;
}

static inline uint64_t
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

/* A path below the scratch directory; a few at a time. */
static inline const char *
at(const char *name)
{
    static char     paths[8][SCRATCH_MAX + 64];
    static unsigned next;
    char           *path = paths[next++ % 8];

    snprintf(path, sizeof(paths[0]), "%s/%s", scratch, name);
    return path;
}

/* What a command prints first, as a number; -1 if it prints none. */
static inline int
number_from(const char *format, const char *path)
{
    char  command[2048], line[64];
    FILE *in;
    int   n = -1;

    snprintf(command, sizeof(command), format, path);
    in = popen(command, "r");
    if (in != NULL) {
        if (fgets(line, sizeof(line), in) != NULL) {
            n = atoi(line);
        }
        (void) pclose(in);
    }
    return n;
}

static inline int
pages(const char *pdf)
{
    return number_from("pdfinfo '%s' 2>/dev/null | sed -n 's/^Pages: *//p'", pdf);
}

typedef struct {
    pid_t                pid;
    int                  fd;
    platen_lok_message_t ready;
} zygote_t;

/* The next message; strings are valid until the next call.  0, or -1. */
static inline int
zygote_next(zygote_t *s, platen_lok_message_t *message, int timeout_ms)
{
    static uint8_t in[PLATEN_LOK_WIRE_MAX];
    struct pollfd  fd = { .fd = s->fd, .events = POLLIN };
    ssize_t        len;

    if (poll(&fd, 1, timeout_ms) != 1) {
        return -1;
    }
    len = recv(s->fd, in, sizeof(in), 0);
    return len > 0 && platen_lok_wire_decode(in, (size_t) len, message) == PLATEN_OK ? 0 : -1;
}

static inline int
zygote_send(zygote_t *s, const platen_lok_message_t *message)
{
    static uint8_t out[PLATEN_LOK_WIRE_MAX];
    size_t         len = platen_lok_wire_encode(message, out);

    return len != 0 && send(s->fd, out, len, MSG_NOSIGNAL) == (ssize_t) len ? 0 : -1;
}

/* Whether the next one to start makes pages present: auto, on, off. */
static const char *zygote_populates = "auto";

static inline int
zygote_start(zygote_t *s, const char *program, const char *state, const char *ahead)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return -1;
    }
    s->pid = fork();
    if (s->pid == 0) {
        if (ends[1] == PLATEN_LOK_WIRE_FD) {
            (void) fcntl(ends[1], F_SETFD, 0);
        } else if (dup2(ends[1], PLATEN_LOK_WIRE_FD) < 0) {
            _exit(127);
        }
        execl(program, program, "-s", state, "-a", ahead, "-p", zygote_populates,
              (char *) NULL);
        _exit(127);
    }
    close(ends[1]);
    s->fd = ends[0];
    if (s->pid < 0 || zygote_next(s, &s->ready, 30000) != 0
        || s->ready.kind != PLATEN_LOK_READY) {
        return -1;
    }
    return 0;
}

/* What a run is: the limits are those of a small server. */
static inline platen_lok_message_t
zygote_request(uint32_t tag, const char *work, const char *input, const char *output,
               const char *filter)
{
    return (platen_lok_message_t){ .kind = PLATEN_LOK_CONVERT,
                                   .tag = tag,
                                   .address_space = UINT64_C(2) << 30,
                                   .file_size = UINT64_C(200) << 20,
                                   .cpu_seconds = 60,
                                   .work = platen_str(work),
                                   .input = platen_str(input),
                                   .output = platen_str(output),
                                   .export_filter = platen_str(filter) };
}

/* Starts a run; returns the child's pid, or -1. */
static inline pid_t
zygote_begin(zygote_t *s, const platen_lok_message_t *request)
{
    platen_lok_message_t message;
    char                 work[PLATEN_LOK_WIRE_MAX];

    snprintf(work, sizeof(work), "%.*s", (int) request->work.len, request->work.data);
    if (platen_tree_reset(work) != 0 || zygote_send(s, request) != 0
        || zygote_next(s, &message, 5000) != 0 || message.kind != PLATEN_LOK_STARTED
        || message.tag != request->tag) {
        return -1;
    }
    return (pid_t) message.pid;
}

/* Runs to the end; returns the wait status, or -1. */
static inline int
zygote_run(zygote_t *s, const platen_lok_message_t *request)
{
    platen_lok_message_t message;

    if (zygote_begin(s, request) < 0 || zygote_next(s, &message, 180000) != 0
        || message.kind != PLATEN_LOK_EXITED || message.tag != request->tag) {
        return -1;
    }
    return (int) message.wait_status;
}

/* Ends it by end of file; returns its wait status, or -1 if it stays for 2 s. */
static inline int
zygote_end(zygote_t *s)
{
    int status, i;

    close(s->fd);
    for (i = 0; i < 200; i++) {
        if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
            return status;
        }
        usleep(10000);
    }
    (void) kill(s->pid, SIGKILL);
    (void) waitpid(s->pid, &status, 0);
    return -1;
}

static inline int
write_file(const char *path, const char *content)
{
    FILE *out = fopen(path, "we");

    if (out == NULL) {
        return -1;
    }
    fputs(content, out);
    return fclose(out);
}

/* A line of /proc/PID/status that is in kB. */
static inline uint64_t
status_kb(pid_t pid, const char *key)
{
    char               path[64], line[256];
    unsigned long long kb = 0;
    FILE              *in;

    snprintf(path, sizeof(path), "/proc/%d/status", (int) pid);
    in = fopen(path, "re");
    while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
        if (strncmp(line, key, strlen(key)) == 0) {
            (void) sscanf(line + strlen(key), ": %llu", &kb);
        }
    }
    if (in != NULL) {
        fclose(in);
    }
    return kb;
}

/* One document to a PDF or something else, in a run of its own; the exit code, or -1. */
static inline int
run(zygote_t *s, const char *work, const char *input, const char *output, const char *options,
    int landscape)
{
    platen_lok_message_t request;
    int                  status;

    request = zygote_request(9, work, input, output, strrchr(output, '.') + 1);
    request.export_options = platen_str(options);
    request.page.orientation = landscape ? PLATEN_LOK_PAGE_LANDSCAPE : PLATEN_LOK_PAGE_AS_IT_IS;
    status = zygote_run(s, &request);
    return status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline int
shows(const char *pdf, const char *word)
{
    char format[256];

    snprintf(format, sizeof(format), "pdftotext '%%s' - 2>/dev/null | grep -c '%s'", word);
    return number_from(format, pdf) > 0;
}

static inline int
is_wide(const char *pdf)
{
    return number_from("pdfinfo '%s' | awk '/^Page size/ { print ($3 > $5) }'", pdf) == 1;
}

#endif
