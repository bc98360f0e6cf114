/*
 * Fuzzes what is done to the parts of an OOXML text document (sidecar/docx), in a child of
 * LibreOffice's or in platen-docx: the tree of a part has its nodes where they belong, and
 * what is rewritten is a part again.  The first two bytes say what is rewritten; then the
 * styles, the notes and the part itself follow, with a NUL between two.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "docx/fields.h"
#include "docx/notes.h"
#include "docx/rewrite.h"

static void
check(const platen_docx_tree_t *tree)
{
    const platen_docx_node_t *nodes = tree->nodes, *node;
    size_t                    end;
    uint32_t                  i, child;

    for (i = 0; i < tree->n; i++) {
        node = &nodes[i];
        if (node->start >= node->inner || node->inner > node->inner_end
            || node->inner_end > node->end || node->end > tree->len
            || tree->text[node->start] != '<' || node->last < i || node->last >= tree->n
            || strlen(platen_docx_tree_value(tree, i)) > 255) {
            abort();
        }
        end = node->inner;
        for (child = i + 1; child <= node->last; child = nodes[child].last + 1) {
            if (nodes[child].start < end || nodes[child].end > node->inner_end
                || nodes[child].last > node->last) {
                abort();
            }
            end = nodes[child].end;
        }
    }
}

/* Up to the next NUL; `text` is exact, for the sanitizer. */
static size_t
take(const uint8_t **data, size_t *size, char **text)
{
    const uint8_t *end = memchr(*data, '\0', *size);
    size_t         n = end == NULL ? *size : (size_t) (end - *data);

    *text = malloc(n + (n == 0));
    if (*text == NULL) {
        abort();
    }
    memcpy(*text, *data, n);
    *data += n + (end != NULL);
    *size -= n + (end != NULL);
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    platen_docx_rules_t rules = { .what = 0 };
    platen_docx_tree_t  tree, again, styles_tree = { .n = 0 };
    char               *styles, *notes, *part, *out;
    size_t              styles_len, notes_len, len, out_len;

    if (size < 2) {
        return 0;
    }
    rules.what = data[0] | (data[1] & 2 ? PLATEN_DOCX_SYMBOLS : 0);
    rules.update = data[1] & 1;
    data += 2;
    size -= 2;
    styles_len = take(&data, &size, &styles);
    notes_len = take(&data, &size, &notes);
    len = take(&data, &size, &part);

    platen_docx_rules_styles(&rules, styles, styles_len);
    platen_docx_notes_read(&rules, notes, notes_len);
    if (platen_docx_tree_open(&tree, part, len) == 0) {
        check(&tree);
        if (platen_docx_tree_open(&styles_tree, styles, styles_len) == 0) {
            check(&styles_tree);
        }
        rules.headings = platen_docx_fields_headings(&tree, &styles_tree);
        platen_docx_rules_bookmarks(&rules, &tree);
        (void) platen_docx_fields_look(&rules, &tree);
        out = platen_docx_rewrite(&rules, &tree, &out_len);
        if (out != NULL) {
            if (rules.what == 0 || platen_docx_tree_open(&again, out, out_len) != 0) {
                abort();
            }
            check(&again);
            platen_docx_tree_close(&again);
        }
        free(out);
        platen_docx_tree_close(&styles_tree);
        platen_docx_tree_close(&tree);
    }
    platen_docx_rules_clear(&rules);
    free(styles);
    free(notes);
    free(part);
    return 0;
}
