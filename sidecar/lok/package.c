/* OOXML and ODF packages; see lok/package.h.  By libzip; nothing is unpacked to a file.
 */

#include "lok/package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "docx/fields.h"
#include "docx/notes.h"
#include "docx/rewrite.h"
#include "lok/direction.h"
#include "lok/part.h"
#include "engine/warning.h"
#include "zip_entry.h"

#define PIECE 65536
#define OVERLAP 64           /* more than the longest word */
#define WORDS_MAX 40         /* looked for at once */
#define PART_MAX (64u << 20) /* of a part that is mended */

typedef struct {
    const char *word;
    unsigned    found;
} word_t;

static const word_t text_words[] = {
    { "w:dirty=\"1\"", PLATEN_LOK_DIRTY },
    { "w:dirty=\"true\"", PLATEN_LOK_DIRTY },
    { "w:dirty=\"on\"", PLATEN_LOK_DIRTY },
    { "<w:ins ", PLATEN_LOK_TRACKED },
    { "<w:del ", PLATEN_LOK_TRACKED },
    { "<w:moveTo ", PLATEN_LOK_TRACKED },
    { "<w:moveFrom ", PLATEN_LOK_TRACKED },
    { "PrChange ", PLATEN_LOK_TRACKED },
    { "<w:cellIns ", PLATEN_LOK_TRACKED },
    { "<w:cellDel ", PLATEN_LOK_TRACKED },
    { "<w:commentRe", PLATEN_LOK_COMMENTED },
    { "<w:altChunk", PLATEN_LOK_CHUNKS },
    { "<w:txbxContent", PLATEN_LOK_BOXES },
    { "<w:footnoteRef", PLATEN_LOK_NOTES },
    { "<w:endnoteRef", PLATEN_LOK_NOTES },
    { "<w:vanish", PLATEN_LOK_HIDDEN },
    { "<c:chart ", PLATEN_LOK_CHARTS },
    { "<cx:chart ", PLATEN_LOK_CHARTS },
    { "<dgm:relIds", PLATEN_LOK_DIAGRAMS },
    { "<pic:pic", PLATEN_LOK_PICTURES },
    { "<v:imagedata", PLATEN_LOK_PICTURES },
    { "<w:instrText", PLATEN_LOK_FIELDS },
    { "<w:fldSimple", PLATEN_LOK_FIELDS },
    { "<w:ruby>", PLATEN_LOK_RUBY },
    { "<m:oMath", PLATEN_LOK_EQUATIONS },
    { "<w:sym ", PLATEN_LOK_SYMBOLS },
    { "ascii=\"Symbol", PLATEN_LOK_SYMBOLS },
    { "ascii=\"Wingdings", PLATEN_LOK_SYMBOLS },
    { "ascii=\"Webd", PLATEN_LOK_SYMBOLS },
    { "\xef\x80", PLATEN_LOK_SYMBOLS }, /* U+F000 .. */
    { "\xef\x81", PLATEN_LOK_SYMBOLS },
    { "\xef\x82", PLATEN_LOK_SYMBOLS },
    { "\xef\x83", PLATEN_LOK_SYMBOLS },
    { "&#xF0", PLATEN_LOK_SYMBOLS },
    { "&#xf0", PLATEN_LOK_SYMBOLS },
    { "&#614", PLATEN_LOK_SYMBOLS },
    { "&#615", PLATEN_LOK_SYMBOLS },
    { "&#616", PLATEN_LOK_SYMBOLS },
    { NULL, 0 },
};

static const word_t header_words[] = {
    { "<w:t>", PLATEN_LOK_HEADERS },
    { "<w:t ", PLATEN_LOK_HEADERS },
    { "<w:instrText", PLATEN_LOK_FIELDS },
    { "<w:fldSimple", PLATEN_LOK_FIELDS },
    { NULL, 0 },
};

static const word_t setting_words[] = {
    { "<w:updateFields/>", PLATEN_LOK_DIRTY },
    { "<w:updateFields w:val=\"true\"", PLATEN_LOK_DIRTY },
    { "<w:updateFields w:val=\"1\"", PLATEN_LOK_DIRTY },
    { NULL, 0 },
};

static const word_t book_words[] = {
    { "fullCalcOnLoad=\"1\"", PLATEN_LOK_CALCULATE },
    { "fullCalcOnLoad=\"true\"", PLATEN_LOK_CALCULATE },
    { NULL, 0 },
};

static const word_t odf_words[] = {
    { "COM.MICROSOFT.", PLATEN_LOK_LACKING },
    { "ORG.LIBREOFFICE.", PLATEN_LOK_LACKING },
    { NULL, 0 },
};

_Static_assert(sizeof(text_words) / sizeof(text_words[0]) <= WORDS_MAX + 1,
               "as the end is one");

/* Words by their first byte: a text is gone through once, however many are looked for. */
typedef struct {
    const word_t *words;
    uint8_t       first[256];      /* 1 + the first word that begins with it, or 0 */
    uint8_t       next[WORDS_MAX]; /* 1 + the next with the same first byte, or 0 */
    uint64_t      head[WORDS_MAX], mask[WORDS_MAX]; /* its first eight bytes, or all */
    size_t        len[WORDS_MAX];
} search_t;

static void
search_for(search_t *search, const word_t *words)
{
    size_t i, n;

    memset(search, 0, sizeof(*search));
    search->words = words;
    for (i = 0; words[i].word != NULL; i++) {
        search->len[i] = strlen(words[i].word);
        n = search->len[i] < sizeof(uint64_t) ? search->len[i] : sizeof(uint64_t);
        memcpy(&search->head[i], words[i].word, n);
        memset(&search->mask[i], 0xff, n);
        search->next[i] = search->first[(uint8_t) words[i].word[0]];
        search->first[(uint8_t) words[i].word[0]] = (uint8_t) (i + 1);
    }
}

/* What is found in these bytes, behind which eight more can be read. */
static unsigned
search_in(const search_t *search, const char *buf, size_t n)
{
    const char *p, *end = buf + n;
    unsigned    found = 0;
    uint64_t    head;
    size_t      i;

    for (p = buf; p < end; p++) {
        i = search->first[(uint8_t) *p];
        if (i == 0) {
            continue;
        }
        memcpy(&head, p, sizeof(head));
        for (; i != 0; i = search->next[i - 1]) {
            if ((head & search->mask[i - 1]) == search->head[i - 1]
                && search->len[i - 1] <= (size_t) (end - p)
                && memcmp(p, search->words[i - 1].word, search->len[i - 1]) == 0) {
                found |= search->words[i - 1].found;
            }
        }
    }
    return found;
}

static unsigned
scan(zip_t *zip, const char *name, const word_t *words)
{
    zip_file_t *file = zip_fopen(zip, name, 0);
    search_t    search;
    char        buf[OVERLAP + PIECE + sizeof(uint64_t)];
    size_t      kept = 0;
    unsigned    found = 0;
    zip_int64_t n;

    if (file == NULL) {
        return 0;
    }
    search_for(&search, words);
    while ((n = zip_fread(file, buf + kept, PIECE)) > 0) {
        kept += (size_t) n;
        memset(buf + kept, 0, sizeof(uint64_t));
        found |= search_in(&search, buf, kept);
        if (kept > OVERLAP) {
            memmove(buf, buf + kept - OVERLAP, OVERLAP);
            kept = OVERLAP;
        }
    }
    zip_fclose(file);
    return found;
}

/* A part by its name and what it begins with: word/header1.xml. */
static int
is_numbered(const char *name, const char *start)
{
    size_t n = strlen(start);

    return name != NULL && strncmp(name, start, n) == 0 && strchr(name + n, '/') == NULL
           && strstr(name + n, ".xml") != NULL;
}

static unsigned
look_at_headers(zip_t *zip)
{
    zip_int64_t i, n = zip_get_num_entries(zip, 0);
    const char *name;
    unsigned    found = 0;

    for (i = 0; i < n; i++) {
        name = zip_get_name(zip, (zip_uint64_t) i, 0);
        if (is_numbered(name, "word/header") || is_numbered(name, "word/footer")) {
            found |= scan(zip, name, header_words);
        }
    }
    return found;
}

/* A part that is called so, or NULL. */
static char *
read_part(zip_t *zip, const char *name, size_t *len)
{
    zip_int64_t at = zip_name_locate(zip, name, 0);

    return platen_zip_entry(zip, at, PART_MAX, len);
}

/* What fields and tables of contents have to be known of the whole document. */
static unsigned
read_fields(zip_t *zip, platen_docx_rules_t *rules)
{
    platen_docx_tree_t document = { .n = 0 }, styles = { .n = 0 };
    char              *document_text, *styles_text;
    size_t             len;
    unsigned           found = 0;

    rules->update = scan(zip, "word/settings.xml", setting_words) != 0;
    document_text = read_part(zip, "word/document.xml", &len);
    if (document_text != NULL && platen_docx_tree_open(&document, document_text, len) == 0) {
        styles_text = read_part(zip, "word/styles.xml", &len);
        if (styles_text != NULL) {
            (void) platen_docx_tree_open(&styles, styles_text, len);
        }
        rules->headings = platen_docx_fields_headings(&document, &styles);
        platen_docx_rules_bookmarks(rules, &document);
        found = platen_docx_fields_look(rules, &document);
        platen_docx_tree_close(&styles);
        free(styles_text);
    }
    platen_docx_tree_close(&document);
    free(document_text);
    return found;
}

/* Which tables of contents are to be updated, of a document that wants something to be. */
static unsigned
look_at_fields(zip_t *zip, unsigned found)
{
    platen_docx_rules_t rules = { .what = 0 };
    unsigned            fields;

    if (!(found & PLATEN_LOK_DIRTY)) {
        return found;
    }
    fields = read_fields(zip, &rules);
    platen_docx_rules_clear(&rules);
    return (found & ~(unsigned) PLATEN_LOK_DIRTY)
           | (fields & PLATEN_DOCX_UPDATES ? PLATEN_LOK_UPDATES : 0)
           | (fields & PLATEN_DOCX_STALE ? PLATEN_LOK_DIRTY : 0);
}

unsigned
platen_lok_package_look(const char *path)
{
    zip_t   *zip = zip_open(path, ZIP_RDONLY, NULL);
    unsigned found = 0;

    if (zip == NULL) {
        return 0;
    }
    if (zip_name_locate(zip, "word/document.xml", 0) >= 0) {
        found = PLATEN_LOK_PACKAGE | scan(zip, "word/document.xml", text_words)
                | scan(zip, "word/settings.xml", setting_words);
        found |= scan(zip, "word/footnotes.xml", text_words)
                 & (PLATEN_LOK_TRACKED | PLATEN_LOK_HIDDEN);
        found |= scan(zip, "word/endnotes.xml", text_words) & PLATEN_LOK_HIDDEN;
        found |= scan(zip, "word/styles.xml", text_words) & PLATEN_LOK_HIDDEN;
        found |= look_at_headers(zip);
        found = look_at_fields(zip, found);
    } else if (zip_name_locate(zip, "xl/workbook.xml", 0) >= 0) {
        found = PLATEN_LOK_PACKAGE | PLATEN_LOK_BOOK | scan(zip, "xl/workbook.xml", book_words);
    } else {
        found = scan(zip, "content.xml", odf_words);
    }
    zip_discard(zip);
    return found;
}

/* Whether a part may have text or cells in it. */
static int
is_meant(const char *name)
{
    static const char *const parts[] = { "word/document", "word/header", "word/foot",
                                         "word/endnotes", "xl/worksheets/" };
    size_t                   i;

    if (name != NULL && platen_lok_part_is_odf(name)) {
        return 1;
    }
    for (i = 0; name != NULL && i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strncmp(name, parts[i], strlen(parts[i])) == 0) {
            return strchr(name + strlen(parts[i]), '/') == NULL;
        }
    }
    return 0;
}

/* What the rewriting of each part has to know of the others. */
static void
read_rules(zip_t *zip, unsigned what, platen_docx_rules_t *rules)
{
    static const struct {
        const char *name;
        unsigned    what;
        void (*take)(platen_docx_rules_t *rules, const char *text, size_t len);
    } parts[] = {
        { "word/styles.xml", PLATEN_LOK_MEND_HIDDEN, platen_docx_rules_styles },
        { "word/footnotes.xml", PLATEN_LOK_MEND_NOTES, platen_docx_notes_read },
        { "word/endnotes.xml", PLATEN_LOK_MEND_NOTES, platen_docx_notes_read },
        { "word/comments.xml", PLATEN_LOK_MEND_END, platen_docx_notes_read },
    };
    char  *text;
    size_t i, len;

    rules->what = (what & PLATEN_LOK_MEND_BOXES ? PLATEN_DOCX_BOXES : 0)
                  | (what & PLATEN_LOK_MEND_NOTES ? PLATEN_DOCX_NOTES : 0)
                  | (what & PLATEN_LOK_MEND_HIDDEN ? PLATEN_DOCX_HIDDEN : 0)
                  | (what & PLATEN_LOK_MEND_GRIDS ? PLATEN_DOCX_GRIDS : 0)
                  | (what & PLATEN_LOK_MEND_RUNS ? PLATEN_DOCX_RUNS : 0)
                  | (what & PLATEN_LOK_MEND_FIELDS ? PLATEN_DOCX_FIELDS : 0)
                  | (what & PLATEN_LOK_MEND_INDEXES ? PLATEN_DOCX_INDEXES : 0)
                  | (what & PLATEN_LOK_MEND_SYMBOLS ? PLATEN_DOCX_SYMBOLS : 0)
                  | (what & PLATEN_LOK_MEND_RUBY ? PLATEN_DOCX_BESIDE : 0)
                  | (what & PLATEN_LOK_MEND_EQUATIONS ? PLATEN_DOCX_EQUATIONS : 0)
                  | (what & PLATEN_LOK_MEND_END ? PLATEN_DOCX_COMMENTS : 0);
    if (what & (PLATEN_LOK_MEND_FIELDS | PLATEN_LOK_MEND_INDEXES)) {
        (void) read_fields(zip, rules);
    }
    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        text = what & parts[i].what ? read_part(zip, parts[i].name, &len) : NULL;
        if (text != NULL) {
            parts[i].take(rules, text, len);
            free(text);
        }
    }
}

/* The part with its edits; NULL if there are none.  `len` gets its length. */
static char *
mended_part(zip_t *zip, zip_uint64_t i, unsigned what, platen_docx_rules_t *rules, size_t *len)
{
    const char        *name = zip_get_name(zip, i, 0);
    platen_docx_tree_t tree;
    platen_lok_part_t  part = { .n = 0, .filler = ' ' };
    char              *rewritten;

    if (!is_meant(name)) {
        return NULL;
    }
    part.text = platen_zip_entry(zip, (zip_int64_t) i, PART_MAX, &part.len);
    if (part.text == NULL) {
        return NULL;
    }
    platen_lok_part_edit(&part, name, what);
    if (what & PLATEN_LOK_MEND_DIRECTION && strcmp(name, "content.xml") == 0) {
        part.text[part.len] = '\0';
        rewritten = platen_lok_direction_write(part.text, part.len, len);
        if (rewritten != NULL) {
            free(part.text);
            return rewritten;
        }
    }
    if (rules->what != 0 && platen_docx_tree_open(&tree, part.text, part.len) == 0) {
        rewritten = platen_docx_rewrite(rules, &tree, len);
        platen_docx_tree_close(&tree);
        if (rewritten != NULL) {
            free(part.text);
            return rewritten;
        }
    }
    if (part.n == 0) {
        free(part.text);
        return NULL;
    }
    *len = part.len;
    return part.text;
}

static void
warn_of_symbols(const platen_docx_rules_t *rules)
{
    if (rules->strange == 0) {
        return;
    }
    if (*rules->strange_font == '\0') {
        platen_warning_add(PLATEN_WARNINGS_FILE,
                           "%u characters are of a symbol font that the document does not name "
                           "beside them; what they show is not in the result.",
                           rules->strange);
    } else {
        platen_warning_add(
            PLATEN_WARNINGS_FILE,
            "%u characters of symbol fonts (the first of \"%s\") are not known "
            "here as characters of Unicode; what they show is not in the result.",
            rules->strange, rules->strange_font);
    }
}

static int
copy_file(const char *from, const char *to)
{
    char   buf[PIECE];
    FILE  *in = fopen(from, "re"), *out = in == NULL ? NULL : fopen(to, "wxe");
    size_t n;
    int    failed = out == NULL;

    while (!failed && (n = fread(buf, 1, sizeof(buf), in)) > 0) {
        failed = fwrite(buf, 1, n, out) != n;
    }
    failed |= in != NULL && ferror(in);
    if (in != NULL) {
        fclose(in);
    }
    return out == NULL || fclose(out) != 0 || failed ? -1 : 0;
}

int
platen_lok_package_mend(const char *path, const char *copy, unsigned what)
{
    platen_docx_rules_t rules = { .what = 0 };
    zip_source_t       *source;
    zip_uint64_t        i;
    zip_t              *zip;
    char               *text;
    size_t              len;
    int                 mended = 0;

    if (copy_file(path, copy) != 0) {
        return -1;
    }
    zip = zip_open(copy, 0, NULL);
    if (zip == NULL) {
        return 0;
    }
    read_rules(zip, what, &rules);
    for (i = 0; i < (zip_uint64_t) zip_get_num_entries(zip, 0) && mended >= 0; i++) {
        text = mended_part(zip, i, what, &rules, &len);
        if (text == NULL) {
            continue;
        }
        source = zip_source_buffer(zip, text, len, 1);
        mended = source == NULL || zip_file_replace(zip, i, source, 0) != 0 ? -1 : 1;
    }
    warn_of_symbols(&rules);
    platen_docx_rules_clear(&rules);
    if (mended < 0) {
        zip_discard(zip);
        return -1;
    }
    if (zip_close(zip) != 0) {
        zip_discard(zip);
        return -1;
    }
    return mended;
}

void
platen_lok_package_warn(unsigned found, int pictures)
{
    static const struct {
        unsigned    found;
        const char *sentence;
    } lacks[] = {
        { PLATEN_LOK_HEADERS, "Headers and footers are not in the result." },
        { PLATEN_LOK_CHARTS, "Charts are not in the result." },
        { PLATEN_LOK_DIAGRAMS, "Diagrams (SmartArt), with the text in them, are not in the "
                               "result." },
        { PLATEN_LOK_PICTURES, "Pictures are not in the result, or only what describes them." },
    };
    size_t i;

    for (i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
        if (found & lacks[i].found && (pictures || lacks[i].found != PLATEN_LOK_PICTURES)) {
            platen_warning_add(PLATEN_WARNINGS_FILE, "%s", lacks[i].sentence);
        }
    }
}
