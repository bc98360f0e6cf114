/*
 * Pages as the client wants them: the page layouts of a flat OpenDocument file
 * (ODF 1.3 part 3, 16.5 and 17.2), and its hidden sheets, edited as text.
 */

#ifndef PLATEN_LOK_PAGES_H
#define PLATEN_LOK_PAGES_H

#include "office/wire.h"

/* What becomes of the file. */
typedef struct {
    const platen_lok_page_t *page; /* of each page layout */
    int shown; /* hidden sheets are left out; what refers to them keeps its value */
    int flat;  /* what is embedded is left out, and its pictures stay */
} platen_lok_pages_t;

/* Whether that is anything. */
int platen_lok_pages_asked(const platen_lok_page_t *page);

/*
 * Copies `from`, as LibreOffice has written it, to the new file `to` so.  Returns
 * 0, or -1 with errno.
 */
int platen_lok_pages(const char *from, const char *to, const platen_lok_pages_t *edit);

#endif
