/* A workbook as Excel would show it; see lok/book.h. */

#include "lok/book.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
order_sheet(LibreOfficeKitDocument *loaded, const char *command, const char *name)
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
        platen_lok_office_post(loaded, command, arguments);
    }
    free(arguments);
}

/*
 * Whether LibreOffice shows a sheet: 1, 0, or -1 if it does not say.  It says so by a
 * number, which LibreOffice 7.4 puts in quotation marks and 25.2 does not.
 */
static int
is_visible(LibreOfficeKitDocument *loaded, int sheet)
{
    static const char name[] = "\"visible\":";
    char             *info = loaded->pClass->getPartInfo(loaded, sheet);
    const char       *p = info == NULL ? NULL : strstr(info, name);
    int               visible = -1;

    if (p != NULL) {
        p += sizeof(name) - 1;
        p += strspn(p, " \"");
        visible = *p == '1' ? 1 : *p == '0' ? 0 : -1;
    }
    free(info);
    return visible;
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
    char                     arguments[96];
    size_t                   i;
    unsigned                 k;

    for (i = 0; i < book->n && (int) i < parts; i++) {
        if (book->sheet[i].hidden && is_visible(loaded, (int) i) == 1) {
            order_sheet(loaded, ".uno:Hide", book->sheet[i].name);
        }
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

static int
is_hidden(LibreOfficeKitDocument *loaded, int sheet)
{
    return is_visible(loaded, sheet) == 0;
}

/* Whether a sheet is hidden, which with a page to each sheet would have one. */
int
platen_lok_book_hides(LibreOfficeKitDocument *loaded)
{
    int i, hidden = 0;

    for (i = 0; !hidden && i < loaded->pClass->getParts(loaded); i++) {
        hidden = is_hidden(loaded, i);
    }
    return hidden;
}

/* The place of the sheet that is meant: of that name, or else of that number; -1: none. */
static int
find_sheet(LibreOfficeKitDocument *loaded, const char *wanted)
{
    int           parts = loaded->pClass->getParts(loaded), i, by_case = -1, by_name = -1;
    unsigned long number;
    char         *name;

    for (i = 0; i < parts; i++) {
        name = loaded->pClass->getPartName(loaded, i);
        if (by_name == -1 && name != NULL && strcmp(name, wanted) == 0) {
            by_name = i;
        } else if (by_case == -1 && name != NULL && strcasecmp(name, wanted) == 0) {
            by_case = i;
        }
        free(name);
    }
    if (by_name != -1 || by_case != -1) {
        return by_name != -1 ? by_name : by_case;
    }
    if (*wanted == '\0' || strspn(wanted, "0123456789") != strlen(wanted)
        || strlen(wanted) > 9) {
        return -1;
    }
    number = strtoul(wanted, NULL, 10);
    return number >= 1 && number <= (unsigned long) parts ? (int) number - 1 : -1;
}

/* Whether there is more in a CSV than what separates cells. */
static int
has_values(const char *path)
{
    FILE *in = fopen(path, "re");
    int   c = EOF;

    if (in != NULL) {
        do {
            c = getc(in);
        } while (c == ',' || c == '\n' || c == '\r');
        fclose(in);
    }
    return c != EOF;
}

static void
warn_of_others(LibreOfficeKitDocument *loaded, int taken)
{
    int   parts = loaded->pClass->getParts(loaded), i, n = 0;
    char *name, names[512] = "", *of = loaded->pClass->getPartName(loaded, taken);

    for (i = 0; i < parts; i++) {
        name = i == taken ? NULL : loaded->pClass->getPartName(loaded, i);
        if (name != NULL && ++n <= 5 && strlen(names) + strlen(name) + 5 < sizeof(names)) {
            sprintf(names + strlen(names), "%s\"%s\"", *names == '\0' ? "" : ", ", name);
        }
        free(name);
    }
    if (n > 0) {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "The result is the sheet \"%s\" alone; there are %d more: %s%s. The "
                           "option sheet takes the name or the number of one.",
                           of == NULL ? "" : of, n, names, n > 5 ? " and others" : "");
    }
    free(of);
}

/* LibreOffice writes the sheet that it shows. */
static platen_lok_exit_t
save_sheet(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document, int sheet)
{
    char *name;

    if (is_hidden(loaded, sheet)) {
        name = loaded->pClass->getPartName(loaded, sheet);
        if (name != NULL) {
            order_sheet(loaded, ".uno:Show", name);
        }
        free(name);
    }
    loaded->pClass->setPart(loaded, sheet);
    return platen_lok_office_save(loaded, document->output, "csv", document->export_options);
}

/*
 * The CSV of the sheet that is asked for, or else of the first that has values, a hidden one
 * only if there is no other.
 */
platen_lok_exit_t
platen_lok_book_table(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document)
{
    int               parts = loaded->pClass->getParts(loaded), i, asked;
    uint8_t          *seen = calloc((size_t) parts + 1, 1);
    platen_lok_exit_t result = PLATEN_LOK_EXIT_SHEET;

    if (seen == NULL) {
        return PLATEN_LOK_EXIT_MEMORY;
    }
    asked = *document->sheet == '\0' ? -1 : find_sheet(loaded, document->sheet);
    if (*document->sheet != '\0') {
        free(seen);
        return asked == -1 ? PLATEN_LOK_EXIT_SHEET : save_sheet(loaded, document, asked);
    }
    /* Twice all of them: those that are hidden are looked at when all others are seen. */
    for (i = 0; i < 2 * parts; i++) {
        if (seen[i % parts] || (i < parts && is_hidden(loaded, i))) {
            continue;
        }
        seen[i % parts] = 1;
        result = save_sheet(loaded, document, i % parts);
        if (result != PLATEN_LOK_EXIT_DONE || has_values(document->output)) {
            break;
        }
    }
    if (result == PLATEN_LOK_EXIT_DONE && i < 2 * parts) {
        warn_of_others(loaded, i % parts);
    }
    free(seen);
    return result;
}
