/* One conversion; see lok/convert.h.  Used by the main thread alone. */

#include "lok/convert.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/lo_profile.h"
#include "engine/warning.h"
#include "format/format.h"
#include "format/ole.h"
#include "lok/book.h"
#include "lok/cells.h"
#include "lok/chunks.h"
#include "lok/controls.h"
#include "lok/direction.h"
#include "lok/embed.h"
#include "lok/fonts.h"
#include "lok/glyphs.h"
#include "lok/kit.h"
#include "lok/narrow.h"
#include "lok/notes.h"
#include "lok/package.h"
#include "lok/pages.h"
#include "lok/place.h"
#include "lok/settle.h"
#include "lok/sheets.h"
#include "lok/update.h"
#include "lok/whole.h"

/* What the client is told of the result. */
#define warn(sentence) platen_warning_add(PLATEN_WARNINGS_FILE, sentence)

/*
 * Whether a file that is named as a package is one, or an encrypted one in an OLE
 * container: LibreOffice takes anything else of that name for a text.
 */
static int
is_as_named(const char *path)
{
    const char            *extension = strrchr(path, '.');
    const platen_format_t *format =
        extension == NULL ? NULL : platen_format_find(extension + 1, strlen(extension + 1));
    char   head[PLATEN_OLE_MAGIC_LEN];
    FILE  *in;
    size_t n;

    if (format == NULL
        || (format->family != PLATEN_FAMILY_OOXML && format->family != PLATEN_FAMILY_ZIP)) {
        return 1;
    }
    in = fopen(path, "re");
    if (in == NULL) {
        return 0;
    }
    n = fread(head, 1, sizeof(head), in);
    fclose(in);
    return n == sizeof(head)
           && (memcmp(head, "PK", 2) == 0 || memcmp(head, PLATEN_OLE_MAGIC, sizeof(head)) == 0);
}

/*
 * Texts and spreadsheets with other pages; a slide is a picture, which has its own
 * form.  Returns the document, which may be another one, or NULL.
 */
static LibreOfficeKitDocument *
lay_out(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document, int shown,
        platen_lok_exit_t *result)
{
    platen_lok_pages_t edit = { .page = &document->page, .shown = shown };
    char               was[PLATEN_LOK_PATH], is[PLATEN_LOK_PATH];
    int                type = loaded->pClass->getDocumentType(loaded);
    const char        *format = type == LOK_DOCTYPE_TEXT ? "fodt" : "fods";

    if (type != LOK_DOCTYPE_TEXT && type != LOK_DOCTYPE_SPREADSHEET) {
        return loaded;
    }
    snprintf(was, sizeof(was), "%s.was", document->output);
    *result = platen_lok_place_copy(document, format, is) != 0
                  ? PLATEN_LOK_EXIT_SETUP
                  : platen_lok_office_save(loaded, was, format, "");
    loaded->pClass->destroy(loaded);
    if (*result != PLATEN_LOK_EXIT_DONE) {
        return NULL;
    }

    /* LibreOffice does not read back each embedded document that it has written. */
    loaded = NULL;
    for (; loaded == NULL && edit.flat <= 1; edit.flat++) {
        if (platen_lok_pages(was, is, &edit) == 0) {
            loaded = platen_lok_office_load(is, "", result);
        } else {
            *result = PLATEN_LOK_EXIT_SAVE;
        }
        (void) unlink(is);
    }
    (void) unlink(was);
    return loaded;
}

/* A platen_lok_convert_t: what is in the working directory. */
static int
convert_chunk(const char *from, const char *to)
{
    LibreOfficeKitDocument *loaded;
    platen_lok_exit_t       result = PLATEN_LOK_EXIT_DONE;
    char                    path[PLATEN_LOK_PATH];

    snprintf(path, sizeof(path), PLATEN_LOK_CWD "%s", from);
    loaded = platen_lok_office_load(path, "", &result);
    if (loaded == NULL) {
        return -1;
    }
    snprintf(path, sizeof(path), PLATEN_LOK_CWD "%s", to);
    result = platen_lok_office_save(loaded, path, "docx", "");
    loaded->pClass->destroy(loaded);
    return result == PLATEN_LOK_EXIT_DONE ? 0 : -1;
}

/* Whether it is to be read by one of the filters that have an extension of their own. */
static int
is_kind(const char *path, const char *kind)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL && strcmp(dot + 1, kind) == 0;
}

/*
 * What is to be loaded: the document, or a copy of it without what is not to be in
 * the result, under the name that it has for the client, which a field of it shows.
 * `mended` says whether it is without anything.
 */
static const char *
ready(const platen_lok_document_t *document, unsigned what, char path[PLATEN_LOK_PATH],
      int *mended)
{
    int    tables = is_kind(document->input, PLATEN_LO_PROFILE_HTML_TABLE);
    size_t formulas;

    *mended = 0;
    if (!document->last || platen_lok_place_named(platen_lok_place_name(document), path) != 0) {
        return document->input;
    }
    if (what != 0) {
        *mended = platen_lok_package_mend(document->input, path, what);
        if (*mended >= 0 && what & PLATEN_LOK_MEND_CHUNKS) {
            *mended = platen_lok_chunks_settle(path, what, convert_chunk) == 0 ? 1 : -1;
        }
        if (*mended >= 0) {
            return path;
        }
        (void) unlink(path);
    }
    if (!tables) {
        return symlink(document->input, path) == 0 ? path : document->input;
    }
    if (platen_lok_cells_copy(document->input, path, &formulas) != 0) {
        return document->input;
    }
    if (formulas > 0) {
        warn("Text outside of the tables of the page that begins with = was taken for a "
             "formula.");
    }
    return path;
}

static LibreOfficeKitDocument *
load_document(const platen_lok_document_t *document, unsigned found, unsigned more,
              platen_lok_exit_t *result)
{
    LibreOfficeKitDocument *loaded;
    char                    at[PLATEN_LOK_PATH];
    const char             *path;
    unsigned                what = platen_lok_settle_mend(document, found) | more;
    int                     mended;

    if (!is_as_named(document->input)
        || (document->last && is_kind(document->input, PLATEN_LO_PROFILE_EXCEL_XML)
            && !platen_lok_whole(document->input))) {
        *result = PLATEN_LOK_EXIT_LOAD;
        return NULL;
    }
    if (found & PLATEN_LOK_LACKING) {
        what |= PLATEN_LOK_MEND_LACKING;
    }
    path = ready(document, what, at, &mended);
    if (mended > 0 && found & PLATEN_LOK_LACKING && !platen_lok_book_values(document)) {
        warn("Formulas with functions that this LibreOffice lacks are in the result as the "
             "values that were saved with them.");
    }
    loaded = platen_lok_office_load(path, document->load_options, result);
    if (loaded == NULL && *result == PLATEN_LOK_EXIT_LOAD && found & PLATEN_LOK_PACKAGE
        && !(what & PLATEN_LOK_MEND_COMMENTS)) {
        path = ready(document, what | PLATEN_LOK_MEND_COMMENTS, at, &mended);
        if (mended > 0) {
            loaded = platen_lok_office_load(path, document->load_options, result);
        }
    }
    return loaded;
}

/* A page of HTML of a spreadsheet. */
static platen_lok_exit_t
finish_page(const char *page)
{
    unsigned comments;

    if (platen_lok_embed(page, &comments) != 0) {
        return PLATEN_LOK_EXIT_SAVE;
    }
    if (comments > 0) {
        platen_warning_add(PLATEN_WARNINGS_FILE, "%u %s not in the result.", comments,
                           comments == 1 ? "comment of a cell is" : "comments of cells are");
    }
    return PLATEN_LOK_EXIT_DONE;
}

/* Of the pages of a spreadsheet, which show ### for a number that is too wide. */
static void
warn_of_narrow(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document)
{
    char   path[PLATEN_LOK_PATH], names[PLATEN_LOK_NARROW_NAMES];
    size_t n = 0;
    int    literal = 0;

    snprintf(path, sizeof(path), "%s.was", document->output);
    if (platen_lok_office_save(loaded, path, "fods", "") == PLATEN_LOK_EXIT_DONE) {
        n = platen_lok_narrow_cells(path, names, &literal);
    }
    (void) unlink(path);
    if (n == 0 && literal) {
        return;
    }
    if (n == 0) {
        warn("Numbers that are wider than their columns are shown as ###, as in Excel; wider "
             "columns in the workbook show them.");
        return;
    }
    platen_warning_add(PLATEN_WARNINGS_FILE,
                       "Numbers that are wider than their columns are shown as ###, as in "
                       "Excel: about %zu (%s); wider columns in the workbook show them.",
                       n, names);
}

/* Pages of slides have no notes, and so none has what is made of them: text, Markdown, HTML. */
static void
warn_of_notes(const platen_lok_document_t *document)
{
    unsigned n =
        strcmp(document->export_filter, "pdf") == 0 ? platen_lok_notes(document->input) : 0;

    if (n > 0) {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "The speaker's notes of %u %s not in the result.", n,
                           n == 1 ? "slide are" : "slides are");
    }
}

static platen_lok_exit_t
convert(const platen_lok_document_t *document)
{
    LibreOfficeKitDocument *loaded;
    platen_lok_exit_t       result = PLATEN_LOK_EXIT_DONE;
    unsigned                found = 0;
    platen_lok_sheets_t    *book = NULL;
    int                     shown = 0;

    platen_lok_office_begin(document->password);
    platen_lok_glyphs_begin();
    platen_lok_narrow_begin();
    if (document->last) {
        found = platen_lok_package_look(document->input);
    }
    if (found & PLATEN_LOK_BOOK) {
        book = platen_lok_sheets_new(document->input);
    }
    loaded = load_document(document, found,
                           book == NULL ? 0 : platen_lok_book_believe(document, book, found),
                           &result);
    if (loaded != NULL && (document->last || platen_lok_direction_asked(document->input))) {
        switch (loaded->pClass->getDocumentType(loaded)) {
        case LOK_DOCTYPE_TEXT:
            if (found & PLATEN_LOK_UPDATES && platen_lok_settle_final(document)) {
                platen_lok_update(loaded);
            }
            if (found & PLATEN_LOK_PACKAGE) {
                platen_lok_settle_warn(document, found);
            } else {
                loaded = platen_lok_settle(loaded, document, &result);
            }
            break;
        case LOK_DOCTYPE_SPREADSHEET:
            if (found & PLATEN_LOK_CALCULATE) {
                platen_lok_office_post(loaded, ".uno:CalculateHard", NULL);
            }
            if (book != NULL) {
                platen_lok_book_open(loaded, document, book);
            }
            shown = document->sheets && platen_lok_book_hides(loaded);
            break;
        case LOK_DOCTYPE_PRESENTATION:
            warn_of_notes(document);
            break;
        default:
            break;
        }
    }
    platen_lok_sheets_destroy(&book);
    if (loaded != NULL && (shown || platen_lok_pages_asked(&document->page))) {
        loaded = lay_out(loaded, document, shown, &result);
    }
    if (loaded == NULL) {
        return result;
    }

    /* Only what the result shows: loading asks for fonts that no text is set in. */
    if (document->fonts[0] != '\0') {
        platen_lok_fonts_begin();
    }
    if (document->last && strcmp(document->export_filter, "csv") == 0
        && loaded->pClass->getDocumentType(loaded) == LOK_DOCTYPE_SPREADSHEET) {
        result = platen_lok_book_table(loaded, document);
    } else {
        result = platen_lok_office_save(loaded, document->output, document->export_filter,
                                        document->export_options);
    }
    if (result == PLATEN_LOK_EXIT_DONE && strcmp(document->export_filter, "html") == 0
        && loaded->pClass->getDocumentType(loaded) == LOK_DOCTYPE_SPREADSHEET) {
        result = finish_page(document->output);
    } else if (result == PLATEN_LOK_EXIT_DONE && strcmp(document->export_filter, "html") == 0
               && platen_lok_controls_remove(document->output) != 0) {
        result = PLATEN_LOK_EXIT_SAVE;
    }
    if (document->fonts[0] != '\0' && platen_lok_fonts_end(document->fonts) != 0) {
        fputs("platen-lok: cannot write which fonts were replaced\n", stderr);
    }
    if (document->fonts[0] != '\0') {
        platen_lok_glyphs_end();
    }
    if (result == PLATEN_LOK_EXIT_DONE && platen_lok_narrow_seen()
        && loaded->pClass->getDocumentType(loaded) == LOK_DOCTYPE_SPREADSHEET) {
        warn_of_narrow(loaded, document);
    }
    if (!document->last) {
        loaded->pClass->destroy(loaded);
    }
    return result;
}

platen_lok_exit_t
platen_lok_convert(const platen_lok_document_t *document)
{
    platen_lok_document_t at_home = *document;
    platen_lok_exit_t     result;
    char                  output[PLATEN_LOK_PATH];

    if (!document->last) {
        return convert(document);
    }
    if (platen_lok_place_result(document, output) != 0) {
        return PLATEN_LOK_EXIT_SETUP;
    }
    at_home.output = output;
    result = convert(&at_home);
    return result == PLATEN_LOK_EXIT_DONE && rename(output, document->output) != 0
               ? PLATEN_LOK_EXIT_SAVE
               : result;
}
