/*
 * Pages made present ahead of time; see lok/populate.h.
 *
 * A child starts with the zygote's memory, but each page that it writes is a
 * copy made in a page fault, and each page of a library that it runs must be
 * mapped: thousands of faults, a large part of a small document's time.  All of
 * the zygote's pages are many more than a conversion needs, and each costs
 * again when the child ends, so those that are needed are learned: a child that
 * has just converted reads in its page map (Linux, pagemap.rst) which pages of
 * its own it has.  Children have the zygote's addresses, so they are the same.
 *
 * All of this is advice: where the kernel has none of it, the faults come later.
 */

#include "lok/populate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ /* Linux 5.14 */
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif

#define RUNS_MAX 16384
#define CHUNK 512 /* entries of the page map */

/* Pages so near to each other are one call: it costs as much as two pages. */
#define GAP 2

#define PAGE_EXCLUSIVE (UINT64_C(1) << 56)
#define PAGE_PRESENT (UINT64_C(1) << 63)

typedef struct {
    uintptr_t start;
    uint32_t  pages;
    int       advice;
} run_t;

typedef struct {
    uint32_t n;
    run_t    runs[RUNS_MAX];
} list_t;

/* Shared with the child that learns, and with no other. */
static list_t *list;

/* The zygote's own copy. */
static run_t   *runs;
static uint32_t nruns;

static void
note(uintptr_t page, uintptr_t size, int advice)
{
    run_t    *last = list->n == 0 ? NULL : &list->runs[list->n - 1];
    uintptr_t end = last == NULL ? 0 : last->start + last->pages * size;

    if (last != NULL && last->advice == advice && page >= end && page - end <= GAP * size) {
        last->pages = (uint32_t) ((page - last->start) / size + 1);
    } else if (list->n < RUNS_MAX) {
        list->runs[list->n++] = (run_t){ page, 1, advice };
    }
}

/* A private mapping: what was written of it, or what was read of it. */
static void
note_mapping(int pagemap, uintptr_t start, uintptr_t end, int writable)
{
    static uint64_t entries[CHUNK];
    uintptr_t       size = (uintptr_t) sysconf(_SC_PAGESIZE), page = start;
    uint64_t        wanted = PAGE_PRESENT | (writable ? PAGE_EXCLUSIVE : 0);
    ssize_t         n, i;
    size_t          pages;

    while (page < end) {
        pages = (end - page) / size;
        pages = pages < CHUNK ? pages : CHUNK;
        n = pread(pagemap, entries, pages * sizeof(entries[0]),
                  (off_t) (page / size * sizeof(entries[0])));
        if (n <= 0) {
            return;
        }
        n /= (ssize_t) sizeof(entries[0]);
        for (i = 0; i < n; i++, page += size) {
            if ((entries[i] & wanted) == wanted) {
                note(page, size, writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
            }
        }
    }
}

static int
note_all(void)
{
    unsigned long start, end;
    char          line[512], mode[5];
    FILE         *maps;
    int           pagemap;

    maps = fopen("/proc/self/maps", "re");
    pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (maps == NULL || pagemap < 0) {
        return -1;
    }
    while (fgets(line, sizeof(line), maps) != NULL) {
        if (sscanf(line, "%lx-%lx %4s", &start, &end, mode) == 3 && mode[3] == 'p'
            && mode[0] == 'r') {
            note_mapping(pagemap, start, end, mode[1] == 'w');
        }
    }
    fclose(maps);
    close(pagemap);
    return 0;
}

static int
fork_and_wait(void (*work)(void *data), void *data)
{
    pid_t child;
    int   status;

    child = fork();
    if (child == 0) {
        work(data);
        _exit(note_all() == 0 ? 0 : 1);
    }
    if (child < 0) {
        return -1;
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return status == 0 ? 0 : -1;
}

int
platen_lok_populate_learn(void (*work)(void *data), void *data)
{
    int rc;

    list = mmap(NULL, sizeof(*list), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (list == MAP_FAILED) {
        return -1;
    }
    rc = fork_and_wait(work, data);
    if (rc == 0 && list->n <= RUNS_MAX) {
        runs = malloc(list->n * sizeof(*runs) + 1);
        if (runs != NULL) {
            nruns = list->n;
            memcpy(runs, list->runs, nruns * sizeof(*runs));
        }
    }
    (void) munmap(list, sizeof(*list));
    list = NULL;
    return rc;
}

void
platen_lok_populate(void)
{
    uintptr_t size = (uintptr_t) sysconf(_SC_PAGESIZE);
    uint32_t  i;

    for (i = 0; i < nruns; i++) {
        (void) madvise((void *) runs[i].start, runs[i].pages * size, runs[i].advice);
    }
}
