/*
 * What holds for all parts of an OOXML text document: what is asked for, and what its
 * styles, notes and bookmarks are.
 */

#ifndef PLATEN_DOCX_RULES_H
#define PLATEN_DOCX_RULES_H

#include "docx/tree.h"

/* A mask. */
#define PLATEN_DOCX_BOXES 1  /* what is in text boxes follows the paragraph that has them */
#define PLATEN_DOCX_NOTES 2  /* [1] in the text, and the notes at its end */
#define PLATEN_DOCX_HIDDEN 4 /* without hidden text */
#define PLATEN_DOCX_GRIDS 8  /* a table without a grid gets one */
#define PLATEN_DOCX_RUNS 16  /* a drawing has no text beside it in its run; no simple fields */
/* Fields are what they were saved as where LibreOffice would make of them what Word does not.
 */
#define PLATEN_DOCX_FIELDS 32
#define PLATEN_DOCX_COMMENTS 128   /* as notes, with who has made them */
#define PLATEN_DOCX_SYMBOLS 256    /* those of symbol fonts become what they are in Unicode */
#define PLATEN_DOCX_BESIDE 512     /* what is above a text follows it in parentheses */
#define PLATEN_DOCX_EQUATIONS 1024 /* they become text */
#define PLATEN_DOCX_INDEXES                                                                    \
    64 /* the same for tables of contents that are not to be updated                           \
        */

typedef struct {
    char              *id;
    char              *text; /* paragraphs, with a line feed between two, as XML has them */
    platen_docx_name_t kind;
} platen_docx_note_t;

/* What holds for all parts of a document. */
typedef struct {
    unsigned            what;
    char              **hidden; /* styles whose text is hidden */
    size_t              nhidden;
    platen_docx_note_t *notes;
    size_t              nnotes;
    char              **bookmarks; /* of the document's part, which fields refer to */
    size_t              nbookmarks;
    int                 update;   /* all tables of contents are to be updated */
    int                 headings; /* there are some, of which they can be made */
    unsigned            strange;  /* symbols that are not known, and the font of the first */
    char                strange_font[64];
} platen_docx_rules_t;

/* What the styles' part says; one that cannot be read says nothing. */
void platen_docx_rules_styles(platen_docx_rules_t *rules, const char *text, size_t len);

/* The bookmarks of the document's part, once. */
void platen_docx_rules_bookmarks(platen_docx_rules_t *rules, const platen_docx_tree_t *tree);

void platen_docx_rules_clear(platen_docx_rules_t *rules);

/* Whether text of the style with that id is hidden. */
int platen_docx_rules_hide(const platen_docx_rules_t *rules, const char *id);

/* What a node's properties say of its text: 1: hidden; 0; -1: nothing. */
int platen_docx_rules_says_hidden(const platen_docx_tree_t *tree, uint32_t of);

#endif
