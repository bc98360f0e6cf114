/*
 * One SHA-256 over several parts, each after its length, so that no two lists
 * of parts read the same; and one of a file's bytes.  Any thread.
 */

#ifndef PLATEN_DIGEST_H
#define PLATEN_DIGEST_H

#include "base/platen.h"

#define PLATEN_SHA256_LEN 32

/* PLATEN_OK, or PLATEN_ERROR: no memory, or libcrypto has no SHA-256. */
int platen_digest(const platen_str_t *parts, size_t n, uint8_t out[PLATEN_SHA256_LEN]);

/* SHA-256 of all that is in the file.  0, or -1 with errno. */
int platen_digest_file(int fd, uint8_t out[PLATEN_SHA256_LEN]);

#endif
