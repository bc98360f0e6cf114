/*
 * How the service does, in a screen: what `platenctl status` prints and `platenctl top` goes
 * on printing.  All of it is a number that is kept somewhere: however many jobs there are, it
 * costs the same, but for the failures of the last hour.
 */

#ifndef PLATEN_CTL_OVERVIEW_H
#define PLATEN_CTL_OVERVIEW_H

#include <jansson.h>

#include "ctl/store.h"
#include "store/measure.h"
#include "store/service.h"

#define PLATEN_CTL_OVERVIEW_HOUR (UINT64_C(3600) * 1000000)

/* Failures are counted among so many events at most. */
#define PLATEN_CTL_OVERVIEW_EVENTS 100000

#define PLATEN_CTL_OVERVIEW_CODES 4

typedef struct {
    uint64_t at;           /* microseconds since the Unix epoch */
    pid_t    nginx;        /* its master; 0: none is to be seen */
    pid_t    platend;      /* 0: none; -1: it cannot be told; -2: in another container */
    uint64_t uptime;       /* of platend, seconds; 0: unknown */
    int      stopped;      /* platend, by a signal */
    uint64_t silent;       /* seconds for which platend has told no numbers; 0: it does, or
                              never has */
    int              page; /* platend's own numbers are there: */
    uint64_t         warm, workers, busy;
    platen_measure_t store;
    unsigned         percent; /* of the store's map */
    uint64_t         failures;
    int              failures_more; /* there are more than were counted */
    struct {
        char     code[64];
        uint64_t n;
    } codes[PLATEN_CTL_OVERVIEW_CODES]; /* the first ones; the last is of all others */
    uint64_t               disk;        /* bytes free */
    int                    backups;     /* they are made by platend */
    uint64_t               backup;      /* age of the newest, seconds; UINT64_MAX: none */
    char                   condition[PLATEN_SERVICE_SENTENCE];
    char                   notes[PLATEN_SERVICE_SENTENCE]; /* lines */
    int                    has_canary;
    platen_canary_record_t canary;

    /* What is wrong, a sentence each, and how many keep it from being healthy. */
    json_t *problems;
    json_t *warnings;
} platen_ctl_overview_t;

/*
 * Looks at everything; `nginx` is whose master is seen, which platend's user may not tell.
 * Returns PLATEN_OK, or the store's code.
 */
int
platen_ctl_overview_take(const platen_ctl_store_t *s, pid_t nginx, platen_ctl_overview_t *o);

/* Gives back what platen_ctl_overview_take() has made. */
void platen_ctl_overview_free(platen_ctl_overview_t *o);

/* A screen of it: lines, each with `end` after it. */
void platen_ctl_overview_print(const platen_ctl_overview_t *o, const char *end);

/* The same for programs; NULL: no memory. */
json_t *platen_ctl_overview_json(const platen_ctl_overview_t *o);

#endif
