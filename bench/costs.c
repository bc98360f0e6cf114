/*
 * costs: what the things cost on this machine of which conversions and uploads are made, for
 * the head of bench/run's table.
 *
 *   costs DIRECTORY
 *
 * prints lines "NAME MICROSECONDS", each the median of several rounds: `fault`, the first
 * write to a page of private memory; `copy`, the first write to a page that a parent has;
 * `populate`, such a page when many are made present by one madvise(2); `fork`, with 64 MiB
 * written, child's end and waiting included; `fsync`, of a new file of 100 KiB in DIRECTORY;
 * `sha256`, of 1 MB.
 */

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 15
#define PAGES 4096

static const char *directory;

static void
fail(const char *what)
{
    fprintf(stderr, "costs: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double
now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

static char *
memory(size_t bytes)
{
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED) {
        fail("mmap");
    }
    /* Pages of their own size, as LibreOffice's are. */
    (void) madvise(at, bytes, MADV_NOHUGEPAGE);
    return at;
}

static void
touch(char *at)
{
    size_t page = (size_t) sysconf(_SC_PAGESIZE), i;

    for (i = 0; i < PAGES; i++) {
        ((volatile char *) at)[i * page] = 1;
    }
}

static double
fault(void)
{
    size_t bytes = PAGES * (size_t) sysconf(_SC_PAGESIZE);
    char  *at = memory(bytes);
    double began = now_us(), took;

    touch(at);
    took = now_us() - began;
    (void) munmap(at, bytes);
    return took / PAGES;
}

/* In a child, as only there a page is another's until it is written. */
static double
in_child(int populated)
{
    size_t  bytes = PAGES * (size_t) sysconf(_SC_PAGESIZE);
    char   *at = memory(bytes);
    double *took =
        mmap(NULL, sizeof(*took), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    double result, began;
    pid_t  pid;

    if (took == MAP_FAILED) {
        fail("mmap");
    }
    touch(at);
    pid = fork();
    if (pid < 0) {
        fail("fork");
    }
    if (pid == 0) {
        began = now_us();
        if (!populated) {
            touch(at);
        } else if (madvise(at, bytes, MADV_POPULATE_WRITE) != 0) {
            _exit(1);
        }
        *took = now_us() - began;
        _exit(0);
    }
    (void) waitpid(pid, NULL, 0);
    result = *took / PAGES;
    (void) munmap(took, sizeof(*took));
    (void) munmap(at, bytes);
    return result;
}

static double
copy(void)
{
    return in_child(0);
}

static double
populate(void)
{
    return in_child(1);
}

static double
forked(void)
{
    static char *held;
    double       began;
    size_t       i;
    pid_t        pid;

    if (held == NULL) {
        held = memory(64 << 20);
        for (i = 0; i < 64 << 20; i += 4096) {
            held[i] = 1;
        }
    }
    began = now_us();
    pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, NULL, 0) < 0) {
        fail("fork");
    }
    return now_us() - began;
}

static double
synced(void)
{
    static char bytes[100 * 1024];
    char        path[4096];
    double      began;
    int         fd;

    snprintf(path, sizeof(path), "%s/synced", directory);
    memset(bytes, 'x', sizeof(bytes));
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, sizeof(bytes)) != (ssize_t) sizeof(bytes)) {
        fail(path);
    }
    began = now_us();
    if (fsync(fd) != 0) {
        fail(path);
    }
    began = now_us() - began;
    (void) close(fd);
    (void) unlink(path);
    return began;
}

static double
hashed(void)
{
    static char   bytes[1000000];
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned      length;
    double        began = now_us();

    if (EVP_Digest(bytes, sizeof(bytes), digest, &length, EVP_sha256(), NULL) != 1) {
        fail("SHA-256");
    }
    return now_us() - began;
}

static int
compare(const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;

    return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        double (*cost)(void);
    } costs[] = { { "fault", fault }, { "copy", copy },    { "populate", populate },
                  { "fork", forked }, { "fsync", synced }, { "sha256", hashed } };
    double took[ROUNDS];
    size_t i, n;

    if (argc != 2) {
        fprintf(stderr, "usage: costs DIRECTORY\n");
        return 2;
    }
    directory = argv[1];
    for (i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        for (n = 0; n < ROUNDS; n++) {
            took[n] = costs[i].cost();
        }
        qsort(took, ROUNDS, sizeof(took[0]), compare);
        printf("%s %.3f\n", costs[i].name, took[ROUNDS / 2]);
    }
    return 0;
}
