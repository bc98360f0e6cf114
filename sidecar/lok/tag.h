/* The tags of a page of HTML that LibreOffice has written. */

#ifndef PLATEN_LOK_TAG_H
#define PLATEN_LOK_TAG_H

#include <stdio.h>

/*
 * One after its `<`, up to its `>` or to what there is room for, with an ending '\0'.
 * Returns whether it is whole.
 */
int platen_lok_tag_read(FILE *in, char *tag, size_t size);

#endif
