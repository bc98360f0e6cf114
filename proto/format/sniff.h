/*
 * What a file is, by its content: libmagic, and a look at the names inside a
 * ZIP container, which libmagic judges by their order.  The extension and the
 * client's word only choose where the content leaves a choice: between the
 * kinds of text, say, or when an encrypted container shows nothing.
 */

#ifndef PLATEN_SNIFF_H
#define PLATEN_SNIFF_H

#include <sys/types.h>

#include "format/format.h"

typedef struct {
    const platen_format_t *format;   /* what it most likely is; NULL if unknown */
    uint64_t               could_be; /* bit n: platen_formats[n] is possible */
    char                   what[96]; /* for a person: "PDF", "image/gif" */
    int                    tabbed;   /* a text whose first line has a tab */
    char                   kind[96]; /* the same in words, "GIF image data"; "" for none */
} platen_sniff_t;

/*
 * Looks at the open file of `size` bytes.  Reads and seeks `fd`; a few hundred
 * microseconds of CPU: not for an event loop.  Safe in any thread (each keeps a
 * libmagic handle, freed when it ends).
 * Returns PLATEN_OK, or PLATEN_ERROR with errno if the file cannot be read or
 * libmagic has no database.
 */
int platen_sniff(int fd, off_t size, platen_sniff_t *sniff);

/*
 * The format that content and hint agree on.  `hint` may be NULL.  A `weak`
 * hint (a Content-Type, which clients often guess) is dropped where it
 * contradicts the content.  NULL: they contradict, or the content is unknown.
 */
const platen_format_t *
platen_sniff_decide(const platen_sniff_t *sniff, const platen_format_t *hint, int weak);

/*
 * The same for what a client sends: where they contradict, the content is taken
 * all the same if the programs that the hint is for open it, and `misnamed` is
 * set.  NULL: they would not, or the content is unknown.
 */
const platen_format_t *
platen_sniff_accept(const platen_sniff_t *sniff, const platen_format_t *hint, int weak,
                    int *misnamed);

#endif
