/* A part of an OOXML or ODF package, edited in place; see lok/part.h. */

#include "lok/part.h"

#include <stdio.h>
#include <string.h>

#include "lok/functions.h"
#include "lok/package.h"

#define GONE '\1' /* no character of XML */

/* The next tag that begins with this, of that name and no longer one; NULL: none. */
static char *
next_tag(const platen_lok_part_t *part, const char *from, const char *tag, char **end)
{
    size_t n = strlen(tag);
    char  *at = (char *) from;

    while ((at = memmem(at, part->len - (size_t) (at - part->text), tag, n)) != NULL) {
        *end = memchr(at, '>', part->len - (size_t) (at - part->text));
        if (*end == NULL) {
            return NULL;
        }
        if (strchr(" />\t\r\n", at[n]) != NULL) {
            return at;
        }
        at += n;
    }
    return NULL;
}

static void
blank(platen_lok_part_t *part, char *from, const char *end)
{
    memset(from, part->filler, (size_t) (end - from) + 1);
    part->n++;
}

int
platen_lok_part_is_odf(const char *name)
{
    return strcmp(name, "content.xml") == 0 || strcmp(name, "styles.xml") == 0;
}

/* Takes out the tags of an element, and not what is between them. */
static void
unwrap(platen_lok_part_t *part, const char *name)
{
    char tag[64], *at, *end;
    int  closing;

    for (closing = 0; closing <= 1; closing++) {
        snprintf(tag, sizeof(tag), closing ? "</%s" : "<%s", name);
        for (at = part->text; (at = next_tag(part, at, tag, &end)) != NULL; at = end) {
            blank(part, at, end);
        }
    }
}

/* Takes out the element with all that is in it. */
static void
remove_element(platen_lok_part_t *part, const char *name)
{
    char tag[64], close[64], *at, *end, *last;

    snprintf(tag, sizeof(tag), "<%s", name);
    snprintf(close, sizeof(close), "</%s", name);
    for (at = part->text; (at = next_tag(part, at, tag, &end)) != NULL; at = end) {
        if (end[-1] != '/') {
            if (next_tag(part, end, close, &last) == NULL) {
                return;
            }
            end = last;
        }
        blank(part, at, end);
    }
}

/* Deleted text is text again: <w:delText> is <w:t>, with blanks where they may be. */
static void
restore_text(platen_lok_part_t *part)
{
    char *at, *end;

    for (at = part->text; (at = next_tag(part, at, "<w:delText", &end)) != NULL; at = end) {
        memcpy(at, "<w:t      ", 10);
        part->n++;
    }
    for (at = part->text; (at = next_tag(part, at, "</w:delText", &end)) != NULL; at = end) {
        memcpy(at, "</w:t      ", 11);
        part->n++;
    }
}

static void
settle_changes(platen_lok_part_t *part, int final)
{
    static const char *const properties[] = {
        "w:rPrChange",          "w:pPrChange",        "w:sectPrChange",     "w:tblPrChange",
        "w:tcPrChange",         "w:trPrChange",       "w:tblGridChange",    "w:tblPrExChange",
        "w:numberingChange",    "w:cellIns",          "w:cellDel",          "w:cellMerge",
        "w:moveFromRangeStart", "w:moveFromRangeEnd", "w:moveToRangeStart", "w:moveToRangeEnd",
    };
    size_t i;

    for (i = 0; i < sizeof(properties) / sizeof(properties[0]); i++) {
        remove_element(part, properties[i]);
    }
    remove_element(part, final ? "w:del" : "w:ins");
    remove_element(part, final ? "w:moveFrom" : "w:moveTo");
    unwrap(part, final ? "w:ins" : "w:del");
    unwrap(part, final ? "w:moveTo" : "w:moveFrom");
    if (!final) {
        restore_text(part);
    }
}

static void
forget_scroll(platen_lok_part_t *part)
{
    static const char name[] = " topLeftCell=\"";
    char             *at = part->text, *end;

    while ((at = memmem(at, part->len - (size_t) (at - part->text), name, sizeof(name) - 1))
           != NULL) {
        end = at + sizeof(name) - 1;
        end = memchr(end, '"', part->len - (size_t) (end - part->text));
        if (end == NULL) {
            return;
        }
        blank(part, at, end);
        at = end;
    }
}

/* What is between two places. */
typedef struct {
    char *at, *end;
} span_t;

static char *
find_in(const span_t *span, const char *word)
{
    return memmem(span->at, (size_t) (span->end - span->at), word, strlen(word));
}

/* The next cell that has a formula; 0 if there is none. */
static int
next_formula(const platen_lok_part_t *part, span_t *cell, span_t *formula)
{
    char *end, *close;

    while ((cell->at = next_tag(part, cell->end, "<c", &end)) != NULL) {
        cell->at = cell->end = end;
        if (end[-1] == '/') {
            continue;
        }
        cell->end = memmem(end, part->len - (size_t) (end - part->text), "</c>", 4);
        if (cell->end == NULL) {
            return 0;
        }
        *formula = *cell;
        formula->at = find_in(cell, "<f");
        if (formula->at == NULL || strchr(" />", formula->at[2]) == NULL) {
            continue;
        }
        close = find_in(formula, ">");
        if (close != NULL && close[-1] != '/') {
            close = find_in(formula, "</f>");
            close = close == NULL ? NULL : close + 3;
        }
        if (close != NULL) {
            formula->end = close;
            return 1;
        }
    }
    return 0;
}

static int
is_shared(const span_t *formula)
{
    return find_in(formula, "t=\"shared\"") != NULL;
}

static int
is_lacking(const span_t *formula)
{
    return platen_lok_functions_lacked(formula->at, (size_t) (formula->end - formula->at))
           != NULL;
}

static int
has_value(const span_t *cell)
{
    const char *value = find_in(cell, "<v>");

    return value != NULL && value[3] != '<';
}

/*
 * Formulas go, and their values stay.  A link stays one.  Of formulas that are shared
 * one cell has the text: either all of them go or none, as one may have no value.
 */
static void
forget_formulas(platen_lok_part_t *part, int all)
{
    span_t cell = { .end = part->text }, formula;
    int    shared = all;

    while (next_formula(part, &cell, &formula)) {
        if (is_shared(&formula)) {
            if (is_lacking(&formula)) {
                shared = 1;
                break;
            }
            shared &= has_value(&cell);
        }
    }
    cell.end = part->text;
    while (next_formula(part, &cell, &formula)) {
        if (has_value(&cell)
            && (is_shared(&formula)
                    ? shared
                    : is_lacking(&formula)
                          || (all && find_in(&formula, "HYPERLINK(") == NULL))) {
            blank(part, formula.at, formula.end);
        }
    }
}

/*
 * In ODF what was deleted is not where it was, but in a list before the text, which
 * as it stands is the final one; marks say where changes begin and end.
 */
static void
settle_odf(platen_lok_part_t *part, unsigned what)
{
    if (what & PLATEN_LOK_MEND_FINAL) {
        remove_element(part, "text:tracked-changes");
        remove_element(part, "text:change");
        remove_element(part, "text:change-start");
        remove_element(part, "text:change-end");
    }
    if (what & PLATEN_LOK_MEND_COMMENTS) {
        remove_element(part, "office:annotation");
        remove_element(part, "office:annotation-end");
    }
}

/* The formulas of ODF cells that have a value, with a function that LibreOffice lacks. */
static void
forget_odf_formulas(platen_lok_part_t *part)
{
    static const char name[] = " table:formula=\"";
    span_t            tag = { .end = part->text };
    char             *end = part->text + part->len, *at, *value, *close;

    while ((at = memmem(tag.end, (size_t) (end - tag.end), name, sizeof(name) - 1)) != NULL) {
        value = at + sizeof(name) - 1;
        close = memchr(value, '"', (size_t) (end - value));
        tag.at = memrchr(part->text, '<', (size_t) (at - part->text));
        tag.end = close == NULL ? NULL : memchr(close, '>', (size_t) (end - close));
        if (tag.at == NULL || tag.end == NULL) {
            return;
        }
        if (find_in(&tag, " office:value-type=\"") != NULL
            && platen_lok_functions_lacked(at, (size_t) (close - at)) != NULL) {
            blank(part, at, close);
        }
    }
}

static void
shorten(platen_lok_part_t *part)
{
    size_t i, n = 0;

    for (i = 0; i < part->len; i++) {
        if (part->text[i] != GONE) {
            part->text[n++] = part->text[i];
        }
    }
    part->len = n;
}

void
platen_lok_part_edit(platen_lok_part_t *part, const char *name, unsigned what)
{
    if (platen_lok_part_is_odf(name)) {
        part->filler = GONE;
        settle_odf(part, what);
        if (what & PLATEN_LOK_MEND_LACKING) {
            forget_odf_formulas(part);
        }
        shorten(part);
        return;
    }
    if (strncmp(name, "xl/worksheets/", 14) == 0 && what & PLATEN_LOK_MEND_SCROLL) {
        forget_scroll(part);
    }
    if (strncmp(name, "xl/worksheets/", 14) == 0
        && what & (PLATEN_LOK_MEND_FORMULAS | PLATEN_LOK_MEND_LACKING)) {
        forget_formulas(part, (what & PLATEN_LOK_MEND_FORMULAS) != 0);
    }
    if (strncmp(name, "word/", 5) != 0) {
        return;
    }
    if (what & (PLATEN_LOK_MEND_COMMENTS | PLATEN_LOK_MEND_END)) {
        remove_element(part, "w:commentRangeStart");
        remove_element(part, "w:commentRangeEnd");
    }
    if (what & PLATEN_LOK_MEND_COMMENTS) {
        remove_element(part, "w:commentReference");
    }
    if (what & (PLATEN_LOK_MEND_FINAL | PLATEN_LOK_MEND_ORIGINAL)) {
        settle_changes(part, (what & PLATEN_LOK_MEND_FINAL) != 0);
    }
}
