/*
 * The document formats that Platen knows by name.  A constant table: which of
 * them this machine can convert is another matter (job/matrix.h).
 */

#ifndef PLATEN_FORMAT_H
#define PLATEN_FORMAT_H

#include "base/platen.h"

typedef enum {
    PLATEN_FAMILY_TEXT,  /* any text: the name given decides between them */
    PLATEN_FAMILY_OOXML, /* ZIP, Office Open XML (ECMA-376) */
    PLATEN_FAMILY_ZIP,   /* other ZIP containers */
    PLATEN_FAMILY_OLE,   /* Compound File Binary, Word/Excel/PowerPoint 97 */
    PLATEN_FAMILY_BINARY
} platen_family_t;

typedef struct {
    const char     *name;        /* lower case, as in the API */
    const char     *title;       /* for a person */
    const char     *mime;        /* the Content-Type of a result */
    const char     *other_mimes; /* space-separated, also understood */
    const char     *aliases;     /* space-separated names and extensions */
    platen_family_t family;
} platen_format_t;

#define PLATEN_FORMATS_MAX 64

extern const platen_format_t platen_formats[];
extern const size_t          platen_nformats;

/* By name, alias or extension, either case; NULL if there is none. */
const platen_format_t *platen_format_find(const char *name, size_t len);

/* By media type, parameters ignored (RFC 9110, section 8.3.1); NULL if none. */
const platen_format_t *platen_format_by_mime(const char *mime, size_t len);

/*
 * By what a client calls it: a name, alias or extension, with its dot or without,
 * or a media type; NULL if there is none.
 */
const platen_format_t *platen_format_named(const char *name, size_t len);

/*
 * Whether the charset of a conversion is the document's: it is a text, and JSON
 * is always UTF-8 (RFC 8259).  Otherwise it is the result's.
 */
int platen_format_reads_charset(const platen_format_t *from, const platen_format_t *to);

/* Position in platen_formats[]. */
static inline size_t
platen_format_index(const platen_format_t *format)
{
    return (size_t) (format - platen_formats);
}

#endif
