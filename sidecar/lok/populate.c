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
#include <time.h>
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
    uint16_t  advice;
    uint16_t  families;
} run_t;

typedef struct {
    uint32_t n;
    run_t    runs[RUNS_MAX];
} list_t;

/* Shared with the child that learns, and with no other. */
static list_t *list;

/* The zygote's own copy, by address. */
static run_t   *runs;
static uint32_t nruns;

static int early; /* pages of several families are there */
static int each_child;

/* No more are kept, whatever was learned: 128 MB. */
#define PAGES_MAX 32768

#define COST_PAGES 256
#define COST_ROUNDS 5
#define PAYS_FROM 5 / 2

static void
note(uintptr_t page, uintptr_t size, uint16_t advice)
{
    run_t    *last = list->n == 0 ? NULL : &list->runs[list->n - 1];
    uintptr_t end = last == NULL ? 0 : last->start + last->pages * size;

    if (last != NULL && last->advice == advice && page >= end && page - end <= GAP * size) {
        last->pages = (uint32_t) ((page - last->start) / size + 1);
    } else if (list->n < RUNS_MAX) {
        list->runs[list->n++] = (run_t){ .start = page, .pages = 1, .advice = advice };
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

/* The end of a run, in bytes. */
static uintptr_t
end_of(const run_t *run)
{
    return run->start + run->pages * (uintptr_t) sysconf(_SC_PAGESIZE);
}

/*
 * Both lists are in the order of addresses; so is what becomes of them, which is
 * cut wherever the families or the advice of neighbours differ.
 */
static int
merge(const list_t *new, platen_lok_family_t family)
{
    uintptr_t size = (uintptr_t) sysconf(_SC_PAGESIZE), at = 0, end;
    uint32_t  i = 0, j = 0, n = 0, room = 2 * (nruns + new->n) + 1;
    run_t    *all = malloc(room * sizeof(*all)), *last;
    int       in_old, in_new;

    if (all == NULL) {
        return -1;
    }
    while (i < nruns || j < new->n) {
        in_old = i < nruns && runs[i].start <= at;
        in_new = j < new->n &&new->runs[j].start <= at;
        if (!in_old && !in_new) {
            at = i == nruns                           ? new->runs[j].start
                 : j == new->n                        ? runs[i].start
                 : runs[i].start < new->runs[j].start ? runs[i].start
                                                      : new->runs[j].start;
            continue;
        }
        end = in_old                       ? end_of(&runs[i])
              : runs == NULL || i == nruns ? UINTPTR_MAX
                                           : runs[i].start;
        if (in_new && end_of(&new->runs[j]) < end) {
            end = end_of(&new->runs[j]);
        } else if (!in_new && j < new->n &&new->runs[j].start < end) {
            end = new->runs[j].start;
        }
        last = &all[n++];
        *last = (run_t){ .start = at,
                         .pages = (uint32_t) ((end - at) / size),
                         .advice = in_new ? new->runs[j].advice : runs[i].advice,
                         .families = (uint16_t) ((in_old ? runs[i].families : 0)
                                                 | (in_new ? family : 0)) };
        /* Who writes a page has read it. */
        if (in_old && runs[i].advice == MADV_POPULATE_WRITE) {
            last->advice = MADV_POPULATE_WRITE;
        }
        at = end;
        i += in_old && end_of(&runs[i]) <= at;
        j += in_new && end_of(&new->runs[j]) <= at;
    }
    free(runs);
    runs = all;
    nruns = n < RUNS_MAX ? n : RUNS_MAX;
    return 0;
}

static uint64_t
now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t) now.tv_sec * UINT64_C(1000000000) + (uint64_t) now.tv_nsec;
}

static void
less(uint32_t *least, uint64_t ns)
{
    ns /= COST_PAGES;
    if (ns < UINT32_MAX && (*least == 0 || ns < *least)) {
        *least = (uint32_t) ns;
    }
}

/*
 * In a child, whose pages are its parent's until it writes them.  The least of some rounds:
 * whatever else happens makes them longer, and never shorter.
 */
static void
measure(platen_lok_cost_t *cost, char *memory)
{
    size_t   size = (size_t) sysconf(_SC_PAGESIZE), i;
    uint64_t began;
    int      round;

    for (round = 0; round < COST_ROUNDS; round++) {
        began = now_ns();
        for (i = 0; i < COST_PAGES; i++) {
            ((volatile char *) memory)[i * size] = 1;
        }
        less(&cost->fault_ns, now_ns() - began);
        memory += COST_PAGES * size;

        began = now_ns();
        if (madvise(memory, COST_PAGES * size, MADV_POPULATE_WRITE) != 0) {
            return;
        }
        less(&cost->bulk_ns, now_ns() - began);
        memory += COST_PAGES * size;
    }
}

void
platen_lok_populate_costs(platen_lok_cost_t *cost)
{
    size_t             size = (size_t) sysconf(_SC_PAGESIZE);
    size_t             bytes = 2 * COST_ROUNDS * COST_PAGES * size;
    platen_lok_cost_t *shared;
    char              *memory;
    pid_t              child = -1;

    *cost = (platen_lok_cost_t){ 0 };
    shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (shared != MAP_FAILED && memory != MAP_FAILED) {
        (void) madvise(memory, bytes, MADV_NOHUGEPAGE);
        memset(memory, 1, bytes);
        child = fork();
    }
    if (child == 0) {
        measure(shared, memory);
        _exit(0);
    }
    if (child > 0) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
        }
        *cost = *shared;
    }
    if (shared != MAP_FAILED) {
        (void) munmap(shared, sizeof(*shared));
    }
    if (memory != MAP_FAILED) {
        (void) munmap(memory, bytes);
    }
}

int
platen_lok_populate_pays(const platen_lok_cost_t *cost)
{
    return cost->bulk_ns != 0 && cost->fault_ns >= (uint64_t) cost->bulk_ns * PAYS_FROM;
}

uint32_t
platen_lok_populate_begin(int each)
{
    uint32_t i, pages = 0;

    each_child = each;
    for (i = 0; i < nruns && pages + runs[i].pages <= PAGES_MAX; i++) {
        pages += runs[i].pages;
    }
    nruns = i;
    return pages;
}

int
platen_lok_populate_learn(platen_lok_family_t family, void (*work)(void *data), void *data)
{
    int rc;

    list = mmap(NULL, sizeof(*list), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (list == MAP_FAILED) {
        return -1;
    }
    rc = fork_and_wait(work, data);
    if (rc == 0) {
        rc = list->n <= RUNS_MAX ? merge(list, family) : -1;
    }
    (void) munmap(list, sizeof(*list));
    list = NULL;
    return rc;
}

platen_lok_family_t
platen_lok_family(const char *path)
{
    static const char *const sheets[] = { "xlsx", "xls", "ods", "fods", "csv" };
    static const char *const slides[] = { "pptx", "ppt", "odp", "fodp", "odg" };
    const char              *dot = strrchr(path, '.');
    size_t                   i;

    for (i = 0; dot != NULL && i < sizeof(sheets) / sizeof(sheets[0]); i++) {
        if (strcmp(dot + 1, sheets[i]) == 0) {
            return PLATEN_LOK_SHEETS;
        }
        if (strcmp(dot + 1, slides[i]) == 0) {
            return PLATEN_LOK_SLIDES;
        }
    }
    return PLATEN_LOK_TEXTS;
}

static int
is_shared(const run_t *run)
{
    return (run->families & (run->families - 1)) != 0;
}

static void
advise(const run_t *run)
{
    (void) madvise((void *) run->start, end_of(run) - run->start, run->advice);
}

void
platen_lok_populate_early(void)
{
    uint32_t i;

    for (i = 0; i < nruns; i++) {
        if (!each_child || is_shared(&runs[i])) {
            advise(&runs[i]);
        }
    }
    early = 1;
}

void
platen_lok_populate(platen_lok_family_t family)
{
    uint32_t i;

    for (i = 0; each_child && i < nruns; i++) {
        if ((runs[i].families & family) && !(early && is_shared(&runs[i]))) {
            advise(&runs[i]);
        }
    }
}
