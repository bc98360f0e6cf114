/*
 * LibreOffice's registrymodifications.xcu: the settings of a user profile.
 * Both ways of running LibreOffice write theirs with this.
 */

#ifndef PLATEN_LO_PROFILE_H
#define PLATEN_LO_PROFILE_H

#include <stddef.h>
#include <stdio.h>

/* Extensions that LibreOffice knows from this file alone. */
#define PLATEN_LO_PROFILE_HTML_TABLE "html-table" /* HTML, as a spreadsheet */
#define PLATEN_LO_PROFILE_EXCEL_XML "excel-xml"   /* XML of Excel 2003 */

/* One setting: path without the first slash, name, value; none needs an escape. */
typedef const char *const platen_setting_t[3];

/*
 * Writes the file's whole content: what keeps any document from fetching and
 * running things, what leaves no type of a document to be guessed, what makes the
 * profile one that the LibreOffice in the directory `program` has used before, and
 * then these settings.  Errors are left to ferror().
 */
void
platen_lo_profile_write(FILE *out, const char *program, platen_setting_t *settings, size_t n);

/*
 * The version that a LibreOffice compares with that of a profile ("7.4"), in the
 * text of its share/registry/main.xcd, which ends with a NUL; "" if it is not there.
 */
void platen_lo_profile_version(const char *text, char version[16]);

#endif
