/*
 * A document type, which no part of Office's has: entities could be defined in it so as to
 * grow without end.
 */

#ifndef PLATEN_XML_DOCTYPE_H
#define PLATEN_XML_DOCTYPE_H

#include <expat.h>

/* Expat gives a handler the user data, not the parser. */
static inline void XMLCALL
platen_xml_on_doctype(void *data, const char *name, const char *system, const char *public,
                      int internal)
{
    XML_Parser *parser = data;

    (void) name;
    (void) system;
    (void) public;
    (void) internal;
    (void) XML_StopParser(*parser, XML_FALSE);
}

/* Ends the parsing where one begins.  What the user data leads to begins with the parser. */
static inline void
platen_xml_refuse_doctype(XML_Parser parser)
{
    XML_SetStartDoctypeDeclHandler(parser, platen_xml_on_doctype);
}

#endif
