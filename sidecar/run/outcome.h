/*
 * What the end of a process says about its run: from a wait status, the last
 * words and what is left on the disk to one outcome.
 */

#ifndef PLATEN_OUTCOME_H
#define PLATEN_OUTCOME_H

#include "engine/engine.h"

/* How a run ended. */
typedef enum {
    PLATEN_RUN_DONE,          /* the last engine exited; there may be a result */
    PLATEN_RUN_CORRUPT,       /* an engine could not read the document */
    PLATEN_RUN_ENCRYPTED,     /* it needs a password, and there was none */
    PLATEN_RUN_PASSWORD,      /* the password is wrong */
    PLATEN_RUN_EMPTY,         /* there is nothing in it */
    PLATEN_RUN_PAGES,         /* it does not have the pages asked for */
    PLATEN_RUN_SHEET,         /* nor the sheet */
    PLATEN_RUN_DECLINED,      /* it has to be written anew; the pool sees to that */
    PLATEN_RUN_FAILED,        /* an engine gave up, or left nothing */
    PLATEN_RUN_CRASHED,       /* a signal ended it, or it said so */
    PLATEN_RUN_TIMEOUT,       /* killed at the wall-clock limit, or out of CPU time */
    PLATEN_RUN_MEMORY,        /* out of the memory that a conversion may have */
    PLATEN_RUN_STARVED,       /* killed by the kernel: the machine was out of memory */
    PLATEN_RUN_TOO_LARGE,     /* it wrote more than a file, or the format, may have */
    PLATEN_RUN_DISK,          /* killed: it has filled the disk */
    PLATEN_RUN_THREADS,       /* killed: more threads than it may have */
    PLATEN_RUN_DISCARDED,     /* killed: nobody wants the result any more */
    PLATEN_RUN_INTERRUPTED,   /* killed: the sidecar stops */
    PLATEN_RUN_LOST,          /* LibreOffice died under it */
    PLATEN_RUN_SETUP,         /* the engine says that this machine is at fault: its word only */
    PLATEN_RUN_INPUT_MISSING, /* never started: the document is not there */
    PLATEN_RUN_ERROR          /* never ran: platend could not start it; see `error` */
} platen_run_outcome_t;

/* A process that has ended. */
typedef struct {
    const platen_engine_t  *engine;
    const platen_options_t *options;     /* that the step had to honour */
    int                     wstatus;     /* as waitpid(2) */
    const char             *stderr_tail; /* the end of its standard error; any bytes */
    const char             *dir;         /* where it may have left files */
    uint64_t                file_size;   /* bytes that a file may have there */
    int                     memory;      /* the kernel has killed for want of memory there */
    int                     starved;     /* the same, anywhere on the machine */
} platen_outcome_case_t;

/* Its name, for people and GET /metrics. */
const char *platen_outcome_name(platen_run_outcome_t outcome);

/* The outcome, of those from DONE to TOO_LARGE, or SETUP. */
platen_run_outcome_t platen_outcome(const platen_outcome_case_t *of);

/* The last line of `stderr_tail` that is not empty, without what surrounds it. */
void platen_outcome_last_line(const char *stderr_tail, char *out, size_t size);

#endif
