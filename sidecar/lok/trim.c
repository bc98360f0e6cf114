/*
 * Trimming; see lok/trim.h.
 *
 * The zygote runs none of LibreOffice's code after its warm-up, so the pages of
 * it that it has mapped, some 60 MB, are held for its children: what it maps as
 * well is not theirs alone.  While there are none, they can go.  They are in the
 * page cache all the same, so this is about what is counted as whose, and about
 * what the kernel may drop when memory is short.
 *
 * Which pages are mapped is read in the page map (Linux, pagemap.rst).
 */

#include "lok/trim.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ /* Linux 5.14 */
#define MADV_POPULATE_READ 22
#endif

#define RUNS_MAX 8192
#define CHUNK 512 /* entries of the page map */
#define PAGE_PRESENT (UINT64_C(1) << 63)

typedef struct {
    uintptr_t start;
    size_t    pages;
} run_t;

static run_t  runs[RUNS_MAX];
static size_t nruns;

/* A mapping of a file, as smaps(5) shows it. */
typedef struct {
    uintptr_t start;
    uintptr_t end; /* 0: none, or not one to let go of */
} mapping_t;

static mapping_t
read_header(const char *line)
{
    mapping_t     mapping = { 0, 0 };
    unsigned long start, end;
    char          mode[5];
    int           at = 0;

    if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &start, &end, mode, &at) == 3 && at != 0
        && line[at] == '/' && mode[0] == 'r' && mode[3] == 'p') {
        mapping = (mapping_t){ start, end };
    }
    return mapping;
}

static void
note(uintptr_t page, size_t size)
{
    run_t *last = nruns == 0 ? NULL : &runs[nruns - 1];

    if (last != NULL && last->start + last->pages * size == page) {
        last->pages++;
    } else if (nruns < RUNS_MAX) {
        runs[nruns++] = (run_t){ page, 1 };
    }
}

/* Lets one mapping go, and notes what of it was there. */
static void
drop(int pagemap, const mapping_t *mapping, size_t size)
{
    uint64_t  entries[CHUNK];
    uintptr_t page = mapping->start;
    ssize_t   n, i;

    while (page < mapping->end) {
        n = pread(pagemap, entries, sizeof(entries),
                  (off_t) (page / size * sizeof(entries[0])));
        n /= (ssize_t) sizeof(entries[0]);
        if (n <= 0) {
            return;
        }
        for (i = 0; i < n && page < mapping->end; i++, page += size) {
            if (entries[i] & PAGE_PRESENT) {
                note(page, size);
            }
        }
    }
    (void) madvise((void *) mapping->start, mapping->end - mapping->start, MADV_DONTNEED);
}

void
platen_lok_trim(void)
{
    size_t    size = (size_t) sysconf(_SC_PAGESIZE);
    mapping_t mapping = { 0, 0 };
    char      line[4352];
    FILE     *smaps = fopen("/proc/self/smaps", "re");
    int       pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

    nruns = 0;
    while (smaps != NULL && pagemap >= 0 && fgets(line, sizeof(line), smaps) != NULL) {
        if ((line[0] >= '0' && line[0] <= '9') || (line[0] >= 'a' && line[0] <= 'f')) {
            mapping = read_header(line);
        } else if (strcmp(line, "Anonymous:             0 kB\n") == 0 && mapping.end != 0) {
            /* Nothing in it is ours alone: it can be read again from its file. */
            drop(pagemap, &mapping, size);
        }
    }
    if (smaps != NULL) {
        fclose(smaps);
    }
    if (pagemap >= 0) {
        close(pagemap);
    }
}

void
platen_lok_untrim(void)
{
    size_t size = (size_t) sysconf(_SC_PAGESIZE), i;

    for (i = 0; i < nruns; i++) {
        (void) madvise((void *) runs[i].start, runs[i].pages * size, MADV_POPULATE_READ);
    }
    nruns = 0;
}
