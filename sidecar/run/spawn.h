/*
 * One program: forked, cut off from what the sidecar holds, confined, and executed
 * below a keeper that leads its process group, so that it can be killed with all that
 * it has started, and is, when the sidecar ends.
 */

#ifndef PLATEN_CHILD_H
#define PLATEN_CHILD_H

#include <sys/types.h>

#include "sandbox/sandbox.h"

typedef struct {
    char *const *argv; /* argv[0] is the program's path; no search */
    char *const *envp;
    const char  *dir; /* working directory */
    const char  *log; /* takes standard output and error; appended to */

    int nice; /* for the program; the keeper stays as the caller is */

    const platen_sandbox_t *sandbox;
} platen_child_spec_t;

/*
 * Starts the child.  Returns its keeper's pid, which is its group's id too, or -1 with
 * errno.  *status is a descriptor for platen_child_error(); the caller closes
 * it.
 */
pid_t platen_child_start(const platen_child_spec_t *spec, int *status);

/*
 * After the child has been reaped: the errno that kept it from executing its program,
 * or 0 if it got that far.  *layer: the layer of the sandbox that it could not
 * enter, 0 if it was something else.  *wstatus, the keeper's, becomes the program's if
 * the keeper lived to see its end.
 */
int platen_child_error(int status, unsigned *layer, int *wstatus);

/*
 * If the child has ended, kills what is left of its group, reaps it, sets *wstatus (as
 * waitpid(2), of the keeper) and returns 1.  0: still running; -1 with errno.
 */
int platen_child_reap(pid_t pid, int *wstatus);

/* Kills the whole group, at once. */
void platen_child_kill(pid_t pid);

#endif
