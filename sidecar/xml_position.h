/*
 * Where a parser of Expat is.  2.9 has these functions anew, with 64 bits, and calls the old
 * ones deprecated, which is an error here.
 */

#ifndef PLATEN_XML_POSITION_H
#define PLATEN_XML_POSITION_H

#include <expat.h>
#include <stdint.h>

#if XML_MAJOR_VERSION > 2 || XML_MINOR_VERSION >= 9
#define PLATEN_XML_NEW(name) name##64
#else
#define PLATEN_XML_NEW(name) name
#endif

/* Of what it is about to tell, or of an error: from 1. */
static inline uint64_t
platen_xml_line(XML_Parser parser)
{
    return (uint64_t) PLATEN_XML_NEW(XML_GetCurrentLineNumber)(parser);
}

/* The same, in its line. */
static inline uint64_t
platen_xml_column(XML_Parser parser)
{
    return (uint64_t) PLATEN_XML_NEW(XML_GetCurrentColumnNumber)(parser) + 1;
}

/* The byte where it begins, from 0, and how many it has. */
static inline size_t
platen_xml_byte(XML_Parser parser)
{
    return (size_t) PLATEN_XML_NEW(XML_GetCurrentByteIndex)(parser);
}

static inline size_t
platen_xml_bytes(XML_Parser parser)
{
    return (size_t) PLATEN_XML_NEW(XML_GetCurrentByteCount)(parser);
}

#endif
