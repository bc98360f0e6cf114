/*
 * Numbers of the whole store, for GET /metrics: each is one that the store keeps, or a few
 * steps away, however many jobs there are.
 */

#ifndef PLATEN_MEASURE_H
#define PLATEN_MEASURE_H

#include "store/store.h"

/* Clients whose first waiting job is looked at for the oldest. */
#define PLATEN_MEASURE_CLIENTS 64

typedef struct {
    uint64_t jobs;          /* records: jobs, and files of batches */
    uint64_t due;           /* PENDING ones that can be claimed */
    uint64_t later;         /* PENDING ones that wait for a time */
    uint64_t processing;    /* PROCESSING ones */
    uint64_t uploads;       /* uploads under way, with room kept for them */
    uint64_t webhooks;      /* deliveries that wait */
    uint64_t webhooks_dead; /* and that were given up */
    uint64_t events;        /* number of the last one */
    uint64_t events_kept;   /* at most so many are there */
    uint64_t waiting_since; /* when the oldest of `due` came, microseconds since the Unix
                               epoch, of the clients that are next; 0: none waits */
    uint64_t map;           /* bytes that the store may have */
    uint64_t used;          /* and that it has, free pages within included */
    uint64_t readers;       /* slots of read transactions that are taken */
    uint64_t commits;       /* number of the last transaction */
} platen_measure_t;

/* PLATEN_OK, or a negative code. */
int platen_store_measure(platen_txn_t *txn, platen_measure_t *out);

#endif
