/* Footnotes, endnotes and comments of an OOXML text document, as text. */

#ifndef PLATEN_DOCX_NOTES_H
#define PLATEN_DOCX_NOTES_H

#include "docx/rules.h"

/* Adds those of a part, without what the rules' styles hide.  One that cannot be read has none.
 */
void platen_docx_notes_read(platen_docx_rules_t *rules, const char *text, size_t len);

#endif
