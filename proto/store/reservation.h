/* Room that is kept for uploads under way. */

#ifndef PLATEN_STORE_RESERVATION_H
#define PLATEN_STORE_RESERVATION_H

#include "store/env.h"

/*
 * Room that is kept for an upload that is not complete, under the id of the job that
 * it will be: set or changed; and given back, which is harmless twice.  The
 * submission gives it back in the transaction in which the job begins to count.
 */
int platen_store_reserve(platen_txn_t *txn, platen_str_t client, const platen_id_t *id,
                         uint64_t bytes);
int platen_store_unreserve(platen_txn_t *txn, platen_str_t client, const platen_id_t *id);

/* What is kept for one.  PLATEN_NOT_FOUND: nothing was ever asked for. */
int platen_store_reservation(platen_txn_t *txn, platen_str_t client, const platen_id_t *id,
                             uint64_t *bytes);

/* What is kept for the client's uploads without that one (NULL: all), and how many they are. */
int platen_store_reserved(platen_txn_t *txn, platen_str_t client, const platen_id_t *but,
                          uint64_t *bytes, uint64_t *uploads);

/*
 * What is kept for anyone, after `after` (NULL: from the first), in any order.
 * Returns how many, or a negative code.
 */
typedef struct {
    platen_id_t id;
    uint64_t    bytes;
    size_t      client_len;
    char        client[PLATEN_CLIENT_MAX];
} platen_reservation_t;

int platen_store_reservations(platen_txn_t *txn, const platen_reservation_t *after,
                              platen_reservation_t *out, int max);

#endif
