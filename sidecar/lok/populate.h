/*
 * Page faults, taken before they are in the way: the pages that a conversion
 * touches are learned from one and made present in children forked ahead.
 */

#ifndef PLATEN_LOK_POPULATE_H
#define PLATEN_LOK_POPULATE_H

/*
 * In the zygote, warm: forks a child that calls `work`, and notes which pages
 * it has touched.  Returns 0, or -1 if that cannot be learned here.
 */
int platen_lok_populate_learn(void (*work)(void *data), void *data);

/* In a child forked ahead: makes those pages present; without them, does nothing. */
void platen_lok_populate(void);

#endif
