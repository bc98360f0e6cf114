/*
 * A push parser for multipart/form-data (RFC 7578, RFC 2046 section 5.1.1).
 *
 * For: finding the parts of an upload while it arrives, whatever way the
 * network cut it up, so that a file goes to disk without ever being held
 * in memory as a whole.
 *
 * Owner: the caller embeds a platen_multipart_t (about 8.5 KiB, no heap)
 * and keeps its handler table alive as long; the parser copies the
 * boundary and the limits.  It frees nothing because it allocates nothing.
 *
 * Runs: in the NGINX worker that reads the request, one parser to a
 * request; it blocks on nothing and has no global state, so any number of
 * them may run at once.
 *
 * On failure: the first error sticks.  The parser makes no more callbacks
 * and every later call returns the same code.  A part that was begun has
 * then no part_end, and the caller throws away what it stored of it.
 *
 * Stricter than RFC 2046 wherever two readers of one body could disagree:
 * CRLF only, no folded headers, nothing given twice, no nested multipart.
 */

#ifndef PLATEN_MULTIPART_H
#define PLATEN_MULTIPART_H

#include <stddef.h>

#include "ingest/multipart_part.h"


/* RFC 2046, section 5.1.1: a boundary is 1 to 70 characters. */
#define PLATEN_MULTIPART_BOUNDARY_MAX  70

/* The most that limits.max_header can be, bytes. */
#define PLATEN_MULTIPART_HEADER_MAX    8192

/* Bytes that may come before the first boundary; they are ignored. */
#define PLATEN_MULTIPART_PREAMBLE_MAX  4096

/* Bytes kept of what follows a boundary on its line: "--", padding, CR. */
#define PLATEN_MULTIPART_TAIL_MAX      128


/*
 * Each callback returns 0 to go on, anything else to stop the parser with
 * PLATEN_MULTIPART_STOPPED; the caller keeps its own reason.  For each part
 * come part_begin once, part_data any number of times (never with n == 0),
 * part_end once.  The bytes of part_data are valid during the call only:
 * they are slices of what was fed, or, if a chunk's end or a line like
 * "--boundaryX" made a delimiter out of them at first, of the parser's own
 * copy of the boundary.  A callback must not call into its own parser.
 */

typedef struct {
    int         (*part_begin)(void *data, const platen_multipart_part_t *part);
    int         (*part_data)(void *data, const unsigned char *p, size_t n);
    int         (*part_end)(void *data);
} platen_multipart_handler_t;


typedef struct {
    size_t        max_parts;         /* literally: 0 allows none */
    size_t        max_header;        /* bytes of a part's header block, blank
                                        line included; 0 or over 8192: 8192 */
} platen_multipart_limits_t;


/* Fields are the parser's own; the struct is public to be embedded. */

typedef struct {
    const platen_multipart_handler_t  *handler;
    void                              *data;
    platen_multipart_limits_t          limits;

    unsigned                           state;
    int                                error;     /* sticky */
    int                                in_part;   /* else in the preamble */

    size_t                             parts;
    size_t                             preamble;  /* bytes seen of it */

    /* CRLF "--" boundary, and how far the input has matched it */
    char                               delim[4 + PLATEN_MULTIPART_BOUNDARY_MAX];
    size_t                             delim_len;
    unsigned char                      skip[256]; /* by last byte, to search */
    size_t                             matched;
    size_t                             borrowed;  /* of these, not data */

    /* what follows the delimiter on its line */
    char                               tail[PLATEN_MULTIPART_TAIL_MAX];
    size_t                             tail_len;
    size_t                             dashes;

    char                               header[PLATEN_MULTIPART_HEADER_MAX];
    size_t                             header_len;
    size_t                             line;      /* start of the last line */
} platen_multipart_t;


/*
 * Takes the boundary out of a request's Content-Type header value.
 *
 * content_type, len: the value, not NUL-terminated.
 * out: the caller's, PLATEN_MULTIPART_BOUNDARY_MAX + 1 bytes; on success
 * the boundary, NUL-terminated.  out_len: its length, 1 to 70.
 *
 * The type must be multipart/form-data in any case, and boundary must be
 * there exactly once, as a token or a quoted-string (RFC 9110, 5.6.6) of
 * RFC 2046 bchars that does not end with a space.
 *
 * Returns PLATEN_MULTIPART_OK, NOT_FORM_DATA, BAD_CONTENT_TYPE,
 * NO_BOUNDARY, DUPLICATE_BOUNDARY, BOUNDARY_TOO_LONG or BAD_BOUNDARY; out
 * and out_len are meaningful with OK only.
 */

int platen_multipart_boundary(const char *content_type, size_t len,
    char *out, size_t *out_len);


/*
 * Makes mp ready for one body.  Call it again to use mp for another.
 *
 * boundary, len: as platen_multipart_boundary() gave it; copied.  A length
 * outside 1..70 makes every later call return PLATEN_MULTIPART_BAD_BOUNDARY.
 * handler: the caller's, all three callbacks set; must outlive mp.
 * data: handed to each callback.  limits: copied.
 */

void platen_multipart_init(platen_multipart_t *mp, const char *boundary,
    size_t len, const platen_multipart_handler_t *handler, void *data,
    const platen_multipart_limits_t *limits);


/*
 * Parses the next n bytes of the body; p is the caller's and not kept.  Any
 * cutting of a body into chunks gives the same callbacks (part_data apart,
 * whose slices differ but join to the same bytes) and the same result.
 * Everything after the closing delimiter is ignored (the epilogue).
 *
 * Returns PLATEN_MULTIPART_OK, or the error that ended parsing: STOPPED,
 * BAD_SYNTAX, PREAMBLE_TOO_LARGE, TOO_MANY_PARTS, HEADER_TOO_LARGE,
 * BAD_HEADER, DUPLICATE_HEADER, BAD_DISPOSITION, NO_NAME, NESTED,
 * BAD_ENCODING (or BAD_BOUNDARY, see init).
 */

int platen_multipart_feed(platen_multipart_t *mp, const unsigned char *p,
    size_t n);


/*
 * To be called once the whole body has been fed.  It may make one last
 * part_end, because a closing delimiter need not end its line and only now
 * is known to be one.
 *
 * Returns PLATEN_MULTIPART_OK, PLATEN_MULTIPART_TRUNCATED if the closing
 * delimiter was not seen, STOPPED, or the error that ended parsing before.
 */

int platen_multipart_end(platen_multipart_t *mp);


/*
 * One plain sentence for a code: what is wrong and what to do about it.
 * Returns a constant string, never NULL; an unknown code has one as well.
 */

const char *platen_multipart_strerror(int code);


#endif /* PLATEN_MULTIPART_H */
