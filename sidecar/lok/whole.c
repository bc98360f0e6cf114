/* Whether a document of XML is whole; see lok/whole.h.  Read as a stream, nothing is kept. */

#include "lok/whole.h"

#include <expat.h>
#include <stdio.h>

#include "xml_position.h"

#define PIECE 65536

int
platen_lok_whole(const char *path)
{
    FILE          *in = fopen(path, "re");
    XML_Parser     parser = in == NULL ? NULL : XML_ParserCreate(NULL);
    enum XML_Error error;
    size_t         n = 1;
    void          *buf;
    int            whole = 1;

    while (parser != NULL && whole && n > 0) {
        buf = XML_GetBuffer(parser, PIECE);
        if (buf == NULL) {
            break;
        }
        n = fread(buf, 1, PIECE, in);
        if (ferror(in)) {
            break;
        }
        if (XML_ParseBuffer(parser, (int) n, n == 0) != XML_STATUS_OK) {
            error = XML_GetErrorCode(parser);
            if (error == XML_ERROR_UNKNOWN_ENCODING || error == XML_ERROR_NO_MEMORY) {
                break;
            }
            whole = 0;
            fprintf(stderr, "platen-lok: XML parse error: %s on line %lu column %lu\n",
                    XML_ErrorString(error), (unsigned long) platen_xml_line(parser),
                    (unsigned long) platen_xml_column(parser));
        }
    }
    if (parser != NULL) {
        XML_ParserFree(parser);
    }
    if (in != NULL) {
        fclose(in);
    }
    return whole;
}
