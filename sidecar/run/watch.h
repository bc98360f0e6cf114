/*
 * What a run has that no limit of the kernel's holds for all of it: threads, and files
 * that are open and have no name any more (memfds among them).  Seen through /proc,
 * where the run cannot hide it: it may not make itself undumpable.
 */

#ifndef PLATEN_WATCH_H
#define PLATEN_WATCH_H

#include <stdint.h>
#include <sys/types.h>

#define PLATEN_WATCH_PROCESSES 512 /* that are looked at */

typedef struct {
    unsigned threads;  /* of all its processes; more if not all could be looked at */
    uint64_t unlinked; /* bytes that such files take */
} platen_watch_t;

/*
 * Looks at the processes below `top`, and at itself too if `top` is no keeper.  What
 * ends meanwhile is left out.  Some microseconds for each process and descriptor.
 */
void platen_watch(pid_t top, int keeper, platen_watch_t *out);

#endif
