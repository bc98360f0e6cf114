/*
 * sse_crowd: many subscribers of Server-Sent Events in one process, for bench/run.
 *
 *   sse_crowd PORT N [REQUEST]
 *
 * Opens N connections, sends REQUEST (with \r\n spelled out) on each, or nothing
 * without one, and prints "open N" when each has had an answer.  From then on
 * it prints, for each event number, when it was first and last received:
 * "event ID COUNT FIRST LAST", in microseconds since the Unix epoch, as soon as
 * all N have it, or have it not 5 s later.  Ends when stdin does.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#define EVENTS 65536 /* the numbers that are told apart, modulo this */
#define PATIENCE 5000000

typedef struct {
    uint64_t id;
    uint64_t first;
    uint64_t last;
    int      count;
} heard_t;

static heard_t heard[EVENTS];
static int     n;

static void
fail(const char *what)
{
    fprintf(stderr, "sse_crowd: %s: %s\n", what, strerror(errno));
    exit(1);
}

static uint64_t
now_us(void)
{
    struct timeval tv;

    gettimeofday(&tv, NULL);
    return (uint64_t) tv.tv_sec * 1000000 + (uint64_t) tv.tv_usec;
}

static int
open_one(int port, const char *request)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t) port) };
    size_t             len = strlen(request);
    int                fd = socket(AF_INET, SOCK_STREAM, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *) &to, sizeof(to)) != 0) {
        fail("connecting");
    }
    if (write(fd, request, len) != (ssize_t) len) {
        fail("sending");
    }
    if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        fail("fcntl");
    }
    return fd;
}

static void
tell(heard_t *h)
{
    printf("event %llu %d %llu %llu\n", (unsigned long long) h->id, h->count,
           (unsigned long long) h->first, (unsigned long long) h->last);
    fflush(stdout);
    h->count = 0;
    h->id = 0;
}

/* Each "id:" line; an event that is split over two reads is not needed to be found. */
static void
listen_to(char *text, ssize_t len, uint64_t at)
{
    char    *p = text;
    uint64_t id;
    heard_t *h;

    text[len] = '\0';
    while ((p = strstr(p, "id: ")) != NULL) {
        id = strtoull(p + 4, &p, 10);
        h = &heard[id % EVENTS];
        if (h->id != id) {
            *h = (heard_t){ .id = id, .first = at };
        }
        h->last = at;
        if (++h->count == n) {
            tell(h);
        }
    }
}

int
main(int argc, char **argv)
{
    struct rlimit      limit = { 65536, 65536 };
    struct epoll_event event, got[512];
    struct pollfd      in = { .fd = STDIN_FILENO, .events = POLLIN };
    static char        text[1 << 16];
    char              *request, *p, *end;
    int                ep, fd, i, ready, open = 0;
    char              *answered;
    ssize_t            len;
    uint64_t           at;

    if (argc < 3) {
        fprintf(stderr, "usage: sse_crowd PORT N [REQUEST]\n");
        return 2;
    }
    n = atoi(argv[2]);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);

    request = strdup(argc > 3 ? argv[3] : "");
    answered = calloc(1, limit.rlim_cur);
    ep = epoll_create1(0);
    if (request == NULL || answered == NULL || ep < 0) {
        fail("starting");
    }
    while ((p = strstr(request, "\\r\\n")) != NULL) {
        p[0] = '\r';
        p[1] = '\n';
        end = p + 4;
        memmove(p + 2, end, strlen(end) + 1);
    }

    for (i = 0; i < n; i++) {
        fd = open_one(atoi(argv[1]), request);
        event = (struct epoll_event){ .events = EPOLLIN, .data.fd = fd };
        if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) != 0) {
            fail("epoll_ctl");
        }
    }
    if (*request == '\0') {
        printf("open %d\n", n);
        fflush(stdout);
        open = n;
    }

    while (poll(&in, 1, 0) == 0) {
        ready = epoll_wait(ep, got, 512, 200);
        at = now_us();
        for (i = 0; i < ready; i++) {
            fd = got[i].data.fd;
            len = read(fd, text, sizeof(text) - 1);
            if (len == 0 || (len < 0 && errno != EAGAIN)) {
                fail("a connection ended");
            }
            if (len > 0 && !answered[fd]) {
                answered[fd] = 1;
                if (++open == n) {
                    printf("open %d\n", n);
                    fflush(stdout);
                }
            } else if (len > 0) {
                listen_to(text, len, at);
            }
        }
        for (i = 0; ready == 0 && i < EVENTS; i++) {
            if (heard[i].count != 0 && at > heard[i].last + PATIENCE) {
                tell(&heard[i]);
            }
        }
    }
    return 0;
}
