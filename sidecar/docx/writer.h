/*
 * Writes what a part of an OOXML text document says, as its new part or as plain text:
 * the part's own bytes, with its symbols as characters of Unicode, and without what is
 * hidden.  For one part at a time; `out` is the caller's.
 */

#ifndef PLATEN_DOCX_WRITER_H
#define PLATEN_DOCX_WRITER_H

#include <stdio.h>

#include "docx/rules.h"

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
} platen_docx_writer_t;

/* Whether the run is not to be seen. */
int platen_docx_writer_is_hidden(const platen_docx_writer_t *w, uint32_t run);

int platen_docx_writer_style_hides(const platen_docx_writer_t *w, uint32_t paragraph);

void platen_docx_writer_copy(platen_docx_writer_t *w, size_t from, size_t to);

/* A text, with what it has of symbols. */
void platen_docx_writer_copy_text(platen_docx_writer_t *w, size_t from, size_t to);

/* The text of a symbol, which is one character of a font. */
void platen_docx_writer_symbol(platen_docx_writer_t *w, uint32_t at);

/* The font of a run, if it is one of symbols; or NULL. */
const char *platen_docx_writer_symbol_font(const platen_docx_writer_t *w, uint32_t run);

/* The text of a note's paragraphs, as it is in the part: escaped already. */
void platen_docx_writer_note(platen_docx_writer_t *w, uint32_t note);

/* The author of a comment, as its tag has it: escaped already. */
void platen_docx_writer_author(platen_docx_writer_t *w, const platen_docx_node_t *node);

#endif
