/*
 * The header syntax of multipart/form-data: a part's header block, and the
 * pieces of RFC 9110 grammar that the request's Content-Type needs too.
 * Internal to the multipart parser; users include ingest/multipart.h.
 *
 * Owner: the caller's memory throughout; values are decoded in place in the
 * header block that the caller hands over.  Nothing is allocated.
 *
 * Runs: in the NGINX worker that reads the request; it has no state.
 *
 * On failure: a PLATEN_MULTIPART_* code; what was to be filled in is then
 * meaningless, and the header block may be half decoded.
 */

#ifndef PLATEN_MULTIPART_HEADER_H
#define PLATEN_MULTIPART_HEADER_H

#include "ingest/multipart_part.h"


/* One parameter; it points into what was parsed. */

typedef struct {
    const char   *name;
    size_t        name_len;
    const char   *value;              /* without its quotes, still escaped */
    size_t        value_len;
    int           quoted;
} platen_multipart_header_param_t;


/*
 * Parses one part's header block (RFC 7578, sections 4.2 to 4.8).
 *
 * block, len: the lines, each ended by CRLF, without the blank line; it is
 * decoded in place, and part points into it.
 *
 * Returns PLATEN_MULTIPART_OK, BAD_SYNTAX, BAD_HEADER, DUPLICATE_HEADER,
 * BAD_DISPOSITION, NO_NAME, NESTED or BAD_ENCODING.
 */

int platen_multipart_header_parse(char *block, size_t len,
    platen_multipart_part_t *part);


/*
 * Takes the next of a header's parameters from *pp, which it moves on:
 * *( OWS ";" OWS [ name "=" value ] ), RFC 9110, section 5.6.6.  An
 * unquoted value may hold more than token characters, because clients send
 * file names so, or be empty; whoever needs a token checks that.  A quoted
 * value never ends in half an escape.
 *
 * Returns 1 with param set, 0 at the end, -1 if there is something else.
 */

int platen_multipart_header_param(const char **pp, const char *end,
    platen_multipart_header_param_t *param);


/* Returns the first byte from p on that is neither space nor tab, or end. */

const char *platen_multipart_header_skip_space(const char *p,
    const char *end);


/* Whether p[0..len) is s; ASCII case is ignored, whatever the locale. */

int platen_multipart_header_equal(const char *p, size_t len, const char *s);


/* Whether c may stand in a token (RFC 9110, section 5.6.2). */

int platen_multipart_header_is_token(unsigned char c);


/* Whether c is an ASCII letter or digit. */

int platen_multipart_header_is_alnum(unsigned char c);


#endif /* PLATEN_MULTIPART_HEADER_H */
