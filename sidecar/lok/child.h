/*
 * A child of the zygote: one document's process, from the fork to its _exit().
 */

#ifndef PLATEN_LOK_CHILD_H
#define PLATEN_LOK_CHILD_H

#include "lok/inherit.h"
#include "office/wire.h"
#include "sandbox/sandbox.h"

#define PLATEN_LOK_TEMPORARY_MAX 8

/* What all children have in common; made once, constant from then on. */
typedef struct {
    const char              *program; /* LibreOffice's directory */
    const char              *state;   /* the zygote's */
    unsigned                 layers;  /* of the sandbox, for a child to enter */
    platen_sandbox_filter_t *filter;
    platen_lok_inherit_t     inherit;
    pid_t                    zygote;

    /* Names of LibreOffice's directories in tmp/. */
    char     temporary[PLATEN_LOK_TEMPORARY_MAX][64];
    unsigned ntemporary;
} platen_lok_world_t;

/*
 * Memory that the zygote shares with its children until they open their document: the
 * errno with which a child's set-up failed, by its run; 0: it did not.
 */
#define PLATEN_LOK_RUNS_MAX 256
typedef struct {
    int of[PLATEN_LOK_RUNS_MAX];
} platen_lok_errors_t;

/*
 * Converts and ends the process with a platen_lok_exit_t.  What fails before the
 * document is opened is in errors->of[run] as well, to which nothing can be written
 * from then on.  The socket `keeper` gets an octet, PLATEN_LOK_EXIT_DONE, when that is how
 * it is about to end.
 */
_Noreturn void
platen_lok_child_run(const platen_lok_world_t *world, const platen_lok_message_t *request,
                     platen_lok_errors_t *errors, size_t run, int keeper);

#endif
