/* Text, symbols and notes of a part; see docx/writer.h.  A failed write shows at the end. */

#include "docx/writer.h"
#include "base/utf8.h"
#include "docx/math.h"
#include "docx/symbols.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

int
platen_docx_writer_is_hidden(const platen_docx_writer_t *w, uint32_t run)
{
    const platen_docx_tree_t *tree = w->tree;
    int                       says = platen_docx_rules_says_hidden(tree, run);
    uint32_t                  at;

    if (says < 0) {
        at = platen_docx_tree_child(tree, run, PLATEN_DOCX_R_PROPERTIES);
        at = at == 0 ? 0 : platen_docx_tree_child(tree, at, PLATEN_DOCX_R_STYLE);
        says = (at != 0 && platen_docx_rules_hide(w->rules, platen_docx_tree_value(tree, at)))
               || w->hides;
    }
    return says;
}

int
platen_docx_writer_style_hides(const platen_docx_writer_t *w, uint32_t paragraph)
{
    uint32_t at = platen_docx_tree_child(w->tree, paragraph, PLATEN_DOCX_P_PROPERTIES);

    at = at == 0 ? 0 : platen_docx_tree_child(w->tree, at, PLATEN_DOCX_P_STYLE);
    return at != 0 && platen_docx_rules_hide(w->rules, platen_docx_tree_value(w->tree, at));
}

void
platen_docx_writer_copy(platen_docx_writer_t *w, size_t from, size_t to)
{
    fwrite(w->tree->text + from, 1, to - from, w->out);
}

/* One whose font is not known here, or has no such character. */
static void
note_strange(platen_docx_writer_t *w, const char *font)
{
    if (w->strange++ == 0) {
        snprintf(w->strange_font, sizeof(w->strange_font), "%s", font);
    }
}

static void
put_character(platen_docx_writer_t *w, uint32_t code)
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

void
platen_docx_writer_copy_text(platen_docx_writer_t *w, size_t from, size_t to)
{
    const char *p = w->tree->text + from, *end = w->tree->text + to;
    uint32_t    code, known;
    int private, entity = 0;
    size_t n;

    if (!(w->rules->what & PLATEN_DOCX_SYMBOLS) || memchr(p, '<', to - from) != NULL) {
        platen_docx_writer_copy(w, from, to); /* with a "<" it has more than characters in it */
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
attribute(const platen_docx_writer_t *w, const platen_docx_node_t *node, const char *name,
          size_t *len)
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

void
platen_docx_writer_symbol(platen_docx_writer_t *w, uint32_t at)
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

const char *
platen_docx_writer_symbol_font(const platen_docx_writer_t *w, uint32_t run)
{
    uint32_t    at = platen_docx_tree_child(w->tree, run, PLATEN_DOCX_R_PROPERTIES);
    const char *font;

    at = at == 0 ? 0 : platen_docx_tree_child(w->tree, at, PLATEN_DOCX_FONTS);
    font = at == 0 ? "" : platen_docx_tree_value(w->tree, at);
    return platen_docx_symbols_has(font) ? font : NULL;
}

void
platen_docx_writer_note(platen_docx_writer_t *w, uint32_t note)
{
    const platen_docx_node_t *nodes = w->tree->nodes, *node;
    uint32_t                  i;
    int                       paragraphs = 0;

    for (i = note + 1; i <= nodes[note].last; i++) {
        node = &nodes[i];
        switch (node->name) {
        case PLATEN_DOCX_P:
            w->hides = platen_docx_writer_style_hides(w, i);
            if (paragraphs++ > 0) {
                fputc('\n', w->out);
            }
            break;
        case PLATEN_DOCX_FALLBACK:
            i = node->last;
            break;
        case PLATEN_DOCX_R:
            if (platen_docx_writer_is_hidden(w, i)) {
                i = node->last;
                break;
            }
            w->font = platen_docx_writer_symbol_font(w, i);
            break;
        case PLATEN_DOCX_P_PROPERTIES: /* where a tab is a place, and no character */
            i = node->last;
            break;
        case PLATEN_DOCX_T:
            platen_docx_writer_copy_text(w, node->inner, node->inner_end);
            break;
        case PLATEN_DOCX_SYMBOL:
            platen_docx_writer_symbol(w, i);
            break;
        case PLATEN_DOCX_MATH:
            platen_docx_math_write(w->tree, i, w->out);
            i = node->last;
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

void
platen_docx_writer_author(platen_docx_writer_t *w, const platen_docx_node_t *node)
{
    size_t      len;
    const char *author = attribute(w, node, "author=", &len);

    if (len > 0) {
        fwrite(author, 1, len, w->out);
        fputs(": ", w->out);
    }
}
