/* The secret options of a record; see store/seal.h. */

#ifndef PLATEN_STORE_SECRETS_H
#define PLATEN_STORE_SECRETS_H

#include "job/option.h"
#include "store/env.h"

/*
 * Reads the key of secrets, or makes it: for who serves, before there are threads.
 * PLATEN_OK, or PLATEN_ERROR with errno: it is tried again when it is needed.
 */
int platen_store_key(platen_store_t *store);

/*
 * The secret options of a record that was read: they are sealed when it is written
 * (store/seal.h), and stay so where they are copied to another one.  Their text form is
 * written to `out`, for the caller to wipe.  PLATEN_NOT_FOUND: the key is gone;
 * PLATEN_CORRUPT: it is another one; PLATEN_ERROR.
 */
int platen_store_secrets(platen_txn_t *txn, const platen_job_t *job,
                         char out[PLATEN_OPTIONS_TEXT_MAX], size_t *len);

#endif
