/*
 * UTF-8 (RFC 3629), a character at a time; what comes from outside is checked.  Pure functions,
 * any thread.
 */

#ifndef PLATEN_UTF8_H
#define PLATEN_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* What a malformed sequence decodes to; no code point is so large. */
#define PLATEN_UTF8_MALFORMED UINT32_MAX

/*
 * Decodes one character of p[0..len), len > 0, into *code.  Returns the
 * bytes it takes; for malformed ones, those of the longest part that could
 * have begun a character, at least 1 (Unicode 15, section 3.9).
 */
size_t platen_utf8_decode(const char *p, size_t len, uint32_t *code);

/* Writes a code point, which is one, and returns the bytes that it takes. */
size_t platen_utf8_encode(uint32_t code, char out[4]);

/* The longest length up to `max` at which well-formed p[0..len) is not cut within a character.
 */
size_t platen_utf8_cut(const char *p, size_t len, size_t max);

/*
 * Whether the character is a control, or one that is not seen and changes how
 * others are: what no name that is shown to somebody should have.
 */
int platen_utf8_invisible(uint32_t code);

/*
 * Text from outside as somebody is shown it: p[0..len) as a string of less than `size` bytes,
 * cut between two characters, with `instead` for what is malformed or invisible.  Its length.
 */
size_t platen_utf8_show(const char *p, size_t len, char instead, char *out, size_t size);

/*
 * Returns 1 if p[0..len) is well-formed UTF-8 (RFC 3629: no surrogates, no
 * overlong forms, nothing over U+10FFFF), else 0.  The empty string is.
 */
int platen_utf8_valid(const char *p, size_t len);

#endif /* PLATEN_UTF8_H */
