/*
 * What every child does between its fork and its work, whether it executes a
 * program or goes on as a LibreOffice: system calls only, no allocation.  Runs
 * in the child; a failure is the caller's to report, with errno.
 */

#ifndef PLATEN_FORK_H
#define PLATEN_FORK_H

#include <stdint.h>
#include <sys/resource.h>

/* Default handlers for all signals, and none blocked.  Returns 0, or -1. */
int platen_fork_signals(void);

/*
 * Lowers both values of a limit to `value`; one that the parent is under and
 * that is lower stays.  RLIMIT_CPU gets its soft value a second earlier.
 * Returns 0, or -1.
 */
int platen_fork_limit(__rlimit_resource_t resource, uint64_t value);

/*
 * Adds to the process's nice value, which its children inherit, 19 at most.  What the
 * kernel does not give costs speed alone, so nobody is told.
 */
void platen_fork_nice(int more);

#endif
