/*
 * The warm-up: small documents of Platen's own, converted once so that what a
 * conversion loads and computes first is there before the first fork.
 */

#ifndef PLATEN_LOK_WARM_H
#define PLATEN_LOK_WARM_H

#include <stddef.h>

/*
 * Converts them in the working directory's warm/, and proves on the way that a
 * link in a document is not followed.  Inside platen_lok_office_run().  Returns
 * 0, or -1 with a sentence in `err`.
 */
int platen_lok_warm_up(const char *state, char *err, size_t errlen);

/*
 * Some of it again, in a child of the zygote, which waits for it: what it touches now is what
 * any conversion of its family touches (lok/populate.h).  `state` as above, `step` from 0.
 * Returns whether there is another step.
 */
int platen_lok_warm_learn(const char *state, unsigned step);

#endif
