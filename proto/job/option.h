/*
 * Conversion options: what a client may say about how a document is converted.
 * One table has their names, values and sentences; the module checks what
 * arrives against it, the record keeps it as text, and the engines read it.
 * Which of them a conversion takes is the matrix's to say (job/matrix.h).
 *
 * Secret options (passwords) are kept apart, so that no view, log or cache key
 * meets them by mistake.  Values are canonical: two ways of saying the same
 * thing give the same text.
 */

#ifndef PLATEN_OPTION_H
#define PLATEN_OPTION_H

#include "base/platen.h"

/* In the order of the text form; numbers are internal, names are the API. */
typedef enum {
    PLATEN_OPTION_PAGES,            /* "1-3,5": pages, from 1; "7-": to the end */
    PLATEN_OPTION_PASSWORD,         /* secret: opens the document */
    PLATEN_OPTION_OUTPUT_PASSWORD,  /* secret: encrypts the PDF (AES-256) */
    PLATEN_OPTION_PDFA,             /* "1b", "2b", "3b" (ISO 19005) */
    PLATEN_OPTION_PDFUA,            /* "true", "false" (ISO 14289) */
    PLATEN_OPTION_LANDSCAPE,        /* "true", "false" */
    PLATEN_OPTION_IMAGE_QUALITY,    /* "1" to "100": of JPEG images inside a PDF */
    PLATEN_OPTION_IMAGE_RESOLUTION, /* "75" "150" "300" "600" "1200": dots per inch, at most */
    PLATEN_OPTION_SINGLE_PAGE_SHEETS, /* "true", "false" */
    PLATEN_OPTION_CSV_DELIMITER,      /* "comma" "semicolon" "tab" "pipe" "space" */
    PLATEN_OPTION_CHARSET,            /* of a text: a name of base/charset.h */
    PLATEN_OPTION_MARKDOWN_FLAVOUR,   /* "gfm" "commonmark" "markdown" */
    PLATEN_OPTION_WIDTH,              /* "16" to "4096": pixels of an image */
    PLATEN_OPTION_RESOLUTION,         /* "36" to "600": dots per inch of page images */
    PLATEN_OPTION_LAYOUT,             /* "flow", "exact" */
    PLATEN_OPTION_SHEET,              /* of a workbook: its name, its number from 1, "all" */
    PLATEN_OPTION_HEADER,             /* "false": the first row of a table names no columns */
    PLATEN_OPTION_VALUES,             /* "display": as a workbook's cells show them */
    PLATEN_OPTION_TRACK_CHANGES,      /* "original", "show"; "final" says nothing */
    PLATEN_OPTION_COMMENTS,           /* "margin"; "none" says nothing */
    PLATEN_OPTION_FIT,                /* of sheets: "width", "page" */
    PLATEN_OPTION_ORIENTATION,        /* "landscape", "portrait" */
    PLATEN_OPTION_PAPER,              /* "a4", "letter" and others */
    PLATEN_OPTION_MARGINS,            /* "20mm 15mm 20mm 15mm": top, right, bottom, left */
    PLATEN_OPTIONS
} platen_option_t;

#define PLATEN_OPTION_BIT(option) (UINT32_C(1) << (option))

#define PLATEN_OPTION_VALUE_MAX 127
#define PLATEN_OPTION_NAME_MAX 24
#define PLATEN_OPTIONS_TEXT_MAX                                                                \
    (PLATEN_OPTIONS * (PLATEN_OPTION_NAME_MAX + PLATEN_OPTION_VALUE_MAX + 2))

/* What is given of them; a zeroed one has none. */
typedef struct {
    uint32_t given; /* PLATEN_OPTION_BIT()s */
    char     value[PLATEN_OPTIONS][PLATEN_OPTION_VALUE_MAX + 1];
} platen_options_t;

/* Its name in the API ("image_quality"), and its allowed values for a person; static. */
const char *platen_option_name(platen_option_t option);
const char *platen_option_allowed(platen_option_t option);

/* The bits of the secret ones. */
uint32_t platen_option_secrets(void);

/* The option of that name (either case, - for _ too); -1 if there is none. */
int platen_option_find(const char *name, size_t len);

/*
 * Takes a value, checked and made canonical.  An empty value, "false" of a
 * switch, and a default ("flow") take the option away again: they say nothing.
 * Returns PLATEN_OK, or PLATEN_INVALID if the value is not allowed; then what
 * was given stays.
 */
int platen_options_set(platen_options_t *options, platen_option_t option, const char *value,
                       size_t len);

/* The value, NUL-terminated; NULL if it is not given.  Valid as long as `options`. */
const char *platen_options_get(const platen_options_t *options, platen_option_t option);

/* The value as a number, 1 for a switch; `otherwise` if it is not given. */
unsigned long platen_options_number(const platen_options_t *options, platen_option_t option,
                                    unsigned long otherwise);

/* Margins in 1/100 mm: top, right, bottom, left.  Returns 0, or -1 if they are not given. */
int platen_options_margins(const platen_options_t *options, uint32_t margins[4]);

/* The size of the paper, upright, in 1/100 mm.  Returns 0, or -1 if it is not given. */
int platen_options_paper(const platen_options_t *options, uint32_t *width, uint32_t *height);

/*
 * Writes "name=value" lines of those options that are given and in `mask`, in
 * the order of the enum, each ended by a line feed.  Returns the length; `out`
 * is not NUL-terminated.
 */
size_t platen_options_text(const platen_options_t *options, uint32_t mask,
                           char out[PLATEN_OPTIONS_TEXT_MAX]);

/*
 * Adds what the text form says.  Lines of options that this version does not
 * know are PLATEN_TOO_NEW; malformed, out of order or not canonical,
 * PLATEN_CORRUPT.  `options` changes only with PLATEN_OK.
 */
int platen_options_parse(platen_options_t *options, const char *text, size_t len);

#endif
