/*
 * Rewriting a part; see docx/rewrite.h.  The part's own bytes are copied in
 * another order, or not at all, and so stay what they are.  The result is read
 * again: bytes that stand elsewhere may miss a prefix that was declared around them.
 */

#include "docx/rewrite.h"
#include "base/utf8.h"
#include "docx/fields.h"
#include "docx/symbols.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STYLES_MAX 4096
#define INHERIT_MAX 20 /* styles that one is based on */
#define GRID_MAX 64    /* columns: Word has 63 */

typedef struct {
    const platen_docx_rules_t *rules;
    const platen_docx_tree_t  *tree;
    FILE                      *out;
    unsigned                   edits;
    uint32_t                  *references; /* to notes, in order */
    uint32_t                   nreferences;
    unsigned char             *fates; /* of nodes, by fields; or NULL */
    const char                *font;  /* of the run, if it is one of symbols; or NULL */
    unsigned                   strange;
    char                       strange_font[64];
    int                        hides; /* the style of the paragraph hides its text */
} writer_t;

static int
is_hidden_style(const platen_docx_rules_t *rules, const char *id)
{
    size_t i;

    for (i = 0; i < rules->nhidden; i++) {
        if (strcmp(rules->hidden[i], id) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What a node's properties say of its text: 1: hidden; 0; -1: nothing. */
static int
says_hidden(const platen_docx_tree_t *tree, uint32_t of)
{
    uint32_t at;

    at = platen_docx_tree_child(tree, of, PLATEN_DOCX_R_PROPERTIES);
    at = at == 0 ? 0 : platen_docx_tree_child(tree, at, PLATEN_DOCX_VANISH);
    return at == 0 ? -1 : !platen_docx_tree_off(platen_docx_tree_value(tree, at));
}

static void
add_hidden(platen_docx_rules_t *rules, const char *id)
{
    char **hidden, *copy;

    if (*id == '\0' || rules->nhidden == STYLES_MAX || is_hidden_style(rules, id)) {
        return;
    }
    hidden = realloc(rules->hidden, (rules->nhidden + 1) * sizeof(*hidden));
    if (hidden == NULL) {
        return;
    }
    rules->hidden = hidden;
    copy = strdup(id);
    if (copy != NULL) {
        rules->hidden[rules->nhidden++] = copy;
    }
}

static void
add_style(platen_docx_rules_t *rules, const platen_docx_tree_t *tree, uint32_t style)
{
    uint32_t based = platen_docx_tree_child(tree, style, PLATEN_DOCX_BASED_ON);
    int      says = says_hidden(tree, style);

    if (says < 0 && based != 0) {
        says = is_hidden_style(rules, platen_docx_tree_value(tree, based));
    }
    if (says > 0) {
        add_hidden(rules, platen_docx_tree_value(tree, style));
    }
}

void
platen_docx_rules_styles(platen_docx_rules_t *rules, const char *text, size_t len)
{
    platen_docx_tree_t tree;
    uint32_t           i;
    size_t             before = 1;
    unsigned           round;

    if (platen_docx_tree_open(&tree, text, len) != 0) {
        return;
    }
    if (tree.seen[PLATEN_DOCX_VANISH] == 0) {
        before = rules->nhidden;
    }
    for (round = 0; round < INHERIT_MAX && before != rules->nhidden; round++) {
        before = rules->nhidden;
        for (i = 1; i < tree.n; i = tree.nodes[i].last + 1) {
            if (tree.nodes[i].name == PLATEN_DOCX_STYLE) {
                add_style(rules, &tree, i);
            }
        }
    }
    platen_docx_tree_close(&tree);
}

/* Whether the run is not to be seen. */
static int
is_hidden(const writer_t *w, uint32_t run)
{
    const platen_docx_tree_t *tree = w->tree;
    int                       says = says_hidden(tree, run);
    uint32_t                  at;

    if (says < 0) {
        at = platen_docx_tree_child(tree, run, PLATEN_DOCX_R_PROPERTIES);
        at = at == 0 ? 0 : platen_docx_tree_child(tree, at, PLATEN_DOCX_R_STYLE);
        says = (at != 0 && is_hidden_style(w->rules, platen_docx_tree_value(tree, at)))
               || w->hides;
    }
    return says;
}

static int
style_hides(const writer_t *w, uint32_t paragraph)
{
    uint32_t at = platen_docx_tree_child(w->tree, paragraph, PLATEN_DOCX_P_PROPERTIES);

    at = at == 0 ? 0 : platen_docx_tree_child(w->tree, at, PLATEN_DOCX_P_STYLE);
    return at != 0 && is_hidden_style(w->rules, platen_docx_tree_value(w->tree, at));
}

static void
copy(writer_t *w, size_t from, size_t to)
{
    fwrite(w->tree->text + from, 1, to - from, w->out);
}

/* One whose font is not known here, or has no such character. */
static void
note_strange(writer_t *w, const char *font)
{
    if (w->strange++ == 0) {
        snprintf(w->strange_font, sizeof(w->strange_font), "%s", font);
    }
}

static void
put_character(writer_t *w, uint32_t code)
{
    char bytes[4];

    if (code == '<' || code == '>' || code == '&') {
        fprintf(w->out, "&#%u;", (unsigned) code);
    } else {
        fwrite(bytes, 1, platen_utf8_encode(code, bytes), w->out);
    }
}

/* A character that is written by its number: its length as it stands, 0 if it is none. */
static size_t
reference(const char *p, const char *end, uint32_t *code)
{
    const char *last;
    char       *rest, digits[16];
    int         hex;

    if (end - p < 4 || p[0] != '&' || p[1] != '#') {
        return 0;
    }
    hex = p[2] == 'x';
    p += 2 + hex;
    last = memchr(p, ';', (size_t) (end - p < 10 ? end - p : 10));
    if (last == NULL || !isxdigit((unsigned char) *p)) {
        return 0;
    }
    snprintf(digits, sizeof(digits), "%.*s", (int) (last - p), p);
    *code = (uint32_t) strtoul(digits, &rest, hex ? 16 : 10);
    return *rest == '\0' ? (size_t) (last - p) + 3 + (size_t) hex : 0;
}

/* A text, with what it has of symbols. */
static void
copy_text(writer_t *w, size_t from, size_t to)
{
    const char *p = w->tree->text + from, *end = w->tree->text + to;
    uint32_t    code, known;
    int private, entity = 0;
    size_t n;

    if (!(w->rules->what & PLATEN_DOCX_SYMBOLS) || memchr(p, '<', to - from) != NULL) {
        copy(w, from, to); /* with a "<" it has more than characters in it */
        return;
    }
    for (; p < end; p += n) {
        n = reference(p, end, &code);
        if (n == 0) {
            n = platen_utf8_decode(p, (size_t) (end - p), &code);
            entity |= code == '&';
        }
        private = code >= PLATEN_DOCX_SYMBOLS_FIRST && code <= PLATEN_DOCX_SYMBOLS_LAST;
        known = w->font != NULL && !entity && (private || (code > 0x20 && code < 0x7f))
                    ? platen_docx_symbols_find(w->font, code)
                    : 0;
        if (known != 0) {
            put_character(w, known);
            w->edits++;
            continue;
        }
        entity &= code != ';';
        if (private) {
            note_strange(w, w->font == NULL ? "" : w->font);
        }
        fwrite(p, 1, n, w->out);
    }
}

/* The value of an attribute that its tag has, by its local name, as it is in the tag. */
static const char *
attribute(const writer_t *w, const platen_docx_node_t *node, const char *name, size_t *len)
{
    const char *tag = w->tree->text + node->start, *end = tag + (node->inner - node->start);
    const char *at = memmem(tag, (size_t) (end - tag), name, strlen(name)), *last;

    *len = 0;
    if (at == NULL || at + strlen(name) >= end) {
        return "";
    }
    at += strlen(name);
    last = memchr(at + 1, *at, (size_t) (end - at - 1));
    *len = last == NULL ? 0 : (size_t) (last - at - 1);
    return at + 1;
}

/* The text of a symbol, which is one character of a font. */
static void
write_symbol(writer_t *w, uint32_t at)
{
    const char   *value = platen_docx_tree_value(w->tree, at);
    unsigned long code = strtoul(value, NULL, 16);
    char          font[64];
    size_t        len;
    const char   *name = attribute(w, &w->tree->nodes[at], ":font=", &len);
    uint32_t      known;

    snprintf(font, sizeof(font), "%.*s", (int) platen_utf8_cut(name, len, sizeof(font) - 1),
             name);
    known = code > 0xffff ? 0 : platen_docx_symbols_find(font, (uint32_t) code);
    if (known == 0 && !platen_docx_symbols_has(font) && code > 0x20 && code < 0xd800) {
        known = (uint32_t) code; /* a character like any other, with a font of its own */
    }
    if (known == 0) {
        note_strange(w, font);
    }
    put_character(w, known == 0 ? 0xfffd : known);
}

/* The font of a run, if it is one of symbols; or NULL. */
static const char *
symbol_font(const writer_t *w, uint32_t run)
{
    uint32_t    at = platen_docx_tree_child(w->tree, run, PLATEN_DOCX_R_PROPERTIES);
    const char *font;

    at = at == 0 ? 0 : platen_docx_tree_child(w->tree, at, PLATEN_DOCX_FONTS);
    font = at == 0 ? "" : platen_docx_tree_value(w->tree, at);
    return platen_docx_symbols_has(font) ? font : NULL;
}

/* The text of a note's paragraphs, as it is in the part: escaped already. */
static void
write_note(writer_t *w, uint32_t note)
{
    const platen_docx_node_t *nodes = w->tree->nodes, *node;
    uint32_t                  i;
    int                       paragraphs = 0;

    for (i = note + 1; i <= nodes[note].last; i++) {
        node = &nodes[i];
        switch (node->name) {
        case PLATEN_DOCX_P:
            w->hides = style_hides(w, i);
            if (paragraphs++ > 0) {
                fputc('\n', w->out);
            }
            break;
        case PLATEN_DOCX_FALLBACK:
            i = node->last;
            break;
        case PLATEN_DOCX_R:
            if (is_hidden(w, i)) {
                i = node->last;
                break;
            }
            w->font = symbol_font(w, i);
            break;
        case PLATEN_DOCX_P_PROPERTIES: /* where a tab is a place, and no character */
            i = node->last;
            break;
        case PLATEN_DOCX_T:
            copy_text(w, node->inner, node->inner_end);
            break;
        case PLATEN_DOCX_SYMBOL:
            write_symbol(w, i);
            break;
        case PLATEN_DOCX_TAB:
        case PLATEN_DOCX_BR:
            fputc(' ', w->out);
            break;
        default:
            break;
        }
    }
}

/* The author of a comment, as its tag has it: escaped already. */
static void
write_author(writer_t *w, const platen_docx_node_t *node)
{
    size_t      len;
    const char *author = attribute(w, node, "author=", &len);

    if (len > 0) {
        fwrite(author, 1, len, w->out);
        fputs(": ", w->out);
    }
}

static void
add_note(platen_docx_rules_t *rules, const platen_docx_tree_t *tree, uint32_t at)
{
    platen_docx_note_t *notes, *note;
    writer_t            w = { .rules = rules, .tree = tree };
    size_t              len;

    notes = realloc(rules->notes, (rules->nnotes + 1) * sizeof(*notes));
    if (notes == NULL) {
        return;
    }
    rules->notes = notes;
    note = &notes[rules->nnotes];
    note->kind = tree->nodes[at].name;
    note->id = strdup(platen_docx_tree_value(tree, at));
    note->text = NULL;
    w.out = open_memstream(&note->text, &len);
    if (w.out != NULL) {
        if (note->kind == PLATEN_DOCX_COMMENT) {
            write_author(&w, &tree->nodes[at]);
        }
        write_note(&w, at);
        fclose(w.out);
    }
    if (note->id == NULL || note->text == NULL) {
        free(note->id);
        free(note->text);
        return;
    }
    rules->nnotes++;
}

void
platen_docx_rules_notes(platen_docx_rules_t *rules, const char *text, size_t len)
{
    platen_docx_tree_t tree;
    uint32_t           i;

    if (platen_docx_tree_open(&tree, text, len) != 0) {
        return;
    }
    for (i = 1; i < tree.n; i = tree.nodes[i].last + 1) {
        if (tree.nodes[i].name == PLATEN_DOCX_FOOTNOTE
            || tree.nodes[i].name == PLATEN_DOCX_ENDNOTE
            || tree.nodes[i].name == PLATEN_DOCX_COMMENT) {
            add_note(rules, &tree, i);
        }
    }
    platen_docx_tree_close(&tree);
}

void
platen_docx_rules_bookmarks(platen_docx_rules_t *rules, const platen_docx_tree_t *tree)
{
    char   **bookmarks;
    uint32_t i;

    bookmarks = calloc(tree->seen[PLATEN_DOCX_BOOKMARK] + 1, sizeof(*bookmarks));
    if (bookmarks == NULL) {
        return;
    }
    rules->bookmarks = bookmarks;
    for (i = 1; i < tree->n; i++) {
        if (tree->nodes[i].name == PLATEN_DOCX_BOOKMARK) {
            bookmarks[rules->nbookmarks] = strdup(platen_docx_tree_value(tree, i));
            rules->nbookmarks += bookmarks[rules->nbookmarks] != NULL;
        }
    }
}

void
platen_docx_rules_clear(platen_docx_rules_t *rules)
{
    size_t i;

    for (i = 0; i < rules->nhidden; i++) {
        free(rules->hidden[i]);
    }
    for (i = 0; i < rules->nnotes; i++) {
        free(rules->notes[i].id);
        free(rules->notes[i].text);
    }
    for (i = 0; i < rules->nbookmarks; i++) {
        free(rules->bookmarks[i]);
    }
    free(rules->bookmarks);
    free(rules->hidden);
    free(rules->notes);
    memset(rules, 0, sizeof(*rules));
}

static void emit(writer_t *w, uint32_t at);

/* The bytes from `from` to `to`, with the children of a node that are in them. */
static void
emit_between(writer_t *w, uint32_t of, size_t from, size_t to)
{
    const platen_docx_node_t *nodes = w->tree->nodes;
    uint32_t                  i;

    for (i = of + 1; i <= nodes[of].last; i = nodes[i].last + 1) {
        copy(w, from, nodes[i].start);
        emit(w, i);
        from = nodes[i].end;
    }
    copy(w, from, to);
}

/* Of a hidden run there stay its properties, and what its fields need to be whole. */
static void
emit_hidden(writer_t *w, uint32_t run)
{
    const platen_docx_node_t *nodes = w->tree->nodes;
    uint32_t                  i;

    copy(w, nodes[run].start, nodes[run].inner);
    for (i = run + 1; i <= nodes[run].last; i = nodes[i].last + 1) {
        if (nodes[i].name == PLATEN_DOCX_R_PROPERTIES || nodes[i].name == PLATEN_DOCX_FIELD_CHAR
            || nodes[i].name == PLATEN_DOCX_INSTRUCTION) {
            emit(w, i);
        } else {
            w->edits++;
        }
    }
    copy(w, nodes[run].inner_end, nodes[run].end);
}

static int
has(const writer_t *w, uint32_t at, platen_docx_name_t name)
{
    uint32_t i;

    for (i = at + 1; i <= w->tree->nodes[at].last; i++) {
        if (w->tree->nodes[i].name == name) {
            return 1;
        }
    }
    return 0;
}

static int
is_drawing(const platen_docx_node_t *node)
{
    return node->name == PLATEN_DOCX_DRAWING || node->name == PLATEN_DOCX_ALTERNATE;
}

/* Whether a run has text and drawings in it. */
static int
is_mixed(const writer_t *w, uint32_t run)
{
    const platen_docx_node_t *nodes = w->tree->nodes;
    uint32_t                  i;
    unsigned                  drawings = 0, others = 0;

    for (i = run + 1; i <= nodes[run].last; i = nodes[i].last + 1) {
        if (is_drawing(&nodes[i])) {
            drawings++;
        } else if (nodes[i].name != PLATEN_DOCX_R_PROPERTIES) {
            others++;
        }
    }
    return drawings > 1 || (drawings == 1 && others > 0);
}

/* The run as several, one for each drawing and each text. */
static void
emit_mixed(writer_t *w, uint32_t run)
{
    const platen_docx_node_t *nodes = w->tree->nodes, *node = &nodes[run];
    uint32_t properties = platen_docx_tree_child(w->tree, run, PLATEN_DOCX_R_PROPERTIES);
    uint32_t i;
    int      drawing = 0, open = 0;

    for (i = run + 1; i <= node->last; i = nodes[i].last + 1) {
        if (i == properties) {
            continue;
        }
        if (open && (drawing || is_drawing(&nodes[i]))) {
            copy(w, node->inner_end, node->end);
            open = 0;
        }
        if (!open) {
            copy(w, node->start, node->inner);
            if (properties != 0) {
                copy(w, nodes[properties].start, nodes[properties].end);
            }
        }
        open = 1;
        drawing = is_drawing(&nodes[i]);
        emit(w, i);
    }
    if (open) {
        copy(w, node->inner_end, node->end);
    }
    w->edits++;
}

/*
 * What is in the text boxes that are anchored in a paragraph.  Most are there twice,
 * for programs that know one kind of drawing or the other.
 */
static void
emit_boxes(writer_t *w, uint32_t paragraph)
{
    const platen_docx_node_t *nodes = w->tree->nodes;
    uint32_t                  i, chosen = 0, until = 0;
    int                       hides = w->hides;

    for (i = paragraph + 1; i <= nodes[paragraph].last; i++) {
        if (nodes[i].name == PLATEN_DOCX_ALTERNATE) {
            chosen = 0;
            until = nodes[i].last;
        } else if (nodes[i].name == PLATEN_DOCX_CHOICE
                   || nodes[i].name == PLATEN_DOCX_FALLBACK) {
            if (i <= until && chosen != 0) {
                i = nodes[i].last;
            } else if (has(w, i, PLATEN_DOCX_TEXT_BOX)) {
                chosen = i;
            }
        } else if (nodes[i].name == PLATEN_DOCX_R && w->rules->what & PLATEN_DOCX_HIDDEN
                   && is_hidden(w, i)) {
            i = nodes[i].last;
        } else if (nodes[i].name == PLATEN_DOCX_P) {
            i = nodes[i].last; /* has been emitted with its own */
        } else if (nodes[i].name == PLATEN_DOCX_TEXT_BOX) {
            emit_between(w, i, nodes[i].inner, nodes[i].inner_end);
            w->hides = hides;
            i = nodes[i].last;
        }
    }
}

static void
emit_paragraph(writer_t *w, uint32_t at)
{
    const platen_docx_node_t *node = &w->tree->nodes[at];
    int                       hides = w->hides;

    w->hides = w->rules->what & PLATEN_DOCX_HIDDEN && style_hides(w, at);
    emit_between(w, at, node->start, node->end);
    if (w->rules->what & PLATEN_DOCX_BOXES && w->tree->seen[PLATEN_DOCX_TEXT_BOX] > 0) {
        emit_boxes(w, at);
    }
    w->hides = hides;
}

static unsigned
number(const platen_docx_tree_t *tree, uint32_t at, platen_docx_name_t name)
{
    uint32_t child = at == 0 ? 0 : platen_docx_tree_child(tree, at, name);
    long     n = child == 0 ? 0 : strtol(platen_docx_tree_value(tree, child), NULL, 10);

    return n < 0 ? 0 : n > GRID_MAX ? GRID_MAX : (unsigned) n;
}

/* How many columns the rows of a table need. */
static unsigned
columns(const platen_docx_tree_t *tree, uint32_t table)
{
    const platen_docx_node_t *nodes = tree->nodes;
    uint32_t                  row, cell, properties;
    unsigned                  n, span, most = 1;

    for (row = table + 1; row <= nodes[table].last; row = nodes[row].last + 1) {
        if (nodes[row].name != PLATEN_DOCX_TR) {
            continue;
        }
        properties = platen_docx_tree_child(tree, row, PLATEN_DOCX_TR_PROPERTIES);
        n = number(tree, properties, PLATEN_DOCX_GRID_BEFORE)
            + number(tree, properties, PLATEN_DOCX_GRID_AFTER);
        for (cell = row + 1; cell <= nodes[row].last && n < GRID_MAX;
             cell = nodes[cell].last + 1) {
            if (nodes[cell].name == PLATEN_DOCX_TC) {
                span =
                    number(tree, platen_docx_tree_child(tree, cell, PLATEN_DOCX_TC_PROPERTIES),
                           PLATEN_DOCX_GRID_SPAN);
                n += span == 0 ? 1 : span;
            }
        }
        most = n > most ? n : most;
    }
    return most > GRID_MAX ? GRID_MAX : most;
}

static void
emit_table(writer_t *w, uint32_t at)
{
    const platen_docx_node_t *node = &w->tree->nodes[at];
    uint32_t grid = platen_docx_tree_child(w->tree, at, PLATEN_DOCX_TABLE_GRID);
    uint32_t properties = platen_docx_tree_child(w->tree, at, PLATEN_DOCX_TABLE_PROPERTIES);
    size_t   from = node->start;
    unsigned n;
    uint32_t i;

    if (grid == 0 && node->inner_end > node->inner) {
        from = properties == 0 ? node->inner : w->tree->nodes[properties].end;
        copy(w, node->start, from);
        fputs("<w:tblGrid xmlns:w=\"" PLATEN_DOCX_W "\">", w->out);
        for (n = columns(w->tree, at); n > 0; n--) {
            fputs("<w:gridCol w:w=\"1000\"/>", w->out);
        }
        fputs("</w:tblGrid>", w->out);
        w->edits++;
    }
    for (i = at + 1; i <= node->last; i = w->tree->nodes[i].last + 1) {
        if (w->tree->nodes[i].start >= from) {
            copy(w, from, w->tree->nodes[i].start);
            emit(w, i);
            from = w->tree->nodes[i].end;
        }
    }
    copy(w, from, node->end);
}

static void
emit_reference(writer_t *w, uint32_t at)
{
    uint32_t *references;

    references = realloc(w->references, (w->nreferences + 1) * sizeof(*references));
    if (references == NULL) {
        copy(w, w->tree->nodes[at].start, w->tree->nodes[at].end);
        return;
    }
    w->references = references;
    references[w->nreferences++] = at;
    fprintf(w->out, "<w:t xmlns:w=\"" PLATEN_DOCX_W "\" xml:space=\"preserve\">[%u]</w:t>",
            (unsigned) w->nreferences);
    w->edits++;
}

/* A note's paragraphs, after its number. */
static void
emit_note(writer_t *w, unsigned n, const char *text)
{
    size_t len;

    fprintf(w->out, "<w:p xmlns:w=\"" PLATEN_DOCX_W "\"><w:r><w:t xml:space=\"preserve\">[%u] ",
            n);
    for (text += strspn(text, " "); *text != '\0'; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        fprintf(w->out, "%.*s</w:t></w:r></w:p>", (int) len, text);
        if (text[len] == '\0' || text[len + 1] == '\0') {
            return;
        }
        fputs("<w:p xmlns:w=\"" PLATEN_DOCX_W "\"><w:r><w:t xml:space=\"preserve\">", w->out);
    }
    fputs("</w:t></w:r></w:p>", w->out);
}

/* What a reference is to. */
static platen_docx_name_t
kind_of(platen_docx_name_t reference)
{
    return reference == PLATEN_DOCX_FOOTNOTE_REFERENCE  ? PLATEN_DOCX_FOOTNOTE
           : reference == PLATEN_DOCX_ENDNOTE_REFERENCE ? PLATEN_DOCX_ENDNOTE
                                                        : PLATEN_DOCX_COMMENT;
}

static void
emit_notes(writer_t *w)
{
    const platen_docx_rules_t *rules = w->rules;
    const char                *id;
    uint32_t                   i;
    size_t                     j;
    platen_docx_name_t         kind;

    for (i = 0; i < w->nreferences; i++) {
        id = platen_docx_tree_value(w->tree, w->references[i]);
        kind = kind_of(w->tree->nodes[w->references[i]].name);
        for (j = 0; j < rules->nnotes; j++) {
            if (rules->notes[j].kind == kind && strcmp(rules->notes[j].id, id) == 0) {
                emit_note(w, i + 1, rules->notes[j].text);
                break;
            }
        }
    }
}

/* The properties of its last section are the last in a body. */
static void
emit_body(writer_t *w, uint32_t at)
{
    const platen_docx_node_t *nodes = w->tree->nodes;
    uint32_t                  i, last = 0;
    size_t                    from = nodes[at].start;

    for (i = at + 1; i <= nodes[at].last; i = nodes[i].last + 1) {
        last = i;
    }
    for (i = at + 1; i <= nodes[at].last; i = nodes[i].last + 1) {
        copy(w, from, nodes[i].start);
        if (i == last && nodes[i].name == PLATEN_DOCX_SECTION) {
            emit_notes(w);
        }
        emit(w, i);
        from = nodes[i].end;
    }
    copy(w, from, nodes[at].inner_end);
    if (last == 0 || nodes[last].name != PLATEN_DOCX_SECTION) {
        emit_notes(w);
    }
    copy(w, nodes[at].inner_end, nodes[at].end);
}

static void
emit(writer_t *w, uint32_t at)
{
    const platen_docx_node_t *node = &w->tree->nodes[at];
    unsigned                  what = w->rules->what;
    const char               *font;

    if (w->fates != NULL && w->fates[at] != PLATEN_DOCX_KEEP) {
        if (w->fates[at] == PLATEN_DOCX_UNWRAP) {
            emit_between(w, at, node->inner, node->inner_end);
        }
        w->edits++;
        return;
    }
    switch (node->name) {
    case PLATEN_DOCX_BODY:
        emit_body(w, at);
        return;
    case PLATEN_DOCX_P:
        emit_paragraph(w, at);
        return;
    case PLATEN_DOCX_R:
        if (what & PLATEN_DOCX_HIDDEN && is_hidden(w, at)) {
            emit_hidden(w, at);
            return;
        }
        font = w->font;
        w->font = what & PLATEN_DOCX_SYMBOLS ? symbol_font(w, at) : NULL;
        if (what & PLATEN_DOCX_RUNS && is_mixed(w, at)) {
            emit_mixed(w, at);
        } else {
            emit_between(w, at, node->start, node->end);
        }
        w->font = font;
        return;
    case PLATEN_DOCX_FONTS:
        if (what & PLATEN_DOCX_SYMBOLS
            && platen_docx_symbols_has(platen_docx_tree_value(w->tree, at))) {
            w->edits++; /* what the text is now is in no such font */
            return;
        }
        break;
    case PLATEN_DOCX_T:
        copy(w, node->start, node->inner);
        copy_text(w, node->inner, node->inner_end);
        copy(w, node->inner_end, node->end);
        return;
    case PLATEN_DOCX_SYMBOL:
        if (what & PLATEN_DOCX_SYMBOLS) {
            fputs("<w:t xmlns:w=\"" PLATEN_DOCX_W "\" xml:space=\"preserve\">", w->out);
            write_symbol(w, at);
            fputs("</w:t>", w->out);
            w->edits++;
            return;
        }
        break;
    case PLATEN_DOCX_DRAWING:
    case PLATEN_DOCX_ALTERNATE:
        if (what & PLATEN_DOCX_BOXES && has(w, at, PLATEN_DOCX_TEXT_BOX)
            && !has(w, at, PLATEN_DOCX_PICTURE)) {
            w->edits++;
            return;
        }
        break;
    case PLATEN_DOCX_TEXT_BOX:
        if (what & PLATEN_DOCX_BOXES) {
            w->edits++;
            return;
        }
        break;
    case PLATEN_DOCX_TABLE:
        if (what & PLATEN_DOCX_GRIDS) {
            emit_table(w, at);
            return;
        }
        break;
    case PLATEN_DOCX_FOOTNOTE_REFERENCE:
    case PLATEN_DOCX_ENDNOTE_REFERENCE:
        if (what & PLATEN_DOCX_NOTES) {
            emit_reference(w, at);
            return;
        }
        break;
    case PLATEN_DOCX_COMMENT_REFERENCE:
        if (what & PLATEN_DOCX_COMMENTS) {
            /* Of another part than the document's there is no end to put it at. */
            w->edits++;
            if (w->tree->seen[PLATEN_DOCX_BODY] > 0) {
                emit_reference(w, at);
            }
            return;
        }
        break;
    default:
        break;
    }
    emit_between(w, at, node->start, node->end);
}

char *
platen_docx_rewrite(platen_docx_rules_t *rules, const platen_docx_tree_t *tree, size_t *out_len)
{
    platen_docx_tree_t again;
    const char        *text = tree->text;
    writer_t           w = { .rules = rules, .tree = tree };
    char              *out = NULL;
    int                failed;

    w.out = open_memstream(&out, out_len);
    if (w.out == NULL) {
        return NULL;
    }
    if (rules->what & (PLATEN_DOCX_FIELDS | PLATEN_DOCX_INDEXES)) {
        w.fates = calloc(tree->n, 1);
        if (w.fates != NULL) {
            platen_docx_fields_settle(rules, tree, w.fates);
        }
    }
    copy(&w, 0, tree->nodes[0].start);
    emit(&w, 0);
    fwrite(text + tree->nodes[0].end, 1, tree->len - tree->nodes[0].end, w.out);
    failed = ferror(w.out);
    failed |= fclose(w.out) != 0;
    free(w.references);
    free(w.fates);
    if (rules->strange == 0) {
        memcpy(rules->strange_font, w.strange_font, sizeof(w.strange_font));
    }
    rules->strange += w.strange;
    if (failed || w.edits == 0 || platen_docx_tree_open(&again, out, *out_len) != 0) {
        free(out);
        return NULL;
    }
    platen_docx_tree_close(&again);
    return out;
}
