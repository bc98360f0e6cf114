/*
 * Fields; see docx/fields.h.  A field is what is between the characters of its
 * begin and its end, which stand in runs: first its instruction, then what was saved
 * as its result.  Fields stand in others, in either part.
 */

#include "docx/fields.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define NESTED_MAX 32
#define INSTRUCTION_MAX 1024
#define WORD_MAX 64

typedef struct {
    uint32_t first, separate, last; /* nodes; separate and last 0 for a simple one */
    int      dirty;
    size_t   len;
    char     instruction[INSTRUCTION_MAX];
} field_t;

typedef void met_t(void *data, const platen_docx_tree_t *tree, const field_t *field);

static void
add_instruction(field_t *field, const char *text, size_t n)
{
    static const char quote[] = "&quot;";
    size_t            i;

    for (i = 0; i < n && field->len + 1 < INSTRUCTION_MAX; i++) {
        if (n - i >= sizeof(quote) - 1 && memcmp(text + i, quote, sizeof(quote) - 1) == 0) {
            field->instruction[field->len++] = '"';
            i += sizeof(quote) - 2;
        } else {
            field->instruction[field->len++] = text[i];
        }
    }
    field->instruction[field->len] = '\0';
}

static void
meet_simple(const platen_docx_tree_t *tree, uint32_t at, met_t *met, void *data)
{
    const char *text = platen_docx_tree_value(tree, at);
    field_t     field = { .first = at, .dirty = tree->nodes[at].dirty };

    add_instruction(&field, text, strlen(text));
    met(data, tree, &field);
}

/* Calls `met` with each field that is whole. */
static void
each_field(const platen_docx_tree_t *tree, met_t *met, void *data)
{
    const platen_docx_node_t *node;
    field_t                  *open, *field;
    unsigned                  depth = 0, deeper = 0;
    uint32_t                  i;
    const char               *type;

    open = calloc(NESTED_MAX, sizeof(*open));
    for (i = 0; open != NULL && i < tree->n; i++) {
        node = &tree->nodes[i];
        field = depth == 0 ? NULL : &open[depth - 1];
        if (node->name == PLATEN_DOCX_FIELD_SIMPLE) {
            meet_simple(tree, i, met, data);
        } else if (node->name == PLATEN_DOCX_INSTRUCTION && field != NULL && deeper == 0
                   && field->separate == 0) {
            add_instruction(field, tree->text + node->inner, node->inner_end - node->inner);
        } else if (node->name == PLATEN_DOCX_FIELD_CHAR) {
            type = platen_docx_tree_value(tree, i);
            if (strcmp(type, "begin") == 0) {
                if (depth == NESTED_MAX) {
                    deeper++;
                    continue;
                }
                field = &open[depth++];
                memset(field, 0, sizeof(*field));
                field->first = i;
                field->dirty = node->dirty;
            } else if (strcmp(type, "end") == 0) {
                if (deeper > 0) {
                    deeper--;
                } else if (field != NULL) {
                    field->last = i;
                    met(data, tree, field);
                    depth--;
                }
            } else if (field != NULL && deeper == 0 && field->separate == 0) {
                field->separate = i;
            }
        }
    }
    free(open);
}

/* The n-th word of an instruction, without its quotes; "" if there is none. */
static void
word_of(const field_t *field, unsigned n, char word[WORD_MAX])
{
    const char *p = field->instruction;
    size_t      len;
    int         quoted;

    for (;; n--, p += len + (quoted && p[len] == '"')) {
        p += strspn(p, " \t\r\n");
        quoted = *p == '"';
        p += quoted;
        len = strcspn(p, quoted ? "\"" : " \t\r\n");
        if (n == 0 || *p == '\0') {
            break;
        }
    }
    len = len < WORD_MAX ? len : WORD_MAX - 1;
    memcpy(word, p, len);
    word[len] = '\0';
}

static int
is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (strcasecmp(word, *words) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Of a table of contents: letters of switches that are in its instruction. */
static void
switches(const field_t *field, char letters[WORD_MAX])
{
    const char *p = field->instruction;
    size_t      n = 0;

    for (; (p = strchr(p, '\\')) != NULL && n + 1 < WORD_MAX; p++) {
        letters[n++] = (char) tolower((unsigned char) p[1]);
    }
    letters[n] = '\0';
}

static int
is_toc(const field_t *field)
{
    char word[WORD_MAX];

    word_of(field, 0, word);
    return strcasecmp(word, "TOC") == 0;
}

/*
 * Whether LibreOffice makes the table of contents anew as Word would: not from a part
 * of the document or from entries of their own, and not if it found nothing.
 */
static int
can_update(const platen_docx_rules_t *rules, const field_t *field)
{
    char letters[WORD_MAX];

    switches(field, letters);
    return strspn(letters, "ohzunpwx") == strlen(letters) && rules->headings;
}

static int
is_live(const platen_docx_rules_t *rules, const field_t *field)
{
    return is_toc(field) && (rules->update || field->dirty) && can_update(rules, field);
}

static int
has_bookmark(const platen_docx_rules_t *rules, const char *name)
{
    size_t i;

    for (i = 0; i < rules->nbookmarks; i++) {
        if (strcasecmp(rules->bookmarks[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Whether the field stays what it was saved as. */
static int
stays(const platen_docx_rules_t *rules, const field_t *field)
{
    static const char *const unknown[] = {
        "IF",         "DOCPROPERTY", "DOCVARIABLE", "TITLE",       "SUBJECT",
        "KEYWORDS",   "COMMENTS",    "INFO",        "EDITTIME",    "REVNUM",
        "CREATEDATE", "SAVEDATE",    "PRINTDATE",   "LASTSAVEDBY", NULL,
    };
    static const char *const references[] = { "REF", "PAGEREF", "NOTEREF", NULL };
    static const char *const indexes[] = { "TOC", "INDEX", "TOA", "BIBLIOGRAPHY", NULL };
    char                     word[WORD_MAX], bookmark[WORD_MAX];

    word_of(field, 0, word);
    if (rules->what & PLATEN_DOCX_INDEXES && is_one_of(word, indexes)
        && !is_live(rules, field)) {
        return 1;
    }
    if (!(rules->what & PLATEN_DOCX_FIELDS)) {
        return 0;
    }
    if (is_one_of(word, references)) {
        word_of(field, 1, bookmark);
        return *bookmark != '\0' && !has_bookmark(rules, bookmark);
    }
    return is_one_of(word, unknown);
}

typedef struct {
    const platen_docx_rules_t *rules;
    unsigned char             *fates;
} settling_t;

static int
is_content(platen_docx_name_t name)
{
    switch (name) {
    case PLATEN_DOCX_FIELD_CHAR:
    case PLATEN_DOCX_INSTRUCTION:
    case PLATEN_DOCX_T:
    case PLATEN_DOCX_TAB:
    case PLATEN_DOCX_BR:
    case PLATEN_DOCX_DRAWING:
    case PLATEN_DOCX_ALTERNATE:
        return 1;
    default:
        return 0;
    }
}

static int
has_text(const platen_docx_tree_t *tree, uint32_t from, uint32_t to)
{
    uint32_t i;

    for (i = from; i <= to; i++) {
        if (tree->nodes[i].name == PLATEN_DOCX_T
            && tree->nodes[i].inner < tree->nodes[i].inner_end) {
            return 1;
        }
    }
    return 0;
}

static void
settle(void *data, const platen_docx_tree_t *tree, const field_t *field)
{
    const settling_t *s = data;
    uint32_t          i;

    if (!stays(s->rules, field)) {
        return;
    }
    if (field->last == 0) {
        if (has_text(tree, field->first, tree->nodes[field->first].last)) {
            s->fates[field->first] = PLATEN_DOCX_UNWRAP;
        }
        return;
    }
    if (field->separate == 0 || !has_text(tree, field->separate, field->last)) {
        return;
    }
    for (i = field->first; i <= field->separate; i++) {
        if (is_content(tree->nodes[i].name)) {
            s->fates[i] = PLATEN_DOCX_DROP;
        }
    }
    s->fates[field->last] = PLATEN_DOCX_DROP;
}

void
platen_docx_fields_settle(const platen_docx_rules_t *rules, const platen_docx_tree_t *tree,
                          unsigned char *fates)
{
    settling_t s = { rules, fates };

    each_field(tree, settle, &s);
}

static int
is_heading(const char *name)
{
    size_t n = strlen("heading");

    if (strncasecmp(name, "heading", n) != 0) {
        return 0;
    }
    name += n + (name[n] == ' ');
    return *name >= '1' && *name <= '9' && name[1] == '\0';
}

/* Whether a style is one of headings: by its name, or by its level. */
static int
is_heading_style(const platen_docx_tree_t *styles, const char *id)
{
    uint32_t i, at;

    for (i = 1; i < styles->n; i = styles->nodes[i].last + 1) {
        if (styles->nodes[i].name != PLATEN_DOCX_STYLE
            || strcmp(platen_docx_tree_value(styles, i), id) != 0) {
            continue;
        }
        at = platen_docx_tree_child(styles, i, PLATEN_DOCX_NAME);
        if (at != 0 && is_heading(platen_docx_tree_value(styles, at))) {
            return 1;
        }
        at = platen_docx_tree_child(styles, i, PLATEN_DOCX_P_PROPERTIES);
        return at != 0 && platen_docx_tree_child(styles, at, PLATEN_DOCX_OUTLINE) != 0;
    }
    return 0;
}

int
platen_docx_fields_headings(const platen_docx_tree_t *document,
                            const platen_docx_tree_t *styles)
{
    char     other[WORD_MAX] = "";
    uint32_t i;

    for (i = 1; i < document->n; i++) {
        const char *value = platen_docx_tree_value(document, i);

        if (document->nodes[i].name == PLATEN_DOCX_OUTLINE && *value != '9') {
            return 1;
        }
        /* One that is none is not looked for again: most are of one style. */
        if (document->nodes[i].name == PLATEN_DOCX_P_STYLE && strcmp(value, other) != 0) {
            if (is_heading_style(styles, value)) {
                return 1;
            }
            snprintf(other, sizeof(other), "%s", value);
        }
    }
    return 0;
}

typedef struct {
    const platen_docx_rules_t *rules;
    unsigned                   found;
} looking_t;

static void
look(void *data, const platen_docx_tree_t *tree, const field_t *field)
{
    looking_t *l = data;

    (void) tree;
    if (is_toc(field) && (l->rules->update || field->dirty)) {
        l->found |= can_update(l->rules, field) ? PLATEN_DOCX_UPDATES : PLATEN_DOCX_STALE;
    }
}

unsigned
platen_docx_fields_look(const platen_docx_rules_t *rules, const platen_docx_tree_t *document)
{
    looking_t l = { .rules = rules };

    each_field(document, look, &l);
    return l.found;
}
