/*
 * Rewrites a part of an OOXML text document so that what its readers pass over is
 * plain text to them.
 */

#ifndef PLATEN_DOCX_REWRITE_H
#define PLATEN_DOCX_REWRITE_H

#include "docx/rules.h"

/*
 * The part's new text, of `*out_len` bytes, to be freed; NULL if there is nothing to
 * change, or it cannot be: `tree` is that of the part.  Adds to the symbols that are not
 * known.
 */
char *platen_docx_rewrite(platen_docx_rules_t *rules, const platen_docx_tree_t *tree,
                          size_t *out_len);

#endif
