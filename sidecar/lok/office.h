/*
 * LibreOffice, loaded into this process through LibreOfficeKit: one office,
 * initialised once, that can do a conversion at a time.  In the zygote it does
 * the warm-up, in each child the one document.
 */

#ifndef PLATEN_LOK_OFFICE_H
#define PLATEN_LOK_OFFICE_H

#include "office/wire.h"

/* One conversion, as C strings; options, password and fonts may be "". */
typedef struct {
    const char       *input;
    const char       *output;
    const char       *load_options;
    const char       *export_filter;
    const char       *export_options;
    const char       *password;
    const char       *fonts;    /* file for what lok/fonts.h reports; "" for none */
    const char       *sheet;    /* of a workbook, for CSV: a name or a number; "" for any */
    const char       *name;     /* by which it calls itself; "" for none */
    int               tracked;  /* PLATEN_LOK_CHANGES_* */
    int               comments; /* PLATEN_LOK_COMMENTS_* */
    int               sheets;   /* a page to each */
    platen_lok_page_t page;     /* asked for: needs room beside the output */
    int               last;     /* the process ends after it: what it holds stays */
} platen_lok_document_t;

/*
 * Loads and initialises the office below `program` on the profile of the
 * environment (platen_lok_profile_environ()).  Once in a process.  Returns 0,
 * or -1 with a sentence in `err`.
 */
int platen_lok_office_open(const char *program, char *err, size_t errlen);

/* "LibreOffice 7.4.7.2"; static storage, empty before platen_lok_office_open(). */
const char *platen_lok_office_version(void);

/*
 * Gives the main thread to LibreOffice, which calls `serve` once it is ready
 * for work.  `serve` ends the process and does not return.
 */
void platen_lok_office_run(void (*serve)(void *data), void *data);

/* What LibreOffice said about the last conversion that failed; valid until the next. */
const char *platen_lok_office_error(void);

#endif
