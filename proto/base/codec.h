/*
 * How records are written into LMDB: a list of (field number, value), driven
 * by one table per record type.  A field that is zero or empty is left out; a
 * field that this version does not know is skipped, so a record may gain
 * fields without a new schema.  Bytes are checked as if they were hostile: a
 * store may be damaged.
 *
 *   record = 'P' version *field
 *   field  = number<<1     uint64 little-endian        (a number)
 *          | number<<1 | 1 uint32 length, bytes        (a string)
 */

#ifndef PLATEN_CODEC_H
#define PLATEN_CODEC_H

#include "base/platen.h"

#define PLATEN_CODEC_VERSION 1

typedef enum {
    PLATEN_FIELD_U8,
    PLATEN_FIELD_U32,
    PLATEN_FIELD_U64,
    PLATEN_FIELD_STR /* a platen_str_t */
} platen_field_type_t;

typedef struct {
    uint8_t             number; /* 1..127, never reused */
    platen_field_type_t type;
    size_t              offset; /* of the member in the C struct */
} platen_field_t;

/* Bytes that platen_codec_encode() will write for this record. */
size_t platen_codec_size(const platen_field_t *fields, size_t n, const void *record);

/* Writes the record; `out` holds platen_codec_size() bytes.  Returns the end. */
uint8_t *
platen_codec_encode(const platen_field_t *fields, size_t n, const void *record, uint8_t *out);

/*
 * The two together, into `max` bytes at `out`.  Returns the bytes written; 0: it has more.
 */
size_t platen_codec_write(const platen_field_t *fields, size_t n, const void *record,
                          uint8_t *out, size_t max);

/*
 * Reads a record.  The members that the table names are set (absent ones to
 * zero); strings point into `in`.  Returns PLATEN_OK, PLATEN_CORRUPT, or
 * PLATEN_TOO_NEW for a record version that this code does not know.
 */
int platen_codec_decode(const platen_field_t *fields, size_t n, void *record, const uint8_t *in,
                        size_t len);

#endif
