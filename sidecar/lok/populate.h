/*
 * Page faults, taken before they are in the way: the pages that a conversion
 * touches are learned from one of each family, and made present in each child before
 * its document is opened.  In bulk a page costs a small part of what its fault costs.
 */

#ifndef PLATEN_LOK_POPULATE_H
#define PLATEN_LOK_POPULATE_H

#include <stdint.h>

/* Which conversions a page belongs to, as bits. */
typedef enum {
    PLATEN_LOK_TEXTS = 1,
    PLATEN_LOK_SHEETS = 2,
    PLATEN_LOK_SLIDES = 4
} platen_lok_family_t;

/* The family of a document of that name, by its extension. */
platen_lok_family_t platen_lok_family(const char *path);

/*
 * In the zygote, warm: forks a child that calls `work`, which converts a document of
 * that family, and notes which pages it has touched.  Returns 0, or -1 if that cannot
 * be learned here: nothing is made present then.
 */
int platen_lok_populate_learn(platen_lok_family_t family, void (*work)(void *data), void *data);

/* What a page costs here, in nanoseconds; 0: that is not known. */
typedef struct {
    uint32_t fault_ns; /* in the fault of its first write */
    uint32_t bulk_ns;  /* made present by madvise(2) with many others */
} platen_lok_cost_t;

/* Measures it, in a child of the caller: some milliseconds. */
void platen_lok_populate_costs(platen_lok_cost_t *cost);

/*
 * Whether the pages of one conversion are better made present in bulk: some of those that
 * were learned are not needed, and there are calls besides, so a fault has to cost
 * at least two and a half times as much.
 */
int platen_lok_populate_pays(const platen_lok_cost_t *cost);

/*
 * In the zygote, when all is learned, or all that will be before children are asked: whether
 * each child is to make its pages present, or only those that are forked ahead, while they
 * wait.  Returns how many pages are known.
 */
uint32_t platen_lok_populate_begin(int each);

/*
 * In a child that does not know its document yet: the pages of more than one family; if
 * not each child does it, those of all.
 */
void platen_lok_populate_early(void);

/* In a child that does: the pages of its family, but for those that it has. */
void platen_lok_populate(platen_lok_family_t family);

#endif
