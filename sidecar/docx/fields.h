/*
 * The fields of a part of an OOXML text document: which of them stay as they were
 * saved.  Word shows what was saved until it is asked to update; LibreOffice works
 * some out anew when it loads them, and cannot do so for each of them.
 */

#ifndef PLATEN_DOCX_FIELDS_H
#define PLATEN_DOCX_FIELDS_H

#include "docx/rules.h"

/* What becomes of a node. */
#define PLATEN_DOCX_KEEP 0
#define PLATEN_DOCX_DROP 1
#define PLATEN_DOCX_UNWRAP 2 /* what is in it stays */

/*
 * Says of each of the tree's nodes what becomes of it; `fates` has room for all of
 * them, and is all KEEP.
 */
void platen_docx_fields_settle(const platen_docx_rules_t *rules, const platen_docx_tree_t *tree,
                               unsigned char *fates);

/* Whether the document has headings, of which a table of contents can be made. */
int platen_docx_fields_headings(const platen_docx_tree_t *document,
                                const platen_docx_tree_t *styles);

/* What there is of tables of contents; a mask. */
#define PLATEN_DOCX_UPDATES 1 /* one is to be updated, and can be */
#define PLATEN_DOCX_STALE 2   /* one is to be updated, and cannot */

unsigned
platen_docx_fields_look(const platen_docx_rules_t *rules, const platen_docx_tree_t *document);

#endif
