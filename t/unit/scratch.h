/* A temporary directory that lives as long as a test; for the tests of t/unit/. */

#ifndef PLATEN_TEST_SCRATCH_H
#define PLATEN_TEST_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SCRATCH_MAX 512

/* Makes the directory below $TMPDIR or /tmp; returns 0, or -1 with errno. */
static inline int
scratch_make(char path[SCRATCH_MAX])
{
    const char *base = getenv("TMPDIR");

    snprintf(path, SCRATCH_MAX, "%s/platen-test-XXXXXX",
             base == NULL || base[0] == '\0' ? "/tmp" : base);
    return mkdtemp(path) == NULL ? -1 : 0;
}

static inline int
scratch_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void) st;
    (void) flag;
    (void) ftw;
    return remove(path);
}

static inline void
scratch_remove(const char *path)
{
    nftw(path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#endif
