/*
 * Passwords at rest: what of a record is secret is sealed (AES-256-GCM) under a key
 * that lies beside the store, and not in it.  LMDB frees pages and does not overwrite
 * them, so without that a password would be in the store's file, and in each copy of
 * it, long after its job has ended.
 *
 * The key is made by whoever needs it first, NGINX mostly, and stays: jobs that wait
 * with a password survive a restart of all.  No backup of Platen's has it, nor does
 * platenctl restore bring one; a job whose secrets cannot be opened fails, and asks for
 * its password.  Whoever serves has read it once: another one is made and used by all when
 * NGINX and platend were stopped, the file was removed, and both are started again.
 */

#ifndef PLATEN_SEAL_H
#define PLATEN_SEAL_H

#include "base/platen.h"

#define PLATEN_SEAL_FILE "secrets.key"
#define PLATEN_SEAL_KEY_LEN 32
#define PLATEN_SEAL_MORE 29 /* octets by which something sealed is longer */

/*
 * Reads the key in directory `dir`; with `create`, makes one, durably, if there is
 * none.  PLATEN_OK, PLATEN_NOT_FOUND, or PLATEN_ERROR with errno.
 */
int platen_seal_key(const char *dir, int create, uint8_t key[PLATEN_SEAL_KEY_LEN]);

/* Whether it is sealed; what an earlier version wrote is not. */
int platen_seal_is(platen_str_t s);

/* Writes plain.len + PLATEN_SEAL_MORE octets.  PLATEN_OK or PLATEN_ERROR. */
int platen_seal(const uint8_t key[PLATEN_SEAL_KEY_LEN], platen_str_t plain, char *out);

/*
 * Writes sealed.len - PLATEN_SEAL_MORE octets.  PLATEN_OK, or PLATEN_CORRUPT: it is not
 * as it was sealed, or not under this key.
 */
int platen_seal_open(const uint8_t key[PLATEN_SEAL_KEY_LEN], platen_str_t sealed, char *out);

#endif
