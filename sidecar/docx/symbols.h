/* What the characters of symbol fonts (Symbol, Wingdings, Webdings) are in Unicode. */

#ifndef PLATEN_DOCX_SYMBOLS_H
#define PLATEN_DOCX_SYMBOLS_H

#include <stdint.h>

/* Where documents have the 256 characters of such a font, in private use. */
#define PLATEN_DOCX_SYMBOLS_FIRST 0xf000
#define PLATEN_DOCX_SYMBOLS_LAST 0xf0ff

/* Whether a table of that font is here. */
int platen_docx_symbols_has(const char *font);

/*
 * The character, `code` being that of the font, or that in private use; 0 if it is not
 * known.
 */
uint32_t platen_docx_symbols_find(const char *font, uint32_t code);

#endif
