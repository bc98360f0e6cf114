/* No real document in $PLATEN_CORPUS is refused by platen_zip_check. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/platen.h"
#include "format/zip_check.h"

static int
is_zip(int fd)
{
    char magic[4];

    return pread(fd, magic, 4, 0) == 4 && memcmp(magic, "PK\3\4", 4) == 0;
}

static void
test_corpus(void **state)
{
    const char          *dir = getenv("PLATEN_CORPUS");
    char                 line[1024], path[2048], *name, *outcome, *save;
    platen_zip_verdict_t verdict;
    struct stat          st;
    FILE                *manifest;
    int                  fd, n = 0;

    (void) state;

    if (dir == NULL || dir[0] == '\0') {
        print_message("PLATEN_CORPUS is not set: no real documents\n");
        skip();
    }

    snprintf(path, sizeof(path), "%s/manifest.tsv", dir);
    manifest = fopen(path, "re");
    assert_non_null(manifest);
    while (fgets(line, sizeof(line), manifest) != NULL) {
        name = strtok_r(line, "\t", &save);
        (void) strtok_r(NULL, "\t", &save); /* target */
        outcome = strtok_r(NULL, "\t\n", &save);
        if (outcome == NULL || strcmp(outcome, "converted") != 0) {
            continue;
        }
        snprintf(path, sizeof(path), "%s/%s", dir, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && is_zip(fd)) {
            assert_int_equal(fstat(fd, &st), 0);
            assert_int_equal(platen_zip_check(fd, st.st_size, &platen_zip_limits, &verdict),
                             PLATEN_OK);
            if (verdict.rule != PLATEN_ZIP_SAFE) {
                fail_msg("%s: %s", name, verdict.sentence);
            }
            n++;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    fclose(manifest);
    print_message("%d documents\n", n);
    assert_true(n > 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
