/*
 * When a process that was killed is over: between that and its end as wait(2) tells it the
 * kernel takes its memory down, which takes milliseconds.
 */

#ifndef PLATEN_LOK_LEAVE_H
#define PLATEN_LOK_LEAVE_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Whether nothing of a process of the caller's that was sent SIGKILL can run any more, in
 * any of its threads, nor write to any memory that it had mapped.  0: not yet, or that
 * cannot be told here; its parent may wait for its end then.
 */
int platen_lok_leave_is_over(pid_t pid);

/* The CPU time of a process that was not waited for yet, in milliseconds; 0: not known. */
uint32_t platen_lok_leave_cpu_ms(pid_t pid);

#endif
