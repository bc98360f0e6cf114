/* Equations of OOXML as a line of text: (a+b)/2, x^2, √(y). */

#ifndef PLATEN_DOCX_MATH_H
#define PLATEN_DOCX_MATH_H

#include <stdio.h>

#include "docx/tree.h"

/* Writes the text of an equation (m:oMath), escaped as it is in the part. */
void platen_docx_math_write(const platen_docx_tree_t *tree, uint32_t at, FILE *out);

#endif
