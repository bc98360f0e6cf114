/* What an element of Expat says. */

#ifndef PLATEN_XML_ATTRIBUTE_H
#define PLATEN_XML_ATTRIBUTE_H

#include <stddef.h>
#include <string.h>

/* The value of that name in the list that a start handler is given, whose it is; or NULL. */
static inline const char *
platen_xml_attribute(const char **attributes, const char *name)
{
    for (; *attributes != NULL; attributes += 2) {
        if (strcmp(attributes[0], name) == 0) {
            return attributes[1];
        }
    }
    return NULL;
}

#endif
