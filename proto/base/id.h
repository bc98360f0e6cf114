/*
 * Job ids: UUID version 7 (RFC 9562, section 5.7).  Sorted by creation time
 * as bytes and as text, so newest-first listing is a backwards cursor; 62
 * random bits, so an id cannot be guessed.
 */

#ifndef PLATEN_ID_H
#define PLATEN_ID_H

#include <stddef.h>
#include <stdint.h>

#define PLATEN_ID_TEXT 36 /* characters of the text form, without the NUL */

typedef struct {
    uint8_t b[16];
} platen_id_t;

/*
 * Makes a new id from CLOCK_REALTIME and getrandom(2).  The 12 bits of rand_a
 * hold the fraction of the millisecond (RFC 9562, section 6.2, method 3), so
 * ids of all processes of a machine sort to about 250 ns.
 * Returns PLATEN_OK, or PLATEN_ERROR if the kernel gave no random bytes.
 */
int platen_id_new(platen_id_t *id);

/* Writes the 36 lower-case characters and a NUL. */
void platen_id_format(const platen_id_t *id, char out[PLATEN_ID_TEXT + 1]);

/* When it was made: milliseconds since the Unix epoch. */
uint64_t platen_id_ms(const platen_id_t *id);

/*
 * Reads the text form; hex digits of either case.  Returns PLATEN_INVALID for
 * anything that is not a version 7, variant 10 UUID of exactly 36 characters.
 */
int platen_id_parse(const char *s, size_t len, platen_id_t *id);

/*
 * The same for a UUID of any version, also the nil one: what a client may ask for, though
 * no job can have it.
 */
int platen_id_parse_any(const char *s, size_t len, platen_id_t *id);

#endif
