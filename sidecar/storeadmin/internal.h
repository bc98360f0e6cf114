/* What the parts of the check share; for no one else. */

#ifndef PLATEN_STOREADMIN_INT_H
#define PLATEN_STOREADMIN_INT_H

#include "storeadmin/check.h"
#include "store/index.h"

/* Looks at one entry of the step's database, and tells of what is wrong with it. */
typedef int
platen_look_t(platen_txn_t *txn, const platen_check_t *check, MDB_val key, MDB_val val);

/* Both in check_entry.c. */
void platen_check_tell(const platen_check_t *check, int db, platen_damage_kind_t kind,
                       const void *key, size_t len);

int platen_check_get(platen_txn_t *txn, int db, const void *k, size_t klen, MDB_val *val);

/* check_entry.c: a record, and all that it asks for; an entry that is about one job; others. */
platen_look_t platen_check_job;
platen_look_t platen_check_entry;
platen_look_t platen_check_cache;
platen_look_t platen_check_turn;
platen_look_t platen_check_flow;
platen_look_t platen_check_file;
platen_look_t platen_check_upload;
platen_look_t platen_check_tombstones;

/* check_sums.c: an entry of the listing, with what its client's records add up to; a number. */
platen_look_t platen_check_listing;
platen_look_t platen_check_number;

/* check_hook.c: a delivery to be made, a turn, one that was made or given up. */
platen_look_t platen_check_hook;
platen_look_t platen_check_hook_due;
platen_look_t platen_check_hook_ended;

#endif
