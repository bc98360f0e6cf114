/*
 * The store as an operator sees it: all of its records, whatever client they
 * are of; whether its indexes say what the records say; and a copy of it.  The
 * records are the truth: every index can be made from them again.
 */

#ifndef PLATEN_STORE_CHECK_H
#define PLATEN_STORE_CHECK_H

#include "store/store.h"

/*
 * Ids of records after `after` (NULL: from the first); or, backwards, before it
 * (from the last).  Returns how many, or a negative code.
 */
int platen_store_jobs(platen_txn_t *txn, const platen_id_t *after, int backwards,
                      platen_id_t *ids, int max);

/*
 * The next client that has jobs, by name, after `client`, which the answer goes
 * to (length 0: the first).  PLATEN_NOT_FOUND: there are no more.
 */
typedef struct {
    char   name[PLATEN_CLIENT_MAX];
    size_t len;
} platen_client_t;

int platen_store_next_client(platen_txn_t *txn, platen_client_t *client);

typedef enum {
    PLATEN_DAMAGE_MISSING,   /* an entry that a record asks for is not there */
    PLATEN_DAMAGE_SURPLUS,   /* an entry that no record asks for */
    PLATEN_DAMAGE_WRONG,     /* its value is another */
    PLATEN_DAMAGE_UNREADABLE /* a record that cannot be read, or that none can be */
} platen_damage_kind_t;

typedef struct {
    const char          *db; /* its name in store/store.h */
    platen_damage_kind_t kind;
    const uint8_t       *key; /* gone with the call */
    size_t               len;
} platen_damage_t;

/* Where a check is; all zero to begin with. */
typedef struct {
    unsigned step;
    uint8_t  at[512]; /* the last key that was seen; LMDB has none longer than 511 */
    size_t   len;
    void (*found)(void *data, const platen_damage_t *damage);
    void *data;
} platen_check_t;

/*
 * Compares about `max` more entries with each other and calls check->found for
 * each that is damaged.  Each call may have a transaction of its own, so that
 * none is open for long, and others may change the store between two; one client
 * is counted in one, however many jobs it has.  Returns 1 if there is more to
 * compare, 0 at the end, or a negative code.
 */
int platen_store_check(platen_txn_t *txn, platen_check_t *check, int max);

/*
 * Makes every index and counter from the records, in this one transaction.  A
 * PENDING job whose place is taken or lost goes to the end of its client's queue.
 * Records that cannot be read stay, and are in no index.  *jobs (may be NULL)
 * gets the number of those that were indexed.
 */
int platen_store_rebuild(platen_txn_t *txn, uint64_t *jobs);

/*
 * Writes a compact copy of the store as it is now into the empty directory
 * `dir`, synced; others may write meanwhile.  Returns PLATEN_OK; on failure `err`
 * has a sentence.
 */
int platen_store_copy(platen_store_t *store, const char *dir, char *err, size_t errlen);

#endif
