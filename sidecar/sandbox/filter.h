/* The layer that refuses system calls; see sandbox/sandbox.h. */

#ifndef PLATEN_SANDBOX_FILTER_H
#define PLATEN_SANDBOX_FILTER_H

#include <stddef.h>

/* What a filter leaves open for an engine that cannot do without. */
#define PLATEN_SANDBOX_MAY_EXEC 1 /* execve; Landlock says what (PLATEN_SANDBOX_X) */
#define PLATEN_SANDBOX_MAY_FORK 2 /* processes of its own, to which it sends no signals */
#define PLATEN_SANDBOX_MAY_BIND 4 /* a local socket to listen on; to connect to none */
#define PLATEN_SANDBOX_MAY_POLL 8 /* epoll, of whose watches a user has so many */

typedef struct platen_sandbox_filter_s platen_sandbox_filter_t;

/*
 * Builds the system-call filter; `allow` is a mask of PLATEN_SANDBOX_MAY_*.
 * 1 ms.  NULL on failure, with errno.
 */
platen_sandbox_filter_t *platen_sandbox_filter_new(unsigned allow);

/*
 * The calls that a filter refuses whatever their arguments, for those who print or try
 * them.  A negative number is a call that this architecture does not have.
 */
typedef struct {
    int      number;
    unsigned unless; /* PLATEN_SANDBOX_MAY_* that opens it */
    int      error;  /* 0: it kills the process */
} platen_sandbox_call_t;

size_t                platen_sandbox_calls(void);
platen_sandbox_call_t platen_sandbox_call(size_t n);

/* The n-th call that is refused to who may that with some arguments, in words, or NULL. */
const char *platen_sandbox_partly(size_t n, unsigned may);

/* Calls with a higher number are newer than the filter: ENOSYS. */
#define PLATEN_SANDBOX_LAST_CALL 450 /* set_mempolicy_home_node: the last of Linux 6.1 */

void platen_sandbox_filter_destroy(platen_sandbox_filter_t **filter);

#endif
