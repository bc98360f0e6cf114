/*
 * Equations as text; see docx/math.h.  As people write them in a line (Unicode Technical
 * Note 28), with no more parentheses than what is read again needs.  A pure function.
 */

#include "docx/math.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

typedef struct {
    const platen_docx_tree_t *tree;
    FILE                     *out;
} line_t;

static void put_all(line_t *line, uint32_t of);

static uint32_t
child(const line_t *line, uint32_t of, platen_docx_name_t name)
{
    return platen_docx_tree_child(line->tree, of, name);
}

/* The content of a node, in parentheses unless it is one character. */
static void
put_group(line_t *line, uint32_t of, const char *before)
{
    char    *text = NULL;
    size_t   len = 0;
    uint32_t code;
    line_t   part = { .tree = line->tree, .out = of == 0 ? NULL : open_memstream(&text, &len) };

    if (part.out == NULL) {
        return;
    }
    put_all(&part, of);
    if (fclose(part.out) == 0 && len > 0) {
        fputs(before, line->out);
        fprintf(line->out, platen_utf8_decode(text, len, &code) == len ? "%s" : "(%s)", text);
    }
    free(text);
}

/* What a property says, or what holds without it. */
static const char *
property(const line_t *line, uint32_t of, platen_docx_name_t name, const char *otherwise)
{
    uint32_t at, last = line->tree->nodes[of].last;

    for (at = of + 1; at <= last; at++) {
        if (line->tree->nodes[at].name == name && line->tree->nodes[at].value != 0) {
            return platen_docx_tree_value(line->tree, at);
        }
        if (line->tree->nodes[at].name == PLATEN_DOCX_MATH_ARGUMENT) {
            break; /* what is further in is of others */
        }
    }
    return otherwise;
}

/* A value is not escaped any more. */
static void
put_value(line_t *line, const char *value)
{
    for (; *value != '\0'; value++) {
        if (strchr("<>&", *value) != NULL) {
            fprintf(line->out, "&#%d;", *value);
        } else {
            fputc(*value, line->out);
        }
    }
}

/* The arguments of a node, with something between two. */
static void
put_arguments(line_t *line, uint32_t of, platen_docx_name_t name, const char *between)
{
    const platen_docx_node_t *nodes = line->tree->nodes;
    uint32_t                  i;
    unsigned                  n = 0;

    for (i = of + 1; i <= nodes[of].last; i = nodes[i].last + 1) {
        if (nodes[i].name == name) {
            fputs(n++ > 0 ? between : "", line->out);
            if (name == PLATEN_DOCX_MATH_ROW) {
                put_arguments(line, i, PLATEN_DOCX_MATH_ARGUMENT, " ");
            } else {
                put_all(line, i);
            }
        }
    }
}

static void
put(line_t *line, uint32_t at)
{
    const platen_docx_node_t *node = &line->tree->nodes[at];

    switch (node->name) {
    case PLATEN_DOCX_T:
    case PLATEN_DOCX_MATH_TEXT:
        fwrite(line->tree->text + node->inner, 1, node->inner_end - node->inner, line->out);
        break;
    case PLATEN_DOCX_MATH_FRACTION:
        put_group(line, child(line, at, PLATEN_DOCX_MATH_NUMERATOR), "");
        put_group(line, child(line, at, PLATEN_DOCX_MATH_DENOMINATOR), "/");
        break;
    case PLATEN_DOCX_MATH_ROOT:
        put_group(line, child(line, at, PLATEN_DOCX_MATH_DEGREE), "");
        put_group(line, child(line, at, PLATEN_DOCX_MATH_ARGUMENT), "\xe2\x88\x9a");
        break;
    case PLATEN_DOCX_MATH_BELOW:
        put_group(line, at, "_");
        break;
    case PLATEN_DOCX_MATH_ABOVE:
        put_group(line, at, "^");
        break;
    case PLATEN_DOCX_MATH_FENCED:
        put_value(line, property(line, at, PLATEN_DOCX_MATH_BEGIN, "("));
        put_arguments(line, at, PLATEN_DOCX_MATH_ARGUMENT, "|");
        put_value(line, property(line, at, PLATEN_DOCX_MATH_END, ")"));
        break;
    case PLATEN_DOCX_MATH_NARY:
        put_value(line, property(line, at, PLATEN_DOCX_MATH_CHARACTER, "\xe2\x88\xab"));
        put_all(line, at);
        break;
    case PLATEN_DOCX_MATH_MATRIX:
        put_arguments(line, at, PLATEN_DOCX_MATH_ROW, "; ");
        break;
    default:
        put_all(line, at);
        break;
    }
}

static void
put_all(line_t *line, uint32_t of)
{
    const platen_docx_node_t *nodes = line->tree->nodes;
    uint32_t                  i;

    for (i = of + 1; i <= nodes[of].last; i = nodes[i].last + 1) {
        put(line, i);
    }
}

void
platen_docx_math_write(const platen_docx_tree_t *tree, uint32_t at, FILE *out)
{
    line_t line = { .tree = tree, .out = out };

    put_all(&line, at);
}
