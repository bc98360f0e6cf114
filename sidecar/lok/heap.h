/* The heap of the zygote, readied for its children. */

#ifndef PLATEN_LOK_HEAP_H
#define PLATEN_LOK_HEAP_H

/*
 * Gives back what is free, and after this whatever is allocated lies together, behind all
 * that is there.  For speed alone; to be called once, before the first fork for a document.
 */
void platen_lok_heap_close(void);

#endif
