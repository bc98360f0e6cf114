/* Fuzzes platen_zip: the walk over a hostile central directory, and stored entries. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format/zip_check.h"

typedef struct {
    int      fd;
    unsigned entries;
    unsigned sum; /* so that every byte of a name is read */
} walk_t;

static int
entry(void *data, const platen_zip_entry_t *e)
{
    walk_t *w = data;
    char    out[64];
    ssize_t n;
    size_t  i;

    for (i = 0; i < e->name_len; i++) {
        w->sum += (unsigned char) e->name[i];
    }
    n = platen_zip_stored(w->fd, e, out, sizeof(out));
    if (n > (ssize_t) sizeof(out) || ++w->entries > PLATEN_ZIP_ENTRIES) {
        abort();
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    uint8_t   *buf = malloc(PLATEN_ZIP_BUFFER); /* exact, for the sanitizer */
    walk_t     w;
    int        rc;

    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    }
    if (buf == NULL || fd < 0 || ftruncate(fd, 0) != 0
        || pwrite(fd, data, size, 0) != (ssize_t) size) {
        abort();
    }

    w = (walk_t){ .fd = fd };
    rc = platen_zip_walk(fd, (off_t) size, buf, entry, &w);
    if (rc != 0 && w.entries != 0) {
        abort();
    }
    /* A file that shrank since it was measured. */
    w = (walk_t){ .fd = fd };
    platen_zip_walk(fd, (off_t) size + 1000, buf, entry, &w);

    free(buf);
    return 0;
}
