/*
 * What the files of a conversion share: LibreOfficeKit, and a document in it.  Main thread
 * alone.
 */

#ifndef PLATEN_LOK_KIT_H
#define PLATEN_LOK_KIT_H

#define LOK_USE_UNSTABLE_API 1

#include <LibreOfficeKit/LibreOfficeKit.h>

#include "lok/office.h"

/* From LibreOfficeKitEnums.h, which is not C in 7.4. */
#define LOK_DOCTYPE_TEXT 0
#define LOK_DOCTYPE_SPREADSHEET 1
#define LOK_DOCTYPE_PRESENTATION 2

#define PLATEN_LOK_PATH 4200 /* bytes of a path */

/* A conversion begins: what is said of failures is of it.  The password lasts as long. */
void platen_lok_office_begin(const char *password);

/* The document, or NULL with the reason in `result`. */
LibreOfficeKitDocument *
platen_lok_office_load(const char *path, const char *options, platen_lok_exit_t *result);

platen_lok_exit_t platen_lok_office_save(LibreOfficeKitDocument *loaded, const char *path,
                                         const char *filter, const char *options);

/* Has it do a command of LibreOffice's (".uno:Hide"); arguments are JSON, or NULL. */
void platen_lok_office_post(LibreOfficeKitDocument *loaded, const char *command,
                            const char *arguments);

#endif
