/* Elements of a part; see docx/tree.h.  By expat, in one pass. */

#include "docx/tree.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "xml_doctype.h"
#include "xml_position.h"

#define NODES_MAX (1u << 21)
#define DEPTH_MAX 512
#define VALUE_MAX 255
#define VALUES_MAX (16u << 20)

#define W "w"
#define MC "http://schemas.openxmlformats.org/markup-compatibility/2006"
#define CHART "http://schemas.openxmlformats.org/drawingml/2006/chart"
#define CHARTEX "http://schemas.microsoft.com/office/drawing/2014/chartex"
#define DIAGRAM "http://schemas.openxmlformats.org/drawingml/2006/diagram"
#define PICTURE "http://schemas.openxmlformats.org/drawingml/2006/picture"
#define MATH "http://schemas.openxmlformats.org/officeDocument/2006/math"
#define VML "urn:schemas-microsoft-com:vml"
#define STRICT "http://purl.oclc.org/ooxml/wordprocessingml/main"

/* Namespace, element, and the attribute that matters, by its local name. */
static const struct {
    platen_docx_name_t name;
    const char        *space, *element, *attribute;
} names[] = {
    { PLATEN_DOCX_ALTCHUNK, W, "altChunk", "id" },
    { PLATEN_DOCX_ALTERNATE, MC, "AlternateContent", NULL },
    { PLATEN_DOCX_BASED_ON, W, "basedOn", "val" },
    { PLATEN_DOCX_BODY, W, "body", NULL },
    { PLATEN_DOCX_BOOKMARK, W, "bookmarkStart", "name" },
    { PLATEN_DOCX_BR, W, "br", NULL },
    { PLATEN_DOCX_BR, W, "cr", NULL },
    { PLATEN_DOCX_CHART, CHART, "chart", NULL },
    { PLATEN_DOCX_CHART, CHARTEX, "chart", NULL },
    { PLATEN_DOCX_CHOICE, MC, "Choice", NULL },
    { PLATEN_DOCX_COMMENT, W, "comment", "id" },
    { PLATEN_DOCX_COMMENT_REFERENCE, W, "commentReference", "id" },
    { PLATEN_DOCX_DIAGRAM, DIAGRAM, "relIds", NULL },
    { PLATEN_DOCX_DRAWING, W, "drawing", NULL },
    { PLATEN_DOCX_DRAWING, W, "object", NULL },
    { PLATEN_DOCX_DRAWING, W, "pict", NULL },
    { PLATEN_DOCX_ENDNOTE, W, "endnote", "id" },
    { PLATEN_DOCX_ENDNOTE_REFERENCE, W, "endnoteReference", "id" },
    { PLATEN_DOCX_FALLBACK, MC, "Fallback", NULL },
    { PLATEN_DOCX_FIELD_CHAR, W, "fldChar", "fldCharType" },
    { PLATEN_DOCX_FIELD_SIMPLE, W, "fldSimple", "instr" },
    { PLATEN_DOCX_FONTS, W, "rFonts", "ascii" },
    { PLATEN_DOCX_FOOTNOTE, W, "footnote", "id" },
    { PLATEN_DOCX_FOOTNOTE_REFERENCE, W, "footnoteReference", "id" },
    { PLATEN_DOCX_GRID_AFTER, W, "gridAfter", "val" },
    { PLATEN_DOCX_GRID_BEFORE, W, "gridBefore", "val" },
    { PLATEN_DOCX_GRID_SPAN, W, "gridSpan", "val" },
    { PLATEN_DOCX_INSTRUCTION, W, "instrText", NULL },
    { PLATEN_DOCX_MATH, MATH, "oMath", NULL },
    { PLATEN_DOCX_MATH_ABOVE, MATH, "sup", NULL },
    { PLATEN_DOCX_MATH_ARGUMENT, MATH, "e", NULL },
    { PLATEN_DOCX_MATH_BEGIN, MATH, "begChr", "val" },
    { PLATEN_DOCX_MATH_BELOW, MATH, "sub", NULL },
    { PLATEN_DOCX_MATH_CHARACTER, MATH, "chr", "val" },
    { PLATEN_DOCX_MATH_DEGREE, MATH, "deg", NULL },
    { PLATEN_DOCX_MATH_DENOMINATOR, MATH, "den", NULL },
    { PLATEN_DOCX_MATH_END, MATH, "endChr", "val" },
    { PLATEN_DOCX_MATH_FENCED, MATH, "d", NULL },
    { PLATEN_DOCX_MATH_FRACTION, MATH, "f", NULL },
    { PLATEN_DOCX_MATH_MATRIX, MATH, "m", NULL },
    { PLATEN_DOCX_MATH_NARY, MATH, "nary", NULL },
    { PLATEN_DOCX_MATH_NUMERATOR, MATH, "num", NULL },
    { PLATEN_DOCX_MATH_PARAGRAPH, MATH, "oMathPara", NULL },
    { PLATEN_DOCX_MATH_ROOT, MATH, "rad", NULL },
    { PLATEN_DOCX_MATH_ROW, MATH, "mr", NULL },
    { PLATEN_DOCX_MATH_TEXT, MATH, "t", NULL },
    { PLATEN_DOCX_NAME, W, "name", "val" },
    { PLATEN_DOCX_OUTLINE, W, "outlineLvl", "val" },
    { PLATEN_DOCX_P, W, "p", NULL },
    { PLATEN_DOCX_P_PROPERTIES, W, "pPr", NULL },
    { PLATEN_DOCX_P_STYLE, W, "pStyle", "val" },
    { PLATEN_DOCX_PICTURE, PICTURE, "pic", NULL },
    { PLATEN_DOCX_PICTURE, VML, "imagedata", NULL },
    { PLATEN_DOCX_R, W, "r", NULL },
    { PLATEN_DOCX_R_PROPERTIES, W, "rPr", NULL },
    { PLATEN_DOCX_R_STYLE, W, "rStyle", "val" },
    { PLATEN_DOCX_RUBY, W, "ruby", NULL },
    { PLATEN_DOCX_RUBY_BASE, W, "rubyBase", NULL },
    { PLATEN_DOCX_RUBY_TEXT, W, "rt", NULL },
    { PLATEN_DOCX_SECTION, W, "sectPr", NULL },
    { PLATEN_DOCX_STYLE, W, "style", "styleId" },
    { PLATEN_DOCX_SYMBOL, W, "sym", "char" },
    { PLATEN_DOCX_T, W, "t", NULL },
    { PLATEN_DOCX_TAB, W, "tab", NULL },
    { PLATEN_DOCX_TABLE, W, "tbl", NULL },
    { PLATEN_DOCX_TABLE_GRID, W, "tblGrid", NULL },
    { PLATEN_DOCX_TABLE_PROPERTIES, W, "tblPr", NULL },
    { PLATEN_DOCX_TC, W, "tc", NULL },
    { PLATEN_DOCX_TC_PROPERTIES, W, "tcPr", NULL },
    { PLATEN_DOCX_TEXT_BOX, W, "txbxContent", NULL },
    { PLATEN_DOCX_TR, W, "tr", NULL },
    { PLATEN_DOCX_TR_PROPERTIES, W, "trPr", NULL },
    { PLATEN_DOCX_VANISH, W, "vanish", "val" },
};

typedef struct {
    XML_Parser          parser; /* the first: xml_doctype.h */
    platen_docx_tree_t *tree;
    uint32_t            open[DEPTH_MAX];
    unsigned            depth;
} reader_t;

static int
is_in(const char *space, const char *wanted, size_t n)
{
    if (strcmp(wanted, W) == 0) {
        return (n == sizeof(PLATEN_DOCX_W) - 1 && memcmp(space, PLATEN_DOCX_W, n) == 0)
               || (n == sizeof(STRICT) - 1 && memcmp(space, STRICT, n) == 0);
    }
    return strlen(wanted) == n && memcmp(space, wanted, n) == 0;
}

static uint32_t
keep(platen_docx_tree_t *tree, const char *value)
{
    size_t   n = strlen(value) + 1, size;
    uint32_t at = (uint32_t) tree->values_len;
    char    *values;

    if (n > VALUE_MAX + 1) {
        return 0;
    }
    if (tree->values_len + n > tree->values_size) {
        size = tree->values_size == 0 ? 4096 : 2 * tree->values_size;
        values = size > VALUES_MAX ? NULL : realloc(tree->values, size);
        if (values == NULL) {
            return 0;
        }
        tree->values = values;
        tree->values_size = size;
    }
    memcpy(tree->values + at, value, n);
    tree->values_len += n;
    return at;
}

int
platen_docx_tree_off(const char *value)
{
    static const char *const off[] = { "0", "false", "off", "none" };
    size_t                   i;

    for (i = 0; i < sizeof(off) / sizeof(off[0]); i++) {
        if (strcmp(value, off[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static void
describe(platen_docx_tree_t *tree, platen_docx_node_t *node, const char *name,
         const char **attributes)
{
    const char *local = strchr(name, ' '), *key;
    size_t      i;

    if (local == NULL) {
        return;
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i].element, local + 1) == 0
            && is_in(name, names[i].space, (size_t) (local - name))) {
            break;
        }
    }
    if (i == sizeof(names) / sizeof(names[0])) {
        return;
    }
    node->name = names[i].name;
    tree->seen[node->name]++;
    for (; names[i].attribute != NULL && *attributes != NULL; attributes += 2) {
        key = strchr(*attributes, ' ');
        key = key == NULL ? *attributes : key + 1;
        if (strcmp(key, names[i].attribute) == 0) {
            node->value = keep(tree, attributes[1]);
        } else if (strcmp(key, "dirty") == 0) {
            node->dirty = !platen_docx_tree_off(attributes[1]);
        }
    }
}

static void XMLCALL
on_start(void *data, const char *name, const char **attributes)
{
    reader_t           *r = data;
    platen_docx_tree_t *tree = r->tree;
    platen_docx_node_t *nodes;
    uint32_t            size;

    if (r->depth == DEPTH_MAX || tree->n == NODES_MAX) {
        XML_StopParser(r->parser, XML_FALSE);
        return;
    }
    if (tree->n == tree->nodes_size) {
        size = tree->nodes_size == 0 ? 1024 : 2 * tree->nodes_size;
        nodes = realloc(tree->nodes, size * sizeof(*nodes));
        if (nodes == NULL) {
            XML_StopParser(r->parser, XML_FALSE);
            return;
        }
        tree->nodes = nodes;
        tree->nodes_size = size;
    }
    nodes = &tree->nodes[tree->n];
    memset(nodes, 0, sizeof(*nodes));
    nodes->start = platen_xml_byte(r->parser);
    nodes->inner = nodes->start + platen_xml_bytes(r->parser);
    nodes->last = tree->n;
    describe(tree, nodes, name, attributes);
    r->open[r->depth++] = tree->n++;
}

static void XMLCALL
on_end(void *data, const char *name)
{
    reader_t           *r = data;
    platen_docx_node_t *node = &r->tree->nodes[r->open[--r->depth]];

    (void) name;
    /* Of an empty element there is no end tag, and this is what follows it. */
    node->inner_end = platen_xml_byte(r->parser);
    node->end = node->inner_end + platen_xml_bytes(r->parser);
    node->last = r->tree->n - 1;
}

static void XMLCALL
on_declaration(void *data, const char *version, const char *encoding, int standalone)
{
    (void) version;
    (void) standalone;
    if (encoding != NULL && strcasecmp(encoding, "utf-8") != 0
        && strcasecmp(encoding, "us-ascii") != 0) {
        XML_StopParser(((reader_t *) data)->parser, XML_FALSE);
    }
}

int
platen_docx_tree_open(platen_docx_tree_t *tree, const char *text, size_t len)
{
    reader_t r = { .tree = tree };
    int      good = 0;

    memset(tree, 0, sizeof(*tree));
    tree->text = text;
    tree->len = len;
    tree->values_len = 1; /* 0 is no value */
    if (len == 0 || len > 1u << 30 || text[0] == '\xff' || text[0] == '\xfe') {
        return -1;
    }
    r.parser = XML_ParserCreateNS(NULL, ' ');
    if (r.parser == NULL) {
        return -1;
    }
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    platen_xml_refuse_doctype(r.parser);
    XML_SetXmlDeclHandler(r.parser, on_declaration);
    good = XML_Parse(r.parser, text, (int) len, 1) == XML_STATUS_OK && tree->n > 0;
    XML_ParserFree(r.parser);
    if (!good) {
        platen_docx_tree_close(tree);
        return -1;
    }
    return 0;
}

void
platen_docx_tree_close(platen_docx_tree_t *tree)
{
    free(tree->nodes);
    free(tree->values);
    memset(tree, 0, sizeof(*tree));
}

uint32_t
platen_docx_tree_child(const platen_docx_tree_t *tree, uint32_t of, platen_docx_name_t name)
{
    uint32_t i;

    for (i = of + 1; i <= tree->nodes[of].last; i = tree->nodes[i].last + 1) {
        if (tree->nodes[i].name == name) {
            return i;
        }
    }
    return 0;
}

const char *
platen_docx_tree_value(const platen_docx_tree_t *tree, uint32_t of)
{
    uint32_t at = tree->nodes[of].value;

    return at == 0 ? "" : tree->values + at;
}
