/*
 * The store: one LMDB environment that is queue, record and outbox at once.
 * Every process opens it once, after its last fork, and keeps it open.
 *
 * Rules that LMDB sets and callers keep:
 *  - a write transaction belongs to one thread from begin to commit, and all
 *    processes share one writer lock: never begin one in an event loop;
 *  - no read transaction stays open across a turn of an event loop, as it
 *    would pin every page that is freed meanwhile;
 *  - strings of a job read in a transaction point into the map: they are gone
 *    with the transaction, and in a write transaction with the next write;
 *  - MDB_MAP_FULL aborts the transaction; readers go on.
 *
 * Databases (keys are big-endian, so that byte order is the order wanted):
 *   meta    name                          -> schema, conversion matrix
 *   jobs    id                            -> record (platen_codec)
 *   queue   n client priority place u64   -> id           PENDING jobs that are due
 *   turn    time u64, n client            -> (empty)      clients that have such jobs
 *   flow    n client                      -> time u64     their place in "turn"
 *   later   time u64, id                  -> (empty)      PENDING jobs that are not due
 *   client  n client id                   -> (empty)      listing
 *   state   n client state id             -> (empty)      listing by state
 *   count   n client state                -> u64          "total" of a listing
 *   expiry  time u64, id                  -> (empty)      what the reaper takes
 *   running id                            -> (empty)      PROCESSING jobs
 *   outbox  seq u64                       -> event        every change, once
 *   cache   cache key                     -> id           results that answer again
 *   idem    n client SHA-256              -> id           Idempotency-Key
 *   usage   n client                      -> u64          bytes of inputs and results
 *   uploads n client id                   -> u64          bytes kept for an upload under way
 *   files   batch id, number u32          -> platen_file  entries of its archive
 *   backlog id                            -> (empty)      PENDING files of batches
 *   remains batch id                      -> (empty)      gone, and its files are to go
 *   hook, hook_due, hook_dead, hook_log: see store/hook.h
 *
 * A file of a batch is in no listing, and its states are counted apart
 * (PLATEN_COUNT_FILE); the queue, turns and usage make no difference.  Its events
 * are the batch's.  A thumbnail is the same to the job that it shows, but for its events.
 *
 * Functions return PLATEN_OK or a negative PLATEN_ code; after PLATEN_ERROR
 * platen_txn_errstr() has LMDB's words.
 */

#ifndef PLATEN_STORE_H
#define PLATEN_STORE_H

#include "store/batch.h"
#include "store/dedup.h"
#include "store/env.h"
#include "store/outbox.h"
#include "store/queue.h"
#include "store/read.h"
#include "store/reservation.h"
#include "store/secrets.h"
#include "store/transition.h"

#endif
