/*
 * The Prefer header (RFC 7240): how long a client would wait.  A preference is
 * a wish: what is not understood is passed over, and nothing is an error.
 * Free of nginx; bytes are hostile.
 */

#ifndef PLATEN_PREFER_H
#define PLATEN_PREFER_H

#include "base/platen.h"

#define PLATEN_PREFER_WAIT_MAX 86400 /* seconds; more is as good as that */

typedef struct {
    uint32_t wait;       /* seconds */
    unsigned has_wait:1;
    unsigned async:1;    /* respond-async */
} platen_prefer_t;

/*
 * Reads one header's value into *prefer, which is zeroed before the first one.
 * Of several values of one preference the first counts (section 2).
 */
void platen_prefer_read(platen_prefer_t *prefer, const char *text, size_t len);

#endif
