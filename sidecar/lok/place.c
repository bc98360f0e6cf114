/* Where a copy of a document lies; see lok/place.h. */

#include "lok/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format/format.h"

#define NAMED PLATEN_LOK_CWD "named/"

/*
 * A path for the document that has its client's name, in a directory of its own; 0 or -1.
 * Fields and formulas (FILENAME, CELL) show all of it, links in the document that begin
 * nowhere begin there, and where this machine has its files is nobody's business.
 */
int
platen_lok_place_named(const char *name, char path[PLATEN_LOK_PATH])
{
    if (mkdir("named", 0700) != 0 && errno != EEXIST) {
        return -1;
    }
    snprintf(path, PLATEN_LOK_PATH, NAMED "%s", name);
    (void) unlink(path);
    return 0;
}

const char *
platen_lok_place_name(const platen_lok_document_t *document)
{
    return document->name[0] == '\0' ? strrchr(document->input, '/') + 1 : document->name;
}

/*
 * A path for the result and what it is made by way of: beside the document, so that a link
 * from there to another file is in the result as it was.  It has not the document's name,
 * whatever that is; 0 or -1.
 */
int
platen_lok_place_result(const platen_lok_document_t *document, char path[PLATEN_LOK_PATH])
{
    const char *dot = strrchr(document->output, '.');
    char        name[NAME_MAX + 1];

    snprintf(name, sizeof(name), "%s%s",
             strncmp(platen_lok_place_name(document), "in.", 3) == 0 ? "out" : "in",
             dot == NULL ? "" : dot);
    return platen_lok_place_named(name, path);
}

/*
 * Where a copy of the document in another format is loaded from.  A field of it shows the
 * name, so that it is the client's; but what is named as a text is read as one, whatever
 * it is, and so is a DOCX that is named as ODF.  0 or -1.
 */
int
platen_lok_place_copy(const platen_lok_document_t *document, const char *format,
                      char path[PLATEN_LOK_PATH])
{
    const char            *dot = strrchr(document->name, '.');
    const platen_format_t *own =
        dot == NULL ? NULL : platen_format_find(dot + 1, strlen(dot + 1));
    char name[NAME_MAX + 1];

    if (own == NULL) {
        snprintf(path, PLATEN_LOK_PATH, "%s.copy.%s", document->output, format);
        return 0;
    }
    if (own->family == PLATEN_FAMILY_OOXML || own->family == PLATEN_FAMILY_OLE
        || (own->family == PLATEN_FAMILY_ZIP && strcmp(format, "docx") != 0)) {
        return platen_lok_place_named(document->name, path);
    }
    snprintf(name, sizeof(name), "%.*s.%s", (int) (dot - document->name), document->name,
             format);
    return platen_lok_place_named(name, path);
}
