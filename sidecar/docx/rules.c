/* What a document's other parts say; see docx/rules.h.  Short of memory, they say nothing. */

#include "docx/rules.h"

#include <stdlib.h>
#include <string.h>

#define STYLES_MAX 4096
#define INHERIT_MAX 20 /* styles that one is based on */

int
platen_docx_rules_hide(const platen_docx_rules_t *rules, const char *id)
{
    size_t i;

    for (i = 0; i < rules->nhidden; i++) {
        if (strcmp(rules->hidden[i], id) == 0) {
            return 1;
        }
    }
    return 0;
}

int
platen_docx_rules_says_hidden(const platen_docx_tree_t *tree, uint32_t of)
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

    if (*id == '\0' || rules->nhidden == STYLES_MAX || platen_docx_rules_hide(rules, id)) {
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
    int      says = platen_docx_rules_says_hidden(tree, style);

    if (says < 0 && based != 0) {
        says = platen_docx_rules_hide(rules, platen_docx_tree_value(tree, based));
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
