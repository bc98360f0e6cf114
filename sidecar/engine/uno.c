/* LibreOffice's words; see engine/uno.h.  Pure functions. */

#include "engine/uno.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char  *out;
    size_t size;
    size_t n;
} json_out_t;

static void put(json_out_t *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
put(json_out_t *j, const char *format, ...)
{
    va_list args;

    if (j->n >= j->size) {
        return;
    }
    va_start(args, format);
    j->n += (size_t) vsnprintf(j->out + j->n, j->size - j->n, format, args);
    va_end(args);
}

/* Values are canonical (job/option.h): digits, words, nothing to be escaped. */
static void
property(json_out_t *j, const char *name, const char *type, const char *value)
{
    int text = strcmp(type, "string") == 0;

    put(j, "%s\"%s\":{\"type\":\"%s\",\"value\":%s%s%s}", j->n == 0 ? "{" : ",", name, type,
        text ? "\"" : "", value, text ? "\"" : "");
}

int
platen_uno_pdf(const platen_options_t *options, char *out, size_t size)
{
    static const char *const versions[][2] = { { "1b", "1" }, { "2b", "2" }, { "3b", "3" } };
    json_out_t               j = { .out = out, .size = size };
    const char              *value;
    size_t                   i;

    *out = '\0';
    value = platen_options_get(options, PLATEN_OPTION_PAGES);
    if (value != NULL) {
        property(&j, "PageRange", "string", value);
    }
    value = platen_options_get(options, PLATEN_OPTION_PDFA);
    for (i = 0; value != NULL && i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (strcmp(value, versions[i][0]) == 0) {
            property(&j, "SelectPdfVersion", "long", versions[i][1]);
        }
    }
    if (platen_options_get(options, PLATEN_OPTION_PDFUA) != NULL) {
        property(&j, "PDFUACompliance", "boolean", "true");
    }
    value = platen_options_get(options, PLATEN_OPTION_IMAGE_QUALITY);
    if (value != NULL) {
        property(&j, "UseLosslessCompression", "boolean", "false");
        property(&j, "Quality", "long", value);
    }
    value = platen_options_get(options, PLATEN_OPTION_IMAGE_RESOLUTION);
    if (value != NULL) {
        property(&j, "ReduceImageResolution", "boolean", "true");
        property(&j, "MaxImageResolution", "long", value);
    }
    if (platen_options_get(options, PLATEN_OPTION_SINGLE_PAGE_SHEETS) != NULL) {
        property(&j, "SinglePageSheets", "boolean", "true");
    }
    /* By itself LibreOfficeKit puts the comments of sheets onto their pages. */
    property(&j, "ExportNotes", "boolean",
             platen_options_get(options, PLATEN_OPTION_COMMENTS) != NULL ? "true" : "false");
    put(&j, "}");
    if (j.n >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}
