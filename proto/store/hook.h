/*
 * Deliveries: what is to be told to a job's webhook_url.  Each is made in the
 * transaction that changes the job (store/transition.c), with all that will
 * be said, so that none is lost or made twice, and a job may be removed before
 * it was told of.
 *
 * Databases (keys are big-endian):
 *   hook       id, seq u64              -> delivery   to be made
 *   hook_due   time u64, id, seq u64    -> (empty)    of each job's, the one whose turn it is
 *   hook_dead  id, seq u64              -> delivery   given up
 *   hook_log   time u64, id, seq u64    -> delivery   made
 *
 * Of one job, the next delivery gets its turn when the one before was made or
 * given up: that is what keeps their order.
 */

#ifndef PLATEN_STORE_HOOK_H
#define PLATEN_STORE_HOOK_H

#include "store/store.h"

#define PLATEN_HOOK_FAILURE_MAX 255                      /* bytes of what went wrong */
#define PLATEN_HOOK_RECORD_MAX (PLATEN_RECORD_MAX + 512) /* bytes of an encoded delivery */
#define PLATEN_HOOK_KEY_MAX (8 + 16 + 8)

/* Times are microseconds since the Unix epoch. */
typedef struct {
    platen_id_t id;  /* these two are the key; the second is */
    uint64_t    seq; /* the number of the event in the outbox */

    uint64_t     time;  /* of the event */
    uint8_t      state; /* that was entered; PLATEN_STATE_NONE: the record is gone */
    platen_str_t job; /* the record as it was then, encoded, without what is nobody's affair */

    uint64_t     due;      /* when it is tried next; 0: not before an earlier one has ended */
    uint64_t     since;    /* when the time began after which it is given up */
    uint32_t     tries;    /* so far */
    uint32_t     refusals; /* tries that were not made, as the address may not be told */
    uint64_t     tried_at; /* the last time; 0: never */
    uint64_t     ended_at; /* 0: it has not */
    uint32_t     status;   /* of the last answer, 0: there was none */
    platen_str_t failure;  /* what went wrong the last time */
} platen_hook_t;

extern const platen_field_t platen_hook_fields[];
extern const size_t         platen_hook_nfields;

typedef enum {
    PLATEN_HOOK_PENDING,
    PLATEN_HOOK_DELIVERED,
    PLATEN_HOOK_DEAD,
    PLATEN_HOOK_KINDS
} platen_hook_kind_t;

/* "pending", "delivered", "dead". */
const char *platen_hook_kind_name(platen_hook_kind_t kind);

/* A place in a list, to go on behind; all zero to begin with. */
typedef struct {
    uint8_t key[PLATEN_HOOK_KEY_MAX];
    size_t  len;
} platen_hook_at_t;

/*
 * The next delivery that is due at `now`, the one that has been so for longest
 * first.  Strings point into the map.  PLATEN_NOT_FOUND: there are no more;
 * PLATEN_CORRUPT: this one cannot be read (hook->id and seq are set).
 */
int platen_store_hook_due(platen_txn_t *txn, uint64_t now, platen_hook_at_t *at,
                          platen_hook_t *hook);

/* When the first is due; 0: none is. */
int platen_store_hook_next(platen_txn_t *txn, uint64_t *time);

/* The same for all of a kind: by job, those that were delivered by time. */
int platen_store_hook_list(platen_txn_t *txn, platen_hook_kind_t kind, platen_hook_at_t *at,
                           platen_hook_t *hook);

/* How many there are of each kind. */
int platen_store_hook_count(platen_txn_t *txn, uint64_t counts[PLATEN_HOOK_KINDS]);

/* How a try has ended. */
typedef struct {
    platen_id_t        id;
    uint64_t           seq;
    platen_hook_kind_t kind;    /* PENDING: once more, at `due` */
    uint64_t           due;     /* PLATEN_HOOK_PENDING only */
    uint32_t           status;  /* 0: there was no answer */
    int                refused; /* the address may not be told */
    platen_str_t       failure; /* at most PLATEN_HOOK_FAILURE_MAX bytes; more are cut off */
} platen_hook_result_t;

/* Notes it.  PLATEN_NOT_FOUND: there is no such delivery to be made. */
int platen_store_hook_end(platen_txn_t *txn, const platen_hook_result_t *result, uint64_t now);

/* Takes a delivery away that cannot be read; the next of its job has its turn. */
int
platen_store_hook_drop(platen_txn_t *txn, const platen_id_t *id, uint64_t seq, uint64_t now);

/* One that was given up is to be made after all.  PLATEN_NOT_FOUND if there is none. */
int
platen_store_hook_revive(platen_txn_t *txn, const platen_id_t *id, uint64_t seq, uint64_t now);

/*
 * Forgets at most `max` of those that were delivered, or given up, before
 * `before`; or that are more than `keep`.  Returns how many, or a negative code.
 */
int platen_store_hook_trim(platen_txn_t *txn, platen_hook_kind_t kind, uint64_t before,
                           uint64_t keep, int max);

#endif
