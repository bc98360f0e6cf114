/* What of a text is not to be in the result; see lok/settle.h. */

#include "lok/settle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/warning.h"
#include "lok/direction.h"
#include "lok/package.h"
#include "lok/place.h"
#include "lok/update.h"

/* What the client is told of the result. */
#define warn(sentence) platen_warning_add(PLATEN_WARNINGS_FILE, sentence)

/* Whether the answer to a command lists something: {"redlines":[{...}]}. */
static int
lists(LibreOfficeKitDocument *loaded, const char *command)
{
    char *answer = loaded->pClass->getCommandValues(loaded, command);
    char *list = answer == NULL ? NULL : strchr(answer, '[');
    int   any = list != NULL && list[1 + strspn(list + 1, " \r\n\t")] == '{';

    free(answer);
    return any;
}

/* Whether the result is a text and nothing else. */
static int
is_plain(const platen_lok_document_t *document)
{
    return strcmp(document->export_filter, "txt") == 0;
}

/* Whether whoever reads the result sees all that is in its file. */
static int
is_open(const platen_lok_document_t *document)
{
    return is_plain(document) || strcmp(document->export_filter, "html") == 0;
}

/* Whether nobody will update fields of the result. */
int
platen_lok_settle_final(const platen_lok_document_t *document)
{
    return is_open(document) || strcmp(document->export_filter, "pdf") == 0;
}

/* Whether comments become text: a result of some formats has no other place for them. */
static int
puts_at_end(const platen_lok_document_t *document)
{
    return document->comments == PLATEN_LOK_COMMENTS_END
           || (document->comments && is_open(document));
}

/* What of a text is not in the result, by what is known of it. */
void
platen_lok_settle_warn(const platen_lok_document_t *document, unsigned found)
{
    if (found & PLATEN_LOK_DIRTY
        || (found & PLATEN_LOK_UPDATES
            && !(platen_lok_settle_final(document) && platen_lok_update_can()))) {
        warn("A table of contents that wants to be updated when the document is opened is in "
             "the result as it was saved.");
    }
    if (found & PLATEN_LOK_COMMENTED && !document->comments) {
        warn("Comments are not in the result; with comments=margin or comments=end they are.");
    }
    if (is_plain(document)) {
        platen_lok_package_warn(found, 0);
    }
}

/* What of an OOXML document is taken out of it before it is loaded. */
unsigned
platen_lok_settle_mend(const platen_lok_document_t *document, unsigned found)
{
    unsigned what = 0;

    if (found & PLATEN_LOK_TRACKED) {
        what |= document->tracked == PLATEN_LOK_CHANGES_FINAL      ? PLATEN_LOK_MEND_FINAL
                : document->tracked == PLATEN_LOK_CHANGES_ORIGINAL ? PLATEN_LOK_MEND_ORIGINAL
                                                                   : 0;
    }
    if (found & PLATEN_LOK_COMMENTED && !document->comments) {
        what |= PLATEN_LOK_MEND_COMMENTS;
    }
    if (found & PLATEN_LOK_COMMENTED && puts_at_end(document)) {
        what |= PLATEN_LOK_MEND_END;
    }
    if (found & PLATEN_LOK_BOXES && is_plain(document)) {
        what |= PLATEN_LOK_MEND_BOXES;
    }
    if (found & PLATEN_LOK_NOTES && is_plain(document)) {
        what |= PLATEN_LOK_MEND_NOTES;
    }
    if (found & PLATEN_LOK_HIDDEN && is_open(document)) {
        what |= PLATEN_LOK_MEND_HIDDEN;
    }
    if (found & PLATEN_LOK_SYMBOLS && is_open(document)) {
        what |= PLATEN_LOK_MEND_SYMBOLS;
    }
    if (found & PLATEN_LOK_RUBY && is_open(document)) {
        what |= PLATEN_LOK_MEND_RUBY;
    }
    if (found & PLATEN_LOK_EQUATIONS && is_plain(document)) {
        what |= PLATEN_LOK_MEND_EQUATIONS;
    }
    if (found & PLATEN_LOK_FIELDS && platen_lok_settle_final(document)) {
        what |= PLATEN_LOK_MEND_FIELDS;
    }
    if (found & PLATEN_LOK_UPDATES && platen_lok_settle_final(document)
        && platen_lok_update_can()) {
        what |= PLATEN_LOK_MEND_INDEXES;
    }
    if (found & PLATEN_LOK_CHUNKS) {
        what |= PLATEN_LOK_MEND_CHUNKS;
    }
    if (found & PLATEN_LOK_PACKAGE && document->sheets) {
        what |= PLATEN_LOK_MEND_SCROLL;
    }
    return what;
}

/* Whether it is a text of a word processor, but none that can be mended as it is. */
static int
is_foreign(const platen_lok_document_t *document)
{
    static const char *const foreign[] = { ".odt", ".doc", ".rtf" };
    const char              *end = strrchr(document->input, '.');
    size_t                   i;

    for (i = 0; end != NULL && i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (strcmp(end, foreign[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What LibreOffice itself has put into the DOCX that it wrote. */
#define OWN (PLATEN_LOK_DIRTY | PLATEN_LOK_UPDATES | PLATEN_LOK_FIELDS)

/*
 * Texts of other formats than DOCX, with something that is to be mended: a copy of them is
 * mended and loaded in their place.  ODF has all that LibreOffice knows of a text, so
 * that nothing else of it changes; some of it DOCX alone can tell.  PDF needs no copy for
 * comments, as they are not among its pages.  Returns the document, or NULL.
 */
LibreOfficeKitDocument *
platen_lok_settle(LibreOfficeKitDocument *loaded, const platen_lok_document_t *document,
                  platen_lok_exit_t *result)
{
    char        path[PLATEN_LOK_PATH], mended[PLATEN_LOK_PATH];
    const char *format;
    unsigned    found = PLATEN_LOK_PACKAGE, what;

    if (document->tracked != PLATEN_LOK_CHANGES_SHOW
        && lists(loaded, ".uno:AcceptTrackedChanges")) {
        found |= PLATEN_LOK_TRACKED;
    }
    if ((puts_at_end(document)
         || (!document->comments && strcmp(document->export_filter, "pdf") != 0))
        && lists(loaded, ".uno:ViewAnnotations")) {
        found |= PLATEN_LOK_COMMENTED;
    }
    snprintf(path, sizeof(path), "%s.tracked.docx", document->output);
    if (is_open(document) && is_foreign(document)) {
        if (platen_lok_office_save(loaded, path, "docx", "") == PLATEN_LOK_EXIT_DONE) {
            found |= platen_lok_package_look(path) & ~(unsigned) OWN;
        }
        (void) unlink(path);
    }
    platen_lok_settle_warn(document, found);
    what = platen_lok_settle_mend(document, found);
    if (platen_lok_direction_asked(document->input)) {
        what |= PLATEN_LOK_MEND_DIRECTION;
    }
    if (what == 0) {
        return loaded;
    }
    format = what & PLATEN_LOK_MEND_OOXML ? "docx" : "odt";
    snprintf(path, sizeof(path), "%s.tracked.%s", document->output, format);
    *result = platen_lok_place_copy(document, format, mended) != 0
                  ? PLATEN_LOK_EXIT_SETUP
                  : platen_lok_office_save(loaded, path, format, "");
    loaded->pClass->destroy(loaded);
    loaded = NULL;
    if (*result == PLATEN_LOK_EXIT_DONE) {
        if (platen_lok_package_mend(path, mended, what) >= 0) {
            loaded = platen_lok_office_load(mended, "", result);
        } else {
            *result = PLATEN_LOK_EXIT_SAVE;
        }
    }
    (void) unlink(path);
    (void) unlink(mended);
    return loaded;
}
