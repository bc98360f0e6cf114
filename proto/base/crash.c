/* Crash points; see base/crash.h.  The number is set before threads begin. */

#include "base/crash.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const platen_crash_info_t points[PLATEN_CRASH_POINTS] = {
    [PLATEN_CRASH_ACCEPT_OPENED] = { "accept.opened", "nginx", "an upload's file is made" },
    [PLATEN_CRASH_ACCEPT_WRITTEN] = { "accept.written", "nginx", "bytes are written to it" },
    [PLATEN_CRASH_ACCEPT_SYNCED] = { "accept.synced", "nginx", "it is whole and synced" },
    [PLATEN_CRASH_ACCEPT_RENAMED] = { "accept.renamed", "nginx", "it has the job's name" },
    [PLATEN_CRASH_ACCEPT_LISTED] = { "accept.listed", "nginx", "its directory is synced" },
    [PLATEN_CRASH_ACCEPT_BEGUN] = { "accept.begun", "nginx", "the transaction is begun" },
    [PLATEN_CRASH_ACCEPT_RECORDED] = { "accept.recorded", "nginx", "the job is in it" },
    [PLATEN_CRASH_ACCEPT_COMMITTED] = { "accept.committed", "nginx", "it is committed" },
    [PLATEN_CRASH_ACCEPT_HINTED] = { "accept.hinted", "nginx",
                                     "the hint is sent, the answer not" },
    [PLATEN_CRASH_SHARE_LINKED] = { "share.linked", "nginx", "an earlier result is linked" },
    [PLATEN_CRASH_SHARE_LISTED] = { "share.listed", "nginx", "its directory is synced" },
    [PLATEN_CRASH_REMOVE_COMMITTED] = { "remove.committed", "nginx",
                                        "a record is gone, its files are not" },
    [PLATEN_CRASH_REMOVE_REMOVED] = { "remove.removed", "nginx", "its files are gone" },
    [PLATEN_CRASH_RECOVER_RECORDED] = { "recover.recorded", "platend",
                                        "jobs that ran are PENDING in a transaction" },
    [PLATEN_CRASH_RECOVER_COMMITTED] = { "recover.committed", "platend", "it is committed" },
    [PLATEN_CRASH_RECOVER_CLEARED] = { "recover.cleared", "platend",
                                       "the work directories are empty" },
    [PLATEN_CRASH_CLAIM_RECORDED] = { "claim.recorded", "platend",
                                      "jobs are PROCESSING in a transaction" },
    [PLATEN_CRASH_CLAIM_COMMITTED] = { "claim.committed", "platend", "it is committed" },
    [PLATEN_CRASH_RUN_STARTED] = { "run.started", "platend", "the conversion is started" },
    [PLATEN_CRASH_RUN_ENDED] = { "run.ended", "platend", "it has ended" },
    [PLATEN_CRASH_FINISH_SYNCED] = { "finish.synced", "platend", "the result is synced" },
    [PLATEN_CRASH_FINISH_RENAMED] = { "finish.renamed", "platend",
                                      "it has the name of its epoch" },
    [PLATEN_CRASH_FINISH_LISTED] = { "finish.listed", "platend", "its directory is synced" },
    [PLATEN_CRASH_FINISH_JUDGED] = { "finish.judged", "platend",
                                     "the verdict is there, and not written" },
    [PLATEN_CRASH_FINISH_RECORDED] = { "finish.recorded", "platend",
                                       "the end is in a transaction" },
    [PLATEN_CRASH_FINISH_COMMITTED] = { "finish.committed", "platend", "it is committed" },
    [PLATEN_CRASH_LEASE_RECORDED] = { "lease.recorded", "platend",
                                      "a job of nobody's is PENDING in a transaction" },
    [PLATEN_CRASH_LEASE_COMMITTED] = { "lease.committed", "platend", "it is committed" },
    [PLATEN_CRASH_REAP_RECORDED] = { "reap.recorded", "platend",
                                     "expired records are gone in a transaction" },
    [PLATEN_CRASH_REAP_COMMITTED] = { "reap.committed", "platend",
                                      "it is committed, their files are there" },
    [PLATEN_CRASH_REAP_REMOVED] = { "reap.removed", "platend", "the files of one are gone" },
    [PLATEN_CRASH_BATCH_FETCHED] = { "batch.fetched", "platend",
                                     "an archive is taken over from its run" },
    [PLATEN_CRASH_BATCH_RENAMED] = { "batch.renamed", "platend",
                                     "files of an archive have their jobs' names" },
    [PLATEN_CRASH_BATCH_RECORDED] = { "batch.recorded", "platend",
                                      "they are PENDING in a transaction" },
    [PLATEN_CRASH_BATCH_COMMITTED] = { "batch.committed", "platend", "it is committed" },
    [PLATEN_CRASH_BATCH_LISTED] = { "batch.listed", "platend",
                                    "all are there, in a transaction" },
    [PLATEN_CRASH_BATCH_LET_GO] = { "batch.let_go", "platend", "it is committed" },
    [PLATEN_CRASH_BATCH_CLAIMED] = { "batch.claimed", "platend",
                                     "a batch whose files have ended is claimed" },
    [PLATEN_CRASH_BATCH_GATHERED] = { "batch.gathered", "platend",
                                      "its results are ready to be packed" },
    [PLATEN_CRASH_AGAIN_RECORDED] = { "again.recorded", "platend",
                                      "failed files are PENDING in a transaction" },
    [PLATEN_CRASH_TOMBSTONES_RECORDED] = { "tombstones.recorded", "platend",
                                           "files of a removed batch are gone in a "
                                           "transaction" },
    [PLATEN_CRASH_TOMBSTONES_COMMITTED] = { "tombstones.committed", "platend",
                                            "it is committed, what they had on disk is there" },
    [PLATEN_CRASH_ORPHANS_NOTED] = { "orphans.noted", "platend", "orphans have been found" },
    [PLATEN_CRASH_ORPHANS_REMOVED] = { "orphans.removed", "platend", "one is removed" },
    [PLATEN_CRASH_CHILD_FORKED] = { "child.forked", "child", "the process is there" },
    [PLATEN_CRASH_CHILD_CONFINED] = { "child.confined", "child", "it is in its sandbox" },
};

int        platen_crash_armed;
static int left; /* times, until the last one */

const platen_crash_info_t *
platen_crash_info(platen_crash_t point)
{
    return &points[point];
}

int
platen_crash_init(void)
{
    const char *value = getenv("PLATEN_CRASH_POINT");
    size_t      len;
    int         i;

    platen_crash_armed = PLATEN_CRASH_NONE;
    if (value == NULL || *value == '\0') {
        return 0;
    }

    len = strcspn(value, ":");
    for (i = PLATEN_CRASH_NONE + 1; i < PLATEN_CRASH_POINTS; i++) {
        if (strlen(points[i].name) == len && memcmp(points[i].name, value, len) == 0) {
            left = value[len] == ':' ? atoi(value + len + 1) : 1;
            platen_crash_armed = i;
            return 0;
        }
    }
    return -1;
}

void
platen_crash_reached(void)
{
    if (__atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED) == 0) {
        (void) kill(getpid(), SIGKILL);
        for (;;) {
            pause();
        }
    }
}
