/*
 * The headers of tus 1.0.0 (https://tus.io/protocols/resumable-upload):
 * numbers, Upload-Metadata and Upload-Checksum.  Free of nginx types and state.
 */

#ifndef PLATEN_TUS_HEADER_H
#define PLATEN_TUS_HEADER_H

#include "http/params.h"
#include "http/problem.h"

#define PLATEN_TUS_DIGEST_MAX 32 /* bytes of the longest digest */
#define PLATEN_TUS_TYPE_MAX 127  /* bytes of filetype */

typedef struct {
    const char *algorithm; /* as libcrypto knows it; static */
    size_t      len;
    uint8_t     digest[PLATEN_TUS_DIGEST_MAX];
} platen_tus_header_checksum_t;

/* A number of bytes in decimal digits.  PLATEN_OK or PLATEN_INVALID. */
int platen_tus_header_number(const char *text, size_t len, uint64_t *number);

/*
 * Takes from Upload-Metadata what a submission may say: filename (or name),
 * filetype (or type) into `type`, which holds PLATEN_TUS_TYPE_MAX + 1 bytes,
 * and every parameter of POST /jobs by any of its names.  Other keys are passed
 * over.
 * PLATEN_PROBLEM_NONE; else what is wrong, with a sentence in `detail`, which
 * never repeats a value.
 */
platen_problem_t platen_tus_header_metadata(const char *text, size_t len,
    platen_params_t *params, char *type, char *detail, size_t size);

/*
 * Copies well-formed Upload-Metadata without the keys whose values are secret.
 * `out` holds `len` bytes.  Returns the length.
 */
size_t platen_tus_header_public(const char *text, size_t len, char *out);

/*
 * Reads Upload-Checksum.  PLATEN_OK; PLATEN_NOT_FOUND: an algorithm that is not
 * among platen_tus_header_algorithm(); PLATEN_INVALID: malformed.
 */
int platen_tus_header_checksum(const char *text, size_t len,
    platen_tus_header_checksum_t *checksum);

/* The name of algorithm i, from 0 on; NULL beyond the last. */
const char *platen_tus_header_algorithm(size_t i);

#endif
