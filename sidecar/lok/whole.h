/* Whether a document of XML is whole: LibreOffice makes an empty workbook of one that is not.
 */

#ifndef PLATEN_LOK_WHOLE_H
#define PLATEN_LOK_WHOLE_H

/*
 * 1, or 0 if the file is no well-formed XML: then standard error has said where.  What cannot
 * be read, or is in a charset that this does not know, is left to LibreOffice.
 */
int platen_lok_whole(const char *path);

#endif
