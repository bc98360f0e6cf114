/* What the end of a run says. */

#ifndef PLATEN_ENGINE_EXIT_H
#define PLATEN_ENGINE_EXIT_H

/* What an exit code says about a run that no signal ended. */
typedef enum {
    PLATEN_EXIT_DONE,      /* look for the result */
    PLATEN_EXIT_AGAIN,     /* it wants to be started once more */
    PLATEN_EXIT_CRASHED,   /* it caught its own crash */
    PLATEN_EXIT_CORRUPT,   /* it cannot read the document */
    PLATEN_EXIT_ENCRYPTED, /* the document needs a password and none was given */
    PLATEN_EXIT_PASSWORD,  /* the password is wrong */
    PLATEN_EXIT_EMPTY,     /* there is nothing in the document */
    PLATEN_EXIT_FAILED,    /* it read the document and cannot write it so */
    PLATEN_EXIT_MEMORY,    /* it ran out of memory */
    PLATEN_EXIT_TIMEOUT,   /* its CPU time is spent */
    PLATEN_EXIT_SHEET,     /* the workbook has no such sheet */
    PLATEN_EXIT_DECLINED,  /* by an edge that may */
    PLATEN_EXIT_TOO_LARGE, /* the result is larger than its format or the limit allows */
    PLATEN_EXIT_SETUP /* it says that this machine is at fault; a document may make it say so */
} platen_exit_t;

/* Words that decide what an end means: the first rule that fits. */
typedef struct {
    int           code;       /* exit code, or PLATEN_PROGRAM_ANY */
    const char   *stderr_has; /* part of what it said, or NULL: anything */
    platen_exit_t exit;
} platen_program_rule_t;

#define PLATEN_PROGRAM_ANY (-1)

#endif
