/*
 * Crash points: the steps between which a process may be killed, each with a
 * name, so that a test can kill it exactly there.
 *
 *   PLATEN_CRASH_POINT=finish.renamed      at the first time
 *   PLATEN_CRASH_POINT=accept.synced:3     at the third
 *
 * Read once by platen_crash_init().  nginx drops its environment: its
 * configuration needs `env PLATEN_CRASH_POINT;`.  Unset, a point costs the
 * comparison of a number that never changes.
 */

#ifndef PLATEN_CRASH_H
#define PLATEN_CRASH_H

typedef enum {
    PLATEN_CRASH_NONE,

    PLATEN_CRASH_ACCEPT_OPENED, /* nginx: an upload */
    PLATEN_CRASH_ACCEPT_WRITTEN,
    PLATEN_CRASH_ACCEPT_SYNCED,
    PLATEN_CRASH_ACCEPT_RENAMED,
    PLATEN_CRASH_ACCEPT_LISTED,
    PLATEN_CRASH_ACCEPT_BEGUN,
    PLATEN_CRASH_ACCEPT_RECORDED,
    PLATEN_CRASH_ACCEPT_COMMITTED,
    PLATEN_CRASH_ACCEPT_HINTED,
    PLATEN_CRASH_SHARE_LINKED, /* nginx: an upload whose result is there */
    PLATEN_CRASH_SHARE_LISTED,
    PLATEN_CRASH_REMOVE_COMMITTED, /* nginx: a deletion */
    PLATEN_CRASH_REMOVE_REMOVED,

    PLATEN_CRASH_RECOVER_RECORDED, /* platend, from its start on */
    PLATEN_CRASH_RECOVER_COMMITTED,
    PLATEN_CRASH_RECOVER_CLEARED,
    PLATEN_CRASH_CLAIM_RECORDED,
    PLATEN_CRASH_CLAIM_COMMITTED,
    PLATEN_CRASH_RUN_STARTED,
    PLATEN_CRASH_RUN_ENDED,
    PLATEN_CRASH_FINISH_SYNCED,
    PLATEN_CRASH_FINISH_RENAMED,
    PLATEN_CRASH_FINISH_LISTED,
    PLATEN_CRASH_FINISH_JUDGED,
    PLATEN_CRASH_FINISH_RECORDED,
    PLATEN_CRASH_FINISH_COMMITTED,
    PLATEN_CRASH_LEASE_RECORDED,
    PLATEN_CRASH_LEASE_COMMITTED,
    PLATEN_CRASH_REAP_RECORDED,
    PLATEN_CRASH_REAP_COMMITTED,
    PLATEN_CRASH_REAP_REMOVED,
    PLATEN_CRASH_BATCH_FETCHED, /* platend: a batch, from its archive to its ZIP file */
    PLATEN_CRASH_BATCH_RENAMED,
    PLATEN_CRASH_BATCH_RECORDED,
    PLATEN_CRASH_BATCH_COMMITTED,
    PLATEN_CRASH_BATCH_LISTED,
    PLATEN_CRASH_BATCH_LET_GO,
    PLATEN_CRASH_BATCH_CLAIMED,
    PLATEN_CRASH_BATCH_GATHERED,
    PLATEN_CRASH_AGAIN_RECORDED,      /* its retry */
    PLATEN_CRASH_TOMBSTONES_RECORDED, /* its removal */
    PLATEN_CRASH_TOMBSTONES_COMMITTED,
    PLATEN_CRASH_ORPHANS_NOTED,
    PLATEN_CRASH_ORPHANS_REMOVED,

    PLATEN_CRASH_CHILD_FORKED, /* a conversion's process, before its engine */
    PLATEN_CRASH_CHILD_CONFINED,

    PLATEN_CRASH_POINTS
} platen_crash_t;

typedef struct {
    const char *name;
    const char *who;  /* "nginx", "platend" or "child" */
    const char *what; /* has just happened */
} platen_crash_info_t;

/* The point's entry; `point` from 1 to PLATEN_CRASH_POINTS - 1. */
const platen_crash_info_t *platen_crash_info(platen_crash_t point);

/*
 * Reads the environment.  Returns 0, or -1 if it names no point: whoever asked
 * for it would wait in vain, so the process should not start.
 */
int platen_crash_init(void);

extern int platen_crash_armed; /* a point, or PLATEN_CRASH_NONE */

/* Counts; does not return the last time.  From any thread. */
void platen_crash_reached(void);

static inline void
platen_crash_point(platen_crash_t point)
{
    if (__builtin_expect(platen_crash_armed == (int) point, 0)) {
        platen_crash_reached();
    }
}

#endif
