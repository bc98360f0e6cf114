/*
 * What looking at a file costs in CPU, beside an ordinary text in the same
 * process: so a bound holds on any machine, and under sanitizers.
 */

#ifndef PLATEN_TEST_SNIFF_COST_H
#define PLATEN_TEST_SNIFF_COST_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "format/sniff.h"
#include "format/zip_check.h"

/*
 * A file may cost as much as so many ordinary texts of a kilobyte, and for each
 * KiB of its size an eighth of one more.  Newlines cost some five.
 */
#define COST_TEXTS 12
#define COST_PER_KIB 8

static inline double
cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

/* All that is done with what comes from outside: sniffing, and the ZIP pre-scan. */
static inline double
look_once(int fd, off_t size)
{
    platen_sniff_t       sniff;
    platen_zip_verdict_t verdict;
    double               begin = cpu_us();

    if (platen_sniff(fd, size, &sniff) != PLATEN_OK
        || platen_zip_check(fd, size, &platen_zip_limits, &verdict) == PLATEN_ERROR) {
        abort();
    }
    return cpu_us() - begin;
}

/* The least of several tries: what another process makes slow is not counted. */
static inline double
look_cost(int fd, off_t size, double enough)
{
    double least = look_once(fd, size), again;
    int    i;

    for (i = 0; i < 8 && least > enough; i++) {
        again = look_once(fd, size);
        least = again < least ? again : least;
    }
    return least;
}

static inline double
cost_bound(off_t size)
{
    static double text;
    char          buf[1024];
    size_t        i;
    int           fd;

    if (text == 0) {
        for (i = 0; i < sizeof(buf); i++) {
            buf[i] = "Just some words that are in a line.\n"[i % 36];
        }
        fd = memfd_create("platen-cost", MFD_CLOEXEC);
        if (fd < 0 || write(fd, buf, sizeof(buf)) != (ssize_t) sizeof(buf)) {
            abort();
        }
        text = look_cost(fd, sizeof(buf), 0);
        close(fd);
    }
    return COST_TEXTS * text + (double) size / 1024 * text / COST_PER_KIB;
}

#endif
