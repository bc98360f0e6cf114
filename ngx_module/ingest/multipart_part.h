/*
 * What the multipart parser says: a part of a form, and what is wrong with one.
 * Users include ingest/multipart.h.
 */

#ifndef PLATEN_MULTIPART_PART_H
#define PLATEN_MULTIPART_PART_H

#include <stddef.h>


typedef enum {
    PLATEN_MULTIPART_OK = 0,

    /* of platen_multipart_boundary() */
    PLATEN_MULTIPART_NOT_FORM_DATA,       /* another media type */
    PLATEN_MULTIPART_BAD_CONTENT_TYPE,    /* parameters cannot be parsed */
    PLATEN_MULTIPART_NO_BOUNDARY,         /* missing or empty */
    PLATEN_MULTIPART_DUPLICATE_BOUNDARY,  /* given more than once */
    PLATEN_MULTIPART_BOUNDARY_TOO_LONG,   /* over 70 characters */
    PLATEN_MULTIPART_BAD_BOUNDARY,        /* not bchars, or ends in a space */

    /* of platen_multipart_feed() and platen_multipart_end() */
    PLATEN_MULTIPART_STOPPED,             /* a callback returned nonzero */
    PLATEN_MULTIPART_BAD_SYNTAX,          /* bare LF or CR, endless padding */
    PLATEN_MULTIPART_PREAMBLE_TOO_LARGE,  /* over 4096 bytes, no boundary */
    PLATEN_MULTIPART_TOO_MANY_PARTS,      /* over limits.max_parts */
    PLATEN_MULTIPART_HEADER_TOO_LARGE,    /* over limits.max_header */
    PLATEN_MULTIPART_BAD_HEADER,          /* NUL, folded, or no "name:" */
    PLATEN_MULTIPART_DUPLICATE_HEADER,    /* a Content-* header twice */
    PLATEN_MULTIPART_BAD_DISPOSITION,     /* missing, malformed, no form-data */
    PLATEN_MULTIPART_NO_NAME,             /* form-data without name */
    PLATEN_MULTIPART_NESTED,              /* a part that is multipart itself */
    PLATEN_MULTIPART_BAD_ENCODING,        /* not 7bit, 8bit or binary */
    PLATEN_MULTIPART_TRUNCATED            /* no closing delimiter; end() only */
} platen_multipart_code_t;


/*
 * One part's header.  The strings are not NUL-terminated, hold no NUL, and
 * stay valid until this part's part_end has returned.  They are the
 * client's own bytes, hostile until cleaned: of the quoted form, only the
 * escapes \" and \\ and the browsers' %22, %0D and %0A (WHATWG HTML,
 * "multipart/form-data encoding algorithm") are resolved, so "C:\x" keeps
 * its backslash.
 *
 * filename* (RFC 5987, RFC 8187) wins over filename if it is well-formed
 * UTF-8.  A malformed one is passed over; if it stands alone, has_filename
 * is set with an empty filename, since the sender did mean a file.
 */

typedef struct {
    const char   *name;
    size_t        name_len;
    const char   *filename;          /* NULL without has_filename */
    size_t        filename_len;
    int           has_filename;      /* a file; otherwise a plain field */
    const char   *content_type;      /* NULL if not given: text/plain */
    size_t        content_type_len;
} platen_multipart_part_t;


#endif /* PLATEN_MULTIPART_PART_H */
