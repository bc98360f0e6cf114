/*
 * The elements of a part of an OOXML text document, by their places in its bytes.
 * Names are compared with their namespaces, and a prefix may be any.
 *
 * A part is hostile: elements, their depth and their attributes are limited, and a
 * part with a document type declaration, or in another encoding than UTF-8, is
 * refused.
 */

#ifndef PLATEN_DOCX_TREE_H
#define PLATEN_DOCX_TREE_H

#include <stddef.h>
#include <stdint.h>

#define PLATEN_DOCX_W "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

/* What is looked for; anything else is OTHER. */
typedef enum {
    PLATEN_DOCX_OTHER,
    PLATEN_DOCX_ALTCHUNK,
    PLATEN_DOCX_ALTERNATE,
    PLATEN_DOCX_BASED_ON,
    PLATEN_DOCX_BODY,
    PLATEN_DOCX_BOOKMARK,
    PLATEN_DOCX_BR,
    PLATEN_DOCX_CHART,
    PLATEN_DOCX_CHOICE,
    PLATEN_DOCX_COMMENT,
    PLATEN_DOCX_COMMENT_REFERENCE,
    PLATEN_DOCX_DIAGRAM,
    PLATEN_DOCX_DRAWING,
    PLATEN_DOCX_ENDNOTE,
    PLATEN_DOCX_ENDNOTE_REFERENCE,
    PLATEN_DOCX_FALLBACK,
    PLATEN_DOCX_FIELD_CHAR,
    PLATEN_DOCX_FIELD_SIMPLE,
    PLATEN_DOCX_FONTS,
    PLATEN_DOCX_FOOTNOTE,
    PLATEN_DOCX_FOOTNOTE_REFERENCE,
    PLATEN_DOCX_GRID_AFTER,
    PLATEN_DOCX_GRID_BEFORE,
    PLATEN_DOCX_GRID_SPAN,
    PLATEN_DOCX_INSTRUCTION,
    PLATEN_DOCX_MATH,
    PLATEN_DOCX_MATH_ABOVE,
    PLATEN_DOCX_MATH_ARGUMENT,
    PLATEN_DOCX_MATH_BEGIN,
    PLATEN_DOCX_MATH_BELOW,
    PLATEN_DOCX_MATH_CHARACTER,
    PLATEN_DOCX_MATH_DEGREE,
    PLATEN_DOCX_MATH_DENOMINATOR,
    PLATEN_DOCX_MATH_END,
    PLATEN_DOCX_MATH_FENCED,
    PLATEN_DOCX_MATH_FRACTION,
    PLATEN_DOCX_MATH_MATRIX,
    PLATEN_DOCX_MATH_NARY,
    PLATEN_DOCX_MATH_NUMERATOR,
    PLATEN_DOCX_MATH_PARAGRAPH,
    PLATEN_DOCX_MATH_ROOT,
    PLATEN_DOCX_MATH_ROW,
    PLATEN_DOCX_MATH_TEXT,
    PLATEN_DOCX_NAME,
    PLATEN_DOCX_OUTLINE,
    PLATEN_DOCX_P,
    PLATEN_DOCX_P_PROPERTIES,
    PLATEN_DOCX_P_STYLE,
    PLATEN_DOCX_PICTURE,
    PLATEN_DOCX_R,
    PLATEN_DOCX_R_PROPERTIES,
    PLATEN_DOCX_R_STYLE,
    PLATEN_DOCX_RUBY,
    PLATEN_DOCX_RUBY_BASE,
    PLATEN_DOCX_RUBY_TEXT,
    PLATEN_DOCX_SECTION,
    PLATEN_DOCX_STYLE,
    PLATEN_DOCX_SYMBOL,
    PLATEN_DOCX_T,
    PLATEN_DOCX_TAB,
    PLATEN_DOCX_TABLE,
    PLATEN_DOCX_TABLE_GRID,
    PLATEN_DOCX_TABLE_PROPERTIES,
    PLATEN_DOCX_TC,
    PLATEN_DOCX_TC_PROPERTIES,
    PLATEN_DOCX_TEXT_BOX,
    PLATEN_DOCX_TR,
    PLATEN_DOCX_TR_PROPERTIES,
    PLATEN_DOCX_VANISH,
    PLATEN_DOCX_NAMES
} platen_docx_name_t;

/* An element: its bytes are [start, end), those between its tags [inner, inner_end). */
typedef struct {
    platen_docx_name_t name;
    uint32_t           last;  /* of its descendants; itself if there are none */
    uint32_t           value; /* of its attribute that matters; 0: it has none */
    int                dirty; /* a field that is to be updated */
    size_t             start, inner, inner_end, end;
} platen_docx_node_t;

typedef struct {
    const char         *text;
    size_t              len;
    platen_docx_node_t *nodes; /* in the order of the document: a parent before its children */
    uint32_t            n;
    char               *values;                  /* NUL-terminated strings */
    unsigned            seen[PLATEN_DOCX_NAMES]; /* how many of each name */
    size_t              values_len, values_size;
    uint32_t            nodes_size;
} platen_docx_tree_t;

/*
 * Fills the tree from the text, which has to outlive it.  Returns 0; or -1: it is
 * not well-formed, refused, or there is no memory; then the tree is empty.
 */
int platen_docx_tree_open(platen_docx_tree_t *tree, const char *text, size_t len);

void platen_docx_tree_close(platen_docx_tree_t *tree);

/* The first child of that name, or 0: no child is the first of all nodes. */
uint32_t
platen_docx_tree_child(const platen_docx_tree_t *tree, uint32_t of, platen_docx_name_t name);

/* Whether a value is one that switches off: 0, false, off, none. */
int platen_docx_tree_off(const char *value);

/* The value of a node's attribute, "" if it has none. */
const char *platen_docx_tree_value(const platen_docx_tree_t *tree, uint32_t of);

#endif
