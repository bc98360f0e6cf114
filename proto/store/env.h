/* The environment, and its transactions; see store/store.h. */

#ifndef PLATEN_STORE_ENV_H
#define PLATEN_STORE_ENV_H

#include <lmdb.h>

#include "job/job.h"

#define PLATEN_STORE_SCHEMA 2
#define PLATEN_STORE_MAP_SIZE ((size_t) 8 << 30) /* address space, not disk */
#define PLATEN_STORE_READERS 1024
#define PLATEN_COUNT_IDLE 0x20  /* in "count", added to that of a batch in no one's hand */
#define PLATEN_COUNT_FILE 0x40  /* in "count", added to the state of a batch's file */
#define PLATEN_RECORD_MAX 12288 /* bytes of an encoded record */

typedef struct platen_store_s platen_store_t;

/* A transaction; lives where the caller puts it (mostly on its stack). */
typedef struct {
    platen_store_t *store;
    MDB_txn        *mdb;
    int             write;
    int             own; /* its handle is not the one that is kept */
    int             rc;  /* LMDB's last return code that was not expected */
} platen_txn_t;

/*
 * Opens the environment in directory `path`, creating both (0750) if needed.
 * `map_size` in bytes, 0 for the default; it must be the same in all processes.
 * On failure *store is NULL and `err` has a sentence.
 */
int platen_store_open(platen_store_t **store, const char *path, size_t map_size, char *err,
                      size_t errlen);

void platen_store_close(platen_store_t **store);

/*
 * The same environment with a read transaction of its own, for another thread.  NULL: no
 * memory.  To be freed, by any thread, while the store is open and the view not in use.
 */
platen_store_t *platen_store_view(platen_store_t *store);
void            platen_store_view_free(platen_store_t **view);

/*
 * This process's commits are not synced from now on: they survive the end of
 * any process, and after a power failure the store may be lost altogether.
 */
void platen_store_unsynced(platen_store_t *store);

/*
 * Whether LMDB has given this environment up: its last page could not be
 * written, and every transaction is refused from then on.  What was committed
 * is there; the store has to be closed and opened again.  Not while it is read, and
 * for one who has no write transaction of it under way in another thread.
 */
int platen_store_failed(const platen_store_t *store);

/* Frees the reader slots of processes that died.  Call now and then. */
void platen_store_check_readers(platen_store_t *store);

/* A read transaction that someone has open on a state that is no longer the last. */
typedef struct {
    long     pid;      /* whose */
    uint64_t snapshot; /* number of the transaction that it sees */
    uint64_t behind;   /* transactions since; their pages cannot be used again */
} platen_reader_t;

/* The one that sees the oldest state.  PLATEN_NOT_FOUND if all see the last. */
int platen_store_oldest_reader(platen_store_t *store, platen_reader_t *oldest);

/*
 * A read transaction.  One handle is kept and renewed, so this is for one
 * thread per process (the event loop), and others have a view each; they are refused
 * with PLATEN_INVALID while it is in use.  End with platen_txn_abort().
 */
int platen_txn_read(platen_store_t *store, platen_txn_t *txn);

/*
 * Another read transaction, with a handle of its own, for a thread beside that one:
 * a short look, as every process of the machine together has PLATEN_STORE_READERS.
 */
int platen_txn_look(platen_store_t *store, platen_txn_t *txn);

/* A write transaction; blocks until no other process or thread has one. */
int platen_txn_write(platen_store_t *store, platen_txn_t *txn);

/* Makes it durable (fdatasync).  On any failure nothing of it is visible. */
int platen_txn_commit(platen_txn_t *txn);

/* Ends a read transaction, or discards a write transaction; harmless twice. */
void platen_txn_abort(platen_txn_t *txn);

const char *platen_txn_errstr(const platen_txn_t *txn);

/* Values by name; *value points into the map.  PLATEN_NOT_FOUND if absent. */
int platen_store_meta_get(platen_txn_t *txn, const char *name, platen_str_t *value);
int platen_store_meta_put(platen_txn_t *txn, const char *name, platen_str_t value);

/*
 * How much of the map is in use, in per cent; walks the free pages when it is
 * over half.  In a read transaction.
 */
int platen_store_fullness(platen_txn_t *txn, unsigned *percent);

/* Pages that hold nothing any more, and are taken first.  A code of LMDB. */
int platen_store_free_pages(MDB_txn *txn, uint64_t *pages);

#endif
