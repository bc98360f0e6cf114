/* Fuzzes platen_sniff: any bytes, and then every hint. */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "format/sniff.h"

static void
check(const platen_sniff_t *sniff)
{
    const platen_format_t *got;
    size_t                 i;
    int                    weak;

    if (memchr(sniff->what, '\0', sizeof(sniff->what)) == NULL || sniff->what[0] == '\0'
        || (sniff->could_be >> platen_nformats) != 0) {
        abort();
    }
    if (sniff->format != NULL
        && (sniff->could_be & UINT64_C(1) << platen_format_index(sniff->format)) == 0) {
        abort();
    }

    for (i = 0; i < platen_nformats; i++) {
        for (weak = 0; weak < 2; weak++) {
            got = platen_sniff_decide(sniff, &platen_formats[i], weak);
            if ((sniff->could_be & UINT64_C(1) << i) != 0
                    ? got != &platen_formats[i]
                    : got != (weak ? sniff->format : NULL)) {
                abort();
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int     fd = -1;
    platen_sniff_t sniff;

    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t) size
        || platen_sniff(fd, (off_t) size, &sniff) != PLATEN_OK) {
        abort();
    }
    check(&sniff);
    return 0;
}
