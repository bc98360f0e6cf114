/*
 * The heap; see lok/heap.h.  Main thread of the zygote, once, after the warm-up.
 *
 * What the warm-up has freed are thousands of small holes all over the heap.  A child
 * would allocate in them, and write into their neighbours as it takes them out of
 * malloc's lists: each time a page that is copied in a page fault.  So the holes are
 * allocated here and never freed.  A child then takes new pages, and fills each of them.
 */

#include "lok/heap.h"

#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

/* What malloc's chunks hold: 8 bytes more than a multiple of 16. */
#define LARGEST (65536 + 8)
#define SMALLEST 24
#define FINE 2048 /* each size up to here is tried: of some malloc keeps lists (to 1032) */

void
platen_lok_heap_close(void)
{
    struct mallinfo2 heap;
    uintptr_t        end, at;
    size_t           size, step;

    (void) malloc_trim(0); /* what is left of a hole is but the page of its header */
    heap = mallinfo2();
    end = (uintptr_t) sbrk(0) - heap.keepcost;
    for (size = LARGEST; size >= SMALLEST; size -= step) {
        do {
            at = (uintptr_t) malloc(size);
        } while (at != 0 && at < end && at > end - heap.arena);
        step = size > FINE ? size / 32 / 16 * 16 + 16 : 16;
    }
}
