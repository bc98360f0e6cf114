/* What a zygote has to know before it forks, and what has to hold. */

#ifndef PLATEN_LOK_READY_H
#define PLATEN_LOK_READY_H

#include <stddef.h>

#include "lok/child.h"

/* Notes LibreOffice's directories in tmp/ of the working directory.  0, or -1 with a sentence.
 */
int platen_lok_ready_temporary(platen_lok_world_t *world, char *err, size_t errlen);

/* A fork takes one thread along: 0 if there is no other, or -1 with a sentence. */
int platen_lok_ready_alone(char *err, size_t errlen);

#endif
