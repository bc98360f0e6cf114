/* A workbook as Excel would show it; see lok/book.h. */

#include "lok/book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "engine/warning.h"
#include "lok/package.h"

/* Whether the result shows what cells come to, and has no formulas. */
int
platen_lok_book_values(const platen_lok_document_t *document)
{
    static const char *const books[] = { "xlsx", "xls", "ods", "fods" };
    size_t                   i;

    for (i = 0; i < sizeof(books) / sizeof(books[0]); i++) {
        if (strcmp(document->export_filter, books[i]) == 0) {
            return 0;
        }
    }
    return 1;
}

/*
 * Which formulas of a workbook are taken out of it before it is loaded, so that what
 * Excel computed is believed; and what is to be said of those that LibreOffice lacks.
 */
unsigned
platen_lok_book_believe(const platen_lok_document_t *document, const platen_lok_sheets_t *book,
                        unsigned found)
{
    const platen_lok_cells_t *lacking = &book->lacking, *empty = &book->empty;
    int all = platen_lok_book_values(document) && !(found & PLATEN_LOK_CALCULATE);

    if (lacking->n > 0 && !all) {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "%u %s (%s%s) a function that this LibreOffice lacks (%s): the "
                           "result has the values that were saved with the workbook.",
                           lacking->n, lacking->n == 1 ? "formula uses" : "formulas use",
                           lacking->names, lacking->n > 1 ? " …" : "", lacking->function);
    }
    if (empty->n > 0) {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "%u %s (%s) a function that this LibreOffice lacks (%s), and no "
                           "saved value: the result has an error in its place.",
                           empty->n, empty->n == 1 ? "formula uses" : "formulas use",
                           empty->names, empty->function);
    }
    return all && book->formulas > 0 ? PLATEN_LOK_MEND_FORMULAS
           : lacking->n > 0          ? PLATEN_LOK_MEND_LACKING
                                     : 0;
}

/* Its name is a string of JSON (RFC 8259, 7): LibreOffice ends at one that is none. */
static void
hide_sheet(LibreOfficeKitDocument *loaded, const char *name)
{
    platen_json_t j;
    char         *arguments;

    platen_json_heap(&j);
    platen_json_open(&j, NULL, '{');
    platen_json_open(&j, "aTableName", '{');
    platen_json_word(&j, "type", "string", strlen("string"));
    platen_json_string(&j, "value", name, strlen(name));
    platen_json_close(&j, '}');
    platen_json_close(&j, '}');
    arguments = platen_json_heap_end(&j);
    if (arguments != NULL) {
        platen_lok_office_post(loaded, ".uno:Hide", arguments);
    }
    free(arguments);
}

/*
 * What Excel does when it opens a workbook: a hidden sheet stays hidden although it is
 * the active one, and rows that have no height of their own are as high as their text.
 */
void
platen_lok_book_open(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document,
                     const platen_lok_sheets_t *book)
{
    int                      parts = loaded->pClass->getParts(loaded);
    int                      active = loaded->pClass->getPart(loaded);
    const platen_lok_rows_t *rows;
    char                     arguments[96], *info;
    size_t                   i;
    unsigned                 k;

    for (i = 0; i < book->n && (int) i < parts; i++) {
        info = loaded->pClass->getPartInfo(loaded, (int) i);
        if (book->sheet[i].hidden && info != NULL
            && strstr(info, "\"visible\": \"1\"") != NULL) {
            hide_sheet(loaded, book->sheet[i].name);
        }
        free(info);
    }
    if (strcmp(document->export_filter, "pdf") != 0) {
        return;
    }
    for (i = 0; i < book->n && (int) i < parts; i++) {
        for (k = 0; !book->sheet[i].hidden && k < book->sheet[i].nrows; k++) {
            rows = &book->sheet[i].rows[k];
            if (k == 0) {
                loaded->pClass->setPart(loaded, (int) i);
            }
            snprintf(arguments, sizeof(arguments),
                     "{\"ToPoint\":{\"type\":\"string\",\"value\":\"A%u:A%u\"}}", rows->first,
                     rows->last);
            platen_lok_office_post(loaded, ".uno:GoToCell", arguments);
            platen_lok_office_post(
                loaded, ".uno:SetOptimalRowHeight",
                "{\"aExtraHeight\":{\"type\":\"unsigned short\",\"value\":\"0\"}}");
        }
    }
    loaded->pClass->setPart(loaded, active);
}

/* Whether a sheet is hidden, which with a page to each sheet would have one. */
int
platen_lok_book_hides(LibreOfficeKitDocument *loaded)
{
    char *info;
    int   i, hidden = 0;

    for (i = 0; !hidden && i < loaded->pClass->getParts(loaded); i++) {
        info = loaded->pClass->getPartInfo(loaded, i);
        hidden = info != NULL && strstr(info, "\"visible\": \"0\"") != NULL;
        free(info);
    }
    return hidden;
}
