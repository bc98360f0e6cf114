/* Tags of HTML; see lok/tag.h.  One thread. */

#include "lok/tag.h"

int
platen_lok_tag_read(FILE *in, char *tag, size_t size)
{
    size_t n = 0;
    int    c;

    while (n < size - 1 && (c = getc_unlocked(in)) != EOF) {
        tag[n++] = (char) c;
        if (c == '>') {
            tag[n] = '\0';
            return 1;
        }
    }
    tag[n] = '\0';
    return 0;
}
