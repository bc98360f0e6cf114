/* The notes of a part; see docx/notes.h.  Short of memory, there are fewer. */

#include "docx/notes.h"
#include "docx/writer.h"

#include <stdlib.h>
#include <string.h>

static void
add_note(platen_docx_rules_t *rules, const platen_docx_tree_t *tree, uint32_t at)
{
    platen_docx_note_t  *notes, *note;
    platen_docx_writer_t w = { .rules = rules, .tree = tree };
    size_t               len;

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
            platen_docx_writer_author(&w, &tree->nodes[at]);
        }
        platen_docx_writer_note(&w, at);
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
platen_docx_notes_read(platen_docx_rules_t *rules, const char *text, size_t len)
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
