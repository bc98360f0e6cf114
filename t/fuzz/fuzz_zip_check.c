/*
 * Fuzzes platen_zip_check: it ends, says something, and what it calls safe is
 * so for the walk as well.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/platen.h"
#include "format/zip_check.h"

static const platen_zip_limits_t small = {
    .entries = 20, .total = 5000, .entry = 3000, .ratio_from = 100, .ratio = 3
};

static int
count(void *data, const platen_zip_entry_t *e)
{
    unsigned *n = data;

    if ((e->flags & 1) != 0 || e->name_len == 0 || e->name[0] == '/'
        || memchr(e->name, '\0', e->name_len) != NULL
        || (e->name_len >= 3 && memcmp(e->name, "../", 3) == 0)) {
        abort();
    }
    ++*n;
    return 0;
}

static void
check(int fd, size_t size, const platen_zip_limits_t *limits)
{
    platen_zip_verdict_t verdict;
    uint8_t             *buf;
    unsigned             n = 0;
    int                  rc;

    memset(&verdict, 0xa5, sizeof(verdict));
    rc = platen_zip_check(fd, (off_t) size, limits, &verdict);
    if ((rc != PLATEN_OK && rc != PLATEN_NOT_FOUND)
        || memchr(verdict.sentence, '\0', sizeof(verdict.sentence)) == NULL
        || (verdict.rule == PLATEN_ZIP_SAFE) != (verdict.sentence[0] == '\0')
        || (rc == PLATEN_NOT_FOUND && verdict.rule != PLATEN_ZIP_SAFE)) {
        abort();
    }
    if (rc == PLATEN_OK && verdict.rule == PLATEN_ZIP_SAFE) {
        buf = malloc(PLATEN_ZIP_BUFFER);
        if (buf == NULL || platen_zip_walk(fd, (off_t) size, buf, count, &n) != 0
            || n > limits->entries) {
            abort();
        }
        free(buf);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("fuzz", MFD_CLOEXEC);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t) size) {
        abort();
    }
    check(fd, size, &platen_zip_limits);
    check(fd, size, &small);
    /* A file that shrank since it was measured. */
    check(fd, size + 1000, &small);
    return 0;
}
