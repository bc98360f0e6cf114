/*
 * What follows from a record of a job: the entries that it has in other databases, the
 * counter that it is in, and its bytes.  platen_index_of() says it, and whoever changes
 * a record, checks the store or makes it again asks that.  For the store alone.
 */

#ifndef PLATEN_STORE_INDEX_H
#define PLATEN_STORE_INDEX_H

#include "store/internal.h"

/* A database.  The table is in the order in which they are checked. */
typedef struct {
    int         db;
    const char *name;
    int         made;  /* from the records alone: emptied to be made again */
    size_t      id_at; /* of the id in a key, from its end; 0: the value is the id */
} platen_db_t;

extern const platen_db_t platen_dbs[PLATEN_DBS];

#define PLATEN_INDEX_MAX 7 /* entries of one record */

typedef struct {
    int     db;
    uint8_t key[PLATEN_IDEM_KEY_MAX];
    size_t  klen;
    uint8_t val[32];
    size_t  vlen;
} platen_entry_t;

typedef struct {
    platen_entry_t entries[PLATEN_INDEX_MAX];
    size_t         n;
    uint8_t        client[1 + PLATEN_CLIENT_MAX]; /* its key */
    size_t         prefix;                        /* bytes of that */
    uint8_t        count;                         /* which of the client's counters */
    uint64_t       bytes;
} platen_index_t;

/* Whether the record can be in indexes at all. */
int platen_store_sound(const platen_job_t *job);

/*
 * Fills `out`, which has nothing of the record's strings.  PLATEN_CORRUPT: the client's
 * name or the priority is none.
 */
int platen_index_of(const platen_job_t *job, platen_index_t *out);

/* Under which number the record is counted: its state, and what sets it apart. */
uint8_t platen_index_count(const platen_job_t *job);

/*
 * From what followed from a record to what follows from it now; NULL: there was, or there
 * is, none.  Of one client.
 */
int
platen_index_change(platen_txn_t *txn, const platen_index_t *from, const platen_index_t *to);

/* The entry of a batch's archive.  PLATEN_INVALID: it is longer than `max` bytes. */
int platen_index_file(const platen_file_t *file, uint8_t *out, size_t max, size_t *size);

#endif
