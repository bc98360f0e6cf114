/*
 * Rewriting a part; see docx/rewrite.h.  The part's own bytes are copied in
 * another order, or not at all, and so stay what they are.  The result is read
 * again: bytes that stand elsewhere may miss a prefix that was declared around them.
 */

#include "docx/rewrite.h"
#include "docx/fields.h"
#include "docx/math.h"
#include "docx/symbols.h"
#include "docx/writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRID_MAX 64 /* columns: Word has 63 */

static void emit(platen_docx_writer_t *w, uint32_t at);

/* The bytes from `from` to `to`, with the children of a node that are in them. */
static void
emit_between(platen_docx_writer_t *w, uint32_t of, size_t from, size_t to)
{
    const platen_docx_node_t *nodes = w->tree->nodes;
    uint32_t                  i;

    for (i = of + 1; i <= nodes[of].last; i = nodes[i].last + 1) {
        platen_docx_writer_copy(w, from, nodes[i].start);
        emit(w, i);
        from = nodes[i].end;
    }
    platen_docx_writer_copy(w, from, to);
}

/* Of a hidden run there stay its properties, and what its fields need to be whole. */
static void
emit_hidden(platen_docx_writer_t *w, uint32_t run)
{
    const platen_docx_node_t *nodes = w->tree->nodes;
    uint32_t                  i;

    platen_docx_writer_copy(w, nodes[run].start, nodes[run].inner);
    for (i = run + 1; i <= nodes[run].last; i = nodes[i].last + 1) {
        if (nodes[i].name == PLATEN_DOCX_R_PROPERTIES || nodes[i].name == PLATEN_DOCX_FIELD_CHAR
            || nodes[i].name == PLATEN_DOCX_INSTRUCTION) {
            emit(w, i);
        } else {
            w->edits++;
        }
    }
    platen_docx_writer_copy(w, nodes[run].inner_end, nodes[run].end);
}

static int
has(const platen_docx_writer_t *w, uint32_t at, platen_docx_name_t name)
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
is_mixed(const platen_docx_writer_t *w, uint32_t run)
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
emit_mixed(platen_docx_writer_t *w, uint32_t run)
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
            platen_docx_writer_copy(w, node->inner_end, node->end);
            open = 0;
        }
        if (!open) {
            platen_docx_writer_copy(w, node->start, node->inner);
            if (properties != 0) {
                platen_docx_writer_copy(w, nodes[properties].start, nodes[properties].end);
            }
        }
        open = 1;
        drawing = is_drawing(&nodes[i]);
        emit(w, i);
    }
    if (open) {
        platen_docx_writer_copy(w, node->inner_end, node->end);
    }
    w->edits++;
}

#define RUN "<w:r xmlns:w=\"" PLATEN_DOCX_W "\"><w:t xml:space=\"preserve\">"
#define RUN_END "</w:t></w:r>"

/* A run with ruby as several, so that what is above a text is behind it. */
static void
emit_ruby(platen_docx_writer_t *w, uint32_t run)
{
    const platen_docx_node_t *nodes = w->tree->nodes, *node = &nodes[run];
    uint32_t properties = platen_docx_tree_child(w->tree, run, PLATEN_DOCX_R_PROPERTIES);
    uint32_t i, base, above;

    for (i = run + 1; i <= node->last; i = nodes[i].last + 1) {
        if (i == properties) {
            continue;
        }
        if (nodes[i].name != PLATEN_DOCX_RUBY) {
            platen_docx_writer_copy(w, node->start, node->inner);
            if (properties != 0) {
                platen_docx_writer_copy(w, nodes[properties].start, nodes[properties].end);
            }
            emit(w, i);
            platen_docx_writer_copy(w, node->inner_end, node->end);
            continue;
        }
        base = platen_docx_tree_child(w->tree, i, PLATEN_DOCX_RUBY_BASE);
        above = platen_docx_tree_child(w->tree, i, PLATEN_DOCX_RUBY_TEXT);
        if (base != 0) {
            emit_between(w, base, nodes[base].inner, nodes[base].inner_end);
        }
        if (above != 0) {
            fputs(RUN "(" RUN_END, w->out);
            emit_between(w, above, nodes[above].inner, nodes[above].inner_end);
            fputs(RUN ")" RUN_END, w->out);
        }
    }
    w->edits++;
}

/*
 * What is in the text boxes that are anchored in a paragraph.  Most are there twice,
 * for programs that know one kind of drawing or the other.
 */
static void
emit_boxes(platen_docx_writer_t *w, uint32_t paragraph)
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
                   && platen_docx_writer_is_hidden(w, i)) {
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
emit_paragraph(platen_docx_writer_t *w, uint32_t at)
{
    const platen_docx_node_t *node = &w->tree->nodes[at];
    int                       hides = w->hides;

    w->hides = w->rules->what & PLATEN_DOCX_HIDDEN && platen_docx_writer_style_hides(w, at);
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
emit_table(platen_docx_writer_t *w, uint32_t at)
{
    const platen_docx_node_t *node = &w->tree->nodes[at];
    uint32_t grid = platen_docx_tree_child(w->tree, at, PLATEN_DOCX_TABLE_GRID);
    uint32_t properties = platen_docx_tree_child(w->tree, at, PLATEN_DOCX_TABLE_PROPERTIES);
    size_t   from = node->start;
    unsigned n;
    uint32_t i;

    if (grid == 0 && node->inner_end > node->inner) {
        from = properties == 0 ? node->inner : w->tree->nodes[properties].end;
        platen_docx_writer_copy(w, node->start, from);
        fputs("<w:tblGrid xmlns:w=\"" PLATEN_DOCX_W "\">", w->out);
        for (n = columns(w->tree, at); n > 0; n--) {
            fputs("<w:gridCol w:w=\"1000\"/>", w->out);
        }
        fputs("</w:tblGrid>", w->out);
        w->edits++;
    }
    for (i = at + 1; i <= node->last; i = w->tree->nodes[i].last + 1) {
        if (w->tree->nodes[i].start >= from) {
            platen_docx_writer_copy(w, from, w->tree->nodes[i].start);
            emit(w, i);
            from = w->tree->nodes[i].end;
        }
    }
    platen_docx_writer_copy(w, from, node->end);
}

static void
emit_reference(platen_docx_writer_t *w, uint32_t at)
{
    uint32_t *references;

    references = realloc(w->references, (w->nreferences + 1) * sizeof(*references));
    if (references == NULL) {
        platen_docx_writer_copy(w, w->tree->nodes[at].start, w->tree->nodes[at].end);
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
emit_note(platen_docx_writer_t *w, unsigned n, const char *text)
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
emit_notes(platen_docx_writer_t *w)
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
emit_body(platen_docx_writer_t *w, uint32_t at)
{
    const platen_docx_node_t *nodes = w->tree->nodes;
    uint32_t                  i, last = 0;
    size_t                    from = nodes[at].start;

    for (i = at + 1; i <= nodes[at].last; i = nodes[i].last + 1) {
        last = i;
    }
    for (i = at + 1; i <= nodes[at].last; i = nodes[i].last + 1) {
        platen_docx_writer_copy(w, from, nodes[i].start);
        if (i == last && nodes[i].name == PLATEN_DOCX_SECTION) {
            emit_notes(w);
        }
        emit(w, i);
        from = nodes[i].end;
    }
    platen_docx_writer_copy(w, from, nodes[at].inner_end);
    if (last == 0 || nodes[last].name != PLATEN_DOCX_SECTION) {
        emit_notes(w);
    }
    platen_docx_writer_copy(w, nodes[at].inner_end, nodes[at].end);
}

static void
emit(platen_docx_writer_t *w, uint32_t at)
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
        if (what & PLATEN_DOCX_HIDDEN && platen_docx_writer_is_hidden(w, at)) {
            emit_hidden(w, at);
            return;
        }
        font = w->font;
        w->font = what & PLATEN_DOCX_SYMBOLS ? platen_docx_writer_symbol_font(w, at) : NULL;
        if (what & PLATEN_DOCX_BESIDE
            && platen_docx_tree_child(w->tree, at, PLATEN_DOCX_RUBY) != 0) {
            emit_ruby(w, at);
        } else if (what & PLATEN_DOCX_RUNS && is_mixed(w, at)) {
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
        platen_docx_writer_copy(w, node->start, node->inner);
        platen_docx_writer_copy_text(w, node->inner, node->inner_end);
        platen_docx_writer_copy(w, node->inner_end, node->end);
        return;
    case PLATEN_DOCX_SYMBOL:
        if (what & PLATEN_DOCX_SYMBOLS) {
            fputs("<w:t xmlns:w=\"" PLATEN_DOCX_W "\" xml:space=\"preserve\">", w->out);
            platen_docx_writer_symbol(w, at);
            fputs("</w:t>", w->out);
            w->edits++;
            return;
        }
        break;
    case PLATEN_DOCX_FIELD_SIMPLE:
        if (what & PLATEN_DOCX_RUNS) {
            emit_between(w, at, node->inner, node->inner_end);
            w->edits++;
            return;
        }
        break;
    case PLATEN_DOCX_MATH_PARAGRAPH:
        if (what & PLATEN_DOCX_EQUATIONS) {
            emit_between(w, at, node->inner, node->inner_end);
            w->edits++;
            return;
        }
        break;
    case PLATEN_DOCX_MATH:
        if (what & PLATEN_DOCX_EQUATIONS) {
            fputs(RUN, w->out);
            platen_docx_math_write(w->tree, at, w->out);
            fputs(RUN_END, w->out);
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
    platen_docx_tree_t   again;
    const char          *text = tree->text;
    platen_docx_writer_t w = { .rules = rules, .tree = tree };
    char                *out = NULL;
    int                  failed;

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
    platen_docx_writer_copy(&w, 0, tree->nodes[0].start);
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
