/* Tables of contents of a loaded text, brought up to date. */

#ifndef PLATEN_LOK_UPDATE_H
#define PLATEN_LOK_UPDATE_H

#ifndef LOK_USE_UNSTABLE_API
#define LOK_USE_UNSTABLE_API 1
#endif
#include <LibreOfficeKit/LibreOfficeKit.h>

/* In the zygote: finds what is needed in `library`, LibreOffice's handle. */
void platen_lok_update_open(void *library);

/* Whether this LibreOffice has what is needed. */
int platen_lok_update_can(void);

/* In a child: all tables of contents. */
void platen_lok_update(LibreOfficeKitDocument *loaded);

#endif
